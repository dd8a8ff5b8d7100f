/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notify-plan.h"

#define PAUSE        60 /* seconds between tries that lpad makes by itself */
#define NETWORK_TIME 2  /* seconds that a new network has to settle */

gint64
lpad_notify_plan_network_changed (LpadNotifyPlan *plan, gint64 now)
{
  /* Routes change one by one: what is planned already is not put off by those that follow. */
  if (plan->next_try != LPAD_NOTIFY_TRY_DUE)
    return -1;
  plan->next_try = LPAD_NOTIFY_TRY_UNREACHABLE;
  plan->settled = now + NETWORK_TIME;
  return NETWORK_TIME;
}

void
lpad_notify_plan_hurry (LpadNotifyPlan *plan)
{
  if (plan->next_try == LPAD_NOTIFY_TRY_DUE)
    plan->next_try = LPAD_NOTIFY_TRY_UNREACHABLE;
}

gboolean
lpad_notify_plan_is_due (const LpadNotifyPlan *plan, const LpadAttempts *attempts, gint64 now)
{
  switch (plan->next_try)
    {
    case LPAD_NOTIFY_TRY_ALL:
      return TRUE;
    case LPAD_NOTIFY_TRY_UNREACHABLE:
      return attempts->unreachable || attempts->next <= now;
    case LPAD_NOTIFY_TRY_DUE:
    default:
      return attempts->next <= now;
    }
}

/* Clocks are set: no wait is longer than what it is for. */
gint64
lpad_notify_plan_delay (LpadNotifyPlan *plan, gint64 earliest, gboolean unreachable, gint64 now)
{
  gint64 delay = MAX (earliest - now, 0);

  if (plan->next_try == LPAD_NOTIFY_TRY_UNREACHABLE && !unreachable)
    plan->next_try = LPAD_NOTIFY_TRY_DUE;
  if (plan->next_try != LPAD_NOTIFY_TRY_DUE)
    return CLAMP (plan->settled - now, 0, NETWORK_TIME);
  if (plan->last != 0)
    delay = MAX (delay, MIN (plan->last + PAUSE - now, PAUSE));
  return delay;
}

void
lpad_notify_plan_tried (LpadNotifyPlan *plan, gboolean sent, gint64 now)
{
  plan->next_try = LPAD_NOTIFY_TRY_DUE;
  plan->settled = 0;
  if (sent)
    plan->last = now;
}
