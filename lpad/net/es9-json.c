/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es9-json.h"

#include <string.h>

#include "error-details.h"
#include "hex.h"
#include "result.h"
#include "tlv.h"

static void G_GNUC_PRINTF (2, 3) set_error (GError **error, const char *format, ...)
{
  va_list args;
  GError *made;

  va_start (args, format);
  made = g_error_new_valist (LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR, format, args);
  va_end (args);
  g_propagate_error (error, made);
}

/* Before the library builds a tree: json-glib recurses, and takes comments, single quotes and assignments for
 * JSON. */

/* The position behind the string that begins at @position, or 0 when it does not end. */
static gsize
skip_string (const char *data, gsize size, gsize position)
{
  for (gsize i = position + 1; i < size; i++)
    {
      guint8 octet = (guint8) data[i];

      if (octet == '"')
        return i + 1;
      if (octet == '\\')
        i++;
      else if (octet < 0x20 && octet != '\t' && octet != '\r' && octet != '\n')
        return 0;
    }
  return 0;
}

/* Whether @c may stand outside strings: a bracket opens the first value or stands inside it. */
static gboolean
is_in_place (char c, guint depth, gboolean is_complete)
{
  if (c == '\0')
    return FALSE;
  if (depth == 0 && (is_complete || strchr ("{[}]", c) == NULL))
    return strchr (" \t\r\n", c) != NULL;
  return g_ascii_isalnum (c) || strchr (" \t\r\n:,+-.{}[]\"", c) != NULL;
}

static gboolean
check_shape (const char *data, gsize size, GError **error)
{
  gboolean is_complete = FALSE;
  guint depth = 0;
  gsize i = 0;

  while (i < size && is_in_place (data[i], depth, is_complete))
    {
      char c = data[i];

      if (c == '{' || c == '[')
        depth++;
      else if (c == '}' || c == ']')
        {
          depth = depth > 0 ? depth - 1 : G_MAXUINT;
          is_complete = depth == 0;
        }
      if (depth > LPAD_ES9_JSON_DEPTH)
        {
          set_error (error, "the server's answer is nested too deeply or its brackets do not match");
          return FALSE;
        }
      i = c == '"' ? skip_string (data, size, i) : i + 1;
      if (i == 0)
        break;
    }
  if (i == size && is_complete)
    return TRUE;

  set_error (error, "the server's answer is not JSON");
  return FALSE;
}

/* json-glib keeps the last of several members of the same name, other programs the first: of such an answer
 * nobody knows what it says. Members are counted while an object is read and compared when it is complete. */
typedef struct
{
  GHashTable *members; /* JsonObject -> number of members read */
  gboolean repeated;
} Census;

static void
on_member (JsonParser *parser, JsonObject *object, const char *name, gpointer user_data)
{
  Census *census = user_data;
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (census->members, object));

  g_hash_table_insert (census->members, object, GUINT_TO_POINTER (count + 1));
}

static void
on_object_end (JsonParser *parser, JsonObject *object, gpointer user_data)
{
  Census *census = user_data;

  if (GPOINTER_TO_UINT (g_hash_table_lookup (census->members, object)) != json_object_get_size (object))
    census->repeated = TRUE;
  g_hash_table_remove (census->members, object);
}

JsonObject *
lpad_es9_json_parse (const char *data, gsize size, GError **error)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GHashTable) members = NULL;
  g_autoptr (GError) reason = NULL;
  Census census = { NULL, FALSE };
  JsonNode *root;

  if (!check_shape (data, size, error))
    return NULL;

  parser = json_parser_new_immutable ();
  members = g_hash_table_new (NULL, NULL);
  census.members = members;
  g_signal_connect (parser, "object-member", G_CALLBACK (on_member), &census);
  g_signal_connect (parser, "object-end", G_CALLBACK (on_object_end), &census);
  if (!json_parser_load_from_data (parser, data, (gssize) size, &reason))
    {
      set_error (error, "the server's answer is not JSON");
      return NULL;
    }
  if (census.repeated)
    {
      set_error (error, "the server's answer has a member twice");
      return NULL;
    }
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      set_error (error, "the server's answer is no JSON object");
      return NULL;
    }
  return json_node_dup_object (root);
}

/* Members: absent and of the wrong type are the same to us. */

static JsonObject *
find_object (JsonObject *parent, const char *name)
{
  JsonNode *node = parent != NULL ? json_object_get_member (parent, name) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static const char *
find_string (JsonObject *parent, const char *name)
{
  JsonNode *node = parent != NULL ? json_object_get_member (parent, name) : NULL;

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node)
                                                                          : NULL;
}

gboolean
lpad_es9_json_check_status (JsonObject *answer, const char *function, GError **error)
{
  JsonObject *execution = find_object (find_object (answer, "header"), "functionExecutionStatus");
  JsonObject *code = find_object (execution, "statusCodeData");
  const char *status = find_string (execution, "status");

  if (status == NULL)
    {
      set_error (error, "the server's answer does not say whether the request succeeded");
      return FALSE;
    }
  if (strcmp (status, "Executed-Success") == 0 || strcmp (status, "Executed-WithWarning") == 0)
    return TRUE;
  lpad_result_set_server_error (error,
                                function,
                                find_string (code, "subjectCode"),
                                find_string (code, "reasonCode"),
                                find_string (code, "message"));
  return FALSE;
}

const char *
lpad_es9_json_get_string (JsonObject *answer, const char *name, GError **error)
{
  const char *text = find_string (answer, name);

  if (text == NULL)
    set_error (error, "the server's answer has no text \"%s\"", name);
  return text;
}

/* The number of significant characters of @text, or -1 when it is not base64. */
static gssize
count_base64 (const char *text)
{
  gssize significant = 0;
  guint padding = 0;

  for (const char *c = text; *c != '\0'; c++)
    {
      if (g_ascii_isspace (*c))
        continue;
      if (*c == '=')
        padding++;
      else if (padding > 0 || (!g_ascii_isalnum (*c) && *c != '+' && *c != '/'))
        return -1;
      else
        significant++;
    }
  if (significant % 4 == 1 || padding > 2 || (padding > 0 && (significant + padding) % 4 != 0))
    return -1;
  return significant;
}

GBytes *
lpad_es9_base64_decode (const char *text, gsize maximum, GError **error)
{
  gssize significant = count_base64 (text);
  gsize padding = significant > 0 ? (4 - (gsize) significant % 4) % 4 : 0;
  gsize expected;
  g_autofree guint8 *data = NULL;
  gsize size;
  int state = 0;
  guint save = 0;

  if (significant < 0)
    {
      set_error (error, "it is not base64");
      return NULL;
    }
  expected = (gsize) significant / 4 * 3 + (padding > 0 ? 3 - padding : 0);
  if (expected > maximum)
    {
      set_error (error, "it is larger than %" G_GSIZE_FORMAT " octets", maximum);
      return NULL;
    }

  /* The step function skips white space; padding that the server left out is fed in at the end. */
  data = g_malloc (expected + 6);
  size = g_base64_decode_step (text, strlen (text), data, &state, &save);
  if (size < expected)
    size += g_base64_decode_step ("==", padding, data + size, &state, &save);
  if (size != expected)
    {
      set_error (error, "it is not base64");
      return NULL;
    }
  return g_bytes_new_take (g_steal_pointer (&data), size);
}

GBytes *
lpad_es9_json_get_tlv (JsonObject *answer, const char *name, guint32 tag, gsize maximum, GError **error)
{
  const char *text = lpad_es9_json_get_string (answer, name, error);
  g_autoptr (GBytes) bytes = NULL;
  LpadTlv tlv;

  if (text == NULL)
    return NULL;
  bytes = lpad_es9_base64_decode (text, maximum, error);
  if (bytes == NULL || !lpad_tlv_parse_bytes (bytes, tag, &tlv, error))
    {
      lpad_error_wrap (error, "the server's answer has a wrong \"%s\"", name);
      return NULL;
    }
  return g_steal_pointer (&bytes);
}

GBytes *
lpad_es9_json_get_transaction_id (JsonObject *answer, GError **error)
{
  const char *text = lpad_es9_json_get_string (answer, "transactionId", error);
  g_autoptr (GBytes) bytes = NULL;

  if (text == NULL)
    return NULL;
  bytes = lpad_hex_decode (text, LPAD_TRANSACTION_ID_MAX, error);
  if (bytes == NULL)
    {
      lpad_error_wrap (error, "the server's answer has a wrong \"transactionId\"");
      return NULL;
    }
  if (g_bytes_get_size (bytes) > 0)
    return g_steal_pointer (&bytes);
  set_error (error, "the server's answer has an empty \"transactionId\"");
  return NULL;
}
