/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connection.h"

#include <gio/gio.h>

#define PATH "/org/freedesktop/NetworkManager/Settings/1"
#define FULL                                                                                                 \
  "{'connection': {'id': <'Work'>, 'uuid': <'u1'>, 'type': <'gsm'>, 'autoconnect': <false>,"                 \
  " 'autoconnect-priority': <7>, 'timestamp': <uint64 1700000000>, 'zone': <'trusted'>},"                    \
  " 'gsm': {'apn': <'work.example'>, 'sim-id': <'8988000000000000001'>},"                                    \
  " 'user': {'data': <{'org.lpad.nm.chip': 'abc', 'other.key': 'x'}>}}"

static LpadNmConnection *
parse (const char *properties, const char *settings)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) shown = g_variant_parse (G_VARIANT_TYPE_VARDICT, properties, NULL, NULL, &error);
  g_autoptr (GVariant) values = NULL;

  g_assert_no_error (error);
  values = g_variant_parse (G_VARIANT_TYPE ("a{sa{sv}}"), settings, NULL, NULL, &error);
  g_assert_no_error (error);
  return lpad_nm_connection_new (PATH, shown, values);
}

static LpadNmConnection *
of_settings (GVariant *settings)
{
  g_autoptr (GVariant) properties = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));

  return lpad_nm_connection_new (PATH, properties, settings);
}

static void
test_all_that_it_says (void)
{
  g_autoptr (LpadNmConnection) connection
      = parse ("{'Unsaved': <false>, 'Filename': <'/etc/NetworkManager/system-connections/Work'>}", FULL);

  g_assert_cmpstr (connection->path, ==, PATH);
  g_assert_cmpstr (connection->uuid, ==, "u1");
  g_assert_cmpstr (connection->id, ==, "Work");
  g_assert_cmpstr (connection->sim_id, ==, "8988000000000000001");
  g_assert_cmpint (connection->priority, ==, 7);
  g_assert_false (connection->autoconnect);
  g_assert_cmpuint (connection->timestamp, ==, 1700000000);
  g_assert_cmpstr (connection->chip, ==, "abc");
  g_assert_true (connection->saved);
  g_assert_false (connection->unsaved);
}

static void
test_defaults (void)
{
  g_autoptr (LpadNmConnection) connection = parse ("{'Unsaved': <true>, 'Filename': <'/etc/x'>}",
                                                   "{'connection': {'uuid': <'u2'>, 'type': <'gsm'>}}");

  g_assert_cmpstr (connection->id, ==, "");
  g_assert_cmpstr (connection->sim_id, ==, "");
  g_assert_cmpint (connection->priority, ==, 0);
  g_assert_true (connection->autoconnect);
  g_assert_null (connection->chip);
  g_assert_false (connection->saved);
  g_assert_true (connection->unsaved);
}

/* A file of the distribution must not get a copy in the administrator's folder. */
static void
test_files_of_the_system_are_not_saved (void)
{
  g_autoptr (LpadNmConnection) connection = parse (
      "{'Unsaved': <false>, 'Filename': <'/usr/lib/NetworkManager/system-connections/Vendor'>}", FULL);

  g_assert_false (connection->saved);
}

static void
test_others_are_none (void)
{
  const char *const others[] = {
    "{}",
    "{'connection': {}}",
    "{'connection': {'uuid': <'u'>, 'type': <'802-11-wireless'>}, 'gsm': {}}",
    "{'connection': {'type': <'gsm'>}}",
    "{'connection': {'uuid': <5>, 'type': <'gsm'>}}",
    "{'connection': {'uuid': <'u'>, 'type': <uint32 1>}}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_null (parse ("{}", others[i]));
}

static void
test_a_change_touches_nothing_else (void)
{
  g_autoptr (LpadNmConnection) connection = parse ("{}", FULL);
  g_autoptr (GVariant) changed = g_variant_ref_sink (lpad_nm_connection_change (connection, 12, TRUE));
  g_autoptr (LpadNmConnection) after = of_settings (changed);
  g_autoptr (GVariant) again = NULL;

  g_assert_cmpint (after->priority, ==, 12);
  g_assert_true (after->autoconnect);
  again = g_variant_ref_sink (lpad_nm_connection_change (after, 7, FALSE));
  for (guint i = 0; i < 2; i++)
    {
      const char *const names[] = { "gsm", "user" };
      g_autoptr (GVariant) before = g_variant_lookup_value (connection->settings, names[i], NULL);
      g_autoptr (GVariant) now = g_variant_lookup_value (again, names[i], NULL);

      g_assert_true (g_variant_equal (before, now));
    }
  {
    g_autoptr (GVariant) general = g_variant_lookup_value (again, "connection", NULL);
    g_autoptr (GVariant) was = g_variant_lookup_value (connection->settings, "connection", NULL);
    const char *zone = NULL;

    g_assert_true (g_variant_lookup (general, "zone", "&s", &zone));
    g_assert_cmpstr (zone, ==, "trusted");
    g_assert_cmpuint (g_variant_n_children (general), ==, g_variant_n_children (was));
  }
}

static void
test_one_that_is_made (void)
{
  g_autofree char *mark = lpad_nm_connection_hash_eid ("89049032000000000000000000000012");
  g_autoptr (GVariant) settings
      = g_variant_ref_sink (lpad_nm_connection_make ("Travel", "u3", "8988", "internet", mark, 3));
  g_autoptr (GVariant) without
      = g_variant_ref_sink (lpad_nm_connection_make ("Travel", "u3", "8988", NULL, mark, 0));
  g_autoptr (LpadNmConnection) connection = of_settings (settings);
  g_autoptr (GVariant) gsm = g_variant_lookup_value (settings, "gsm", NULL);
  g_autoptr (GVariant) bare = g_variant_lookup_value (without, "gsm", NULL);
  const char *apn = NULL;

  g_assert_cmpstr (connection->id, ==, "Travel");
  g_assert_cmpstr (connection->sim_id, ==, "8988");
  g_assert_cmpstr (connection->chip, ==, mark);
  g_assert_cmpint (connection->priority, ==, 3);
  g_assert_true (g_variant_lookup (gsm, "apn", "&s", &apn));
  g_assert_cmpstr (apn, ==, "internet");
  /* Neither an APN nor leave to guess one */
  g_assert_cmpuint (g_variant_n_children (bare), ==, 1);
  g_assert_null (g_strstr_len (mark, -1, "8904903200"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nm-connection/all-that-it-says", test_all_that_it_says);
  g_test_add_func ("/nm-connection/defaults", test_defaults);
  g_test_add_func ("/nm-connection/files-of-the-system", test_files_of_the_system_are_not_saved);
  g_test_add_func ("/nm-connection/others", test_others_are_none);
  g_test_add_func ("/nm-connection/change", test_a_change_touches_nothing_else);
  g_test_add_func ("/nm-connection/make", test_one_that_is_made);
  return g_test_run ();
}
