/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-select.h"

#include <string.h>

#include "lpad-error.h"

static const LuiProfileName travel = { "8949000000000000017", "travel", "Data", FALSE };
static const LuiProfileName work = { "8949000000000010025", "work", "Voice", FALSE };
static const LuiProfileName other = { "8944000000000020025", "", "Data", FALSE };
static const LuiProfileName tricky = { "8944000000000030033", "8949000000000000017", NULL, FALSE };
static const LuiProfileName hidden = { "8944000000000040041", "boot", "Voice", TRUE };
static const LuiProfileName unnamed = { NULL, NULL, NULL, FALSE };

static const LuiChipName inner = { 1, "89044045930000000000000000000012", "ACME Reader 00 00", NULL };
static const LuiChipName outer = { 12, "89044045930000000000000000001234", "ACME Reader 01 00", NULL };
static const LuiChipName silent = { 3, NULL, "Émile", NULL };
static const LuiChipName first_slot = { 4, NULL, "/dev/cdc-wdm0", "modem /dev/cdc-wdm0, slot 1" };
static const LuiChipName second_slot = { 5, NULL, "/dev/cdc-wdm0", "modem /dev/cdc-wdm0, slot 2" };

static void
assert_profile (const char *text, const LuiProfileName *expected, LpadError code)
{
  const LuiProfileName *const list[] = { &travel, &work, &other, &tricky, &hidden, &unnamed };
  g_autoptr (GError) error = NULL;
  guint index = 99;

  if (expected != NULL)
    {
      g_assert_true (lui_select_profile (text, list, G_N_ELEMENTS (list), &index, &error));
      g_assert_no_error (error);
      g_assert_true (list[index] == expected);
      return;
    }
  g_assert_false (lui_select_profile (text, list, G_N_ELEMENTS (list), &index, &error));
  g_assert_error (error, LPAD_ERROR, (int) code);
  g_assert_cmpuint (index, ==, 99);
}

static void
assert_chip (const char *text, const LuiChipName *expected, LpadError code)
{
  const LuiChipName *const list[] = { &inner, &outer, &silent, &first_slot, &second_slot };
  g_autoptr (GError) error = NULL;
  guint index = 99;

  if (expected != NULL)
    {
      g_assert_true (lui_select_euicc (text, list, G_N_ELEMENTS (list), &index, &error));
      g_assert_no_error (error);
      g_assert_true (list[index] == expected);
      return;
    }
  g_assert_false (lui_select_euicc (text, list, G_N_ELEMENTS (list), &index, &error));
  g_assert_error (error, LPAD_ERROR, (int) code);
  g_assert_cmpuint (index, ==, 99);
}

static void
test_profile_iccid (void)
{
  assert_profile ("8949000000000010025", &work, 0);
  /* an ICCID comes before a nickname that looks like one */
  assert_profile ("8949000000000000017", &travel, 0);
}

static void
test_profile_name (void)
{
  assert_profile ("work", &work, 0);
  assert_profile ("Voice", &work, 0);
  assert_profile ("Data", NULL, LPAD_ERROR_INVALID_ARGUMENTS);
  assert_profile ("voice", NULL, LPAD_ERROR_NOT_FOUND);
  assert_profile ("Voi", NULL, LPAD_ERROR_NOT_FOUND);
}

static void
test_profile_suffix (void)
{
  assert_profile ("0033", &tricky, 0);
  assert_profile ("20025", &other, 0);
  assert_profile ("0025", NULL, LPAD_ERROR_INVALID_ARGUMENTS);
  assert_profile ("033", NULL, LPAD_ERROR_NOT_FOUND);
  assert_profile ("+0033", NULL, LPAD_ERROR_NOT_FOUND);
}

/* By its whole ICCID only; nobody gets it by mistake. */
static void
test_profile_hidden (void)
{
  const LuiProfileName *const list[] = { &work, &hidden };
  const char *const loose[] = { "boot", "0041" };

  assert_profile ("8944000000000040041", &hidden, 0);
  assert_profile ("Voice", &work, 0);
  for (guint i = 0; i < G_N_ELEMENTS (loose); i++)
    {
      g_autoptr (GError) error = NULL;
      guint index = 99;

      g_assert_false (lui_select_profile (loose[i], list, G_N_ELEMENTS (list), &index, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND);
      g_assert_nonnull (strstr (error->message, "whole ICCID"));
    }
}

static void
test_profile_empty (void)
{
  /* neither an empty nickname nor an absent one is fitted by nothing */
  assert_profile ("", NULL, LPAD_ERROR_NOT_FOUND);
}

static void
test_chip (void)
{
  assert_chip ("1", &inner, 0);
  assert_chip ("12", &outer, 0);
  assert_chip ("0012", &inner, 0);
  assert_chip ("89044045930000000000000000001234", &outer, 0);
  assert_chip ("reader 01", &outer, 0);
  assert_chip ("émile", &silent, 0);
  assert_chip ("slot 2", &second_slot, 0);
  assert_chip ("cdc-wdm0, slot 1", &first_slot, 0);
  assert_chip ("/dev/cdc-wdm0", NULL, LPAD_ERROR_INVALID_ARGUMENTS);
  assert_chip ("acme", NULL, LPAD_ERROR_INVALID_ARGUMENTS);
  assert_chip ("2", NULL, LPAD_ERROR_NOT_FOUND);
  assert_chip ("0", NULL, LPAD_ERROR_NOT_FOUND);
  assert_chip ("", NULL, LPAD_ERROR_NOT_FOUND);
  assert_chip ("-1", NULL, LPAD_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lui/select/profile/iccid", test_profile_iccid);
  g_test_add_func ("/lui/select/profile/name", test_profile_name);
  g_test_add_func ("/lui/select/profile/suffix", test_profile_suffix);
  g_test_add_func ("/lui/select/profile/hidden", test_profile_hidden);
  g_test_add_func ("/lui/select/profile/empty", test_profile_empty);
  g_test_add_func ("/lui/select/chip", test_chip);
  return g_test_run ();
}
