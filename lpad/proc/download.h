/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "activation-code.h"
#include "chip.h"
#include "context.h"
#include "inventory.h"
#include "notify.h"
#include "offer.h"
#include "progress.h"
#include "secret.h"

G_BEGIN_DECLS

/**
 * LpadDownload: one download of a profile (SGP.22 3.1.3), in two parts with the user's consent between them.
 * Made, used and freed on the chip's worker thread.
 *
 *   offer = lpad_download_authenticate ()  ->  ask the user  ->  lpad_download_install ()
 *                                                            or  lpad_download_cancel ()
 *
 * A fault of the network, of the card or of lpad never ends the order. After an error of any of them the
 * session is over and the details of the error say what the order is worth; lpad_download_install() may then
 * be called again (with another confirmation code, say): it begins a new session and checks that the offer is
 * still the same.
 */
typedef struct _LpadDownload LpadDownload;

/**
 * LpadDownloadResult: a profile is on the chip.
 * @deliveries: (element-type LpadDelivery): the installation result and what else was pending
 * @left: see lpad_notify_send_rest()
 */
typedef struct
{
  GBytes *iccid;
  LpadInventory *inventory;
  GPtrArray *deliveries;
  gboolean left;
} LpadDownloadResult;

void lpad_download_result_free (LpadDownloadResult *result);

/** LpadDownloadStep: what a download is about to do that cannot be taken back. */
typedef enum
{
  LPAD_DOWNLOAD_SENDS_CODE, /* the server gets a confirmation code, and counts it */
  LPAD_DOWNLOAD_ENDS_ORDER, /* the server is told that the order has ended */
  LPAD_DOWNLOAD_LOADS,      /* the package goes into the chip */
  LPAD_DOWNLOAD_FAILED, /* the chip has refused the package; the server is told, and then the chip forgets it
                         */
} LpadDownloadStep;

/**
 * LpadDownloadStepFunc: called on the chip's thread before the step is taken; once for each step, never for
 * each segment.
 * @transaction_id: of the session; @iccid: of the profile; @result: with LPAD_DOWNLOAD_FAILED
 */
typedef void (*LpadDownloadStepFunc) (LpadDownloadStep step,
                                      GBytes *transaction_id,
                                      GBytes *iccid,
                                      const LpadInstallationResult *result,
                                      gpointer user_data);

/**
 * lpad_download_new: @chip, @context and @inventory live longer than the download.
 * @code: where the order is; copied
 * @device: (nullable): what the caller says of the device, see lpad_device_info_build(); copied
 */
LpadDownload *lpad_download_new (LpadChip *chip,
                                 const LpadContext *context,
                                 LpadInventory *inventory,
                                 const LpadActivationCode *code,
                                 const LpadDevice *device);

/** lpad_download_set_step_func: @func is told of each step. Not of the end of a session that
 * lpad_download_free() cancels: that ends no order. */
void lpad_download_set_step_func (LpadDownload *download, LpadDownloadStepFunc func, gpointer user_data);

/** lpad_download_free: cancels a session that is still open, with reason timeout: the order stays usable. */
void lpad_download_free (LpadDownload *download);

/**
 * lpad_download_authenticate: mutual authentication up to the profile's metadata, with all checks of it.
 * Returns: (transfer full) (nullable): also %LPAD_ERROR_POLICY_VIOLATION, PROFILE_EXISTS ...; a session that
 * had begun has been cancelled on both sides with the reason that is true
 */
LpadOffer *lpad_download_authenticate (LpadDownload *download,
                                       const LpadProgress *progress,
                                       GCancellable *cancellable,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_download_install: the user has agreed: fetches the package, loads it, delivers the result.
 * @confirmation_code: (nullable)
 * Cancellation is not looked at once the package goes into the chip.
 */
LpadDownloadResult *lpad_download_install (LpadDownload *download,
                                           LpadSecret *confirmation_code,
                                           const LpadProgress *progress,
                                           GCancellable *cancellable,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_download_cancel: the user said no (LPAD_CANCEL_END_USER_REJECTION), later (POSTPONED) or nothing
 * (TIMEOUT). */
void lpad_download_cancel (LpadDownload *download, LpadCancelReason reason);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadDownloadResult, lpad_download_result_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadDownload, lpad_download_free)

G_END_DECLS
