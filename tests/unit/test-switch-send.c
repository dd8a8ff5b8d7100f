/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "switch-fixture.h"

/* A chip in a modem: the command is sent, and the reset is left to the device. */

static gboolean
send_enable (Fixture *f, LpadSwitchSent *sent)
{
  return lpad_switch_send (f->chip,
                           f->before,
                           LPAD_STATE_COMMAND_ENABLE,
                           f->iccid,
                           LPAD_REFRESH_EITHER,
                           sent,
                           &f->after,
                           f->cancellable,
                           &f->error);
}

static gboolean
settle_enable (Fixture *f)
{
  return lpad_switch_settle (f->chip, f->before, LPAD_STATE_COMMAND_ENABLE, f->iccid, &f->after, &f->error);
}

static void
test_accepted (Fixture *f, gconstpointer unused)
{
  LpadSwitchSent sent;

  fake_chip_set_profile (f->fake, LPAD_PROFILE_ENABLED, NULL);
  g_assert_true (send_enable (f, &sent));
  g_assert_no_error (f->error);
  g_assert_true (sent.pending);
  g_assert_true (sent.refresh_comes);
  g_assert_no_error (sent.lost);
  g_assert_null (f->after);
  g_assert_cmpuint (resets (f), ==, 0);
  g_assert_cmpuint (fake_chip_channels (f->fake), ==, 0);

  g_assert_true (settle_enable (f));
  assert_after (f, LPAD_PROFILE_ENABLED);
  g_assert_cmpuint (resets (f), ==, 0);
}

static void
test_without_refresh (Fixture *f, gconstpointer unused)
{
  LpadSwitchSent sent;

  fake_chip_on (f->fake, ENABLE_WITH_REFRESH, "sw 6a80");
  g_assert_true (send_enable (f, &sent));
  g_assert_true (sent.pending);
  g_assert_false (sent.refresh_comes);
  g_assert_cmpuint (fake_chip_calls (f->fake, ENABLE_WITHOUT_REFRESH), ==, 1);
  g_assert_cmpuint (resets (f), ==, 0);
}

/* Nobody knows whether the chip has heard it. */
static void
test_lost (Fixture *f, gconstpointer fault)
{
  LpadSwitchSent sent;

  fake_chip_on (f->fake, ENABLE, fault);
  g_assert_true (send_enable (f, &sent));
  g_assert_true (sent.pending);
  g_assert_nonnull (sent.lost);
  g_clear_error (&sent.lost);
  g_assert_cmpuint (fake_chip_calls (f->fake, ENABLE), ==, 1);
}

static void
test_already (Fixture *f, gconstpointer unused)
{
  LpadSwitchSent sent;

  fake_chip_set_profile (f->fake, LPAD_PROFILE_ENABLED, NULL);
  fake_chip_on (f->fake, ENABLE, ENABLE "03800102");
  g_assert_true (send_enable (f, &sent));
  g_assert_false (sent.pending);
  assert_after (f, LPAD_PROFILE_ENABLED);
}

static void
test_refused (Fixture *f, gconstpointer unused)
{
  LpadSwitchSent sent;

  fake_chip_on (f->fake, ENABLE, ENABLE "03800103");
  g_assert_false (send_enable (f, &sent));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_POLICY_VIOLATION);
  g_assert_false (sent.pending);
  assert_after (f, LPAD_PROFILE_DISABLED);
}

static void
test_not_effective (Fixture *f, gconstpointer unused)
{
  g_assert_false (settle_enable (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_REFRESH_FAILED);
  assert_after (f, LPAD_PROFILE_DISABLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("send/accepted", test_accepted, NULL);
  ADD ("send/without-refresh", test_without_refresh, NULL);
  ADD ("send/lost/silent", test_lost, "! timeout");
  ADD ("send/lost/reset", test_lost, "! error");
  ADD ("send/already", test_already, NULL);
  ADD ("send/refused", test_refused, NULL);
  ADD ("send/not-effective", test_not_effective, NULL);
  return g_test_run ();
}
