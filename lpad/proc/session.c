/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session.h"

#include "error-details.h"
#include "es11.h"
#include "tlv.h"

#define TAG_OCTET_STRING 0x04

struct _LpadSession
{
  LpadChip *chip;
  const LpadContext *context;
  char *address;
  char *smdp_oid;
  LpadEuiccInfo *info;
  LpadHttps *https;
  GBytes *transaction_id;
  gboolean is_discovery;
  LpadServerRole role;
};

static gboolean
has_key_identifier (GPtrArray *identifiers, const LpadTlv *pkid)
{
  for (guint i = 0; i < identifiers->len; i++)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (g_ptr_array_index (identifiers, i), &size);

      if (size == pkid->length && memcmp (data, pkid->value, size) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
read_info (LpadSession *session, LpadChannel *channel, GError **error)
{
  g_clear_pointer (&session->info, lpad_euicc_info_free);
  session->info = lpad_es10b_get_euicc_info1 (channel, error);
  if (session->info == NULL)
    return FALSE;
  if (session->info->verification->len == 0 || session->info->signing->len == 0)
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_CARD_ERROR,
                           "The chip holds no issuer's key: it was never made ready for downloads");
      return FALSE;
    }
  return TRUE;
}

/* SGP.22 3.0.1, step 7, as far as the chip does not do it: which of its certificates the server wants, and
 * that the server is the one that the activation code names. */
static gboolean
check_server (LpadSession *session, const LpadEs9Authentication *answer, GError **error)
{
  LpadTlv pkid;

  if (!lpad_tlv_parse_bytes (answer->pkid, TAG_OCTET_STRING, &pkid, error))
    return FALSE;
  if (!has_key_identifier (session->info->signing, &pkid))
    {
      g_set_error_literal (
          error,
          LPAD_ERROR,
          LPAD_ERROR_PROTOCOL_ERROR,
          "The server asks for a certificate of the chip under an issuer that the chip does not have");
      return FALSE;
    }
  if (session->smdp_oid != NULL && !lpad_es9_certificate_has_oid (answer->certificate, session->smdp_oid))
    {
      g_set_error (
          error,
          LPAD_ERROR,
          LPAD_ERROR_SERVER_NOT_TRUSTED,
          "The activation code is for the SM-DP+ with object identifier %s, and the server is another one",
          session->smdp_oid);
      return FALSE;
    }
  return TRUE;
}

/* The chip takes the certificate of either. What would become of a session with the wrong one is nothing. */
static gboolean
check_role (LpadSession *session, const LpadEs9Authentication *answer, GError **error)
{
  session->role = lpad_es9_certificate_role (answer->certificate);
  if (session->role != (session->is_discovery ? LPAD_SERVER_ROLE_SMDP : LPAD_SERVER_ROLE_SMDS))
    return TRUE;
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_SERVER_REFUSED,
               session->is_discovery
                   ? "%s is no discovery server (SM-DS) but an operator's server (SM-DP+)"
                   : "%s is a discovery server (SM-DS), which tells where profiles wait and has none itself",
               session->address);
  lpad_error_details (*error)->retry = LPAD_RETRY_USELESS;
  return FALSE;
}

static LpadEs9Authentication *
initiate (LpadSession *session, LpadChannel *channel, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) challenge = lpad_es10b_get_euicc_challenge (channel, error);
  g_autoptr (LpadEs9Authentication) answer = NULL;

  if (challenge == NULL)
    return NULL;
  answer = session->is_discovery ? lpad_es11_initiate_authentication (
               session->https, challenge, session->info->raw, cancellable, error)
                                 : lpad_es9_initiate_authentication (
                                     session->https, challenge, session->info->raw, cancellable, error);
  if (answer == NULL || !check_role (session, answer, error) || !check_server (session, answer, error))
    return NULL;
  return g_steal_pointer (&answer);
}

LpadSession *
lpad_session_new (LpadChip *chip, const LpadContext *context, const char *address, const char *smdp_oid)
{
  LpadSession *session = g_new0 (LpadSession, 1);

  session->chip = chip;
  session->context = context;
  session->address = g_strdup (address);
  session->smdp_oid = g_strdup (smdp_oid);
  return session;
}

LpadSession *
lpad_session_new_discovery (LpadChip *chip, const LpadContext *context, const char *address)
{
  LpadSession *session = lpad_session_new (chip, context, address, NULL);

  session->is_discovery = TRUE;
  return session;
}

void
lpad_session_free (LpadSession *session)
{
  if (session == NULL)
    return;
  /* Of what an SM-DS has said nothing is postponed or timed out. */
  (void) lpad_session_cancel (session, session->is_discovery ? LPAD_CANCEL_UNDEFINED : LPAD_CANCEL_TIMEOUT);
  g_clear_pointer (&session->https, lpad_https_free);
  g_clear_pointer (&session->info, lpad_euicc_info_free);
  g_free (session->address);
  g_free (session->smdp_oid);
  g_free (session);
}

GBytes *
lpad_session_authenticate (LpadSession *session,
                           GBytes *ctx_params1,
                           const LpadProgress *progress,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (LpadEs9Authentication) server = NULL;
  LpadChannel *channel;
  GBytes *response;

  (void) lpad_session_cancel (session, LPAD_CANCEL_TIMEOUT);
  lpad_progress_report (progress, "connecting", 0, 0);
  channel = lpad_chip_open (session->chip, cancellable, error);
  if (channel == NULL || !read_info (session, channel, error))
    return NULL;
  if (session->https == NULL)
    session->https = lpad_context_connect (session->context, session->address, session->info, error);
  if (session->https == NULL || !lpad_check_cancelled (cancellable, error))
    return NULL;

  /* The first message is what the connection is made with. */
  server = initiate (session, channel, cancellable, error);
  if (server == NULL || !lpad_check_cancelled (cancellable, error))
    return NULL;
  lpad_progress_report (progress, "authenticating", 0, 0);
  response = lpad_es10b_authenticate_server (channel,
                                             server->transaction_id,
                                             server->server_signed1,
                                             server->server_signature1,
                                             server->pkid,
                                             server->certificate,
                                             ctx_params1,
                                             error);
  if (response != NULL)
    session->transaction_id = g_bytes_ref (server->transaction_id);
  return response;
}

LpadServerRole
lpad_session_role (LpadSession *session)
{
  return session->role;
}

GBytes *
lpad_session_transaction_id (LpadSession *session)
{
  return session->transaction_id;
}

LpadHttps *
lpad_session_https (LpadSession *session)
{
  return session->https;
}

const LpadEuiccInfo *
lpad_session_info (LpadSession *session)
{
  return session->info;
}

void
lpad_session_over (LpadSession *session)
{
  g_clear_pointer (&session->transaction_id, g_bytes_unref);
}

gboolean
lpad_session_cancel (LpadSession *session, LpadCancelReason reason)
{
  g_autoptr (GBytes) transaction_id = g_steal_pointer (&session->transaction_id);
  g_autoptr (GBytes) response = NULL;
  g_autoptr (GError) error = NULL;
  LpadChannel *channel;
  gboolean told;

  if (transaction_id == NULL)
    return FALSE;
  channel = lpad_chip_open (session->chip, NULL, &error);
  if (channel != NULL)
    response = lpad_es10b_cancel_session (channel, transaction_id, reason, &error);
  if (response != NULL && session->is_discovery)
    return TRUE;
  told = response != NULL && lpad_es9_cancel_session (session->https, transaction_id, response, NULL, &error);
  if (!told)
    g_debug ("The session could not be cancelled with reason %s on both sides: %s",
             lpad_cancel_reason_to_string (reason),
             error->message);
  return told;
}
