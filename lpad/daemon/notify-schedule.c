/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notify-schedule.h"

#include "notify-op.h"

#define PAUSE     60 /* seconds between tries that lpad makes by itself */
#define TIMER_MAX (24 * 3600)

struct _LpadNotifySchedule
{
  LpadEuicc *euicc;
  LpadEuiccObjects *objects;
  guint timer;
  gint64 last; /* seconds since 1970: when lpad last tried by itself, 0: never */
};

static gint64
now_s (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static void
stop_timer (LpadNotifySchedule *schedule)
{
  if (schedule->timer != 0)
    g_source_remove (schedule->timer);
  schedule->timer = 0;
}

static gboolean
deliver (gpointer user_data)
{
  LpadNotifySchedule *schedule = user_data;
  g_autoptr (GError) error = NULL;

  schedule->timer = 0;
  if (lpad_euicc_core (schedule->euicc)->stopping || lpad_euicc_is_busy (schedule->euicc))
    return G_SOURCE_REMOVE; /* every operation delivers, and then comes back here */
  schedule->last = now_s ();
  if (lpad_notify_op_start (schedule->euicc, NULL, NULL, NULL, &error) == NULL)
    g_message ("Notifications could not be sent: %s", error->message);
  return G_SOURCE_REMOVE;
}

LpadNotifySchedule *
lpad_notify_schedule_new (LpadEuicc *euicc, LpadEuiccObjects *objects)
{
  LpadNotifySchedule *schedule = g_new0 (LpadNotifySchedule, 1);

  schedule->euicc = euicc;
  schedule->objects = objects;
  return schedule;
}

void
lpad_notify_schedule_free (LpadNotifySchedule *schedule)
{
  stop_timer (schedule);
  g_free (schedule);
}

void
lpad_notify_schedule_start (LpadNotifySchedule *schedule)
{
  stop_timer (schedule);
  if (lpad_euicc_inventory (schedule->euicc)->notifications->len > 0)
    schedule->timer = g_idle_add (deliver, schedule);
}

void
lpad_notify_schedule_update (LpadNotifySchedule *schedule)
{
  gint64 next, now = now_s ();

  stop_timer (schedule);
  if (!lpad_euicc_objects_next_attempt (schedule->objects, now, &next))
    return;
  if (schedule->last != 0)
    next = MAX (next, schedule->last + PAUSE);
  schedule->timer = g_timeout_add_seconds ((guint) CLAMP (next - now, 0, TIMER_MAX), deliver, schedule);
}
