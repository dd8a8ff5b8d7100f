/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LpadModemUse: whether somebody uses the radio of a modem: NetworkManager, or whoever else tells
 * ModemManager to enable it. A modem that ModemManager has looked at anew, as after a switch, is not enabled
 * for a moment, and one whose radio was switched off is not enabled for good: time tells them apart. Without
 * a clock of its own; times are those of g_get_monotonic_time().
 */
typedef struct _LpadModemUse LpadModemUse;

/** LpadModemRadio: what ModemManager says of one. */
typedef enum
{
  LPAD_MODEM_RADIO_UNKNOWN, /* it is being looked at, or cannot be enabled */
  LPAD_MODEM_RADIO_OFF,     /* it could be enabled, and is not */
  LPAD_MODEM_RADIO_ON,
} LpadModemRadio;

LpadModemUse *lpad_modem_use_new (void);
void lpad_modem_use_free (LpadModemUse *use);

/** lpad_modem_use_forget: what comes next is the first look at modems again. */
void lpad_modem_use_forget (LpadModemUse *use);

/** lpad_modem_use_begin, lpad_modem_use_note, lpad_modem_use_end: a look at all modems. Those that are not
 * noted are not there. @device: their Modem.Device */
void lpad_modem_use_begin (LpadModemUse *use);
void lpad_modem_use_note (LpadModemUse *use, const char *device, LpadModemRadio radio, gint64 now);
void lpad_modem_use_end (LpadModemUse *use, gint64 now);

/** lpad_modem_use_is_idle: nobody uses it: it was off at the first look and ever since, or has been for some
 * time. */
gboolean lpad_modem_use_is_idle (const LpadModemUse *use, const char *device, gint64 now);

G_END_DECLS
