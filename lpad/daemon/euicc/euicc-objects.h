/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc.h"

G_BEGIN_DECLS

/** LpadEuiccObjects: the objects of a chip's profiles and notifications. A profile keeps its path while the
 * chip stays. */
typedef struct _LpadEuiccObjects LpadEuiccObjects;

LpadEuiccObjects *lpad_euicc_objects_new (LpadEuicc *euicc);

/** lpad_euicc_objects_free: takes them all from the bus. */
void lpad_euicc_objects_free (LpadEuiccObjects *objects);

/** lpad_euicc_objects_update: makes them what @inventory says. */
void lpad_euicc_objects_update (LpadEuiccObjects *objects, const LpadInventory *inventory);

/** lpad_euicc_objects_note_deliveries: notes the failures among @deliveries (element-type LpadDelivery). */
void lpad_euicc_objects_note_deliveries (LpadEuiccObjects *objects, GPtrArray *deliveries, gint64 now);

/** lpad_euicc_objects_profile_path: see lpad_euicc_profile_path(). */
const char *lpad_euicc_objects_profile_path (LpadEuiccObjects *objects, GBytes *iccid);

/** lpad_euicc_objects_flush: sends what has changed, at once. */
void lpad_euicc_objects_flush (LpadEuiccObjects *objects);

G_END_DECLS
