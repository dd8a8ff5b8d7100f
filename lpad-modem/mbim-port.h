/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port.h"
#include "quirks.h"

G_BEGIN_DECLS

/**
 * lpad_mbim_port_new: begins to open @path, the device file of an MBIM port, by way of mbim-proxy, which must
 * be running already.
 * @quirks: copied
 * @events: copied
 */
LpadPort *lpad_mbim_port_new (const char *path,
                              const LpadModemQuirks *quirks,
                              const LpadPortEvents *events,
                              gpointer user_data);

G_END_DECLS
