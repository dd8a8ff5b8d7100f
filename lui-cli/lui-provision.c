/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-provision.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

/* A row of the plan in this run. */
typedef struct
{
  LuiProvision *provision;
  guint index;
  char *tried; /* path of the chip that it was tried on last: the same chip is not tried twice in a run */
  gboolean resumed; /* an earlier run has begun it and does not know its end */
  gboolean running;
  LpadBusOperation *operation; /* NULL: being started */
} Task;

struct _LuiProvision
{
  LuiSession *session;
  LpadBusManager *manager;
  GPtrArray *plan;
  LuiReport *report;
  guint jobs;
  gboolean wait;
  LuiProvisionFunc func;
  gpointer func_data;

  Task *tasks; /* as many as the plan has rows */
  guint running;
  guint step_source;
  gboolean interrupted;
  GError *error; /* why nothing new begins */
  GMainLoop *loop;
};

static void schedule_step (LuiProvision *provision);
static void follow (Task *task, const char *path);

static const LuiPlanRow *
plan_row (const Task *task)
{
  return task->provision->plan->pdata[task->index];
}

static LuiReportRow *
report_row (const Task *task)
{
  return lui_report_row (task->provision->report, task->index);
}

static void
stop_with (LuiProvision *provision, GError *error)
{
  if (provision->error == NULL)
    provision->error = error;
  else
    g_error_free (error);
}

static void
changed (Task *task)
{
  LuiProvision *provision = task->provision;

  if (provision->func != NULL)
    provision->func (provision, task->index, task->operation, provision->func_data);
}

static void
save (Task *task)
{
  GError *error = NULL;

  if (!lui_report_save (task->provision->report, &error))
    stop_with (task->provision, error);
  changed (task);
}

static void
set_now (char **field)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *text = g_date_time_format_iso8601 (now);

  lui_report_set (field, text);
}

static void
end_task (Task *task, LuiReportStatus status)
{
  LuiReportRow *row = report_row (task);

  row->status = status;
  set_now (&row->finished);
  if (task->operation != NULL)
    g_signal_handlers_disconnect_by_data (task->operation, task);
  g_clear_object (&task->operation);
  task->running = FALSE;
  task->provision->running--;
  save (task);
  schedule_step (task->provision);
}

static void
fail_task (Task *task, const char *name, const char *message, const char *order, const char *retry)
{
  LuiReportRow *row = report_row (task);

  lui_report_set (&row->error, name);
  lui_report_set (&row->message, message);
  lui_report_set (&row->order, order);
  lui_report_set (&row->retry, retry);
  end_task (task, LUI_REPORT_FAILED);
}

static void
succeed_task (Task *task, const char *iccid, const char *message)
{
  LuiReportRow *row = report_row (task);

  lui_report_set (&row->iccid, iccid);
  lui_report_set (&row->error, NULL);
  lui_report_set (&row->message, message);
  lui_report_set (&row->order, "ended");
  lui_report_set (&row->retry, NULL);
  end_task (task, LUI_REPORT_DONE);
}

static gboolean
is_error (const char *name, const char *error)
{
  return g_str_has_prefix (name, LPAD_BUS_ERROR_PREFIX)
         && g_str_equal (name + strlen (LPAD_BUS_ERROR_PREFIX), error);
}

static void
on_enable (GObject *source, GAsyncResult *async, gpointer user_data)
{
  Task *task = user_data;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  if (lpad_bus_profile_call_enable_finish (LPAD_BUS_PROFILE (source), &path, async, &error))
    {
      follow (task, path);
      return;
    }
  g_dbus_error_strip_remote_error (error);
  fail_task (task, LPAD_BUS_ERROR_PREFIX "Failed", error->message, "unknown", "later");
}

static LpadBusProfile *
find_profile (Task *task, const char *iccid)
{
  g_autoptr (GDBusInterface) euicc = g_dbus_object_manager_get_interface (
      task->provision->session->manager, task->tried, "org.lpad.Lpad1.Euicc");
  g_autoptr (GPtrArray) profiles = NULL;

  if (euicc == NULL)
    return NULL;
  profiles = lui_session_profiles (task->provision->session, LPAD_BUS_EUICC (euicc));
  for (guint i = 0; i < profiles->len; i++)
    {
      if (g_strcmp0 (lpad_bus_profile_get_iccid (profiles->pdata[i]), iccid) == 0)
        return g_object_ref (profiles->pdata[i]);
    }
  return NULL;
}

/* A profile that is there because an earlier run has brought it is what was wanted; perhaps it is not in use
 * yet. */
static void
take_installed (Task *task, const char *iccid)
{
  g_autoptr (LpadBusProfile) profile = plan_row (task)->enable ? find_profile (task, iccid) : NULL;

  lui_report_set (&report_row (task)->iccid, iccid);
  task->resumed = FALSE;
  if (profile == NULL || g_strcmp0 (lpad_bus_profile_get_state (profile), "enabled") == 0)
    {
      succeed_task (task, iccid, "It was installed by a run that was interrupted.");
      return;
    }
  if (task->operation != NULL)
    g_signal_handlers_disconnect_by_data (task->operation, task);
  g_clear_object (&task->operation);
  lpad_bus_profile_call_enable (profile,
                                lui_empty_options (),
                                lui_call_flags (task->provision->session),
                                LUI_CALL_TIMEOUT_MSEC,
                                NULL,
                                on_enable,
                                task);
}

static void
conclude (Task *task, GVariant *result)
{
  const char *name = "", *message = "", *order = "", *retry = "", *iccid = "";

  g_variant_lookup (result, "error", "&s", &name);
  g_variant_lookup (result, "message", "&s", &message);
  g_variant_lookup (result, "order", "&s", &order);
  g_variant_lookup (result, "retry", "&s", &retry);
  g_variant_lookup (result, "iccid", "&s", &iccid);
  if (*name == '\0')
    {
      succeed_task (task, iccid, NULL);
      return;
    }
  if (is_error (name, "ProfileExists") && task->resumed && *iccid != '\0')
    {
      take_installed (task, iccid);
      return;
    }
  if (*iccid != '\0')
    lui_report_set (&report_row (task)->iccid, iccid);
  fail_task (task, name, message, order, retry);
}

static void
on_operation_changed (GDBusProxy *proxy,
                      GVariant *changed_properties,
                      const char *const *invalidated,
                      gpointer user_data)
{
  Task *task = user_data;
  g_autoptr (GVariant) result = NULL;

  if (g_strcmp0 (lpad_bus_operation_get_state (task->operation), "finished") != 0)
    {
      changed (task);
      return;
    }
  result = lpad_bus_operation_dup_result (task->operation);
  conclude (task, result);
}

static void
cancel (Task *task)
{
  if (task->operation != NULL && lpad_bus_operation_get_cancellable (task->operation))
    lpad_bus_operation_call_cancel (task->operation,
                                    lui_empty_options (),
                                    G_DBUS_CALL_FLAGS_NONE,
                                    LUI_CALL_TIMEOUT_MSEC,
                                    NULL,
                                    NULL,
                                    NULL);
}

static void
on_operation_proxy (GObject *source, GAsyncResult *async, gpointer user_data)
{
  Task *task = user_data;
  GError *error = NULL;

  task->operation = lpad_bus_operation_proxy_new_finish (async, &error);
  if (task->operation == NULL)
    {
      stop_with (task->provision, error);
      schedule_step (task->provision);
      return;
    }
  g_signal_connect (task->operation, "g-properties-changed", G_CALLBACK (on_operation_changed), task);
  on_operation_changed (G_DBUS_PROXY (task->operation), NULL, NULL, task);
  if (task->running && task->provision->interrupted)
    cancel (task);
}

static void
follow (Task *task, const char *path)
{
  lpad_bus_operation_proxy_new (task->provision->session->connection,
                                G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START,
                                LPAD_BUS_NAME,
                                path,
                                NULL,
                                on_operation_proxy,
                                task);
}

/* Who may not consent for others cannot do the next row either. */
static void
refuse (Task *task, GError *error)
{
  LuiReportRow *row = report_row (task);

  row->status = LUI_REPORT_WAITING;
  task->running = FALSE;
  task->provision->running--;
  stop_with (task->provision, error);
  save (task);
  schedule_step (task->provision);
}

static void
on_download (GObject *source, GAsyncResult *async, gpointer user_data)
{
  Task *task = user_data;
  g_autofree char *path = NULL;
  g_autofree char *name = NULL;
  GError *error = NULL;

  if (lpad_bus_euicc_call_download_finish (LPAD_BUS_EUICC (source), &path, async, &error))
    {
      follow (task, path);
      return;
    }
  name = g_dbus_error_get_remote_error (error);
  if (name == NULL || !g_str_has_prefix (name, LPAD_BUS_ERROR_PREFIX) || is_error (name, "NotAuthorized"))
    {
      refuse (task, error);
      return;
    }
  g_dbus_error_strip_remote_error (error);
  fail_task (task, name, error->message, "usable", is_error (name, "Busy") ? "now" : "useless");
  g_error_free (error);
}

static char *
iccids_of (LuiProvision *provision, LpadBusEuicc *euicc)
{
  g_autoptr (GPtrArray) profiles = lui_session_profiles (provision->session, euicc);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < profiles->len; i++)
    g_string_append_printf (
        text, "%s%s", i == 0 ? "" : " ", lui_or (lpad_bus_profile_get_iccid (profiles->pdata[i]), ""));
  return g_string_free (text, FALSE);
}

/* The one profile that has come since the row was begun: NULL when there is none, or more than one. */
static char *
new_iccid (const LuiReportRow *row, const char *now)
{
  g_auto (GStrv) before = g_strsplit (row->before, " ", -1);
  g_auto (GStrv) after = g_strsplit (now, " ", -1);
  const char *found = NULL;

  for (guint i = 0; after[i] != NULL; i++)
    {
      if (*after[i] == '\0' || g_strv_contains ((const char *const *) before, after[i]))
        continue;
      if (found != NULL)
        return NULL;
      found = after[i];
    }
  return g_strdup (found);
}

static void
call_download (Task *task, LpadBusEuicc *euicc)
{
  lpad_bus_euicc_call_download (euicc,
                                lui_plan_row_options (plan_row (task)),
                                lui_call_flags (task->provision->session),
                                LUI_CALL_TIMEOUT_MSEC,
                                NULL,
                                on_download,
                                task);
}

static void
start_task (Task *task, LpadBusEuicc *euicc)
{
  LuiReportRow *row = report_row (task);
  g_autofree char *now = iccids_of (task->provision, euicc);
  g_autofree char *found = NULL;

  g_free (task->tried);
  task->tried = g_strdup (g_dbus_proxy_get_object_path (G_DBUS_PROXY (euicc)));
  task->resumed = row->status == LUI_REPORT_RUNNING
                  || (row->status == LUI_REPORT_FAILED && g_str_equal (row->order, "unknown"));
  task->running = TRUE;
  task->provision->running++;
  if (task->resumed)
    found = new_iccid (row, now);
  else
    {
      lui_report_set (&row->before, now);
      set_now (&row->started);
    }
  row->status = LUI_REPORT_RUNNING;
  lui_report_set (&row->eid, lpad_bus_euicc_get_eid (euicc));
  lui_report_set (&row->reader, lpad_bus_euicc_get_device (euicc));
  if (found != NULL)
    {
      take_installed (task, found);
      return;
    }
  row->attempts++;
  save (task); /* before anything happens: the next run must know that something may have */
  if (task->provision->error == NULL)
    call_download (task, euicc);
  else
    refuse (task, g_error_copy (task->provision->error));
}

/* Whether the chip has its profile of this plan already, or gets it now. A chip that was found by its reader
 * is named in the report. */
static gboolean
is_taken (LuiProvision *provision, const char *eid, const char *path)
{
  for (guint i = 0; i < provision->plan->len; i++)
    {
      const LuiReportRow *row = lui_report_row (provision->report, i);
      const Task *task = &provision->tasks[i];

      if (task->running && g_strcmp0 (task->tried, path) == 0)
        return TRUE;
      if (plan_row (task)->eid == NULL && row->status == LUI_REPORT_DONE && g_strcmp0 (row->eid, eid) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
may_start (Task *task, const char *eid, const char *device, const char *path)
{
  const LuiReportRow *row = report_row (task);

  if (task->running || !lui_report_may_run (row) || g_strcmp0 (task->tried, path) == 0)
    return FALSE;
  /* What was begun on a chip is for that chip, whatever the plan says of readers. */
  if (row->attempts > 0 && *row->eid != '\0')
    return g_strcmp0 (row->eid, eid) == 0;
  return lui_plan_row_fits (plan_row (task), eid, device);
}

static Task *
find_task (LuiProvision *provision, LpadBusEuicc *euicc)
{
  const char *eid = lpad_bus_euicc_get_eid (euicc);
  const char *device = lpad_bus_euicc_get_device (euicc);
  const char *path = g_dbus_proxy_get_object_path (G_DBUS_PROXY (euicc));

  if (eid == NULL || *eid == '\0' || is_taken (provision, eid, path))
    return NULL;
  for (guint i = 0; i < provision->plan->len; i++)
    {
      if (may_start (&provision->tasks[i], eid, device, path))
        return &provision->tasks[i];
    }
  return NULL;
}

/* Starts what can be started. Returns: whether a chip that has something to get is busy with something else
 */
static gboolean
start_tasks (LuiProvision *provision)
{
  g_autoptr (GPtrArray) euiccs = lui_session_known_euiccs (provision->session, NULL);
  gboolean busy = FALSE;

  for (guint i = 0; euiccs != NULL && i < euiccs->len && provision->error == NULL; i++)
    {
      const char *state = lui_or (lpad_bus_euicc_get_state (euiccs->pdata[i]), "");
      Task *task = find_task (provision, euiccs->pdata[i]);

      if (task == NULL || g_str_equal (state, "failed"))
        continue;
      if (!g_str_equal (state, "ready") || (provision->jobs > 0 && provision->running >= provision->jobs))
        busy = TRUE;
      else
        start_task (task, euiccs->pdata[i]);
    }
  return busy;
}

static gboolean
is_complete (LuiProvision *provision)
{
  for (guint i = 0; i < provision->plan->len; i++)
    {
      const Task *task = &provision->tasks[i];

      if (task->running
          || (lui_report_may_run (report_row (task)) && (task->tried == NULL || provision->wait)))
        return FALSE;
    }
  return TRUE;
}

static gboolean
step (gpointer user_data)
{
  LuiProvision *provision = user_data;
  gboolean busy = FALSE;

  provision->step_source = 0;
  if (!provision->interrupted && provision->error == NULL)
    busy = start_tasks (provision);
  if (provision->step_source != 0)
    return G_SOURCE_REMOVE; /* something has ended at once */
  if (provision->running > 0 && (provision->error == NULL || provision->error->domain != G_DBUS_ERROR))
    return G_SOURCE_REMOVE;
  if (provision->interrupted || provision->error != NULL || is_complete (provision)
      || (!provision->wait && !busy && !lui_is_reading (provision->manager)))
    g_main_loop_quit (provision->loop);
  return G_SOURCE_REMOVE;
}

static void
schedule_step (LuiProvision *provision)
{
  if (provision->step_source == 0)
    provision->step_source = g_idle_add (step, provision);
}

static void
on_something (LuiProvision *provision)
{
  schedule_step (provision);
}

/* What runs goes on or not; what is true is found by the next run. */
static void
on_owner_changed (LuiProvision *provision)
{
  g_autofree char *owner = g_dbus_object_manager_client_get_name_owner (
      G_DBUS_OBJECT_MANAGER_CLIENT (provision->session->manager));

  if (owner != NULL)
    return;
  stop_with (
      provision,
      g_error_new_literal (G_DBUS_ERROR,
                           G_DBUS_ERROR_SERVICE_UNKNOWN,
                           "lpad has ended. Start the same command again: it goes on where it stopped."));
  schedule_step (provision);
}

static gboolean
on_interrupt (gpointer user_data)
{
  LuiProvision *provision = user_data;

  if (provision->interrupted)
    exit (LUI_EXIT_INTERRUPTED);
  provision->interrupted = TRUE;
  g_printerr ("Nothing new begins; what goes into a chip ends first (Ctrl-C once more leaves at once).\n");
  for (guint i = 0; i < provision->plan->len; i++)
    {
      if (provision->tasks[i].running)
        cancel (&provision->tasks[i]);
    }
  schedule_step (provision);
  return G_SOURCE_CONTINUE;
}

LuiProvision *
lui_provision_new (LuiSession *session, GPtrArray *plan, LuiReport *report, guint jobs, gboolean wait)
{
  LuiProvision *provision = g_new0 (LuiProvision, 1);

  provision->session = session;
  provision->plan = plan;
  provision->report = report;
  provision->jobs = jobs;
  provision->wait = wait;
  provision->loop = g_main_loop_new (NULL, FALSE);
  provision->tasks = g_new0 (Task, plan->len);
  for (guint i = 0; i < plan->len; i++)
    {
      provision->tasks[i].provision = provision;
      provision->tasks[i].index = i;
    }
  return provision;
}

void
lui_provision_free (LuiProvision *provision)
{
  for (guint i = 0; i < provision->plan->len; i++)
    {
      Task *task = &provision->tasks[i];

      if (task->operation != NULL)
        g_signal_handlers_disconnect_by_data (task->operation, task);
      g_clear_object (&task->operation);
      g_free (task->tried);
    }
  if (provision->step_source != 0)
    g_source_remove (provision->step_source);
  g_clear_object (&provision->manager);
  g_clear_error (&provision->error);
  g_main_loop_unref (provision->loop);
  g_free (provision->tasks);
  g_free (provision);
}

void
lui_provision_set_func (LuiProvision *provision, LuiProvisionFunc func, gpointer user_data)
{
  provision->func = func;
  provision->func_data = user_data;
}

gboolean
lui_provision_run (LuiProvision *provision, GError **error)
{
  GDBusObjectManager *manager = provision->session->manager;
  guint interrupt, terminate;

  provision->manager = lui_session_manager (provision->session, error);
  if (provision->manager == NULL)
    return FALSE;
  interrupt = g_unix_signal_add (SIGINT, on_interrupt, provision);
  terminate = g_unix_signal_add (SIGTERM, on_interrupt, provision);
  g_signal_connect_swapped (manager, "object-added", G_CALLBACK (on_something), provision);
  g_signal_connect_swapped (manager, "object-removed", G_CALLBACK (on_something), provision);
  g_signal_connect_swapped (
      manager, "interface-proxy-properties-changed", G_CALLBACK (on_something), provision);
  g_signal_connect_swapped (manager, "notify::name-owner", G_CALLBACK (on_owner_changed), provision);
  g_signal_connect_swapped (provision->manager, "g-properties-changed", G_CALLBACK (on_something), provision);
  schedule_step (provision);
  g_main_loop_run (provision->loop);
  g_signal_handlers_disconnect_by_data (manager, provision);
  g_signal_handlers_disconnect_by_data (provision->manager, provision);
  g_source_remove (interrupt);
  g_source_remove (terminate);
  if (provision->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&provision->error));
  return FALSE;
}

gboolean
lui_provision_was_interrupted (LuiProvision *provision)
{
  return provision->interrupted;
}
