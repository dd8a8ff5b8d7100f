/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LpadSecret: octets that are wiped when the last reference goes: a confirmation code, a key. Never print
 * one. Reference counting is atomic; the content never changes.
 */
typedef struct _LpadSecret LpadSecret;

LpadSecret *lpad_secret_new (const void *data, gsize size);
LpadSecret *lpad_secret_new_text (const char *text);
/** lpad_secret_new_take_text: like lpad_secret_new_text(), and wipes and frees @text. */
LpadSecret *lpad_secret_new_take_text (char *text);
LpadSecret *lpad_secret_ref (LpadSecret *secret);
void lpad_secret_unref (LpadSecret *secret);
const guint8 *lpad_secret_data (LpadSecret *secret, gsize *size);

/** lpad_wipe: overwrites @size octets in a way that the compiler does not remove. */
void lpad_wipe (void *data, gsize size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadSecret, lpad_secret_unref)

G_END_DECLS
