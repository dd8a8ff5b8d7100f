/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "error-details.h"

G_BEGIN_DECLS

/**
 * LpadJournal: the write-ahead record of what is being done to chips, so that after a kill, a power cut or
 * the loss of a card somebody can say what became of it. A folder with a small file for each operation that
 * has gone so far that it matters; the file is written before the step that it announces, and removed when
 * the end has been reported.
 *
 * EIDs, ICCIDs, servers and matching IDs are in the files only as HMACs under a random key of this
 * installation: enough to recognise them, of no use without the key. The transaction ID, which is random, is
 * there in clear.
 *
 * When nothing can be written (ENOSPC, EROFS ...) operations go on: the chip is the durable store, and only
 * the report after an interruption would be missing. That is a warning, once. Immutable and usable from any
 * thread.
 */
typedef struct _LpadJournal LpadJournal;

/** LpadPhase: how far an operation has come: the step that was begun last. */
typedef enum
{
  LPAD_PHASE_NONE,      /* nothing that matters; not written */
  LPAD_PHASE_SESSION,   /* a session with the server; nothing goes into the chip */
  LPAD_PHASE_CODE,      /* the server gets a confirmation code, and counts it */
  LPAD_PHASE_ENDING,    /* the server is told to end the order */
  LPAD_PHASE_LOADING,   /* the package goes into the chip */
  LPAD_PHASE_ENABLING,  /* the profile of a download is installed and is being enabled */
  LPAD_PHASE_CHANGING,  /* the chip is told to enable, disable, delete or reset; of a detour: it is on */
  LPAD_PHASE_TRIAL,     /* the profile is in use, and has to prove itself */
  LPAD_PHASE_RETURNING, /* it has not: the chip is told to go back */
} LpadPhase;

/** LpadOutcome: what is true, as far as the chip has been asked. */
typedef enum
{
  LPAD_OUTCOME_UNKNOWN, /* it has not */
  LPAD_OUTCOME_NOTHING, /* nothing has changed */
  LPAD_OUTCOME_FAILED,  /* the chip has refused the package: see bpp_command and error_reason */
  LPAD_OUTCOME_PARTLY,  /* the profile is installed, but not enabled as it should be */
  LPAD_OUTCOME_DONE,
  LPAD_OUTCOME_BACK, /* it was done, and lpad has gone back */
} LpadOutcome;

/** LpadOrderName: how a server is told which order is meant. */
typedef enum
{
  LPAD_ORDER_NAME_CODE,  /* by the matching ID that a person has, in an activation code as a rule */
  LPAD_ORDER_NAME_EVENT, /* by one that an SM-DS keeps */
  LPAD_ORDER_NAME_NONE,  /* not at all: the server knows the chip, and has one profile for it or several */
} LpadOrderName;

/** LPAD_JOURNAL_FOLDER: below the folder with lpad's state. */
#define LPAD_JOURNAL_FOLDER "interrupted"

/** LPAD_JOURNAL_DETOUR: the kind of an entry that says: a provisioning profile is, or may be, enabled for the
 * time of a download. It is open until what was enabled before is so again, or the new profile. */
#define LPAD_JOURNAL_DETOUR "provisioning"

/**
 * LpadJournalEntry: an operation. It belongs to the main thread, and to the worker while a job of the
 * operation runs.
 * @path: its file, NULL: nothing is written; @written: it is there
 * @kind: Operation.Kind, or LPAD_JOURNAL_DETOUR
 * @time: when it began, seconds since 1970
 * @enable: of a download: the profile is to be enabled, too
 * @trial_s: the profile has to prove itself within so many seconds, and that has not been decided; 0: it has,
 * or has not to
 * @previous: (nullable): with @trial_s: hash of the profile to go back to; NULL: none was enabled
 * @deadline: when the trial ends, seconds since 1970; 0: it has not begun
 * @confirm: of a trial that has begun: somebody has to confirm the profile
 * @transaction_id: (nullable): of the session whose package goes into the chip
 */
typedef struct
{
  LpadJournal *journal;
  char *path;
  gboolean written;
  char *kind;
  gint64 time;
  char *chip;  /* hash of the EID */
  char *order; /* hash of the order, or of the place where it is, or NULL */
  LpadOrderName order_name;
  char *profile; /* hash of the ICCID, or NULL */
  char *before;  /* of a detour: hash of the ICCID of the profile that was enabled, or NULL: none was */
  gboolean enable;
  guint trial_s;
  char *previous;
  gint64 deadline;
  gboolean confirm;
  LpadPhase phase;
  LpadOutcome outcome;
  GBytes *transaction_id;
  int bpp_command;
  int error_reason;
} LpadJournalEntry;

/**
 * lpad_journal_open: what is in @folder, which is made when it is not there; remains of writing are removed.
 * @folder: (nullable): NULL: nothing is written
 */
LpadJournal *lpad_journal_open (const char *folder);
void lpad_journal_free (LpadJournal *journal);

/**
 * lpad_journal_load: (element-type LpadJournalEntry) (transfer full): what is recorded of the chip @eid,
 * oldest first. Files that nobody can read any more are removed.
 */
GPtrArray *lpad_journal_load (LpadJournal *journal, const char *eid);

/** lpad_journal_has_open: whether @folder has the record of an operation, on any chip, that was interrupted
 * so that only the chip can say what is true. For whoever is no lpad: nothing is made. */
gboolean lpad_journal_has_open (const char *folder);

/** lpad_journal_entry_new: an operation of @kind on the chip @eid begins; nothing is written yet. */
LpadJournalEntry *lpad_journal_entry_new (LpadJournal *journal, const char *kind, const char *eid);

/** lpad_journal_entry_free: forgets the entry; its file stays. */
void lpad_journal_entry_free (LpadJournalEntry *entry);

/**
 * lpad_journal_entry_set_order: what is downloaded.
 * @name: what stands for the order at the server @address, the same for each start of it; NULL with
 * LPAD_ORDER_NAME_NONE: orders without a name cannot be told apart, but where they are is recorded
 */
void lpad_journal_entry_set_order (LpadJournalEntry *entry,
                                   const char *address,
                                   const char *name,
                                   LpadOrderName order_name);

/** lpad_journal_entry_is_order: the same was downloaded; of an order without a name (NULL): something from
 * the same server. */
gboolean lpad_journal_entry_is_order (const LpadJournalEntry *entry, const char *address, const char *name);

/** lpad_journal_entry_is_done_anew: a download of what @entry is about leaves nothing to be told of @entry.
 * Not so of an order without a name when something has been installed, or may have been: the new download is
 * of another one. */
gboolean lpad_journal_entry_is_done_anew (const LpadJournalEntry *entry, const LpadJournalEntry *anew);

/** lpad_journal_entry_set_profile: which profile it is about. */
void lpad_journal_entry_set_profile (LpadJournalEntry *entry, GBytes *iccid);
gboolean lpad_journal_entry_is_profile (const LpadJournalEntry *entry, GBytes *iccid);

/** lpad_journal_entry_set_before: which profile was enabled when a detour began; NULL: none. */
void lpad_journal_entry_set_before (LpadJournalEntry *entry, GBytes *iccid);
gboolean lpad_journal_entry_is_before (const LpadJournalEntry *entry, GBytes *iccid);

/**
 * lpad_journal_entry_set_trial: the profile has to prove itself within @seconds; else lpad goes back.
 * @previous: (nullable): the profile that was enabled before
 */
void lpad_journal_entry_set_trial (LpadJournalEntry *entry, GBytes *previous, guint seconds);
gboolean lpad_journal_entry_is_previous (const LpadJournalEntry *entry, GBytes *iccid);

/** lpad_journal_entry_begin: what @phase names is about to be done; on disk when this returns. */
void lpad_journal_entry_begin (LpadJournalEntry *entry, LpadPhase phase);

/** lpad_journal_entry_save: writes the entry as it is. */
void lpad_journal_entry_save (LpadJournalEntry *entry);

/** lpad_journal_entry_remove: removes its file: the end has been reported. A power cut right after may bring
 * the file back; what it says is looked at again then, and still true. */
void lpad_journal_entry_remove (LpadJournalEntry *entry);

/** lpad_journal_entry_is_open: it has come so far that only the chip knows what is true, and the chip has not
 * been asked. */
gboolean lpad_journal_entry_is_open (const LpadJournalEntry *entry);

/** lpad_journal_entry_is_detour: of the kind LPAD_JOURNAL_DETOUR. */
gboolean lpad_journal_entry_is_detour (const LpadJournalEntry *entry);

/** lpad_journal_entry_order_state: of a download: what the activation code is worth. */
LpadOrder lpad_journal_entry_order_state (const LpadJournalEntry *entry);

/** lpad_journal_entry_is_over: it was resolved so long before @now (seconds since 1970) that it is no news.
 */
gboolean lpad_journal_entry_is_over (const LpadJournalEntry *entry, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadJournal, lpad_journal_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadJournalEntry, lpad_journal_entry_free)

G_END_DECLS
