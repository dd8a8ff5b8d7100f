/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "issuer.h"

#include <string.h>

#include "error-details.h"
#include "hex.h"
#include "net-fixture.h"

static void
assert_refused (GBytes *data, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadIssuer) issuer = lpad_issuer_parse (data, &error);

  g_assert_null (issuer);
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
test_forms (void)
{
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  g_autoptr (GBytes) der = test_der (ci);
  g_autoptr (LpadIssuer) issuer = lpad_issuer_parse (der, NULL);
  g_autofree char *text = lpad_issuer_pem (issuer);
  g_autofree char *commented = g_strconcat ("The issuer of our operator\n", text, NULL);
  g_autoptr (GBytes) pem = g_bytes_new (commented, strlen (commented));
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadIssuer) again = lpad_issuer_parse (pem, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (issuer->name, ==, "CN=Test CI,O=Test");
  g_assert_cmpstr (again->fingerprint, ==, issuer->fingerprint);
  g_assert_true (g_bytes_equal (again->key_identifier, issuer->key_identifier));
  g_assert_false (lpad_issuer_is_public_test (issuer));
}

static void
test_refused (void)
{
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) leaf = test_credential_new (&test_tls, ci);
  g_autoptr (TestCredential) sub = test_credential_new (&test_ci, ci);
  g_autoptr (GBytes) der = test_der (ci);
  g_autoptr (GBytes) leaf_der = test_der (leaf);
  g_autoptr (GBytes) sub_der = test_der (sub);
  g_autoptr (GBytes) cut = g_bytes_new_from_bytes (der, 0, g_bytes_get_size (der) - 1);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) text = g_bytes_new_static ("issuer", 6);
  g_autoptr (LpadIssuer) issuer = lpad_issuer_parse (der, NULL);
  g_autofree char *pem = lpad_issuer_pem (issuer);
  g_autofree char *twice = g_strconcat (pem, pem, NULL);
  g_autoptr (GBytes) two = g_bytes_new (twice, strlen (twice));
  g_autofree char *padding = g_strnfill (LPAD_CERTIFICATE_MAX, ' ');
  g_autofree char *long_text = g_strconcat (pem, padding, NULL);
  g_autoptr (GBytes) huge = g_bytes_new (long_text, strlen (long_text));

  assert_refused (leaf_der, "no CA certificate");
  assert_refused (sub_der, "not signed by itself");
  assert_refused (cut, "no certificate in DER or PEM");
  assert_refused (empty, "no certificate in DER or PEM");
  assert_refused (text, "no certificate in DER or PEM");
  assert_refused (two, "several certificates");
  assert_refused (huge, "no certificate in DER or PEM");
}

/* Signed by another key, though it names itself as its issuer. */
static void
test_forged (void)
{
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) other = test_credential_new (&test_ci, NULL);
  g_autoptr (GBytes) der = NULL;

  g_assert_cmpint (X509_sign (ci->certificate, other->key, EVP_sha256 ()), >, 0);
  der = test_der (ci);
  assert_refused (der, "not signed by itself");
}

static void
test_known (void)
{
  static const char fingerprint[] = "5e3e91fd454327c3af5d32a7a73bbc59fe43aa7d85fd32d5db44423f80a56bb3";
  static const char key[] = "81370f5125d0b1d408d4c3b232e6d25e795bebfb";
  g_autoptr (GBytes) identifier = lpad_hex_decode (key, 20, NULL);
  g_autoptr (GBytes) unknown = g_bytes_new_static ("\x01\xff", 2);
  g_autofree char *described = lpad_known_issuer_describe (identifier);
  g_autofree char *digits = lpad_known_issuer_describe (unknown);
  const LpadKnownIssuer *known = lpad_known_issuer_by_fingerprint (fingerprint);

  g_assert_cmpuint (lpad_known_issuers ()->len, >=, 11);
  g_assert_cmpstr (known->name, ==, "GSM Association – RSP2 Root CI1");
  g_assert_true (lpad_known_issuer_by_key (identifier) == known);
  g_assert_false (known->test);
  g_assert_null (lpad_known_issuer_by_key (unknown));
  g_assert_null (lpad_known_issuer_by_fingerprint (key));
  g_assert_cmpstr (
      described, ==, "GSM Association – RSP2 Root CI1 (81370f5125d0b1d408d4c3b232e6d25e795bebfb)");
  g_assert_cmpstr (digits, ==, "01ff");
}

/* Each row of the table has the form that is looked for. */
static void
test_table (void)
{
  GPtrArray *table = lpad_known_issuers ();
  guint tests = 0;

  for (guint i = 0; i < table->len; i++)
    {
      const LpadKnownIssuer *known = table->pdata[i];

      g_assert_true (g_regex_match_simple ("^[0-9a-f]{40}$", known->key_identifier, 0, 0));
      g_assert_cmpuint (g_strv_length (known->fingerprints), >, 0);
      for (guint k = 0; known->fingerprints[k] != NULL; k++)
        g_assert_true (g_regex_match_simple ("^[0-9a-f]{64}$", known->fingerprints[k], 0, 0));
      tests += known->test ? 1 : 0;
    }
  g_assert_cmpuint (tests, ==, 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/issuer/forms", test_forms);
  g_test_add_func ("/issuer/refused", test_refused);
  g_test_add_func ("/issuer/forged", test_forged);
  g_test_add_func ("/issuer/known", test_known);
  g_test_add_func ("/issuer/table", test_table);
  return g_test_run ();
}
