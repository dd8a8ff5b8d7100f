/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** LPAD_MODEM_ERROR: what org.lpad.Modem1 fails with; names on the bus are org.lpad.Modem1.Error.*. */
#define LPAD_MODEM_ERROR lpad_modem_error_quark ()

/** lpad_modem_error_quark: the domain; asking for it registers the names on the bus. */
GQuark lpad_modem_error_quark (void);

typedef enum
{
  LPAD_MODEM_ERROR_FAILED,
  LPAD_MODEM_ERROR_NOT_ALLOWED,
  LPAD_MODEM_ERROR_NO_SUCH_CHANNEL,
  LPAD_MODEM_ERROR_NO_FREE_CHANNEL,
  LPAD_MODEM_ERROR_NOT_FOUND,
  LPAD_MODEM_ERROR_MODEM_REFUSES,
  LPAD_MODEM_ERROR_NOT_READY,
  LPAD_MODEM_ERROR_NOT_SUPPORTED,
  LPAD_MODEM_ERROR_NO_ANSWER, /* on the bus that is FAILED, too */
} LpadModemError;

G_END_DECLS
