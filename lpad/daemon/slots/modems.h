/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lpad-modem-bus.h"
#include "slots.h"

G_BEGIN_DECLS

/**
 * LpadModems: finds the slots of modems by way of lpad-modem, and tells #LpadSlots of them and of the cards
 * in them. lpad never touches a modem itself. Without lpad-modem there are no such slots, now; it may come
 * later.
 */
typedef struct _LpadModems LpadModems;

/** lpad_modems_new: one of the sources of @slots. Lets the bus start lpad-modem. */
LpadModems *lpad_modems_new (LpadCore *core, LpadSlots *slots);

/** lpad_modems_free: stops looking. Before @slots is freed. */
void lpad_modems_free (LpadModems *modems);

/** lpad_modems_find: the slot whose place is called @name, as lpad-modem shows it now. (nullable) (transfer
 * none) */
LpadModemBusSlot *lpad_modems_find (LpadModems *modems, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadModems, lpad_modems_free)

G_END_DECLS
