/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon.h"

#include <glib-unix.h>

#include "attendant.h"
#include "connections.h"
#include "error-details.h"
#include "kinds.h"
#include "manager.h"
#include "modem-manager.h"
#include "modems.h"
#include "operation.h"
#include "read-guard.h"
#include "readers.h"

#define SETTLE_TIME 3  /* seconds: the bus does not wait longer for slow cards */
#define STOP_TIME   45 /* seconds that operations and chips have to end */
#define SOURCES     2  /* of cards: readers and modems */

#define DRIVER_NAME               "org.freedesktop.DBus"
#define DRIVER_PATH               "/org/freedesktop/DBus"
#define REQUEST_NAME_DO_NOT_QUEUE 4
#define REQUEST_NAME_IS_OWNER     1

typedef struct
{
  LpadCore core;
  GMainLoop *loop;
  LpadManager *manager;
  LpadSlots *slots;
  LpadReaders *readers;
  LpadReadGuard *guard;
  guint settle_timer;
  guint stop_timer;
  guint step_source;
  gboolean has_name;
  gboolean slots_stopped;
  GError *error;
} Daemon;

static void stop (Daemon *daemon);

static guint32
call_driver (Daemon *daemon, const char *method, GVariant *parameters, GError **error)
{
  g_autoptr (GVariant) answer = g_dbus_connection_call_sync (daemon->core.connection,
                                                             DRIVER_NAME,
                                                             DRIVER_PATH,
                                                             DRIVER_NAME,
                                                             method,
                                                             parameters,
                                                             G_VARIANT_TYPE ("(u)"),
                                                             G_DBUS_CALL_FLAGS_NONE,
                                                             -1,
                                                             NULL,
                                                             error);
  guint32 result = 0;

  if (answer != NULL)
    g_variant_get (answer, "(u)", &result);
  return result;
}

/* Also without a bus, chips get their sessions ended and their channels closed. */
static void
fail (Daemon *daemon, GError *error)
{
  if (daemon->error == NULL)
    daemon->error = error;
  else
    g_error_free (error);
  stop (daemon);
}

/* The name comes after the objects: who is woken by it finds them. */
static void
take_name (Daemon *daemon)
{
  GError *error = NULL;
  guint32 result;

  if (daemon->has_name || daemon->core.stopping)
    return;
  result = call_driver (
      daemon, "RequestName", g_variant_new ("(su)", LPAD_BUS_NAME, REQUEST_NAME_DO_NOT_QUEUE), &error);
  daemon->has_name = result == REQUEST_NAME_IS_OWNER;
  if (daemon->has_name)
    return;
  if (error == NULL)
    g_set_error_literal (&error, LPAD_ERROR, LPAD_ERROR_BUSY, "Another lpad is running on this bus.");
  fail (daemon, error);
}

static void
release_name (Daemon *daemon)
{
  if (daemon->has_name)
    (void) call_driver (daemon, "ReleaseName", g_variant_new ("(s)", LPAD_BUS_NAME), NULL);
  daemon->has_name = FALSE;
}

static void
on_settled (gpointer user_data)
{
  Daemon *daemon = user_data;

  daemon->core.settled = TRUE;
  if (daemon->settle_timer != 0)
    g_source_remove (daemon->settle_timer);
  daemon->settle_timer = 0;
  take_name (daemon);
}

static gboolean
on_settle_timeout (gpointer user_data)
{
  Daemon *daemon = user_data;

  daemon->settle_timer = 0;
  daemon->core.settled = TRUE;
  take_name (daemon);
  return G_SOURCE_REMOVE;
}

static gboolean
all_finished (Daemon *daemon)
{
  for (guint i = 0; i < daemon->core.operations->len; i++)
    {
      if (!lpad_operation_is_finished (g_ptr_array_index (daemon->core.operations, i)))
        return FALSE;
    }
  return TRUE;
}

/* Goes on with the end: first the operations, then the chips, then the process. */
static gboolean
step (gpointer user_data)
{
  Daemon *daemon = user_data;

  daemon->step_source = 0;
  if (!all_finished (daemon))
    return G_SOURCE_REMOVE;
  if (!daemon->slots_stopped)
    {
      daemon->slots_stopped = TRUE;
      lpad_manager_set_slots (daemon->manager, NULL);
      lpad_slots_stop (daemon->slots);
      g_clear_pointer (&daemon->readers, lpad_readers_free);
      g_clear_pointer (&daemon->core.modems, lpad_modems_free);
    }
  if (daemon->core.workers == 0)
    g_main_loop_quit (daemon->loop);
  return G_SOURCE_REMOVE;
}

static void
on_step (gpointer user_data)
{
  Daemon *daemon = user_data;

  if (daemon->step_source == 0)
    daemon->step_source = g_idle_add (step, daemon);
}

static gboolean
on_stop_timeout (gpointer user_data)
{
  Daemon *daemon = user_data;

  daemon->stop_timer = 0;
  g_warning ("Not everything has ended in time; leaving it.");
  g_main_loop_quit (daemon->loop);
  return G_SOURCE_REMOVE;
}

static void
stop (Daemon *daemon)
{
  g_autoptr (GPtrArray) operations = NULL;

  if (daemon->core.stopping)
    return;
  daemon->core.stopping = TRUE;
  daemon->stop_timer = g_timeout_add_seconds (STOP_TIME, on_stop_timeout, daemon);
  operations = g_ptr_array_copy (daemon->core.operations, (GCopyFunc) (gpointer) g_object_ref, NULL);
  for (guint i = 0; i < operations->len; i++)
    lpad_operation_abort (g_ptr_array_index (operations, i), LPAD_ERROR_CANCELLED);
  on_step (daemon);
}

static gboolean
on_signal (gpointer user_data)
{
  stop (user_data);
  return G_SOURCE_CONTINUE;
}

/* With the name gone, the bus starts a new lpad for the next call. What the bus had handed over before is in
 * the main context by now: if that is a reason to stay, lpad takes the name again and stays. */
static void
on_idle (gpointer user_data)
{
  Daemon *daemon = user_data;

  if (!daemon->has_name)
    {
      lpad_activity_touch (daemon->core.activity);
      return;
    }
  release_name (daemon);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  if (lpad_activity_is_idle (daemon->core.activity))
    stop (daemon);
  else
    take_name (daemon);
}

static void
on_connection_closed (GDBusConnection *connection,
                      gboolean remote_peer_vanished,
                      GError *error,
                      gpointer user_data)
{
  GError *local = NULL;

  g_set_error_literal (&local, LPAD_ERROR, LPAD_ERROR_FAILED, "The connection to the bus broke.");
  fail (user_data, local);
}

static LpadJournal *
open_journal (const char *state_folder)
{
  g_autofree char *folder
      = state_folder == NULL ? NULL : g_build_filename (state_folder, LPAD_JOURNAL_FOLDER, NULL);

  return lpad_journal_open (folder);
}

static gboolean
set_up (Daemon *daemon, const LpadConfig *config, const char *state_folder, GError **error)
{
  LpadCore *core = &daemon->core;

  core->connection = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, error);
  if (core->connection == NULL)
    {
      g_prefix_error (error, "The system bus cannot be reached: ");
      return FALSE;
    }
  g_dbus_connection_set_exit_on_close (core->connection, FALSE);
  g_signal_connect (core->connection, "closed", G_CALLBACK (on_connection_closed), daemon);

  core->config = config;
  core->store = lpad_store_open (state_folder);
  core->journal = open_journal (state_folder);
  core->context.net = config->net;
  core->issuers = lpad_issuers_new (config, state_folder);
  core->context.trust = lpad_issuers_slot (core->issuers);
  core->context.test_mode = config->test_mode;
  core->activity = lpad_activity_new (config->idle_timeout_s, on_idle, daemon);
  core->clients = lpad_clients_new (core->connection, core->activity);
  core->auth = lpad_auth_new (core->connection, core->clients, core->activity);
  core->kinds = &lpad_kinds;
  core->operations = g_ptr_array_new_with_free_func (g_object_unref);
  core->on_step = on_step;
  core->on_step_data = daemon;

  daemon->guard = lpad_read_guard_new (core);
  core->objects = g_dbus_object_manager_server_new (LPAD_BUS_ROOT);
  g_dbus_object_manager_server_set_connection (core->objects, core->connection);
  core->connections = lpad_connections_new (core);
  daemon->manager = lpad_manager_new (core);
  if (!g_dbus_interface_skeleton_export (
          G_DBUS_INTERFACE_SKELETON (daemon->manager), core->connection, LPAD_BUS_ROOT, error))
    return FALSE;
  daemon->slots = lpad_slots_new (
      core, LPAD_BUS_MANAGER (daemon->manager), lpad_attendant_attach, SOURCES, on_settled, daemon);
  lpad_manager_set_slots (daemon->manager, daemon->slots);
  daemon->readers = lpad_readers_new (core, daemon->slots);
  if (config->modems)
    core->modems = lpad_modems_new (core, daemon->slots);
  else
    lpad_slots_listed (daemon->slots);
  daemon->settle_timer = g_timeout_add_seconds (SETTLE_TIME, on_settle_timeout, daemon);
  return TRUE;
}

/* The operations that are still on the bus for late callers. */
static void
drop_operations (LpadCore *core)
{
  g_autoptr (GPtrArray) operations = NULL;

  operations = g_ptr_array_copy (core->operations, (GCopyFunc) (gpointer) g_object_ref, NULL);
  for (guint i = 0; i < operations->len; i++)
    lpad_operation_unexport (g_ptr_array_index (operations, i));
}

static void
remove_source (guint *source)
{
  if (*source != 0)
    g_source_remove (*source);
  *source = 0;
}

/* Waits until the bus has everything that was sent so far: it answers in order. A call that every bus lets
 * through. g_dbus_connection_flush_sync() would wait for ever for the messages that the read guard has taken
 * out. */
static void
wait_for_bus (GDBusConnection *connection)
{
  g_autoptr (GVariant) answer = g_dbus_connection_call_sync (connection,
                                                             DRIVER_NAME,
                                                             DRIVER_PATH,
                                                             DRIVER_NAME,
                                                             "GetId",
                                                             NULL,
                                                             NULL,
                                                             G_DBUS_CALL_FLAGS_NONE,
                                                             -1,
                                                             NULL,
                                                             NULL);

  if (answer == NULL)
    g_debug ("The bus does not answer any more.");
}

/* Also the signals that the read guard takes out on the way and sends again. */
static void
send_everything (GDBusConnection *connection)
{
  wait_for_bus (connection);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  wait_for_bus (connection);
}

/* What threads may still use is left to the end of the process when they did not end in time. */
static void
tear_down (Daemon *daemon)
{
  LpadCore *core = &daemon->core;

  remove_source (&daemon->settle_timer);
  remove_source (&daemon->stop_timer);
  remove_source (&daemon->step_source);
  if (core->connection != NULL)
    {
      g_signal_handlers_disconnect_by_data (core->connection, daemon);
      /* Results first: who sees that lpad is gone does not wait for one any more. */
      send_everything (core->connection);
      release_name (daemon);
      send_everything (core->connection);
    }
  if (core->workers > 0 || (daemon->slots != NULL && !daemon->slots_stopped))
    return;

  if (core->operations != NULL)
    drop_operations (core);
  g_clear_pointer (&daemon->slots, lpad_slots_free);
  if (daemon->manager != NULL)
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (daemon->manager));
  g_clear_object (&daemon->manager);
  g_clear_pointer (&core->connections, lpad_connections_free);
  g_clear_object (&core->objects);
  if (core->connection != NULL)
    send_everything (core->connection);
  g_clear_pointer (&daemon->guard, lpad_read_guard_free);
  g_clear_pointer (&core->operations, g_ptr_array_unref);
  g_clear_pointer (&core->modem_manager, lpad_modem_manager_free);
  g_clear_pointer (&core->auth, lpad_auth_free);
  g_clear_object (&core->clients);
  g_clear_pointer (&core->activity, lpad_activity_free);
  g_clear_pointer (&core->store, lpad_store_free);
  g_clear_pointer (&core->issuers, lpad_issuers_free);
  g_clear_pointer (&core->journal, lpad_journal_free);
  g_clear_object (&core->connection);
}

gboolean
lpad_daemon_run (const LpadConfig *config, const char *state_folder, GError **error)
{
  Daemon daemon = { .loop = g_main_loop_new (NULL, FALSE) };
  guint terminate = g_unix_signal_add (SIGTERM, on_signal, &daemon);
  guint interrupt = g_unix_signal_add (SIGINT, on_signal, &daemon);

  if (set_up (&daemon, config, state_folder, &daemon.error))
    g_main_loop_run (daemon.loop);
  tear_down (&daemon);
  g_source_remove (terminate);
  g_source_remove (interrupt);
  g_main_loop_unref (daemon.loop);
  if (daemon.error == NULL)
    return TRUE;
  g_propagate_error (error, daemon.error);
  return FALSE;
}
