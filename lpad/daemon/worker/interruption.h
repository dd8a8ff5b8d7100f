/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "job.h"
#include "journal.h"

G_BEGIN_DECLS

/* From a record of the journal to the truth: what was interrupted, and what the chip says now. */

/** lpad_interruption_may_be_lost: whether a command that failed with @error may have reached a chip that
 * could not be read afterwards. Any other error was found before the command was sent. */
gboolean lpad_interruption_may_be_lost (const GError *error);

/**
 * lpad_interruption_settle: what is true of @entry according to @inventory, which was read after its last
 * step; an installation whose result may still be among the notifications is not decided by this. Nothing is
 * written.
 */
void lpad_interruption_settle (LpadJournalEntry *entry, const LpadInventory *inventory);

/**
 * lpad_interruption_resolve: the same, and looks for the result of an installation among the notifications
 * when that is needed. What is found is on disk when this returns: the notifications may be delivered, and
 * with that removed, afterwards. On the worker's thread.
 */
void lpad_interruption_resolve (LpadJournalEntry *entry, LpadChip *chip, const LpadInventory *inventory);

/**
 * lpad_interruption_look: what the journal knows of the chip with @inventory, resolved. On the worker's
 * thread, and before anything else happens to the chip. Returns: (transfer full) (element-type
 * LpadJournalEntry): without what is no news any more
 */
GPtrArray *lpad_interruption_look (LpadJournal *journal, LpadChip *chip, const LpadInventory *inventory);

/** lpad_interruption_is_trial: the profile of @entry is in use and has to prove itself, which was
 * interrupted. */
gboolean lpad_interruption_is_trial (const LpadJournalEntry *entry);

/** lpad_interruption_profile: (nullable): the profile that @entry is about, if it is on the chip. */
const LpadProfile *lpad_interruption_profile (const LpadJournalEntry *entry, const LpadInventory *inventory);

/** lpad_interruption_before: (nullable): of a detour: the profile that was enabled before, if it is on the
 * chip. */
const LpadProfile *lpad_interruption_before (const LpadJournalEntry *entry, const LpadInventory *inventory);

/** lpad_interruption_message: what a person is told, one sentence (static). */
const char *lpad_interruption_message (const LpadJournalEntry *entry);

/** lpad_interruption_describe: an element of Euicc.Interruptions: (transfer floating).
 * @profile_path: (nullable): object of lpad_interruption_profile() */
GVariant *lpad_interruption_describe (const LpadJournalEntry *entry,
                                      const LpadInventory *inventory,
                                      const char *profile_path);

/**
 * lpad_interruption_note_change: on the worker: what the chip says after a change that @job has tried becomes
 * the job's inventory and settles its record; its channel is kept for the notifications, which follow once
 * the bus has been told.
 * @after: (transfer full) (nullable): NULL: the chip could not be read
 */
void lpad_interruption_note_change (LpadJob *job, LpadWorkbench *bench, LpadInventory *after);

G_END_DECLS
