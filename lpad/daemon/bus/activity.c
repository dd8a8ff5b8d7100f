/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "activity.h"

struct _LpadActivity
{
  guint timeout_s;
  GSourceOnceFunc idle;
  gpointer user_data;
  guint reasons;
  guint timer;
};

static gboolean
on_timeout (gpointer user_data)
{
  LpadActivity *activity = user_data;

  activity->timer = 0;
  activity->idle (activity->user_data);
  return G_SOURCE_REMOVE;
}

static void
stop_timer (LpadActivity *activity)
{
  if (activity->timer != 0)
    g_source_remove (activity->timer);
  activity->timer = 0;
}

LpadActivity *
lpad_activity_new (guint timeout_s, GSourceOnceFunc idle, gpointer user_data)
{
  LpadActivity *activity = g_new0 (LpadActivity, 1);

  activity->timeout_s = timeout_s;
  activity->idle = idle;
  activity->user_data = user_data;
  lpad_activity_touch (activity);
  return activity;
}

void
lpad_activity_free (LpadActivity *activity)
{
  if (activity == NULL)
    return;
  stop_timer (activity);
  g_free (activity);
}

void
lpad_activity_hold (LpadActivity *activity)
{
  activity->reasons++;
  stop_timer (activity);
}

void
lpad_activity_release (LpadActivity *activity)
{
  g_return_if_fail (activity->reasons > 0);

  activity->reasons--;
  lpad_activity_touch (activity);
}

void
lpad_activity_touch (LpadActivity *activity)
{
  stop_timer (activity);
  if (activity->reasons == 0 && activity->timeout_s > 0)
    activity->timer = g_timeout_add_seconds (activity->timeout_s, on_timeout, activity);
}

gboolean
lpad_activity_is_idle (LpadActivity *activity)
{
  return activity->reasons == 0;
}
