/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc.h"

G_BEGIN_DECLS

/**
 * LpadSlots: the places for cards, PC/SC readers and slots of modems, and what is in them: finds out which
 * cards are eUICCs, makes and removes their objects, and tells Manager.Readers. Who finds the places
 * (#LpadReaders, #LpadModems) tells what is there.
 */
typedef struct _LpadSlots LpadSlots;

/** LpadSlotsFunc: @euicc is new on the bus, and nothing has happened to it. */
typedef void (*LpadSlotsFunc) (LpadEuicc *euicc);

/**
 * lpad_slots_new: @settled is called once, when every card that was there at the start has been looked at.
 * @appeared: called with each new chip
 * @sources: how many will call lpad_slots_listed() when they have told what there is
 */
LpadSlots *lpad_slots_new (LpadCore *core,
                           LpadBusManager *manager,
                           LpadSlotsFunc appeared,
                           guint sources,
                           GSourceOnceFunc settled,
                           gpointer user_data);

/** lpad_slots_stop: removes places and chips; further calls do nothing. The workers end some time later. */
void lpad_slots_stop (LpadSlots *slots);

/** lpad_slots_free: after lpad_slots_stop(), when all workers have ended. */
void lpad_slots_free (LpadSlots *slots);

/** lpad_slots_listed: a source has told all that was there at the start. */
void lpad_slots_listed (LpadSlots *slots);

/**
 * lpad_slots_set: @place exists; if there was one of this name, with the same or another card in it.
 * @present: a card is in it
 * @events: a new number is a new card
 * @message: (nullable): why there is none
 */
void
lpad_slots_set (LpadSlots *slots, LpadPlace *place, gboolean present, guint32 events, const char *message);

/** lpad_slots_remove: the place called @name does not exist any more; nothing happens if it did not. */
void lpad_slots_remove (LpadSlots *slots, const char *name);

/** lpad_slots_rescan: looks again at cards that were no eUICC or could not be read. */
void lpad_slots_rescan (LpadSlots *slots);

G_END_DECLS
