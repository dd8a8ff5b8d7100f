/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es10b.h"

#include "error-details.h"
#include "es10.h"
#include "identifiers.h"

/* The functions of ES10b that make up an RSP session: from the challenge to the package or the cancellation.
 */

#define TAG_PREPARE_DOWNLOAD    0xbf21
#define TAG_GET_EUICC_CHALLENGE 0xbf2e
#define TAG_INSTALLATION_RESULT 0xbf37
#define TAG_AUTHENTICATE_SERVER 0xbf38
#define TAG_CANCEL_SESSION      0xbf41

#define TAG_SEQUENCE       0x30
#define TAG_OCTET_STRING   0x04
#define TAG_SIGNATURE      0x5f37
#define TAG_TRANSACTION_ID 0x80
#define TAG_SERVER_ADDRESS 0x83
#define TAG_CHALLENGE      0x84

#define RELEASES_BASIC 8 /* the capabilities that every chip and server takes */

GBytes *
lpad_es10b_get_euicc_challenge (LpadChannel *channel, GError **error)
{
  static const char function[] = "ES10b.GetEUICCChallenge";
  LpadTlv answer, challenge;
  g_autoptr (GBytes) octets
      = lpad_es10_call_empty (channel, TAG_GET_EUICC_CHALLENGE, function, &answer, error);

  if (octets == NULL)
    return NULL;
  if (!lpad_tlv_find (&answer, 0x80, &challenge, error))
    {
      lpad_es10_malformed (error, function);
      return NULL;
    }
  if (challenge.length != LPAD_CHALLENGE_SIZE)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_PROTOCOL_ERROR,
                   "A challenge has %d octets, not %" G_GSIZE_FORMAT,
                   LPAD_CHALLENGE_SIZE,
                   challenge.length);
      lpad_es10_malformed (error, function);
      return NULL;
    }
  return lpad_tlv_get_bytes (&challenge);
}

/* DeviceCapabilities: a VersionType for each release that the device supports. */
static void
add_capabilities (LpadTlvBuilder *builder, const LpadDevice *device, gboolean extensible)
{
  gsize count = extensible ? G_N_ELEMENTS (device->releases) : RELEASES_BASIC;

  lpad_tlv_builder_open (builder, 0xa1);
  for (gsize i = 0; i < count; i++)
    {
      const guint8 version[] = { device->releases[i], 0, 0 };

      if (version[0] != 0)
        lpad_tlv_builder_add (builder, 0x80 + (guint32) i, version, sizeof version);
    }
  lpad_tlv_builder_close (builder);
}

GBytes *
lpad_es10b_build_ctx_params1 (const char *matching_id,
                              const LpadDevice *device,
                              gboolean extensible,
                              GError **error)
{
  guint8 tac[4] = { 0x35, 0x29, 0x06, 0x11 }; /* of no device: the field is mandatory */
  guint8 imei[8];
  gboolean named = device->imei != NULL && *device->imei != '\0';

  if (named ? !lpad_imei_encode (device->imei, imei, tac, error)
            : device->tac != NULL && !lpad_tac_encode (device->tac, tac, error))
    return NULL;

  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  lpad_tlv_builder_open (builder, 0xa0); /* ctxParamsForCommonAuthentication */
  if (matching_id != NULL && matching_id[0] != '\0')
    lpad_tlv_builder_add_text (builder, 0x80, matching_id);
  lpad_tlv_builder_open (builder, 0xa1); /* deviceInfo */
  lpad_tlv_builder_add (builder, 0x80, tac, sizeof tac);
  add_capabilities (builder, device, extensible);
  if (named)
    lpad_tlv_builder_add (builder, 0x82, imei, sizeof imei);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_close (builder);
  return lpad_tlv_builder_end (builder);
}

/* Whether child @tag of @signed_data has the octets @expected. */
static gboolean
check_echo (const LpadTlv *signed_data,
            guint32 tag,
            const guint8 *expected,
            gsize size,
            const char *function,
            const char *what,
            GError **error)
{
  LpadTlv echo;

  if (!lpad_tlv_find (signed_data, tag, &echo, error))
    return lpad_es10_malformed (error, function);
  if (echo.length != size || memcmp (echo.value, expected, size) != 0)
    return lpad_es10_mismatch (error, function, what);
  return TRUE;
}

static gboolean
check_transaction_id (const LpadTlv *signed_data,
                      GBytes *transaction_id,
                      const char *function,
                      GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (transaction_id, &size);

  return check_echo (signed_data, TAG_TRANSACTION_ID, data, size, function, "transaction ID", error);
}

/* The part of @ok that is signed; it must be followed by a signature. */
static gboolean
find_signed (const LpadTlv *ok, LpadTlv *signed_data, const char *function, GError **error)
{
  LpadTlv signature;

  if (!lpad_tlv_find (ok, TAG_SEQUENCE, signed_data, error)
      || !lpad_tlv_find (ok, TAG_SIGNATURE, &signature, error))
    return lpad_es10_malformed (error, function);
  return TRUE;
}

/* EuiccSigned1 repeats what ServerSigned1 said: a chip that got something else would sign something else. */
static gboolean
check_euicc_signed1 (const LpadTlv *ok,
                     GBytes *transaction_id,
                     GBytes *server_signed1,
                     const char *function,
                     GError **error)
{
  LpadTlv euicc_signed1, sent, address, challenge;

  if (!find_signed (ok, &euicc_signed1, function, error)
      || !check_transaction_id (&euicc_signed1, transaction_id, function, error))
    return FALSE;
  if (!lpad_tlv_parse_bytes (server_signed1, TAG_SEQUENCE, &sent, error)
      || !lpad_tlv_find (&sent, TAG_SERVER_ADDRESS, &address, error)
      || !lpad_tlv_find (&sent, TAG_CHALLENGE, &challenge, error))
    return FALSE;
  return check_echo (&euicc_signed1,
                     TAG_SERVER_ADDRESS,
                     address.value,
                     address.length,
                     function,
                     "server address",
                     error)
         && check_echo (&euicc_signed1,
                        TAG_CHALLENGE,
                        challenge.value,
                        challenge.length,
                        function,
                        "server challenge",
                        error);
}

GBytes *
lpad_es10b_authenticate_server (LpadChannel *channel,
                                GBytes *transaction_id,
                                GBytes *server_signed1,
                                GBytes *server_signature1,
                                GBytes *pkid,
                                GBytes *certificate,
                                GBytes *ctx_params1,
                                GError **error)
{
  const char *function = lpad_function_name (LPAD_FUNCTION_AUTHENTICATE_SERVER);
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  LpadTlv answer, ok;

  lpad_tlv_builder_open (builder, TAG_AUTHENTICATE_SERVER);
  lpad_tlv_builder_add_raw_bytes (builder, server_signed1);
  lpad_tlv_builder_add_raw_bytes (builder, server_signature1);
  lpad_tlv_builder_add_raw_bytes (builder, pkid);
  lpad_tlv_builder_add_raw_bytes (builder, certificate);
  lpad_tlv_builder_add_raw_bytes (builder, ctx_params1);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);

  g_autoptr (GBytes) octets
      = lpad_es10_call (channel, request, TAG_AUTHENTICATE_SERVER, function, &answer, error);
  if (octets == NULL
      || !lpad_es10_find_ok (&answer, 0xa0, LPAD_FUNCTION_AUTHENTICATE_SERVER, &ok, NULL, error)
      || !check_euicc_signed1 (&ok, transaction_id, server_signed1, function, error))
    return NULL;
  return g_steal_pointer (&octets);
}

/* EuiccSigned2 { 80 transactionId, 5F49 euiccOtpk, 04 hashCc? } */
static gboolean
check_euicc_signed2 (const LpadTlv *ok,
                     GBytes *transaction_id,
                     GBytes *hash_cc,
                     const char *function,
                     GError **error)
{
  LpadTlv euicc_signed2, hash;

  if (!find_signed (ok, &euicc_signed2, function, error)
      || !check_transaction_id (&euicc_signed2, transaction_id, function, error))
    return FALSE;
  if (hash_cc == NULL)
    {
      if (!lpad_tlv_find_optional (&euicc_signed2, TAG_OCTET_STRING, &hash, error))
        return lpad_es10_malformed (error, function);
      return hash.data == NULL || lpad_es10_mismatch (error, function, "confirmation code");
    }

  gsize size;
  const guint8 *data = g_bytes_get_data (hash_cc, &size);
  return check_echo (&euicc_signed2, TAG_OCTET_STRING, data, size, function, "confirmation code", error);
}

GBytes *
lpad_es10b_prepare_download (LpadChannel *channel,
                             GBytes *transaction_id,
                             GBytes *smdp_signed2,
                             GBytes *smdp_signature2,
                             GBytes *hash_cc,
                             GBytes *certificate,
                             GError **error)
{
  const char *function = lpad_function_name (LPAD_FUNCTION_PREPARE_DOWNLOAD);
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  LpadTlv answer, ok;

  lpad_tlv_builder_open (builder, TAG_PREPARE_DOWNLOAD);
  lpad_tlv_builder_add_raw_bytes (builder, smdp_signed2);
  lpad_tlv_builder_add_raw_bytes (builder, smdp_signature2);
  if (hash_cc != NULL)
    lpad_es10_add_octets (builder, TAG_OCTET_STRING, hash_cc);
  lpad_tlv_builder_add_raw_bytes (builder, certificate);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);

  g_autoptr (GBytes) octets
      = lpad_es10_call (channel, request, TAG_PREPARE_DOWNLOAD, function, &answer, error);
  if (octets == NULL || !lpad_es10_find_ok (&answer, 0xa0, LPAD_FUNCTION_PREPARE_DOWNLOAD, &ok, NULL, error)
      || !check_euicc_signed2 (&ok, transaction_id, hash_cc, function, error))
    return NULL;
  return g_steal_pointer (&octets);
}

gboolean
lpad_es10b_load_bpp_segment (LpadChannel *channel,
                             const guint8 *data,
                             gsize size,
                             LpadInstallationResult **result,
                             GError **error)
{
  static const char function[] = "ES10b.LoadBoundProfilePackage";
  g_autoptr (GBytes) segment = g_bytes_new_static (data, size); /* not kept beyond this call */
  g_autoptr (GBytes) octets = lpad_channel_store_data (channel, segment, function, error);
  LpadTlv answer;

  if (octets == NULL)
    return FALSE;
  if (g_bytes_get_size (octets) == 0)
    {
      *result = NULL;
      return TRUE;
    }
  if (!lpad_tlv_parse_bytes (octets, TAG_INSTALLATION_RESULT, &answer, error))
    return lpad_es10_malformed (error, function);

  LpadInstallationResult *parsed = lpad_installation_result_parse (octets, error);
  if (parsed == NULL)
    return lpad_es10_malformed (error, function);
  *result = parsed;
  return TRUE;
}

GBytes *
lpad_es10b_cancel_session (LpadChannel *channel,
                           GBytes *transaction_id,
                           LpadCancelReason reason,
                           GError **error)
{
  const char *function = lpad_function_name (LPAD_FUNCTION_CANCEL_SESSION);
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  LpadTlv answer, ok, signed_data;

  lpad_tlv_builder_open (builder, TAG_CANCEL_SESSION);
  lpad_es10_add_octets (builder, TAG_TRANSACTION_ID, transaction_id);
  lpad_tlv_builder_add_uint (builder, 0x81, reason);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);

  g_autoptr (GBytes) octets = lpad_es10_call (channel, request, TAG_CANCEL_SESSION, function, &answer, error);
  if (octets == NULL || !lpad_es10_find_ok (&answer, 0xa0, LPAD_FUNCTION_CANCEL_SESSION, &ok, NULL, error)
      || !find_signed (&ok, &signed_data, function, error)
      || !check_transaction_id (&signed_data, transaction_id, function, error))
    return NULL;
  return g_steal_pointer (&octets);
}
