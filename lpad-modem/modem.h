/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ports.h"
#include "service.h"

G_BEGIN_DECLS

/** LpadModem: a modem's control port and its slots on the bus. It waits for a port or proxy that is not there
 * yet, or that is gone, and tries again. */
typedef struct _LpadModem LpadModem;

/** lpad_modem_new: begins to use the port @info, which it takes over. */
LpadModem *lpad_modem_new (LpadModemService *service, LpadModemPortInfo *info);
void lpad_modem_free (LpadModem *modem);

/** lpad_modem_is_busy: whether something is being done for somebody on a card of it. */
gboolean lpad_modem_is_busy (LpadModem *modem);

/** lpad_modem_path: of its port */
const char *lpad_modem_path (LpadModem *modem);

/** lpad_modem_stop: closes all channels; calls @stopped when the modem has answered, or does not. */
void lpad_modem_stop (LpadModem *modem, GSourceOnceFunc stopped, gpointer user_data);

/** lpad_modem_is_settled: whether it knows its slots, or that it cannot be used now. */
gboolean lpad_modem_is_settled (LpadModem *modem);

G_END_DECLS
