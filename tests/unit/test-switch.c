/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "switch-fixture.h"

static void
test_enable (Fixture *f, gconstpointer unused)
{
  fake_chip_set_profile (f->fake, LPAD_PROFILE_ENABLED, NULL);
  g_assert_true (enable (f));
  g_assert_no_error (f->error);
  assert_after (f, LPAD_PROFILE_ENABLED);
  g_assert_cmpuint (fake_chip_calls (f->fake, ENABLE_WITH_REFRESH), ==, 1);
  g_assert_cmpuint (resets (f), ==, 1);
}

static void
test_disable (Fixture *f, gconstpointer unused)
{
  g_assert_true (disable (f));
  g_assert_no_error (f->error);
  assert_after (f, LPAD_PROFILE_DISABLED);
  g_assert_cmpuint (fake_chip_calls (f->fake, DISABLE), ==, 1);
  g_assert_cmpuint (resets (f), ==, 1);
}

static void
test_without_after (Fixture *f, gconstpointer unused)
{
  fake_chip_set_profile (f->fake, LPAD_PROFILE_ENABLED, NULL);
  g_assert_true (
      lpad_switch_enable (f->chip, f->before, f->iccid, LPAD_REFRESH_NEVER, NULL, NULL, &f->error));
  g_assert_cmpuint (fake_chip_calls (f->fake, ENABLE_WITHOUT_REFRESH), ==, 1);
}

/* Result 2: it is in this state already. What was read before the command was old. */
static void
test_already (Fixture *f, gconstpointer unused)
{
  fake_chip_set_profile (f->fake, LPAD_PROFILE_ENABLED, NULL);
  fake_chip_on (f->fake, ENABLE, ENABLE "03800102");
  g_assert_true (enable (f));
  g_assert_no_error (f->error);
  assert_after (f, LPAD_PROFILE_ENABLED);
  g_assert_cmpuint (resets (f), ==, 0);
}

/* Result 2, but the list says otherwise */
static void
test_already_not_so (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, ENABLE, ENABLE "03800102");
  g_assert_false (enable (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_WRONG_STATE);
  assert_after (f, LPAD_PROFILE_DISABLED);
}

static void
test_refused (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, ENABLE, ENABLE "03800103");
  g_assert_false (enable (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_POLICY_VIOLATION);
  g_assert_cmpint (lpad_error_details (f->error)->result, ==, 3);
  assert_after (f, LPAD_PROFILE_DISABLED);
  g_assert_cmpuint (resets (f), ==, 0);
  g_assert_cmpuint (fake_chip_calls (f->fake, ENABLE), ==, 1);
}

/* The chip refuses and then does not answer: the refusal is what to tell. */
static void
test_refused_and_lost (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, ENABLE, ENABLE "03800103");
  fake_chip_on (f->fake, "bf2d", "! timeout");
  g_assert_false (enable (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_POLICY_VIOLATION);
  g_assert_null (f->after);
}

static void
test_busy (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, ENABLE_WITH_REFRESH, ENABLE "03800105");
  fake_chip_on_request (f->fake, ENABLE_WITHOUT_REFRESH, becomes_enabled, f->fake);
  g_assert_true (enable (f));
  g_assert_no_error (f->error);
  g_assert_cmpuint (fake_chip_calls (f->fake, ENABLE_WITH_REFRESH), ==, 3);
  g_assert_cmpuint (fake_chip_calls (f->fake, ENABLE_WITHOUT_REFRESH), ==, 1);
}

static void
test_busy_once (Fixture *f, gconstpointer unused)
{
  fake_chip_once (f->fake, ENABLE, ENABLE "03800105");
  fake_chip_set_profile (f->fake, LPAD_PROFILE_ENABLED, NULL);
  g_assert_true (enable (f));
  g_assert_cmpuint (fake_chip_calls (f->fake, ENABLE_WITH_REFRESH), ==, 2);
  g_assert_cmpuint (fake_chip_calls (f->fake, ENABLE_WITHOUT_REFRESH), ==, 0);
}

static void
test_busy_for_ever (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, ENABLE, ENABLE "03800105");
  g_assert_false (enable (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CARD_BUSY);
  g_assert_cmpuint (fake_chip_calls (f->fake, ENABLE_WITH_REFRESH), ==, 3);
  g_assert_cmpuint (fake_chip_calls (f->fake, ENABLE_WITHOUT_REFRESH), ==, 3);
  assert_after (f, LPAD_PROFILE_DISABLED);
}

static void
cancel (gpointer request, gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
}

/* Between two tries nothing is on its way. */
static void
test_busy_cancelled (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, ENABLE, ENABLE "03800105");
  fake_chip_on_request (f->fake, ENABLE, cancel, f->cancellable);
  g_assert_false (enable (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  g_assert_cmpuint (fake_chip_calls (f->fake, ENABLE), ==, 1);
}

static void
test_cancelled_before (Fixture *f, gconstpointer unused)
{
  g_cancellable_cancel (f->cancellable);
  g_assert_false (enable (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  g_assert_false (fake_chip_calls (f->fake, ENABLE));
  g_assert_null (f->after);
}

/* Too late: the command is on its way, and its end is what counts. */
static void
test_cancelled_during (Fixture *f, gconstpointer unused)
{
  fake_chip_on_request (f->fake, ENABLE, cancel, f->cancellable);
  fake_chip_set_profile (f->fake, LPAD_PROFILE_ENABLED, NULL);
  g_assert_true (enable (f));
  g_assert_no_error (f->error);
  assert_after (f, LPAD_PROFILE_ENABLED);
}

/* The answer got lost; the list decides, whatever the fault was. */
static void
test_lost_and_done (Fixture *f, gconstpointer fault)
{
  fake_chip_on (f->fake, ENABLE, fault);
  fake_chip_set_profile (f->fake, LPAD_PROFILE_ENABLED, NULL);
  g_assert_true (enable (f));
  g_assert_no_error (f->error);
  assert_after (f, LPAD_PROFILE_ENABLED);
  g_assert_cmpuint (resets (f), ==, 1);
  g_assert_cmpuint (fake_chip_calls (f->fake, ENABLE), ==, 1);
}

static void
test_lost_and_not_done (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, ENABLE, "! timeout");
  g_assert_false (enable (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_TIMEOUT);
  assert_after (f, LPAD_PROFILE_DISABLED);
  g_assert_cmpuint (resets (f), ==, 1);
  g_assert_cmpuint (fake_chip_calls (f->fake, ENABLE), ==, 1);
}

static void
test_accepted_but_not_so (Fixture *f, gconstpointer unused)
{
  g_assert_false (enable (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_REFRESH_FAILED);
  g_assert_nonnull (lpad_error_details (f->error)->advice);
  assert_after (f, LPAD_PROFILE_DISABLED);
}

static void
test_accepted_and_silent (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, "bf2d", "! timeout");
  g_assert_false (enable (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_REFRESH_FAILED);
  g_assert_nonnull (strstr (f->error->message, "could not be read"));
  g_assert_null (f->after);
}

static void
connect_patiently (Fixture *f)
{
  lpad_chip_free (f->chip);
  f->chip = fake_chip_connect_patiently (f->fake);
}

/* An accepted switch takes its time; a chip that is still starting is no failure. */
static void
test_settles (Fixture *f, gconstpointer first)
{
  connect_patiently (f);
  fake_chip_set_profile (f->fake, LPAD_PROFILE_ENABLED, NULL);
  fake_chip_once (f->fake, "bf2d", first);
  g_assert_true (enable (f));
  g_assert_no_error (f->error);
  assert_after (f, LPAD_PROFILE_ENABLED);
}

/* After any other end of the command there is nothing to wait for: the first list decides. */
static void
test_does_not_wait (Fixture *f, gconstpointer unused)
{
  guint lists = fake_chip_calls (f->fake, "bf2d");

  connect_patiently (f);
  fake_chip_on (f->fake, ENABLE, "! timeout");
  g_assert_false (enable (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_TIMEOUT);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf2d"), ==, lists + 1);
  assert_after (f, LPAD_PROFILE_DISABLED);
}

/* Nothing was sent, so there is nothing to look for. */
static void
test_gone_before (Fixture *f, gconstpointer unused)
{
  lpad_chip_close (f->chip);
  fake_chip_fail (f->fake, "connect", "! removed");
  g_assert_false (enable (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
  g_assert_null (f->after);
  g_assert_cmpuint (fake_chip_count (f->fake, "connect"), ==, 2);
}

static void
test_delete (Fixture *f, gconstpointer unused)
{
  fake_chip_set_no_profile (f->fake);
  g_assert_true (delete (f));
  g_assert_no_error (f->error);
  g_assert_cmpuint (f->after->profiles->len, ==, 0);
  g_assert_cmpuint (resets (f), ==, 0);
}

static void
test_delete_refused (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, DELETE, DELETE "03800102");
  g_assert_false (delete (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_WRONG_STATE);
  assert_after (f, LPAD_PROFILE_DISABLED);
}

static void
test_delete_unknown (Fixture *f, gconstpointer unused)
{
  fake_chip_set_no_profile (f->fake);
  fake_chip_on (f->fake, DELETE, DELETE "03800101");
  g_assert_false (delete (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND);
  g_assert_cmpuint (f->after->profiles->len, ==, 0);
}

static void
test_delete_lost (Fixture *f, gconstpointer fault)
{
  fake_chip_set_no_profile (f->fake);
  fake_chip_on (f->fake, DELETE, fault);
  g_assert_true (delete (f));
  g_assert_no_error (f->error);
  g_assert_cmpuint (resets (f), ==, 1);
}

static void
test_delete_lost_and_not_done (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, DELETE, "! removed");
  g_assert_false (delete (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
  assert_after (f, LPAD_PROFILE_DISABLED);
}

static void
test_delete_not_so (Fixture *f, gconstpointer unused)
{
  g_assert_false (delete (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
  g_assert_nonnull (strstr (f->error->message, "still in its list"));
  assert_after (f, LPAD_PROFILE_DISABLED);
}

static void
test_delete_and_silent (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, "bf2d", "! timeout");
  g_assert_false (delete (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
  g_assert_nonnull (strstr (f->error->message, "could not be read"));
  g_assert_null (f->after);
}

/* The card fails only while it is read again: a reset helps. */
static void
test_delete_and_glitch (Fixture *f, gconstpointer unused)
{
  fake_chip_set_no_profile (f->fake);
  fake_chip_once (f->fake, "bf2d", "! timeout");
  g_assert_true (delete (f));
  g_assert_no_error (f->error);
  g_assert_cmpuint (resets (f), ==, 1);
}

static void
test_rename (Fixture *f, gconstpointer nickname)
{
  fake_chip_set_profile (f->fake, LPAD_PROFILE_DISABLED, nickname);
  g_assert_true (rename_to (f, nickname));
  g_assert_no_error (f->error);
  assert_after (f, LPAD_PROFILE_DISABLED);
  g_assert_cmpuint (resets (f), ==, 0);
}

static void
test_rename_invalid (Fixture *f, gconstpointer nickname)
{
  g_assert_false (rename_to (f, nickname));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
  g_assert_null (f->after);
  g_assert_cmpuint (fake_chip_calls (f->fake, RENAME), ==, 0);
}

static void
test_rename_refused (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, RENAME, RENAME "03800101");
  g_assert_false (rename_to (f, "Work"));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND);
  g_assert_nonnull (f->after);
}

static void
test_rename_lost (Fixture *f, gconstpointer unused)
{
  fake_chip_set_profile (f->fake, LPAD_PROFILE_DISABLED, "Work");
  fake_chip_on (f->fake, RENAME, "! timeout");
  g_assert_true (rename_to (f, "Work"));
  g_assert_no_error (f->error);
  g_assert_cmpuint (resets (f), ==, 1);
}

static void
test_rename_not_so (Fixture *f, gconstpointer unused)
{
  fake_chip_set_profile (f->fake, LPAD_PROFILE_DISABLED, "Wor");
  g_assert_false (rename_to (f, "Work"));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
  g_assert_nonnull (strstr (f->error->message, "shows another one"));
  g_assert_nonnull (f->after);
}

static void
test_address (Fixture *f, gconstpointer unused)
{
  g_assert_true (set_address (f, FAKE_SMDP));
  g_assert_no_error (f->error);
  g_assert_cmpstr (f->after->default_smdp_address, ==, FAKE_SMDP);
}

static void
test_address_removed (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, "bf3c", "bf3c00");
  g_assert_true (set_address (f, ""));
  g_assert_no_error (f->error);
  g_assert_cmpstr (f->after->default_smdp_address, ==, "");
}

static void
test_address_lost (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, ADDRESS, "! timeout");
  g_assert_true (set_address (f, FAKE_SMDP));
  g_assert_no_error (f->error);
  g_assert_cmpuint (resets (f), ==, 1);
}

static void
test_address_not_so (Fixture *f, gconstpointer unused)
{
  g_assert_false (set_address (f, "other.example.test"));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
  g_assert_cmpstr (f->after->default_smdp_address, ==, FAKE_SMDP);
}

static void
test_address_refused (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, ADDRESS, ADDRESS "0380017f");
  g_assert_false (set_address (f, "other.example.test"));
  g_assert_cmpint (lpad_error_details (f->error)->result, ==, 127);
  g_assert_nonnull (f->after);
}

static void
add_other_commands (void)
{
  ADD ("delete/plain", test_delete, NULL);
  ADD ("delete/refused", test_delete_refused, NULL);
  ADD ("delete/unknown", test_delete_unknown, NULL);
  ADD ("delete/lost/silent", test_delete_lost, "! timeout");
  ADD ("delete/lost/removed", test_delete_lost, "! removed");
  ADD ("delete/lost/6f00", test_delete_lost, "sw 6f00");
  ADD ("delete/lost/not-done", test_delete_lost_and_not_done, NULL);
  ADD ("delete/not-so", test_delete_not_so, NULL);
  ADD ("delete/silent", test_delete_and_silent, NULL);
  ADD ("delete/glitch", test_delete_and_glitch, NULL);
  ADD ("rename/plain", test_rename, "Work");
  ADD ("rename/empty", test_rename, "");
  ADD ("rename/control-character", test_rename_invalid, "a\nb");
  ADD ("rename/not-utf8", test_rename_invalid, "a\xff");
  ADD ("rename/refused", test_rename_refused, NULL);
  ADD ("rename/lost", test_rename_lost, NULL);
  ADD ("rename/not-so", test_rename_not_so, NULL);
  ADD ("address/plain", test_address, NULL);
  ADD ("address/removed", test_address_removed, NULL);
  ADD ("address/lost", test_address_lost, NULL);
  ADD ("address/not-so", test_address_not_so, NULL);
  ADD ("address/refused", test_address_refused, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("enable/plain", test_enable, NULL);
  ADD ("disable/plain", test_disable, NULL);
  ADD ("enable/without-after", test_without_after, NULL);
  ADD ("enable/already", test_already, NULL);
  ADD ("enable/already-not-so", test_already_not_so, NULL);
  ADD ("enable/refused", test_refused, NULL);
  ADD ("enable/refused-and-lost", test_refused_and_lost, NULL);
  ADD ("enable/busy/always-with-refresh", test_busy, NULL);
  ADD ("enable/busy/once", test_busy_once, NULL);
  ADD ("enable/busy/for-ever", test_busy_for_ever, NULL);
  ADD ("enable/busy/cancelled", test_busy_cancelled, NULL);
  ADD ("enable/cancelled/before", test_cancelled_before, NULL);
  ADD ("enable/cancelled/during", test_cancelled_during, NULL);
  ADD ("enable/lost/silent", test_lost_and_done, "! timeout");
  ADD ("enable/lost/removed", test_lost_and_done, "! removed");
  ADD ("enable/lost/reader", test_lost_and_done, "! error");
  ADD ("enable/lost/6f00", test_lost_and_done, "sw 6f00");
  ADD ("enable/lost/6881", test_lost_and_done, "sw 6881");
  ADD ("enable/lost/malformed", test_lost_and_done, "bf3100");
  ADD ("enable/lost/not-done", test_lost_and_not_done, NULL);
  ADD ("enable/not-so", test_accepted_but_not_so, NULL);
  ADD ("enable/accepted-and-silent", test_accepted_and_silent, NULL);
  ADD ("enable/settles/list", test_settles, DISABLED_LIST);
  ADD ("enable/settles/silent", test_settles, "! timeout");
  ADD ("enable/settles/not-there", test_settles, "! removed");
  ADD ("enable/does-not-wait", test_does_not_wait, NULL);
  ADD ("enable/gone-before", test_gone_before, NULL);
  add_other_commands ();
  return g_test_run ();
}
