/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lui-session.h"

G_BEGIN_DECLS

/**
 * lui_interruption_to_string: what a person should know of one element of Euicc.Interruptions: a sentence
 * with the time, what the activation code is worth, what to do; each on a line of its own after @indent
 * spaces. Free with g_free().
 */
char *lui_interruption_to_string (GVariant *interruption, guint indent);

/** lui_interruptions_to_string: the same for all of @interruptions (aa{sv}, nullable); "" when there are
 * none.
 */
char *lui_interruptions_to_string (GVariant *interruptions, guint indent);

G_END_DECLS
