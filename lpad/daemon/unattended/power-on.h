/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc.h"

G_BEGIN_DECLS

/**
 * LpadPowerOn: lpad's own search for profiles that wait for a chip, when the configuration says so
 * ([Discovery] AtPowerOn): once after the device was switched on, and when a chip is put in. A search that
 * fails for want of the network is repeated a few times; until then it is a reason for lpad to stay, and then
 * no more.
 */
typedef struct _LpadPowerOn LpadPowerOn;

/** lpad_power_on_new: the chip has appeared. Searches when it is time, by the main loop. */
LpadPowerOn *lpad_power_on_new (LpadEuicc *euicc);
void lpad_power_on_free (LpadPowerOn *power_on);

/** lpad_power_on_searched: the search has ended; @error: (nullable): why it has failed. */
void lpad_power_on_searched (LpadPowerOn *power_on, const GError *error);

G_END_DECLS
