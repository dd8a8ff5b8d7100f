/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <string.h>

#include "error-details.h"

typedef struct
{
  char *text;
  gboolean flag;
  gboolean flag_given;
  guint number;
  GVariant *map;
} Values;

static gboolean
read_text (const char *options, Values *values, GError **error)
{
  const LpadOption table[] = {
    { "text", "s", &values->text, NULL },
    { "flag", "b", &values->flag, &values->flag_given },
    { "number", "u", &values->number, NULL },
    { "map", "a{sy}", &values->map, NULL },
  };
  g_autoptr (GVariant) variant = g_variant_parse (G_VARIANT_TYPE_VARDICT, options, NULL, NULL, NULL);

  g_assert_nonnull (variant);
  return lpad_options_read (variant, table, G_N_ELEMENTS (table), error);
}

static void
test_values (void)
{
  g_autoptr (GError) error = NULL;
  Values values = { .flag = TRUE, .number = 7 };

  g_assert_true (read_text ("{'text': <'hello'>, 'flag': <false>}", &values, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (values.text, ==, "hello");
  g_assert_false (values.flag);
  g_assert_true (values.flag_given);
  g_assert_cmpuint (values.number, ==, 7);
  g_free (values.text);
}

static void
test_container (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) map = NULL;
  Values values = { 0 };
  guint8 number = 0;

  g_assert_true (read_text ("{'map': <{'a': byte 0x07}>}", &values, &error));
  g_assert_no_error (error);
  map = values.map;
  g_assert_true (g_variant_lookup (map, "a", "y", &number));
  g_assert_cmpuint (number, ==, 7);
}

static void
test_refused (void)
{
  static const struct
  {
    const char *options;
    const char *part; /* of the message */
  } cases[] = {
    { "{'other': <1>}", "other" },
    { "{'text': <true>}", "“text” has the type “b”; it must be “s”" },
    { "{'flag': <'true'>}", "“flag” has the type “s”" },
    { "{'number': <int32 1>}", "“number” has the type “i”" },
    { "{'map': <{'a': 1}>}", "“map” has the type “a{si}”; it must be “a{sy}”" },
    { "{'text': <<'nested'>>}", "“text” has the type “v”" },
    { "{'flag': <true>, 'flag': <false>}", "“flag” is given twice" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      Values values = { 0 };

      g_assert_false (read_text (cases[i].options, &values, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
      g_assert_true (strstr (error->message, cases[i].part) != NULL);
      g_free (values.text);
    }
}

static void
test_too_long (void)
{
  g_autofree char *long_text = g_strnfill (LPAD_OPTION_TEXT_MAX + 1, 'x');
  g_autofree char *options = g_strdup_printf ("{'text': <'%s'>}", long_text);
  g_autoptr (GError) error = NULL;
  Values values = { 0 };

  g_assert_false (read_text (options, &values, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
  g_assert_null (values.text);
}

/* A name that a caller chose goes into a message: it must not carry control characters there. */
static void
test_name_is_cleaned (void)
{
  g_autoptr (GError) error = NULL;
  Values values = { 0 };

  g_assert_false (read_text ("{'a\\u001bb': <1>}", &values, &error));
  g_assert_null (strchr (error->message, '\033'));
}

static void
test_none (void)
{
  g_autoptr (GVariant) empty = g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0));
  g_autoptr (GVariant) some = g_variant_ref_sink (g_variant_new_parsed ("{'flag': <true>}"));
  g_autoptr (GError) error = NULL;

  g_assert_true (lpad_options_none (empty, &error));
  g_assert_no_error (error);
  g_assert_false (lpad_options_none (some, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/options/values", test_values);
  g_test_add_func ("/options/container", test_container);
  g_test_add_func ("/options/refused", test_refused);
  g_test_add_func ("/options/too-long", test_too_long);
  g_test_add_func ("/options/name-is-cleaned", test_name_is_cleaned);
  g_test_add_func ("/options/none", test_none);
  return g_test_run ();
}
