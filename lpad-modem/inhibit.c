/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inhibit.h"

#include "modem-error.h"

#define MANAGER_NAME  "org.freedesktop.ModemManager1"
#define MANAGER_PATH  "/org/freedesktop/ModemManager1"
#define MANAGER_IFACE "org.freedesktop.ModemManager1"
#define MODEM_IFACE   "org.freedesktop.ModemManager1.Modem"
#define STABLE_TIME   20    /* seconds that a modem has to come to rest */
#define CALL_TIMEOUT  30000 /* ms */
/* MMModemState: on its way from one state to another, or not known yet */
#define STATE_UNKNOWN       0
#define STATE_INITIALIZING  1
#define STATE_DISABLING     4
#define STATE_ENABLING      5
#define STATE_DISCONNECTING 9
#define STATE_CONNECTING    10

typedef struct
{
  GDBusConnection *connection;
  char *physical_device;
  GDBusObjectManager *manager;
  guint timer;
  gboolean begun;
  GError *error; /* of the first call */
} Inhibit;

static void
inhibit_free (gpointer data)
{
  Inhibit *inhibit = data;

  g_clear_handle_id (&inhibit->timer, g_source_remove);
  g_clear_object (&inhibit->manager);
  g_clear_error (&inhibit->error);
  g_object_unref (inhibit->connection);
  g_free (inhibit->physical_device);
  g_free (inhibit);
}

/* Calls */

static void
call (GTask *task, gboolean on, GAsyncReadyCallback done)
{
  Inhibit *inhibit = g_task_get_task_data (task);

  g_dbus_connection_call (inhibit->connection,
                          MANAGER_NAME,
                          MANAGER_PATH,
                          MANAGER_IFACE,
                          "InhibitDevice",
                          g_variant_new ("(sb)", inhibit->physical_device, on),
                          NULL,
                          G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          CALL_TIMEOUT,
                          NULL,
                          done,
                          task);
}

static void
on_released (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Inhibit *inhibit = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  const GError *first = inhibit->error != NULL ? inhibit->error : error;

  /* That the first failed and the second did not: it has taken effect all the same. */
  if (reply != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task,
                             LPAD_MODEM_ERROR,
                             LPAD_MODEM_ERROR_FAILED,
                             "ModemManager does not let go of the modem: %s",
                             first->message);
}

static void
on_inhibited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Inhibit *inhibit = g_task_get_task_data (task);
  g_autoptr (GVariant) reply G_GNUC_UNUSED
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &inhibit->error);

  call (task, FALSE, on_released);
}

static void
begin (GTask *task)
{
  Inhibit *inhibit = g_task_get_task_data (task);

  inhibit->begun = TRUE;
  g_clear_handle_id (&inhibit->timer, g_source_remove);
  g_signal_handlers_disconnect_by_data (inhibit->manager, task);
  call (task, TRUE, on_inhibited);
}

/* Waiting for a state from which it works: in others ModemManager answers an error, which may not be true */

static gboolean
is_stable (gint32 state)
{
  switch (state)
    {
    case STATE_UNKNOWN:
    case STATE_INITIALIZING:
    case STATE_DISABLING:
    case STATE_ENABLING:
    case STATE_DISCONNECTING:
    case STATE_CONNECTING:
      return FALSE;
    default:
      return TRUE;
    }
}

/* The modem as ModemManager shows it. Returns: (nullable) */
static GDBusProxy *
find_modem (Inhibit *inhibit)
{
  g_autolist (GDBusObject) objects = g_dbus_object_manager_get_objects (inhibit->manager);

  for (GList *item = objects; item != NULL; item = item->next)
    {
      g_autoptr (GDBusInterface) modem = g_dbus_object_get_interface (item->data, MODEM_IFACE);
      g_autoptr (GVariant) device
          = modem != NULL ? g_dbus_proxy_get_cached_property (G_DBUS_PROXY (modem), "Device") : NULL;

      if (device != NULL && g_variant_is_of_type (device, G_VARIANT_TYPE_STRING)
          && g_str_equal (g_variant_get_string (device, NULL), inhibit->physical_device))
        return G_DBUS_PROXY (g_steal_pointer (&modem));
    }
  return NULL;
}

static void
look (GTask *task)
{
  Inhibit *inhibit = g_task_get_task_data (task);
  g_autoptr (GDBusProxy) modem = find_modem (inhibit);
  g_autoptr (GVariant) state = modem != NULL ? g_dbus_proxy_get_cached_property (modem, "State") : NULL;

  if (!inhibit->begun && state != NULL && g_variant_is_of_type (state, G_VARIANT_TYPE_INT32)
      && is_stable (g_variant_get_int32 (state)))
    begin (task);
}

/* A modem that never comes to rest is the more in need of it. */
static gboolean
on_stable_time (gpointer user_data)
{
  GTask *task = user_data;
  Inhibit *inhibit = g_task_get_task_data (task);
  g_autoptr (GDBusProxy) modem = find_modem (inhibit);

  inhibit->timer = 0;
  if (modem != NULL)
    {
      begin (task);
      return G_SOURCE_REMOVE;
    }
  g_signal_handlers_disconnect_by_data (inhibit->manager, task);
  g_task_return_new_error (
      task, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NOT_SUPPORTED, "ModemManager does not know this modem.");
  g_object_unref (task);
  return G_SOURCE_REMOVE;
}

static void
on_manager (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Inhibit *inhibit = g_task_get_task_data (task);
  g_autofree char *owner = NULL;

  inhibit->manager = g_dbus_object_manager_client_new_finish (result, NULL);
  if (inhibit->manager != NULL)
    owner = g_dbus_object_manager_client_get_name_owner (G_DBUS_OBJECT_MANAGER_CLIENT (inhibit->manager));
  if (owner == NULL)
    {
      g_task_return_new_error (
          task, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NOT_SUPPORTED, "ModemManager is not running.");
      g_object_unref (task);
      return;
    }
  g_signal_connect_swapped (inhibit->manager, "object-added", G_CALLBACK (look), task);
  g_signal_connect_swapped (inhibit->manager, "interface-proxy-properties-changed", G_CALLBACK (look), task);
  inhibit->timer = g_timeout_add_seconds (STABLE_TIME, on_stable_time, task);
  look (task);
}

void
lpad_modem_inhibit (GDBusConnection *connection,
                    const char *physical_device,
                    GAsyncReadyCallback done,
                    gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, done, user_data);
  Inhibit *inhibit = g_new0 (Inhibit, 1);

  inhibit->connection = g_object_ref (connection);
  inhibit->physical_device = g_strdup (physical_device);
  g_task_set_task_data (task, inhibit, inhibit_free);
  g_dbus_object_manager_client_new (connection,
                                    G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_DO_NOT_AUTO_START,
                                    MANAGER_NAME,
                                    MANAGER_PATH,
                                    NULL,
                                    NULL,
                                    NULL,
                                    NULL,
                                    on_manager,
                                    task);
}

gboolean
lpad_modem_inhibit_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
