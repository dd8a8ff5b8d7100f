/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-issuer.h"

static GVariant *
make_issuers (void)
{
  return g_variant_ref_sink (g_variant_new_parsed (
      "[{'name': <'CN=One CI'>, 'key-identifier': <'0011223344556677'>, 'fingerprint': <'aa00000000000001'>,"
      "  'not-after': <@t 0>},"
      " {'name': <'CN=Two CI'>, 'key-identifier': <'0011223399999999'>, 'fingerprint': <'aa00000000000002'>,"
      "  'known-as': <'Größte CI'>, 'not-after': <@t 4102444800>}]"));
}

static void
assert_finds (GVariant *issuers, const char *text, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) issuer = lui_issuer_find (issuers, text, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (lui_issuer_text (issuer, "name"), ==, name);
}

static void
assert_finds_none (GVariant *issuers, const char *text, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (lui_issuer_find (issuers, text, &error));
  g_assert_error (error, LPAD_ERROR, code);
}

static void
test_find (void)
{
  g_autoptr (GVariant) issuers = make_issuers ();

  assert_finds (issuers, "aa00000000000001", "CN=One CI");
  assert_finds (issuers, "AA00000000000002", "CN=Two CI");
  assert_finds (issuers, "001122334", "CN=One CI");
  assert_finds (issuers, "one", "CN=One CI");
  assert_finds (issuers, "GRÖßTE", "CN=Two CI");
  assert_finds_none (issuers, "00112233", LPAD_ERROR_INVALID_ARGUMENTS);
  assert_finds_none (issuers, "ci", LPAD_ERROR_INVALID_ARGUMENTS);
  assert_finds_none (issuers, "0011223", LPAD_ERROR_NOT_FOUND);
  assert_finds_none (issuers, "", LPAD_ERROR_NOT_FOUND);
  assert_finds_none (NULL, "one", LPAD_ERROR_NOT_FOUND);
}

static void
test_texts (void)
{
  g_autoptr (GVariant) issuers = make_issuers ();
  g_autoptr (GVariant) one = g_variant_get_child_value (issuers, 0);
  g_autoptr (GVariant) two = g_variant_get_child_value (issuers, 1);
  g_autofree char *title_one = lui_issuer_title (one);
  g_autofree char *title_two = lui_issuer_title (two);
  g_autofree char *until = lui_issuer_until (two);
  g_autofree char *fingerprint = lui_fingerprint ("aabbccddee");

  g_assert_cmpstr (title_one, ==, "CN=One CI");
  g_assert_cmpstr (title_two, ==, "Größte CI");
  g_assert_cmpstr (until, ==, "2100-01-01");
  g_assert_cmpstr (fingerprint, ==, "aabb ccdd ee");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lui-issuer/find", test_find);
  g_test_add_func ("/lui-issuer/texts", test_texts);
  return g_test_run ();
}
