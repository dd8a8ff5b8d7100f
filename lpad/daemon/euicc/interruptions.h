/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc.h"
#include "journal.h"

G_BEGIN_DECLS

/**
 * LpadInterruptions: what was interrupted on a chip, and nobody has been told, or has acknowledged, yet:
 * Euicc.Interruptions. Main thread only.
 */
typedef struct _LpadInterruptions LpadInterruptions;

LpadInterruptions *lpad_interruptions_new (LpadEuicc *euicc);
void lpad_interruptions_free (LpadInterruptions *interruptions);

/** lpad_interruptions_set: what lpad_interruption_look() has found (element-type LpadJournalEntry) (transfer
 * full). */
void lpad_interruptions_set (LpadInterruptions *interruptions, GPtrArray *entries);

/** lpad_interruptions_publish: the chip has been read again. */
void lpad_interruptions_publish (LpadInterruptions *interruptions);

/** lpad_interruptions_find_order: (nullable): the interrupted download of this order, see
 * lpad_journal_entry_is_order(). */
const LpadJournalEntry *
lpad_interruptions_find_order (LpadInterruptions *interruptions, const char *address, const char *name);

/** lpad_interruptions_take_trial: (transfer full) (nullable): the trial that has to go on; not interrupted
 * any more. */
LpadJournalEntry *lpad_interruptions_take_trial (LpadInterruptions *interruptions);

/** lpad_interruptions_supersede: @entry begins: what it is about is done anew. */
void lpad_interruptions_supersede (LpadInterruptions *interruptions, const LpadJournalEntry *entry);

/** lpad_interruptions_find_detour: (nullable): a detour from which the chip has not come back. */
const LpadJournalEntry *lpad_interruptions_find_detour (LpadInterruptions *interruptions);

/** lpad_interruptions_settle_detours: the chip has been read after it was brought back. */
void lpad_interruptions_settle_detours (LpadInterruptions *interruptions);

/** lpad_interruptions_acknowledge: somebody has read them all. A detour stays until it has come to its end.
 */
void lpad_interruptions_acknowledge (LpadInterruptions *interruptions);

/**
 * lpad_interruptions_end: the operation of @entry (taken over) has ended on @euicc. When its caller has been
 * told, and the truth is known, the record goes as soon as the bus has the news; otherwise it stays.
 * @told: the caller is still there
 */
void lpad_interruptions_end (LpadEuicc *euicc, LpadJournalEntry *entry, gboolean told);

G_END_DECLS
