/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "read-guard.h"

#include <pthread.h>

#include "bus-error.h"
#include "connections.h"

#define PROPERTIES_INTERFACE     "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER_INTERFACE "org.freedesktop.DBus.ObjectManager"

/* What the filter has taken out lies in @taken, behind a POSIX lock for
 * the reason that worker.c gives. */
struct _LpadReadGuard
{
  LpadCore *core; /* of the main thread; NULL after lpad_read_guard_free() */
  guint filter;

  pthread_mutex_t lock;
  GQueue taken; /* GDBusMessage */
  gboolean scheduled;
  guint references;
};

typedef struct
{
  LpadCore *core;
  GDBusMessage *message;
} Request;

static void
guard_unref (gpointer data)
{
  LpadReadGuard *guard = data;
  gboolean last;

  pthread_mutex_lock (&guard->lock);
  last = --guard->references == 0;
  pthread_mutex_unlock (&guard->lock);
  if (!last)
    return;
  g_queue_clear_full (&guard->taken, g_object_unref);
  pthread_mutex_destroy (&guard->lock);
  g_free (guard);
}

static void
request_free (gpointer data)
{
  Request *request = data;

  g_object_unref (request->message);
  g_free (request);
}

/* Whether reading @property (NULL: all) of @interface needs the caller to be authorised. Static data only:
 * this runs on the thread of the connection. What is not known is for GDBus to refuse. */
static gboolean
is_guarded (const char *interface, const char *property)
{
  GDBusInterfaceInfo *infos[] = { lpad_bus_euicc_interface_info (),
                                  lpad_bus_profile_interface_info (),
                                  lpad_bus_notification_interface_info (),
                                  lpad_bus_operation_interface_info () };

  for (guint i = 0; i < G_N_ELEMENTS (infos); i++)
    {
      GDBusPropertyInfo *info;

      if (!g_str_equal (infos[i]->name, interface))
        continue;
      if (property == NULL)
        return TRUE;
      info = g_dbus_interface_info_lookup_property (infos[i], property);
      return info != NULL
             && g_dbus_annotation_info_lookup (info->annotations, LPAD_BUS_ANNOTATION_POLKIT_ACTION) != NULL;
    }
  return FALSE;
}

static gboolean
is_read_of_something_guarded (GDBusMessage *message)
{
  const char *path = g_dbus_message_get_path (message);
  const char *interface = g_dbus_message_get_interface (message);
  const char *member = g_dbus_message_get_member (message);
  const char *signature = g_dbus_message_get_signature (message);
  GVariant *body = g_dbus_message_get_body (message);
  const char *of = NULL, *property = NULL;

  if (g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL || interface == NULL
      || path == NULL || g_dbus_message_get_sender (message) == NULL)
    return FALSE;
  if (g_str_equal (interface, OBJECT_MANAGER_INTERFACE))
    return g_str_equal (path, LPAD_BUS_ROOT) && g_str_equal (member, "GetManagedObjects");
  if (!g_str_equal (interface, PROPERTIES_INTERFACE) || !g_str_has_prefix (path, LPAD_BUS_ROOT "/"))
    return FALSE;
  if (g_str_equal (member, "Get") && g_strcmp0 (signature, "ss") == 0)
    g_variant_get (body, "(&s&s)", &of, &property);
  else if (g_str_equal (member, "GetAll") && g_strcmp0 (signature, "s") == 0)
    g_variant_get (body, "(&s)", &of);
  return of != NULL && is_guarded (of, property);
}

static GVariant *
describe_object (GDBusObject *object)
{
  GList *interfaces = g_dbus_object_get_interfaces (object);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{sa{sv}}"));
  for (GList *l = interfaces; l != NULL; l = l->next)
    {
      GDBusInterfaceSkeleton *interface = G_DBUS_INTERFACE_SKELETON (l->data);
      g_autoptr (GVariant) properties = g_dbus_interface_skeleton_get_properties (interface);

      g_variant_builder_add (
          &builder, "{s@a{sv}}", g_dbus_interface_skeleton_get_info (interface)->name, properties);
    }
  g_list_free_full (interfaces, g_object_unref);
  return g_variant_builder_end (&builder);
}

static GVariant *
managed_objects (LpadCore *core)
{
  GList *objects = g_dbus_object_manager_get_objects (G_DBUS_OBJECT_MANAGER (core->objects));
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{oa{sa{sv}}}"));
  for (GList *l = objects; l != NULL; l = l->next)
    g_variant_builder_add (
        &builder, "{o@a{sa{sv}}}", g_dbus_object_get_object_path (l->data), describe_object (l->data));
  g_list_free_full (objects, g_object_unref);
  return g_variant_new ("(@a{oa{sa{sv}}})", g_variant_builder_end (&builder));
}

/* The body of the answer to Get or GetAll, NULL when there is no such object, interface or property. */
static GVariant *
properties (LpadCore *core, GDBusMessage *message)
{
  GVariant *body = g_dbus_message_get_body (message);
  g_autoptr (GDBusInterface) interface = NULL;
  g_autoptr (GVariant) all = NULL;
  g_autoptr (GVariant) value = NULL;
  const char *name, *property;

  g_variant_get_child (body, 0, "&s", &name);
  interface = g_dbus_object_manager_get_interface (
      G_DBUS_OBJECT_MANAGER (core->objects), g_dbus_message_get_path (message), name);
  if (interface == NULL)
    return NULL;
  all = g_dbus_interface_skeleton_get_properties (G_DBUS_INTERFACE_SKELETON (interface));
  if (g_str_equal (g_dbus_message_get_member (message), "GetAll"))
    return g_variant_new ("(@a{sv})", g_steal_pointer (&all));
  g_variant_get_child (body, 1, "&s", &property);
  value = g_variant_lookup_value (all, property, NULL);
  return value != NULL ? g_variant_new ("(v)", value) : NULL;
}

static void
reply (LpadCore *core, GDBusMessage *message, GVariant *body, const char *error_name, const char *text)
{
  g_autoptr (GDBusMessage) answer = NULL;

  if (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)
    {
      if (body != NULL)
        g_variant_unref (g_variant_ref_sink (body));
      return;
    }
  if (body != NULL)
    {
      answer = g_dbus_message_new_method_reply (message);
      g_dbus_message_set_body (answer, body);
    }
  else
    answer = g_dbus_message_new_method_error_literal (message, error_name, text);
  (void) g_dbus_connection_send_message (
      core->connection, answer, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

static void
on_checked (const GError *error, gpointer user_data)
{
  Request *request = user_data;
  LpadCore *core = request->core;
  const char *sender = g_dbus_message_get_sender (request->message);
  GVariant *body;

  if (error != NULL)
    reply (core, request->message, NULL, lpad_bus_error_name (error), error->message);
  else if (g_str_equal (g_dbus_message_get_interface (request->message), OBJECT_MANAGER_INTERFACE))
    {
      lpad_clients_set_reader (core->clients, sender);
      if (!lpad_connections_is_helper (core->connections, sender))
        lpad_clients_keep (core->clients, sender);
      reply (core, request->message, managed_objects (core), NULL, NULL);
    }
  else
    {
      lpad_clients_set_reader (core->clients, sender);
      body = properties (core, request->message);
      reply (core,
             request->message,
             body,
             "org.freedesktop.DBus.Error.UnknownObject",
             "There is no such object.");
    }
  request_free (request);
}

static void
authorise (LpadCore *core, GDBusMessage *message)
{
  Request *request = g_new0 (Request, 1);
  const char *sender = g_dbus_message_get_sender (message);
  GDBusMessageFlags flags = g_dbus_message_get_flags (message);

  request->core = core;
  request->message = g_object_ref (message);
  lpad_clients_add (core->clients, sender);
  lpad_activity_touch (core->activity);
  if (lpad_clients_is_reader (core->clients, sender))
    on_checked (NULL, request);
  else
    lpad_auth_check (core->auth,
                     sender,
                     LPAD_POLKIT_READ,
                     flags & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION,
                     on_checked,
                     request);
}

static void
send_to_reader (const char *name, gpointer user_data)
{
  gpointer *arguments = user_data;
  LpadCore *core = arguments[0];
  g_autoptr (GDBusMessage) copy = g_dbus_message_copy (arguments[1], NULL);

  if (copy == NULL)
    return;
  g_dbus_message_set_destination (copy, name);
  (void) g_dbus_connection_send_message (core->connection, copy, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

/* Main thread */
static gboolean
dispatch (gpointer user_data)
{
  LpadReadGuard *guard = user_data;
  GQueue taken;
  GDBusMessage *message;

  pthread_mutex_lock (&guard->lock);
  taken = guard->taken;
  g_queue_init (&guard->taken);
  guard->scheduled = FALSE;
  pthread_mutex_unlock (&guard->lock);

  while ((message = g_queue_pop_head (&taken)) != NULL)
    {
      gpointer arguments[] = { guard->core, message };

      if (guard->core != NULL && g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_SIGNAL)
        lpad_clients_foreach_reader (guard->core->clients, send_to_reader, arguments);
      else if (guard->core != NULL)
        authorise (guard->core, message);
      g_object_unref (message);
    }
  return G_SOURCE_REMOVE;
}

static gboolean
is_signal_for_readers (GDBusMessage *message)
{
  const char *path = g_dbus_message_get_path (message);

  /* What the root itself says of its properties identifies nobody; what it says of its children does. */
  return g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_SIGNAL
         && g_dbus_message_get_destination (message) == NULL && path != NULL
         && (g_str_has_prefix (path, LPAD_BUS_ROOT "/")
             || g_strcmp0 (g_dbus_message_get_interface (message), OBJECT_MANAGER_INTERFACE) == 0);
}

/* On the thread of the connection */
static GDBusMessage *
filter (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer user_data)
{
  LpadReadGuard *guard = user_data;

  if (incoming ? !is_read_of_something_guarded (message) : !is_signal_for_readers (message))
    return message;
  pthread_mutex_lock (&guard->lock);
  g_queue_push_tail (&guard->taken, message);
  if (!guard->scheduled)
    {
      guard->scheduled = TRUE;
      guard->references++;
      g_idle_add_full (G_PRIORITY_DEFAULT, dispatch, guard, guard_unref);
    }
  pthread_mutex_unlock (&guard->lock);
  return NULL;
}

LpadReadGuard *
lpad_read_guard_new (LpadCore *core)
{
  LpadReadGuard *guard = g_new0 (LpadReadGuard, 1);

  guard->core = core;
  guard->references = 2;
  pthread_mutex_init (&guard->lock, NULL);
  g_queue_init (&guard->taken);
  guard->filter = g_dbus_connection_add_filter (core->connection, filter, guard, guard_unref);
  return guard;
}

void
lpad_read_guard_free (LpadReadGuard *guard)
{
  g_dbus_connection_remove_filter (guard->core->connection, guard->filter);
  guard->core = NULL;
  guard_unref (guard);
}
