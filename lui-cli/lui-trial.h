/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "lui-session.h"
#include "lui-terminal.h"

G_BEGIN_DECLS

/* A profile that was put into use and has to prove itself, or lpad goes back to the one before: the prompt
 * with "waits-for" of org.lpad.Lpad1.Operation. */

/** lui_trial_is: whether @prompt is of that kind. */
gboolean lui_trial_is (GVariant *prompt);

/**
 * lui_trial_answer: counts down until the decision is made, and asks the user for it where nobody else can
 * tell.
 * @stop: called with @user_data: whether the prompt needs no answer any more
 * Returns: FALSE with an error when the answer was not taken
 */
gboolean lui_trial_answer (LuiSession *session,
                           LuiTerminal *terminal,
                           LpadBusOperation *operation,
                           GVariant *prompt,
                           LuiStopFunc stop,
                           gpointer user_data,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_trial_line: what is waited for, and how long, at @now (seconds since 1970). Free with g_free(). */
char *lui_trial_line (GVariant *prompt, gint64 now);

/** lui_trial_farewell: what happens when nobody waits for the decision. Free with g_free(). */
char *lui_trial_farewell (GVariant *prompt);

/** lui_trial_find: (transfer full) (nullable): the prompt of the profile on trial on @euicc. */
GVariant *lui_trial_find (LuiSession *session, LpadBusEuicc *euicc);

/** lui_trial_json: as an object of "rollbacks". */
void lui_trial_json (JsonBuilder *builder, LpadBusEuicc *euicc, GVariant *prompt);

G_END_DECLS
