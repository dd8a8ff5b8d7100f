/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lui-session.h"

G_BEGIN_DECLS

/* The profiles that wait for a chip at servers (Euicc.Offers), as lui-cli shows and names them: by their
 * place in the list, or by their ID. */

/** lui_waiting_count: how many wait for @euicc. */
guint lui_waiting_count (LpadBusEuicc *euicc);

/** lui_waiting_sentence: that they wait and with which command one is downloaded; NULL: none waits. Free with
 * g_free(). */
char *lui_waiting_sentence (LuiSession *session, LpadBusEuicc *euicc);

/** lui_waiting_print: them all as a table for people. */
void lui_waiting_print (LpadBusEuicc *euicc);

/**
 * lui_waiting_find: the ID of the one that @text names.
 * Returns: (nullable): NULL with %LPAD_ERROR_NOT_FOUND. Free with g_free()
 */
char *lui_waiting_find (LpadBusEuicc *euicc, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
