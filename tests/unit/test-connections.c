/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connections.h"

static GVariant *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *list = g_variant_parse (G_VARIANT_TYPE ("aa{sv}"), text, NULL, NULL, &error);

  g_assert_no_error (error);
  return list;
}

static void
test_choose (void)
{
  static const struct
  {
    const char *list, *id, *state; /* NULL: none */
  } cases[] = {
    { "[]", NULL, NULL },
    { "[{'iccid': <'2'>, 'id': <'Other'>, 'state': <'activated'>}]", NULL, NULL },
    { "[{'iccid': <'1'>, 'id': <'Own'>, 'uuid': <'u'>, 'state': <'inactive'>}]", "Own", "inactive" },
    { "[{'iccid': <'1'>, 'id': <'A'>, 'state': <'inactive'>}, {'iccid': <'1'>, 'id': <'B'>, 'state': <'activated'>},"
      " {'iccid': <'1'>, 'id': <'C'>, 'state': <'inactive'>}]",
      "B",
      "activated" },
    { "[{'iccid': <'1'>, 'id': <'\\u202eevil\\n'>, 'state': <'activating'>}]",
      "\uFFFDevil\uFFFD",
      "activating" },
    { "[{'iccid': <1>}, {}, {'iccid': <'1'>, 'id': <5>}]", "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) list = parse (cases[i].list);
      g_autoptr (GVariant) chosen = g_variant_ref_sink (lpad_connections_choose (list, "1"));
      const char *id = NULL, *state = NULL;

      g_variant_lookup (chosen, "id", "&s", &id);
      g_variant_lookup (chosen, "state", "&s", &state);
      g_assert_cmpstr (id, ==, cases[i].id);
      g_assert_cmpstr (state, ==, cases[i].state);
    }
}

static void
test_nobody_listens (void)
{
  g_autoptr (GVariant) none = g_variant_ref_sink (lpad_connections_find (NULL, "1"));

  g_assert_cmpuint (g_variant_n_children (none), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/connections/choose", test_choose);
  g_test_add_func ("/connections/nobody-listens", test_nobody_listens);
  return g_test_run ();
}
