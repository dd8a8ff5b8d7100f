/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lpad-bus.h"

G_BEGIN_DECLS

/**
 * lpad_euicc_methods_init: the methods of org.lpad.Lpad1.Euicc, for a class whose instances are LpadEuicc.
 */
void lpad_euicc_methods_init (LpadBusEuiccIface *iface);

G_END_DECLS
