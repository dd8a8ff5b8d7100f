/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The faults of a card as words of a trace (see record.h). */

/** lpad_fault_to_word: the word of @error; "error" for all that has none of its own. */
const char *lpad_fault_to_word (const GError *error);

/** lpad_fault_set_error: the error of @word. Returns: FALSE without error when there is no such word */
gboolean lpad_fault_set_error (GError **error, const char *word) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
