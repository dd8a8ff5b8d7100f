/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ladder.h"
#include "operation.h"

G_BEGIN_DECLS

/**
 * LpadChangeoverWish: what an operation is asked to do. Copied.
 * @phase: what its record says before the chip is told
 * @trial_given: the caller has said how long the profile has to prove itself; otherwise lpad.conf counts
 * @trial_s: seconds; 0: it has not to
 */
typedef struct
{
  LpadStateCommand command;
  GBytes *iccid;
  LpadRefresh refresh;
  LpadPhase phase;
  gboolean trial_given;
  guint trial_s;
} LpadChangeoverWish;

#define LPAD_TRIAL_MIN 5           /* seconds */
#define LPAD_TRIAL_MAX (24 * 3600) /* seconds */

/** lpad_changeover_check_trial: whether a caller may ask for a trial of @seconds;
 * %LPAD_ERROR_INVALID_ARGUMENTS. */
gboolean lpad_changeover_check_trial (guint seconds, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** LpadChangeoverFunc: the end; what is there to say is in Operation.Result. @error: (nullable) (transfer
 * full) */
typedef void (*LpadChangeoverFunc) (LpadOperation *operation, GError *error);

/**
 * lpad_changeover_start: a switch (see lpad_switching_start()) with all that belongs to it: operators are
 * told; a profile on trial is kept or given up, which is a switch again. Its stages, in the operation's kind:
 * LPAD_CHANGEOVER_STAGES. The operation's record says which profile it is about.
 */
void
lpad_changeover_start (LpadOperation *operation, const LpadChangeoverWish *wish, LpadChangeoverFunc done);

/** lpad_changeover_resume: goes on with a trial that was interrupted, in an operation of lpad's own. @entry:
 * (transfer full): see lpad_interruption_is_trial() */
void lpad_changeover_resume (LpadEuicc *euicc, LpadJournalEntry *entry);

G_END_DECLS
