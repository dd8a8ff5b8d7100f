/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "activity.h"

G_BEGIN_DECLS

/**
 * LpadClients: the callers on the bus, by unique name, from their first call until they leave.
 *
 * Signal "vanished" (const char *name): the client has left the bus.
 */
#define LPAD_TYPE_CLIENTS (lpad_clients_get_type ())
G_DECLARE_FINAL_TYPE (LpadClients, lpad_clients, LPAD, CLIENTS, GObject)

/** lpad_clients_new: @activity lives longer. */
LpadClients *lpad_clients_new (GDBusConnection *connection, LpadActivity *activity);

/** lpad_clients_add: watches @name from now on; nothing happens when it is watched already. */
void lpad_clients_add (LpadClients *clients, const char *name);

/** lpad_clients_set_reader: the client may see identifiers for as long as it stays on the bus. */
void lpad_clients_set_reader (LpadClients *clients, const char *name);
gboolean lpad_clients_is_reader (LpadClients *clients, const char *name);

/** lpad_clients_foreach_reader: calls @func with the name of each client that may see identifiers. */
typedef void (*LpadClientsFunc) (const char *name, gpointer user_data);
void lpad_clients_foreach_reader (LpadClients *clients, LpadClientsFunc func, gpointer user_data);

/** lpad_clients_keep: the client follows the objects: lpad stays for as long as it does. */
void lpad_clients_keep (LpadClients *clients, const char *name);

G_END_DECLS
