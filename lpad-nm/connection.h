/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** The highest autoconnect-priority that NetworkManager knows. */
#define LPAD_NM_PRIORITY_MAX 999

/**
 * LpadNmConnection: a connection of NetworkManager for modems (of type gsm), as far as it matters here.
 * @sim_id: ICCID of the SIM that it is for; empty: for any
 * @priority: autoconnect-priority
 * @timestamp: seconds since 1970 at which it was last up; 0: never
 * @saved: it is in a file of the administrator, rather than in memory or in a file of the system
 * @unsaved: it is other than what its file says, or has none
 * @chip: whose profile it is for, if lpad-nm has made it: see lpad_nm_connection_hash_eid(); else NULL
 * @settings: all of it but its secrets, a{sa{sv}}
 */
typedef struct
{
  char *path;
  char *uuid;
  char *id;
  char *sim_id;
  int priority;
  gboolean autoconnect;
  guint64 timestamp;
  gboolean saved;
  gboolean unsaved;
  char *chip;
  GVariant *settings;
} LpadNmConnection;

/**
 * lpad_nm_connection_new: what NetworkManager says of the connection at @path.
 * @properties: of its object, a{sv}
 * @settings: what GetSettings() returns, a{sa{sv}}
 * Returns: NULL: it is none for modems
 */
LpadNmConnection *lpad_nm_connection_new (const char *path, GVariant *properties, GVariant *settings);
void lpad_nm_connection_free (LpadNmConnection *connection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadNmConnection, lpad_nm_connection_free)

/** lpad_nm_connection_change: (transfer floating): its settings, with these two instead of its own. */
GVariant *lpad_nm_connection_change (const LpadNmConnection *connection, int priority, gboolean autoconnect);

/**
 * lpad_nm_connection_make: (transfer floating): settings of a connection for the profile @iccid, marked as
 * made by lpad-nm. No APN is guessed: without one the network takes its default.
 * @id: its name for people
 * @apn: (nullable): NULL: not known
 * @chip: of the chip that has the profile
 */
GVariant *lpad_nm_connection_make (const char *id,
                                   const char *uuid,
                                   const char *iccid,
                                   const char *apn,
                                   const char *chip,
                                   int priority);

/** lpad_nm_connection_hash_eid: the name of the chip @eid in a mark: it is not to be read from there. */
char *lpad_nm_connection_hash_eid (const char *eid);

G_END_DECLS
