/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LpadNmEntry: a connection that is other than its user wants it, for the time of a switch.
 * @uuid: of the connection
 * @modem: the modem whose profiles are switched: its folder below /sys
 * @made: lpad-nm has made it; otherwise the following members are of use
 * @priority, @autoconnect: what it had
 * @set_priority, @set_autoconnect: what it was given; for one that was made, too
 * @saved: it was in a file
 */
typedef struct
{
  char *uuid;
  char *modem;
  gboolean made;
  int priority;
  gboolean autoconnect;
  int set_priority;
  gboolean set_autoconnect;
  gboolean saved;
} LpadNmEntry;

/**
 * LpadNmJournal: what is to be put back, in a file that outlives a crash. It is in a folder that a restart of
 * the device empties, as it ends what NetworkManager has in memory only. It holds no ICCID.
 */
typedef struct _LpadNmJournal LpadNmJournal;

/** lpad_nm_journal_new: with what is in the file @path; NULL: nothing is written down. */
LpadNmJournal *lpad_nm_journal_new (const char *path);
void lpad_nm_journal_free (LpadNmJournal *journal);

/**
 * lpad_nm_journal_add: writes @entry (copied) down, before it is done. One for the same connection that is
 * there stays, with what the connection had first.
 */
void lpad_nm_journal_add (LpadNmJournal *journal, const char *modem, const LpadNmEntry *entry);

/** lpad_nm_journal_remove: the connection @uuid is as it is to be. */
void lpad_nm_journal_remove (LpadNmJournal *journal, const char *uuid);

/** lpad_nm_journal_get: (element-type LpadNmEntry): all entries; valid until the next change. */
GPtrArray *lpad_nm_journal_get (LpadNmJournal *journal);

/** lpad_nm_journal_has: whether there are entries of the modem @modem. */
gboolean lpad_nm_journal_has (LpadNmJournal *journal, const char *modem);

G_END_DECLS
