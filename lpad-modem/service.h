/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "channel-journal.h"
#include "quirks.h"

G_BEGIN_DECLS

/** LpadModemService: what all modems of the program share; it outlives them. */
typedef struct
{
  GDBusConnection *connection;
  GDBusObjectManagerServer *objects;
  const char *config; /* path of lpad.conf */
  LpadModemJournal *journal;
  LpadModemQuirkTable *quirks;
  guint last_slot;                      /* number in the path of the newest object */
  void (*settled) (gpointer user_data); /* a modem knows its slots, or that it cannot be used now */
  gpointer user_data;
} LpadModemService;

G_END_DECLS
