/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "permit.h"

#include <string.h>

#include "error-details.h"
#include "fake-chip.h"

#define NOBODY   ((LpadProfileClass) -1)
#define NO_RULES 0

/* The permission that is expected: an error of lpad, or this */
#define PERMITTED -1

static LpadProfile *
profile_new (LpadProfileClass class, LpadProfileState state, guint64 rules)
{
  LpadProfile *profile = g_new0 (LpadProfile, 1);

  profile->profile_class = class;
  profile->state = state;
  profile->has_policy_rules = rules != 0;
  profile->policy_rules = rules;
  return profile;
}

static void
assert_permission (gboolean permitted, const GError *error, int expected)
{
  g_assert_cmpint (permitted, ==, expected == PERMITTED);
  if (expected == PERMITTED)
    g_assert_no_error (error);
  else
    g_assert_error (error, LPAD_ERROR, expected);
}

/* A profile in use and one that shall take its place. */
static void
test_enable (void)
{
  static const struct
  {
    LpadProfileClass enabled; /* NOBODY: none is */
    guint64 rules;
    LpadProfileClass target;
    gboolean test_mode;
    int expected;
  } cases[] = {
    { NOBODY, NO_RULES, LPAD_PROFILE_CLASS_OPERATIONAL, FALSE, PERMITTED },
    { NOBODY, NO_RULES, LPAD_PROFILE_CLASS_PROVISIONING, FALSE, PERMITTED },
    { NOBODY, NO_RULES, LPAD_PROFILE_CLASS_TEST, FALSE, LPAD_ERROR_POLICY_VIOLATION },
    { NOBODY, NO_RULES, LPAD_PROFILE_CLASS_TEST, TRUE, PERMITTED },
    { LPAD_PROFILE_CLASS_OPERATIONAL, NO_RULES, LPAD_PROFILE_CLASS_OPERATIONAL, FALSE, PERMITTED },
    { LPAD_PROFILE_CLASS_OPERATIONAL, LPAD_PPR2, LPAD_PROFILE_CLASS_OPERATIONAL, FALSE, PERMITTED },
    { LPAD_PROFILE_CLASS_OPERATIONAL,
      LPAD_PPR1,
      LPAD_PROFILE_CLASS_OPERATIONAL,
      FALSE,
      LPAD_ERROR_POLICY_VIOLATION },
    { LPAD_PROFILE_CLASS_OPERATIONAL,
      LPAD_PPR1 | LPAD_PPR2,
      LPAD_PROFILE_CLASS_PROVISIONING,
      TRUE,
      LPAD_ERROR_POLICY_VIOLATION },
    { LPAD_PROFILE_CLASS_OPERATIONAL, LPAD_PPR1, LPAD_PROFILE_CLASS_TEST, TRUE, PERMITTED },
    { LPAD_PROFILE_CLASS_OPERATIONAL,
      LPAD_PPR1,
      LPAD_PROFILE_CLASS_TEST,
      FALSE,
      LPAD_ERROR_POLICY_VIOLATION },
    { LPAD_PROFILE_CLASS_TEST, NO_RULES, LPAD_PROFILE_CLASS_OPERATIONAL, TRUE, PERMITTED },
    { LPAD_PROFILE_CLASS_TEST, NO_RULES, LPAD_PROFILE_CLASS_TEST, TRUE, PERMITTED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) profiles = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_profile_free);
      g_autoptr (GError) error = NULL;
      LpadProfile *target = profile_new (cases[i].target, LPAD_PROFILE_DISABLED, NO_RULES);
      gboolean permitted;

      g_ptr_array_add (profiles, target);
      g_ptr_array_add (profiles,
                       profile_new (LPAD_PROFILE_CLASS_OPERATIONAL, LPAD_PROFILE_DISABLED, LPAD_PPR1));
      if (cases[i].enabled != NOBODY)
        g_ptr_array_add (profiles, profile_new (cases[i].enabled, LPAD_PROFILE_ENABLED, cases[i].rules));
      permitted = lpad_permit_enable (profiles, target, cases[i].test_mode, &error);
      assert_permission (permitted, error, cases[i].expected);
    }
}

/* What is so already needs no permission, whatever the mode. */
static void
test_enabled_already (void)
{
  g_autoptr (GPtrArray) profiles = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_profile_free);
  LpadProfile *target = profile_new (LPAD_PROFILE_CLASS_TEST, LPAD_PROFILE_ENABLED, LPAD_PPR1);

  g_ptr_array_add (profiles, target);
  g_assert_true (lpad_permit_enable (profiles, target, FALSE, NULL));
}

static void
test_disable_and_delete (void)
{
  static const struct
  {
    LpadProfileState state;
    guint64 rules;
    int disable;
    int delete;
  } cases[] = {
    { LPAD_PROFILE_DISABLED, NO_RULES, LPAD_ERROR_WRONG_STATE, PERMITTED },
    { LPAD_PROFILE_DISABLED, LPAD_PPR1, LPAD_ERROR_WRONG_STATE, PERMITTED },
    { LPAD_PROFILE_DISABLED, LPAD_PPR2, LPAD_ERROR_WRONG_STATE, LPAD_ERROR_POLICY_VIOLATION },
    { LPAD_PROFILE_DISABLED, LPAD_PPR1 | LPAD_PPR2, LPAD_ERROR_WRONG_STATE, LPAD_ERROR_POLICY_VIOLATION },
    { LPAD_PROFILE_ENABLED, NO_RULES, PERMITTED, LPAD_ERROR_WRONG_STATE },
    { LPAD_PROFILE_ENABLED, LPAD_PPR_UPDATE_CONTROL, PERMITTED, LPAD_ERROR_WRONG_STATE },
    { LPAD_PROFILE_ENABLED, LPAD_PPR1, LPAD_ERROR_POLICY_VIOLATION, LPAD_ERROR_WRONG_STATE },
    { LPAD_PROFILE_ENABLED, LPAD_PPR2, PERMITTED, LPAD_ERROR_WRONG_STATE },
    { LPAD_PROFILE_ENABLED, LPAD_PPR1 | LPAD_PPR2, LPAD_ERROR_POLICY_VIOLATION, LPAD_ERROR_WRONG_STATE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint class = LPAD_PROFILE_CLASS_TEST; class <= LPAD_PROFILE_CLASS_OPERATIONAL; class ++)
      {
        g_autoptr (LpadProfile) profile
            = profile_new ((LpadProfileClass) class, cases[i].state, cases[i].rules);
        g_autoptr (GError) no_disable = NULL;
        g_autoptr (GError) no_delete = NULL;
        gboolean may_disable = lpad_permit_disable (profile, &no_disable);
        gboolean may_delete = lpad_permit_delete (profile, &no_delete);

        assert_permission (may_disable, no_disable, cases[i].disable);
        assert_permission (may_delete, no_delete, cases[i].delete);
        g_assert_cmpint (lpad_permit_disable (profile, NULL), ==, cases[i].disable == PERMITTED);
      }
}

#define TARGET                                                                                               \
  "e310"                                                                                                     \
  "5a0a" FAKE_ICCID "9f700100"
#define ENABLED                                                                                              \
  "5a0a98001032547698103299"                                                                                 \
  "9f700101"
#define LIST_BOUND    "bf2d2aa028" TARGET "e314" ENABLED "990206c0"
#define LIST_RELEASED "bf2d26a024" TARGET "e310" ENABLED

/* Before lpad refuses, it looks again: the operator may have lifted the rule over the air. */
static void
test_enable_now (void)
{
  g_autoptr (FakeChip) fake = fake_chip_new ();
  g_autoptr (LpadChip) chip = fake_chip_connect (fake);
  g_autoptr (GBytes) iccid = fake_iccid ();
  g_autoptr (LpadInventory) before = NULL;
  g_autoptr (LpadInventory) again = NULL;
  g_autoptr (LpadInventory) after = NULL;
  g_autoptr (GError) error = NULL;
  guint lists;

  fake_chip_on (fake, "bf2d", LIST_BOUND);
  before = lpad_inventory_read (chip, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (before->profiles->len, ==, 2);
  lists = fake_chip_calls (fake, "bf2d");

  g_assert_false (lpad_permit_enable_now (chip, before, iccid, FALSE, &again, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_POLICY_VIOLATION);
  g_assert_nonnull (lpad_error_details (error)->advice);
  g_assert_cmpuint (fake_chip_calls (fake, "bf2d"), ==, lists + 1);
  g_assert_nonnull (again);
  g_clear_error (&error);

  fake_chip_on (fake, "bf2d", LIST_RELEASED);
  g_assert_true (lpad_permit_enable_now (chip, before, iccid, FALSE, &after, NULL, &error));
  g_assert_no_error (error);
  g_assert_nonnull (after);

  lists = fake_chip_calls (fake, "bf2d");
  g_assert_true (lpad_permit_enable_now (chip, after, iccid, FALSE, NULL, NULL, &error));
  g_assert_cmpuint (fake_chip_calls (fake, "bf2d"), ==, lists);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/permit/enable", test_enable);
  g_test_add_func ("/permit/enabled-already", test_enabled_already);
  g_test_add_func ("/permit/disable-and-delete", test_disable_and_delete);
  g_test_add_func ("/permit/enable-now", test_enable_now);
  return g_test_run ();
}
