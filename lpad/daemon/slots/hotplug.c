/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hotplug.h"

#include <pthread.h>
#include <time.h>

/* Both threads hold a reference. The lock is a POSIX one for the reason that worker.c gives. */
struct _LpadHotplug
{
  LpadHotplugFunc func; /* of the main thread */
  gpointer user_data;
  GThread *thread;
  guint references; /* behind @lock, as all that follows */

  pthread_mutex_t lock;
  pthread_cond_t ended_cond;
  LpadPcscMonitor *monitor; /* while the thread runs */
  GPtrArray *news;          /* NULL: nothing new */
  guint source;             /* that brings the news, 0: none */
  gboolean stopped;
  gboolean ended;
};

static void
release (LpadHotplug *hotplug)
{
  gboolean last;

  pthread_mutex_lock (&hotplug->lock);
  last = --hotplug->references == 0;
  pthread_mutex_unlock (&hotplug->lock);
  if (!last)
    return;
  g_clear_pointer (&hotplug->news, g_ptr_array_unref);
  pthread_cond_destroy (&hotplug->ended_cond);
  pthread_mutex_destroy (&hotplug->lock);
  g_free (hotplug);
}

/* Main thread */
static gboolean
dispatch (gpointer user_data)
{
  LpadHotplug *hotplug = user_data;
  g_autoptr (GPtrArray) news = NULL;

  pthread_mutex_lock (&hotplug->lock);
  hotplug->source = 0;
  news = g_steal_pointer (&hotplug->news);
  pthread_mutex_unlock (&hotplug->lock);
  if (news != NULL)
    hotplug->func (news, hotplug->user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
put_news (LpadHotplug *hotplug, GPtrArray *readers)
{
  gboolean stopped;

  pthread_mutex_lock (&hotplug->lock);
  stopped = hotplug->stopped;
  if (!stopped)
    {
      g_clear_pointer (&hotplug->news, g_ptr_array_unref);
      hotplug->news = readers;
      if (hotplug->source == 0)
        hotplug->source = g_idle_add_full (G_PRIORITY_DEFAULT, dispatch, hotplug, NULL);
    }
  pthread_mutex_unlock (&hotplug->lock);
  if (stopped)
    g_ptr_array_unref (readers);
  return !stopped;
}

static gpointer
hotplug_thread (gpointer user_data)
{
  LpadHotplug *hotplug = user_data;
  LpadPcscMonitor *monitor = lpad_pcsc_monitor_new ();
  gboolean stopped;
  GPtrArray *readers;

  pthread_mutex_lock (&hotplug->lock);
  hotplug->monitor = monitor;
  stopped = hotplug->stopped;
  pthread_mutex_unlock (&hotplug->lock);

  while (!stopped && (readers = lpad_pcsc_monitor_wait (monitor)) != NULL)
    stopped = !put_news (hotplug, readers);

  pthread_mutex_lock (&hotplug->lock);
  hotplug->monitor = NULL;
  pthread_mutex_unlock (&hotplug->lock);
  lpad_pcsc_monitor_free (monitor);

  pthread_mutex_lock (&hotplug->lock);
  hotplug->ended = TRUE;
  pthread_cond_signal (&hotplug->ended_cond);
  pthread_mutex_unlock (&hotplug->lock);
  release (hotplug);
  return NULL;
}

LpadHotplug *
lpad_hotplug_start (LpadHotplugFunc func, gpointer user_data)
{
  LpadHotplug *hotplug = g_new0 (LpadHotplug, 1);

  hotplug->func = func;
  hotplug->user_data = user_data;
  hotplug->references = 2;
  pthread_mutex_init (&hotplug->lock, NULL);
  pthread_cond_init (&hotplug->ended_cond, NULL);
  hotplug->thread = g_thread_new ("lpad-hotplug", hotplug_thread, hotplug);
  return hotplug;
}

void
lpad_hotplug_stop (LpadHotplug *hotplug, guint timeout_ms)
{
  GThread *thread = hotplug->thread;
  struct timespec deadline;
  gboolean ended;
  int status = 0;

  clock_gettime (CLOCK_REALTIME, &deadline);
  deadline.tv_sec += timeout_ms / 1000;
  deadline.tv_nsec += (long) (timeout_ms % 1000) * 1000000;
  if (deadline.tv_nsec >= 1000000000)
    {
      deadline.tv_sec++;
      deadline.tv_nsec -= 1000000000;
    }

  pthread_mutex_lock (&hotplug->lock);
  hotplug->stopped = TRUE;
  if (hotplug->source != 0)
    g_source_remove (hotplug->source);
  hotplug->source = 0;
  if (hotplug->monitor != NULL)
    lpad_pcsc_monitor_cancel (hotplug->monitor);
  while (!hotplug->ended && status == 0)
    status = pthread_cond_timedwait (&hotplug->ended_cond, &hotplug->lock, &deadline);
  ended = hotplug->ended;
  pthread_mutex_unlock (&hotplug->lock);

  release (hotplug);
  if (ended)
    g_thread_join (thread);
  else
    g_thread_unref (thread);
}
