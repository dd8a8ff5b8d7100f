/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Which applications may be selected: those in which lpad looks for an eUICC, as lpad.conf(5) says. */

/**
 * lpad_modem_aids_parse: what IsdrAids in [Card] of a configuration file says.
 * @text: the file, of @size octets
 * Returns: (nullable): GBytes of 5 to 16 octets, one at least; names that are none are left out, of which
 * lpad warns. NULL: it says nothing
 */
GPtrArray *lpad_modem_aids_parse (const char *text, gsize size);

/**
 * lpad_modem_aids_load: what the file @path and those of its folder of drop-ins say, the last one that says
 * something; the known ISD-Rs when none does.
 */
GPtrArray *lpad_modem_aids_load (const char *path);

G_END_DECLS
