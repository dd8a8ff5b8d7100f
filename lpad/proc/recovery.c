/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recovery.h"

#define BUSY_MS 600000 /* how long is waited for who needs the network */

const LpadRecoveryQuirks LPAD_RECOVERY_QUIRKS_NONE
    = { .refresh_wait_ms = 6000, .settle_ms = 6000, .away_ms = 60000 };

static const char *const names[] = { "refresh", "power-cycle", "inhibit", "reset" };
G_STATIC_ASSERT (G_N_ELEMENTS (names) == LPAD_RECOVERY_STEPS);

void
lpad_recovery_init (LpadRecovery *recovery,
                    const LpadRecoveryQuirks *quirks,
                    gboolean refresh_comes,
                    gint64 now)
{
  *recovery = (LpadRecovery){ 0 };
  recovery->quirks = *quirks;
  recovery->step = LPAD_RECOVERY_REFRESH;
  recovery->refresh_comes = refresh_comes && !quirks->skip[LPAD_RECOVERY_REFRESH];
  recovery->since = now;
}

void
lpad_recovery_indicated (LpadRecovery *recovery, gint64 now)
{
  if (recovery->step != LPAD_RECOVERY_REFRESH || recovery->indicated)
    return;
  recovery->indicated = TRUE;
  recovery->since = now;
}

/* Until when the step that was done last may still have its effect. */
static gint64
patience (const LpadRecovery *recovery, const LpadRecoveryView *view)
{
  const LpadRecoveryQuirks *quirks = &recovery->quirks;

  if (view->sight == LPAD_SIGHT_AWAY)
    return recovery->since + quirks->away_ms;
  if (recovery->step != LPAD_RECOVERY_REFRESH || recovery->indicated)
    return recovery->since + quirks->settle_ms;
  return recovery->since + (recovery->refresh_comes ? quirks->refresh_wait_ms : 0);
}

/* Where nobody can tell, a card that was reset is all that can be had. */
static gboolean
is_good_enough (const LpadRecovery *recovery)
{
  return recovery->step != LPAD_RECOVERY_REFRESH || recovery->indicated;
}

/* ModemManager's hold on the modem is nothing to the card. */
static gboolean
is_useless (const LpadRecovery *recovery, LpadRecoveryStep step, gboolean managed)
{
  return recovery->quirks.skip[step] || (step == LPAD_RECOVERY_INHIBIT && (!managed || recovery->insists));
}

static LpadRecoveryStep
next_step (const LpadRecovery *recovery, gboolean managed)
{
  LpadRecoveryStep step = recovery->step;

  do
    step++;
  while (step < LPAD_RECOVERY_STEPS && is_useless (recovery, step, managed));
  return step;
}

/* After these the modem has to connect anew, which may take long, or need somebody. */
static gboolean
cuts_network (LpadRecoveryStep step)
{
  return step == LPAD_RECOVERY_INHIBIT || step == LPAD_RECOVERY_RESET;
}

LpadRecoveryAction
lpad_recovery_decide (LpadRecovery *recovery, const LpadRecoveryView *view, gint64 now, gint64 *until)
{
  gint64 end = recovery->insists ? recovery->since : patience (recovery, view);
  LpadRecoveryStep next;

  if (!recovery->insists
      && (view->sight == LPAD_SIGHT_WANTED
          || (view->sight == LPAD_SIGHT_UNKNOWN && is_good_enough (recovery))))
    return LPAD_RECOVERY_DONE;
  *until = end;
  if (now < end)
    return LPAD_RECOVERY_WAIT;

  next = next_step (recovery, view->managed);
  if (cuts_network (next) && view->network_busy)
    {
      *until = end + BUSY_MS;
      recovery->held_up = now >= *until;
      return recovery->held_up ? LPAD_RECOVERY_GIVE_UP : LPAD_RECOVERY_WAIT;
    }
  if (next == LPAD_RECOVERY_STEPS)
    return LPAD_RECOVERY_GIVE_UP;
  recovery->step = next;
  recovery->insists = FALSE;
  return LPAD_RECOVERY_DO;
}

gboolean
lpad_recovery_insist (LpadRecovery *recovery)
{
  recovery->insists = TRUE;
  if (next_step (recovery, FALSE) == LPAD_RECOVERY_STEPS)
    recovery->insists = FALSE;
  return recovery->insists;
}

LpadRecoveryStep
lpad_recovery_step (const LpadRecovery *recovery)
{
  return recovery->step;
}

void
lpad_recovery_done (LpadRecovery *recovery, gint64 now)
{
  recovery->since = now;
}

const char *
lpad_recovery_step_name (LpadRecoveryStep step)
{
  g_return_val_if_fail (step < LPAD_RECOVERY_STEPS, names[0]);
  return names[step];
}

gboolean
lpad_recovery_step_from_name (const char *name, LpadRecoveryStep *step)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (!g_str_equal (names[i], name))
        continue;
      *step = (LpadRecoveryStep) i;
      return TRUE;
    }
  return FALSE;
}
