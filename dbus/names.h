/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names on the bus, for the daemon and its callers. Those of errors stand in lpad-error.h. */

#define LPAD_BUS_NAME "org.lpad.Lpad1"
#define LPAD_BUS_ROOT "/org/lpad/Lpad1"

/* lpad-modem's, for lpad alone */
#define LPAD_MODEM_BUS_NAME           "org.lpad.Modem1"
#define LPAD_MODEM_BUS_ROOT           "/org/lpad/Modem1"
#define LPAD_MODEM_BUS_SLOT_INTERFACE "org.lpad.Modem1.Slot"

/* lpad-nm's, its one object and the interface of that, for lpad alone */
#define LPAD_NM_BUS_NAME      "org.lpad.Nm1"
#define LPAD_NM_BUS_PATH      "/org/lpad/Nm1"
#define LPAD_NM_BUS_INTERFACE "org.lpad.Nm1"

/* Printf formats of the paths of objects; paths carry no identifier of a chip or a subscription. */
#define LPAD_BUS_EUICC_PATH        LPAD_BUS_ROOT "/euicc/%u"
#define LPAD_BUS_PROFILE_PATH      "%s/profile/%u"                      /* of the eUICC's path */
#define LPAD_BUS_NOTIFICATION_PATH "%s/notification/%" G_GUINT64_FORMAT /* of the eUICC's path */
#define LPAD_BUS_OPERATION_PATH    LPAD_BUS_ROOT "/operation/%u"

#define LPAD_BUS_ERROR_PREFIX LPAD_BUS_NAME ".Error."

/* Annotations of the interface's methods and properties, see org.lpad.Lpad1.xml. They are part of the
 * generated GDBusInterfaceInfo: g_dbus_annotation_info_lookup() finds the action that a method needs. */
#define LPAD_BUS_ANNOTATION_POLKIT_ACTION "org.lpad.Lpad1.PolkitAction"
#define LPAD_BUS_ANNOTATION_OWNER_MAY     "org.lpad.Lpad1.OwnerMay"

/* polkit actions (data/org.lpad.lpad1.policy) */
#define LPAD_POLKIT_READ       "org.lpad.lpad1.read"
#define LPAD_POLKIT_DOWNLOAD   "org.lpad.lpad1.download"
#define LPAD_POLKIT_SWITCH     "org.lpad.lpad1.switch"
#define LPAD_POLKIT_RENAME     "org.lpad.lpad1.rename"
#define LPAD_POLKIT_DELETE     "org.lpad.lpad1.delete"
#define LPAD_POLKIT_RESET      "org.lpad.lpad1.reset"
#define LPAD_POLKIT_CONFIGURE  "org.lpad.lpad1.configure"
#define LPAD_POLKIT_TRUST      "org.lpad.lpad1.trust"
#define LPAD_POLKIT_UNATTENDED "org.lpad.lpad1.unattended"
