/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "operation-progress.h"

static const LpadStage stages[]
    = { { "reading", 0.0, 0.2, TRUE }, { "writing", 0.2, 1.0, FALSE }, { NULL, 0, 0, FALSE } };

/* What the bus shows follows the stage and its part of the whole, and never goes back. */
static void
test_shown (void)
{
  g_autoptr (LpadBusOperation) bus = lpad_bus_operation_skeleton_new ();
  LpadOperationProgress progress = { 0 };

  lpad_operation_progress_init (&progress, bus, stages);
  g_assert_false (lpad_operation_progress_can_cancel (&progress));
  lpad_bus_operation_set_state (bus, "running");
  lpad_operation_progress_note (&progress, "writing", 50, 100);
  g_assert_cmpstr (lpad_bus_operation_get_stage (bus), ==, "writing");
  g_assert_cmpuint (lpad_bus_operation_get_bytes_done (bus), ==, 50);
  g_assert_cmpfloat_with_epsilon (lpad_bus_operation_get_progress (bus), 0.6, 0.001);
  g_assert_false (lpad_bus_operation_get_cancellable (bus));

  lpad_operation_progress_note (&progress, "reading", 0, 0);
  lpad_operation_progress_show (&progress);
  g_assert_cmpstr (lpad_bus_operation_get_stage (bus), ==, "reading");
  g_assert_cmpfloat_with_epsilon (lpad_bus_operation_get_progress (bus), 0.6, 0.001);
  g_assert_true (lpad_operation_progress_can_cancel (&progress));
  g_assert_true (lpad_bus_operation_get_cancellable (bus));
  lpad_operation_progress_stop (&progress);
}

/* A stage of another kind says nothing; more octets than there are make no more than the whole stage. */
static void
test_bounds (void)
{
  g_autoptr (LpadBusOperation) bus = lpad_bus_operation_skeleton_new ();
  LpadOperationProgress progress = { 0 };

  lpad_operation_progress_init (&progress, bus, stages);
  lpad_operation_progress_note (&progress, "flying", 1, 2);
  g_assert_null (progress.stage);
  lpad_bus_operation_set_state (bus, "waiting");
  lpad_operation_progress_note (&progress, "reading", 7, 5);
  lpad_operation_progress_show (&progress);
  g_assert_cmpfloat_with_epsilon (lpad_bus_operation_get_progress (bus), 0.2, 0.001);
  /* an operation that waits says itself whether it can be cancelled */
  g_assert_false (lpad_bus_operation_get_cancellable (bus));
  lpad_operation_progress_stop (&progress);
}

/* What comes soon after something was shown is shown a little later, and only the newest. */
static void
test_later (void)
{
  g_autoptr (LpadBusOperation) bus = lpad_bus_operation_skeleton_new ();
  LpadOperationProgress progress = { 0 };

  lpad_operation_progress_init (&progress, bus, stages);
  progress.shown = g_get_monotonic_time () + G_TIME_SPAN_MINUTE; /* however slow the machine is */
  lpad_operation_progress_note (&progress, "reading", 1, 4);
  lpad_operation_progress_note (&progress, "reading", 2, 4);
  g_assert_cmpuint (lpad_bus_operation_get_bytes_done (bus), ==, 0);
  g_assert_cmpuint (progress.timer, !=, 0);
  lpad_operation_progress_show (&progress);
  g_assert_cmpuint (progress.timer, ==, 0);
  g_assert_cmpuint (lpad_bus_operation_get_bytes_done (bus), ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/operation-progress/shown", test_shown);
  g_test_add_func ("/operation-progress/bounds", test_bounds);
  g_test_add_func ("/operation-progress/later", test_later);
  return g_test_run ();
}
