/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem-error.h"

static const GDBusErrorEntry names[] = {
  { LPAD_MODEM_ERROR_FAILED, "org.lpad.Modem1.Error.Failed" },
  { LPAD_MODEM_ERROR_NOT_ALLOWED, "org.lpad.Modem1.Error.NotAllowed" },
  { LPAD_MODEM_ERROR_NO_SUCH_CHANNEL, "org.lpad.Modem1.Error.NoSuchChannel" },
  { LPAD_MODEM_ERROR_NO_FREE_CHANNEL, "org.lpad.Modem1.Error.NoFreeChannel" },
  { LPAD_MODEM_ERROR_NOT_FOUND, "org.lpad.Modem1.Error.NotFound" },
  { LPAD_MODEM_ERROR_MODEM_REFUSES, "org.lpad.Modem1.Error.ModemRefuses" },
  { LPAD_MODEM_ERROR_NOT_READY, "org.lpad.Modem1.Error.NotReady" },
  { LPAD_MODEM_ERROR_NOT_SUPPORTED, "org.lpad.Modem1.Error.NotSupported" },
};

GQuark
lpad_modem_error_quark (void)
{
  static gsize quark = 0;

  g_dbus_error_register_error_domain ("lpad-modem-error-quark", &quark, names, G_N_ELEMENTS (names));
  return (GQuark) quark;
}
