/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

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

static GBytes *
octets (const char *hex)
{
  return *hex == '\0' ? g_bytes_new_static ("", 0) : lpad_hex_decode (hex, 16, NULL);
}

static LpadProfile *
profile_new (guint64 rules, const char *plmn, const char *gid1)
{
  LpadProfile *profile = g_new0 (LpadProfile, 1);

  profile->has_policy_rules = TRUE;
  profile->policy_rules = rules;
  profile->owner_plmn = plmn == NULL ? NULL : octets (plmn);
  profile->owner_gid1 = gid1 == NULL ? NULL : octets (gid1);
  return profile;
}

typedef enum
{
  REFUSED,
  ALLOWED,
  ALLOWED_WITH_CONSENT,
} Verdict;

/* @word: of the refusal, or NULL */
static void
assert_verdict (const LpadProfile *profile,
                const LpadPolicyGround *ground,
                Verdict expected,
                const char *word)
{
  g_autoptr (GError) error = NULL;
  gboolean consent = 42;
  gboolean allowed = lpad_policy_check (profile, ground, &consent, &error);

  g_assert_cmpint (allowed, ==, expected != REFUSED);
  if (allowed)
    {
      g_assert_no_error (error);
      g_assert_cmpint (consent, ==, expected == ALLOWED_WITH_CONSENT);
      return;
    }
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_POLICY_VIOLATION);
  g_assert_cmpint (consent, ==, 42);
  if (word != NULL)
    g_assert_nonnull (strstr (error->message, word));
}

static void
assert_on (const LpadProfile *profile, GPtrArray *rat, Verdict expected)
{
  const LpadPolicyGround ground = { .rat = rat };

  assert_verdict (profile, &ground, expected, NULL);
}

/* A profile without rules needs nobody's leave; bit 0 is no rule (SGP.22 2.9.1.2). */
static void
test_no_rules (void)
{
  g_autoptr (GPtrArray) rat = rat_new (0, FALSE, NULL);
  g_autoptr (LpadProfile) none = profile_new (0, NULL, NULL);
  g_autoptr (LpadProfile) update_only = profile_new (LPAD_PPR_UPDATE_CONTROL, NULL, NULL);
  const LpadPolicyGround crowded = { .rat = rat, .forbidden = G_MAXUINT64, .operational_installed = TRUE };

  assert_on (none, rat, ALLOWED);
  assert_on (update_only, rat, ALLOWED);
  assert_verdict (none, &crowded, ALLOWED, NULL);
  assert_verdict (update_only, &crowded, ALLOWED, NULL);
}

/* What cannot be evaluated is not installed, whoever grants it. */
static void
test_unknown_rule (void)
{
  g_autoptr (GPtrArray) rat = rat_new (G_MAXUINT64, FALSE, "8003eeeeee");

  for (guint bit = 3; bit < 64; bit++)
    {
      g_autoptr (LpadProfile) alone = profile_new (G_GUINT64_CONSTANT (1) << bit, "62f210", NULL);
      g_autoptr (LpadProfile) beside
          = profile_new (G_GUINT64_CONSTANT (1) << bit | LPAD_PPR2, "62f210", NULL);

      assert_on (alone, rat, REFUSED);
      assert_on (beside, rat, REFUSED);
    }
}

static void
test_owner (void)
{
  static const struct
  {
    const char *plmn;
    Verdict verdict;
  } owners[] = {
    { NULL, REFUSED },     { "62f210", ALLOWED }, { "62f2", REFUSED },   { "eeeeee", REFUSED },
    { "62e210", REFUSED }, { "e2f210", REFUSED }, { "62f2e0", REFUSED }, { "62f20e", REFUSED },
  };
  g_autoptr (GPtrArray) rat = rat_new (LPAD_PPR1, FALSE, "8003eeeeee");

  for (guint i = 0; i < G_N_ELEMENTS (owners); i++)
    {
      g_autoptr (LpadProfile) profile = profile_new (LPAD_PPR1, owners[i].plmn, NULL);

      assert_on (profile, rat, owners[i].verdict);
    }
}

static void
test_empty_table (void)
{
  const guint64 rules[]
      = { LPAD_PPR1, LPAD_PPR2, LPAD_PPR1 | LPAD_PPR2, LPAD_PPR_UPDATE_CONTROL | LPAD_PPR2 };
  g_autoptr (GPtrArray) rat = rat_new (0, FALSE, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      g_autoptr (LpadProfile) profile = profile_new (rules[i], "62f210", NULL);

      assert_on (profile, rat, REFUSED);
    }
}

/* Both digits of each octet, the filler of a short MNC among them, are compared one by one. */
static void
test_wildcards (void)
{
  static const struct
  {
    const char *allowed;
    Verdict verdict;
  } rows[] = {
    { "8003eeeeee", ALLOWED }, { "800362f210", ALLOWED },   { "800362e2ee", ALLOWED },
    { "8003e2f210", ALLOWED }, { "80036ef210", ALLOWED },   { "800362fe10", ALLOWED },
    { "800362e210", ALLOWED }, { "800362f2e0", ALLOWED },   { "800362f21e", ALLOWED },
    { "800302eeee", REFUSED }, { "800362f220", REFUSED },   { "8003620210", REFUSED },
    { "8002eeee", REFUSED },   { "8004eeeeeeee", REFUSED }, { "8000", REFUSED },
    { "8103eeeeee", REFUSED }, { "8003eeee", REFUSED },
  };
  g_autoptr (LpadProfile) profile = profile_new (LPAD_PPR1, "62f210", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GPtrArray) rat = rat_new (LPAD_PPR1, FALSE, rows[i].allowed);

      assert_on (profile, rat, rows[i].verdict);
    }
}

/* Absent matches absent, a value its equal, and empty anything; with nothing there the user is asked. */
static void
test_gid (void)
{
  static const struct
  {
    const char *allowed;
    const char *owner;
    Verdict verdict;
  } rows[] = {
    { "", NULL, ALLOWED },
    { "", "0102", REFUSED },
    { "", "", REFUSED },
    { "8100", NULL, ALLOWED_WITH_CONSENT },
    { "8100", "", ALLOWED_WITH_CONSENT },
    { "8100", "0102", ALLOWED },
    { "81020102", "0102", ALLOWED },
    { "81020102", "0103", REFUSED },
    { "81020102", "01", REFUSED },
    { "81020102", "010200", REFUSED },
    { "81020102", NULL, REFUSED },
    { "81020102", "", REFUSED },
    { "81020102"
      "8200",
      "0102",
      ALLOWED_WITH_CONSENT },
    { "81020102"
      "820105",
      "0102",
      REFUSED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *row = g_strconcat ("800362f210", rows[i].allowed, NULL);
      g_autoptr (GPtrArray) rat = rat_new (LPAD_PPR2, FALSE, row);
      g_autoptr (LpadProfile) profile = profile_new (LPAD_PPR2, "62f210", rows[i].owner);

      assert_on (profile, rat, rows[i].verdict);
    }
}

static void
test_gid2 (void)
{
  g_autoptr (GPtrArray) rat = rat_new (LPAD_PPR2,
                                       FALSE,
                                       "8003eeeeee"
                                       "820107");
  g_autoptr (LpadProfile) same = profile_new (LPAD_PPR2, "62f210", NULL);
  g_autoptr (LpadProfile) other = profile_new (LPAD_PPR2, "62f210", NULL);

  same->owner_gid2 = lpad_hex_decode ("07", 1, NULL);
  other->owner_gid2 = lpad_hex_decode ("08", 1, NULL);
  assert_on (same, rat, ALLOWED);
  assert_on (other, rat, REFUSED);
}

/* The first row that fits decides about the consent; each rule needs a row of its own. */
static void
test_order (void)
{
  const char *const owners[] = { "8003020202", "8003eeeeee", NULL };
  g_autoptr (GPtrArray) rat = rat_new (LPAD_PPR1, FALSE, "800362f210");
  g_autoptr (LpadProfile) first = profile_new (LPAD_PPR1, "62f210", NULL);
  g_autoptr (LpadProfile) second = profile_new (LPAD_PPR1, "02f810", NULL);
  g_autoptr (LpadProfile) both = profile_new (LPAD_PPR1 | LPAD_PPR2, "62f210", NULL);

  assert_on (both, rat, REFUSED);
  assert_on (second, rat, REFUSED);
  add_row (rat, LPAD_PPR1 | LPAD_PPR2, TRUE, owners);
  assert_on (first, rat, ALLOWED);
  assert_on (second, rat, ALLOWED_WITH_CONSENT);
  assert_on (both, rat, ALLOWED_WITH_CONSENT);
}

/* A row that grants the other rule is no row for this one; one without operators is for nobody. */
static void
test_other_rows (void)
{
  const char *const nobody[] = { NULL };
  g_autoptr (GPtrArray) rat = rat_new (LPAD_PPR2, FALSE, "8003eeeeee");
  g_autoptr (LpadProfile) ppr1 = profile_new (LPAD_PPR1, "62f210", NULL);

  add_row (rat, LPAD_PPR1, FALSE, nobody);
  assert_on (ppr1, rat, REFUSED);
}

static void
test_forbidden (void)
{
  g_autoptr (GPtrArray) rat = rat_new (LPAD_PPR1 | LPAD_PPR2, FALSE, "8003eeeeee");
  g_autoptr (LpadProfile) ppr1 = profile_new (LPAD_PPR1, "62f210", NULL);
  g_autoptr (LpadProfile) ppr2 = profile_new (LPAD_PPR2, "62f210", NULL);
  g_autoptr (LpadProfile) both = profile_new (LPAD_PPR1 | LPAD_PPR2, "62f210", NULL);
  const LpadPolicyGround no_ppr1 = { .rat = rat, .forbidden = LPAD_PPR1 };
  const LpadPolicyGround no_ppr2 = { .rat = rat, .forbidden = LPAD_PPR2 | LPAD_PPR_UPDATE_CONTROL };

  assert_verdict (ppr1, &no_ppr1, REFUSED, "disabled");
  assert_verdict (ppr2, &no_ppr1, ALLOWED, NULL);
  assert_verdict (both, &no_ppr1, REFUSED, "disabled");
  assert_verdict (ppr1, &no_ppr2, ALLOWED, NULL);
  assert_verdict (ppr2, &no_ppr2, REFUSED, "deleted");
  assert_verdict (both, &no_ppr2, REFUSED, "deleted");
}

static void
test_ppr1_beside_another (void)
{
  g_autoptr (GPtrArray) rat = rat_new (LPAD_PPR1 | LPAD_PPR2, FALSE, "8003eeeeee");
  g_autoptr (LpadProfile) ppr1 = profile_new (LPAD_PPR1, "62f210", NULL);
  g_autoptr (LpadProfile) ppr2 = profile_new (LPAD_PPR2, "62f210", NULL);
  const LpadPolicyGround ground = { .rat = rat, .operational_installed = TRUE };

  assert_verdict (ppr1, &ground, REFUSED, "another profile is installed");
  assert_verdict (ppr2, &ground, ALLOWED, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/policy/no-rules", test_no_rules);
  g_test_add_func ("/policy/unknown-rule", test_unknown_rule);
  g_test_add_func ("/policy/owner", test_owner);
  g_test_add_func ("/policy/empty-table", test_empty_table);
  g_test_add_func ("/policy/wildcards", test_wildcards);
  g_test_add_func ("/policy/gid", test_gid);
  g_test_add_func ("/policy/gid2", test_gid2);
  g_test_add_func ("/policy/order", test_order);
  g_test_add_func ("/policy/other-rows", test_other_rows);
  g_test_add_func ("/policy/forbidden", test_forbidden);
  g_test_add_func ("/policy/ppr1-beside-another", test_ppr1_beside_another);
  return g_test_run ();
}
