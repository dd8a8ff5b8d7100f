/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "turns.h"

LpadTurns *
lpad_turns_new (void)
{
  LpadTurns *turns = g_rc_box_new0 (LpadTurns);

  g_queue_init (&turns->operations);
  return turns;
}

LpadTurns *
lpad_turns_ref (LpadTurns *turns)
{
  return g_rc_box_acquire (turns);
}

static void
turns_clear (gpointer data)
{
  LpadTurns *turns = data;

  /* Whoever waits keeps its chip, and the chip keeps this. */
  g_warn_if_fail (g_queue_is_empty (&turns->operations));
}

void
lpad_turns_unref (LpadTurns *turns)
{
  g_rc_box_release_full (turns, turns_clear);
}
