/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error-details.h"
#include "hex.h"
#include "policy.h"

/* A row of the rules authorisation table; owners are OperatorId values in hexadecimal digits */
static void
add_row (GPtrArray *rat, guint64 rules, gboolean consent, const char *const *owners)
{
  LpadRatEntry *entry = g_new0 (LpadRatEntry, 1);

  entry->policy_rules = rules;
  entry->consent_required = consent;
  entry->operators = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (; *owners != NULL; owners++)
    g_ptr_array_add (entry->operators, lpad_hex_decode (*owners, 64, NULL));
  g_ptr_array_add (rat, entry);
}

static void
row_free (gpointer data)
{
  LpadRatEntry *entry = data;

  g_ptr_array_unref (entry->operators);
  g_free (entry);
}

static GPtrArray *
rat_new (guint64 rules, gboolean consent, const char *owner)
{
  const char *owners[] = { owner, NULL };
  GPtrArray *rat = g_ptr_array_new_with_free_func (row_free);

  if (owner != NULL)
    add_row (rat, rules, consent, owners);
  return rat;
}

static LpadProfile *
profile_new (guint64 rules, const char *plmn, const char *gid1)
{
  LpadProfile *profile = g_new0 (LpadProfile, 1);

  profile->has_policy_rules = TRUE;
  profile->policy_rules = rules;
  profile->owner_plmn = plmn == NULL ? NULL : lpad_hex_decode (plmn, 3, NULL);
  profile->owner_gid1 = gid1 == NULL ? NULL : lpad_hex_decode (gid1, 16, NULL);
  return profile;
}

static void
assert_allowed (LpadProfile *profile, GPtrArray *rat, gboolean consent_expected)
{
  g_autoptr (GError) error = NULL;
  gboolean consent = !consent_expected;

  g_assert_true (lpad_policy_check (profile, rat, FALSE, &consent, &error));
  g_assert_no_error (error);
  g_assert_cmpint (consent, ==, consent_expected);
}

static void
assert_refused (LpadProfile *profile, GPtrArray *rat, gboolean operational_installed)
{
  g_autoptr (GError) error = NULL;
  gboolean consent = 42;

  g_assert_false (lpad_policy_check (profile, rat, operational_installed, &consent, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_POLICY_VIOLATION);
  g_assert_cmpint (consent, ==, 42);
}

static void
test_no_rules (void)
{
  g_autoptr (GPtrArray) rat = rat_new (0, FALSE, NULL);
  g_autoptr (LpadProfile) none = profile_new (0, NULL, NULL);
  g_autoptr (LpadProfile) update_only = profile_new (LPAD_PPR_UPDATE_CONTROL, NULL, NULL);

  assert_allowed (none, rat, FALSE);
  assert_allowed (update_only, rat, FALSE);
}

static void
test_unknown_rule (void)
{
  g_autoptr (GPtrArray) rat = rat_new (G_MAXUINT64, FALSE, "8003eeeeee");
  g_autoptr (LpadProfile) profile = profile_new (G_GUINT64_CONSTANT (1) << 3, "62f210", NULL);

  assert_refused (profile, rat, FALSE);
}

static void
test_owner_missing (void)
{
  g_autoptr (GPtrArray) rat = rat_new (LPAD_PPR1, FALSE, "8003eeeeee");
  g_autoptr (LpadProfile) profile = profile_new (LPAD_PPR1, NULL, NULL);

  assert_refused (profile, rat, FALSE);
}

static void
test_empty_table (void)
{
  g_autoptr (GPtrArray) rat = rat_new (0, FALSE, NULL);
  g_autoptr (LpadProfile) profile = profile_new (LPAD_PPR2, "62f210", NULL);

  assert_refused (profile, rat, FALSE);
}

static void
test_wildcards (void)
{
  g_autoptr (GPtrArray) any = rat_new (LPAD_PPR1 | LPAD_PPR2, TRUE, "8003eeeeee");
  g_autoptr (GPtrArray) any_network_of_262 = rat_new (LPAD_PPR1, FALSE, "800362e2ee");
  g_autoptr (GPtrArray) other_country = rat_new (LPAD_PPR1, FALSE, "800302eeee");
  g_autoptr (LpadProfile) profile = profile_new (LPAD_PPR1, "62f210", NULL);

  assert_allowed (profile, any, TRUE);
  assert_allowed (profile, any_network_of_262, FALSE);
  assert_refused (profile, other_country, FALSE);
}

static void
test_gid (void)
{
  g_autoptr (GPtrArray) without = rat_new (LPAD_PPR2, FALSE, "800362f210");
  g_autoptr (GPtrArray) any = rat_new (LPAD_PPR2, FALSE, "800362f2108100");
  g_autoptr (GPtrArray) exact = rat_new (LPAD_PPR2, FALSE, "800362f21081020102");
  g_autoptr (LpadProfile) plain = profile_new (LPAD_PPR2, "62f210", NULL);
  g_autoptr (LpadProfile) same = profile_new (LPAD_PPR2, "62f210", "0102");
  g_autoptr (LpadProfile) other = profile_new (LPAD_PPR2, "62f210", "0103");

  assert_allowed (plain, without, FALSE);
  assert_refused (same, without, FALSE);
  assert_refused (plain, any, FALSE);
  assert_allowed (same, any, FALSE);
  assert_allowed (same, exact, FALSE);
  assert_refused (other, exact, FALSE);
  assert_refused (plain, exact, FALSE);
}

/* The first row that fits decides about the consent; each rule needs a row of its own. */
static void
test_order (void)
{
  const char *const owners[] = { "8003eeeeee", NULL };
  g_autoptr (GPtrArray) rat = rat_new (LPAD_PPR1, FALSE, "800362f210");
  g_autoptr (LpadProfile) first = profile_new (LPAD_PPR1, "62f210", NULL);
  g_autoptr (LpadProfile) both = profile_new (LPAD_PPR1 | LPAD_PPR2, "62f210", NULL);

  assert_refused (both, rat, FALSE);
  add_row (rat, LPAD_PPR1 | LPAD_PPR2, TRUE, owners);
  assert_allowed (first, rat, FALSE);
  assert_allowed (both, rat, TRUE);
}

static void
test_ppr1_beside_another (void)
{
  g_autoptr (GPtrArray) rat = rat_new (LPAD_PPR1 | LPAD_PPR2, FALSE, "8003eeeeee");
  g_autoptr (LpadProfile) ppr1 = profile_new (LPAD_PPR1, "62f210", NULL);
  g_autoptr (LpadProfile) ppr2 = profile_new (LPAD_PPR2, "62f210", NULL);
  g_autoptr (GError) error = NULL;
  gboolean consent;

  assert_refused (ppr1, rat, TRUE);
  g_assert_true (lpad_policy_check (ppr2, rat, TRUE, &consent, &error));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/policy/no-rules", test_no_rules);
  g_test_add_func ("/policy/unknown-rule", test_unknown_rule);
  g_test_add_func ("/policy/owner-missing", test_owner_missing);
  g_test_add_func ("/policy/empty-table", test_empty_table);
  g_test_add_func ("/policy/wildcards", test_wildcards);
  g_test_add_func ("/policy/gid", test_gid);
  g_test_add_func ("/policy/order", test_order);
  g_test_add_func ("/policy/ppr1-beside-another", test_ppr1_beside_another);
  return g_test_run ();
}
