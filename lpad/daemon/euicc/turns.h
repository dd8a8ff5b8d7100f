/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LpadTurns: who has the card: the operations of all chips on it, in the order in which they were started.
 * The first has its turn, the others wait: a switch on one chip resets the card, and that ends the RSP
 * session of the other. Reference counted, main thread only.
 */
typedef struct
{
  GQueue operations; /* LpadOperation, each with a reference */
} LpadTurns;

LpadTurns *lpad_turns_new (void);
LpadTurns *lpad_turns_ref (LpadTurns *turns);
void lpad_turns_unref (LpadTurns *turns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadTurns, lpad_turns_unref)

G_END_DECLS
