/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "bpp.h"
#include "error-details.h"
#include "es9-json.h"
#include "es9.h"
#include "hex.h"
#include "net-fixture.h"
#include "result.h"
#include "tlv.h"

#define SUCCESS   "\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}"
#define TXID      "00112233445566778899AABBCCDDEEFF"
#define CHALLENGE "000102030405060708090a0b0c0d0e0f"

typedef struct
{
  TestCredential *ci;
  TestCredential *leaf;
  TestServer *server;
  LpadNetConfig *config;
  X509_STORE *store;
  LpadHttps *https;
  GBytes *txid;
  GBytes *challenge;
  GBytes *relayed; /* some object of the chip */
} Fixture;

static void
set_up (Fixture *f, gconstpointer unused)
{
  TestServerOptions options = { 0 };

  f->ci = test_credential_new (&test_ci, NULL);
  f->leaf = test_credential_new (&test_tls, f->ci);
  options.credential = f->leaf;
  f->server = test_server_new (&options);
  f->config = test_config_new (f->server);
  f->store = test_store_new (f->ci);
  f->https = lpad_https_new (f->config, TEST_HOST, f->store, NULL);
  f->txid = lpad_hex_decode (TXID, 16, NULL);
  f->challenge = lpad_hex_decode (CHALLENGE, 16, NULL);
  f->relayed = g_bytes_new_static ("\xbf\x38\x02\xa0\x00", 5);
  g_assert_nonnull (f->https);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  lpad_https_free (f->https);
  test_server_free (f->server);
  lpad_net_config_free (f->config);
  X509_STORE_free (f->store);
  test_credential_free (f->leaf);
  test_credential_free (f->ci);
  g_bytes_unref (f->txid);
  g_bytes_unref (f->challenge);
  g_bytes_unref (f->relayed);
}

static void
assert_error (GError *error, int code, const char *words, const char *function)
{
  g_assert_error (error, LPAD_ERROR, code);
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
  g_assert_cmpstr (lpad_error_details (error)->function, ==, function);
}

/* Answers. */

static void
add_hex (LpadTlvBuilder *builder, guint32 tag, const char *digits)
{
  g_autoptr (GBytes) octets = lpad_hex_decode (digits, 64, NULL);

  lpad_tlv_builder_add (builder, tag, g_bytes_get_data (octets, NULL), g_bytes_get_size (octets));
}

static char *
base64 (GBytes *bytes)
{
  return g_base64_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* What differs from a good answer to InitiateAuthentication; NULL: nothing. */
typedef struct
{
  const char *txid;
  const char *signed_txid;
  const char *signed_challenge;
  const char *signed_address;
  const char *pkid;
  const char *certificate;
  const char *signature;
} Initiate;

static char *
make_initiate (const Initiate *with)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  g_autoptr (GBytes) signed1 = NULL;
  g_autofree char *signed1_text = NULL;

  lpad_tlv_builder_open (builder, 0x30);
  add_hex (builder, 0x80, with->signed_txid != NULL ? with->signed_txid : TXID);
  add_hex (builder, 0x81, with->signed_challenge != NULL ? with->signed_challenge : CHALLENGE);
  lpad_tlv_builder_add_text (builder, 0x83, with->signed_address != NULL ? with->signed_address : TEST_HOST);
  add_hex (builder, 0x84, "ffffffffffffffffffffffffffffffff");
  lpad_tlv_builder_close (builder);
  signed1 = lpad_tlv_builder_end (builder);
  signed1_text = base64 (signed1);
  return g_strdup_printf ("{" SUCCESS ",\"unknown\":[1],\"transactionId\":\"%s\",\"serverSigned1\":\"%s\","
                          "\"serverSignature1\":\"%s\",\"euiccCiPKIdToBeUsed\":\"%s\","
                          "\"serverCertificate\":\"%s\"}",
                          with->txid != NULL ? with->txid : TXID,
                          signed1_text,
                          with->signature != NULL ? with->signature : "XzcCAQI=",
                          with->pkid != NULL ? with->pkid : "BAIBAg==",
                          with->certificate != NULL ? with->certificate : "MAA=");
}

static LpadEs9Authentication *
initiate (Fixture *f, const Initiate *with, GError **error)
{
  g_autofree char *json = make_initiate (with);

  test_server_add_json (f->server, json);
  return lpad_es9_initiate_authentication (f->https, f->challenge, f->relayed, NULL, error);
}

static JsonObject *
assert_request (Fixture *f, const char *function)
{
  g_autofree char *text = test_server_request (f->server);
  g_autofree char *start = g_strdup_printf ("POST /gsma/rsp2/es9plus/%s HTTP/1.1\r\n", function);
  const char *body = strstr (text, "\r\n\r\n");
  g_autoptr (GError) error = NULL;
  JsonObject *object;

  g_assert_true (g_str_has_prefix (text, start));
  object = lpad_es9_json_parse (body + 4, strlen (body + 4), &error);
  g_assert_no_error (error);
  return object;
}

static void
test_initiate (Fixture *f, gconstpointer unused)
{
  const Initiate plain = { 0 };
  const Initiate variants[] = {
    { .signed_address = "SMDP.Example.TEST" },
    { .signed_address = TEST_HOST ":443" },
    { .txid = "00112233445566778899aabbccddeeff" },
    { .signature = "XzcC\\r\\nAQI" },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadEs9Authentication) answer = initiate (f, &plain, &error);
  g_autoptr (JsonObject) request = NULL;

  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (answer->transaction_id, f->txid));
  g_assert_cmpmem (g_bytes_get_data (answer->server_signature1, NULL), 5, "\x5f\x37\x02\x01\x02", 5);
  g_assert_cmpmem (g_bytes_get_data (answer->pkid, NULL), 4, "\x04\x02\x01\x02", 4);
  g_assert_cmpmem (g_bytes_get_data (answer->certificate, NULL), 2, "\x30\x00", 2);
  g_assert_cmpuint (((const guint8 *) g_bytes_get_data (answer->server_signed1, NULL))[0], ==, 0x30);

  request = assert_request (f, "initiateAuthentication");
  g_assert_cmpuint (json_object_get_size (request), ==, 3);
  g_assert_cmpstr (json_object_get_string_member (request, "euiccChallenge"), ==, "AAECAwQFBgcICQoLDA0ODw==");
  g_assert_cmpstr (json_object_get_string_member (request, "euiccInfo1"), ==, "vzgCoAA=");
  g_assert_cmpstr (json_object_get_string_member (request, "smdpAddress"), ==, TEST_HOST);

  for (gsize i = 0; i < G_N_ELEMENTS (variants); i++)
    {
      g_autoptr (LpadEs9Authentication) other = initiate (f, &variants[i], &error);

      g_assert_no_error (error);
      g_assert_nonnull (other);
    }
}

static void
test_initiate_bad (Fixture *f, gconstpointer unused)
{
  static const struct
  {
    Initiate with;
    const char *words;
  } cases[] = {
    { { .txid = "00" }, "transaction ID" },
    { { .signed_txid = "00112233445566778899aabbccddee" }, "transaction ID" },
    { { .signed_challenge = "000102030405060708090a0b0c0d0e00" }, "challenge" },
    { { .signed_challenge = "" }, "challenge" },
    { { .signed_address = "other.example.test" }, "another server address" },
    { { .signed_address = TEST_HOST ":444" }, "another server address" },
    { { .signed_address = TEST_HOST "." }, "another server address" },
    { { .signed_address = "" }, "another server address" },
    { { .pkid = "BQIBAg==" }, "euiccCiPKIdToBeUsed" },
    { { .certificate = "MAAA" }, "serverCertificate" },
    { { .signature = "XzgCAQI=" }, "serverSignature1" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (initiate (f, &cases[i].with, &error));
      assert_error (error, LPAD_ERROR_PROTOCOL_ERROR, cases[i].words, "ES9+.InitiateAuthentication");
      g_assert_cmpint (lpad_error_details (error)->order, ==, LPAD_ORDER_USABLE);
    }
}

static char *
make_client (const char *txid, const char *signed_txid, const char *flag)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  g_autoptr (GBytes) signed2 = NULL;
  g_autofree char *text = NULL;

  lpad_tlv_builder_open (builder, 0x30);
  add_hex (builder, 0x80, signed_txid);
  if (flag != NULL)
    add_hex (builder, 0x01, flag);
  lpad_tlv_builder_close (builder);
  signed2 = lpad_tlv_builder_end (builder);
  text = base64 (signed2);
  return g_strdup_printf ("{" SUCCESS ",\"transactionId\":\"%s\",\"profileMetadata\":\"vyUA\","
                          "\"smdpSigned2\":\"%s\",\"smdpSignature2\":\"XzcA\",\"smdpCertificate\":\"MAA=\"}",
                          txid,
                          text);
}

static LpadEs9ClientAnswer *
authenticate (Fixture *f, const char *json, GError **error)
{
  test_server_add_json (f->server, json);
  return lpad_es9_authenticate_client (f->https, f->txid, f->relayed, NULL, error);
}

static void
test_authenticate (Fixture *f, gconstpointer unused)
{
  g_autofree char *without = make_client (TXID, TXID, "00");
  g_autofree char *with = make_client (TXID, TXID, "ff");
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadEs9ClientAnswer) first = authenticate (f, without, &error);
  g_autoptr (LpadEs9ClientAnswer) second = authenticate (f, with, &error);
  g_autoptr (JsonObject) request = assert_request (f, "authenticateClient");

  g_assert_no_error (error);
  g_assert_false (first->confirmation_code_required);
  g_assert_true (second->confirmation_code_required);
  g_assert_cmpmem (g_bytes_get_data (first->metadata, NULL), 3, "\xbf\x25\x00", 3);
  g_assert_cmpuint (json_object_get_size (request), ==, 2);
  g_assert_cmpstr (json_object_get_string_member (request, "transactionId"), ==, TXID);
  g_assert_cmpstr (json_object_get_string_member (request, "authenticateServerResponse"), ==, "vzgCoAA=");
}

static void
test_authenticate_bad (Fixture *f, gconstpointer unused)
{
  static const char *const cases[][4] = {
    { "01", TXID, "00", "another transaction ID" },
    { TXID, "01", "00", "another transaction ID" },
    { TXID, TXID, NULL, "01" },
    { TXID, TXID, "", "confirmation code" },
    { TXID, TXID, "0000", "confirmation code" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *json = make_client (cases[i][0], cases[i][1], cases[i][2]);
      g_autoptr (GError) error = NULL;

      g_assert_null (authenticate (f, json, &error));
      assert_error (error, LPAD_ERROR_PROTOCOL_ERROR, cases[i][3], "ES9+.AuthenticateClient");
      g_assert_cmpint (lpad_error_details (error)->cancel_reason, ==, LPAD_CANCEL_UNDEFINED);
    }
}

static void
on_progress (const char *stage, guint64 done, guint64 total, gpointer user_data)
{
  g_assert_cmpstr (stage, ==, "downloading");
  *(guint64 *) user_data = done;
}

static GBytes *
get_package (Fixture *f, gsize size, const char *txid, const LpadProgress *progress, GError **error)
{
  g_autofree guint8 *content = g_malloc0 (size);
  g_autofree char *text = NULL;
  g_autofree char *json = NULL;

  memcpy (content, "\xbf\x36\x83", 3);
  content[3] = (guint8) ((size - 6) >> 16);
  content[4] = (guint8) ((size - 6) >> 8);
  content[5] = (guint8) (size - 6);
  text = g_base64_encode (content, size);
  json
      = g_strdup_printf ("{" SUCCESS ",\"transactionId\":\"%s\",\"boundProfilePackage\":\"%s\"}", txid, text);
  test_server_add_json (f->server, json);
  return lpad_es9_get_bound_profile_package (f->https, f->txid, f->relayed, progress, NULL, error);
}

static void
test_package (Fixture *f, gconstpointer unused)
{
  guint64 done = 0;
  LpadProgress progress = { on_progress, &done };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) package = get_package (f, LPAD_BPP_MAX, TXID, &progress, &error);
  g_autoptr (JsonObject) request = assert_request (f, "getBoundProfilePackage");

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (package), ==, LPAD_BPP_MAX);
  g_assert_cmpuint (done, >, LPAD_BPP_MAX);
  g_assert_cmpstr (json_object_get_string_member (request, "prepareDownloadResponse"), ==, "vzgCoAA=");

  g_assert_null (get_package (f, LPAD_BPP_MAX + 1, TXID, NULL, &error));
  assert_error (error, LPAD_ERROR_PROTOCOL_ERROR, "larger", "ES9+.GetBoundProfilePackage");
  g_clear_error (&error);
  g_assert_null (get_package (f, 2 * LPAD_BPP_MAX, TXID, NULL, &error));
  assert_error (error, LPAD_ERROR_PROTOCOL_ERROR, "larger", "ES9+.GetBoundProfilePackage");
  g_assert_cmpint (lpad_error_details (error)->cancel_reason, ==, -1);
  g_clear_error (&error);
  g_assert_null (get_package (f, 100, "FF", NULL, &error));
  assert_error (error, LPAD_ERROR_PROTOCOL_ERROR, "transaction ID", "ES9+.GetBoundProfilePackage");
  g_assert_cmpint (lpad_error_details (error)->cancel_reason, ==, LPAD_CANCEL_UNDEFINED);
}

static void
test_cancel_session (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) request = NULL;

  test_server_add_json (f->server, "{" SUCCESS "}");
  g_assert_true (lpad_es9_cancel_session (f->https, f->txid, f->relayed, NULL, &error));
  g_assert_no_error (error);
  request = assert_request (f, "cancelSession");
  g_assert_cmpstr (json_object_get_string_member (request, "transactionId"), ==, TXID);
  g_assert_cmpstr (json_object_get_string_member (request, "cancelSessionResponse"), ==, "vzgCoAA=");

  test_server_add_json (f->server, "{}");
  g_assert_false (lpad_es9_cancel_session (f->https, f->txid, f->relayed, NULL, &error));
  assert_error (error, LPAD_ERROR_PROTOCOL_ERROR, "succeeded", "ES9+.CancelSession");
  g_assert_cmpint (lpad_error_details (error)->order, ==, LPAD_ORDER_UNKNOWN);
}

static void
test_notification (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) request = NULL;

  test_server_add (f->server, TEST_KEEP, "HTTP/1.1 204 No Content\r\n\r\n");
  g_assert_true (lpad_es9_handle_notification (f->https, f->relayed, NULL, &error));
  request = assert_request (f, "handleNotification");
  g_assert_cmpuint (json_object_get_size (request), ==, 1);
  g_assert_cmpstr (json_object_get_string_member (request, "pendingNotification"), ==, "vzgCoAA=");

  test_server_add (f->server, TEST_KEEP, "HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\nfine");
  g_assert_true (lpad_es9_handle_notification (f->https, f->relayed, NULL, &error));
  test_server_add_json (f->server, "{" SUCCESS "}");
  g_assert_true (lpad_es9_handle_notification (f->https, f->relayed, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (test_server_connections (f->server), ==, 1);

  test_server_add (f->server, TEST_KEEP, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  g_assert_false (lpad_es9_handle_notification (f->https, f->relayed, NULL, &error));
  assert_error (error, LPAD_ERROR_SERVER_REFUSED, "404", "ES9+.HandleNotification");
}

static void
test_http_status (Fixture *f, gconstpointer unused)
{
  static const struct
  {
    guint status;
    int code;
  } cases[] = {
    { 201, LPAD_ERROR_PROTOCOL_ERROR },     { 204, LPAD_ERROR_PROTOCOL_ERROR },
    { 301, LPAD_ERROR_PROTOCOL_ERROR },     { 302, LPAD_ERROR_PROTOCOL_ERROR },
    { 307, LPAD_ERROR_PROTOCOL_ERROR },     { 400, LPAD_ERROR_SERVER_REFUSED },
    { 401, LPAD_ERROR_SERVER_REFUSED },     { 404, LPAD_ERROR_SERVER_REFUSED },
    { 429, LPAD_ERROR_SERVER_UNREACHABLE }, { 500, LPAD_ERROR_SERVER_UNREACHABLE },
    { 503, LPAD_ERROR_SERVER_UNREACHABLE },
  };
  g_autofree char *json = make_client (TXID, TXID, "00");

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *number = g_strdup_printf ("%u", cases[i].status);
      g_autoptr (GError) error = NULL;

      test_server_add (
          f->server,
          TEST_KEEP,
          "HTTP/1.1 %u X\r\nLocation: https://elsewhere.example/\r\nContent-Length: %d\r\n\r\n%s",
          cases[i].status,
          cases[i].status == 204 ? 0 : (int) strlen (json),
          cases[i].status == 204 ? "" : json);
      g_assert_null (lpad_es9_authenticate_client (f->https, f->txid, f->relayed, NULL, &error));
      assert_error (error, cases[i].code, number, "ES9+.AuthenticateClient");
      g_assert_cmpuint (lpad_error_details (error)->http_status, ==, cases[i].status);
      g_assert_cmpint (lpad_error_details (error)->order, ==, LPAD_ORDER_USABLE);
    }
}

/* A refusal of the server keeps what its codes say about the order. */
static void
test_refusal (Fixture *f, gconstpointer unused)
{
  static const char *const json
      = "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{"
        "\"subjectCode\":\"8.2.6\",\"reasonCode\":\"3.8\",\"message\":\"no\"}}}}";
  g_autoptr (GError) error = NULL;

  g_assert_null (authenticate (f, json, &error));
  assert_error (error, LPAD_ERROR_CODE_REFUSED, "", "ES9+.AuthenticateClient");
  g_assert_cmpstr (lpad_error_details (error)->subject_code, ==, "8.2.6");
  g_assert_cmpint (lpad_error_details (error)->order, !=, LPAD_ORDER_USABLE);
}

/* The request whose answer got lost: what is repeated, and what would act twice. */
static void
test_lost (Fixture *f, gconstpointer unused)
{
  g_autofree char *json = make_client (TXID, TXID, "00");
  g_autoptr (LpadEs9ClientAnswer) answer = NULL;
  g_autoptr (GError) error = NULL;

  answer = authenticate (f, json, &error);
  g_assert_no_error (error);
  test_server_add (f->server, TEST_RESET, "%s", "");
  g_assert_null (lpad_es9_get_bound_profile_package (f->https, f->txid, f->relayed, NULL, NULL, &error));
  assert_error (error, LPAD_ERROR_SERVER_UNREACHABLE, "broke", "ES9+.GetBoundProfilePackage");
  g_assert_cmpint (lpad_error_details (error)->order, ==, LPAD_ORDER_USABLE);
  g_assert_cmpuint (test_server_requests (f->server), ==, 2);
  g_clear_error (&error);

  test_server_add (f->server, TEST_KEEP, "HTTP/1.1 204 No Content\r\n\r\n");
  test_server_add (f->server, TEST_RESET, "%s", "");
  test_server_add (f->server, TEST_KEEP, "HTTP/1.1 204 No Content\r\n\r\n");
  g_assert_true (lpad_es9_handle_notification (f->https, f->relayed, NULL, &error));
  g_assert_true (lpad_es9_handle_notification (f->https, f->relayed, NULL, &error));
  g_assert_cmpuint (test_server_requests (f->server), ==, 5);
}

static void
add (const char *path, void (*func) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/es9/InitiateAuthentication", test_initiate);
  add ("/es9/InitiateAuthentication/bad", test_initiate_bad);
  add ("/es9/AuthenticateClient", test_authenticate);
  add ("/es9/AuthenticateClient/bad", test_authenticate_bad);
  add ("/es9/GetBoundProfilePackage", test_package);
  add ("/es9/CancelSession", test_cancel_session);
  add ("/es9/HandleNotification", test_notification);
  add ("/es9/http-status", test_http_status);
  add ("/es9/refusal", test_refusal);
  add ("/es9/lost", test_lost);
  return g_test_run ();
}
