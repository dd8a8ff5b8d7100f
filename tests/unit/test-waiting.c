/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "waiting.h"

#define EID "89049032123451234512345678901235"

static LpadDiscovery *
discovery_new (const char *answered)
{
  LpadDiscovery *discovery = g_new0 (LpadDiscovery, 1);

  discovery->profiles = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_waiting_profile_free);
  discovery->failures = g_ptr_array_new ();
  discovery->answered = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (discovery->answered, g_strdup (answered));
  return discovery;
}

static void
add (LpadDiscovery *discovery, const char *event_id, const char *smds_address)
{
  g_ptr_array_add (discovery->profiles,
                   lpad_waiting_profile_new (event_id, "smdp.example.com", smds_address));
}

static char *
id_of (const char *event_id)
{
  g_autoptr (LpadWaitingProfile) profile
      = lpad_waiting_profile_new (event_id, "smdp.example.com", "any.example.com");

  return lpad_waiting_profile_id (profile);
}

static guint
count (LpadWaitingList *list)
{
  g_autoptr (GVariant) offers = g_variant_ref_sink (lpad_waiting_list_to_variant (list));

  return (guint) g_variant_n_children (offers);
}

/* What one server has said is true until that server says something else. */
static void
test_take (void)
{
  g_autoptr (LpadStore) store = lpad_store_open (NULL);
  LpadWaitingList *list = lpad_waiting_list_new (store, EID);
  g_autoptr (LpadDiscovery) first = discovery_new ("a.example.com");
  g_autoptr (LpadDiscovery) second = discovery_new ("b.example.com");
  g_autoptr (LpadDiscovery) third = discovery_new ("A.example.com");
  g_autofree char *one = id_of ("EVENT-1");
  g_autofree char *two = id_of ("EVENT-2");

  add (first, "EVENT-1", "a.example.com");
  lpad_waiting_list_take (list, first);
  g_assert_cmpuint (count (list), ==, 1);
  add (second, "EVENT-2", "b.example.com");
  add (second, "EVENT-2", "b.example.com");
  lpad_waiting_list_take (list, second);
  g_assert_cmpuint (count (list), ==, 2);
  g_assert_cmpstr (lpad_waiting_list_find (list, one)->event_id, ==, "EVENT-1");

  lpad_waiting_list_take (list, third);
  g_assert_null (lpad_waiting_list_find (list, one));
  g_assert_nonnull (lpad_waiting_list_find (list, two));
  g_assert_true (lpad_waiting_list_remove (list, two));
  g_assert_false (lpad_waiting_list_remove (list, two));
  g_assert_cmpuint (count (list), ==, 0);
  lpad_waiting_list_free (list);
}

static void
test_again (void)
{
  g_autoptr (LpadStore) store = lpad_store_open (NULL);
  LpadWaitingList *list = lpad_waiting_list_new (store, EID);
  g_autoptr (LpadDiscovery) found = discovery_new ("a.example.com");
  g_autofree char *id = id_of ("EVENT-1");
  const LpadWaitingProfile *profile;

  add (found, "EVENT-1", "a.example.com");
  lpad_waiting_list_take (list, found);
  lpad_waiting_list_free (list);

  list = lpad_waiting_list_new (store, EID);
  profile = lpad_waiting_list_find (list, id);
  g_assert_nonnull (profile);
  g_assert_null (profile->event_id);
  g_assert_cmpstr (profile->smdp_address, ==, "smdp.example.com");
  g_assert_cmpstr (profile->smds_address, ==, "a.example.com");
  lpad_waiting_list_free (list);

  list = lpad_waiting_list_new (store, "89049032000000000000000000000000");
  g_assert_cmpuint (count (list), ==, 0);
  lpad_waiting_list_free (list);
}

static void
test_damaged (void)
{
  const char *entries[] = { "",
                            "12345678",
                            "12345678 smdp.example.com",
                            "1234567 smdp.example.com smds.example.com",
                            "12345678 127.0.0.1 smds.example.com",
                            "12345678 smdp.example.com http://smds.example.com",
                            "12345678 smdp.example.com smds.example.com more",
                            "12345678 smdp.example.com smds.example.com",
                            NULL };
  g_autoptr (LpadStore) store = lpad_store_open (NULL);
  LpadWaitingList *list;

  lpad_store_set_waiting (store, EID, entries);
  list = lpad_waiting_list_new (store, EID);
  g_assert_cmpuint (count (list), ==, 1);
  lpad_waiting_list_free (list);
}

static void
test_searched (void)
{
  g_autoptr (LpadStore) store = lpad_store_open (NULL);
  gint64 boot = 0, uptime = 0;

  g_assert_false (lpad_store_get_searched (store, EID, &boot, &uptime));
  lpad_store_set_searched (store, EID, G_GINT64_CONSTANT (1795455770), 12);
  g_assert_true (lpad_store_get_searched (store, EID, &boot, &uptime));
  g_assert_cmpint (boot, ==, G_GINT64_CONSTANT (1795455770));
  g_assert_cmpint (uptime, ==, 12);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/waiting/take", test_take);
  g_test_add_func ("/waiting/again", test_again);
  g_test_add_func ("/waiting/damaged", test_damaged);
  g_test_add_func ("/waiting/searched", test_searched);
  return g_test_run ();
}
