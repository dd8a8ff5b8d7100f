/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "card-watch.h"

G_BEGIN_DECLS

/**
 * lpad_qmi_slots_read: what the UIM service says of the physical slots.
 * @states: (nullable): of QmiPhysicalSlotStatusSlot; NULL: a modem that knows no slots. It has one, and we
 * look for its card when somebody opens a channel.
 * @infos: (nullable): of QmiPhysicalSlotInformationSlot, of as many slots as there are
 * @eids: (nullable): of QmiSlotEidElement, likewise
 * Returns: (element-type LpadCardSlot)
 */
GPtrArray *lpad_qmi_slots_read (const GArray *states, const GArray *infos, const GArray *eids);

G_END_DECLS
