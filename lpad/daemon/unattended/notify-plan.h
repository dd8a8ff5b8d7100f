/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "store.h"

G_BEGIN_DECLS

/** LpadNotifyTry: whose turn it is at the next try that lpad makes by itself. */
typedef enum
{
  LPAD_NOTIFY_TRY_DUE,         /* whose time has come */
  LPAD_NOTIFY_TRY_UNREACHABLE, /* those, and who could not be reached: the network is another one now */
  LPAD_NOTIFY_TRY_ALL,
} LpadNotifyTry;

/**
 * LpadNotifyPlan: when lpad tries by itself to deliver what is pending on a chip, and to whom. A plain
 * structure, zero at the begin, without a clock or a network: whoever asks says what time it is, in seconds
 * since 1970.
 * @next_try: whom the next try is for
 * @last: when lpad last tried by itself; 0: never
 * @settled: when the network that changed last can be relied upon; 0: none has
 */
typedef struct
{
  LpadNotifyTry next_try;
  gint64 last;
  gint64 settled;
} LpadNotifyPlan;

/**
 * lpad_notify_plan_network_changed: there are new routes. That counts also while a try or a switch is under
 * way: what fails in it may have begun without them.
 * Returns: seconds until the next try; -1: it is planned already, and is not put off
 */
gint64 lpad_notify_plan_network_changed (LpadNotifyPlan *plan, gint64 now);

/** lpad_notify_plan_hurry: those who could not be reached are tried as soon as the chip has nothing to do. */
void lpad_notify_plan_hurry (LpadNotifyPlan *plan);

/** lpad_notify_plan_is_due: whether the next try is for a recipient. @attempts: what became of those before
 */
gboolean lpad_notify_plan_is_due (const LpadNotifyPlan *plan, const LpadAttempts *attempts, gint64 now);

/**
 * lpad_notify_plan_delay: seconds until the next try.
 * @earliest: when the time of the first recipient comes
 * @unreachable: whether somebody could not be reached; without that a new network is of no use
 */
gint64 lpad_notify_plan_delay (LpadNotifyPlan *plan, gint64 earliest, gboolean unreachable, gint64 now);

/** lpad_notify_plan_tried: the next try has begun; the one after it is for those whose time comes. @sent:
 * FALSE: it was for nobody */
void lpad_notify_plan_tried (LpadNotifyPlan *plan, gboolean sent, gint64 now);

G_END_DECLS
