/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-session.h"

#include <gio/gio.h>

#include "lui-agent.h"
#include "lui-output.h"
#include "lui-select.h"
#include "names.h"

#define SETTLE_SECONDS 30 /* in which a slow card is read */

guint64
lui_path_number (const char *path)
{
  const char *slash = path == NULL ? NULL : strrchr (path, '/');
  guint64 number = 0;

  if (slash == NULL || !g_ascii_string_to_unsigned (slash + 1, 10, 0, G_MAXUINT64, &number, NULL))
    return 0;
  return number;
}

char *
lui_euicc_place (LpadBusEuicc *euicc)
{
  g_autofree char *device = lui_clean (lpad_bus_euicc_get_device (euicc));
  guint slot = lpad_bus_euicc_get_slot (euicc);

  if (g_strcmp0 (lpad_bus_euicc_get_transport (euicc), "pcsc") == 0)
    return g_steal_pointer (&device);
  return g_strdup_printf ("modem %s, slot %u", device, slot);
}

guint
lui_euicc_number (LpadBusEuicc *euicc)
{
  return (guint) lui_path_number (g_dbus_proxy_get_object_path (G_DBUS_PROXY (euicc)));
}

guint
lui_profile_euicc_number (LpadBusProfile *profile)
{
  return (guint) lui_path_number (lpad_bus_profile_get_euicc (profile));
}

static void
set_unavailable (GError **error, const char *message)
{
  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN, message);
}

static GVariant *
call_bus (GDBusConnection *connection,
          const char *method,
          GVariant *arguments,
          const char *reply,
          GError **error)
{
  return g_dbus_connection_call_sync (connection,
                                      "org.freedesktop.DBus",
                                      "/org/freedesktop/DBus",
                                      "org.freedesktop.DBus",
                                      method,
                                      arguments,
                                      G_VARIANT_TYPE (reply),
                                      G_DBUS_CALL_FLAGS_NONE,
                                      LUI_CALL_TIMEOUT_MSEC,
                                      NULL,
                                      error);
}

static gboolean
is_running (GDBusConnection *connection)
{
  g_autoptr (GVariant) reply
      = call_bus (connection, "NameHasOwner", g_variant_new ("(s)", LPAD_BUS_NAME), "(b)", NULL);
  gboolean owned = FALSE;

  if (reply != NULL)
    g_variant_get (reply, "(b)", &owned);
  return owned;
}

/* Starting the service by hand tells why it did not start; the object manager would not. The bus refuses to
 * start one that runs but has no activation file, so that is asked first. */
static gboolean
start_service (GDBusConnection *connection, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GVariant) reply = NULL;

  if (is_running (connection))
    return TRUE;
  reply
      = call_bus (connection, "StartServiceByName", g_variant_new ("(su)", LPAD_BUS_NAME, 0), "(u)", &local);
  if (reply != NULL)
    return TRUE;

  g_dbus_error_strip_remote_error (local);
  if (g_error_matches (local, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN))
    set_unavailable (error, "lpad is not installed on this system, or not running.");
  else
    {
      g_autofree char *message = g_strdup_printf ("lpad could not be started: %s", local->message);

      set_unavailable (error, message);
    }
  return FALSE;
}

static GDBusObjectManager *
read_objects (LuiSession *session, GError **error)
{
  return lpad_bus_object_manager_client_new_sync (session->connection,
                                                  G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_NONE,
                                                  LPAD_BUS_NAME,
                                                  LPAD_BUS_ROOT,
                                                  NULL,
                                                  error);
}

static gboolean
is_not_authorized (const GError *error)
{
  g_autofree char *name = g_dbus_error_get_remote_error (error);

  return g_strcmp0 (name, LPAD_BUS_ERROR_PREFIX "NotAuthorized") == 0;
}

/* GIO's object manager does not let polkit ask the user. A call that does opens the way for it: lpad
 * remembers who may read. */
static gboolean
ask_to_read (LuiSession *session, GError **error)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (session->connection,
                                                            LPAD_BUS_NAME,
                                                            LPAD_BUS_ROOT,
                                                            "org.freedesktop.DBus.ObjectManager",
                                                            "GetManagedObjects",
                                                            NULL,
                                                            NULL,
                                                            lui_call_flags (session),
                                                            LUI_CALL_TIMEOUT_MSEC,
                                                            NULL,
                                                            error);
  return reply != NULL;
}

gboolean
lui_session_connect (LuiSession *session, GError **error)
{
  g_autoptr (GError) local = NULL;

  session->connection = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &local);
  if (session->connection == NULL)
    {
      g_autofree char *message = g_strdup_printf (
          "The system bus (D-Bus), over which lpad is reached, cannot be reached: %s", local->message);

      set_unavailable (error, message);
      return FALSE;
    }
  g_dbus_connection_set_exit_on_close (session->connection, FALSE);
  if (!start_service (session->connection, error))
    return FALSE;
  session->manager = read_objects (session, &local);
  if (session->manager != NULL)
    return TRUE;
  if (session->json || !is_not_authorized (local))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (!ask_to_read (session, error))
    return FALSE;
  session->manager = read_objects (session, error);
  return session->manager != NULL;
}

void
lui_session_clear (LuiSession *session)
{
  g_clear_object (&session->daemon);
  g_clear_object (&session->manager);
  g_clear_object (&session->connection);
  g_clear_pointer (&session->euicc, g_free);
  lui_agent_stop (g_steal_pointer (&session->agent));
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  GDBusProxy *left = *(GDBusProxy *const *) a;
  GDBusProxy *right = *(GDBusProxy *const *) b;
  guint64 x = lui_path_number (g_dbus_proxy_get_object_path (left));
  guint64 y = lui_path_number (g_dbus_proxy_get_object_path (right));

  return x < y ? -1 : x > y;
}

/* All proxies of @interface below @parent, by the number at the end of their paths. */
static GPtrArray *
collect (LuiSession *session, const char *interface, const char *parent)
{
  GPtrArray *found = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree char *prefix = g_strconcat (parent, "/", NULL);
  GList *objects = g_dbus_object_manager_get_objects (session->manager);

  for (GList *l = objects; l != NULL; l = l->next)
    {
      GDBusInterface *proxy = g_dbus_object_get_interface (l->data, interface);

      if (proxy == NULL)
        continue;
      if (g_str_has_prefix (g_dbus_object_get_object_path (l->data), prefix))
        g_ptr_array_add (found, proxy);
      else
        g_object_unref (proxy);
    }
  g_list_free_full (objects, g_object_unref);
  g_ptr_array_sort (found, compare_paths);
  return found;
}

GDBusCallFlags
lui_call_flags (LuiSession *session)
{
  if (session->json)
    return G_DBUS_CALL_FLAGS_NONE;
  if (!session->agent_tried)
    session->agent = lui_agent_start ();
  session->agent_tried = TRUE;
  return G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION;
}

LpadBusManager *
lui_session_manager (LuiSession *session, GError **error)
{
  if (session->daemon == NULL)
    session->daemon = lpad_bus_manager_proxy_new_sync (
        session->connection, G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, LPAD_BUS_NAME, LPAD_BUS_ROOT, NULL, error);
  return session->daemon == NULL ? NULL : g_object_ref (session->daemon);
}

gboolean
lui_session_hides (LuiSession *session, LpadBusProfile *profile)
{
  const char *class = lui_or (lpad_bus_profile_get_class (profile), "");
  g_autoptr (LpadBusManager) manager = NULL;

  if (!g_str_equal (class, "test"))
    return g_str_equal (class, "provisioning");
  manager = lui_session_manager (session, NULL);
  return manager == NULL || !lpad_bus_manager_get_test_mode (manager);
}

gboolean
lui_is_reading (LpadBusManager *manager)
{
  GVariant *readers = lpad_bus_manager_get_readers (manager);

  for (gsize i = 0; readers != NULL && i < g_variant_n_children (readers); i++)
    {
      g_autoptr (GVariant) reader = g_variant_get_child_value (readers, i);
      const char *state = "";

      if (g_variant_lookup (reader, "state", "&s", &state) && g_str_equal (state, "reading"))
        return TRUE;
    }
  return FALSE;
}

static gboolean
on_settle_timeout (gpointer user_data)
{
  *(guint *) user_data = 0;
  return G_SOURCE_REMOVE;
}

/* Whether all chips of which lpad has told at its root have been heard of: the two come on ways of their own,
 * and either may be the first. */
static gboolean
has_heard_of_all (LuiSession *session, LpadBusManager *manager)
{
  GVariant *readers = lpad_bus_manager_get_readers (manager);

  for (gsize i = 0; readers != NULL && i < g_variant_n_children (readers); i++)
    {
      g_autoptr (GVariant) reader = g_variant_get_child_value (readers, i);
      g_autofree const char **paths = NULL;

      (void) g_variant_lookup (reader, "euiccs", "^a&o", &paths);
      for (gsize k = 0; paths != NULL && paths[k] != NULL; k++)
        {
          g_autoptr (GDBusObject) object = g_dbus_object_manager_get_object (session->manager, paths[k]);

          if (object == NULL)
            return FALSE;
        }
    }
  return TRUE;
}

/* Waits until lpad knows all chips, for half a minute at most: those of slow cards come after its name. */
static void
settle (LuiSession *session)
{
  g_autoptr (LpadBusManager) manager = lui_session_manager (session, NULL);
  guint timeout;

  if (manager == NULL)
    return;
  timeout = g_timeout_add_seconds (SETTLE_SECONDS, on_settle_timeout, &timeout);
  while (timeout != 0 && (lui_is_reading (manager) || !has_heard_of_all (session, manager)))
    g_main_context_iteration (NULL, TRUE);
  g_clear_handle_id (&timeout, g_source_remove);
}

GPtrArray *
lui_session_known_euiccs (LuiSession *session, GError **error)
{
  g_autoptr (GPtrArray) all = collect (session, "org.lpad.Lpad1.Euicc", LPAD_BUS_ROOT);
  g_autoptr (GPtrArray) chips = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) places = g_ptr_array_new_with_free_func (g_free);
  guint index;

  if (session->euicc == NULL)
    return g_steal_pointer (&all);

  for (guint i = 0; i < all->len; i++)
    g_ptr_array_add (places, lui_euicc_place (all->pdata[i]));
  for (guint i = 0; i < all->len; i++)
    {
      LuiChipName *name = g_new0 (LuiChipName, 1);

      name->number = lui_euicc_number (all->pdata[i]);
      name->eid = lpad_bus_euicc_get_eid (all->pdata[i]);
      name->device = lpad_bus_euicc_get_device (all->pdata[i]);
      name->place = g_ptr_array_index (places, i);
      g_ptr_array_add (chips, name);
    }
  if (!lui_select_euicc (
          session->euicc, (const LuiChipName *const *) chips->pdata, chips->len, &index, error))
    return NULL;

  g_autoptr (GPtrArray) one = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (one, g_object_ref (all->pdata[index]));
  return g_steal_pointer (&one);
}

GPtrArray *
lui_session_euiccs (LuiSession *session, GError **error)
{
  settle (session);
  return lui_session_known_euiccs (session, error);
}

LpadBusEuicc *
lui_session_euicc (LuiSession *session, GError **error)
{
  g_autoptr (GPtrArray) euiccs = lui_session_euiccs (session, error);

  if (euiccs == NULL)
    return NULL;
  if (euiccs->len == 0)
    {
      g_set_error (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "There is no eUICC (lui-cli status shows why).");
      return NULL;
    }
  if (euiccs->len > 1)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_INVALID_ARGUMENTS,
                   "There are %u eUICCs: say which one with --euicc (lui-cli status lists them).",
                   euiccs->len);
      return NULL;
    }
  return g_object_ref (euiccs->pdata[0]);
}

GPtrArray *
lui_session_profiles (LuiSession *session, LpadBusEuicc *euicc)
{
  return collect (session, "org.lpad.Lpad1.Profile", g_dbus_proxy_get_object_path (G_DBUS_PROXY (euicc)));
}

GPtrArray *
lui_session_notifications (LuiSession *session, LpadBusEuicc *euicc)
{
  return collect (
      session, "org.lpad.Lpad1.Notification", g_dbus_proxy_get_object_path (G_DBUS_PROXY (euicc)));
}

LpadBusProfile *
lui_session_profile (LuiSession *session, const char *text, GError **error)
{
  g_autoptr (GPtrArray) euiccs = lui_session_euiccs (session, error);
  g_autoptr (GPtrArray) proxies = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  guint index;

  if (euiccs == NULL)
    return NULL;
  for (guint i = 0; i < euiccs->len; i++)
    {
      g_autoptr (GPtrArray) profiles = lui_session_profiles (session, euiccs->pdata[i]);

      for (guint k = 0; k < profiles->len; k++)
        {
          LuiProfileName *name = g_new0 (LuiProfileName, 1);

          name->iccid = lpad_bus_profile_get_iccid (profiles->pdata[k]);
          name->nickname = lpad_bus_profile_get_nickname (profiles->pdata[k]);
          name->name = lpad_bus_profile_get_name (profiles->pdata[k]);
          name->hidden = lui_session_hides (session, profiles->pdata[k]);
          g_ptr_array_add (names, name);
          g_ptr_array_add (proxies, g_object_ref (profiles->pdata[k]));
        }
    }
  if (!lui_select_profile (text, (const LuiProfileName *const *) names->pdata, names->len, &index, error))
    return NULL;
  return g_object_ref (proxies->pdata[index]);
}
