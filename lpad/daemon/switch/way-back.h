/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provisioning.h"
#include "switching.h"

G_BEGIN_DECLS

/**
 * LpadWayBack: brings a chip back from a detour over a provisioning profile that was interrupted, or from
 * which it could not be brought back at once: when the chip appears, and then again and again. While that
 * may be soon it is a reason for lpad to stay. Main thread only.
 */
typedef struct _LpadWayBack LpadWayBack;

LpadWayBack *lpad_way_back_new (LpadEuicc *euicc);
void lpad_way_back_free (LpadWayBack *way_back);

/** lpad_way_back_look: the chip has appeared, or its records have been read again: goes back now if there is
 * something to go back from. */
void lpad_way_back_look (LpadWayBack *way_back);

/** lpad_way_back_update: the chip has nothing to do: goes back later if need be. */
void lpad_way_back_update (LpadWayBack *way_back);

/** lpad_way_back_switch: the last step of a way back, as a part of @operation: a switch of stage "returning",
 * which nobody can stop. @undo: to enable or to disable @iccid */
void lpad_way_back_switch (LpadOperation *operation,
                           LpadProvisioningUndo undo,
                           GBytes *iccid,
                           LpadSwitchingFunc done,
                           gpointer user_data);

G_END_DECLS
