/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

#include "lui-interruption.h"
#include "lui-waiting.h"
#include "names.h"

typedef struct
{
  LuiSession *session;
  GMainLoop *loop;
} Monitor;

/* The last part of an interface's name: "Profile" of "org.lpad.Lpad1.Profile". */
static const char *
kind_of (const char *interface)
{
  const char *dot = strrchr (interface, '.');

  return dot == NULL ? interface : dot + 1;
}

/* A sentence for what a program would find in the values. */
static void
print_interruptions (GVariant *values)
{
  g_autoptr (GVariant) interruptions = NULL;
  g_autofree char *text = NULL;

  if (values == NULL || !g_variant_is_of_type (values, G_VARIANT_TYPE_VARDICT))
    return;
  interruptions = g_variant_lookup_value (values, "Interruptions", G_VARIANT_TYPE ("aa{sv}"));
  text = lui_interruptions_to_string (interruptions, 9);
  fputs (text, stdout);
}

static void
print_text (const char *event, const char *path, const char *kind, GVariant *values)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = g_date_time_format (now, "%H:%M:%S");
  g_autofree char *name = lui_clean (path);
  g_autofree char *text = values == NULL ? g_strdup ("") : g_variant_print (values, FALSE);
  g_autofree char *clean = lui_clean (text);

  printf ("%s %s %s %s %s\n", time, event, kind, name, clean);
  print_interruptions (values);
  fflush (stdout);
}

static void
print_json (const char *event, const char *path, const char *kind, GVariant *values)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  lui_json_string (builder, "event", event);
  lui_json_string (builder, "path", path);
  lui_json_string (builder, "kind", kind);
  if (values != NULL)
    lui_json_variant (builder, "values", values);
  json_builder_end_object (builder);
  lui_json_print (builder, TRUE);
}

static void
print_event (Monitor *monitor, const char *event, const char *path, const char *interface, GVariant *values)
{
  const char *kind = kind_of (interface);

  if (monitor->session->json)
    print_json (event, path, kind, values);
  else
    print_text (event, path, kind, values);
}

static GVariant *
cached_properties (GDBusProxy *proxy)
{
  g_auto (GStrv) names = g_dbus_proxy_get_cached_property_names (proxy);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_autoptr (GVariant) value = g_dbus_proxy_get_cached_property (proxy, names[i]);

      if (value != NULL)
        g_variant_builder_add (&builder, "{sv}", names[i], value);
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

/* What a person who watches has to know of a chip's list of offers. */
static void
print_waiting (Monitor *monitor, GDBusProxy *proxy, GVariant *values)
{
  g_autoptr (GVariant) offers = g_variant_lookup_value (values, "Offers", G_VARIANT_TYPE ("aa{sv}"));
  g_autofree char *sentence = NULL;

  if (monitor->session->json || offers == NULL || !LPAD_BUS_IS_EUICC (proxy))
    return;
  sentence = lui_waiting_sentence (monitor->session, LPAD_BUS_EUICC (proxy));
  if (sentence != NULL)
    printf ("%s\n", sentence);
  fflush (stdout);
}

static void
print_object (Monitor *monitor, const char *event, GDBusObject *object, gboolean with_values)
{
  GList *interfaces = g_dbus_object_get_interfaces (object);

  for (GList *l = interfaces; l != NULL; l = l->next)
    {
      GDBusProxy *proxy = G_DBUS_PROXY (l->data);
      g_autoptr (GVariant) values = with_values ? cached_properties (proxy) : NULL;

      print_event (monitor,
                   event,
                   g_dbus_object_get_object_path (object),
                   g_dbus_proxy_get_interface_name (proxy),
                   values);
      if (values != NULL)
        print_waiting (monitor, proxy, values);
    }
  g_list_free_full (interfaces, g_object_unref);
}

static void
on_object_added (GDBusObjectManager *manager, GDBusObject *object, gpointer user_data)
{
  print_object (user_data, "added", object, TRUE);
}

static void
on_object_removed (GDBusObjectManager *manager, GDBusObject *object, gpointer user_data)
{
  print_object (user_data, "removed", object, FALSE);
}

static void
on_changed (GDBusObjectManagerClient *manager,
            GDBusObjectProxy *object,
            GDBusProxy *proxy,
            GVariant *changed,
            const char *const *invalidated,
            gpointer user_data)
{
  Monitor *monitor = user_data;

  print_event (monitor,
               "changed",
               g_dbus_proxy_get_object_path (proxy),
               g_dbus_proxy_get_interface_name (proxy),
               changed);
  print_waiting (monitor, proxy, changed);
}

/* The object at the root is not among those of the object manager. */
static void
on_manager_changed (GDBusProxy *proxy, GVariant *changed, const char *const *invalidated, gpointer user_data)
{
  print_event (user_data,
               "changed",
               g_dbus_proxy_get_object_path (proxy),
               g_dbus_proxy_get_interface_name (proxy),
               changed);
}

static void
on_signal (GDBusObjectManagerClient *manager,
           GDBusObjectProxy *object,
           GDBusProxy *proxy,
           const char *sender,
           const char *name,
           GVariant *parameters,
           gpointer user_data)
{
  print_event (user_data,
               name,
               g_dbus_proxy_get_object_path (proxy),
               g_dbus_proxy_get_interface_name (proxy),
               parameters);
}

/* Neither the end of lpad, which stops when it is idle, nor its return ends the monitor. */
static void
on_owner_changed (GObject *manager, GParamSpec *property, gpointer user_data)
{
  g_autofree char *owner
      = g_dbus_object_manager_client_get_name_owner (G_DBUS_OBJECT_MANAGER_CLIENT (manager));

  print_event (user_data, owner == NULL ? "stopped" : "started", LPAD_BUS_ROOT, "lpad", NULL);
}

static gboolean
on_interrupt (gpointer user_data)
{
  Monitor *monitor = user_data;

  g_main_loop_quit (monitor->loop);
  return G_SOURCE_CONTINUE;
}

static void
on_closed (GDBusConnection *connection, gboolean remote_vanished, GError *error, gpointer user_data)
{
  on_interrupt (user_data);
}

/* A parent's path begins its children's, so what contains stands before what is contained. */
static int
compare_paths (gpointer a, gpointer b)
{
  return g_strcmp0 (g_dbus_object_get_object_path (a), g_dbus_object_get_object_path (b));
}

static void
watch (Monitor *monitor)
{
  GDBusObjectManager *manager = monitor->session->manager;
  GList *objects
      = g_list_sort (g_dbus_object_manager_get_objects (manager), (GCompareFunc) (gpointer) compare_paths);

  for (GList *l = objects; l != NULL; l = l->next)
    print_object (monitor, "present", l->data, TRUE);
  g_list_free_full (objects, g_object_unref);
  g_signal_connect (manager, "object-added", G_CALLBACK (on_object_added), monitor);
  g_signal_connect (manager, "object-removed", G_CALLBACK (on_object_removed), monitor);
  g_signal_connect (manager, "interface-proxy-properties-changed", G_CALLBACK (on_changed), monitor);
  g_signal_connect (manager, "interface-proxy-signal", G_CALLBACK (on_signal), monitor);
  g_signal_connect (manager, "notify::name-owner", G_CALLBACK (on_owner_changed), monitor);
  g_signal_connect (monitor->session->connection, "closed", G_CALLBACK (on_closed), monitor);
}

LuiExit
lui_cmd_monitor (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (LpadBusManager) root = NULL;
  g_autoptr (GVariant) values = NULL;
  Monitor monitor = { session, loop };

  if (!lui_begin (session, verb, NULL, &argc, &argv, 0, 0, &error))
    return lui_fail (session, g_steal_pointer (&error));
  root = lui_session_manager (session, &error);
  if (root == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  g_unix_signal_add (SIGINT, on_interrupt, &monitor);
  g_unix_signal_add (SIGTERM, on_interrupt, &monitor);
  values = cached_properties (G_DBUS_PROXY (root));
  print_event (&monitor, "present", LPAD_BUS_ROOT, "org.lpad.Lpad1.Manager", values);
  g_signal_connect (root, "g-properties-changed", G_CALLBACK (on_manager_changed), &monitor);
  watch (&monitor);
  g_main_loop_run (loop);
  g_signal_handlers_disconnect_by_data (root, &monitor);
  g_signal_handlers_disconnect_by_data (session->manager, &monitor);
  g_signal_handlers_disconnect_by_data (session->connection, &monitor);
  return LUI_EXIT_OK;
}
