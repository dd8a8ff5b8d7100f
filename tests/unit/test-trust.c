/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <string.h>

#include "error-details.h"
#include "hex.h"
#include "issuer-folder.h"
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

  LpadTrustSources sources = { .folders = folders, .test_mode = test_mode };

  return lpad_trust_load (&sources);
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
assert_says (const char *text, const char *words)
{
  if (strstr (text, words) == NULL)
    g_error ("“%s” does not say “%s”", text, words);
}

static const LpadIssuer *
issuer_at (LpadTrust *trust, guint index)
{
  return g_ptr_array_index (lpad_trust_issuers (trust), index);
}

static void
test_load (Folder *folder, gconstpointer unused)
{
  g_autoptr (TestCredential) first = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) second = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) third = test_credential_new (&test_ci, NULL);
  g_autoptr (LpadTrust) production = NULL;
  g_autoptr (LpadTrust) test = NULL;
  const LpadIssuer *issuer;

  put_der (folder, "production", "a.der", first);
  put_pem (folder, "production", "b.pem", first, second); /* the first is known already */
  put_der (folder, "test", "c.crt", third);
  put_der (folder, "test", "d.crt", first); /* one of production stays one of production */

  production = load (folder, FALSE);
  g_assert_cmpuint (lpad_trust_issuers (production)->len, ==, 3);
  issuer = issuer_at (production, 0);
  g_assert_cmpstr (issuer->name, ==, "CN=Test CI,O=Test");
  g_assert_false (issuer->test);
  g_assert_true (lpad_trust_counts (production, issuer));
  g_assert_true (g_str_has_suffix (issuer->file, "production/a.der"));
  g_assert_false (issuer->own);
  g_assert_null (issuer->known);
  g_assert_cmpuint (strlen (issuer->fingerprint), ==, 64);
  g_assert_cmpint (issuer->not_after, >, g_get_real_time () / G_USEC_PER_SEC);
  g_assert_cmpint (issuer->not_before, <, g_get_real_time () / G_USEC_PER_SEC);
  g_assert_true (issuer_at (production, 2)->test);
  g_assert_false (lpad_trust_counts (production, issuer_at (production, 2)));

  test = load (folder, TRUE);
  g_assert_cmpuint (lpad_trust_issuers (test)->len, ==, 3);
  g_assert_true (lpad_trust_counts (test, issuer_at (test, 2)));
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
  g_autofree char *sub_folder = NULL;
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
  sub_folder = g_build_filename (folder->path, "production", "7", NULL);
  g_assert_cmpint (g_mkdir (sub_folder, 0700), ==, 0);

  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*/1 is not used*no certificate*");
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*/2 is not used*no CA*");
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*/3 is not used*key identifier*");
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*/4 is not used*signed by itself*");
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*/5 is not used*too large*");
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*/6 is not used*no certificate*");
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*/7 is not used*directory*");
  trust = load (folder, TRUE);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (lpad_trust_issuers (trust)->len, ==, 0);
}

/* A certificate that names the key of a public test issuer; it need not be the real one to be refused. */
static void
test_public_test_issuer (Folder *folder, gconstpointer unused)
{
  TestCertificate spec = test_ci;
  g_autoptr (TestCredential) forged = NULL;
  g_autoptr (LpadTrust) trust = NULL;

  spec.key_identifier = "34eecf13156518d48d30bdf06853404d115f955d";
  forged = test_credential_new (&spec, NULL);
  put_der (folder, "production", "sgp26.der", forged);
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*sgp26.der is not used*public test issuer*");
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
  g_autoptr (LpadTrust) trust = NULL;
  g_autoptr (X509_STORE) store = NULL;
  g_autoptr (GError) error = NULL;

  put_der (folder, "production", "ours", ours);
  put_der (folder, "production", "other", other);
  trust = load (folder, FALSE);
  store = lpad_trust_store (trust, list, &error);
  g_assert_no_error (error);
  g_assert_true (lpad_verify_server (store, leaf->certificate, NULL, TEST_HOST, &error));
}

/* The chip's list for the store, and a server below @leaf_issuer: what is said of the issuer that is missing.
 */
static void
assert_missing (LpadTrust *trust,
                const TestCredential *listed,
                const TestCredential *leaf_issuer,
                const char *words,
                const char *advice)
{
  g_autoptr (GPtrArray) list = list_of (listed);
  g_autoptr (TestCredential) leaf = test_credential_new (&test_tls, leaf_issuer);
  g_autofree char *digits = test_key_digits (leaf_issuer);
  g_autoptr (GError) error = NULL;
  g_autoptr (X509_STORE) store = lpad_trust_store (trust, list, &error);

  g_assert_no_error (error);
  g_assert_false (lpad_verify_server (store, leaf->certificate, NULL, TEST_HOST, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_ISSUER_MISSING);
  assert_says (error->message, words);
  assert_says (error->message, "“CN=Test CI,O=Test”");
  assert_says (error->message, digits);
  assert_says (lpad_error_details (error)->advice, advice);
  g_assert_cmpint (lpad_error_details (error)->order, ==, LPAD_ORDER_USABLE);
}

static void
test_missing_of_server (Folder *folder, gconstpointer unused)
{
  g_autoptr (TestCredential) ours = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) other = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) foreign = test_credential_new (&test_ci, NULL);
  g_autoptr (LpadTrust) trust = NULL;

  put_der (folder, "production", "ours", ours);
  put_der (folder, "production", "other", other);
  trust = load (folder, FALSE);
  assert_missing (trust, ours, other, "installed, but not trusted by the chip", "ask the operator");
  assert_missing (
      trust, ours, foreign, "not installed and not trusted by the chip either", "ask the operator");
}

/* The chip lists two issuers; the one of the server is the one that is not there. */
static void
test_missing_of_two (Folder *folder, gconstpointer unused)
{
  g_autoptr (TestCredential) ours = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) other = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) leaf = test_credential_new (&test_tls, other);
  g_autoptr (GPtrArray) list = list_of (ours);
  g_autoptr (LpadTrust) without = NULL;
  g_autoptr (LpadTrust) for_tests = NULL;
  g_autoptr (X509_STORE) store = NULL;
  g_autoptr (X509_STORE) second = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (list, lpad_certificate_key_identifier (other->certificate));
  put_der (folder, "production", "ours", ours);
  without = load (folder, FALSE);
  store = lpad_trust_store (without, list, NULL);
  g_assert_false (lpad_verify_server (store, leaf->certificate, NULL, TEST_HOST, &error));
  assert_says (error->message, "which the chip trusts, but which is not installed");
  assert_says (lpad_error_details (error)->advice, "lui-cli issuer add FILE");
  g_clear_error (&error);

  put_der (folder, "test", "other", other);
  for_tests = load (folder, FALSE);
  second = lpad_trust_store (for_tests, list, NULL);
  g_assert_false (lpad_verify_server (second, leaf->certificate, NULL, TEST_HOST, &error));
  assert_says (error->message, "which is installed for tests only");
  assert_says (lpad_error_details (error)->advice, "TestMode=true");
}

static void
test_none_installed (Folder *folder, gconstpointer unused)
{
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  g_autoptr (GPtrArray) list = list_of (ci);
  g_autoptr (GPtrArray) empty = g_ptr_array_new ();
  g_autoptr (LpadTrust) none = load (folder, FALSE);
  g_autoptr (LpadTrust) trust = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *digits = test_key_digits (ci);

  g_ptr_array_add (list, lpad_hex_decode ("81370f5125d0b1d408d4c3b232e6d25e795bebfb", 20, NULL));
  g_assert_null (lpad_trust_store (none, list, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_ISSUER_MISSING);
  assert_says (error->message, digits);
  assert_says (error->message, "GSM Association – RSP2 Root CI1 (81370f5125d0b1d408d4c3b232e6d25e795bebfb)");
  assert_says (lpad_error_details (error)->advice, "lui-cli issuer add FILE");
  g_assert_cmpint (lpad_error_details (error)->order, ==, LPAD_ORDER_USABLE);
  g_clear_error (&error);

  put_der (folder, "test", "ci", ci);
  trust = load (folder, FALSE);
  g_assert_null (lpad_trust_store (trust, list, &error));
  assert_says (error->message, "– installed for tests only");
  assert_says (lpad_error_details (error)->advice, "TestMode=true");
  g_clear_error (&error);

  g_assert_null (lpad_trust_store (trust, empty, &error));
  assert_says (error->message, "trusts no issuer at all");
}

static void
put_crl (Folder *folder, const TestCredential *issuer, const TestCredential *revoked)
{
  g_autoptr (BIO) out = BIO_new (BIO_s_mem ());
  X509_CRL *crl = test_crl_new (issuer, revoked, -1, 30);
  char *data = NULL;
  long size;

  PEM_write_bio_X509_CRL (out, crl);
  size = BIO_get_mem_data (out, &data);
  put (folder, "crls", "ci.pem", data, (gsize) size);
  X509_CRL_free (crl);
}

static void
test_crl_folder (Folder *folder, gconstpointer unused)
{
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) good = test_credential_new (&test_tls, ci);
  g_autoptr (TestCredential) revoked = test_credential_new (&test_tls, ci);
  g_autofree char *crls = g_build_filename (folder->path, "crls", NULL);
  const char *folders[] = { folder->path, NULL };
  const char *crl_folders[] = { "/nonexistent/crls", crls, NULL };
  LpadTrustSources sources = { .folders = folders, .crl_folders = crl_folders };
  g_autoptr (GPtrArray) list = list_of (ci);
  g_autoptr (LpadTrust) trust = NULL;
  g_autoptr (X509_STORE) store = NULL;
  g_autoptr (GError) error = NULL;

  put_der (folder, "production", "ci", ci);
  put_crl (folder, ci, revoked);
  put (folder, "crls", "note.txt", "no list", 7);
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*note.txt is not used as revocation list*");
  trust = lpad_trust_load (&sources);
  g_test_assert_expected_messages ();
  store = lpad_trust_store (trust, list, &error);
  g_assert_true (lpad_verify_server (store, good->certificate, NULL, TEST_HOST, &error));
  g_assert_no_error (error);
  g_assert_false (lpad_verify_server (store, revoked->certificate, NULL, TEST_HOST, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_SERVER_NOT_TRUSTED);
}

/* What lpad installs itself. */
static void
test_own_folder (Folder *folder, gconstpointer unused)
{
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  g_autoptr (GBytes) der = test_der (ci);
  g_autofree char *own = g_build_filename (folder->path, "state", "issuers", NULL);
  LpadTrustSources sources = { .own_folder = own };
  g_autoptr (LpadIssuer) issuer = NULL;
  g_autoptr (LpadTrust) empty = lpad_trust_load (&sources);
  g_autoptr (LpadTrust) filled = NULL;
  g_autoptr (LpadTrust) emptied = NULL;
  g_autofree char *upper = NULL;
  const LpadIssuer *found;
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (lpad_trust_issuers (empty)->len, ==, 0);
  issuer = lpad_issuer_parse (der, &error);
  g_assert_no_error (error);
  g_assert_true (lpad_issuer_folder_add (own, issuer, TRUE, &error));
  g_assert_true (lpad_issuer_folder_add (own, issuer, TRUE, &error)); /* once more is no fault */
  filled = lpad_trust_load (&sources);
  g_assert_cmpuint (lpad_trust_issuers (filled)->len, ==, 1);
  upper = g_ascii_strup (issuer->fingerprint, -1);
  found = lpad_trust_find (filled, upper);
  g_assert_true (found->own && found->test);

  g_assert_true (lpad_issuer_folder_remove (found, &error));
  emptied = lpad_trust_load (&sources);
  g_assert_null (lpad_trust_find (emptied, issuer->fingerprint));
  g_assert_false (lpad_issuer_folder_remove (found, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_FAILED);
}

static void
test_own_folder_is_read_only (Folder *folder, gconstpointer unused)
{
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  g_autoptr (GBytes) der = test_der (ci);
  g_autoptr (LpadIssuer) issuer = lpad_issuer_parse (der, NULL);
  g_autofree char *file = g_build_filename (folder->path, "file", NULL);
  g_autofree char *below = g_build_filename (file, "issuers", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  g_assert_false (lpad_issuer_folder_add (below, issuer, FALSE, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_FAILED);
  assert_says (error->message, "not installed");
}

#define READERS 4
#define ROUNDS  200

static gpointer
use_slot (gpointer data)
{
  for (guint i = 0; i < ROUNDS; i++)
    {
      g_autoptr (LpadTrust) trust = lpad_trust_slot_get (data);
      const LpadIssuer *issuer = issuer_at (trust, 0);
      g_autoptr (GPtrArray) list = g_ptr_array_new ();
      g_autoptr (X509_STORE) store = NULL;

      g_ptr_array_add (list, issuer->key_identifier);
      store = lpad_trust_store (trust, list, NULL);
      g_assert_nonnull (store);
    }
  return NULL;
}

/* Workers connect while issuers come and go. */
static void
test_slot (Folder *folder, gconstpointer unused)
{
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  g_autoptr (LpadTrustSlot) slot = NULL;
  GThread *threads[READERS];

  put_der (folder, "production", "ci", ci);
  slot = lpad_trust_slot_new (load (folder, FALSE));
  for (guint i = 0; i < READERS; i++)
    threads[i] = g_thread_new ("reader", use_slot, slot);
  for (guint i = 0; i < ROUNDS / 4; i++)
    lpad_trust_slot_set (slot, load (folder, i % 2 == 0));
  for (guint i = 0; i < READERS; i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, test) g_test_add ("/trust/" path, Folder, NULL, set_up, test, tear_down)
  ADD ("load", test_load);
  ADD ("load/bad", test_load_bad);
  ADD ("load/public-test-issuer", test_public_test_issuer);
  ADD ("store", test_store);
  ADD ("missing/of-server", test_missing_of_server);
  ADD ("missing/of-two", test_missing_of_two);
  ADD ("missing/none-installed", test_none_installed);
  ADD ("crl-folder", test_crl_folder);
  ADD ("own-folder", test_own_folder);
  ADD ("own-folder/read-only", test_own_folder_is_read_only);
  ADD ("slot", test_slot);
#undef ADD
  return g_test_run ();
}
