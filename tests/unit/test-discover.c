/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "discover.h"

#include <string.h>

#include "error-details.h"
#include "proc-fixture.h"

/* CANCEL by lpad of what an SM-DS has authenticated: undefinedReason, on the chip alone. */
#define CANCELLED "bf41158010" TEST_TRANSACTION "81017f"

static const TestOffer good = { 0 };

static LpadInventory *
inventory_new (ProcFixture *f)
{
  g_autoptr (GError) error = NULL;
  LpadInventory *inventory;

  fake_chip_set_no_profile (f->fake);
  inventory = lpad_inventory_read (f->chip, NULL, &error);
  g_assert_no_error (error);
  return inventory;
}

static LpadDiscovery *
discover (ProcFixture *f, const char *const *servers, GCancellable *cancellable, GError **error)
{
  g_autoptr (LpadInventory) inventory = inventory_new (f);

  proc_fixture_agree (f);
  return lpad_discover (f->chip, &f->context, inventory, servers, NULL, NULL, cancellable, error);
}

static LpadDiscovery *
discover_here (ProcFixture *f)
{
  const char *servers[] = { TEST_HOST, NULL };
  g_autoptr (GError) error = NULL;
  LpadDiscovery *found = discover (f, servers, NULL, &error);

  g_assert_no_error (error);
  return found;
}

static void
assert_profile (LpadDiscovery *found, guint index, const char *event_id, const char *smdp)
{
  const LpadWaitingProfile *profile = g_ptr_array_index (found->profiles, index);

  g_assert_cmpstr (profile->event_id, ==, event_id);
  g_assert_cmpstr (profile->smdp_address, ==, smdp);
  g_assert_cmpstr (profile->smds_address, ==, TEST_HOST);
}

static void
assert_failure (LpadDiscovery *found, guint index, const char *address, LpadError code)
{
  const LpadDiscoveryFailure *failure = g_ptr_array_index (found->failures, index);

  g_assert_cmpstr (failure->address, ==, address);
  g_assert_error (failure->error, LPAD_ERROR, (int) code);
}

static void
test_nothing (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadDiscovery) found = NULL;

  proc_fixture_add_initiate (f, &good);
  proc_fixture_add_refusal (f, "8.9.5", "3.9");
  found = discover_here (f);
  g_assert_cmpuint (found->profiles->len, ==, 0);
  g_assert_cmpuint (found->failures->len, ==, 0);
  g_assert_cmpuint (found->answered->len, ==, 1);
  g_assert_null (lpad_discovery_error (found));
  g_assert_cmpuint (fake_chip_calls (f->fake, CANCELLED), ==, 1);
  g_assert_cmpuint (test_server_requests (f->server), ==, 2);
}

/* Where the server of an event cannot be asked, a profile is taken to wait there. */
static void
test_events (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadDiscovery) found = NULL;

  proc_fixture_add_initiate (f, &good);
  proc_fixture_add_events (
      f, "EVENT-1", TEST_DEAD_HOST, "EVENT-2", TEST_DEAD_HOST, "EVENT-1", TEST_DEAD_HOST, NULL);
  found = discover_here (f);
  g_assert_cmpuint (found->profiles->len, ==, 2);
  assert_profile (found, 0, "EVENT-1", TEST_DEAD_HOST);
  assert_profile (found, 1, "EVENT-2", TEST_DEAD_HOST);
  g_assert_cmpuint (found->failures->len, ==, 2);
  assert_failure (found, 0, TEST_DEAD_HOST, LPAD_ERROR_SERVER_UNREACHABLE);
  g_assert_cmpuint (fake_chip_calls (f->fake, CANCELLED), ==, 1);
}

/* Here the certificate says nothing of a role, so that the answer to AuthenticateClient counts. */
static void
test_alternative (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadDiscovery) found = NULL;

  proc_fixture_add_initiate (f, &good);
  proc_fixture_add_events (f, "OTHER", TEST_HOST, NULL);
  proc_fixture_add_initiate (f, &good);
  proc_fixture_add_events (f, "EVENT-1", TEST_DEAD_HOST, "OTHER", TEST_HOST, NULL);
  found = discover_here (f);
  g_assert_cmpuint (found->profiles->len, ==, 1);
  assert_profile (found, 0, "EVENT-1", TEST_DEAD_HOST);
  g_assert_cmpuint (test_server_requests (f->server), ==, 4);
  g_assert_cmpuint (fake_chip_calls (f->fake, CANCELLED), ==, 2);
}

static void
test_smdp (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadDiscovery) found = NULL;
  g_autoptr (GError) error = NULL;
  const TestOffer smdp = { .policies = "critical,2.23.146.1.2.1.4" };

  proc_fixture_add_initiate (f, &smdp);
  found = discover_here (f);
  g_assert_cmpuint (found->profiles->len, ==, 0);
  assert_failure (found, 0, TEST_HOST, LPAD_ERROR_SERVER_REFUSED);
  error = lpad_discovery_error (found);
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_SERVER_REFUSED);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf38"), ==, 0);
  g_assert_cmpuint (test_server_requests (f->server), ==, 1);
}

static void
test_offer_at_smdp (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadDiscovery) found = NULL;
  const TestOffer smdp = { .policies = "critical,2.23.146.1.2.1.4" };

  proc_fixture_add_initiate (f, &good);
  proc_fixture_add_events (f, "EVENT-1", TEST_HOST, "EVENT-2", TEST_HOST, NULL);
  proc_fixture_add_initiate (f, &smdp);
  found = discover_here (f);
  g_assert_cmpuint (found->profiles->len, ==, 2);
  assert_profile (found, 1, "EVENT-2", TEST_HOST);
  g_assert_cmpuint (found->failures->len, ==, 0);
  g_assert_cmpuint (test_server_requests (f->server), ==, 3);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf38"), ==, 1);
}

static void
test_dead (ProcFixture *f, gconstpointer unused)
{
  const char *servers[] = { TEST_DEAD_HOST, TEST_HOST, TEST_HOST, NULL };
  g_autoptr (LpadDiscovery) found = NULL;
  g_autoptr (GError) error = NULL;

  proc_fixture_add_initiate (f, &good);
  proc_fixture_add_events (f, "EVENT-1", TEST_DEAD_HOST, NULL);
  found = discover (f, servers, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->profiles->len, ==, 1);
  assert_failure (found, 0, TEST_DEAD_HOST, LPAD_ERROR_SERVER_UNREACHABLE);
  g_assert_cmpuint (found->answered->len, ==, 1);
  g_assert_null (lpad_discovery_error (found));
  g_assert_cmpuint (test_server_requests (f->server), ==, 2);
}

static void
test_all_dead (ProcFixture *f, gconstpointer unused)
{
  const char *servers[] = { TEST_DEAD_HOST, TEST_DEAD_HOST ":444", NULL };
  g_autoptr (LpadDiscovery) found = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) whole = NULL;

  found = discover (f, servers, NULL, &error);
  g_assert_no_error (error);
  whole = lpad_discovery_error (found);
  g_assert_error (whole, LPAD_ERROR, LPAD_ERROR_SERVER_UNREACHABLE);
  g_assert_nonnull (strstr (whole->message, "2 discovery servers"));
}

static void
test_chip_refuses (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadDiscovery) found = NULL;
  const char *servers[] = { TEST_HOST, NULL };
  g_autoptr (LpadInventory) inventory = inventory_new (f);
  g_autoptr (GError) error = NULL;

  proc_fixture_agree (f);
  fake_chip_on (f->fake, "bf38", "bf3817a1158010" TEST_TRANSACTION "020101");
  proc_fixture_add_initiate (f, &good);
  found = lpad_discover (f->chip, &f->context, inventory, servers, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  assert_failure (found, 0, TEST_HOST, LPAD_ERROR_SERVER_NOT_TRUSTED);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf41"), ==, 0);
}

static void
test_cancelled (ProcFixture *f, gconstpointer unused)
{
  const char *servers[] = { TEST_DEAD_HOST, TEST_HOST, NULL };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (discover (f, servers, cancellable, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  g_assert_cmpuint (test_server_connections (f->server), ==, 0);
}

static void
test_removed (ProcFixture *f, gconstpointer unused)
{
  const char *servers[] = { TEST_HOST, TEST_HOST ":444", NULL };
  g_autoptr (LpadInventory) inventory = inventory_new (f);
  g_autoptr (GError) error = NULL;

  proc_fixture_agree (f);
  fake_chip_once (f->fake, "bf38", "! removed");
  proc_fixture_add_initiate (f, &good);
  g_assert_null (lpad_discover (f->chip, &f->context, inventory, servers, NULL, NULL, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
}

static void
test_servers (ProcFixture *f, gconstpointer unused)
{
  const char *configured[] = { "further.example.com", "SMDS.example.test", "10.0.0.1", NULL };
  g_autoptr (LpadInventory) inventory = inventory_new (f);
  g_auto (GStrv) servers = NULL;
  g_autoptr (GError) error = NULL;

  servers = lpad_discover_servers (inventory, configured, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (servers), ==, 2);
  g_assert_cmpstr (servers[0], ==, "smds.example.test");
  g_assert_cmpstr (servers[1], ==, "further.example.com");

  g_free (inventory->root_smds_address);
  inventory->root_smds_address = g_strdup ("");
  g_assert_null (lpad_discover_servers (inventory, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_WRONG_STATE);
}

static void
test_id (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadWaitingProfile) a = lpad_waiting_profile_new ("EVENT-1", "a.example", "s.example");
  g_autoptr (LpadWaitingProfile) b = lpad_waiting_profile_new ("EVENT-1", "a.example", "other.example");
  g_autoptr (LpadWaitingProfile) c = lpad_waiting_profile_new ("EVENT-2", "a.example", "s.example");
  g_autofree char *id_a = lpad_waiting_profile_id (a);
  g_autofree char *id_b = lpad_waiting_profile_id (b);
  g_autofree char *id_c = lpad_waiting_profile_id (c);

  g_assert_cmpuint (strlen (id_a), ==, 8);
  g_assert_cmpstr (id_a, ==, id_b);
  g_assert_cmpstr (id_a, !=, id_c);
}

#define ADD(name, func)                                                                                      \
  g_test_add ("/discover/" name, ProcFixture, NULL, proc_fixture_set_up, func, proc_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("nothing", test_nothing);
  ADD ("events", test_events);
  ADD ("alternative", test_alternative);
  ADD ("smdp", test_smdp);
  ADD ("offer-at-smdp", test_offer_at_smdp);
  ADD ("dead", test_dead);
  ADD ("all-dead", test_all_dead);
  ADD ("chip-refuses", test_chip_refuses);
  ADD ("cancelled", test_cancelled);
  ADD ("removed", test_removed);
  ADD ("servers", test_servers);
  ADD ("id", test_id);
  return g_test_run ();
}
