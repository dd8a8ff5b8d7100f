/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ladder.h"

static gboolean
same_form (const LpadCommandForm *a, const LpadCommandForm *b)
{
  return a->id == b->id && a->refresh == b->refresh;
}

static gboolean
is_listed (const LpadLadder *ladder, const LpadCommandForm *form)
{
  for (guint i = 0; i < ladder->n_forms; i++)
    {
      if (same_form (&ladder->forms[i], form))
        return TRUE;
    }
  return FALSE;
}

static void
add_form (LpadLadder *ladder, const LpadCommandForm *form, LpadProfileIdKind id, LpadRefresh refresh)
{
  LpadCommandForm usable = *form;

  if (ladder->command == LPAD_STATE_COMMAND_DELETE)
    usable.refresh = FALSE;
  else if (refresh != LPAD_REFRESH_EITHER && usable.refresh != (refresh == LPAD_REFRESH_ALWAYS))
    return;
  if ((id == 0 || usable.id == id) && !is_listed (ladder, &usable))
    ladder->forms[ladder->n_forms++] = usable;
}

void
lpad_ladder_init (LpadLadder *ladder,
                  const LpadLadderMemory *memory,
                  LpadStateCommand command,
                  LpadProfileIdKind id,
                  LpadRefresh refresh,
                  gboolean has_aid)
{
  static const LpadCommandForm order[LPAD_LADDER_RUNGS] = {
    { LPAD_PROFILE_ID_ICCID, TRUE },
    { LPAD_PROFILE_ID_ICCID, FALSE },
    { LPAD_PROFILE_ID_AID, TRUE },
    { LPAD_PROFILE_ID_AID, FALSE },
  };

  *ladder = (LpadLadder){ .command = command };
  if (!has_aid)
    id = LPAD_PROFILE_ID_ICCID;
  if (memory->known[command])
    add_form (ladder, &memory->form[command], id, refresh);
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    add_form (ladder, &order[i], id, refresh);
}

const LpadCommandForm *
lpad_ladder_form (const LpadLadder *ladder)
{
  return ladder->current < ladder->n_forms ? &ladder->forms[ladder->current] : NULL;
}

/* Whether @form is no cure for the @fault of the form that was @tried. */
static gboolean
is_ruled_out (const LpadCommandForm *form, const LpadCommandForm *tried, LpadLadderFault fault)
{
  switch (fault)
    {
    case LPAD_LADDER_UNKNOWN_ID:
      return form->id == tried->id;
    case LPAD_LADDER_BUSY:
      return form->id != tried->id || form->refresh;
    case LPAD_LADDER_NO_EFFECT:
      return form->id != tried->id;
    case LPAD_LADDER_REFUSED:
    default:
      return FALSE;
    }
}

void
lpad_ladder_failed (LpadLadder *ladder, LpadLadderFault fault)
{
  const LpadCommandForm tried = ladder->forms[ladder->current];

  g_return_if_fail (ladder->current < ladder->n_forms);

  ladder->was_busy |= fault == LPAD_LADDER_BUSY;
  ladder->out[ladder->current] = TRUE;
  for (guint i = 0; i < ladder->n_forms; i++)
    {
      if (is_ruled_out (&ladder->forms[i], &tried, fault))
        ladder->out[i] = TRUE;
    }
  ladder->current = 0;
  while (ladder->current < ladder->n_forms && ladder->out[ladder->current])
    ladder->current++;
}

void
lpad_ladder_worked (const LpadLadder *ladder, LpadLadderMemory *memory)
{
  g_return_if_fail (ladder->current < ladder->n_forms);

  if (ladder->was_busy)
    return;
  memory->known[ladder->command] = TRUE;
  memory->form[ladder->command] = ladder->forms[ladder->current];
}
