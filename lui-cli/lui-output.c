/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-output.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hex.h"
#include "text.h"

char *
lui_clean (const char *text)
{
  const char *safe = text == NULL ? "" : text;

  return lpad_text_clean ((const guint8 *) safe, strlen (safe), LUI_TEXT_MAX);
}

/* Names of programs are written small, also where a sentence begins. */
static gboolean
begins_with_program (const char *text)
{
  return g_str_has_prefix (text, "lpad ") || g_str_has_prefix (text, "lui-cli ");
}

char *
lui_sentence (const char *text)
{
  g_autofree char *clean = lui_clean (text);
  GString *sentence = g_string_new (NULL);
  gboolean keep = *clean == '\0' || begins_with_program (clean);
  const char *rest = keep ? clean : clean + g_utf8_skip[(guchar) *clean];

  if (!keep)
    g_string_append_unichar (sentence, g_unichar_toupper (g_utf8_get_char (clean)));
  g_string_append (sentence, rest);
  if (sentence->len > 0 && strchr (".!?", sentence->str[sentence->len - 1]) == NULL)
    g_string_append_c (sentence, '.');
  return g_string_free (sentence, FALSE);
}

const char *
lui_or (const char *text, const char *otherwise)
{
  return text != NULL && *text != '\0' ? text : otherwise;
}

guint
lui_width (const char *text)
{
  guint width = 0;

  for (const char *p = text; *p != '\0'; p += g_utf8_skip[(guchar) *p])
    {
      gunichar c = g_utf8_get_char (p);

      if (!g_unichar_iszerowidth (c))
        width += g_unichar_iswide (c) ? 2 : 1;
    }
  return width;
}

char *
lui_octets_to_string (GVariant *octets)
{
  gsize size = 0;
  const guint8 *data = octets != NULL ? g_variant_get_fixed_array (octets, &size, 1) : NULL;

  return lpad_hex_encode (data, size);
}

char *
lui_size_to_string (guint64 octets)
{
  if (octets < 1000)
    return g_strdup_printf ("%" G_GUINT64_FORMAT " octets", octets);
  return g_strdup_printf ("%.1f kB", (double) octets / 1000.0);
}

char *
lui_time_to_string (guint64 seconds)
{
  g_autoptr (GDateTime) time
      = seconds > G_MAXINT64 ? NULL : g_date_time_new_from_unix_local ((gint64) seconds);

  return time == NULL ? g_strdup ("an unknown time") : g_date_time_format (time, "%Y-%m-%d %H:%M:%S");
}

char *
lui_wait_to_string (guint64 seconds, guint64 now)
{
  guint64 wait = seconds > now ? seconds - now : 0;

  if (wait == 0)
    return g_strdup ("now");
  if (wait < 60)
    return g_strdup_printf ("in %" G_GUINT64_FORMAT " s", wait);
  if (wait < 60 * 60)
    return g_strdup_printf ("in %" G_GUINT64_FORMAT " min", (wait + 30) / 60);
  return g_strdup_printf ("in %" G_GUINT64_FORMAT " h", (wait + 1800) / 3600);
}

LuiTable *
lui_table_new (guint n_columns)
{
  LuiTable *table = g_new0 (LuiTable, 1);

  table->n_columns = n_columns;
  table->cells = g_ptr_array_new_with_free_func (g_free);
  return table;
}

void
lui_table_free (LuiTable *table)
{
  g_ptr_array_unref (table->cells);
  g_free (table);
}

void
lui_table_add (LuiTable *table, ...)
{
  va_list cells;

  va_start (cells, table);
  for (guint i = 0; i < table->n_columns; i++)
    g_ptr_array_add (table->cells, lui_clean (va_arg (cells, const char *)));
  va_end (cells);
}

static guint
column_width (LuiTable *table, guint column)
{
  guint widest = 0;

  for (guint i = column; i < table->cells->len; i += table->n_columns)
    widest = MAX (widest, lui_width (table->cells->pdata[i]));
  return widest;
}

char *
lui_table_to_string (LuiTable *table, guint indent)
{
  GString *text = g_string_new (NULL);
  g_autofree guint *widths = g_new0 (guint, table->n_columns);

  for (guint column = 0; column < table->n_columns; column++)
    widths[column] = column_width (table, column);
  for (guint i = 0; i < table->cells->len; i += table->n_columns)
    {
      g_string_append_printf (text, "%*s", (int) indent, "");
      for (guint column = 0; column < table->n_columns; column++)
        {
          const char *cell = table->cells->pdata[i + column];
          guint gap = widths[column] - lui_width (cell) + 2;

          g_string_append_printf (text, "%s%*s", cell, (int) gap, "");
        }
      while (text->len > 0 && text->str[text->len - 1] == ' ')
        g_string_truncate (text, text->len - 1);
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}

void
lui_table_print (LuiTable *table, guint indent)
{
  g_autofree char *text = lui_table_to_string (table, indent);

  fputs (text, stdout);
}

void
lui_json_string (JsonBuilder *builder, const char *name, const char *value)
{
  g_autofree char *clean = lui_clean (value);

  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, clean);
}

void
lui_json_integer (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

void
lui_json_boolean (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

void
lui_json_strv (JsonBuilder *builder, const char *name, const char *const *values)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (gsize i = 0; values != NULL && values[i] != NULL; i++)
    {
      g_autofree char *clean = lui_clean (values[i]);

      json_builder_add_string_value (builder, clean);
    }
  json_builder_end_array (builder);
}

static void json_value (JsonBuilder *builder, GVariant *value);

static void
json_dictionary (JsonBuilder *builder, GVariant *value)
{
  GVariantIter iter;
  const char *key;
  GVariant *member;

  json_builder_begin_object (builder);
  g_variant_iter_init (&iter, value);
  while (g_variant_iter_next (&iter, "{&sv}", &key, &member))
    {
      g_autofree char *name = g_strdelimit (lui_clean (key), "-", '_');

      json_builder_set_member_name (builder, name);
      json_value (builder, member);
      g_variant_unref (member);
    }
  json_builder_end_object (builder);
}

static void
json_array (JsonBuilder *builder, GVariant *value)
{
  json_builder_begin_array (builder);
  for (gsize i = 0; i < g_variant_n_children (value); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      json_value (builder, child);
    }
  json_builder_end_array (builder);
}

static void
json_octets (JsonBuilder *builder, GVariant *value)
{
  gsize size = 0;
  const guint8 *data = g_variant_get_fixed_array (value, &size, 1);
  g_autofree char *hex = lpad_hex_encode (data, size);

  json_builder_add_string_value (builder, hex);
}

static void
json_text (JsonBuilder *builder, GVariant *value)
{
  g_autofree char *clean = lui_clean (g_variant_get_string (value, NULL));

  json_builder_add_string_value (builder, clean);
}

static gint64
integer_of (GVariant *value)
{
  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BYTE:
      return g_variant_get_byte (value);
    case G_VARIANT_CLASS_INT16:
      return g_variant_get_int16 (value);
    case G_VARIANT_CLASS_UINT16:
      return g_variant_get_uint16 (value);
    case G_VARIANT_CLASS_INT32:
      return g_variant_get_int32 (value);
    case G_VARIANT_CLASS_UINT32:
      return g_variant_get_uint32 (value);
    case G_VARIANT_CLASS_INT64:
      return g_variant_get_int64 (value);
    case G_VARIANT_CLASS_UINT64:
      return (gint64) MIN (g_variant_get_uint64 (value), (guint64) G_MAXINT64);
    default:
      return 0;
    }
}

static void
json_value (JsonBuilder *builder, GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT))
    {
      g_autoptr (GVariant) inner = g_variant_get_variant (value);

      json_value (builder, inner);
    }
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING))
    json_octets (builder, value);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT))
    json_dictionary (builder, value);
  else if (g_variant_is_container (value))
    json_array (builder, value);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    json_builder_add_boolean_value (builder, g_variant_get_boolean (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    json_builder_add_double_value (builder, g_variant_get_double (value));
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
           || g_variant_is_of_type (value, G_VARIANT_TYPE_OBJECT_PATH))
    json_text (builder, value);
  else
    json_builder_add_int_value (builder, integer_of (value));
}

void
lui_json_variant (JsonBuilder *builder, const char *name, GVariant *value)
{
  json_builder_set_member_name (builder, name);
  if (value == NULL)
    json_builder_add_null_value (builder);
  else
    json_value (builder, value);
}

void
lui_json_print (JsonBuilder *builder, gboolean one_line)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = json_to_string (root, !one_line);

  fputs (text, stdout);
  fputc ('\n', stdout);
  fflush (stdout);
}
