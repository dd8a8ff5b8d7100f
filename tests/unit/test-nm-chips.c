/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "chips.h"

#include "service.h"

#define EID   "89049032000000000000000000000012"
#define FIRST "8988000000000000001"
#define OTHER "8988000000000000002"

static GPtrArray *
parse (const char *state)
{
  g_autofree char *text = g_strdup_printf (
      "{'/p/1': {'org.lpad.Lpad1.Profile': {'Euicc': <objectpath '/e/1'>, 'Iccid': <'" FIRST "'>,"
      "  'State': <'enabled'>, 'Name': <'Basic'>, 'ServiceProvider': <'Operator'>,"
      "  'Owner': <{'mcc-mnc': <'262-01'>}>}},"
      " '/p/2': {'org.lpad.Lpad1.Profile': {'Euicc': <objectpath '/e/9'>, 'Iccid': <'1'>}},"
      " '/e/1': {'org.lpad.Lpad1.Euicc': {'Eid': <'" EID "'>, 'State': <'%s'>,"
      "  'PhysicalDevice': <'/sys/a'>}},"
      " '/e/2': {'org.lpad.Lpad1.Euicc': {'Eid': <''>, 'State': <'failed'>}}}",
      state);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) objects = g_variant_parse (G_VARIANT_TYPE ("a{oa{sa{sv}}}"), text, NULL, NULL, &error);

  g_assert_no_error (error);
  return lpad_nm_chips_parse (objects);
}

static void
test_what_lpad_shows (void)
{
  g_autoptr (GPtrArray) chips = parse ("ready");
  const LpadNmChip *chip = lpad_nm_chips_find (chips, "/e/1");
  const LpadNmProfile *profile = lpad_nm_chip_find_profile (chip, FIRST);

  g_assert_cmpuint (chips->len, ==, 2);
  g_assert_true (chip->ready);
  g_assert_cmpstr (chip->modem, ==, "/sys/a");
  g_assert_cmpstr (chip->enabled, ==, FIRST);
  g_assert_cmpstr (profile->title, ==, "Basic");
  g_assert_cmpstr (profile->owner, ==, "262-01");
  g_assert_null (lpad_nm_chip_find_profile (chip, OTHER));
  g_assert_false (lpad_nm_chips_find (chips, "/e/2")->ready);
  g_assert_null (lpad_nm_chips_find (chips, "/e/9"));
}

/* A connection is removed only when its own chip is there, at rest, and no longer has the profile. */
static void
test_profiles_that_are_gone (void)
{
  g_autoptr (GPtrArray) ready = parse ("ready"), busy = parse ("busy");
  g_autofree char *mark = lpad_nm_connection_hash_eid (EID);
  g_autofree char *another = lpad_nm_connection_hash_eid ("89049032000000000000000000000099");
  char first[] = FIRST, other[] = OTHER;
  const LpadNmConnection kept = { .sim_id = first, .chip = mark };
  const LpadNmConnection gone = { .sim_id = other, .chip = mark };
  const LpadNmConnection elsewhere = { .sim_id = other, .chip = another };
  const LpadNmConnection of_user = { .sim_id = other, .chip = NULL };

  g_assert_false (lpad_nm_chips_lack (ready, &kept));
  g_assert_true (lpad_nm_chips_lack (ready, &gone));
  g_assert_false (lpad_nm_chips_lack (busy, &gone));
  g_assert_false (lpad_nm_chips_lack (ready, &elsewhere));
  g_assert_false (lpad_nm_chips_lack (ready, &of_user));
}

static void
test_iccids (void)
{
  const char *const good[]
      = { "", FIRST, "89880000000000000012", "898800000000000001", "898800000000000000A1" };
  const char *const bad[]
      = { "1", "898800000000000000123", "8988 00000000000001", "8988000000000000a01", "../../etc" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (lpad_nm_is_iccid (good[i]));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (lpad_nm_is_iccid (bad[i]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nm-chips/what-lpad-shows", test_what_lpad_shows);
  g_test_add_func ("/nm-chips/profiles-that-are-gone", test_profiles_that_are_gone);
  g_test_add_func ("/nm-chips/iccids", test_iccids);
  return g_test_run ();
}
