/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wait.h"

#include "error-details.h"

static void
test_time_passes (void)
{
  g_autoptr (GError) error = NULL;
  gint64 begin = g_get_monotonic_time ();

  g_assert_true (lpad_wait (20, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 20 * 1000);
}

static void
test_no_time (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (lpad_wait (0, cancellable, &error));
  g_assert_no_error (error);
}

static void
test_cancelled_before (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_false (lpad_wait (G_MAXINT, cancellable, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
}

static gpointer
cancel_thread (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* If the cancellation did not end it, this would last for weeks. */
static void
test_cancelled_meanwhile (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_thread, cancellable);

  g_assert_false (lpad_wait (G_MAXINT, cancellable, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/wait/time-passes", test_time_passes);
  g_test_add_func ("/wait/no-time", test_no_time);
  g_test_add_func ("/wait/cancelled-before", test_cancelled_before);
  g_test_add_func ("/wait/cancelled-meanwhile", test_cancelled_meanwhile);
  return g_test_run ();
}
