/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc.h"

G_BEGIN_DECLS

/*
 * What the bus says of a chip itself, as opposed to the objects of its profiles and notifications
 * (euicc-objects.h).
 */

/** lpad_euicc_properties_set_place: where the chip is: transport, reader, whether it can be taken out. */
void lpad_euicc_properties_set_place (LpadEuicc *euicc);

/** lpad_euicc_properties_set: what @inventory says of the chip; the objects of its profiles exist already. */
void lpad_euicc_properties_set (LpadEuicc *euicc, const LpadInventory *inventory);

/**
 * lpad_euicc_properties_emit_if_switched: emits ProfileSwitched when another profile is enabled now than in
 * @before.
 */
void lpad_euicc_properties_emit_if_switched (LpadEuicc *euicc, const LpadInventory *before);

G_END_DECLS
