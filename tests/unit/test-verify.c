/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "crl.h"
#include "error-details.h"
#include "es9.h"
#include "net-fixture.h"
#include "verify.h"

/* The server's certificate. */

static void
assert_says (const char *text, const char *words)
{
  if (text == NULL || strstr (text, words) == NULL)
    g_error ("“%s” does not say “%s”", text, words);
}

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
  assert_says (error->message, words);
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
  identifier = test_key_digits (unknown);
  assert_verdict (ci, &test_tls, unknown, LPAD_ERROR_ISSUER_MISSING, identifier);
  assert_verdict (ci, &test_tls, unknown, LPAD_ERROR_ISSUER_MISSING, "Unknown");
  assert_verdict (ci, &test_tls, NULL, LPAD_ERROR_SERVER_NOT_TRUSTED, "signed by itself");
  /* Signed by a certificate that is no issuer. */
  assert_verdict (ci, &test_tls, plain, LPAD_ERROR_ISSUER_MISSING, "Test DPtls");
}

static void
test_times (void)
{
  TestCertificate aged = test_ci;
  g_autoptr (TestCredential) ci = NULL;
  TestCertificate spec = test_tls;
  TestCertificate old = test_ci;
  g_autoptr (TestCredential) expired = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) before = g_date_time_add_days (now, -10);
  g_autofree char *since = g_date_time_format (before, "expired on %F");

  /* An issuer that is younger than the clock would say that the clock is wrong. */
  aged.first_day = -1000;
  aged.last_day = 1000;
  ci = test_credential_new (&aged, NULL);
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

/* What is said of the same certificates when the clock says something else. */
static void
test_clock (void)
{
  static const struct
  {
    const char *clock;
    int code; /* -1: good */
    const char *words;
    const char *advice;
  } cases[] = {
    { "1970-01-01T00:00:10Z",
      LPAD_ERROR_CLOCK_INVALID,
      "the clock of this device says 1970-01-01",
      "synchronised" },
    { "2017-11-01T00:00:00Z",
      LPAD_ERROR_CLOCK_INVALID,
      "the clock of this device says 2017-11-01",
      "synchronised" },
    { "2090-01-01T00:00:00Z",
      LPAD_ERROR_CLOCK_INVALID,
      "the clock of this device says 2090-01-01",
      "synchronised" },
  };
  g_autoptr (TestCredential) ci = test_credential_new (&test_ci, NULL);
  g_autoptr (TestCredential) leaf = test_credential_new (&test_tls, ci);
  g_autoptr (X509_STORE) store = test_store_new (ci);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GDateTime) clock = g_date_time_new_from_iso8601 (cases[i].clock, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_false (lpad_verify_server_at (
          store, leaf->certificate, NULL, TEST_HOST, g_date_time_to_unix (clock), &error));
      g_assert_error (error, LPAD_ERROR, cases[i].code);
      assert_says (error->message, cases[i].words);
      assert_says (lpad_error_details (error)->advice, cases[i].advice);
    }
}

/* The issuer is valid from next month on: then it is this device that lives in the past. */
static void
test_clock_before_issuer (void)
{
  TestCertificate young = test_ci;
  g_autoptr (TestCredential) ci = NULL;

  young.first_day = 30;
  young.last_day = 1000;
  ci = test_credential_new (&young, NULL);
  assert_verdict (ci, &test_tls, ci, LPAD_ERROR_CLOCK_INVALID, "server's issuer is not valid before");
}

/* A few days after the end of the server's certificate, by a clock that may well be right. */
static void
test_really_expired (void)
{
  TestCertificate aged = test_ci;
  g_autoptr (TestCredential) ci = NULL;
  g_autoptr (TestCredential) leaf = NULL;
  g_autoptr (X509_STORE) store = NULL;
  g_autoptr (GError) error = NULL;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC + 370 * 86400;

  aged.first_day = -1;
  aged.last_day = 4000;
  ci = test_credential_new (&aged, NULL);
  leaf = test_credential_new (&test_tls, ci);
  store = test_store_new (ci);
  g_assert_false (lpad_verify_server_at (store, leaf->certificate, NULL, TEST_HOST, now, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_SERVER_NOT_TRUSTED);
  assert_says (error->message, "the certificate of the server expired on");
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

/* Revocation lists. */

typedef struct
{
  TestCredential *ci;
  TestCredential *sub;
  TestCredential *leaf;
  X509_STORE *store;
  STACK_OF (X509) * sent;
} Chain;

static void
chain_set_up (Chain *chain, gconstpointer unused)
{
  TestCertificate spec = test_ci;

  spec.name = "Test sub-CI";
  chain->ci = test_credential_new (&test_ci, NULL);
  chain->sub = test_credential_new (&spec, chain->ci);
  chain->leaf = test_credential_new (&test_tls, chain->sub);
  chain->store = test_store_new (chain->ci);
  chain->sent = sk_X509_new_null ();
  sk_X509_push (chain->sent, chain->sub->certificate);
}

static void
chain_tear_down (Chain *chain, gconstpointer unused)
{
  sk_X509_free (chain->sent);
  X509_STORE_free (chain->store);
  test_credential_free (chain->leaf);
  test_credential_free (chain->sub);
  test_credential_free (chain->ci);
}

/* Adds a list of @issuer that revokes @revoked (or nobody) and is valid on those days. */
static void
add_list (Chain *chain, const TestCredential *issuer, const TestCredential *revoked, int first, int last)
{
  X509_CRL *crl = test_crl_new (issuer, revoked, first, last);

  g_assert_cmpint (X509_STORE_add_crl (chain->store, crl), ==, 1);
  X509_CRL_free (crl);
}

/* @words NULL: it is believed. */
static void
assert_chain (Chain *chain, int code, const char *words)
{
  g_autoptr (GError) error = NULL;
  gboolean good = lpad_verify_server (chain->store, chain->leaf->certificate, chain->sent, TEST_HOST, &error);

  if (words == NULL)
    {
      g_assert_no_error (error);
      g_assert_true (good);
      return;
    }
  g_assert_false (good);
  g_assert_error (error, LPAD_ERROR, code);
  assert_says (error->message, words);
}

static void
test_crl_good (Chain *chain, gconstpointer unused)
{
  g_autoptr (TestCredential) other = test_credential_new (&test_tls, chain->sub);

  assert_chain (chain, 0, NULL); /* no list at all */
  add_list (chain, chain->sub, other, -1, 30);
  assert_chain (chain, 0, NULL); /* none of the root: it has nothing to say */
  add_list (chain, chain->ci, NULL, -1, 30);
  assert_chain (chain, 0, NULL);
}

static void
test_crl_revoked_server (Chain *chain, gconstpointer unused)
{
  add_list (chain, chain->sub, chain->leaf, -1, 30);
  assert_chain (
      chain, LPAD_ERROR_SERVER_NOT_TRUSTED, "the certificate of the server has been revoked by its issuer");
}

static void
test_crl_revoked_sub_ci (Chain *chain, gconstpointer unused)
{
  add_list (chain, chain->ci, chain->sub, -1, 30);
  assert_chain (
      chain, LPAD_ERROR_SERVER_NOT_TRUSTED, "the certificate of the server's issuer has been revoked");
}

/* A list that cannot say what is true now is not taken for one that says nothing. */
static void
test_crl_expired (Chain *chain, gconstpointer unused)
{
  add_list (chain, chain->sub, NULL, -30, -1);
  assert_chain (
      chain, LPAD_ERROR_SERVER_NOT_TRUSTED, "the revocation list of the issuer “CN=Test sub-CI,O=Test”");
  assert_chain (chain, LPAD_ERROR_SERVER_NOT_TRUSTED, "nobody knows");
}

static void
test_crl_not_yet_valid (Chain *chain, gconstpointer unused)
{
  add_list (chain, chain->sub, NULL, 1, 30);
  assert_chain (chain, LPAD_ERROR_CLOCK_INVALID, "revocation list");
}

static void
test_crl_forged (Chain *chain, gconstpointer unused)
{
  TestCredential forger = { chain->sub->certificate, chain->leaf->key };

  add_list (chain, &forger, NULL, -1, 30);
  assert_chain (chain, LPAD_ERROR_SERVER_NOT_TRUSTED, "cannot be relied on: CRL signature failure");
}

/* Another issuer of the same name revokes for itself only. */
static void
test_crl_same_name (Chain *chain, gconstpointer unused)
{
  TestCertificate spec = test_ci;
  g_autoptr (TestCredential) namesake = NULL;

  spec.name = "Test sub-CI";
  namesake = test_credential_new (&spec, NULL);
  add_list (chain, namesake, chain->leaf, -1, 30);
  assert_chain (chain, 0, NULL);
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
  g_test_add_func ("/verify/leaf/good", test_leaf_good);
  g_test_add_func ("/verify/leaf/bad", test_leaf_bad);
  g_test_add_func ("/verify/chain/bad", test_chain_bad);
  g_test_add_func ("/verify/chain/same-name", test_same_name);
  g_test_add_func ("/verify/chain/sub-ci", test_sub_ci);
  g_test_add_func ("/verify/time/dates", test_times);
  g_test_add_func ("/verify/time/clock", test_clock);
  g_test_add_func ("/verify/time/clock-before-issuer", test_clock_before_issuer);
  g_test_add_func ("/verify/time/really-expired", test_really_expired);
#define ADD(path, test) g_test_add ("/verify/crl/" path, Chain, NULL, chain_set_up, test, chain_tear_down)
  ADD ("good", test_crl_good);
  ADD ("revoked-server", test_crl_revoked_server);
  ADD ("revoked-sub-ci", test_crl_revoked_sub_ci);
  ADD ("expired", test_crl_expired);
  ADD ("not-yet-valid", test_crl_not_yet_valid);
  ADD ("forged", test_crl_forged);
  ADD ("same-name", test_crl_same_name);
#undef ADD
  g_test_add_func ("/verify/registered-id", test_registered_id);
  return g_test_run ();
}
