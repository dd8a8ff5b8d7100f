/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc.h"

G_BEGIN_DECLS

/**
 * LpadNotifySchedule: when lpad by itself tries to deliver what is pending on a chip (SGP.22 3.5): when the
 * chip is found, when the time of a recipient has come, and when the network has changed since one could not
 * be reached, or while that was tried. While a try is due within ten minutes lpad does not end for want of
 * anything to do.
 */
typedef struct _LpadNotifySchedule LpadNotifySchedule;

/** lpad_notify_schedule_new: nothing is planned yet. @euicc outlives it. */
LpadNotifySchedule *lpad_notify_schedule_new (LpadEuicc *euicc);
void lpad_notify_schedule_free (LpadNotifySchedule *schedule);

/** lpad_notify_schedule_start: the chip has just been found: whatever is pending is tried soon, whether it is
 * due or not, because much may have changed since. */
void lpad_notify_schedule_start (LpadNotifySchedule *schedule);

/** lpad_notify_schedule_hurry: something of a user has come so far without those who did not answer the last
 * time: they are tried as soon as the chip has nothing to do. */
void lpad_notify_schedule_hurry (LpadNotifySchedule *schedule);

/** lpad_notify_schedule_attend: an operation begins on the chip: what becomes of the network meanwhile counts
 * at the next update. */
void lpad_notify_schedule_attend (LpadNotifySchedule *schedule);

/** lpad_notify_schedule_update: the chip has nothing to do: plans the next try for when its time comes. */
void lpad_notify_schedule_update (LpadNotifySchedule *schedule);

G_END_DECLS
