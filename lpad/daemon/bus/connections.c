/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connections.h"

#include <string.h>

#include "text.h"

#define LIST     "Connections" /* the property */
#define TEXT_MAX 128           /* octets of a name */
#define INACTIVE "inactive"

struct _LpadConnections
{
  LpadCore *core;
  GCancellable *cancellable;
  GDBusProxy *proxy; /* of lpad-nm; NULL until it is made */
};

static void
insert_text (GVariantDict *dict, const char *key, GVariant *entry)
{
  const char *text = "";
  g_autofree char *clean = NULL;

  g_variant_lookup (entry, key, "&s", &text);
  clean = lpad_text_clean ((const guint8 *) text, strlen (text), TEXT_MAX);
  g_variant_dict_insert (dict, key, "s", clean);
}

GVariant *
lpad_connections_choose (GVariant *list, const char *iccid)
{
  g_autoptr (GVariant) chosen = NULL;
  GVariantDict dict;

  for (gsize i = 0; list != NULL && i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (list, i);
      const char *of = "", *state = INACTIVE;

      g_variant_lookup (entry, "iccid", "&s", &of);
      g_variant_lookup (entry, "state", "&s", &state);
      if (!g_str_equal (of, iccid) || (chosen != NULL && g_str_equal (state, INACTIVE)))
        continue;
      g_clear_pointer (&chosen, g_variant_unref);
      chosen = g_steal_pointer (&entry);
    }
  g_variant_dict_init (&dict, NULL);
  if (chosen != NULL)
    {
      insert_text (&dict, "id", chosen);
      insert_text (&dict, "uuid", chosen);
      insert_text (&dict, "state", chosen);
    }
  return g_variant_dict_end (&dict);
}

GVariant *
lpad_connections_find (LpadConnections *connections, const char *iccid)
{
  g_autoptr (GVariant) list = NULL;

  if (connections != NULL && connections->proxy != NULL)
    list = g_dbus_proxy_get_cached_property (connections->proxy, LIST);
  if (list != NULL && !g_variant_is_of_type (list, G_VARIANT_TYPE ("aa{sv}")))
    g_clear_pointer (&list, g_variant_unref);
  return lpad_connections_choose (list, iccid);
}

gboolean
lpad_connections_is_helper (LpadConnections *connections, const char *sender)
{
  g_autofree char *owner = NULL;

  if (connections != NULL && connections->proxy != NULL)
    owner = g_dbus_proxy_get_name_owner (connections->proxy);
  return g_strcmp0 (owner, sender) == 0;
}

static void
update (LpadConnections *connections)
{
  GList *objects = g_dbus_object_manager_get_objects (G_DBUS_OBJECT_MANAGER (connections->core->objects));

  for (GList *link = objects; link != NULL; link = link->next)
    {
      g_autoptr (GDBusInterface)
          interface = g_dbus_object_get_interface (link->data, LPAD_BUS_NAME ".Profile");
      LpadBusProfile *profile;

      if (interface == NULL)
        continue;
      profile = LPAD_BUS_PROFILE (interface);
      lpad_bus_profile_set_connection (
          profile, lpad_connections_find (connections, lpad_bus_profile_get_iccid (profile)));
    }
  g_list_free_full (objects, g_object_unref);
}

static void
on_properties_changed (GDBusProxy *proxy, GVariant *changed, char **invalidated, gpointer user_data)
{
  update (user_data);
}

static void
on_proxy (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  GDBusProxy *proxy = g_dbus_proxy_new_finish (result, &error);
  LpadConnections *connections = user_data;

  if (proxy == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_warning ("lpad-nm cannot be listened to: %s", error->message);
      return;
    }
  connections->proxy = proxy;
  g_signal_connect (proxy, "g-properties-changed", G_CALLBACK (on_properties_changed), connections);
  update (connections);
}

LpadConnections *
lpad_connections_new (LpadCore *core)
{
  LpadConnections *connections = g_new0 (LpadConnections, 1);

  connections->core = core;
  connections->cancellable = g_cancellable_new ();
  g_dbus_proxy_new (core->connection,
                    G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START,
                    NULL,
                    LPAD_NM_BUS_NAME,
                    LPAD_NM_BUS_PATH,
                    LPAD_NM_BUS_INTERFACE,
                    connections->cancellable,
                    on_proxy,
                    connections);
  return connections;
}

void
lpad_connections_free (LpadConnections *connections)
{
  g_cancellable_cancel (connections->cancellable);
  g_object_unref (connections->cancellable);
  if (connections->proxy != NULL)
    g_signal_handlers_disconnect_by_data (connections->proxy, connections);
  g_clear_object (&connections->proxy);
  g_free (connections);
}
