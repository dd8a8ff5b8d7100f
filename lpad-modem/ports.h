/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** LpadModemPorts: the control ports of modems, QMI and MBIM, as they come. One that has gone is not told:
 * whoever uses it notices. */
typedef struct _LpadModemPorts LpadModemPorts;

/** LpadModemPortFound: @path, e.g. "/dev/cdc-wdm0", is there, and speaks @transport, "qmi" or "mbim"; told
 * once for each path. */
typedef void (*LpadModemPortFound) (const char *path, const char *transport, gpointer user_data);

/** lpad_modem_ports_transport: what the port @path speaks, by its driver; "qmi" if that is not known. */
const char *lpad_modem_ports_transport (const char *path);

/** lpad_modem_ports_new: tells of the ports that are there now before it returns, and then of those that
 * come. */
LpadModemPorts *lpad_modem_ports_new (LpadModemPortFound found, gpointer user_data);
void lpad_modem_ports_free (LpadModemPorts *ports);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadModemPorts, lpad_modem_ports_free)

G_END_DECLS
