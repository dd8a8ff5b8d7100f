/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reset.h"

#include "error-details.h"
#include "es10c.h"
#include "fake-chip.h"

#define RESET       "bf34"
#define OK          RESET "03800100"
#define OPERATIONAL LPAD_RESET_OPERATIONAL_PROFILES
#define TEST        LPAD_RESET_TEST_PROFILES
#define ADDRESS     LPAD_RESET_DEFAULT_SMDP_ADDRESS

/* One profile of each class; the first octet of the ICCID tells them apart. */
#define PROFILE(first, state, class) "e3135a0a" first "0000000000000000009f7001" state "9501" class
#define ENABLED_OPERATIONAL          PROFILE ("02", "01", "02")
#define OPERATIONAL_PROFILE          PROFILE ("02", "00", "02")
#define TEST_PROFILE                 PROFILE ("00", "00", "00")
#define PROVISIONING_PROFILE         PROFILE ("01", "00", "01")

typedef struct
{
  FakeChip *fake;
  LpadChip *chip;
  LpadInventory *before;
  LpadInventory *after;
  GCancellable *cancellable;
  GError *error;
} Fixture;

/* Entries of 21 octets each, up to two of them */
static char *
list_of (const char *first, const char *second)
{
  guint n = (first != NULL) + (second != NULL);

  return g_strdup_printf (
      "bf2d%02xa0%02x%s%s", 21 * n + 2, 21 * n, first != NULL ? first : "", second != NULL ? second : "");
}

static void
set_list (Fixture *f, const char *first, const char *second)
{
  g_autofree char *list = list_of (first, second);

  fake_chip_on (f->fake, "bf2d", list);
}

static void
begin_with (Fixture *f, const char *first, const char *second)
{
  set_list (f, first, second);
  f->before = lpad_inventory_read (f->chip, NULL, &f->error);
  g_assert_no_error (f->error);
}

static void
set_up (Fixture *f, gconstpointer unused)
{
  f->fake = fake_chip_new ();
  f->chip = fake_chip_connect (f->fake);
  f->cancellable = g_cancellable_new ();
  fake_chip_on (f->fake, RESET, OK);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  lpad_chip_free (f->chip);
  g_assert_cmpuint (fake_chip_channels (f->fake), ==, 0);
  lpad_inventory_unref (f->before);
  lpad_inventory_unref (f->after);
  g_object_unref (f->cancellable);
  g_clear_error (&f->error);
  fake_chip_free (f->fake);
}

static gboolean
reset (Fixture *f, guint options)
{
  return lpad_reset_memory (f->chip, f->before, options, &f->after, f->cancellable, &f->error);
}

static void
only_provisioning_is_left (gpointer request, gpointer data)
{
  g_autofree char *list = list_of (PROVISIONING_PROFILE, NULL);

  fake_chip_on (data, "bf2d", list);
}

static void
test_affects (void)
{
  LpadProfile profile = { .profile_class = LPAD_PROFILE_CLASS_OPERATIONAL };

  g_assert_true (lpad_reset_affects (OPERATIONAL, &profile));
  g_assert_false (lpad_reset_affects (TEST | ADDRESS, &profile));
  profile.profile_class = LPAD_PROFILE_CLASS_TEST;
  g_assert_true (lpad_reset_affects (TEST, &profile));
  g_assert_false (lpad_reset_affects (OPERATIONAL | ADDRESS, &profile));
  profile.profile_class = LPAD_PROFILE_CLASS_PROVISIONING;
  g_assert_false (lpad_reset_affects (OPERATIONAL | TEST | ADDRESS, &profile));
}

/* The profile in use went: what the card keeps for its REFRESH becomes effective with a reset. */
static void
test_in_use (Fixture *f, gconstpointer unused)
{
  begin_with (f, ENABLED_OPERATIONAL, PROVISIONING_PROFILE);
  fake_chip_on_request (f->fake, RESET, only_provisioning_is_left, f->fake);
  g_assert_true (reset (f, OPERATIONAL));
  g_assert_no_error (f->error);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf340482020780"), ==, 1);
  g_assert_cmpuint (fake_chip_count (f->fake, "reset"), ==, 1);
  g_assert_cmpuint (f->after->profiles->len, ==, 1);
}

static void
test_not_in_use (Fixture *f, gconstpointer unused)
{
  begin_with (f, OPERATIONAL_PROFILE, PROVISIONING_PROFILE);
  fake_chip_on_request (f->fake, RESET, only_provisioning_is_left, f->fake);
  g_assert_true (reset (f, OPERATIONAL));
  g_assert_cmpuint (fake_chip_count (f->fake, "reset"), ==, 0);
}

/* An error, a lost answer: the list decides. */
static void
test_error_that_worked (Fixture *f, gconstpointer answer)
{
  begin_with (f, OPERATIONAL_PROFILE, PROVISIONING_PROFILE);
  fake_chip_on (f->fake, RESET, answer);
  fake_chip_on_request (f->fake, RESET, only_provisioning_is_left, f->fake);
  g_assert_true (reset (f, OPERATIONAL | TEST));
  g_assert_no_error (f->error);
  g_assert_cmpuint (fake_chip_calls (f->fake, RESET), ==, 1);
}

static void
test_refused (Fixture *f, gconstpointer answer)
{
  begin_with (f, OPERATIONAL_PROFILE, TEST_PROFILE);
  fake_chip_on (f->fake, RESET, answer);
  g_assert_false (reset (f, OPERATIONAL | TEST | ADDRESS));
  g_assert_nonnull (f->error);
  g_assert_cmpuint (f->after->profiles->len, ==, 2);
  g_assert_cmpuint (fake_chip_calls (f->fake, RESET), ==, 1);
}

static void
test_accepted_and_not_so (Fixture *f, gconstpointer unused)
{
  begin_with (f, OPERATIONAL_PROFILE, TEST_PROFILE);
  g_assert_false (reset (f, OPERATIONAL));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
  g_assert_nonnull (strstr (f->error->message, "still in its list"));
  g_assert_nonnull (lpad_error_details (f->error)->advice);
}

static void
test_accepted_and_silent (Fixture *f, gconstpointer unused)
{
  begin_with (f, OPERATIONAL_PROFILE, NULL);
  fake_chip_on (f->fake, "bf2d", "! timeout");
  g_assert_false (reset (f, OPERATIONAL));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
  g_assert_nonnull (strstr (f->error->message, "could not be read"));
  g_assert_null (f->after);
}

/* nothingToDelete, and the list says the same */
static void
test_nothing (Fixture *f, gconstpointer unused)
{
  begin_with (f, PROVISIONING_PROFILE, TEST_PROFILE);
  fake_chip_on (f->fake, RESET, RESET "03800101");
  g_assert_true (reset (f, OPERATIONAL | TEST));
  g_assert_no_error (f->error);
  g_assert_cmpuint (f->after->profiles->len, ==, 2);
}

static void
test_nothing_not_so (Fixture *f, gconstpointer unused)
{
  begin_with (f, OPERATIONAL_PROFILE, NULL);
  fake_chip_on (f->fake, RESET, RESET "03800101");
  g_assert_false (reset (f, OPERATIONAL));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND);
}

/* Test profiles of the maker stay; that one of several has gone is enough. */
static void
test_tests (Fixture *f, gconstpointer unused)
{
  begin_with (f, TEST_PROFILE, PROFILE ("03", "00", "00"));
  set_list (f, TEST_PROFILE, NULL);
  g_assert_true (reset (f, TEST));
  g_assert_no_error (f->error);
  set_list (f, TEST_PROFILE, PROFILE ("03", "00", "00"));
  g_clear_pointer (&f->after, lpad_inventory_unref);
  g_assert_false (reset (f, TEST));
}

static void
test_address (Fixture *f, gconstpointer unused)
{
  begin_with (f, PROVISIONING_PROFILE, NULL);
  fake_chip_on (f->fake, "bf3c", "bf3c028100");
  g_assert_true (reset (f, ADDRESS));
  g_assert_no_error (f->error);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf340482020520"), ==, 1);
  g_assert_cmpstr (f->after->default_smdp_address, ==, "");
}

static void
test_busy (Fixture *f, gconstpointer unused)
{
  begin_with (f, OPERATIONAL_PROFILE, NULL);
  fake_chip_once (f->fake, RESET, RESET "03800105");
  set_list (f, NULL, NULL);
  g_assert_true (reset (f, OPERATIONAL));
  g_assert_cmpuint (fake_chip_calls (f->fake, RESET), ==, 2);
}

static void
test_busy_for_ever (Fixture *f, gconstpointer unused)
{
  begin_with (f, OPERATIONAL_PROFILE, NULL);
  fake_chip_on (f->fake, RESET, RESET "03800105");
  g_assert_false (reset (f, OPERATIONAL));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CARD_BUSY);
  g_assert_cmpuint (fake_chip_calls (f->fake, RESET), ==, 3);
}

static void
cancel (gpointer request, gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
}

/* Between two tries nothing is on its way; before the first one nothing has been sent. */
static void
test_cancelled (Fixture *f, gconstpointer unused)
{
  begin_with (f, OPERATIONAL_PROFILE, NULL);
  fake_chip_on (f->fake, RESET, RESET "03800105");
  fake_chip_on_request (f->fake, RESET, cancel, f->cancellable);
  g_assert_false (reset (f, OPERATIONAL));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  g_assert_cmpuint (fake_chip_calls (f->fake, RESET), ==, 1);
  g_clear_error (&f->error);
  g_assert_false (reset (f, OPERATIONAL));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  g_assert_cmpuint (fake_chip_calls (f->fake, RESET), ==, 1);
}

#define ADD(name, func, data) g_test_add ("/reset/" name, Fixture, data, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reset/affects", test_affects);
  ADD ("in-use", test_in_use, NULL);
  ADD ("not-in-use", test_not_in_use, NULL);
  ADD ("worked/undefined-error", test_error_that_worked, RESET "0380017f");
  ADD ("worked/6f00", test_error_that_worked, "sw 6f00");
  ADD ("worked/timeout", test_error_that_worked, "! timeout");
  ADD ("worked/removed", test_error_that_worked, "! removed");
  ADD ("refused/undefined-error", test_refused, RESET "0380017f");
  ADD ("refused/rule", test_refused, RESET "03800106");
  ADD ("refused/6a80", test_refused, "sw 6a80");
  ADD ("refused/timeout", test_refused, "! timeout");
  ADD ("not-so", test_accepted_and_not_so, NULL);
  ADD ("silent", test_accepted_and_silent, NULL);
  ADD ("nothing", test_nothing, NULL);
  ADD ("nothing-not-so", test_nothing_not_so, NULL);
  ADD ("tests", test_tests, NULL);
  ADD ("address", test_address, NULL);
  ADD ("busy/once", test_busy, NULL);
  ADD ("busy/for-ever", test_busy_for_ever, NULL);
  ADD ("cancelled", test_cancelled, NULL);
  return g_test_run ();
}
