/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-csv.h"

#include <string.h>

#include "lpad-error.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

typedef struct
{
  const char *position;
  const char *end;
  guint line;
} Reader;

static gboolean
fail (const Reader *reader, const char *message, GError **error)
{
  g_set_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, "Line %u: %s", reader->line, message);
  return FALSE;
}

static gboolean
at (const Reader *reader, char c)
{
  return reader->position < reader->end && *reader->position == c;
}

static gboolean
at_line_end (const Reader *reader)
{
  return reader->position == reader->end || at (reader, '\n')
         || (at (reader, '\r') && reader->position + 1 < reader->end && reader->position[1] == '\n');
}

static void
skip_line_end (Reader *reader)
{
  if (at (reader, '\r'))
    reader->position++;
  if (at (reader, '\n'))
    reader->position++;
  reader->line++;
}

/* What stands between two quotes, of which the first has been read. */
static gboolean
read_quoted (Reader *reader, GString *cell, GError **error)
{
  Reader begin = *reader;

  for (; reader->position < reader->end; reader->position++)
    {
      if (at (reader, '\n'))
        reader->line++;
      if (at (reader, '"'))
        {
          reader->position++;
          if (!at (reader, '"'))
            return at (reader, ',') || at_line_end (reader)
                   || fail (reader, "something stands behind a closing quote.", error);
        }
      g_string_append_c (cell, *reader->position);
    }
  return fail (&begin, "a quote is opened and never closed.", error);
}

static gboolean
read_plain (Reader *reader, GString *cell, GError **error)
{
  for (; !at (reader, ',') && !at_line_end (reader); reader->position++)
    {
      if (at (reader, '"'))
        return fail (reader, "a quote stands in a cell that does not begin with one.", error);
      g_string_append_c (cell, *reader->position);
    }
  return TRUE;
}

static gboolean
read_cell (Reader *reader, GPtrArray *cells, GError **error)
{
  g_autoptr (GString) cell = g_string_new (NULL);
  gboolean good;

  if (cells->len == LUI_CSV_CELLS_MAX)
    return fail (reader, "there are too many cells.", error);
  if (at (reader, '"'))
    {
      reader->position++;
      good = read_quoted (reader, cell, error);
    }
  else
    good = read_plain (reader, cell, error);
  if (good)
    g_ptr_array_add (cells, g_strdup (cell->str));
  return good;
}

static LuiCsvRow *
read_row (Reader *reader, GError **error)
{
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);
  guint line = reader->line;
  LuiCsvRow *row;

  if (!read_cell (reader, cells, error))
    return NULL;
  while (at (reader, ','))
    {
      reader->position++;
      if (!read_cell (reader, cells, error))
        return NULL;
    }
  skip_line_end (reader);
  g_ptr_array_add (cells, NULL);
  row = g_new0 (LuiCsvRow, 1);
  row->line = line;
  row->cells = (GStrv) g_ptr_array_free (g_steal_pointer (&cells), FALSE);
  return row;
}

static void
row_free (gpointer data)
{
  LuiCsvRow *row = data;

  g_strfreev (row->cells);
  g_free (row);
}

static gboolean
check_text (const char *text, gsize size, GError **error)
{
  Reader reader = { .line = 1 };
  const char *bad;

  if (g_utf8_validate_len (text, size, &bad))
    return TRUE;
  for (const char *c = text; c < bad; c++)
    reader.line += *c == '\n';
  return fail (&reader, "this is no text in UTF-8.", error);
}

GPtrArray *
lui_csv_parse (const char *text, gsize size, GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);
  Reader reader = { text, text + size, 1 };

  if (!check_text (text, size, error))
    return NULL;
  if (size >= strlen (BYTE_ORDER_MARK) && memcmp (text, BYTE_ORDER_MARK, strlen (BYTE_ORDER_MARK)) == 0)
    reader.position += strlen (BYTE_ORDER_MARK);
  while (reader.position < reader.end)
    {
      LuiCsvRow *row;

      if (at_line_end (&reader))
        {
          skip_line_end (&reader);
          continue;
        }
      row = read_row (&reader, error);
      if (row == NULL)
        return NULL;
      g_ptr_array_add (rows, row);
    }
  return g_steal_pointer (&rows);
}

void
lui_csv_append (GString *text, const char *cell, gboolean first)
{
  if (!first)
    g_string_append_c (text, ',');
  if (strpbrk (cell, ",\"\r\n") == NULL)
    {
      g_string_append (text, cell);
      return;
    }
  g_string_append_c (text, '"');
  for (const char *c = cell; *c != '\0'; c++)
    {
      if (*c == '"')
        g_string_append_c (text, '"');
      g_string_append_c (text, *c);
    }
  g_string_append_c (text, '"');
}
