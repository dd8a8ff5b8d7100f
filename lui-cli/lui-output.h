/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "lui-session.h"

G_BEGIN_DECLS

/** Most octets of one text from the bus that reach the terminal. */
#define LUI_TEXT_MAX 1024

/** lui_clean: @text from the bus, made fit for a terminal whatever sent it; "" for NULL. Free with g_free().
 */
char *lui_clean (const char *text);

/** lui_sentence: @text from the bus, cleaned, with a capital and a full stop. Free with g_free(). */
char *lui_sentence (const char *text);

/** lui_or: @text unless it is NULL or empty, else @otherwise. */
const char *lui_or (const char *text, const char *otherwise);

/** lui_width: columns that @text takes on a terminal. */
guint lui_width (const char *text);

/** lui_octets_to_string: @octets, an "ay" or NULL, as hexadecimal digits. Free with g_free(). */
char *lui_octets_to_string (GVariant *octets);

/** lui_size_to_string: "340 octets" or "12.3 kB" (1000 octets). Free with g_free(). */
char *lui_size_to_string (guint64 octets);

/** lui_time_to_string: seconds since 1970 as local date and time. Free with g_free(). */
char *lui_time_to_string (guint64 seconds);

/** lui_wait_to_string: how long it is from @now until @seconds (both since 1970): "now", "in 40 s", "in 4
 * min", "in 3 h". Free with g_free(). */
char *lui_wait_to_string (guint64 seconds, guint64 now);

/** LuiTable: rows of text in columns that are as wide as they must be. */
typedef struct
{
  guint n_columns;
  GPtrArray *cells;
} LuiTable;

LuiTable *lui_table_new (guint n_columns);
void lui_table_free (LuiTable *table);
/** lui_table_add: adds one row; as many cells as the table has columns; NULL is an empty one. Cells are
 * cleaned. */
void lui_table_add (LuiTable *table, ...);
/** lui_table_to_string: the rows, each after @indent spaces and with a line end. Free with g_free(). */
char *lui_table_to_string (LuiTable *table, guint indent);
void lui_table_print (LuiTable *table, guint indent);

/** lui_json_variant: adds @value as member @name: strings, numbers, booleans, arrays and dictionaries; octets
 * become hexadecimal digits; "-" in keys of dictionaries becomes "_". */
void lui_json_variant (JsonBuilder *builder, const char *name, GVariant *value);
void lui_json_string (JsonBuilder *builder, const char *name, const char *value);
void lui_json_integer (JsonBuilder *builder, const char *name, gint64 value);
void lui_json_boolean (JsonBuilder *builder, const char *name, gboolean value);
void lui_json_strv (JsonBuilder *builder, const char *name, const char *const *values);
/** lui_json_print: writes what @builder holds and a line end to standard output; indented unless
 * @one_line. */
void lui_json_print (JsonBuilder *builder, gboolean one_line);

/** The documented JSON objects of lui-cli(1); each is one value of @builder. */
void lui_json_euicc (JsonBuilder *builder, LpadBusEuicc *euicc);
void lui_json_profile (JsonBuilder *builder, LpadBusProfile *profile);
void lui_json_notification (JsonBuilder *builder, LpadBusNotification *notification);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LuiTable, lui_table_free)

G_END_DECLS
