/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core.h"

G_BEGIN_DECLS

/**
 * LpadReaders: the PC/SC readers and what is in them: finds out which cards are eUICCs, makes and removes
 * their objects, and tells Manager.Readers.
 */
typedef struct _LpadReaders LpadReaders;

/**
 * lpad_readers_new: @settled is called once, when every card that was there at the start has been looked at.
 */
LpadReaders *
lpad_readers_new (LpadCore *core, LpadBusManager *manager, GSourceOnceFunc settled, gpointer user_data);

/** lpad_readers_stop: stops looking, and removes the chips. Their workers end some time later. */
void lpad_readers_stop (LpadReaders *readers);

/** lpad_readers_free: after lpad_readers_stop(), when all workers have ended. */
void lpad_readers_free (LpadReaders *readers);

/** lpad_readers_rescan: looks again at cards that were no eUICC or could not be read. */
void lpad_readers_rescan (LpadReaders *readers);

G_END_DECLS
