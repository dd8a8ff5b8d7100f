/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nm-error.h"

static const GDBusErrorEntry names[] = {
  { LPAD_NM_ERROR_FAILED, "org.lpad.Nm1.Error.Failed" },
  { LPAD_NM_ERROR_INVALID_ARGUMENTS, "org.lpad.Nm1.Error.InvalidArguments" },
};

GQuark
lpad_nm_error_quark (void)
{
  static gsize quark = 0;

  g_dbus_error_register_error_domain ("lpad-nm-error-quark", &quark, names, G_N_ELEMENTS (names));
  return (GQuark) quark;
}
