/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clients.h"

typedef struct
{
  guint watch;
  gboolean reader;
  gboolean kept;
} Client;

struct _LpadClients
{
  GObject parent_instance;

  GDBusConnection *connection;
  LpadActivity *activity;
  GHashTable *clients; /* unique name -> Client */
};

G_DEFINE_FINAL_TYPE (LpadClients, lpad_clients, G_TYPE_OBJECT)

static void
client_free (gpointer data)
{
  Client *client = data;

  g_bus_unwatch_name (client->watch);
  g_free (client);
}

static void
on_name_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
  g_autoptr (LpadClients) clients = g_object_ref (LPAD_CLIENTS (user_data));
  g_autofree char *owned = g_strdup (name);
  Client *client = g_hash_table_lookup (clients->clients, owned);
  gboolean kept;

  if (client == NULL)
    return;
  kept = client->kept;
  g_hash_table_remove (clients->clients, owned);
  g_signal_emit_by_name (clients, "vanished", owned);
  if (kept)
    lpad_activity_release (clients->activity);
}

static void
lpad_clients_finalize (GObject *object)
{
  LpadClients *clients = LPAD_CLIENTS (object);

  g_hash_table_unref (clients->clients);
  g_object_unref (clients->connection);
  G_OBJECT_CLASS (lpad_clients_parent_class)->finalize (object);
}

static void
lpad_clients_class_init (LpadClientsClass *class)
{
  G_OBJECT_CLASS (class)->finalize = lpad_clients_finalize;
  g_signal_new (
      "vanished", LPAD_TYPE_CLIENTS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
lpad_clients_init (LpadClients *clients)
{
  clients->clients = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, client_free);
}

LpadClients *
lpad_clients_new (GDBusConnection *connection, LpadActivity *activity)
{
  LpadClients *clients = g_object_new (LPAD_TYPE_CLIENTS, NULL);

  clients->connection = g_object_ref (connection);
  clients->activity = activity;
  return clients;
}

static Client *
get_client (LpadClients *clients, const char *name)
{
  Client *client = g_hash_table_lookup (clients->clients, name);

  if (client != NULL)
    return client;
  client = g_new0 (Client, 1);
  g_hash_table_insert (clients->clients, g_strdup (name), client);
  client->watch = g_bus_watch_name_on_connection (
      clients->connection, name, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, on_name_vanished, clients, NULL);
  return client;
}

void
lpad_clients_add (LpadClients *clients, const char *name)
{
  get_client (clients, name);
}

void
lpad_clients_set_reader (LpadClients *clients, const char *name)
{
  get_client (clients, name)->reader = TRUE;
}

gboolean
lpad_clients_is_reader (LpadClients *clients, const char *name)
{
  Client *client = g_hash_table_lookup (clients->clients, name);

  return client != NULL && client->reader;
}

void
lpad_clients_foreach_reader (LpadClients *clients, LpadClientsFunc func, gpointer user_data)
{
  GHashTableIter iter;
  gpointer name, client;

  g_hash_table_iter_init (&iter, clients->clients);
  while (g_hash_table_iter_next (&iter, &name, &client))
    {
      if (((const Client *) client)->reader)
        func (name, user_data);
    }
}

void
lpad_clients_keep (LpadClients *clients, const char *name)
{
  Client *client = get_client (clients, name);

  if (client->kept)
    return;
  client->kept = TRUE;
  lpad_activity_hold (clients->activity);
}
