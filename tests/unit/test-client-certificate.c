/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Servers that want to know who this device is. */
#include "client-certificate.h"

#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <string.h>

#include "error-details.h"
#include "https.h"
#include "net-fixture.h"

#define OK_JSON "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

#define SHOWN "ended the connection when this device had shown its certificate"

static const LpadHttpsRequest request = {
  .path = "/path",
  .body = "{}",
  .body_size = 2,
  .maximum = 1000,
  .timeout_ms = 30000,
};

typedef struct
{
  TestCredential *ci;
  TestCredential *leaf;
  TestCredential *lpa_ci;
  TestServer *server;
  LpadNetConfig *config;
  X509_STORE *store;
  char *folder;
} Fixture;

static void
set_up (Fixture *f, gconstpointer version)
{
  TestServerOptions options = { .tls_version = GPOINTER_TO_INT (version) };

  f->ci = test_credential_new (&test_ci, NULL);
  f->leaf = test_credential_new (&test_tls, f->ci);
  f->lpa_ci = test_credential_new (&test_ci, NULL);
  options.credential = f->leaf;
  options.client_ci = f->lpa_ci;
  f->server = test_server_new (&options);
  f->config = test_config_new (f->server);
  f->store = test_store_new (f->ci);
  f->folder = g_dir_make_tmp ("lpad-client-XXXXXX", NULL);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  g_autoptr (GDir) dir = g_dir_open (f->folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (f->folder, name, NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (f->folder), ==, 0);
  g_free (f->folder);
  test_server_free (f->server);
  lpad_net_config_free (f->config);
  X509_STORE_free (f->store);
  test_credential_free (f->leaf);
  test_credential_free (f->ci);
  test_credential_free (f->lpa_ci);
}

static char *
put (Fixture *f, const char *name, BIO *out)
{
  char *path = g_build_filename (f->folder, name, NULL);
  char *data = NULL;
  long size = BIO_get_mem_data (out, &data);

  g_assert_true (g_file_set_contents (path, data, size, NULL));
  BIO_free (out);
  return path;
}

static char *
put_certificate (Fixture *f, const char *name, const TestCredential *credential, gboolean der)
{
  BIO *out = BIO_new (BIO_s_mem ());

  if (der)
    i2d_X509_bio (out, credential->certificate);
  else
    PEM_write_bio_X509 (out, credential->certificate);
  return put (f, name, out);
}

/* @password: NULL: none. */
static char *
put_key (Fixture *f, const char *name, const TestCredential *credential, gboolean der, const char *password)
{
  BIO *out = BIO_new (BIO_s_mem ());
  const guint8 *secret = (const guint8 *) password;

  if (der)
    i2d_PrivateKey_bio (out, credential->key);
  else
    PEM_write_bio_PrivateKey (out,
                              credential->key,
                              password != NULL ? EVP_aes_128_cbc () : NULL,
                              secret,
                              password != NULL ? (int) strlen (password) : 0,
                              NULL,
                              NULL);
  return put (f, name, out);
}

/* @certificate and @key are taken over. */
static void
configure (Fixture *f, const char *host, char *certificate, char *key)
{
  LpadServerConfig *server = lpad_net_config_server (f->config, host);

  g_free (server->certificate);
  g_free (server->key);
  server->certificate = certificate;
  server->key = key;
}

static void
assert_says (const GError *error, const char *words)
{
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
assert_post (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadHttps) https = lpad_https_new (f->config, TEST_HOST, f->store, &error);
  g_autoptr (GBytes) body = NULL;
  guint status = 0;

  g_assert_no_error (error);
  test_server_add (f->server, TEST_KEEP, OK_JSON);
  body = lpad_https_post (https, &request, &status, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (status, ==, 200);
  g_assert_cmpuint (test_server_clients (f->server), ==, test_server_connections (f->server));
}

/* The server does not take what this device shows, or misses it. @or_words: (nullable): when what the server
 * said was lost with the connection. */
static void
assert_refused (Fixture *f, const char *words, const char *or_words, const char *advice)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadHttps) https = lpad_https_new (f->config, TEST_HOST, f->store, &error);
  guint status = 0;

  g_assert_no_error (error);
  g_assert_null (lpad_https_post (https, &request, &status, NULL, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_SERVER_REFUSED);
  if (or_words == NULL || strstr (error->message, or_words) == NULL)
    assert_says (error, words);
  g_assert_nonnull (strstr (lpad_error_details (error)->advice, advice));
  g_assert_cmpint (lpad_error_details (error)->order, ==, LPAD_ORDER_USABLE);
  g_assert_cmpuint (test_server_requests (f->server), ==, 0);
}

/* What is configured cannot be used: nothing is sent. */
static void
assert_unusable (Fixture *f, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_https_new (f->config, TEST_HOST, f->store, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_FAILED);
  assert_says (error, words);
  assert_says (error, TEST_HOST);
  g_assert_nonnull (strstr (lpad_error_details (error)->advice, "lpad.conf"));
  g_assert_cmpuint (test_server_connections (f->server), ==, 0);
}

static void
test_files (Fixture *f, gconstpointer unused)
{
  g_autoptr (TestCredential) lpa = test_credential_new (&test_client, f->lpa_ci);

  configure (
      f, TEST_HOST, put_certificate (f, "cert.pem", lpa, FALSE), put_key (f, "key.pem", lpa, FALSE, NULL));
  assert_post (f);
  configure (
      f, TEST_HOST, put_certificate (f, "cert.der", lpa, TRUE), put_key (f, "key.der", lpa, TRUE, NULL));
  assert_post (f);
}

/* Certificate, the one that issued it, and key in one file. */
static void
test_one_file_with_chain (Fixture *f, gconstpointer unused)
{
  g_autoptr (TestCredential) sub = test_credential_new (&test_ci, f->lpa_ci);
  g_autoptr (TestCredential) lpa = test_credential_new (&test_client, sub);
  BIO *out = BIO_new (BIO_s_mem ());

  PEM_write_bio_X509 (out, lpa->certificate);
  PEM_write_bio_X509 (out, sub->certificate);
  PEM_write_bio_PrivateKey (out, lpa->key, NULL, NULL, 0, NULL, NULL);
  configure (f, TEST_HOST, put (f, "all.pem", out), NULL);
  assert_post (f);
}

static void
test_none_configured (Fixture *f, gconstpointer unused)
{
  assert_refused (f,
                  "the server " TEST_HOST
                  " asks for a certificate of this device, and none is configured for it",
                  NULL,
                  "ClientCertificate");
}

/* A certificate for another server is not shown to this one. */
static void
test_other_server (Fixture *f, gconstpointer unused)
{
  g_autoptr (TestCredential) lpa = test_credential_new (&test_client, f->lpa_ci);

  configure (f,
             "other.example.test",
             put_certificate (f, "cert.pem", lpa, FALSE),
             put_key (f, "key.pem", lpa, FALSE, NULL));
  assert_refused (f, "none is configured for it", NULL, "ClientCertificate");
  g_assert_cmpuint (test_server_clients (f->server), ==, 0);
}

static void
test_unknown_issuer (Fixture *f, gconstpointer version)
{
  g_autoptr (TestCredential) lpa = test_credential_new (&test_client, f->ci);

  configure (
      f, TEST_HOST, put_certificate (f, "cert.pem", lpa, FALSE), put_key (f, "key.pem", lpa, FALSE, NULL));
  assert_refused (f,
                  "does not accept the certificate of this device (unknown CA)",
                  GPOINTER_TO_INT (version) == TLS1_3_VERSION ? SHOWN : NULL,
                  "Ask the operator");
}

static void
test_wrong_usage (Fixture *f, gconstpointer unused)
{
  g_autoptr (TestCredential) lpa = NULL;
  TestCertificate spec = test_client;

  spec.extended_key_usage = "serverAuth";
  lpa = test_credential_new (&spec, f->lpa_ci);
  configure (
      f, TEST_HOST, put_certificate (f, "cert.pem", lpa, FALSE), put_key (f, "key.pem", lpa, FALSE, NULL));
  assert_refused (f, "does not accept the certificate of this device", SHOWN, "Ask the operator");
}

static void
test_expired (Fixture *f, gconstpointer unused)
{
  g_autoptr (TestCredential) lpa = NULL;
  TestCertificate spec = test_client;

  spec.first_day = -30;
  spec.last_day = -10;
  lpa = test_credential_new (&spec, f->lpa_ci);
  configure (
      f, TEST_HOST, put_certificate (f, "cert.pem", lpa, FALSE), put_key (f, "key.pem", lpa, FALSE, NULL));
  assert_unusable (f, "cert.pem: the certificate expired on");
}

static void
test_broken_files (Fixture *f, gconstpointer unused)
{
  g_autoptr (TestCredential) lpa = test_credential_new (&test_client, f->lpa_ci);
  g_autoptr (TestCredential) other = test_credential_new (&test_client, f->lpa_ci);
  char *certificate = put_certificate (f, "cert.pem", lpa, FALSE);

  configure (f, TEST_HOST, g_strdup ("/nonexistent/cert.pem"), NULL);
  assert_unusable (f, "/nonexistent/cert.pem: No such file");
  configure (f, TEST_HOST, put_key (f, "key.pem", lpa, FALSE, NULL), NULL);
  assert_unusable (f, "key.pem: it is no certificate");
  configure (f, TEST_HOST, g_strdup (certificate), NULL);
  assert_unusable (f, "cert.pem: it holds no private key");
  configure (f, TEST_HOST, g_strdup (certificate), g_strdup (f->folder));
  assert_unusable (f, "Is a directory");
  configure (f, TEST_HOST, g_strdup (certificate), put_key (f, "other.pem", other, FALSE, NULL));
  assert_unusable (f, "other.pem: the key does not belong to the certificate");
  configure (f, TEST_HOST, certificate, put_key (f, "locked.pem", lpa, FALSE, "secret"));
  assert_unusable (f, "locked.pem: it holds no private key in PEM or DER without a password");
}

/* What is refused before a token is looked for, and nothing of the URI in the message. */
static void
test_token (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  configure (f, TEST_HOST, g_strdup ("pkcs11:token=t;object=o;pin-value=4711"), NULL);
  assert_unusable (f, "a PIN does not belong into the URI");
  g_assert_null (lpad_https_new (f->config, TEST_HOST, f->store, &error));
  g_assert_null (strstr (error->message, "4711"));

  f->config->pkcs11_module = g_strdup ("/nonexistent/module.so");
  configure (f, TEST_HOST, g_strdup ("PKCS11:token=t;object=o"), NULL);
  assert_unusable (f, "the PKCS#11 token: ");
}

static void
add (const char *path, int version, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, GINT_TO_POINTER (version), set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/client-certificate/files/1.2", TLS1_2_VERSION, test_files);
  add ("/client-certificate/files/1.3", TLS1_3_VERSION, test_files);
  add ("/client-certificate/one-file-with-chain", 0, test_one_file_with_chain);
  add ("/client-certificate/none/1.2", TLS1_2_VERSION, test_none_configured);
  add ("/client-certificate/none/1.3", TLS1_3_VERSION, test_none_configured);
  add ("/client-certificate/other-server", 0, test_other_server);
  add ("/client-certificate/unknown-issuer/1.2", TLS1_2_VERSION, test_unknown_issuer);
  add ("/client-certificate/unknown-issuer/1.3", TLS1_3_VERSION, test_unknown_issuer);
  add ("/client-certificate/wrong-usage", 0, test_wrong_usage);
  add ("/client-certificate/expired", 0, test_expired);
  add ("/client-certificate/broken-files", 0, test_broken_files);
  add ("/client-certificate/token", 0, test_token);
  return g_test_run ();
}
