/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "activity.h"
#include "auth.h"
#include "clients.h"
#include "config.h"
#include "issuers.h"
#include "journal.h"
#include "lpad-bus.h"
#include "names.h"
#include "store.h"

G_BEGIN_DECLS

/**
 * LpadCore: what all objects on the bus share. Made and freed by the daemon, which outlives them. Main thread
 * only, except for @context, which is immutable.
 * @kinds: how operations are started, see operation-kinds.h
 * @connections: (nullable): those of NetworkManager, see connections.h
 * @operations: (element-type LpadOperation): those that are on the bus, finished ones too
 * @modems: (nullable): where the slots of modems are; NULL before and after their time
 * @modem_manager: (nullable): as long as no chip in a modem was seen
 * @settled: the chips that were there when lpad started have been looked at
 * @stopping: lpad is about to end: nothing new begins
 * @on_step: while @stopping: an operation has finished, or a worker has ended
 */
typedef struct
{
  const LpadConfig *config;
  LpadStore *store;
  LpadIssuers *issuers;
  LpadJournal *journal;
  LpadContext context;
  GDBusConnection *connection;
  GDBusObjectManagerServer *objects;
  LpadActivity *activity;
  LpadClients *clients;
  LpadAuth *auth;
  const struct _LpadOperationKinds *kinds;
  struct _LpadConnections *connections;
  GPtrArray *operations;
  struct _LpadModems *modems;
  struct _LpadModemManager *modem_manager;
  guint next_operation;
  guint next_euicc;
  guint workers; /* threads that have not ended */
  gboolean settled;
  gboolean stopping;
  GSourceOnceFunc on_step;
  gpointer on_step_data;
} LpadCore;

G_END_DECLS
