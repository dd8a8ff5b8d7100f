/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What may reach a card through lpad-modem: the commands of ES10 (SGP.22 v2.5, 5.7.2) on a channel that it
 * has opened itself, and nothing else. Channels are opened, and applications selected, by lpad-modem alone.
 */

/** LPAD_MODEM_COMMAND_MAX: octets of the longest command: header, Lc, 255 octets, Le. */
#define LPAD_MODEM_COMMAND_MAX 261

/** LPAD_MODEM_AID_MAX: octets of the longest name of an application (ISO/IEC 7816-4, 8.2.1.2). */
#define LPAD_MODEM_AID_MAX 16

/**
 * lpad_modem_command_is_allowed: whether @command is STORE DATA, GET RESPONSE or TERMINAL CAPABILITY,
 * well-formed, with a class octet of no secure messaging and no command chaining. On which channel it is does
 * not matter: see lpad_modem_command_for_channel().
 */
gboolean lpad_modem_command_is_allowed (const guint8 *command, gsize size);

/**
 * lpad_modem_command_for_channel: a copy of @command, which is allowed, with the class octet of @channel, 1
 * to 19 (ETSI TS 102 221, 10.1.1)
 */
GBytes *lpad_modem_command_for_channel (const guint8 *command, gsize size, guint channel);

/** lpad_modem_aid_is_allowed: whether @aid is one of @allowed, whole GBytes. */
gboolean lpad_modem_aid_is_allowed (GPtrArray *allowed, const guint8 *aid, gsize size);

G_END_DECLS
