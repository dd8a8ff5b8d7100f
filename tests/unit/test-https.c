/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address-check.h"
#include "error-details.h"
#include "net-fixture.h"

#define OK_JSON "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

/* A server with a good certificate, and a client that trusts its issuer. */
typedef struct
{
  TestCredential *ci;
  TestCredential *leaf;
  TestServer *server;
  LpadNetConfig *config;
  X509_STORE *store;
  LpadHttps *https;
} Fixture;

static void
connect_client (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&f->https, lpad_https_free);
  f->https = lpad_https_new (f->config, TEST_HOST, f->store, &error);
  g_assert_no_error (error);
}

static void
set_up_with (Fixture *f,
             const TestServerOptions *options,
             const TestCertificate *ci,
             const TestCertificate *tls)
{
  TestServerOptions copy = *options;

  f->ci = test_credential_new (ci, NULL);
  f->leaf = test_credential_new (tls, f->ci);
  copy.credential = f->leaf;
  f->server = test_server_new (&copy);
  f->config = test_config_new (f->server);
  f->store = test_store_new (f->ci);
  connect_client (f);
}

static void
set_up (Fixture *f, gconstpointer options)
{
  static const TestServerOptions plain = { 0 };

  set_up_with (f, options != NULL ? options : &plain, &test_ci, &test_tls);
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
}

static const LpadHttpsRequest plain_request = {
  .path = "/path",
  .body = "{\"a\":1}",
  .body_size = 7,
  .maximum = 1000,
  .timeout_ms = 30000,
};

static void
assert_post (Fixture *f, const LpadHttpsRequest *request, guint expected, const char *text)
{
  g_autoptr (GError) error = NULL;
  guint status = 0;
  g_autoptr (GBytes) body = lpad_https_post (f->https, request, &status, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (body);
  g_assert_cmpuint (status, ==, expected);
  g_assert_cmpmem (g_bytes_get_data (body, NULL), g_bytes_get_size (body), text, strlen (text));
}

static void
assert_fails (Fixture *f, const LpadHttpsRequest *request, int code, const char *words)
{
  g_autoptr (GError) error = NULL;
  guint status = 4711;

  g_assert_null (lpad_https_post (f->https, request, &status, NULL, NULL, &error));
  g_assert_error (error, LPAD_ERROR, code);
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
  g_assert_cmpint (lpad_error_details (error)->order, ==, LPAD_ORDER_USABLE);
  g_assert_cmpint (lpad_error_details (error)->retry, !=, LPAD_RETRY_UNKNOWN);
  g_assert_cmpuint (status, ==, 4711);
}

/* What is sent. */

static void
test_request (Fixture *f, gconstpointer unused)
{
  g_autofree char *text = NULL;
  g_autofree char *lower = NULL;

  test_server_add (f->server, TEST_KEEP, OK_JSON);
  assert_post (f, &plain_request, 200, "{}");

  text = test_server_request (f->server);
  g_assert_true (g_str_has_prefix (text, "POST /path HTTP/1.1\r\nHost: " TEST_HOST "\r\n"));
  g_assert_true (g_str_has_suffix (text, "\r\n\r\n{\"a\":1}"));
  g_assert_nonnull (strstr (text, "\r\nContent-Type: application/json\r\n"));
  g_assert_nonnull (strstr (text, "\r\nX-Admin-Protocol: gsma/rsp/v2.5.0\r\n"));
  g_assert_nonnull (strstr (text, "\r\nUser-Agent: gsma-rsp-lpad\r\n"));
  g_assert_nonnull (strstr (text, "\r\nContent-Length: 7\r\n"));
  lower = g_ascii_strdown (text, -1);
  g_assert_null (strstr (lower, "accept-encoding"));
  g_assert_null (strstr (lower, "expect"));
  g_assert_null (strstr (lower, "cookie"));
  g_assert_null (strstr (lower, "authorization"));
}

static void
test_large_body (Fixture *f, gconstpointer unused)
{
  g_autofree char *body = g_strnfill (300000, 'b');
  LpadHttpsRequest request = plain_request;
  g_autofree char *text = NULL;

  request.body = body;
  request.body_size = strlen (body);
  test_server_add (f->server, TEST_KEEP, OK_JSON);
  assert_post (f, &request, 200, "{}");
  text = test_server_request (f->server);
  g_assert_true (g_str_has_suffix (text, body));
}

/* Neither a redirect nor a cookie nor an encoding is followed. */
static void
test_statuses (Fixture *f, gconstpointer unused)
{
  test_server_add (f->server,
                   TEST_KEEP,
                   "HTTP/1.1 302 Found\r\nLocation: https://" TEST_HOST "/elsewhere\r\nSet-Cookie: a=b\r\n"
                   "Content-Length: 2\r\n\r\nno");
  test_server_add (f->server, TEST_KEEP, "HTTP/1.1 204 No Content\r\n\r\n");
  test_server_add (
      f->server, TEST_KEEP, "HTTP/1.1 500 Oops\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nraw");
  test_server_add (f->server,
                   TEST_KEEP,
                   "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  assert_post (f, &plain_request, 302, "no");
  assert_post (f, &plain_request, 204, "");
  assert_post (f, &plain_request, 500, "raw");
  assert_post (f, &plain_request, 200, "abc");
  g_assert_cmpuint (test_server_requests (f->server), ==, 4);
  g_assert_cmpuint (test_server_connections (f->server), ==, 1);
}

static void
on_progress (const char *stage, guint64 done, guint64 total, gpointer user_data)
{
  guint64 *last = user_data;

  g_assert_cmpstr (stage, ==, "downloading");
  g_assert_cmpuint (done, >, *last);
  g_assert_cmpuint (total, ==, 100000);
  *last = done;
}

static void
test_progress (Fixture *f, gconstpointer unused)
{
  g_autofree char *body = g_strnfill (100000, 'x');
  LpadHttpsRequest request = plain_request;
  guint64 last = 0;
  LpadProgress progress = { on_progress, &last };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = NULL;
  guint status;

  request.maximum = 100000;
  request.stage = "downloading";
  test_server_add_json (f->server, body);
  answer = lpad_https_post (f->https, &request, &status, &progress, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (answer), ==, 100000);
  g_assert_cmpuint (last, ==, 100000);
}

/* Connections. */

static void
test_closed_while_idle (Fixture *f, gconstpointer unused)
{
  test_server_add (f->server, TEST_CLOSE, OK_JSON);
  test_server_add (f->server, TEST_KEEP, OK_JSON);
  assert_post (f, &plain_request, 200, "{}");
  test_server_wait_closed (f->server, 1);
  assert_post (f, &plain_request, 200, "{}");
  g_assert_cmpuint (test_server_requests (f->server), ==, 2);
  g_assert_cmpuint (test_server_connections (f->server), ==, 2);
}

/* The server takes the request and goes: perhaps it has acted. */
static void
test_broken_once (Fixture *f, gconstpointer unused)
{
  test_server_add (f->server, TEST_KEEP, OK_JSON);
  test_server_add (f->server, TEST_RESET, "%s", "");
  test_server_add (f->server, TEST_KEEP, OK_JSON);
  assert_post (f, &plain_request, 200, "{}");
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_UNREACHABLE, "broke");
  g_assert_cmpuint (test_server_requests (f->server), ==, 2);
  assert_post (f, &plain_request, 200, "{}");
}

static void
test_broken_repeatable (Fixture *f, gconstpointer unused)
{
  LpadHttpsRequest request = plain_request;

  request.repeatable = TRUE;
  test_server_add (f->server, TEST_KEEP, OK_JSON);
  test_server_add (f->server, TEST_RESET, "%s", "");
  test_server_add (f->server, TEST_KEEP, OK_JSON);
  assert_post (f, &request, 200, "{}");
  assert_post (f, &request, 200, "{}");
  g_assert_cmpuint (test_server_requests (f->server), ==, 3);

  /* On a fresh connection it is not sent again: the server may do this for ever. */
  connect_client (f);
  test_server_add (f->server, TEST_RESET, "%s", "");
  test_server_wait_closed (f->server, 2);
  assert_fails (f, &request, LPAD_ERROR_SERVER_UNREACHABLE, "broke");
  g_assert_cmpuint (test_server_requests (f->server), ==, 4);
}

/* Answers that do not end well. */

static void
test_truncated (Fixture *f, gconstpointer unused)
{
  test_server_add (f->server, TEST_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_UNREACHABLE, "cut off");
  test_server_add (f->server, TEST_RESET, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_UNREACHABLE, "cut off");
  test_server_add (f->server, TEST_CLOSE, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_UNREACHABLE, "cut off");
  test_server_add (f->server, TEST_CLOSE, "HTTP/1.1 204 No Content\r\n");
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_UNREACHABLE, "cut off");
  test_server_add (f->server, TEST_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Ty");
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_UNREACHABLE, "cut off");
  test_server_add (f->server, TEST_CLOSE, "HTTP/1.1 2");
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_UNREACHABLE, "before an answer");
  test_server_add (f->server, TEST_CLOSE, "%s", "");
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_UNREACHABLE, "before an answer");
}

static void
test_too_large (Fixture *f, gconstpointer unused)
{
  g_autofree char *exact = g_strnfill (1000, 'x');
  g_autofree char *headers = g_strnfill (17000, 'h');
  g_autofree char *fits = g_strnfill (15000, 'h');

  test_server_add_json (f->server, exact);
  assert_post (f, &plain_request, 200, exact);
  test_server_add (f->server, TEST_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n%sx", exact);
  assert_fails (f, &plain_request, LPAD_ERROR_PROTOCOL_ERROR, "larger than the 1000 octets");
  test_server_add (f->server,
                   TEST_CLOSE,
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n%sx\r\n0\r\n\r\n",
                   exact);
  assert_fails (f, &plain_request, LPAD_ERROR_PROTOCOL_ERROR, "larger than the 1000 octets");
  test_server_add (f->server, TEST_CLOSE, "HTTP/1.1 200 OK\r\nX: %s\r\nContent-Length: 0\r\n\r\n", headers);
  assert_fails (f, &plain_request, LPAD_ERROR_PROTOCOL_ERROR, "larger than the 16384 octets");
  test_server_add (f->server, TEST_CLOSE, "HTTP/1.1 200 OK\r\nX: %s\r\nContent-Length: 0\r\n\r\n", fits);
  assert_post (f, &plain_request, 200, "");
}

static void
test_not_http (Fixture *f, gconstpointer unused)
{
  test_server_add (f->server, TEST_CLOSE, "SSH-2.0-OpenSSH_9.2\r\n");
  assert_fails (f, &plain_request, LPAD_ERROR_PROTOCOL_ERROR, "HTTP");
}

static void
test_stall (Fixture *f, gconstpointer unused)
{
  f->config->stall_timeout_s = 1;
  connect_client (f);
  test_server_add (f->server, TEST_HANG, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_UNREACHABLE, "stalled");
}

static void
test_deadline (Fixture *f, gconstpointer unused)
{
  LpadHttpsRequest request = plain_request;

  request.timeout_ms = 300;
  test_server_add (f->server, TEST_HANG, "%s", "");
  assert_fails (f, &request, LPAD_ERROR_SERVER_UNREACHABLE, "did not finish");
}

/* Cancellation: nothing but it would end these exchanges within the time that a test has. */

static gpointer
cancel_after_request (gpointer user_data)
{
  Fixture *f = ((gpointer *) user_data)[0];

  test_server_wait_requests (f->server, 1);
  g_cancellable_cancel (((gpointer *) user_data)[1]);
  return NULL;
}

static void
test_cancel (Fixture *f, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  gpointer both[] = { f, cancellable };
  LpadHttpsRequest request = plain_request;
  g_autoptr (GError) error = NULL;
  GThread *thread;
  guint status;

  request.timeout_ms = 3600 * 1000;
  f->config->stall_timeout_s = 3600;
  connect_client (f);
  test_server_add (f->server, TEST_HANG, "%s", "");
  thread = g_thread_new ("cancel", cancel_after_request, both);
  g_assert_null (lpad_https_post (f->https, &request, &status, NULL, cancellable, &error));
  g_thread_join (thread);
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  g_clear_error (&error);

  /* Cancelled before it begins: the server hears nothing; and afterwards all is well. */
  g_assert_null (lpad_https_post (f->https, &request, &status, NULL, cancellable, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  g_assert_cmpuint (test_server_requests (f->server), ==, 1);
  test_server_add (f->server, TEST_KEEP, OK_JSON);
  assert_post (f, &plain_request, 200, "{}");
}

/* TLS. */

static void
test_tls_good (Fixture *f, gconstpointer unused)
{
  test_server_add (f->server, TEST_KEEP, OK_JSON);
  assert_post (f, &plain_request, 200, "{}");
}

static void
test_tls_old (Fixture *f, gconstpointer unused)
{
  test_server_add (f->server, TEST_KEEP, OK_JSON);
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_NOT_TRUSTED, "older than 1.2");
  g_assert_cmpuint (test_server_requests (f->server), ==, 0);
}

static void
test_tls_none (Fixture *f, gconstpointer unused)
{
  test_server_add (f->server, TEST_KEEP, "HTTP/1.1 400 Bad Request\r\n\r\n");
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_UNREACHABLE, "TLS");
}

static void
test_tls_silent (Fixture *f, gconstpointer unused)
{
  f->config->connect_timeout_ms = 300;
  connect_client (f);
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_UNREACHABLE, "no connection");
}

static void
run_brainpool (int version, void (*test) (Fixture *, gconstpointer))
{
  const TestServerOptions options = { .tls_version = version };
  TestCertificate ci = test_ci;
  TestCertificate tls = test_tls;
  Fixture f = { 0 };

  ci.curve = "brainpoolP256r1";
  tls.curve = "brainpoolP256r1";
  set_up_with (&f, &options, &ci, &tls);
  test (&f, NULL);
  tear_down (&f, NULL);
}

/* A server that speaks both versions falls back to the one that has this curve. */
static void
test_tls_brainpool (void)
{
  run_brainpool (TLS1_2_VERSION, test_tls_good);
  run_brainpool (0, test_tls_good);
}

/* TLS 1.3 has it only since RFC 8734, which OpenSSL knows from 3.2 on. */
static void
test_tls_only_brainpool_13 (Fixture *f, gconstpointer unused)
{
#if OPENSSL_VERSION_NUMBER >= 0x30200000L
  test_tls_good (f, NULL);
#else
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_NOT_TRUSTED, "no TLS version in common");
#endif
}

static void
test_tls_brainpool_13 (void)
{
  run_brainpool (TLS1_3_VERSION, test_tls_only_brainpool_13);
}

/* The verdict of verify.c stops the connection before a request is sent, and its words arrive. */
static void
test_tls_refused (void)
{
  const TestServerOptions options = { 0 };
  TestCertificate tls = test_tls;
  Fixture f = { 0 };

  tls.alternative_names = "DNS:other.example.test";
  tls.name = TEST_HOST;
  set_up_with (&f, &options, &test_ci, &tls);
  assert_fails (&f, &plain_request, LPAD_ERROR_SERVER_NOT_TRUSTED, "not for " TEST_HOST);
  g_assert_cmpuint (test_server_requests (f.server), ==, 0);

  X509_STORE_free (f.store);
  f.store = X509_STORE_new ();
  connect_client (&f);
  assert_fails (&f, &plain_request, LPAD_ERROR_ISSUER_MISSING, "Test CI");
  g_assert_cmpuint (test_server_requests (f.server), ==, 0);
  tear_down (&f, NULL);
}

/* Reaching the server. */

static void
test_unreachable (Fixture *f, gconstpointer unused)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  g_autofree char *label = g_strnfill (64, 'a'); /* too long for DNS, so that nobody is asked */
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  /* Bound, so that nobody else gets the port, but not listening. */
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, size), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &size), ==, 0);
  g_free (f->config->connect_to[0]);
  f->config->connect_to[0] = g_strdup_printf (TEST_HOST ":443=127.0.0.1:%u", ntohs (address.sin_port));
  connect_client (f);
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_UNREACHABLE, "refuses connections");
  close (fd);

  g_free (f->config->connect_to[0]);
  f->config->connect_to[0] = g_strdup_printf (TEST_HOST ":443=%s:443", label);
  connect_client (f);
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_UNREACHABLE, "cannot be resolved");
}

/* The handshake is all: no request is made, and what follows has a connection of its own. */
static void
test_try (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (lpad_https_try (f->https, 30000, NULL, &error));
  g_assert_no_error (error);
  test_server_wait_closed (f->server, 1);
  g_assert_cmpuint (test_server_requests (f->server), ==, 0);

  test_server_add (f->server, TEST_KEEP, OK_JSON);
  assert_post (f, &plain_request, 200, "{}");
  g_assert_cmpuint (test_server_connections (f->server), ==, 2);
}

static void
test_try_in_vain (Fixture *f, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_false (lpad_https_try (f->https, 30000, cancellable, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  g_clear_error (&error);

  g_clear_pointer (&f->server, test_server_free);
  f->server = test_server_new (&(TestServerOptions){ .no_tls = TRUE });
  g_clear_pointer (&f->https, lpad_https_free);
  lpad_net_config_free (f->config);
  f->config = test_config_new (f->server);
  connect_client (f);
  g_assert_false (lpad_https_try (f->https, 200, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_SERVER_UNREACHABLE);
}

static void
test_private (Fixture *f, gconstpointer unused)
{
  f->config->allow_private = FALSE;
  connect_client (f);
  assert_fails (f, &plain_request, LPAD_ERROR_SERVER_UNREACHABLE, "private or local");
  g_assert_cmpuint (test_server_connections (f->server), ==, 0);
}

static void
test_new (Fixture *f, gconstpointer unused)
{
  char name[] = "SMDP.example.test";
  char *allowed[] = { name, NULL };
  static const char *const bad[]
      = { "", "host", "127.0.0.1", "a.example/path", "u@a.example", "a.example:0" };
  g_autoptr (GError) error = NULL;

  f->config->allowed_servers = allowed;
  connect_client (f);
  g_assert_cmpstr (lpad_https_address (f->https), ==, TEST_HOST);
  g_assert_null (lpad_https_new (f->config, "other.example.test", f->store, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_SERVER_NOT_TRUSTED);
  f->config->allowed_servers = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_clear_error (&error);
      g_assert_null (lpad_https_new (f->config, bad[i], f->store, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
    }
}

static void
test_addresses (void)
{
  static const struct
  {
    const char *text;
    gboolean is_public;
  } cases[] = {
    { "8.8.8.8", TRUE },
    { "0.0.0.0", FALSE },
    { "10.1.2.3", FALSE },
    { "100.63.255.255", TRUE },
    { "100.64.0.1", FALSE },
    { "100.127.255.255", FALSE },
    { "100.128.0.0", TRUE },
    { "127.0.0.1", FALSE },
    { "127.255.255.254", FALSE },
    { "169.254.169.254", FALSE },
    { "172.15.255.255", TRUE },
    { "172.16.0.1", FALSE },
    { "172.31.255.255", FALSE },
    { "172.32.0.0", TRUE },
    { "192.168.1.1", FALSE },
    { "192.169.0.1", TRUE },
    { "198.18.0.1", FALSE },
    { "224.0.0.1", FALSE },
    { "255.255.255.255", FALSE },
    { "::", FALSE },
    { "::1", FALSE },
    { "::ffff:127.0.0.1", FALSE },
    { "::ffff:8.8.8.8", TRUE },
    { "::7f00:1", FALSE },
    { "fe80::1", FALSE },
    { "febf::1", FALSE },
    { "fc00::1", FALSE },
    { "fdff::1", FALSE },
    { "ff02::1", FALSE },
    { "fec0::1", FALSE },
    { "64:ff9b::7f00:1", FALSE },
    { "64:ff9b::808:808", TRUE },
    { "64:ff9b:1::1", FALSE },
    { "2002:7f00:1::1", FALSE },
    { "2002:808:808::1", TRUE },
    { "2001:4860:4860::8888", TRUE },
    { "100::1", FALSE },
  };
  struct sockaddr other = { .sa_family = AF_UNIX };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      struct sockaddr_in v4 = { .sin_family = AF_INET };
      struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
      gboolean is_public;

      if (inet_pton (AF_INET, cases[i].text, &v4.sin_addr) == 1)
        is_public = lpad_address_is_public ((struct sockaddr *) &v4, sizeof v4);
      else
        {
          g_assert_cmpint (inet_pton (AF_INET6, cases[i].text, &v6.sin6_addr), ==, 1);
          is_public = lpad_address_is_public ((struct sockaddr *) &v6, sizeof v6);
        }
      if (is_public != cases[i].is_public)
        g_error ("%s", cases[i].text);
    }
  g_assert_false (lpad_address_is_public (&other, sizeof other));
}

static void
add (const char *path, const TestServerOptions *options, void (*func) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, options, set_up, func, tear_down);
}

int
main (int argc, char **argv)
{
  static const TestServerOptions tls11 = { .tls_version = TLS1_1_VERSION };
  static const TestServerOptions tls12 = { .tls_version = TLS1_2_VERSION };
  static const TestServerOptions tls13 = { .tls_version = TLS1_3_VERSION };
  static const TestServerOptions no_tls = { .no_tls = TRUE };

  /* Whatever the environment says about a proxy: in all of these tests nobody listens there. */
  g_setenv ("https_proxy", "http://127.0.0.1:1", TRUE);
  g_setenv ("HTTPS_PROXY", "http://127.0.0.1:1", TRUE);
  g_setenv ("ALL_PROXY", "http://127.0.0.1:1", TRUE);
  g_test_init (&argc, &argv, NULL);
  add ("/https/request", NULL, test_request);
  add ("/https/request/large", NULL, test_large_body);
  add ("/https/statuses", NULL, test_statuses);
  add ("/https/progress", NULL, test_progress);
  add ("/https/closed-while-idle", NULL, test_closed_while_idle);
  add ("/https/broken/once", NULL, test_broken_once);
  add ("/https/broken/repeatable", NULL, test_broken_repeatable);
  add ("/https/truncated", NULL, test_truncated);
  add ("/https/too-large", NULL, test_too_large);
  add ("/https/not-http", NULL, test_not_http);
  add ("/https/stall", NULL, test_stall);
  add ("/https/deadline", NULL, test_deadline);
  add ("/https/cancel", NULL, test_cancel);
  add ("/https/tls/1.1", &tls11, test_tls_old);
  add ("/https/tls/1.2", &tls12, test_tls_good);
  add ("/https/tls/1.3", &tls13, test_tls_good);
  add ("/https/tls/none", &no_tls, test_tls_none);
  add ("/https/tls/silent", &no_tls, test_tls_silent);
  g_test_add_func ("/https/tls/brainpool", test_tls_brainpool);
  g_test_add_func ("/https/tls/brainpool-1.3", test_tls_brainpool_13);
  g_test_add_func ("/https/tls/refused", test_tls_refused);
  add ("/https/unreachable", NULL, test_unreachable);
  add ("/https/try", NULL, test_try);
  add ("/https/try/in-vain", NULL, test_try_in_vain);
  add ("/https/private", NULL, test_private);
  add ("/https/new", NULL, test_new);
  g_test_add_func ("/https/addresses", test_addresses);
  return g_test_run ();
}
