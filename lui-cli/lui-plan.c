/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-plan.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "lui-csv.h"
#include "lui-file.h"
#include "lui-releases.h"
#include "secret.h"
#include "text.h"

#define EID_DIGITS   32
#define NICKNAME_MAX 64  /* octets */
#define CODE_MAX     255 /* octets */
#define KEY_DIGITS   16

/* A column of a plan: where its value goes. */
typedef struct
{
  const char *name;
  gsize offset;
  gboolean is_boolean;
} Column;

static const Column columns[] = {
  { "eid", G_STRUCT_OFFSET (LuiPlanRow, eid), FALSE },
  { "reader", G_STRUCT_OFFSET (LuiPlanRow, reader), FALSE },
  { "activation_code", G_STRUCT_OFFSET (LuiPlanRow, activation_code), FALSE },
  { "smdp_address", G_STRUCT_OFFSET (LuiPlanRow, smdp_address), FALSE },
  { "matching_id", G_STRUCT_OFFSET (LuiPlanRow, matching_id), FALSE },
  { "use_default", G_STRUCT_OFFSET (LuiPlanRow, use_default), TRUE },
  { "confirmation_code", G_STRUCT_OFFSET (LuiPlanRow, confirmation_code), FALSE },
  { "enable", G_STRUCT_OFFSET (LuiPlanRow, enable), TRUE },
  { "accept_policy_rules", G_STRUCT_OFFSET (LuiPlanRow, accept_policy_rules), TRUE },
  { "nickname", G_STRUCT_OFFSET (LuiPlanRow, nickname), FALSE },
  { "imei", G_STRUCT_OFFSET (LuiPlanRow, imei), FALSE },
  { "tac", G_STRUCT_OFFSET (LuiPlanRow, tac), FALSE },
  { "releases", G_STRUCT_OFFSET (LuiPlanRow, releases), FALSE },
  { "use_provisioning", G_STRUCT_OFFSET (LuiPlanRow, use_provisioning), TRUE },
};

/* Where mistakes go; @place is "Line" or "Entry". */
typedef struct
{
  GPtrArray *problems;
  const char *place;
} Problems;

static void add_problem (const Problems *problems, guint line, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
add_problem (const Problems *problems, guint line, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_ptr_array_add (problems->problems, g_strdup_printf ("%s %u: %s", problems->place, line, text));
}

static void
wipe_text (char *text)
{
  lpad_wipe (text, strlen (text));
  g_free (text);
}

static void
row_free (gpointer data)
{
  LuiPlanRow *row = data;

  g_free (row->key);
  g_free (row->eid);
  g_free (row->reader);
  g_free (row->activation_code);
  g_free (row->smdp_address);
  g_free (row->matching_id);
  g_clear_pointer (&row->confirmation_code, wipe_text);
  g_free (row->nickname);
  g_free (row->imei);
  g_free (row->tac);
  g_free (row->releases);
  g_free (row);
}

static const Column *
find_column (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      if (g_ascii_strcasecmp (columns[i].name, name) == 0)
        return &columns[i];
    }
  return NULL;
}

static gboolean
read_boolean (const char *text, gboolean *value)
{
  static const char *const yes[] = { "true", "yes", "1", NULL };
  static const char *const no[] = { "false", "no", "0", "", NULL };
  g_autofree char *lower = g_ascii_strdown (text, -1);

  *value = g_strv_contains (yes, lower);
  return *value || g_strv_contains (no, lower);
}

/* An empty cell is none. */
static void
set_field (LuiPlanRow *row, const Column *column, const char *text, const Problems *problems)
{
  gpointer field = G_STRUCT_MEMBER_P (row, column->offset);
  g_autofree char *value = g_strstrip (g_strdup (text));

  if (column->is_boolean)
    {
      if (!read_boolean (value, field))
        add_problem (problems, row->line, "%s is neither true nor false.", column->name);
    }
  else if (*value != '\0')
    {
      g_free (*(char **) field);
      *(char **) field = g_steal_pointer (&value);
    }
}

/* SGP.02 2.2.2: 32 digits that leave 1 when divided by 97. */
static gboolean
is_eid (const char *text)
{
  guint rest = 0;

  if (strlen (text) != EID_DIGITS || strspn (text, "0123456789") != EID_DIGITS)
    return FALSE;
  for (const char *c = text; *c != '\0'; c++)
    rest = (rest * 10 + (guint) g_ascii_digit_value (*c)) % 97;
  return rest == 1;
}

/* As far as a typing mistake shows; lpad has the last word. */
static gboolean
looks_like_code (const char *text)
{
  const char *code = g_ascii_strncasecmp (text, "LPA:", 4) == 0 ? text + 4 : text;

  return strlen (code) <= CODE_MAX && g_str_has_prefix (code, "1$") && code[2] != '$'
         && strchr (code + 2, '$') != NULL;
}

static gboolean
is_pattern (const char *reader)
{
  return strpbrk (reader, "*?") != NULL;
}

static void
check_target (const LuiPlanRow *row, GHashTable *seen, const Problems *problems)
{
  char *target = row->eid != NULL ? row->eid : row->reader;
  guint first;

  if ((row->eid != NULL) == (row->reader != NULL))
    {
      add_problem (problems, row->line, "exactly one of eid and reader is needed.");
      return;
    }
  if (row->eid != NULL && !is_eid (row->eid))
    add_problem (problems, row->line, "the EID is not one: 32 digits with a check are needed.");
  if (row->reader != NULL && is_pattern (row->reader))
    return; /* any number of chips may come through such readers, one after the other */
  first = GPOINTER_TO_UINT (g_hash_table_lookup (seen, target));
  if (first != 0)
    add_problem (
        problems, row->line, "the same %s is in line %u.", row->eid != NULL ? "EID" : "reader", first);
  else
    g_hash_table_insert (seen, target, GUINT_TO_POINTER (row->line));
}

static void
check_source (const LuiPlanRow *row, const Problems *problems)
{
  if ((row->activation_code != NULL) + (row->smdp_address != NULL) + row->use_default != 1)
    add_problem (
        problems, row->line, "exactly one of activation_code, smdp_address and use_default is needed.");
  if (row->matching_id != NULL && row->smdp_address == NULL)
    add_problem (problems, row->line, "matching_id needs smdp_address.");
  if (row->activation_code != NULL && !looks_like_code (row->activation_code))
    add_problem (problems, row->line, "the activation code has not the form LPA:1$SERVER$MATCHINGID.");
  if (row->nickname != NULL
      && (strlen (row->nickname) > NICKNAME_MAX || !lpad_text_is_clean (row->nickname, NICKNAME_MAX)))
    add_problem (
        problems, row->line, "a nickname has at most %d octets, without control characters.", NICKNAME_MAX);
}

/* @ordinal: of rows that are alike: one code for many chips that come through the same reader */
static void
set_key (LuiPlanRow *row, guint ordinal)
{
  const char *parts[] = { row->eid,          row->reader,      row->activation_code,
                          row->smdp_address, row->matching_id, row->use_default ? "default" : NULL };
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      const char *part = parts[i] != NULL ? parts[i] : "";

      g_checksum_update (checksum, (const guchar *) part, (gssize) strlen (part) + 1);
    }
  g_checksum_update (checksum, (const guchar *) &ordinal, sizeof ordinal);
  g_free (row->key);
  row->key = g_strndup (g_checksum_get_string (checksum), KEY_DIGITS);
}

/* (transfer floating) (nullable) */
static GVariant *
build_releases (const LuiPlanRow *row, GError **error)
{
  g_auto (GStrv) entries = g_strsplit (row->releases, ";", -1);

  return lui_releases_build ((const char *const *) entries, error);
}

static void
check_releases (const LuiPlanRow *row, const Problems *problems)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) releases = NULL;

  if (row->releases == NULL)
    return;
  releases = build_releases (row, &error);
  if (releases == NULL)
    add_problem (problems, row->line, "%s", error->message);
  else
    g_variant_ref_sink (releases);
}

static void
check_rows (GPtrArray *rows, const Problems *problems)
{
  g_autoptr (GHashTable) targets = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < rows->len; i++)
    {
      LuiPlanRow *row = rows->pdata[i];

      check_target (row, targets, problems);
      check_source (row, problems);
      check_releases (row, problems);
      set_key (row, 0);
      for (guint ordinal = 1; !g_hash_table_add (keys, g_strdup (row->key)); ordinal++)
        set_key (row, ordinal);
    }
  if (rows->len == 0)
    g_ptr_array_add (problems->problems, g_strdup ("There is no row."));
}

static LuiPlanRow *
row_new (GPtrArray *rows, guint line)
{
  LuiPlanRow *row = g_new0 (LuiPlanRow, 1);

  row->line = line;
  g_ptr_array_add (rows, row);
  return row;
}

static gboolean
contains (GArray *order, const Column *column)
{
  for (guint i = 0; i < order->len; i++)
    {
      if (g_array_index (order, const Column *, i) == column)
        return TRUE;
    }
  return FALSE;
}

static gboolean
read_header (const LuiCsvRow *header, GArray *order, const Problems *problems)
{
  guint before = problems->problems->len;

  for (guint i = 0; header->cells[i] != NULL; i++)
    {
      g_autofree char *name = g_strstrip (g_strdup (header->cells[i]));
      const Column *column = find_column (name);

      if (column == NULL)
        add_problem (
            problems, header->line, "there is no column “%s”; lui-cli(1) lists those that there are.", name);
      else if (contains (order, column))
        add_problem (problems, header->line, "the column “%s” is there twice.", name);
      g_array_append_val (order, column);
    }
  return problems->problems->len == before;
}

static void
parse_csv (const char *text, gsize size, GPtrArray *rows, const Problems *problems)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) lines = lui_csv_parse (text, size, &error);
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (const Column *));

  if (lines == NULL)
    {
      g_ptr_array_add (problems->problems, g_strdup (error->message));
      return;
    }
  if (lines->len == 0 || !read_header (lines->pdata[0], order, problems))
    return;
  for (guint i = 1; i < lines->len && rows->len < LUI_PLAN_ROWS_MAX; i++)
    {
      const LuiCsvRow *line = lines->pdata[i];
      LuiPlanRow *row = row_new (rows, line->line);

      if (g_strv_length (line->cells) != order->len)
        add_problem (problems,
                     line->line,
                     "there are %u cells, and %u columns.",
                     g_strv_length (line->cells),
                     order->len);
      for (guint k = 0; k < order->len && line->cells[k] != NULL; k++)
        set_field (row, g_array_index (order, const Column *, k), line->cells[k], problems);
    }
}

static void
read_object (JsonObject *object, LuiPlanRow *row, const Problems *problems)
{
  g_autoptr (GList) names = json_object_get_members (object);

  for (GList *l = names; l != NULL; l = l->next)
    {
      const Column *column = find_column (l->data);
      JsonNode *node = json_object_get_member (object, l->data);
      GType type = json_node_get_value_type (node);

      if (column == NULL)
        add_problem (problems, row->line, "there is no member “%s”.", (const char *) l->data);
      else if (JSON_NODE_HOLDS_NULL (node))
        continue;
      else if (column->is_boolean && type == G_TYPE_BOOLEAN)
        *(gboolean *) G_STRUCT_MEMBER_P (row, column->offset) = json_node_get_boolean (node);
      else if (!column->is_boolean && type == G_TYPE_STRING)
        set_field (row, column, json_node_get_string (node), problems);
      else
        add_problem (problems,
                     row->line,
                     "%s must be %s.",
                     column->name,
                     column->is_boolean ? "true or false" : "a string");
    }
}

/* @message: of json-glib: "<data>:LINE:COLUMN: Parse error: WHAT" */
static void
add_syntax_error (const Problems *problems, const char *message)
{
  static const char prefix[] = "<data>:";
  const char *what = strstr (message, "error: ");
  guint64 line = 0;

  if (g_str_has_prefix (message, prefix))
    line = g_ascii_strtoull (message + strlen (prefix), NULL, 10);
  g_ptr_array_add (problems->problems,
                   g_strdup_printf ("Line %" G_GUINT64_FORMAT ": this is no JSON: %s.",
                                    line,
                                    what != NULL ? what + strlen ("error: ") : message));
}

static void
parse_json (const char *text, gsize size, GPtrArray *rows, const Problems *problems)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) error = NULL;
  JsonNode *root;
  JsonArray *array;

  if (!g_utf8_validate_len (text, size, NULL))
    {
      g_ptr_array_add (problems->problems, g_strdup ("This is no JSON: it is no text in UTF-8."));
      return;
    }
  if (!json_parser_load_from_data (parser, text, (gssize) size, &error))
    {
      add_syntax_error (problems, error->message);
      return;
    }
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_ARRAY (root))
    {
      g_ptr_array_add (problems->problems, g_strdup ("A plan in JSON is an array of objects."));
      return;
    }
  array = json_node_get_array (root);
  for (guint i = 0; i < json_array_get_length (array) && i < LUI_PLAN_ROWS_MAX; i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      LuiPlanRow *row = row_new (rows, i + 1);

      if (JSON_NODE_HOLDS_OBJECT (node))
        read_object (json_node_get_object (node), row, problems);
      else
        add_problem (problems, row->line, "this is no object.");
    }
}

GPtrArray *
lui_plan_parse (const char *text, gsize size, gboolean json, GPtrArray *problems)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);
  Problems where = { problems, json ? "Entry" : "Line" };

  if (json)
    parse_json (text, size, rows, &where);
  else
    parse_csv (text, size, rows, &where);
  if (problems->len == 0)
    check_rows (rows, &where);
  return problems->len == 0 ? g_steal_pointer (&rows) : NULL;
}

GPtrArray *
lui_plan_load (const char *path, GPtrArray *problems, GError **error)
{
  gsize size = 0;
  g_autofree char *text = lui_file_read (path, "a plan", LUI_PLAN_FILE_MAX, &size, error);
  GPtrArray *rows;

  if (text == NULL)
    return NULL;
  rows = lui_plan_parse (text, size, g_str_has_suffix (path, ".json"), problems);
  lpad_wipe (text, size);
  return rows;
}

static void
add_string (GVariantBuilder *builder, const char *name, const char *value)
{
  if (value != NULL)
    g_variant_builder_add (builder, "{sv}", name, g_variant_new_string (value));
}

static void
add_true (GVariantBuilder *builder, const char *name, gboolean value)
{
  if (value)
    g_variant_builder_add (builder, "{sv}", name, g_variant_new_boolean (TRUE));
}

GVariant *
lui_plan_row_options (const LuiPlanRow *row)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_string (&builder, "activation-code", row->activation_code);
  add_string (&builder, "smdp-address", row->smdp_address);
  add_string (&builder, "matching-id", row->matching_id);
  add_true (&builder, "use-default", row->use_default);
  add_string (&builder, "confirmation-code", row->confirmation_code);
  add_string (&builder, "nickname", row->nickname);
  add_string (&builder, "imei", row->imei);
  add_string (&builder, "tac", row->tac);
  if (row->releases != NULL)
    g_variant_builder_add (&builder, "{sv}", "releases", build_releases (row, NULL));
  add_true (&builder, "use-provisioning", row->use_provisioning);
  add_true (&builder, "enable", row->enable);
  add_true (&builder, "accept-policy-rules", row->accept_policy_rules);
  add_true (&builder, "consent", TRUE);
  return g_variant_builder_end (&builder);
}

gboolean
lui_plan_row_fits (const LuiPlanRow *row, const char *eid, const char *device)
{
  if (row->eid != NULL)
    return g_strcmp0 (row->eid, eid) == 0;
  return device != NULL && g_pattern_match_simple (row->reader, device);
}
