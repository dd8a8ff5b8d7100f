/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "job.h"

G_BEGIN_DECLS

/* What the chip's worker does of a detour over a provisioning profile. The caller sets lpad_job.done. */

/** lpad_provisioning_try_job_new: whether @address can be reached, see lpad_context_reach(). */
LpadJob *lpad_provisioning_try_job_new (const char *address);

/** lpad_provisioning_look_job_new: reads the chip, before anything is undone. @notify: there is a way to
 * servers now: what is pending is delivered before it is given up */
LpadJob *lpad_provisioning_look_job_new (gboolean notify);

G_END_DECLS
