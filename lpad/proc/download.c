/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "download.h"

#include "device-info.h"
#include "error-details.h"
#include "load.h"
#include "revocation.h"
#include "session.h"

struct _LpadDownload
{
  LpadChip *chip;
  const LpadContext *context;
  LpadInventory *inventory;
  LpadActivationCode *code;
  LpadDevice device; /* as the caller says */

  LpadSession *session;
  LpadEs9ClientAnswer *answer; /* of the session that is open */
  LpadOffer *shown;            /* what the user was asked about */

  LpadDownloadStepFunc step_func;
  gpointer step_data;
};

static void
announce (LpadDownload *download, LpadDownloadStep step, const LpadInstallationResult *result)
{
  if (download->step_func != NULL)
    download->step_func (step,
                         result != NULL ? result->transaction_id
                                        : lpad_session_transaction_id (download->session),
                         download->shown != NULL ? download->shown->metadata->iccid : NULL,
                         result,
                         download->step_data);
}

/* Whether a session that ends with @reason leaves the order as it was (SGP.22 5.6.5) */
static gboolean
keeps_order (LpadCancelReason reason)
{
  return reason == LPAD_CANCEL_POSTPONED || reason == LPAD_CANCEL_TIMEOUT;
}

static void
set_order (GError **error, LpadOrder order)
{
  LpadErrorDetails *details = error == NULL ? NULL : lpad_error_details (*error);

  if (details != NULL)
    details->order = order;
}

/* The reason that is true. Who found the fault may have said which; a server that refused has ended the
 * session itself; all else is a fault on the way, which must leave the order as it is. */
static LpadCancelReason
cancel_reason_of (GError *error)
{
  LpadErrorDetails *details = lpad_error_details (error);

  if (details != NULL && details->cancel_reason >= 0)
    return (LpadCancelReason) details->cancel_reason;
  if (g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CANCELLED))
    return LPAD_CANCEL_POSTPONED;
  return LPAD_CANCEL_TIMEOUT;
}

static gboolean
server_has_refused (GError *error)
{
  LpadErrorDetails *details = lpad_error_details (error);

  return details != NULL && details->subject_code != NULL;
}

static gboolean
cancel_session (LpadDownload *download, LpadCancelReason reason)
{
  if (!keeps_order (reason) && lpad_session_transaction_id (download->session) != NULL)
    announce (download, LPAD_DOWNLOAD_ENDS_ORDER, NULL);
  return lpad_session_cancel (download->session, reason);
}

/* Ends the session after @error in the way that @error calls for, and notes in its details what the order is
 * worth now. */
static void
end_session_after (LpadDownload *download, GError *error)
{
  LpadErrorDetails *details = lpad_error_details (error);
  LpadCancelReason reason = cancel_reason_of (error);
  gboolean told = FALSE;

  if (server_has_refused (error))
    lpad_session_over (download->session);
  else
    told = cancel_session (download, reason);
  if (details == NULL)
    return;
  if (told && !keeps_order (reason))
    {
      details->order = LPAD_ORDER_ENDED;
      details->retry = LPAD_RETRY_USELESS;
    }
  else if (details->order == LPAD_ORDER_UNKNOWN)
    details->order = LPAD_ORDER_USABLE;
}

static gboolean
check_smdp_oid (LpadDownload *download, GError **error)
{
  if (download->code->smdp_oid == NULL
      || lpad_es9_certificate_has_oid (download->answer->certificate, download->code->smdp_oid))
    return TRUE;
  g_set_error_literal (error,
                       LPAD_ERROR,
                       LPAD_ERROR_SERVER_NOT_TRUSTED,
                       "The profile is signed by another SM-DP+ than the activation code names");
  lpad_error_set_cancel_reason (error, LPAD_CANCEL_UNDEFINED);
  return FALSE;
}

/* A session up to the metadata, and what it offers; the session stays open. */
static LpadOffer *
negotiate (LpadDownload *download, const LpadProgress *progress, GCancellable *cancellable, GError **error)
{
  g_autoptr (LpadOffer) offer = NULL;
  g_autoptr (GBytes) ctx_params1 = lpad_device_info_build (
      download->chip, download->inventory->info, download->code->matching_id, &download->device, error);
  g_autoptr (GBytes) response = NULL;

  if (ctx_params1 == NULL)
    return NULL;
  response = lpad_session_authenticate (download->session, ctx_params1, progress, cancellable, error);
  if (response == NULL)
    return NULL;

  g_clear_pointer (&download->answer, lpad_es9_client_answer_free);
  download->answer = lpad_es9_authenticate_client (lpad_session_https (download->session),
                                                   lpad_session_transaction_id (download->session),
                                                   response,
                                                   cancellable,
                                                   error);
  if (download->answer == NULL)
    return NULL;
  offer = lpad_offer_new (download->code->smdp_address, download->answer, error);
  if (offer == NULL || !check_smdp_oid (download, error)
      || !lpad_offer_check (
          offer, download->chip, download->inventory->info, download->context->test_mode, cancellable, error))
    return NULL;
  return g_steal_pointer (&offer);
}

/* A new session for a profile that the user has agreed to already must offer that profile. */
static gboolean
negotiate_again (LpadDownload *download,
                 const LpadProgress *progress,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (LpadOffer) offer = negotiate (download, progress, cancellable, error);
  const char *difference;

  if (offer == NULL)
    return FALSE;
  if (lpad_profile_same_metadata (offer->metadata, download->shown->metadata, &difference))
    return TRUE;
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_PROTOCOL_ERROR,
               "The server now offers another profile than the one that was agreed to: the %s differs",
               difference);
  lpad_error_set_cancel_reason (error, LPAD_CANCEL_METADATA_MISMATCH);
  return FALSE;
}

/* SGP.22 5.7.5: SHA-256 (SHA-256 (code) | transaction ID) */
static GBytes *
hash_confirmation_code (LpadSecret *code, GBytes *transaction_id)
{
  g_autoptr (GChecksum) inner = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GChecksum) outer = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize size, digest_size = sizeof digest;
  const guint8 *data = lpad_secret_data (code, &size);

  g_checksum_update (inner, data, (gssize) size);
  g_checksum_get_digest (inner, digest, &digest_size);
  g_checksum_update (outer, digest, (gssize) digest_size);
  data = g_bytes_get_data (transaction_id, &size);
  g_checksum_update (outer, data, (gssize) size);
  g_checksum_get_digest (outer, digest, &digest_size);
  return g_bytes_new (digest, sizeof digest);
}

static GBytes *
prepare (LpadDownload *download, LpadSecret *confirmation_code, GCancellable *cancellable, GError **error)
{
  GBytes *transaction_id = lpad_session_transaction_id (download->session);
  LpadChannel *channel = lpad_chip_open (download->chip, cancellable, error);
  g_autoptr (GBytes) hash_cc = NULL;
  g_autoptr (GError) local = NULL;
  GBytes *response;
  LpadErrorDetails *details;

  if (channel == NULL)
    return NULL;
  if (download->answer->confirmation_code_required)
    hash_cc = hash_confirmation_code (confirmation_code, transaction_id);
  response = lpad_es10b_prepare_download (channel,
                                          transaction_id,
                                          download->answer->smdp_signed2,
                                          download->answer->smdp_signature2,
                                          hash_cc,
                                          download->answer->certificate,
                                          &local);
  if (response != NULL)
    return response;

  /* Results that say something lasting of the server's objects bring their reason along. A chip that has lost
   * its session, or fails, may do better next time: that must not end the order. */
  details = lpad_error_details (local);
  if (details != NULL && details->cancel_reason < 0)
    details->cancel_reason = LPAD_CANCEL_POSTPONED;
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

/* SGP.22 3.1.3.3: nothing goes into the chip before the whole package has been looked at. */
static gboolean
check_package (LpadDownload *download, const LpadBpp *bpp, GError **error)
{
  gsize size, wanted_size;
  const guint8 *transaction_id = lpad_bpp_transaction_id (bpp, &size);
  const guint8 *wanted = g_bytes_get_data (lpad_session_transaction_id (download->session), &wanted_size);
  const char *difference;

  if (size != wanted_size || memcmp (transaction_id, wanted, size) != 0)
    {
      g_set_error_literal (
          error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR, "The server sent the package of another download");
      lpad_error_set_cancel_reason (error, LPAD_CANCEL_UNDEFINED);
      return FALSE;
    }
  if (!lpad_profile_same_metadata (lpad_bpp_metadata (bpp), download->shown->metadata, &difference))
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_PROTOCOL_ERROR,
                   "The package is not the profile that was agreed to: the %s differs",
                   difference);
      lpad_error_set_cancel_reason (error, LPAD_CANCEL_METADATA_MISMATCH);
      return FALSE;
    }
  return TRUE;
}

static LpadBpp *
fetch_package (LpadDownload *download,
               GBytes *prepare_response,
               const LpadProgress *progress,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (GBytes) raw = NULL;
  g_autoptr (LpadBpp) bpp = NULL;

  lpad_progress_report (progress, "downloading", 0, 0);
  raw = lpad_es9_get_bound_profile_package (lpad_session_https (download->session),
                                            lpad_session_transaction_id (download->session),
                                            prepare_response,
                                            progress,
                                            cancellable,
                                            error);
  if (raw == NULL)
    return NULL;
  bpp = lpad_bpp_parse (raw, error);
  if (bpp == NULL)
    {
      lpad_error_set_cancel_reason (error, LPAD_CANCEL_LOAD_BPP_EXECUTION_ERROR);
      return NULL;
    }
  return check_package (download, bpp, error) ? g_steal_pointer (&bpp) : NULL;
}

static LpadBpp *
obtain_package (LpadDownload *download,
                LpadSecret *confirmation_code,
                const LpadProgress *progress,
                GCancellable *cancellable,
                GError **error)
{
  g_autoptr (GBytes) response = NULL;

  if (lpad_session_transaction_id (download->session) == NULL
      && !negotiate_again (download, progress, cancellable, error))
    return NULL;
  if (download->answer->confirmation_code_required && confirmation_code == NULL)
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_CONFIRMATION_CODE_REQUIRED,
                           "The operator asks for a confirmation code");
      lpad_error_set_cancel_reason (error, LPAD_CANCEL_POSTPONED);
      return NULL;
    }
  lpad_progress_report (progress, "preparing", 0, 0);
  response = prepare (download, confirmation_code, cancellable, error);
  if (response == NULL || !lpad_check_cancelled (cancellable, error))
    return NULL;
  if (download->answer->confirmation_code_required)
    announce (download, LPAD_DOWNLOAD_SENDS_CODE, NULL);
  return fetch_package (download, response, progress, cancellable, error);
}

static LpadInstallationResult *
load_package (LpadDownload *download, const LpadBpp *bpp, const LpadProgress *progress, GError **error)
{
  LpadInstallationResult *result = NULL;

  announce (download, LPAD_DOWNLOAD_LOADS, NULL);
  switch (lpad_load_bpp (download->chip, bpp, progress, &result, error))
    {
    case LPAD_LOAD_RESULT:
      lpad_session_over (download->session);
      return result;
    case LPAD_LOAD_REFUSED:
      lpad_error_set_cancel_reason (error, LPAD_CANCEL_LOAD_BPP_EXECUTION_ERROR);
      return NULL;
    case LPAD_LOAD_LOST:
    default:
      lpad_session_over (download->session);
      return NULL;
    }
}

/* Success is what the result says and the chip's list shows, both. */
static LpadDownloadResult *
conclude (LpadDownload *download,
          const LpadInstallationResult *result,
          const LpadProgress *progress,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (LpadDownloadResult) outcome = g_new0 (LpadDownloadResult, 1);

  if (!result->success)
    announce (download, LPAD_DOWNLOAD_FAILED, result);
  outcome->iccid = g_bytes_ref (download->shown->metadata->iccid);
  outcome->deliveries = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_delivery_free);
  lpad_progress_report (progress, "notifying", 0, 0);
  lpad_notify_send_result (download->chip,
                           lpad_session_https (download->session),
                           download->inventory,
                           result,
                           outcome->deliveries,
                           cancellable);
  if (!result->success)
    {
      lpad_result_set_install_error (error, result->bpp_command, result->error_reason);
      return NULL;
    }
  outcome->inventory = lpad_inventory_reread (download->chip, download->inventory, error);
  if (outcome->inventory == NULL)
    {
      lpad_error_wrap (error, "The chip reports that the profile is installed but cannot be read again");
      set_order (error, LPAD_ORDER_ENDED);
      return NULL;
    }
  if (lpad_inventory_find_profile (outcome->inventory, outcome->iccid) == NULL)
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_INSTALLATION_FAILED,
                           "The chip reports that the profile is installed, but its list does not show it");
      return NULL;
    }
  outcome->left = lpad_notify_send_rest (download->chip,
                                         download->context,
                                         lpad_session_https (download->session),
                                         &outcome->inventory,
                                         outcome->deliveries,
                                         cancellable);
  return g_steal_pointer (&outcome);
}

void
lpad_download_result_free (LpadDownloadResult *result)
{
  if (result == NULL)
    return;
  g_clear_pointer (&result->iccid, g_bytes_unref);
  g_clear_pointer (&result->inventory, lpad_inventory_unref);
  g_clear_pointer (&result->deliveries, g_ptr_array_unref);
  g_free (result);
}

LpadDownload *
lpad_download_new (LpadChip *chip,
                   const LpadContext *context,
                   LpadInventory *inventory,
                   const LpadActivationCode *code,
                   const LpadDevice *device)
{
  LpadDownload *download = g_new0 (LpadDownload, 1);

  download->chip = chip;
  download->context = context;
  download->inventory = lpad_inventory_ref (inventory);
  download->code = lpad_activation_code_copy (code);
  if (device != NULL)
    lpad_device_copy (&download->device, device);
  download->session = lpad_session_new (chip, context, code->smdp_address, code->smdp_oid);
  return download;
}

void
lpad_download_set_step_func (LpadDownload *download, LpadDownloadStepFunc func, gpointer user_data)
{
  download->step_func = func;
  download->step_data = user_data;
}

void
lpad_download_free (LpadDownload *download)
{
  if (download == NULL)
    return;
  g_clear_pointer (&download->session, lpad_session_free);
  g_clear_pointer (&download->answer, lpad_es9_client_answer_free);
  g_clear_pointer (&download->shown, lpad_offer_unref);
  g_clear_pointer (&download->inventory, lpad_inventory_unref);
  g_clear_pointer (&download->code, lpad_activation_code_free);
  lpad_device_clear (&download->device);
  g_free (download);
}

/* A server that was told no matching ID refuses the one that it was not told: it knows the chip, and has
 * nothing for it. */
static void
say_without_code (const LpadDownload *download, GError *error)
{
  const char *matching_id = download->code->matching_id;
  LpadErrorDetails *details = lpad_error_details (error);

  if ((matching_id != NULL && *matching_id != '\0')
      || !g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CODE_REFUSED))
    return;
  error->code = LPAD_ERROR_NOT_FOUND;
  g_free (error->message);
  error->message = g_strdup ("the operator's server has no profile that waits for this chip");
  details->advice = "Ask the operator, who needs the EID of this chip, or for an activation code.";
  details->retry = LPAD_RETRY_LATER;
}

LpadOffer *
lpad_download_authenticate (LpadDownload *download,
                            const LpadProgress *progress,
                            GCancellable *cancellable,
                            GError **error)
{
  g_autoptr (GError) local = NULL;

  g_clear_pointer (&download->shown, lpad_offer_unref);
  lpad_revocation_load (download->chip, download->context, download->inventory->info, cancellable);
  download->shown = negotiate (download, progress, cancellable, &local);
  if (download->shown != NULL)
    return lpad_offer_ref (download->shown);
  end_session_after (download, local);
  say_without_code (download, local);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

LpadDownloadResult *
lpad_download_install (LpadDownload *download,
                       LpadSecret *confirmation_code,
                       const LpadProgress *progress,
                       GCancellable *cancellable,
                       GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (LpadBpp) bpp = NULL;
  g_autoptr (LpadInstallationResult) result = NULL;

  g_return_val_if_fail (download->shown != NULL, NULL);

  bpp = obtain_package (download, confirmation_code, progress, cancellable, &local);
  if (bpp != NULL)
    result = load_package (download, bpp, progress, &local);
  if (result == NULL)
    {
      /* A chip that was lost while it loaded has ended the session by itself, and it alone knows by now
       * whether the order is used up. */
      if (bpp == NULL || lpad_session_transaction_id (download->session) != NULL)
        end_session_after (download, local);
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  return conclude (download, result, progress, cancellable, error);
}

void
lpad_download_cancel (LpadDownload *download, LpadCancelReason reason)
{
  (void) cancel_session (download, reason);
}
