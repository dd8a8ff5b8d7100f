/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define LUI_CSV_CELLS_MAX 64 /* of a row */

/** LuiCsvRow: one record. @line: where it begins, from 1; @cells: as many as there are, never none. */
typedef struct
{
  guint line;
  GStrv cells;
} LuiCsvRow;

/**
 * lui_csv_parse: comma-separated values as RFC 4180 has them: cells in quotes hold commas, line ends and
 * doubled quotes; lines end with LF or CRLF; a byte order mark is skipped, and so are empty lines.
 * @text: need not end with a zero octet
 * Returns: (element-type LuiCsvRow) (nullable): NULL with %LPAD_ERROR_INVALID_ARGUMENTS that names the line
 */
GPtrArray *lui_csv_parse (const char *text, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_csv_append: adds @cell to the record that @text ends with, in quotes when it needs them. @first: no
 * comma before it. */
void lui_csv_append (GString *text, const char *cell, gboolean first);

G_END_DECLS
