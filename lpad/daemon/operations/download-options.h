/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "activation-code.h"
#include "euicc.h"
#include "provisioning.h"
#include "secret.h"

G_BEGIN_DECLS

/**
 * LpadDownloadOptions: what is to be downloaded, and how.
 * @code: where the order is; never NULL
 * @event: (nullable): ID of a profile that waits
 * @smds_address: (nullable): has to be asked for its matching ID first
 * @device: what the caller says of the device
 * @confirmation_code, @nickname: (nullable)
 * @trial_given, @trial_s: with @enable, see LpadChangeoverWish
 * @consent: nobody is asked
 * @search: (nullable): instead: the first profile that waits at one of these SM-DSs; @code has the first of
 * them as long as nothing is known
 */
typedef struct
{
  LpadActivationCode *code;
  char *event;
  char *smds_address;
  LpadDevice device;
  LpadSecret *confirmation_code;
  char *nickname;
  gboolean enable;
  gboolean trial_given;
  guint trial_s;
  gboolean consent;
  gboolean accept_rules;
  LpadProvisioningWish provisioning;
  char **search;
} LpadDownloadOptions;

/**
 * lpad_download_options_read: the options of Euicc.Download.
 * Returns: (nullable): %LPAD_ERROR_INVALID_ARGUMENTS, %LPAD_ERROR_INVALID_ACTIVATION_CODE,
 * %LPAD_ERROR_NOT_FOUND (no such profile waits), %LPAD_ERROR_WRONG_STATE (there is no default server),
 * %LPAD_ERROR_NOT_SUPPORTED (this device uses no provisioning profiles)
 */
LpadDownloadOptions *
lpad_download_options_read (LpadEuicc *euicc, GVariant *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_download_options_read_releases: the option “releases” (a{sy}), also of other methods. @given:
 * (nullable). %LPAD_ERROR_INVALID_ARGUMENTS */
gboolean lpad_download_options_read_releases (GVariant *given,
                                              guint8 releases[LPAD_RELEASES],
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_download_options_first_boot: what [FirstBoot] in the configuration says. %LPAD_ERROR_WRONG_STATE: the
 * chip names no server */
LpadDownloadOptions *lpad_download_options_first_boot (LpadEuicc *euicc,
                                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
void lpad_download_options_free (LpadDownloadOptions *options);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadDownloadOptions, lpad_download_options_free)

G_END_DECLS
