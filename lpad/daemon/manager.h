/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core.h"
#include "slots.h"

G_BEGIN_DECLS

/** LpadManager: the object at the root of the tree. */
#define LPAD_TYPE_MANAGER (lpad_manager_get_type ())
G_DECLARE_FINAL_TYPE (LpadManager, lpad_manager, LPAD, MANAGER, LpadBusManagerSkeleton)

LpadManager *lpad_manager_new (LpadCore *core);

/** lpad_manager_set_slots: (transfer none): for Rescan; NULL before they are freed. */
void lpad_manager_set_slots (LpadManager *manager, LpadSlots *slots);

G_END_DECLS
