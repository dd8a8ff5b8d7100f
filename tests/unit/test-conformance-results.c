/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds the tables of codec/result.c and codec/result-server.c against tests/conformance/results.ini: each
 * code that a chip or a server may answer with is a case of its own. */
#include <string.h>

#include "lpad-error-enums.h"
#include "result.h"
#include "text.h"

#define ERROR_PREFIX "org.lpad.Lpad1.Error."
#define MESSAGE_MAX  400 /* octets */

/* A line of the file; the strings live as long as the program. */
typedef struct
{
  const char *group;
  const char *key;
  char **values;
} Line;

static const char *
error_name (const GError *error)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (LPAD_TYPE_ERROR);
  const GEnumValue *value = g_enum_get_value (class, error->code);

  g_assert_true (error->domain == LPAD_ERROR);
  g_assert_nonnull (value);
  g_assert_true (g_str_has_prefix (value->value_nick, ERROR_PREFIX));
  return value->value_nick + strlen (ERROR_PREFIX);
}

static const char *
retry_name (LpadRetry retry)
{
  static const char *const names[] = {
    [LPAD_RETRY_UNKNOWN] = "unknown",
    [LPAD_RETRY_USELESS] = "useless",
    [LPAD_RETRY_NOW] = "now",
    [LPAD_RETRY_LATER] = "later",
  };

  return names[retry];
}

static const char *
order_name (LpadOrder order)
{
  static const char *const names[] = {
    [LPAD_ORDER_UNKNOWN] = "unknown",
    [LPAD_ORDER_USABLE] = "usable",
    [LPAD_ORDER_ENDED] = "ended",
  };

  return names[order];
}

/* What a person reads: a sentence of its own that is not the one for codes that nobody knows, and what to do.
 */
static void
assert_told (GError *error, char *const *values)
{
  const LpadErrorDetails *details = lpad_error_details (error);

  g_assert_cmpstr (error_name (error), ==, values[1]);
  g_assert_cmpstr (retry_name (details->retry), ==, values[2]);
  g_assert_cmpstr (order_name (details->order), ==, values[3]);
  g_assert_true (lpad_text_is_clean (error->message, MESSAGE_MAX));
  g_assert_null (strstr (error->message, "lpad does not know"));
  g_assert_nonnull (details->advice);
  g_assert_true (g_str_has_suffix (details->advice, "."));
}

static gboolean
find_function (const char *name, LpadFunction *function)
{
  for (guint i = 0; i < LPAD_N_FUNCTIONS; i++)
    {
      if (!g_str_equal (lpad_function_name ((LpadFunction) i), name))
        continue;
      *function = (LpadFunction) i;
      return TRUE;
    }
  return FALSE;
}

static void
test_function_code (gconstpointer data)
{
  const Line *line = data;
  g_autoptr (GError) error = NULL;
  LpadFunction function = 0;

  g_assert_true (find_function (line->group, &function));
  lpad_result_set_error (&error, function, g_ascii_strtoull (line->key, NULL, 10));
  assert_told (error, line->values);
  g_assert_cmpstr (lpad_error_details (error)->function, ==, line->group);
}

static void
test_error_reason (gconstpointer data)
{
  const Line *line = data;
  g_autoptr (GError) error = NULL;
  int reason = (int) g_ascii_strtoll (line->key, NULL, 10);

  lpad_result_set_install_error (&error, 5, reason);
  assert_told (error, line->values);
  g_assert_cmpstr (lpad_error_reason_to_string (reason), ==, line->values[0]);
  g_assert_cmpint (lpad_error_details (error)->result, ==, reason);
}

static void
test_bpp_command (gconstpointer data)
{
  const Line *line = data;
  int command = (int) g_ascii_strtoll (line->key, NULL, 10);
  g_auto (GStrv) reasons = g_strsplit (line->values[1], ",", -1);

  g_assert_cmpstr (lpad_bpp_command_to_string (command), ==, line->values[0]);
  for (guint i = 0; reasons[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;

      lpad_result_set_install_error (&error, command, (int) g_ascii_strtoll (reasons[i], NULL, 10));
      g_assert_cmpint (lpad_error_details (error)->bpp_command, ==, command);
      g_assert_nonnull (lpad_error_details (error)->advice);
    }
}

static void
test_server_pair (gconstpointer data)
{
  const Line *line = data;
  g_auto (GStrv) pair = g_strsplit (line->key, "/", 2);
  g_autoptr (GError) error = NULL;

  lpad_result_set_server_error (&error, line->group, pair[0], pair[1], NULL);
  assert_told (error, line->values);
  g_assert_cmpstr (lpad_error_details (error)->subject_code, ==, pair[0]);
  g_assert_cmpstr (lpad_error_details (error)->reason_code, ==, pair[1]);
}

static void
test_status_word (gconstpointer data)
{
  const Line *line = data;
  guint status = (guint) g_ascii_strtoull (line->key, NULL, 16);
  g_autoptr (GError) error = NULL;

  lpad_result_set_status_word (&error, "ES10b.GetEUICCInfo", status);
  assert_told (error, line->values);
  g_assert_cmpuint (lpad_error_details (error)->status_word, ==, status);
}

static GTestDataFunc
test_of_group (const char *group)
{
  if (g_str_equal (group, "errorReason"))
    return test_error_reason;
  if (g_str_equal (group, "bppCommandId"))
    return test_bpp_command;
  if (g_str_equal (group, "StatusWord"))
    return test_status_word;
  return g_str_has_prefix (group, "ES10") ? test_function_code : test_server_pair;
}

/* Each value of @group and @key, trimmed; as many as the kind of line needs. */
static char **
read_values (GKeyFile *file, const char *group, const char *key)
{
  g_autoptr (GError) error = NULL;
  char **values = g_key_file_get_string_list (file, group, key, NULL, &error);

  g_assert_no_error (error);
  for (guint i = 0; values[i] != NULL; i++)
    (void) g_strstrip (values[i]);
  g_assert_cmpuint (g_strv_length (values), ==, g_str_equal (group, "bppCommandId") ? 2 : 4);
  return values;
}

static void
add_group (GKeyFile *file, const char *group, GPtrArray *lines)
{
  g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);

  for (guint i = 0; keys[i] != NULL; i++)
    {
      Line *line = g_new0 (Line, 1);
      g_autofree char *path = NULL;

      line->group = g_intern_string (group);
      line->key = g_intern_string (keys[i]);
      line->values = read_values (file, group, keys[i]);
      path = g_strdup_printf ("/conformance/%s/%s", group, keys[i]);
      g_ptr_array_add (lines, line);
      g_test_add_data_func (path, line, test_of_group (group));
    }
}

static void
line_free (gpointer data)
{
  Line *line = data;

  g_strfreev (line->values);
  g_free (line);
}

int
main (int argc, char **argv)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (line_free);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) groups = NULL;

  g_test_init (&argc, &argv, NULL);
  g_key_file_load_from_file (file, LPAD_CONFORMANCE_RESULTS, G_KEY_FILE_NONE, &error);
  g_assert_no_error (error);
  groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    add_group (file, groups[i], lines);
  return g_test_run ();
}
