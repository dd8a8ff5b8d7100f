/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es11.h"

#include <string.h>

#include "error-details.h"
#include "es11-answer.h"
#include "hex.h"
#include "net-fixture.h"

#define SUCCESS "\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}"
#define TXID    "00112233445566778899AABBCCDDEEFF"

typedef struct
{
  TestCredential *ci;
  TestCredential *leaf;
  TestServer *server;
  LpadNetConfig *config;
  X509_STORE *store;
  LpadHttps *https;
  GBytes *txid;
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
  g_bytes_unref (f->relayed);
}

/* What the server answers to AuthenticateClient: the members after the header. */
static GPtrArray *
ask (Fixture *f, const char *members, guint *n_unusable, GError **error)
{
  g_autofree char *json = g_strdup_printf ("{" SUCCESS ",%s}", members);

  test_server_add_json (f->server, json);
  return lpad_es11_authenticate_client (f->https, f->txid, f->relayed, n_unusable, NULL, error);
}

static void
assert_event (GPtrArray *events, guint index, const char *event_id, const char *address)
{
  const LpadEs11Event *event = g_ptr_array_index (events, index);

  g_assert_cmpstr (event->event_id, ==, event_id);
  g_assert_cmpstr (event->address, ==, address);
}

static void
test_events (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events = NULL;
  g_autofree char *request = NULL;
  guint n_unusable = 99;

  events = ask (f,
                "\"transactionId\":\"" TXID "\",\"eventEntries\":["
                "{\"eventId\":\"EVENT-1\",\"rspServerAddress\":\"smdp.example.com\",\"more\":1},"
                "{\"rspServerAddress\":\" HTTPS://SMDS.example.com:8443/ \",\"eventId\":\"%\"}]",
                &n_unusable,
                &error);
  g_assert_no_error (error);
  g_assert_cmpuint (events->len, ==, 2);
  g_assert_cmpuint (n_unusable, ==, 0);
  assert_event (events, 0, "EVENT-1", "smdp.example.com");
  assert_event (events, 1, "%", "smds.example.com:8443");

  request = test_server_request (f->server);
  g_assert_true (g_str_has_prefix (request, "POST /gsma/rsp2/es9plus/authenticateClient "));
  g_assert_nonnull (
      strstr (request, "{\"transactionId\":\"" TXID "\",\"authenticateServerResponse\":\"vzgCoAA=\"}"));
}

static void
test_empty (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) listed = NULL;
  g_autoptr (GPtrArray) refused = NULL;
  guint n_unusable = 99;

  listed = ask (f, "\"transactionId\":\"" TXID "\",\"eventEntries\":[]", &n_unusable, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (listed->len, ==, 0);

  n_unusable = 99;
  test_server_add_json (f->server,
                        "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{"
                        "\"subjectCode\":\"8.9.5\",\"reasonCode\":\"3.9\"}}}}");
  refused = lpad_es11_authenticate_client (f->https, f->txid, f->relayed, &n_unusable, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (refused->len, ==, 0);
  g_assert_cmpuint (n_unusable, ==, 0);
}

/* An entry that leads nowhere does not hide the others. */
static void
test_unusable (Fixture *f, gconstpointer unused)
{
  static const char *const entries[] = {
    "{\"eventId\":\"X\",\"rspServerAddress\":\"127.0.0.1\"}",
    "{\"eventId\":\"X\",\"rspServerAddress\":\"169.254.169.254:443\"}",
    "{\"eventId\":\"X\",\"rspServerAddress\":\"[::1]\"}",
    "{\"eventId\":\"X\",\"rspServerAddress\":\"localhost\"}",
    "{\"eventId\":\"X\",\"rspServerAddress\":\"http://smdp.example.com\"}",
    "{\"eventId\":\"X\",\"rspServerAddress\":\"user@smdp.example.com\"}",
    "{\"eventId\":\"X\",\"rspServerAddress\":\"smdp.example.com/path\"}",
    "{\"eventId\":\"X\",\"rspServerAddress\":\"smdp.example.com\\r\\nHost: x\"}",
    "{\"eventId\":\"X\",\"rspServerAddress\":\"\"}",
    "{\"eventId\":\"\",\"rspServerAddress\":\"smdp.example.com\"}",
    "{\"eventId\":\"A B\",\"rspServerAddress\":\"smdp.example.com\"}",
    "{\"eventId\":\"\\u0007\",\"rspServerAddress\":\"smdp.example.com\"}",
    "{\"eventId\":\"\\u00e9\",\"rspServerAddress\":\"smdp.example.com\"}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) events = NULL;
      g_autofree char *members
          = g_strdup_printf ("\"transactionId\":\"" TXID "\",\"eventEntries\":[%s,"
                             "{\"eventId\":\"GOOD\",\"rspServerAddress\":\"smdp.example.com\"}]",
                             entries[i]);
      guint n_unusable = 0;

      events = ask (f, members, &n_unusable, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (events->len, ==, 1);
      g_assert_cmpuint (n_unusable, ==, 1);
      assert_event (events, 0, "GOOD", "smdp.example.com");
    }
}

static void
assert_protocol_error (Fixture *f, const char *members, const char *words)
{
  g_autoptr (GError) error = NULL;
  guint n_unusable = 0;

  g_assert_null (ask (f, members, &n_unusable, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
  g_assert_cmpstr (lpad_error_details (error)->function, ==, "ES11.AuthenticateClient");
}

static void
test_hostile (Fixture *f, gconstpointer unused)
{
  g_autoptr (GString) many = g_string_new ("\"transactionId\":\"" TXID "\",\"eventEntries\":[");

  assert_protocol_error (f, "\"eventEntries\":[]", "transactionId");
  assert_protocol_error (f, "\"transactionId\":\"00\",\"eventEntries\":[]", "another transaction ID");
  assert_protocol_error (f, "\"transactionId\":\"" TXID "\"", "no list of events");
  assert_protocol_error (f, "\"transactionId\":\"" TXID "\",\"eventEntries\":null", "no list of events");
  assert_protocol_error (f, "\"transactionId\":\"" TXID "\",\"eventEntries\":{}", "no list of events");
  assert_protocol_error (f, "\"transactionId\":\"" TXID "\",\"eventEntries\":[1]", "something else");
  assert_protocol_error (f, "\"transactionId\":\"" TXID "\",\"eventEntries\":[{}]", "eventId");
  assert_protocol_error (
      f, "\"transactionId\":\"" TXID "\",\"eventEntries\":[{\"eventId\":\"X\"}]", "rspServerAddress");
  assert_protocol_error (f,
                         "\"transactionId\":\"" TXID
                         "\",\"eventEntries\":[{\"eventId\":1,\"rspServerAddress\":\"a.example\"}]",
                         "eventId");
  for (guint i = 0; i <= LPAD_ES11_EVENTS_MAX; i++)
    g_string_append_printf (
        many, "%s{\"eventId\":\"%u\",\"rspServerAddress\":\"a.example\"}", i > 0 ? "," : "", i);
  g_string_append_c (many, ']');
  assert_protocol_error (f, many->str, "more than 64 events");
}

/* As a server that is no SM-DS answers, and as one that is out of order. */
static void
test_status (Fixture *f, gconstpointer unused)
{
  static const struct
  {
    const char *answer;
    LpadError error;
    const char *words;
  } cases[] = {
    { "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", LPAD_ERROR_SERVER_REFUSED, "is it an SM-DS?" },
    { "HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n",
      LPAD_ERROR_SERVER_UNREACHABLE,
      "out of order at the moment" },
    { "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example\r\nContent-Length: 0\r\n\r\n",
      LPAD_ERROR_PROTOCOL_ERROR,
      "redirects" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      guint n_unusable = 0;

      test_server_add (f->server, TEST_KEEP, "%s", cases[i].answer);
      g_assert_null (
          lpad_es11_authenticate_client (f->https, f->txid, f->relayed, &n_unusable, NULL, &error));
      g_assert_error (error, LPAD_ERROR, (int) cases[i].error);
      g_assert_nonnull (strstr (error->message, cases[i].words));
      g_assert_cmpint (lpad_error_details (error)->order, ==, LPAD_ORDER_UNKNOWN);
    }
}

static void
test_initiate (Fixture *f, gconstpointer unused)
{
  g_autoptr (GBytes) challenge = lpad_hex_decode ("000102030405060708090a0b0c0d0e0f", 16, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *request = NULL;

  test_server_add_json (f->server,
                        "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{"
                        "\"subjectCode\":\"8.9.2\",\"reasonCode\":\"3.1\"}}}}");
  g_assert_null (lpad_es11_initiate_authentication (f->https, challenge, f->relayed, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_SERVER_REFUSED);
  g_assert_cmpstr (lpad_error_details (error)->function, ==, "ES11.InitiateAuthentication");
  request = test_server_request (f->server);
  g_assert_true (g_str_has_prefix (request, "POST /gsma/rsp2/es9plus/initiateAuthentication "));
  g_assert_nonnull (strstr (request, "\"smdpAddress\":\"" TEST_HOST "\""));
}

static void
test_role (void)
{
  static const struct
  {
    const char *policies;
    LpadServerRole role;
  } cases[] = {
    { "critical,2.23.146.1.2.1.4", LPAD_SERVER_ROLE_SMDP },
    { "critical,2.23.146.1.2.1.7", LPAD_SERVER_ROLE_SMDS },
    { "2.23.146.1.2.1.0.0.1.1", LPAD_SERVER_ROLE_SMDP },
    { "2.23.146.1.2.1.0.0.2.1", LPAD_SERVER_ROLE_SMDS },
    { "2.999.1,2.23.146.1.2.1.7", LPAD_SERVER_ROLE_SMDS },
    { "2.23.146.1.2.1.4,2.23.146.1.2.1.7", LPAD_SERVER_ROLE_UNKNOWN },
    { "2.23.146.1.2.1.6", LPAD_SERVER_ROLE_UNKNOWN }, /* TLS of an SM-DS */
    { "2.23.146.1.2.1.71", LPAD_SERVER_ROLE_UNKNOWN },
    { NULL, LPAD_SERVER_ROLE_UNKNOWN },
  };
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  g_autoptr (GBytes) nothing = g_bytes_new_static ("\x30\x00", 2);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const TestCertificate spec = { .name = "Test", .policies = cases[i].policies };
      g_autoptr (TestCredential) credential = test_credential_new (&spec, ci);
      g_autoptr (GBytes) der = test_der (credential);
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (der, 0, g_bytes_get_size (der) - 1);

      g_assert_cmpint (lpad_es9_certificate_role (der), ==, cases[i].role);
      g_assert_cmpint (lpad_es9_certificate_role (cut), ==, LPAD_SERVER_ROLE_UNKNOWN);
    }
  g_assert_cmpint (lpad_es9_certificate_role (nothing), ==, LPAD_SERVER_ROLE_UNKNOWN);
}

#define ADD(name, func) g_test_add ("/es11/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("initiate", test_initiate);
  ADD ("events", test_events);
  ADD ("events/empty", test_empty);
  ADD ("events/unusable", test_unusable);
  ADD ("events/hostile", test_hostile);
  ADD ("status", test_status);
  g_test_add_func ("/es11/role", test_role);
  return g_test_run ();
}
