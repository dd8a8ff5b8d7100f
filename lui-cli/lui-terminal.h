/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LuiTerminal: where questions are asked and progress is shown.
 */
typedef struct _LuiTerminal LuiTerminal;

/** LuiStopFunc: whether a question has become pointless while it waits for its answer. */
typedef gboolean (*LuiStopFunc) (gpointer user_data);

/**
 * lui_terminal_new: questions are asked on standard input if that is a terminal. @stdin_taken: standard input
 * has been used for something else; then /dev/tty takes its place, provided that standard output is a
 * terminal. Free with lui_terminal_free().
 */
LuiTerminal *lui_terminal_new (gboolean stdin_taken);
void lui_terminal_free (LuiTerminal *terminal);

/** lui_terminal_can_ask: whether somebody is there. */
gboolean lui_terminal_can_ask (LuiTerminal *terminal);

/**
 * lui_terminal_ask: asks and waits for one line, while the default main context runs.
 * @hidden: do not echo what is typed
 * @stop: (nullable): ends the wait when it says TRUE after an event
 * Returns: (transfer full) (nullable): the line without white space at its ends, NULL at its end or when
 * stopped. Wipe a secret before freeing it.
 */
char *lui_terminal_ask (LuiTerminal *terminal,
                        const char *question,
                        gboolean hidden,
                        LuiStopFunc stop,
                        gpointer user_data);

/** lui_terminal_restore: makes the terminal echo again; for a hasty exit. */
void lui_terminal_restore (LuiTerminal *terminal);

/**
 * lui_terminal_progress: shows how far something is: a bar that is redrawn on a terminal, one line for each
 * stage elsewhere. @part: 0 to 1; @total 0: octets are unknown
 */
void
lui_terminal_progress (LuiTerminal *terminal, const char *stage, double part, guint64 done, guint64 total);

/** lui_terminal_status: shows @line where the bar would be. @again: it is the same news as before: on a
 * terminal it is redrawn, elsewhere nothing happens. */
void lui_terminal_status (LuiTerminal *terminal, const char *line, gboolean again);

/** lui_terminal_progress_complete: fills the bar, if one is shown, and leaves its line. */
void lui_terminal_progress_complete (LuiTerminal *terminal);

/** lui_terminal_progress_end: leaves the line of the bar or of the question, if there is one. */
void lui_terminal_progress_end (LuiTerminal *terminal);

/** lui_progress_line: the text of a bar that fits into @columns. Free with g_free(). */
char *lui_progress_line (const char *stage, double part, guint64 done, guint64 total, guint columns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LuiTerminal, lui_terminal_free)

G_END_DECLS
