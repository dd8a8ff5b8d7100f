/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <string.h>

#include "error-details.h"
#include "es9.h"
#include "hex.h"
#include "net-fixture.h"
#include "trust.h"
#include "verify.h"

/* A folder of issuers, removed with all that is in it. */

typedef struct
{
  char *path;
} Folder;

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
set_up (Folder *folder, gconstpointer unused)
{
  folder->path = g_dir_make_tmp ("lpad-trust-XXXXXX", NULL);
  g_assert_nonnull (folder->path);
}

static void
tear_down (Folder *folder, gconstpointer unused)
{
  remove_tree (folder->path);
  g_free (folder->path);
}

static void
put (Folder *folder, const char *sub, const char *name, const void *data, gsize size)
{
  g_autofree char *dir = g_build_filename (folder->path, sub, NULL);
  g_autofree char *path = g_build_filename (dir, name, NULL);

  g_mkdir_with_parents (dir, 0700);
  g_assert_true (g_file_set_contents (path, data, (gssize) size, NULL));
}

static void
put_der (Folder *folder, const char *sub, const char *name, const TestCredential *credential)
{
  g_autoptr (GBytes) der = test_der (credential);

  put (folder, sub, name, g_bytes_get_data (der, NULL), g_bytes_get_size (der));
}

static void
put_pem (Folder *folder,
         const char *sub,
         const char *name,
         const TestCredential *first,
         const TestCredential *second)
{
  g_autoptr (BIO) out = BIO_new (BIO_s_mem ());
  char *data = NULL;
  long size;

  PEM_write_bio_X509 (out, first->certificate);
  if (second != NULL)
    PEM_write_bio_X509 (out, second->certificate);
  size = BIO_get_mem_data (out, &data);
  put (folder, sub, name, data, (gsize) size);
}

static LpadTrust *
load (Folder *folder, gboolean test_mode)
{
  const char *folders[] = { "/nonexistent/issuers", folder->path, NULL };

  return lpad_trust_load (folders, test_mode);
}

static GPtrArray *
list_of (const TestCredential *credential)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  g_ptr_array_add (list, g_bytes_new_static ("another", 7));
  g_ptr_array_add (list, lpad_certificate_key_identifier (credential->certificate));
  return list;
}

static void
test_load (Folder *folder, gconstpointer unused)
{
  g_autoptr (TestCredential) first = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) second = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) third = test_credential_new (&test_ci, NULL);
  g_autoptr (LpadTrust) production = NULL;
  g_autoptr (LpadTrust) test = NULL;
  LpadIssuer *issuer;

  put_der (folder, "production", "a.der", first);
  put_pem (folder, "production", "b.pem", first, second); /* the first is known already */
  put_der (folder, "test", "c.crt", third);

  production = load (folder, FALSE);
  g_assert_cmpuint (lpad_trust_issuers (production)->len, ==, 2);
  issuer = lpad_trust_issuers (production)->pdata[0];
  g_assert_cmpstr (issuer->name, ==, "CN=Test CI,O=Test");
  g_assert_false (issuer->test);
  g_assert_cmpuint (strlen (issuer->fingerprint), ==, 64);
  g_assert_cmpint (issuer->not_after, >, g_get_real_time () / G_USEC_PER_SEC);

  test = load (folder, TRUE);
  g_assert_cmpuint (lpad_trust_issuers (test)->len, ==, 3);
  issuer = lpad_trust_issuers (test)->pdata[2];
  g_assert_true (issuer->test);
}

static void
test_load_bad (Folder *folder, gconstpointer unused)
{
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) leaf = test_credential_new (&test_tls, ci);
  TestCertificate nameless = test_ci;
  g_autoptr (TestCredential) unnamed = NULL;
  TestCertificate below = test_ci;
  g_autoptr (TestCredential) sub_ci = test_credential_new (&below, ci);
  g_autofree char *huge = g_strnfill (LPAD_CERTIFICATE_MAX + 1, 'x');
  g_autoptr (LpadTrust) trust = NULL;

  nameless.no_key_identifiers = TRUE;
  unnamed = test_credential_new (&nameless, NULL);
  put (folder, "production", ".hidden", "x", 1);
  put (folder, "production", "1", "not a certificate", 17);
  put_der (folder, "production", "2", leaf);
  put_der (folder, "production", "3", unnamed);
  put_der (folder, "production", "4", sub_ci);
  put (folder, "production", "5", huge, strlen (huge));
  put (folder, "production", "6", "", 0);

  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*/1 is not used*no certificate*");
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*/2 is not used*no CA*");
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*/3 is not used*key identifier*");
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*/4 is not used*signed by itself*");
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*/5 is not used*no certificate*");
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*/6 is not used*no certificate*");
  trust = load (folder, TRUE);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (lpad_trust_issuers (trust)->len, ==, 0);
}

static void
test_store (Folder *folder, gconstpointer unused)
{
  g_autoptr (TestCredential) ours = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) other = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) leaf = test_credential_new (&test_tls, ours);
  g_autoptr (GPtrArray) list = list_of (ours);
  g_autoptr (GPtrArray) foreign = NULL;
  g_autoptr (LpadTrust) trust = NULL;
  g_autoptr (X509_STORE) store = NULL;
  g_autoptr (X509_STORE) wrong = NULL;
  g_autoptr (GError) error = NULL;

  put_der (folder, "production", "ours", ours);
  put_der (folder, "production", "other", other);
  trust = load (folder, FALSE);
  store = lpad_trust_store (trust, list, &error);
  g_assert_no_error (error);
  g_assert_true (lpad_verify_server (store, leaf->certificate, NULL, TEST_HOST, &error));

  /* The chip trusts only the other one: installed, but it does not count. */
  foreign = list_of (other);
  wrong = lpad_trust_store (trust, foreign, &error);
  g_assert_no_error (error);
  g_assert_false (lpad_verify_server (wrong, leaf->certificate, NULL, TEST_HOST, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_ISSUER_MISSING);
  g_assert_nonnull (strstr (error->message, folder->path));
  g_assert_nonnull (strstr (error->message, "CN=Test CI"));
}

static void
test_store_missing (Folder *folder, gconstpointer unused)
{
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  g_autoptr (GPtrArray) list = list_of (ci);
  g_autoptr (LpadTrust) trust = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *where = g_build_filename (folder->path, "production", NULL);
  GBytes *identifier = list->pdata[1];
  g_autofree char *digits
      = lpad_hex_encode (g_bytes_get_data (identifier, NULL), g_bytes_get_size (identifier));

  put_der (folder, "test", "ci", ci);
  trust = load (folder, FALSE);
  g_assert_null (lpad_trust_store (trust, list, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_ISSUER_MISSING);
  g_assert_nonnull (strstr (error->message, where));
  g_assert_nonnull (strstr (error->message, digits));
  g_assert_cmpint (lpad_error_details (error)->order, ==, LPAD_ORDER_USABLE);
}

/* The server's certificate. */

static void
assert_verdict (const TestCredential *ci,
                const TestCertificate *spec,
                const TestCredential *issuer,
                int code,
                const char *words)
{
  g_autoptr (TestCredential) leaf = test_credential_new (spec, issuer);
  g_autoptr (X509_STORE) store = test_store_new (ci);
  g_autoptr (GError) error = NULL;
  gboolean good = lpad_verify_server (store, leaf->certificate, NULL, TEST_HOST, &error);

  if (code < 0)
    {
      g_assert_no_error (error);
      g_assert_true (good);
      return;
    }
  g_assert_false (good);
  g_assert_error (error, LPAD_ERROR, code);
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, words);
  g_assert_cmpint (lpad_error_details (error)->order, ==, LPAD_ORDER_USABLE);
}

static void
test_leaf_good (void)
{
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  TestCertificate spec = test_tls;

  assert_verdict (ci, &spec, ci, -1, "");
  spec.policies = NULL;
  assert_verdict (ci, &spec, ci, -1, "");
  spec.policies = "2.23.146.1.2.1.6";
  assert_verdict (ci, &spec, ci, -1, "");
  spec.policies = "1.2.3.4,2.23.146.1.2.1.0.0.1.0";
  assert_verdict (ci, &spec, ci, -1, "");
  spec.policies = "2.23.146.1.2.1.0.0.2.0";
  assert_verdict (ci, &spec, ci, -1, "");
  spec.key_usage = NULL;
  spec.extended_key_usage = NULL;
  assert_verdict (ci, &spec, ci, -1, "");
  spec.alternative_names = "DNS:other.example.test,DNS:SMDP.Example.Test";
  assert_verdict (ci, &spec, ci, -1, "");
  spec.alternative_names = "DNS:*.example.test";
  assert_verdict (ci, &spec, ci, -1, "");
  spec.curve = "brainpoolP256r1";
  assert_verdict (ci, &spec, ci, -1, "");
}

static void
test_leaf_bad (void)
{
  static const struct
  {
    const char *what; /* which member of the specification */
    const char *value;
    const char *words;
  } cases[] = {
    { "alternative_names", "DNS:other.example.test", "not for smdp.example.test but for other.example.test" },
    { "alternative_names", "DNS:*.test", "not for" },
    { "alternative_names", "DNS:s*.example.test", "not for" },
    { "alternative_names", "RID:2.999.10", "no host at all" },
    { "alternative_names", NULL, "no host at all" }, /* the common name does not count */
    { "policies", "2.23.146.1.2.1.4", "another role" },
    { "policies", "2.23.146.1.2.1.0", "another role" },
    { "policies", "2.23.146.1.2.1.0.0.1.1", "another role" },
    { "extended_key_usage", "clientAuth", "not for a TLS server" },
    { "extended_key_usage", "anyExtendedKeyUsage", "server" },
    { "key_usage", "keyAgreement", "digital signature" },
    { "constraints", "critical,CA:TRUE", "issuer" },
  };
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      TestCertificate spec = test_tls;

      spec.name = TEST_HOST;
      if (g_str_equal (cases[i].what, "alternative_names"))
        spec.alternative_names = cases[i].value;
      else if (g_str_equal (cases[i].what, "policies"))
        spec.policies = cases[i].value;
      else if (g_str_equal (cases[i].what, "extended_key_usage"))
        spec.extended_key_usage = cases[i].value;
      else if (g_str_equal (cases[i].what, "key_usage"))
        spec.key_usage = cases[i].value;
      else
        spec.constraints = cases[i].value;
      assert_verdict (ci, &spec, ci, LPAD_ERROR_SERVER_NOT_TRUSTED, cases[i].words);
    }
}

static void
test_chain_bad (void)
{
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  TestCertificate spec = test_ci;
  g_autoptr (TestCredential) unknown = NULL;
  g_autoptr (TestCredential) plain = test_credential_new (&test_tls, ci);
  g_autofree char *identifier = NULL;

  spec.name = "Unknown \x1b[31m CI";
  unknown = test_credential_new (&spec, NULL);
  identifier = lpad_certificate_authority (unknown->certificate);
  assert_verdict (ci, &test_tls, unknown, LPAD_ERROR_ISSUER_MISSING, identifier);
  assert_verdict (ci, &test_tls, unknown, LPAD_ERROR_ISSUER_MISSING, "Unknown");
  assert_verdict (ci, &test_tls, NULL, LPAD_ERROR_SERVER_NOT_TRUSTED, "signed by itself");
  /* Signed by a certificate that is no issuer. */
  assert_verdict (ci, &test_tls, plain, LPAD_ERROR_ISSUER_MISSING, "Test DPtls");
}

static void
test_times (void)
{
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  TestCertificate spec = test_tls;
  TestCertificate old = test_ci;
  g_autoptr (TestCredential) expired = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) before = g_date_time_add_days (now, -10);
  g_autofree char *since = g_date_time_format (before, "expired on %F");

  spec.first_day = -30;
  spec.last_day = -10;
  assert_verdict (ci, &spec, ci, LPAD_ERROR_SERVER_NOT_TRUSTED, since);
  spec.first_day = 10;
  spec.last_day = 30;
  assert_verdict (ci, &spec, ci, LPAD_ERROR_CLOCK_INVALID, "clock");

  old.first_day = -30;
  old.last_day = -10;
  expired = test_credential_new (&old, NULL);
  assert_verdict (expired, &test_tls, expired, LPAD_ERROR_SERVER_NOT_TRUSTED, "issuer expired");
}

/* Two issuers of one name: the authority key identifier decides, whatever their order. */
static void
test_same_name (void)
{
  for (guint round = 0; round < 8; round++)
    {
      g_autoptr (TestCredential) one = test_credential_new (&test_ci, NULL);
      g_autoptr (TestCredential) two = test_credential_new (&test_ci, NULL);
      g_autoptr (TestCredential) leaf_one = test_credential_new (&test_tls, one);
      g_autoptr (TestCredential) leaf_two = test_credential_new (&test_tls, two);
      g_autoptr (X509_STORE) store = test_store_new (one);
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (X509_STORE_add_cert (store, two->certificate), ==, 1);
      g_assert_true (lpad_verify_server (store, leaf_one->certificate, NULL, TEST_HOST, &error));
      g_assert_true (lpad_verify_server (store, leaf_two->certificate, NULL, TEST_HOST, &error));
      g_assert_no_error (error);
    }
}

static void
test_sub_ci (void)
{
  TestCertificate spec = test_ci;
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) other = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) sub = NULL;
  g_autoptr (TestCredential) leaf = NULL;
  g_autoptr (X509_STORE) store = test_store_new (ci);
  g_autoptr (X509_STORE) foreign = test_store_new (other);
  STACK_OF (X509) *sent = sk_X509_new_null ();
  g_autoptr (GError) error = NULL;

  spec.name = "Test sub-CI";
  sub = test_credential_new (&spec, ci);
  leaf = test_credential_new (&test_tls, sub);
  g_assert_false (lpad_verify_server (store, leaf->certificate, NULL, TEST_HOST, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_ISSUER_MISSING);
  g_assert_nonnull (strstr (error->message, "Test sub-CI"));
  g_clear_error (&error);

  sk_X509_push (sent, sub->certificate);
  g_assert_true (lpad_verify_server (store, leaf->certificate, sent, TEST_HOST, &error));
  g_assert_no_error (error);

  /* A root that the server sends along convinces nobody. */
  sk_X509_push (sent, ci->certificate);
  g_assert_false (lpad_verify_server (foreign, leaf->certificate, sent, TEST_HOST, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_ISSUER_MISSING);
  sk_X509_free (sent);
}

static void
test_registered_id (void)
{
  TestCertificate spec = test_tls;
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) leaf = test_credential_new (&test_tls, ci);
  g_autoptr (TestCredential) without = NULL;
  g_autoptr (GBytes) der = test_der (leaf);
  g_autoptr (GBytes) bare = NULL;
  g_autoptr (GBytes) cut = g_bytes_new_from_bytes (der, 0, g_bytes_get_size (der) - 1);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);

  spec.alternative_names = NULL;
  without = test_credential_new (&spec, ci);
  bare = test_der (without);
  g_assert_true (lpad_es9_certificate_has_oid (der, "2.999.10"));
  g_assert_false (lpad_es9_certificate_has_oid (der, "2.999.1"));
  g_assert_false (lpad_es9_certificate_has_oid (der, "2.999.10.1"));
  g_assert_false (lpad_es9_certificate_has_oid (der, "not an OID"));
  g_assert_false (lpad_es9_certificate_has_oid (der, ""));
  g_assert_false (lpad_es9_certificate_has_oid (bare, "2.999.10"));
  g_assert_false (lpad_es9_certificate_has_oid (cut, "2.999.10"));
  g_assert_false (lpad_es9_certificate_has_oid (empty, "2.999.10"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/trust/load", Folder, NULL, set_up, test_load, tear_down);
  g_test_add ("/trust/load/bad", Folder, NULL, set_up, test_load_bad, tear_down);
  g_test_add ("/trust/store", Folder, NULL, set_up, test_store, tear_down);
  g_test_add ("/trust/store/missing", Folder, NULL, set_up, test_store_missing, tear_down);
  g_test_add_func ("/trust/leaf/good", test_leaf_good);
  g_test_add_func ("/trust/leaf/bad", test_leaf_bad);
  g_test_add_func ("/trust/chain/bad", test_chain_bad);
  g_test_add_func ("/trust/chain/times", test_times);
  g_test_add_func ("/trust/chain/same-name", test_same_name);
  g_test_add_func ("/trust/chain/sub-ci", test_sub_ci);
  g_test_add_func ("/trust/registered-id", test_registered_id);
  return g_test_run ();
}
