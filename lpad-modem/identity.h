/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * lpad_modem_clean_imei: what a modem says its IMEI is, or "" when that is none: 14 digits, with a check
 * digit or a software version behind them or not (3GPP TS 23.003, 6.2)
 * @text: (nullable): in any form
 */
char *lpad_modem_clean_imei (const char *text);

/** lpad_modem_clean_revision: what a modem calls its firmware, one line of 128 printable characters at most;
 * "" when it is none. @text: (nullable) */
char *lpad_modem_clean_revision (const char *text);

G_END_DECLS
