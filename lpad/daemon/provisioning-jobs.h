/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "job.h"

G_BEGIN_DECLS

/* What the chip's worker does of a detour over a provisioning profile. The caller sets lpad_job.done. */

/**
 * lpad_provisioning_enable_job_new: enables the provisioning profile @iccid. @record: written before;
 * outlives the job. %LPAD_ERROR_FAILED when it cannot be written: then there might be no way back, and
 * nothing is done
 */
LpadJob *lpad_provisioning_enable_job_new (GBytes *iccid, LpadJournalEntry *record);

/** lpad_provisioning_try_job_new: whether @address can be reached, see lpad_context_reach(). */
LpadJob *lpad_provisioning_try_job_new (const char *address);

/** lpad_provisioning_look_job_new: reads the chip, before anything is undone. @notify: there is a way to
 * servers now: what is pending is delivered before it is given up */
LpadJob *lpad_provisioning_look_job_new (gboolean notify);

/** lpad_provisioning_undo_job_new: enables or disables the profile @iccid. It has succeeded when the chip,
 * read again, shows it. Not cancellable. */
LpadJob *lpad_provisioning_undo_job_new (LpadStateCommand command, GBytes *iccid);

G_END_DECLS
