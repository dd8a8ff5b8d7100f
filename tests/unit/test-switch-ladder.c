/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "switch-fixture.h"

/* What is tried when a chip does not take the first form of a command, see ladder.h. */

/* The list that a profile with an AID has; it is so before anything is done. */
static void
set_profile_with_aid (Fixture *f, LpadProfileState state)
{
  fake_chip_on (f->fake, "bf2d", state == LPAD_PROFILE_ENABLED ? WITH_AID (ENABLED) : WITH_AID (DISABLED));
  g_clear_pointer (&f->before, lpad_inventory_unref);
  f->before = lpad_inventory_read (f->chip, NULL, &f->error);
  g_assert_no_error (f->error);
}

static guint
calls (Fixture *f, const char *prefix)
{
  return fake_chip_calls (f->fake, prefix);
}

/* A chip that knows its profiles by their AIDs: result 1, though the list has the ICCID */
static void
test_ladder_aid (Fixture *f, gconstpointer unused)
{
  set_profile_with_aid (f, LPAD_PROFILE_DISABLED);
  fake_chip_on (f->fake, ENABLE_WITH_REFRESH, ENABLE "03800101");
  fake_chip_on_request (f->fake, BY_AID (ENABLE), becomes_enabled, f->fake);
  g_assert_true (enable (f));
  g_assert_no_error (f->error);
  g_assert_cmpuint (calls (f, ENABLE_WITH_REFRESH), ==, 1);
  g_assert_cmpuint (calls (f, ENABLE_WITHOUT_REFRESH), ==, 0);
  g_assert_cmpuint (calls (f, BY_AID (ENABLE) "8101ff"), ==, 1);
  assert_after (f, LPAD_PROFILE_ENABLED);

  /* the next time it is asked that way at once */
  g_clear_pointer (&f->after, lpad_inventory_unref);
  fake_chip_on (f->fake, "bf2d", WITH_AID (DISABLED));
  g_assert_true (enable (f));
  g_assert_cmpuint (calls (f, ENABLE_WITH_REFRESH), ==, 1);
  g_assert_cmpuint (calls (f, BY_AID (ENABLE)), ==, 2);
}

/* A chip that takes no REFRESH: whatever it says to one */
static void
test_ladder_refresh (Fixture *f, gconstpointer answer)
{
  set_profile_with_aid (f, LPAD_PROFILE_ENABLED);
  fake_chip_on (f->fake, "bf3211a00c5a0a" FAKE_ICCID "8101ff", answer);
  fake_chip_on_request (f->fake, "bf3211a00c5a0a" FAKE_ICCID "810100", becomes_disabled, f->fake);
  g_assert_true (disable (f));
  g_assert_no_error (f->error);
  g_assert_cmpuint (calls (f, DISABLE), ==, 2);
  assert_after (f, LPAD_PROFILE_DISABLED);
}

static void
test_ladder_to_the_end (Fixture *f, gconstpointer answer)
{
  set_profile_with_aid (f, LPAD_PROFILE_DISABLED);
  fake_chip_on (f->fake, ENABLE, answer);
  g_assert_false (enable (f));
  g_assert_nonnull (f->error);
  g_assert_cmpuint (calls (f, ENABLE_WITH_REFRESH), ==, 1);
  g_assert_cmpuint (calls (f, ENABLE_WITHOUT_REFRESH), ==, 1);
  g_assert_cmpuint (calls (f, BY_AID (ENABLE) "8101ff"), ==, 1);
  g_assert_cmpuint (calls (f, BY_AID (ENABLE) "810100"), ==, 1);
  assert_after (f, LPAD_PROFILE_DISABLED);
}

/* The chip refuses one form and forbids the other: that it is forbidden is what to tell, and nothing follows.
 */
static void
test_ladder_forbidden (Fixture *f, gconstpointer unused)
{
  set_profile_with_aid (f, LPAD_PROFILE_DISABLED);
  fake_chip_on (f->fake, ENABLE, ENABLE "03800103");
  fake_chip_once (f->fake, ENABLE, ENABLE "03800101");
  g_assert_false (enable (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_POLICY_VIOLATION);
  g_assert_cmpuint (calls (f, ENABLE), ==, 2);
}

/* The first form was answered with an error and has worked: the list is read before anything else is tried.
 */
static void
test_ladder_error_that_worked (Fixture *f, gconstpointer answer)
{
  set_profile_with_aid (f, LPAD_PROFILE_DISABLED);
  fake_chip_on (f->fake, ENABLE, answer);
  fake_chip_on_request (f->fake, ENABLE, becomes_enabled, f->fake);
  g_assert_true (enable (f));
  g_assert_no_error (f->error);
  g_assert_cmpuint (calls (f, ENABLE), ==, 1);
}

/* What the chip shows cannot be read: nothing more is tried. */
static void
test_ladder_blind (Fixture *f, gconstpointer unused)
{
  set_profile_with_aid (f, LPAD_PROFILE_DISABLED);
  fake_chip_on (f->fake, ENABLE, ENABLE "0380017f");
  fake_chip_on (f->fake, "bf2d", "! timeout");
  g_assert_false (enable (f));
  g_assert_cmpint (lpad_error_details (f->error)->result, ==, 127);
  g_assert_cmpuint (calls (f, ENABLE), ==, 1);
  g_assert_null (f->after);
}

/* The profile has left the list meanwhile: it is not looked for under another name. */
static void
test_ladder_profile_gone (Fixture *f, gconstpointer unused)
{
  set_profile_with_aid (f, LPAD_PROFILE_DISABLED);
  fake_chip_set_no_profile (f->fake);
  fake_chip_on (f->fake, ENABLE, ENABLE "03800101");
  g_assert_false (enable (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND);
  g_assert_cmpuint (calls (f, ENABLE), ==, 1);
}

static void
test_ladder_delete (Fixture *f, gconstpointer answer)
{
  set_profile_with_aid (f, LPAD_PROFILE_DISABLED);
  fake_chip_on (f->fake, "bf330c5a0a", answer);
  fake_chip_on_request (f->fake, "bf33124f10" AID, becomes_deleted, f->fake);
  g_assert_true (delete (f));
  g_assert_no_error (f->error);
  g_assert_cmpuint (calls (f, DELETE), ==, 2);
  g_assert_cmpuint (f->after->profiles->len, ==, 0);
}

/* An error that is none: the profile is gone. */
static void
test_delete_error_that_worked (Fixture *f, gconstpointer answer)
{
  fake_chip_on (f->fake, DELETE, answer);
  fake_chip_on_request (f->fake, DELETE, becomes_deleted, f->fake);
  g_assert_true (delete (f));
  g_assert_no_error (f->error);
  g_assert_cmpuint (calls (f, DELETE), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("ladder/aid", test_ladder_aid, NULL);
  ADD ("ladder/refresh/undefined-error", test_ladder_refresh, DISABLE "0380017f");
  ADD ("ladder/refresh/command-error", test_ladder_refresh, DISABLE "03800107");
  ADD ("ladder/refresh/6a80", test_ladder_refresh, "sw 6a80");
  ADD ("ladder/refresh/6985", test_ladder_refresh, "sw 6985");
  ADD ("ladder/refresh/no-effect", test_ladder_refresh, DISABLE "03800100");
  ADD ("ladder/to-the-end/result", test_ladder_to_the_end, ENABLE "0380017f");
  ADD ("ladder/to-the-end/unknown-result", test_ladder_to_the_end, ENABLE "03800163");
  ADD ("ladder/to-the-end/status-word", test_ladder_to_the_end, "sw 6a80");
  ADD ("ladder/forbidden", test_ladder_forbidden, NULL);
  ADD ("ladder/worked/result", test_ladder_error_that_worked, ENABLE "0380017f");
  ADD ("ladder/worked/not-found", test_ladder_error_that_worked, ENABLE "03800101");
  ADD ("ladder/worked/status-word", test_ladder_error_that_worked, "sw 6f00");
  ADD ("ladder/blind", test_ladder_blind, NULL);
  ADD ("ladder/profile-gone", test_ladder_profile_gone, NULL);
  ADD ("ladder/delete/not-found", test_ladder_delete, DELETE "03800101");
  ADD ("ladder/delete/undefined-error", test_ladder_delete, DELETE "0380017f");
  ADD ("ladder/delete/6a80", test_ladder_delete, "sw 6a80");
  ADD ("delete/worked/undefined-error", test_delete_error_that_worked, DELETE "0380017f");
  ADD ("delete/worked/6f00", test_delete_error_that_worked, "sw 6f00");
  return g_test_run ();
}
