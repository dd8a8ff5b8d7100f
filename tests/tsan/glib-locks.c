/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GLib's locks are futexes that ThreadSanitizer cannot see: every lock looks like a race. Linked into
 * programs that are built with it, these definitions take precedence over the library's and make the same
 * locks of pthreads. */
#include <glib.h>
#include <pthread.h>
#include <time.h>

static pthread_mutex_t *
mutex_of (GMutex *mutex)
{
  pthread_mutex_t *real = g_atomic_pointer_get (&mutex->p);

  if (real == NULL)
    {
      real = g_new (pthread_mutex_t, 1);
      pthread_mutex_init (real, NULL);
      if (!g_atomic_pointer_compare_and_exchange (&mutex->p, NULL, real))
        {
          pthread_mutex_destroy (real);
          g_free (real);
          real = g_atomic_pointer_get (&mutex->p);
        }
    }
  return real;
}

static pthread_cond_t *
cond_of (GCond *cond)
{
  pthread_cond_t *real = g_atomic_pointer_get (&cond->p);

  if (real == NULL)
    {
      pthread_condattr_t attributes;

      real = g_new (pthread_cond_t, 1);
      pthread_condattr_init (&attributes);
      pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
      pthread_cond_init (real, &attributes);
      pthread_condattr_destroy (&attributes);
      if (!g_atomic_pointer_compare_and_exchange (&cond->p, NULL, real))
        {
          pthread_cond_destroy (real);
          g_free (real);
          real = g_atomic_pointer_get (&cond->p);
        }
    }
  return real;
}

void
g_mutex_init (GMutex *mutex)
{
  mutex->p = NULL;
}

void
g_mutex_clear (GMutex *mutex)
{
  if (mutex->p != NULL)
    pthread_mutex_destroy (mutex->p);
  g_clear_pointer (&mutex->p, g_free);
}

void
g_mutex_lock (GMutex *mutex)
{
  pthread_mutex_lock (mutex_of (mutex));
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  return pthread_mutex_trylock (mutex_of (mutex)) == 0;
}

void
g_mutex_unlock (GMutex *mutex)
{
  pthread_mutex_unlock (mutex_of (mutex));
}

void
g_cond_init (GCond *cond)
{
  cond->p = NULL;
}

void
g_cond_clear (GCond *cond)
{
  if (cond->p != NULL)
    pthread_cond_destroy (cond->p);
  g_clear_pointer (&cond->p, g_free);
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  pthread_cond_wait (cond_of (cond), mutex_of (mutex));
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  const struct timespec end
      = { .tv_sec = end_time / G_USEC_PER_SEC, .tv_nsec = end_time % G_USEC_PER_SEC * 1000 };

  return pthread_cond_timedwait (cond_of (cond), mutex_of (mutex), &end) == 0;
}

void
g_cond_signal (GCond *cond)
{
  pthread_cond_signal (cond_of (cond));
}

void
g_cond_broadcast (GCond *cond)
{
  pthread_cond_broadcast (cond_of (cond));
}
