/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "slots.h"

G_BEGIN_DECLS

/** LpadReaders: finds the PC/SC readers, and tells #LpadSlots of them and of the cards in them. */
typedef struct _LpadReaders LpadReaders;

/** lpad_readers_new: one of the sources of @slots. */
LpadReaders *lpad_readers_new (LpadCore *core, LpadSlots *slots);

/** lpad_readers_free: stops looking; takes some time when pcscd does not answer. Before @slots is freed. */
void lpad_readers_free (LpadReaders *readers);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadReaders, lpad_readers_free)

G_END_DECLS
