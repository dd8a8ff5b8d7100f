/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idle.h"

#include "names.h"

struct _LpadModemIdle
{
  guint timeout_s;
  LpadModemIdleIsBusy is_busy;
  LpadModemIdleReached reached;
  gpointer user_data;
  guint watch;
  guint timer;
};

static gboolean
on_timer (gpointer user_data)
{
  LpadModemIdle *idle = user_data;

  if (idle->is_busy (idle->user_data))
    return G_SOURCE_CONTINUE;
  idle->timer = 0;
  idle->reached (idle->user_data);
  return G_SOURCE_REMOVE;
}

static void
on_lpad_appeared (GDBusConnection *connection, const char *name, const char *owner, gpointer user_data)
{
  LpadModemIdle *idle = user_data;

  g_clear_handle_id (&idle->timer, g_source_remove);
}

static void
on_lpad_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
  LpadModemIdle *idle = user_data;

  if (idle->timer == 0)
    idle->timer = g_timeout_add_seconds (idle->timeout_s, on_timer, idle);
}

LpadModemIdle *
lpad_modem_idle_new (GDBusConnection *connection,
                     guint timeout_s,
                     LpadModemIdleIsBusy is_busy,
                     LpadModemIdleReached reached,
                     gpointer user_data)
{
  LpadModemIdle *idle = g_new0 (LpadModemIdle, 1);

  idle->timeout_s = timeout_s;
  idle->is_busy = is_busy;
  idle->reached = reached;
  idle->user_data = user_data;
  idle->watch = g_bus_watch_name_on_connection (connection,
                                                LPAD_BUS_NAME,
                                                G_BUS_NAME_WATCHER_FLAGS_NONE,
                                                on_lpad_appeared,
                                                on_lpad_vanished,
                                                idle,
                                                NULL);
  return idle;
}

void
lpad_modem_idle_free (LpadModemIdle *idle)
{
  g_bus_unwatch_name (idle->watch);
  g_clear_handle_id (&idle->timer, g_source_remove);
  g_free (idle);
}
