/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-report.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "lpad-error.h"
#include "lui-csv.h"
#include "lui-file.h"

#define FILE_MAX (64 * 1024 * 1024) /* octets */

struct _LuiReport
{
  char *path;
  GPtrArray *rows; /* LuiReportRow, as in the plan */
};

typedef enum
{
  TEXT,
  NUMBER,
  STATUS,
} Kind;

/* A column of CSV, a member of an object in JSON. */
typedef struct
{
  const char *name;
  gsize offset;
  Kind kind;
} Column;

static const Column columns[] = {
  { "row", G_STRUCT_OFFSET (LuiReportRow, key), TEXT },
  { "line", G_STRUCT_OFFSET (LuiReportRow, line), NUMBER },
  { "eid", G_STRUCT_OFFSET (LuiReportRow, eid), TEXT },
  { "reader", G_STRUCT_OFFSET (LuiReportRow, reader), TEXT },
  { "status", G_STRUCT_OFFSET (LuiReportRow, status), STATUS },
  { "iccid", G_STRUCT_OFFSET (LuiReportRow, iccid), TEXT },
  { "error", G_STRUCT_OFFSET (LuiReportRow, error), TEXT },
  { "message", G_STRUCT_OFFSET (LuiReportRow, message), TEXT },
  { "order", G_STRUCT_OFFSET (LuiReportRow, order), TEXT },
  { "retry", G_STRUCT_OFFSET (LuiReportRow, retry), TEXT },
  { "attempts", G_STRUCT_OFFSET (LuiReportRow, attempts), NUMBER },
  { "started", G_STRUCT_OFFSET (LuiReportRow, started), TEXT },
  { "finished", G_STRUCT_OFFSET (LuiReportRow, finished), TEXT },
  { "before", G_STRUCT_OFFSET (LuiReportRow, before), TEXT },
};

static const char *const statuses[] = { "waiting", "running", "done", "failed" };

const char *
lui_report_status_name (LuiReportStatus status)
{
  return statuses[status];
}

static LuiReportRow *
row_new (void)
{
  LuiReportRow *row = g_new0 (LuiReportRow, 1);

  for (gsize i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      if (columns[i].kind == TEXT)
        *(char **) G_STRUCT_MEMBER_P (row, columns[i].offset) = g_strdup ("");
    }
  return row;
}

static void
row_free (gpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      if (columns[i].kind == TEXT)
        g_free (*(char **) G_STRUCT_MEMBER_P (data, columns[i].offset));
    }
  g_free (data);
}

static GPtrArray *
rows_new (void)
{
  return g_ptr_array_new_with_free_func (row_free);
}

void
lui_report_set (char **field, const char *text)
{
  g_free (*field);
  *field = g_strdup (text != NULL ? text : "");
}

static gboolean
read_status (const char *text, LuiReportStatus *status)
{
  for (gsize i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      if (g_str_equal (statuses[i], text))
        {
          *status = (LuiReportStatus) i;
          return TRUE;
        }
    }
  return FALSE;
}

/* Columns that are not known are of a later version: skipped. */
static gboolean
read_field (LuiReportRow *row, const char *name, const char *text)
{
  guint64 number;

  for (gsize i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      gpointer field = G_STRUCT_MEMBER_P (row, columns[i].offset);

      if (!g_str_equal (columns[i].name, name))
        continue;
      switch (columns[i].kind)
        {
        case NUMBER:
          if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT, &number, NULL))
            return FALSE;
          *(guint *) field = (guint) number;
          return TRUE;
        case STATUS:
          return read_status (text, field);
        case TEXT:
        default:
          lui_report_set (field, text);
          return TRUE;
        }
    }
  return TRUE;
}

static GPtrArray *
parse_csv (const char *text, gsize size)
{
  g_autoptr (GPtrArray) lines = lui_csv_parse (text, size, NULL);
  g_autoptr (GPtrArray) rows = rows_new ();
  const LuiCsvRow *header;

  if (lines == NULL || lines->len == 0)
    return NULL;
  header = lines->pdata[0];
  if (!g_strv_contains ((const char *const *) header->cells, "row"))
    return NULL;
  for (guint i = 1; i < lines->len; i++)
    {
      const LuiCsvRow *line = lines->pdata[i];
      LuiReportRow *row = row_new ();

      g_ptr_array_add (rows, row);
      if (g_strv_length (line->cells) != g_strv_length (header->cells))
        return NULL;
      for (guint k = 0; line->cells[k] != NULL; k++)
        {
          if (!read_field (row, header->cells[k], line->cells[k]))
            return NULL;
        }
    }
  return g_steal_pointer (&rows);
}

static gboolean
read_member (LuiReportRow *row, const char *name, JsonNode *node)
{
  g_autofree char *number = NULL;

  if (!JSON_NODE_HOLDS_VALUE (node))
    return FALSE;
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return read_field (row, name, json_node_get_string (node));
  number = g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
  return read_field (row, name, number);
}

static LuiReportRow *
read_object (JsonNode *node)
{
  LuiReportRow *row = row_new ();
  gboolean good
      = JSON_NODE_HOLDS_OBJECT (node) && json_object_has_member (json_node_get_object (node), "row");
  g_autoptr (GList) names = good ? json_object_get_members (json_node_get_object (node)) : NULL;

  for (GList *l = names; l != NULL && good; l = l->next)
    good = read_member (row, l->data, json_object_get_member (json_node_get_object (node), l->data));
  if (!good)
    g_clear_pointer (&row, row_free);
  return row;
}

static GPtrArray *
parse_json (const char *text, gsize size)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GPtrArray) rows = rows_new ();
  JsonNode *root;
  JsonArray *array;

  if (!g_utf8_validate_len (text, size, NULL)
      || !json_parser_load_from_data (parser, text, (gssize) size, NULL))
    return NULL;
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_ARRAY (root))
    return NULL;
  array = json_node_get_array (root);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      LuiReportRow *row = read_object (json_array_get_element (array, i));

      if (row == NULL)
        return NULL;
      g_ptr_array_add (rows, row);
    }
  return g_steal_pointer (&rows);
}

static gboolean
is_json (const char *path)
{
  return g_str_has_suffix (path, ".json");
}

/* What is there of an earlier run: none is no mistake, but another file must not be overwritten. */
static GPtrArray *
load (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  GPtrArray *rows;
  gsize size = 0;

  if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
    return rows_new ();
  text = lui_file_read (path, "a report", FILE_MAX, &size, error);
  if (text == NULL)
    return NULL;
  rows = is_json (path) ? parse_json (text, size) : parse_csv (text, size);
  if (rows == NULL)
    g_set_error (error,
                 LPAD_ERROR,
                 LPAD_ERROR_INVALID_ARGUMENTS,
                 "%s is no report of lui-cli: it is left as it is.",
                 path);
  return rows;
}

static LuiReportRow *
take_row (GPtrArray *rows, const LuiPlanRow *plan)
{
  LuiReportRow *row;

  for (guint i = 0; i < rows->len; i++)
    {
      row = rows->pdata[i];
      if (g_str_equal (row->key, plan->key))
        return g_ptr_array_steal_index (rows, i);
    }
  row = row_new ();
  lui_report_set (&row->key, plan->key);
  lui_report_set (&row->eid, plan->eid);
  lui_report_set (&row->reader, plan->reader);
  return row;
}

LuiReport *
lui_report_open (const char *path, GPtrArray *plan, GError **error)
{
  g_autoptr (GPtrArray) old = load (path, error);
  LuiReport *report;

  if (old == NULL)
    return NULL;
  report = g_new0 (LuiReport, 1);
  report->path = g_strdup (path);
  report->rows = rows_new ();
  for (guint i = 0; i < plan->len; i++)
    {
      const LuiPlanRow *planned = plan->pdata[i];
      LuiReportRow *row = take_row (old, planned);

      row->line = planned->line;
      g_ptr_array_add (report->rows, row);
    }
  return report;
}

void
lui_report_free (LuiReport *report)
{
  if (report == NULL)
    return;
  g_ptr_array_unref (report->rows);
  g_free (report->path);
  g_free (report);
}

LuiReportRow *
lui_report_row (LuiReport *report, guint index)
{
  return report->rows->pdata[index];
}

static char *
field_to_text (const LuiReportRow *row, const Column *column)
{
  gconstpointer field = (const guint8 *) row + column->offset;

  switch (column->kind)
    {
    case NUMBER:
      return g_strdup_printf ("%u", *(const guint *) field);
    case STATUS:
      return g_strdup (statuses[*(const LuiReportStatus *) field]);
    case TEXT:
    default:
      return g_strdup (*(char *const *) field);
    }
}

static char *
to_csv (LuiReport *report)
{
  GString *text = g_string_new (NULL);

  for (gsize k = 0; k < G_N_ELEMENTS (columns); k++)
    lui_csv_append (text, columns[k].name, k == 0);
  g_string_append (text, "\r\n");
  for (guint i = 0; i < report->rows->len; i++)
    {
      for (gsize k = 0; k < G_N_ELEMENTS (columns); k++)
        {
          g_autofree char *cell = field_to_text (report->rows->pdata[i], &columns[k]);

          lui_csv_append (text, cell, k == 0);
        }
      g_string_append (text, "\r\n");
    }
  return g_string_free (text, FALSE);
}

static char *
to_json (LuiReport *report)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_array (builder);
  for (guint i = 0; i < report->rows->len; i++)
    {
      json_builder_begin_object (builder);
      for (gsize k = 0; k < G_N_ELEMENTS (columns); k++)
        {
          g_autofree char *text = field_to_text (report->rows->pdata[i], &columns[k]);

          json_builder_set_member_name (builder, columns[k].name);
          if (columns[k].kind == NUMBER)
            json_builder_add_int_value (builder, g_ascii_strtoll (text, NULL, 10));
          else
            json_builder_add_string_value (builder, text);
        }
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, TRUE);
}

char *
lui_report_to_text (LuiReport *report, gboolean json)
{
  return json ? to_json (report) : to_csv (report);
}

gboolean
lui_report_save (LuiReport *report, GError **error)
{
  g_autofree char *text = NULL;

  if (report->path == NULL)
    return TRUE;
  text = lui_report_to_text (report, is_json (report->path));
  if (g_file_set_contents_full (
          report->path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error))
    return TRUE;
  lui_file_write_fault (report->path, error);
  return FALSE;
}

gboolean
lui_report_may_run (const LuiReportRow *row)
{
  if (row->status == LUI_REPORT_FAILED)
    return !g_str_equal (row->order, "ended") && !g_str_equal (row->retry, "useless");
  return row->status != LUI_REPORT_DONE;
}
