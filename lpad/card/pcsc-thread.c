/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pcsc-thread.h"

struct _LpadPcscThread
{
  gint references; /* the caller's and the thread's; atomic */
  GMutex mutex;
  GCond cond;
  gpointer state;
  LpadPcscCall release;
  LpadPcscCall call; /* to be made or under way, NULL: none */
  gboolean dead;     /* a call took too long */
  gboolean quit;
  gboolean ended;
};

static void
unref (LpadPcscThread *self)
{
  if (!g_atomic_int_dec_and_test (&self->references))
    return;
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

/* Waits, with the mutex held, until the call is done (or, with @ended, the thread). */
static gboolean
wait_until_idle (LpadPcscThread *self, gboolean ended, guint timeout_ms)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) timeout_ms * G_TIME_SPAN_MILLISECOND;

  while (ended ? !self->ended : self->call != NULL)
    if (!g_cond_wait_until (&self->cond, &self->mutex, deadline))
      return ended ? self->ended : self->call == NULL;
  return TRUE;
}

static gpointer
thread_main (gpointer data)
{
  LpadPcscThread *self = data;

  g_mutex_lock (&self->mutex);
  while (self->call != NULL || !self->quit)
    {
      LpadPcscCall call = self->call;

      if (call == NULL)
        {
          g_cond_wait (&self->cond, &self->mutex);
          continue;
        }
      g_mutex_unlock (&self->mutex);
      call (self->state);
      g_mutex_lock (&self->mutex);
      self->call = NULL;
      g_cond_broadcast (&self->cond);
    }
  g_mutex_unlock (&self->mutex);

  self->release (self->state);

  g_mutex_lock (&self->mutex);
  self->ended = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
  unref (self);
  return NULL;
}

LpadPcscThread *
lpad_pcsc_thread_new (gpointer state, LpadPcscCall release)
{
  LpadPcscThread *self = g_new0 (LpadPcscThread, 1);

  self->references = 2;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->state = state;
  self->release = release;

  g_thread_unref (g_thread_new ("pcsc", thread_main, self));
  return self;
}

gboolean
lpad_pcsc_thread_run (LpadPcscThread *self, LpadPcscCall call, guint timeout_ms)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  if (self->dead)
    return FALSE;
  self->call = call;
  g_cond_broadcast (&self->cond);
  self->dead = !wait_until_idle (self, FALSE, timeout_ms);
  return !self->dead;
}

void
lpad_pcsc_thread_free (LpadPcscThread *self, guint timeout_ms)
{
  if (self == NULL)
    return;

  g_mutex_lock (&self->mutex);
  self->quit = TRUE;
  g_cond_broadcast (&self->cond);
  if (!self->dead && !wait_until_idle (self, TRUE, timeout_ms))
    g_debug ("a call to the PC/SC service does not return; its thread is left behind");
  g_mutex_unlock (&self->mutex);
  unref (self);
}
