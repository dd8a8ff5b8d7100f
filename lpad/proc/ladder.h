/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "es10c.h"

G_BEGIN_DECLS

/* Cards in the field differ in how they want to be told to enable, disable or delete a profile: by its ICCID
 * or by the AID of its ISD-P, with a REFRESH or without. What a card does not like is tried in the other
 * forms, one after the other, and what it has taken is tried first the next time. */

/** LpadRefresh: whether a switch asks the card for a REFRESH. */
typedef enum
{
  LPAD_REFRESH_EITHER, /* first with it, then without */
  LPAD_REFRESH_NEVER,
  LPAD_REFRESH_ALWAYS,
} LpadRefresh;

typedef enum
{
  LPAD_STATE_COMMAND_ENABLE,
  LPAD_STATE_COMMAND_DISABLE,
  LPAD_STATE_COMMAND_DELETE, /* knows no REFRESH */
} LpadStateCommand;

/** LpadCommandForm: one of the ways to put a command. */
typedef struct
{
  LpadProfileIdKind id;
  gboolean refresh;
} LpadCommandForm;

/**
 * LpadLadderMemory: what a chip has taken, by command. The owner keeps it as long as the chip stays; zeros at
 * first.
 */
typedef struct
{
  gboolean known[LPAD_STATE_COMMAND_DELETE + 1];
  LpadCommandForm form[LPAD_STATE_COMMAND_DELETE + 1];
} LpadLadderMemory;

#define LPAD_LADDER_RUNGS 4

/**
 * LpadLadder: the forms of one command that are left to try. A plain structure: lpad_ladder_init() fills it
 * in, nothing has to be freed.
 */
typedef struct
{
  LpadStateCommand command;
  LpadCommandForm forms[LPAD_LADDER_RUNGS];
  gboolean out[LPAD_LADDER_RUNGS];
  guint n_forms;
  guint current;
  gboolean was_busy;
} LpadLadder;

/** LpadLadderFault: why a form has not led to what was wanted. */
typedef enum
{
  LPAD_LADDER_UNKNOWN_ID, /* the chip does not know the identifier: the other one is left */
  LPAD_LADDER_BUSY,       /* catBusy to the end: only a form without REFRESH can help */
  LPAD_LADDER_NO_EFFECT,  /* accepted and not true: the identifier was right */
  LPAD_LADDER_REFUSED,    /* anything else that another form can cure */
} LpadLadderFault;

/**
 * lpad_ladder_init: the forms of @command in the order in which they are tried: ICCID with REFRESH, ICCID
 * without, AID with, AID without; in front of them the one that @memory knows.
 * @id: 0: either; else the only kind
 * @has_aid: whether the AID of the profile's ISD-P is known; if not, only the ICCID is left
 */
void lpad_ladder_init (LpadLadder *ladder,
                       const LpadLadderMemory *memory,
                       LpadStateCommand command,
                       LpadProfileIdKind id,
                       LpadRefresh refresh,
                       gboolean has_aid);

/** lpad_ladder_form: the form to try now, NULL: none is left. */
const LpadCommandForm *lpad_ladder_form (const LpadLadder *ladder);

/** lpad_ladder_failed: goes on to the next form that can help after @fault. */
void lpad_ladder_failed (LpadLadder *ladder, LpadLadderFault fault);

/** lpad_ladder_worked: the form of now goes into @memory; not one that only a busy chip has led to. */
void lpad_ladder_worked (const LpadLadder *ladder, LpadLadderMemory *memory);

G_END_DECLS
