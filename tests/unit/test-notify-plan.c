/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notify-plan.h"

#define NOW   G_GINT64_CONSTANT (1795455770)
#define NEVER G_MAXINT64

/* Tries have failed for one whose server was not reached, and for one whose server has refused: their time
 * comes in an hour. */
static const LpadAttempts silent = { .failures = 2, .next = NOW + 3600, .unreachable = TRUE };
static const LpadAttempts refusing = { .failures = 2, .next = NOW + 3600, .unreachable = FALSE };
static const LpadAttempts due = { .failures = 1, .next = NOW, .unreachable = FALSE };

/* The time of a recipient comes, but lpad does not try all the time. */
static void
test_time (void)
{
  LpadNotifyPlan plan = { 0 };

  g_assert_cmpint (lpad_notify_plan_delay (&plan, NOW + 100, FALSE, NOW), ==, 100);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, NOW - 100, FALSE, NOW), ==, 0);
  g_assert_true (lpad_notify_plan_is_due (&plan, &due, NOW));
  g_assert_false (lpad_notify_plan_is_due (&plan, &silent, NOW));
  lpad_notify_plan_tried (&plan, TRUE, NOW);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, NOW, TRUE, NOW + 1), ==, 59);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, NOW + 100, TRUE, NOW + 1), ==, 99);
}

/* What comes in the middle of a try which then fails is tried with at once, and once. */
static void
test_network_during_a_try (void)
{
  LpadNotifyPlan plan = { 0 };

  lpad_notify_plan_tried (&plan, TRUE, NOW);
  g_assert_cmpint (lpad_notify_plan_network_changed (&plan, NOW + 5), ==, 2);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, silent.next, TRUE, NOW + 6), ==, 1);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, silent.next, TRUE, NOW + 30), ==, 0);
  g_assert_true (lpad_notify_plan_is_due (&plan, &silent, NOW + 30));
  g_assert_false (lpad_notify_plan_is_due (&plan, &refusing, NOW + 30));
  lpad_notify_plan_tried (&plan, TRUE, NOW + 30);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, silent.next, TRUE, NOW + 31), ==, 3569);
}

/* Whom it does not help it does not hurry, not even later. */
static void
test_network_for_nobody (void)
{
  LpadNotifyPlan plan = { 0 };

  g_assert_cmpint (lpad_notify_plan_network_changed (&plan, NOW), ==, 2);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, refusing.next, FALSE, NOW + 1), ==, 3599);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, silent.next, TRUE, NOW + 2), ==, 3598);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, NEVER, FALSE, NOW), ==, NEVER - NOW);
}

/* Routes come one by one: the try is not put off for ever. */
static void
test_many_routes (void)
{
  LpadNotifyPlan plan = { 0 };

  g_assert_cmpint (lpad_notify_plan_network_changed (&plan, NOW), ==, 2);
  g_assert_cmpint (lpad_notify_plan_network_changed (&plan, NOW + 1), ==, -1);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, silent.next, TRUE, NOW + 2), ==, 0);
  lpad_notify_plan_tried (&plan, TRUE, NOW + 2);
  g_assert_cmpint (lpad_notify_plan_network_changed (&plan, NOW + 3), ==, 2);
}

/* A chip that has just been found: all, which a new network or a user's operation makes no fewer. */
static void
test_all (void)
{
  LpadNotifyPlan plan = { .next_try = LPAD_NOTIFY_TRY_ALL };

  lpad_notify_plan_hurry (&plan);
  g_assert_cmpint (lpad_notify_plan_network_changed (&plan, NOW), ==, -1);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, refusing.next, FALSE, NOW), ==, 0);
  g_assert_true (lpad_notify_plan_is_due (&plan, &refusing, NOW));
}

static void
test_hurry (void)
{
  LpadNotifyPlan plan = { .last = NOW };

  lpad_notify_plan_hurry (&plan);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, silent.next, TRUE, NOW + 1), ==, 0);
  g_assert_true (lpad_notify_plan_is_due (&plan, &silent, NOW + 1));
}

/* A try that was for nobody puts off nothing. */
static void
test_for_nobody (void)
{
  LpadNotifyPlan plan = { 0 };

  lpad_notify_plan_tried (&plan, FALSE, NOW);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, NOW + 5, FALSE, NOW), ==, 5);
}

/* A clock that was set back by a day makes nobody wait for a day. */
static void
test_clock (void)
{
  LpadNotifyPlan plan = { 0 };

  lpad_notify_plan_tried (&plan, TRUE, NOW);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, NOW - 86400, FALSE, NOW - 86400), ==, 60);
  g_assert_cmpint (lpad_notify_plan_network_changed (&plan, NOW), ==, 2);
  g_assert_cmpint (lpad_notify_plan_delay (&plan, silent.next, TRUE, NOW - 86400), ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notify-plan/time", test_time);
  g_test_add_func ("/notify-plan/network-during-a-try", test_network_during_a_try);
  g_test_add_func ("/notify-plan/network-for-nobody", test_network_for_nobody);
  g_test_add_func ("/notify-plan/many-routes", test_many_routes);
  g_test_add_func ("/notify-plan/all", test_all);
  g_test_add_func ("/notify-plan/hurry", test_hurry);
  g_test_add_func ("/notify-plan/for-nobody", test_for_nobody);
  g_test_add_func ("/notify-plan/clock", test_clock);
  return g_test_run ();
}
