/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "context.h"
#include "device.h"
#include "ladder.h"

G_BEGIN_DECLS

/**
 * LpadReaderConfig: what a section [Reader:GLOB] says; a value that it does not give is -1.
 */
typedef struct
{
  char *glob;
  int segment_size; /* octets */
  int refresh;      /* gboolean */
  int identifier;   /* LpadProfileIdKind */
  int removable;    /* gboolean */
} LpadReaderConfig;

/** LpadProvisioningUse: when downloads go over a provisioning profile. */
typedef enum
{
  LPAD_PROVISIONING_NEVER,
  LPAD_PROVISIONING_ASK_CALLER, /* when the caller says so */
  LPAD_PROVISIONING_NO_ROUTE,   /* also when there is no other way to the server */
} LpadProvisioningUse;

/**
 * LpadConfig: lpad.conf(5) and its drop-ins. Immutable once loaded, see config-load.h.
 * @isdr_aids: (element-type GBytes): in order of preference
 * @modems: whether chips behind modems are looked for
 * @readers: (element-type LpadReaderConfig): later ones override earlier ones
 * @issuer_folders, @crl_folders: see LpadTrustSources
 * @discovery_servers: (nullable): SM-DSs to ask beside the chip's own, normalised
 * @discovery_at_power_on: ask without anybody's doing, see LpadPowerOn
 * @rollback_timeout_s: how long a profile has to prove itself when its caller does not say, where a modem can
 * tell; 0: for ever
 * @unattended: firmware policy: whoever may download may do so without a person who consents
 * @provisioning_profile: (nullable): ICCID, see lpad_iccid_to_string(); NULL: the first of that class
 * @provisioning_wait_s: how long to wait for the server after a provisioning profile has been enabled
 * @first_boot_smdp: (nullable): where a chip without an operational profile gets its first one: a normalised
 * address, or "default" for the one that is set on the chip; @first_boot_smds: whatever waits at an SM-DS
 * @first_boot_consent: firmware policy: nobody is asked; without it nothing is downloaded
 * @first_boot_retry_s: pause after the first attempt that failed
 * @warnings: (element-type utf8): what in the files was not understood, each with file and line
 */
typedef struct
{
  gboolean test_mode;
  guint idle_timeout_s; /* 0: never */
  gboolean modems;
  GPtrArray *isdr_aids;
  guint segment_size;
  guint apdu_timeout_ms;
  guint refresh_timeout_ms;
  int refresh; /* gboolean, -1: not said */
  GPtrArray *readers;
  LpadNetConfig *net;
  char **issuer_folders;
  char **crl_folders;
  guint rollback_timeout_s;
  gboolean unattended;
  guint prompt_timeout_s;
  char **discovery_servers;
  gboolean discovery_at_power_on;
  guint discovery_retry_s;
  LpadProvisioningUse provisioning_use;
  char *provisioning_profile;
  guint provisioning_wait_s;
  char *first_boot_smdp;
  gboolean first_boot_smds;
  gboolean first_boot_consent;
  gboolean first_boot_enable;
  gboolean first_boot_accept_rules;
  gboolean first_boot_provisioning;
  guint first_boot_retry_s;
  LpadDevice device;
  GPtrArray *warnings;
} LpadConfig;

/** lpad_config_new: the defaults: what a device without lpad.conf has. */
LpadConfig *lpad_config_new (void);
void lpad_config_free (LpadConfig *config);

/** lpad_config_segment_size, lpad_config_refresh, lpad_config_identifier: for the reader called @reader; the
 * last is 0 when nothing is said. */
guint lpad_config_segment_size (const LpadConfig *config, const char *reader);
LpadRefresh lpad_config_refresh (const LpadConfig *config, const char *reader);
LpadProfileIdKind lpad_config_identifier (const LpadConfig *config, const char *reader);

/** lpad_config_removable: whether the card in the reader or slot called @reader can be taken out; @otherwise
 * when nothing is said. */
gboolean lpad_config_removable (const LpadConfig *config, const char *reader, gboolean otherwise);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadConfig, lpad_config_free)

G_END_DECLS
