/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "chip.h"

G_BEGIN_DECLS

/**
 * lpad_device_info_build: CtxParams1 (SGP.22 5.7.13) of a session: the matching ID, and what is known of the
 * device. What the caller says counts before the configuration, and that before what a modem says of itself.
 * @info: EUICCInfo2 of @chip: whether the chip takes more than the basic fields
 * @caller: (nullable): what the caller says
 * Returns: NULL with %LPAD_ERROR_INVALID_ARGUMENTS when the IMEI or the TAC is none
 */
GBytes *lpad_device_info_build (LpadChip *chip,
                                const LpadEuiccInfo *info,
                                const char *matching_id,
                                const LpadDevice *caller,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
