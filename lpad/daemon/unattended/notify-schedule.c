/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notify-schedule.h"

#include "notification-object.h"
#include "notify-op.h"
#include "notify-plan.h"

#define TIMER_MAX (24 * 3600)
#define STAY_TIME 600 /* seconds: lpad does not end while a try is due so soon */

struct _LpadNotifySchedule
{
  LpadEuicc *euicc;
  guint timer;
  gboolean stays; /* lpad is held */
  LpadNotifyPlan plan;
  gulong network_handler;
};

/* What is known of the first notification that waits for a recipient: its later ones wait for it. */
typedef struct
{
  guint64 sequence_number;
  const char *address; /* NULL: none that could be contacted */
  LpadAttempts attempts;
} Recipient;

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

static LpadStore *
store_of (LpadNotifySchedule *schedule)
{
  return lpad_euicc_core (schedule->euicc)->store;
}

/* "HOST:PORT" -> Recipient, for all that wait. Who has no address is a recipient by itself. */
static GHashTable *
find_recipients (LpadNotifySchedule *schedule)
{
  const LpadInventory *inventory = lpad_euicc_inventory (schedule->euicc);
  GHashTable *recipients = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; i < inventory->notifications->len; i++)
    {
      const LpadNotificationInfo *info = g_ptr_array_index (inventory->notifications, i);
      g_autofree char *name = lpad_notification_object_recipient (info);
      Recipient *recipient;

      if (g_hash_table_contains (recipients, name))
        continue;
      recipient = g_new0 (Recipient, 1);
      recipient->sequence_number = info->sequence_number;
      recipient->address = info->address;
      recipient->attempts
          = lpad_store_get_attempts (store_of (schedule), inventory->eid, info->sequence_number, now_s ());
      g_hash_table_insert (recipients, g_steal_pointer (&name), recipient);
    }
  return recipients;
}

/* The sequence numbers of all that waits for a recipient whose time has come. */
static GArray *
list_due (LpadNotifySchedule *schedule, GHashTable *recipients)
{
  const LpadInventory *inventory = lpad_euicc_inventory (schedule->euicc);
  GArray *due = g_array_new (FALSE, FALSE, sizeof (guint64));

  for (guint i = 0; i < inventory->notifications->len; i++)
    {
      const LpadNotificationInfo *info = g_ptr_array_index (inventory->notifications, i);
      g_autofree char *name = lpad_notification_object_recipient (info);
      const Recipient *recipient = g_hash_table_lookup (recipients, name);

      if (lpad_notify_plan_is_due (&schedule->plan, &recipient->attempts, now_s ()))
        g_array_append_val (due, info->sequence_number);
    }
  return due;
}

/* The addresses of those that could not be reached: what the worker of a chip that has just been found cannot
 * know. */
static GPtrArray *
list_silent (GHashTable *recipients)
{
  GPtrArray *silent = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, recipients);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Recipient *recipient = value;

      if (recipient->address != NULL && recipient->attempts.unreachable)
        g_ptr_array_add (silent, g_strdup (recipient->address));
    }
  return silent;
}

static gboolean
deliver (gpointer user_data)
{
  LpadNotifySchedule *schedule = user_data;
  g_autoptr (GHashTable) recipients = NULL;
  g_autoptr (GArray) due = NULL;
  g_autoptr (GError) error = NULL;

  schedule->timer = 0;
  if (lpad_euicc_core (schedule->euicc)->stopping || lpad_euicc_is_busy (schedule->euicc))
    return G_SOURCE_REMOVE; /* every operation delivers, and then comes back here */
  recipients = find_recipients (schedule);
  due = list_due (schedule, recipients);
  lpad_notify_plan_tried (&schedule->plan, due->len > 0, now_s ());
  if (due->len > 0
      && lpad_notify_op_start_own (schedule->euicc, due, list_silent (recipients), &error) == NULL)
    g_message ("Notifications could not be sent: %s", error->message);
  else if (due->len == 0)
    lpad_notify_schedule_update (schedule);
  return G_SOURCE_REMOVE;
}

static void
on_network_changed (GNetworkMonitor *monitor, gboolean available, gpointer user_data)
{
  LpadNotifySchedule *schedule = user_data;
  gint64 delay = available ? lpad_notify_plan_network_changed (&schedule->plan, now_s ()) : -1;

  if (delay < 0 || lpad_euicc_is_busy (schedule->euicc))
    return; /* lpad_notify_schedule_update() comes when what is under way has ended */
  stop_timer (schedule);
  schedule->timer = g_timeout_add_seconds ((guint) delay, deliver, schedule);
}

/* Listens to the network while a change of it would matter. */
static void
watch_network (LpadNotifySchedule *schedule, gboolean watch)
{
  if (watch && schedule->network_handler == 0)
    schedule->network_handler = g_signal_connect (
        g_network_monitor_get_default (), "network-changed", G_CALLBACK (on_network_changed), schedule);
  else if (!watch && schedule->network_handler != 0)
    g_clear_signal_handler (&schedule->network_handler, g_network_monitor_get_default ());
}

static void
stay (LpadNotifySchedule *schedule, gboolean stays)
{
  LpadActivity *activity = lpad_euicc_core (schedule->euicc)->activity;

  if (stays && !schedule->stays)
    lpad_activity_hold (activity);
  else if (!stays && schedule->stays)
    lpad_activity_release (activity);
  schedule->stays = stays;
}

LpadNotifySchedule *
lpad_notify_schedule_new (LpadEuicc *euicc)
{
  LpadNotifySchedule *schedule = g_new0 (LpadNotifySchedule, 1);

  schedule->euicc = euicc;
  return schedule;
}

void
lpad_notify_schedule_free (LpadNotifySchedule *schedule)
{
  stop_timer (schedule);
  watch_network (schedule, FALSE);
  stay (schedule, FALSE);
  g_free (schedule);
}

void
lpad_notify_schedule_start (LpadNotifySchedule *schedule)
{
  stop_timer (schedule);
  if (lpad_euicc_inventory (schedule->euicc)->notifications->len == 0)
    return;
  schedule->plan.next_try = LPAD_NOTIFY_TRY_ALL;
  schedule->timer = g_idle_add (deliver, schedule);
}

void
lpad_notify_schedule_hurry (LpadNotifySchedule *schedule)
{
  lpad_notify_plan_hurry (&schedule->plan);
}

void
lpad_notify_schedule_attend (LpadNotifySchedule *schedule)
{
  watch_network (schedule, TRUE);
}

void
lpad_notify_schedule_update (LpadNotifySchedule *schedule)
{
  g_autoptr (GHashTable) recipients = find_recipients (schedule);
  gint64 now = now_s (), earliest = G_MAXINT64, delay;
  gboolean unreachable = FALSE;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, recipients);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Recipient *recipient = value;

      earliest = MIN (earliest, recipient->attempts.next);
      unreachable = unreachable || recipient->attempts.unreachable;
    }
  delay = lpad_notify_plan_delay (&schedule->plan, earliest, unreachable, now);

  stop_timer (schedule);
  watch_network (schedule, unreachable);
  stay (schedule, g_hash_table_size (recipients) > 0 && delay <= STAY_TIME);
  if (g_hash_table_size (recipients) > 0)
    schedule->timer = g_timeout_add_seconds ((guint) MIN (delay, TIMER_MAX), deliver, schedule);
}
