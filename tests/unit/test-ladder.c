/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ladder.h"

#define ICCID LPAD_PROFILE_ID_ICCID
#define AID   LPAD_PROFILE_ID_AID

/* "I+" ICCID with REFRESH, "A-" AID without, and so on; a form a step. */
static char *
walk (LpadLadder *ladder, LpadLadderFault fault)
{
  g_autoptr (GString) steps = g_string_new (NULL);

  for (guint i = 0; i <= LPAD_LADDER_RUNGS && lpad_ladder_form (ladder) != NULL; i++)
    {
      const LpadCommandForm *form = lpad_ladder_form (ladder);

      g_string_append_printf (
          steps, "%s%c%c", i == 0 ? "" : " ", form->id == ICCID ? 'I' : 'A', form->refresh ? '+' : '-');
      lpad_ladder_failed (ladder, fault);
    }
  return g_string_free (g_steal_pointer (&steps), FALSE);
}

static void
test_order (void)
{
  static const struct
  {
    LpadStateCommand command;
    LpadProfileIdKind id;
    LpadRefresh refresh;
    gboolean has_aid;
    LpadLadderFault fault;
    const char *steps;
  } cases[] = {
    /* clang-format off */
    { LPAD_STATE_COMMAND_ENABLE, 0, LPAD_REFRESH_EITHER, TRUE, LPAD_LADDER_REFUSED, "I+ I- A+ A-" },
    { LPAD_STATE_COMMAND_DISABLE, 0, LPAD_REFRESH_EITHER, TRUE, LPAD_LADDER_REFUSED, "I+ I- A+ A-" },
    { LPAD_STATE_COMMAND_DELETE, 0, LPAD_REFRESH_EITHER, TRUE, LPAD_LADDER_REFUSED, "I- A-" },
    { LPAD_STATE_COMMAND_ENABLE, 0, LPAD_REFRESH_EITHER, FALSE, LPAD_LADDER_REFUSED, "I+ I-" },
    { LPAD_STATE_COMMAND_ENABLE, AID, LPAD_REFRESH_EITHER, FALSE, LPAD_LADDER_REFUSED, "I+ I-" },
    { LPAD_STATE_COMMAND_ENABLE, AID, LPAD_REFRESH_EITHER, TRUE, LPAD_LADDER_REFUSED, "A+ A-" },
    { LPAD_STATE_COMMAND_ENABLE, ICCID, LPAD_REFRESH_NEVER, TRUE, LPAD_LADDER_REFUSED, "I-" },
    { LPAD_STATE_COMMAND_ENABLE, 0, LPAD_REFRESH_ALWAYS, TRUE, LPAD_LADDER_REFUSED, "I+ A+" },
    { LPAD_STATE_COMMAND_DELETE, AID, LPAD_REFRESH_ALWAYS, TRUE, LPAD_LADDER_REFUSED, "A-" },
    { LPAD_STATE_COMMAND_ENABLE, 0, LPAD_REFRESH_EITHER, TRUE, LPAD_LADDER_UNKNOWN_ID, "I+ A+" },
    { LPAD_STATE_COMMAND_ENABLE, 0, LPAD_REFRESH_EITHER, TRUE, LPAD_LADDER_BUSY, "I+ I-" },
    { LPAD_STATE_COMMAND_ENABLE, 0, LPAD_REFRESH_ALWAYS, TRUE, LPAD_LADDER_BUSY, "I+" },
    { LPAD_STATE_COMMAND_ENABLE, 0, LPAD_REFRESH_EITHER, TRUE, LPAD_LADDER_NO_EFFECT, "I+ I-" },
    { LPAD_STATE_COMMAND_DELETE, 0, LPAD_REFRESH_EITHER, TRUE, LPAD_LADDER_NO_EFFECT, "I-" },
    /* clang-format on */
  };
  const LpadLadderMemory memory = { .known = { FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *steps = NULL;
      LpadLadder ladder;

      lpad_ladder_init (&ladder, &memory, cases[i].command, cases[i].id, cases[i].refresh, cases[i].has_aid);
      steps = walk (&ladder, cases[i].fault);
      g_assert_cmpstr (steps, ==, cases[i].steps);
    }
}

/* What a chip has taken comes first the next time, for the same command only, and only where it is allowed.
 */
static void
test_memory (void)
{
  LpadLadderMemory memory = { .known = { FALSE } };
  LpadLadder ladder;
  g_autofree char *again = NULL, *other = NULL, *pinned = NULL, *without = NULL;

  lpad_ladder_init (&ladder, &memory, LPAD_STATE_COMMAND_ENABLE, 0, LPAD_REFRESH_EITHER, TRUE);
  lpad_ladder_failed (&ladder, LPAD_LADDER_UNKNOWN_ID);
  lpad_ladder_failed (&ladder, LPAD_LADDER_REFUSED);
  lpad_ladder_worked (&ladder, &memory);

  lpad_ladder_init (&ladder, &memory, LPAD_STATE_COMMAND_ENABLE, 0, LPAD_REFRESH_EITHER, TRUE);
  again = walk (&ladder, LPAD_LADDER_REFUSED);
  g_assert_cmpstr (again, ==, "A- I+ I- A+");
  lpad_ladder_init (&ladder, &memory, LPAD_STATE_COMMAND_DISABLE, 0, LPAD_REFRESH_EITHER, TRUE);
  other = walk (&ladder, LPAD_LADDER_REFUSED);
  g_assert_cmpstr (other, ==, "I+ I- A+ A-");
  lpad_ladder_init (&ladder, &memory, LPAD_STATE_COMMAND_ENABLE, 0, LPAD_REFRESH_ALWAYS, TRUE);
  pinned = walk (&ladder, LPAD_LADDER_REFUSED);
  g_assert_cmpstr (pinned, ==, "I+ A+");
  lpad_ladder_init (&ladder, &memory, LPAD_STATE_COMMAND_ENABLE, 0, LPAD_REFRESH_EITHER, FALSE);
  without = walk (&ladder, LPAD_LADDER_REFUSED);
  g_assert_cmpstr (without, ==, "I+ I-");
}

/* A toolkit session of the profile in use says nothing of what the card takes. */
static void
test_busy (void)
{
  LpadLadderMemory memory = { .known = { FALSE } };
  LpadLadder ladder;

  lpad_ladder_init (&ladder, &memory, LPAD_STATE_COMMAND_ENABLE, 0, LPAD_REFRESH_EITHER, TRUE);
  lpad_ladder_failed (&ladder, LPAD_LADDER_BUSY);
  lpad_ladder_worked (&ladder, &memory);
  g_assert_false (memory.known[LPAD_STATE_COMMAND_ENABLE]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ladder/order", test_order);
  g_test_add_func ("/ladder/memory", test_memory);
  g_test_add_func ("/ladder/busy", test_busy);
  return g_test_run ();
}
