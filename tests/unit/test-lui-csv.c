/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-csv.h"

#include <string.h>

#include "lpad-error.h"

static char *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = lui_csv_parse (text, strlen (text), &error);
  GString *seen = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < rows->len; i++)
    {
      const LuiCsvRow *row = rows->pdata[i];
      g_autofree char *cells = g_strjoinv ("|", row->cells);

      g_string_append_printf (seen, "%u:%s;", row->line, cells);
    }
  return g_string_free (seen, FALSE);
}

static void
test_good (void)
{
  static const char *const cases[][2] = {
    { "", "" },
    { "a", "1:a;" },
    { "a,b\n1,2\n", "1:a|b;2:1|2;" },
    { "a,b\r\n1,2\r\n", "1:a|b;2:1|2;" },
    { "\xef\xbb\xbf"
      "a,b\n",
      "1:a|b;" },
    { "\n\na\n\nb\n", "3:a;5:b;" },
    { "\"a,b\",c\n", "1:a,b|c;" },
    { "\"say \"\"x\"\"\"\n", "1:say \"x\";" },
    { "\"two\nlines\",b\nc\n", "1:two\nlines|b;3:c;" },
    { ",\n", "1:|;" },
    { "\"\",\"\"", "1:|;" },
    { "a\rb\n", "1:a\rb;" }, /* a carriage return alone ends no line */
    { "LPA:1$h.example$X, y \n", "1:LPA:1$h.example$X| y ;" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *seen = parse (cases[i][0]);

      g_assert_cmpstr (seen, ==, cases[i][1]);
    }
}

static void
test_bad (void)
{
  static const char *const cases[][2] = {
    { "a\n\"b\n", "Line 2: a quote is opened" },
    { "a\"b\n", "Line 1: a quote stands" },
    { "x\n\"a\"b\n", "Line 2: something stands behind" },
    { "x\ny\n\xff\n", "Line 3: this is no text" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (lui_csv_parse (cases[i][0], strlen (cases[i][0]), &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
      g_assert_true (g_str_has_prefix (error->message, cases[i][1]));
    }
}

static void
test_octets (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (lui_csv_parse ("a\0b", 3, &error)); /* a zero octet would hide the rest of a cell */
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
}

static void
test_many_cells (void)
{
  g_autofree char *commas = g_strnfill (LUI_CSV_CELLS_MAX - 1, ',');
  g_autofree char *more = g_strconcat (commas, ",", NULL);
  g_autoptr (GPtrArray) rows = lui_csv_parse (commas, strlen (commas), NULL);

  g_assert_cmpuint (g_strv_length (((const LuiCsvRow *) rows->pdata[0])->cells), ==, LUI_CSV_CELLS_MAX);
  g_assert_null (lui_csv_parse (more, strlen (more), NULL));
}

static void
test_written (void)
{
  static const char *const cells[] = { "plain", "", "a,b", "say \"x\"", "two\r\nlines", " space " };
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GPtrArray) rows = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (cells); i++)
    lui_csv_append (text, cells[i], i == 0);
  rows = lui_csv_parse (text->str, text->len, NULL);
  g_assert_cmpuint (rows->len, ==, 1);
  for (gsize i = 0; i < G_N_ELEMENTS (cells); i++)
    g_assert_cmpstr (((const LuiCsvRow *) rows->pdata[0])->cells[i], ==, cells[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lui-csv/good", test_good);
  g_test_add_func ("/lui-csv/bad", test_bad);
  g_test_add_func ("/lui-csv/octets", test_octets);
  g_test_add_func ("/lui-csv/many-cells", test_many_cells);
  g_test_add_func ("/lui-csv/written", test_written);
  return g_test_run ();
}
