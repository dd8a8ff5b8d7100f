/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>

#include "lui-csv.h"
#include "lui-plan.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What was read and is written again reads as the same. */
static void
check_csv (const char *text, gsize size)
{
  g_autoptr (GPtrArray) rows = lui_csv_parse (text, size, NULL);
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GString) written = g_string_new (NULL);

  if (rows == NULL)
    return;
  for (guint i = 0; i < rows->len; i++)
    {
      const LuiCsvRow *row = rows->pdata[i];

      for (guint k = 0; row->cells[k] != NULL; k++)
        lui_csv_append (written, row->cells[k], k == 0);
      /* One empty cell alone would be an empty line. */
      g_string_append (written, row->cells[1] == NULL && *row->cells[0] == '\0' ? "\"\"\r\n" : "\r\n");
    }
  again = lui_csv_parse (written->str, written->len, NULL);
  g_assert_nonnull (again);
  g_assert_cmpuint (again->len, ==, rows->len);
  for (guint i = 0; i < rows->len; i++)
    {
      const LuiCsvRow *row = rows->pdata[i];
      const LuiCsvRow *copy = again->pdata[i];

      g_assert_true (g_strv_equal ((const char *const *) row->cells, (const char *const *) copy->cells));
    }
}

static void
check_plan (const char *text, gsize size, gboolean json)
{
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) rows = lui_plan_parse (text, size, json, problems);

  g_assert_cmpint (rows == NULL, ==, problems->len > 0);
  for (guint i = 0; rows != NULL && i < rows->len; i++)
    {
      g_autoptr (GVariant) options = g_variant_ref_sink (lui_plan_row_options (rows->pdata[i]));

      g_assert_true (g_variant_is_of_type (options, G_VARIANT_TYPE_VARDICT));
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  check_csv ((const char *) data, size);
  check_plan ((const char *) data, size, FALSE);
  check_plan ((const char *) data, size, TRUE);
  return 0;
}
