/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc.h"

G_BEGIN_DECLS

/**
 * lpad_attendant_attach: @euicc has appeared: from now on, until it leaves, lpad does for it what nobody has
 * to ask for: it goes back from a detour and on with a trial that were interrupted, delivers notifications,
 * searches at power-on, and downloads the first profile. Main thread only.
 */
void lpad_attendant_attach (LpadEuicc *euicc);

G_END_DECLS
