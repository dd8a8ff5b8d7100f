/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of PC/SC can be tested without a pcscd; the rest is in tests/integration/test_pcsc.py. */
#include "error-details.h"
#include "pcsc-error.h"
#include "pcsc-thread.h"
#include "pcsc.h"

#define LONG_TIME_MS 20000

static void
test_errors (void)
{
  const struct
  {
    LONG status;
    LpadError code;
    LpadRetry retry;
  } rows[] = {
    { SCARD_W_REMOVED_CARD, LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER },
    { SCARD_E_NO_SMARTCARD, LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER },
    { SCARD_E_NO_SERVICE, LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER },
    { SCARD_E_UNKNOWN_READER, LPAD_ERROR_NOT_FOUND, LPAD_RETRY_LATER },
    { SCARD_E_SHARING_VIOLATION, LPAD_ERROR_CARD_BUSY, LPAD_RETRY_LATER },
    { SCARD_W_SECURITY_VIOLATION, LPAD_ERROR_NOT_AUTHORIZED, LPAD_RETRY_USELESS },
    { SCARD_W_RESET_CARD, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_LATER },
    { SCARD_E_NOT_TRANSACTED, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW },
    { SCARD_F_COMM_ERROR, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW },
    { SCARD_E_NO_MEMORY, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_UNKNOWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      lpad_pcsc_set_error (&error, rows[i].status);
      g_assert_error (error, LPAD_ERROR, (int) rows[i].code);
      g_assert_cmpint (lpad_error_details (error)->retry, ==, rows[i].retry);
      lpad_pcsc_set_error (NULL, rows[i].status);
    }
}

/* A call that lasts until the gate opens */
typedef struct
{
  GMutex mutex;
  GCond cond;
  gboolean open;
  gboolean released;
  guint calls;
} Gate;

static void
gate_init (Gate *gate)
{
  *gate = (Gate){ .open = FALSE };
  g_mutex_init (&gate->mutex);
  g_cond_init (&gate->cond);
}

static void
gate_clear (Gate *gate)
{
  g_mutex_clear (&gate->mutex);
  g_cond_clear (&gate->cond);
}

static void
gate_set (Gate *gate, gboolean *flag)
{
  g_mutex_lock (&gate->mutex);
  *flag = TRUE;
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->mutex);
}

static void
gate_wait (Gate *gate, gboolean *flag)
{
  g_mutex_lock (&gate->mutex);
  while (!*flag)
    g_cond_wait (&gate->cond, &gate->mutex);
  g_mutex_unlock (&gate->mutex);
}

static void
count_call (gpointer data)
{
  ((Gate *) data)->calls++;
}

static void
hang_call (gpointer data)
{
  Gate *gate = data;

  gate_wait (gate, &gate->open);
}

static void
release_call (gpointer data)
{
  Gate *gate = data;

  gate_set (gate, &gate->released);
}

static void
test_thread_calls (void)
{
  Gate gate;
  gate_init (&gate);
  LpadPcscThread *thread = lpad_pcsc_thread_new (&gate, release_call);

  g_assert_true (lpad_pcsc_thread_run (thread, count_call, LONG_TIME_MS));
  g_assert_true (lpad_pcsc_thread_run (thread, count_call, LONG_TIME_MS));
  g_assert_cmpuint (gate.calls, ==, 2);
  lpad_pcsc_thread_free (thread, LONG_TIME_MS);
  gate_wait (&gate, &gate.released);
  gate_clear (&gate);
}

/* The caller goes on without the call; the thread cleans up when the call returns. */
static void
test_thread_deadline (void)
{
  Gate gate;
  gate_init (&gate);
  LpadPcscThread *thread = lpad_pcsc_thread_new (&gate, release_call);

  g_assert_false (lpad_pcsc_thread_run (thread, hang_call, 10));
  g_assert_false (lpad_pcsc_thread_run (thread, count_call, LONG_TIME_MS));
  lpad_pcsc_thread_free (thread, LONG_TIME_MS);
  gate_set (&gate, &gate.open);
  gate_wait (&gate, &gate.released);
  g_assert_cmpuint (gate.calls, ==, 0);
  gate_clear (&gate);
}

static void
test_connect_without_pcscd (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_card_pcsc_connect ("Nobody", LONG_TIME_MS, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
}

static void
test_connect_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (lpad_card_pcsc_connect ("Nobody", LONG_TIME_MS, cancellable, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
}

static void
test_monitor_without_pcscd (void)
{
  g_autoptr (LpadPcscMonitor) monitor = lpad_pcsc_monitor_new ();
  g_autoptr (GPtrArray) list = lpad_pcsc_monitor_wait (monitor);

  g_assert_nonnull (list);
  g_assert_cmpuint (list->len, ==, 0);
  lpad_pcsc_monitor_cancel (monitor);
  g_assert_null (lpad_pcsc_monitor_wait (monitor));
}

static gpointer
cancel_thread (gpointer monitor)
{
  lpad_pcsc_monitor_cancel (monitor);
  return NULL;
}

static void
test_monitor_cancelled_while_it_waits (void)
{
  g_autoptr (LpadPcscMonitor) monitor = lpad_pcsc_monitor_new ();
  g_autoptr (GPtrArray) list = lpad_pcsc_monitor_wait (monitor);
  GThread *thread = g_thread_new ("cancel", cancel_thread, monitor);

  g_assert_nonnull (list);
  g_assert_null (lpad_pcsc_monitor_wait (monitor));
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm", TRUE);
  g_test_add_func ("/pcsc/errors", test_errors);
  g_test_add_func ("/pcsc/thread/calls", test_thread_calls);
  g_test_add_func ("/pcsc/thread/deadline", test_thread_deadline);
  g_test_add_func ("/pcsc/connect/without-pcscd", test_connect_without_pcscd);
  g_test_add_func ("/pcsc/connect/cancelled", test_connect_cancelled);
  g_test_add_func ("/pcsc/monitor/without-pcscd", test_monitor_without_pcscd);
  g_test_add_func ("/pcsc/monitor/cancelled", test_monitor_cancelled_while_it_waits);
  return g_test_run ();
}
