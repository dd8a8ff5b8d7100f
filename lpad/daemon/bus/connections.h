/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core.h"

G_BEGIN_DECLS

/**
 * LpadConnections: which connections of NetworkManager serve which profiles, as lpad-nm says: it shows that
 * to lpad alone, and lpad to those who may read ICCIDs. Without lpad-nm there are none. Main thread only.
 */
typedef struct _LpadConnections LpadConnections;

/** lpad_connections_new: begins to listen; @core lives longer. Profiles on the bus are kept up to date. */
LpadConnections *lpad_connections_new (LpadCore *core);
void lpad_connections_free (LpadConnections *connections);

/**
 * lpad_connections_find: Profile.Connection (floating) of the profile @iccid; empty if it has none.
 * @connections: (nullable): NULL: nobody listens
 */
GVariant *lpad_connections_find (LpadConnections *connections, const char *iccid);

/**
 * lpad_connections_is_helper: whether @sender, a unique name on the bus, is lpad-nm. It looks on for as long
 * as lpad is there, and does not keep it there.
 * @connections: (nullable)
 */
gboolean lpad_connections_is_helper (LpadConnections *connections, const char *sender);

/**
 * lpad_connections_choose: the same, from a list as org.lpad.Nm1:Connections has it. Of several connections
 * it is one that is in use.
 * @list: (nullable): an aa{sv}
 */
GVariant *lpad_connections_choose (GVariant *list, const char *iccid);

G_END_DECLS
