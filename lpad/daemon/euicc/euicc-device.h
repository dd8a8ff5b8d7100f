/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc.h"

G_BEGIN_DECLS

/* Which device servers are told of, with sessions of a chip: as the caller says, or the configuration, or the
 * modem, or else ModemManager, which may know it in another way. */

/** lpad_euicc_device_complete: adds to @caller, what the caller says, who the device is as ModemManager shows
 * it, if nobody else says that. */
void lpad_euicc_device_complete (LpadEuicc *euicc, LpadDevice *caller);

/** lpad_euicc_device_show: Euicc.DeviceInformation, now and whenever ModemManager shows something else. */
void lpad_euicc_device_show (LpadEuicc *euicc);

G_END_DECLS
