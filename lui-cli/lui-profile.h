/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lui-output.h"

G_BEGIN_DECLS

/* What the bus says of a profile, in words for people. */

/** lui_rule_words: what a policy rule, as org.lpad.Lpad1.Profile names it, means to the one who has the
 * profile (SGP.22 2.9.1). */
const char *lui_rule_words (const char *rule);

/** lui_class_words: what a class of profiles is for; an unknown class stands for itself. */
const char *lui_class_words (const char *profile_class);

/** lui_owner_to_string: an owner (a{sv}, nullable) such as "262-01, GID1 0102"; NULL when nothing is known of
 * it. Free with g_free(). */
char *lui_owner_to_string (GVariant *owner);

/** lui_table_add_rules: rows of a table of two columns, the first of them called "Rules". */
void lui_table_add_rules (LuiTable *table, const char *const *rules);

G_END_DECLS
