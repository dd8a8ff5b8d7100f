/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** LpadModemPortInfo: what the kernel says of a control port. Strings are "" where there is nothing to say.
 */
typedef struct
{
  char *path;            /* e.g. "/dev/cdc-wdm0", "/dev/wwan0qmi0" */
  const char *transport; /* "qmi" or "mbim" */
  char *driver;          /* of the port; of its device where ports have none */
  char *folder;          /* of its USB, PCI or other device below /sys */
  char *physical_device; /* what ModemManager calls that: its folder, or the name that udev rules give it */
  char *usb;             /* vendor and product of a USB device, "05c6:9025" */
} LpadModemPortInfo;

/** lpad_modem_port_info_new: of the port at @path; one that the kernel says nothing of is taken for QMI. */
LpadModemPortInfo *lpad_modem_port_info_new (const char *path);
void lpad_modem_port_info_free (LpadModemPortInfo *info);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadModemPortInfo, lpad_modem_port_info_free)

/** lpad_modem_port_info_has_sibling: whether another port of the same device speaks @transport. */
gboolean lpad_modem_port_info_has_sibling (const LpadModemPortInfo *info, const char *transport);

/** LpadModemPorts: the control ports of modems, QMI and MBIM, as they come and go, from udev. */
typedef struct _LpadModemPorts LpadModemPorts;

/** LpadModemPortFound: a port is there; told once for each path, and @info is handed over. */
typedef void (*LpadModemPortFound) (LpadModemPortInfo *info, gpointer user_data);

/** LpadModemPortGone: the port at @path is not there any more. */
typedef void (*LpadModemPortGone) (const char *path, gpointer user_data);

/** lpad_modem_ports_new: tells of the ports that are there now before it returns, and then of those that
 * come. */
LpadModemPorts *lpad_modem_ports_new (LpadModemPortFound found, LpadModemPortGone gone, gpointer user_data);
void lpad_modem_ports_free (LpadModemPorts *ports);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadModemPorts, lpad_modem_ports_free)

G_END_DECLS
