/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notify.h"

#include <string.h>

#include "error-details.h"
#include "hex.h"
#include "proc-fixture.h"

#define TRANSACTION "00112233445566778899aabbccddeeff"

static GArray *
numbers_new (guint64 number)
{
  GArray *numbers = g_array_new (FALSE, FALSE, sizeof number);

  g_array_append_val (numbers, number);
  return numbers;
}

/* Sends all (or what is wanted with @only one) that is pending; there must be @count deliveries. */
static GPtrArray *
send (ProcFixture *f, const guint64 *only, guint count)
{
  g_autoptr (GArray) wanted = only != NULL ? numbers_new (*only) : NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *deliveries = NULL;

  g_assert_true (lpad_notify_send (f->chip, &f->context, f->info, wanted, NULL, &deliveries, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (deliveries->len, ==, count);
  return deliveries;
}

static const LpadDelivery *
delivery (GPtrArray *deliveries, guint index, guint64 number)
{
  const LpadDelivery *found = g_ptr_array_index (deliveries, index);

  g_assert_cmpuint (found->sequence_number, ==, number);
  return found;
}

static void
assert_delivered (ProcFixture *f, GPtrArray *deliveries, guint index, guint64 number)
{
  g_assert_no_error (delivery (deliveries, index, number)->error);
  g_assert_false (fake_chip_has_notification (f->fake, number));
}

static void
assert_kept (ProcFixture *f, GPtrArray *deliveries, guint index, guint64 number, int code)
{
  g_assert_error (delivery (deliveries, index, number)->error, LPAD_ERROR, code);
  g_assert_true (fake_chip_has_notification (f->fake, number));
}

static void
test_nothing (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (GPtrArray) deliveries = send (f, NULL, 0);

  g_assert_cmpuint (deliveries->len, ==, 0);
  g_assert_cmpuint (test_server_connections (f->server), ==, 0);
}

/* In the order of their numbers, on one connection, the octets of the chip */
static void
test_order (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (GPtrArray) deliveries = NULL;
  g_autofree char *request = NULL;

  fake_chip_add_notification (f->fake, 9, LPAD_EVENT_DISABLE, TEST_HOST);
  fake_chip_add_notification (f->fake, 0, LPAD_EVENT_INSTALL, TEST_HOST);
  fake_chip_add_notification (f->fake, 4, LPAD_EVENT_ENABLE, TEST_HOST);
  proc_fixture_accept (f, 3);
  deliveries = send (f, NULL, 3);
  assert_delivered (f, deliveries, 0, 0);
  assert_delivered (f, deliveries, 1, 4);
  assert_delivered (f, deliveries, 2, 9);
  g_assert_cmpint (delivery (deliveries, 2, 9)->event, ==, LPAD_EVENT_DISABLE);
  g_assert_cmpstr (delivery (deliveries, 2, 9)->address, ==, TEST_HOST);
  g_assert_cmpuint (test_server_connections (f->server), ==, 1);
  g_assert_cmpuint (test_server_requests (f->server), ==, 3);
  request = test_server_request (f->server);
  g_assert_true (g_str_has_prefix (request, "POST /gsma/rsp2/es9plus/handleNotification "));
}

static void
test_dead_recipient (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (GPtrArray) deliveries = NULL;

  fake_chip_add_notification (f->fake, 1, LPAD_EVENT_ENABLE, TEST_DEAD_HOST);
  fake_chip_add_notification (f->fake, 2, LPAD_EVENT_ENABLE, TEST_HOST);
  fake_chip_add_notification (f->fake, 3, LPAD_EVENT_DISABLE, TEST_DEAD_HOST ":443");
  fake_chip_add_notification (f->fake, 4, LPAD_EVENT_DISABLE, TEST_HOST ":443");
  proc_fixture_accept (f, 2);
  deliveries = send (f, NULL, 4);
  assert_kept (f, deliveries, 0, 1, LPAD_ERROR_SERVER_UNREACHABLE);
  assert_delivered (f, deliveries, 1, 2);
  assert_kept (f, deliveries, 2, 3, LPAD_ERROR_SERVER_UNREACHABLE);
  assert_delivered (f, deliveries, 3, 4);
  /* the later one of the dead recipient was not even fetched from the chip */
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf2b"), ==, 3);
  g_assert_cmpuint (test_server_connections (f->server), ==, 1);
}

/* Anything but 2xx keeps it on the chip, and what is behind it waits. */
static void
test_refused (ProcFixture *f, gconstpointer answer)
{
  g_autoptr (GPtrArray) deliveries = NULL;

  fake_chip_add_notification (f->fake, 1, LPAD_EVENT_ENABLE, TEST_HOST);
  fake_chip_add_notification (f->fake, 2, LPAD_EVENT_DISABLE, TEST_HOST);
  test_server_add (f->server, TEST_CLOSE, "%s", (const char *) answer);
  deliveries = send (f, NULL, 2);
  g_assert_nonnull (delivery (deliveries, 0, 1)->error);
  g_assert_nonnull (delivery (deliveries, 1, 2)->error);
  g_assert_true (fake_chip_has_notification (f->fake, 1));
  g_assert_true (fake_chip_has_notification (f->fake, 2));
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf30"), ==, 0);
}

static void
test_ok_with_body (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (GPtrArray) deliveries = NULL;

  fake_chip_add_notification (f->fake, 1, LPAD_EVENT_ENABLE, TEST_HOST);
  test_server_add_json (f->server, "{}");
  deliveries = send (f, NULL, 1);
  assert_delivered (f, deliveries, 0, 1);
}

static void
test_invalid_address (ProcFixture *f, gconstpointer address)
{
  g_autoptr (GPtrArray) deliveries = NULL;

  fake_chip_add_notification (f->fake, 1, LPAD_EVENT_ENABLE, address);
  fake_chip_add_notification (f->fake, 2, LPAD_EVENT_ENABLE, TEST_HOST);
  proc_fixture_accept (f, 1);
  deliveries = send (f, NULL, 2);
  assert_kept (f, deliveries, 0, 1, LPAD_ERROR_FAILED);
  g_assert_cmpstr (delivery (deliveries, 0, 1)->address, ==, address);
  assert_delivered (f, deliveries, 1, 2);
}

/* One alone: an older one for the same recipient goes first, others stay. */
static void
test_only (ProcFixture *f, gconstpointer unused)
{
  const guint64 second = 3;
  g_autoptr (GPtrArray) deliveries = NULL;

  fake_chip_add_notification (f->fake, 1, LPAD_EVENT_ENABLE, TEST_HOST);
  fake_chip_add_notification (f->fake, 2, LPAD_EVENT_ENABLE, TEST_DEAD_HOST);
  fake_chip_add_notification (f->fake, 3, LPAD_EVENT_DISABLE, TEST_HOST);
  fake_chip_add_notification (f->fake, 4, LPAD_EVENT_ENABLE, TEST_HOST);
  proc_fixture_accept (f, 2);
  deliveries = send (f, &second, 2);
  assert_delivered (f, deliveries, 0, 1);
  assert_delivered (f, deliveries, 1, 3);
  g_assert_true (fake_chip_has_notification (f->fake, 2));
  g_assert_true (fake_chip_has_notification (f->fake, 4));
}

static void
test_only_unknown (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (GArray) wanted = numbers_new (3);
  g_autoptr (GError) error = NULL;
  GPtrArray *deliveries = NULL;

  fake_chip_add_notification (f->fake, 1, LPAD_EVENT_ENABLE, TEST_HOST);
  g_assert_false (lpad_notify_send (f->chip, &f->context, f->info, wanted, NULL, &deliveries, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND);
  g_assert_null (deliveries);
  g_assert_cmpuint (test_server_connections (f->server), ==, 0);
}

/* Who did not answer is tried after all others the next time, and a refusal is an answer. */
static void
test_silent_last (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) again = NULL;

  fake_chip_add_notification (f->fake, 1, LPAD_EVENT_ENABLE, TEST_DEAD_HOST);
  fake_chip_add_notification (f->fake, 2, LPAD_EVENT_DISABLE, TEST_DEAD_HOST);
  first = send (f, NULL, 2);
  assert_kept (f, first, 0, 1, LPAD_ERROR_SERVER_UNREACHABLE);
  g_assert_cmpuint (g_hash_table_size (lpad_chip_silent_servers (f->chip)), ==, 1);

  fake_chip_add_notification (f->fake, 3, LPAD_EVENT_ENABLE, TEST_HOST);
  proc_fixture_accept (f, 1);
  again = send (f, NULL, 3);
  assert_delivered (f, again, 0, 3);
  assert_kept (f, again, 1, 1, LPAD_ERROR_SERVER_UNREACHABLE);
  assert_kept (f, again, 2, 2, LPAD_ERROR_SERVER_UNREACHABLE);
}

/* The chip does not hand one out, or no longer has it: no reason to hold up the others. */
static void
test_not_retrieved (ProcFixture *f, gconstpointer answer)
{
  g_autoptr (GPtrArray) deliveries = NULL;

  fake_chip_add_notification (f->fake, 1, LPAD_EVENT_ENABLE, TEST_HOST);
  fake_chip_add_notification (f->fake, 2, LPAD_EVENT_DISABLE, TEST_HOST);
  fake_chip_once (f->fake, "bf2b", answer);
  proc_fixture_accept (f, 1);
  deliveries = send (f, NULL, 2);
  g_assert_nonnull (delivery (deliveries, 0, 1)->error);
  g_assert_true (fake_chip_has_notification (f->fake, 1));
  assert_delivered (f, deliveries, 1, 2);
}

/* The server has it, the chip keeps it: the next is not held up, and it is sent again another time. */
static void
test_not_removed (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;

  fake_chip_add_notification (f->fake, 1, LPAD_EVENT_ENABLE, TEST_HOST);
  fake_chip_add_notification (f->fake, 2, LPAD_EVENT_DISABLE, TEST_HOST);
  fake_chip_once (f->fake, "bf30", "bf300380017f");
  proc_fixture_accept (f, 3);
  first = send (f, NULL, 2);
  g_assert_cmpint (lpad_error_details (delivery (first, 0, 1)->error)->result, ==, 127);
  g_assert_true (fake_chip_has_notification (f->fake, 1));
  assert_delivered (f, first, 1, 2);
  second = send (f, NULL, 1);
  assert_delivered (f, second, 0, 1);
  g_assert_cmpuint (test_server_requests (f->server), ==, 3);
}

/* A chip that is gone is not asked again for each that is left. */
static void
test_lost (ProcFixture *f, gconstpointer request)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) deliveries = NULL;
  g_autoptr (GPtrArray) again = NULL;
  gboolean is_sent = g_str_equal (request, "bf30");

  fake_chip_add_notification (f->fake, 1, LPAD_EVENT_ENABLE, TEST_HOST);
  fake_chip_add_notification (f->fake, 2, LPAD_EVENT_ENABLE, TEST_DEAD_HOST);
  fake_chip_once (f->fake, request, "! removed");
  proc_fixture_accept (f, 2);
  g_assert_false (lpad_notify_send (f->chip, &f->context, f->info, NULL, NULL, &deliveries, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
  g_assert_cmpuint (deliveries->len, ==, 1);
  assert_kept (f, deliveries, 0, 1, LPAD_ERROR_CARD_REMOVED);
  g_assert_cmpuint (test_server_requests (f->server), ==, is_sent ? 1 : 0);

  /* also what an end between 204 and removal leaves: sent again, then removed */
  again = send (f, NULL, 2);
  assert_delivered (f, again, 0, 1);
  assert_kept (f, again, 1, 2, LPAD_ERROR_SERVER_UNREACHABLE);
  g_assert_cmpuint (test_server_requests (f->server), ==, is_sent ? 2 : 1);
}

static void
test_no_list (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) deliveries = NULL;

  fake_chip_on (f->fake, "bf28", "sw 6985");
  g_assert_false (lpad_notify_send (f->chip, &f->context, f->info, NULL, NULL, &deliveries, NULL, &error));
  g_assert_cmphex (lpad_error_details (error)->status_word, ==, 0x6985);
}

static void
cancel (gpointer request, gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
}

/* Cancelled while the first is being removed: it is finished with, the second is not begun. */
static void
test_cancelled (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) deliveries = NULL;

  fake_chip_add_notification (f->fake, 1, LPAD_EVENT_ENABLE, TEST_HOST);
  fake_chip_add_notification (f->fake, 2, LPAD_EVENT_DISABLE, TEST_HOST);
  fake_chip_on_request (f->fake, "bf30", cancel, cancellable);
  proc_fixture_accept (f, 2);
  g_assert_false (
      lpad_notify_send (f->chip, &f->context, f->info, NULL, NULL, &deliveries, cancellable, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  g_assert_cmpuint (deliveries->len, ==, 1);
  assert_delivered (f, deliveries, 0, 1);
  g_assert_true (fake_chip_has_notification (f->fake, 2));
}

/* The result of an installation, on the connection of the download */
typedef struct
{
  LpadHttps *https;
  LpadInventory *before;
  LpadInstallationResult *result;
  GPtrArray *deliveries;
} Installation;

static void
installation_clear (Installation *i)
{
  lpad_https_free (i->https);
  lpad_inventory_unref (i->before);
  lpad_installation_result_free (i->result);
  g_ptr_array_unref (i->deliveries);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Installation, installation_clear)

static void
install (ProcFixture *f, Installation *i)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *hex = fake_result (5, TRANSACTION, TRUE);
  g_autoptr (GBytes) raw = lpad_hex_decode (hex, 256, NULL);

  i->before = lpad_inventory_read (f->chip, NULL, &error);
  g_assert_no_error (error);
  fake_chip_add_result (f->fake, 5, TRANSACTION, TRUE);
  i->result = lpad_installation_result_parse (raw, &error);
  g_assert_no_error (error);
  i->https = lpad_context_connect (&f->context, TEST_HOST, f->info, &error);
  g_assert_no_error (error);
  i->deliveries = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_delivery_free);
}

static void
test_result (ProcFixture *f, gconstpointer unused)
{
  g_auto (Installation) i = { 0 };

  install (f, &i);
  proc_fixture_accept (f, 1);
  lpad_notify_send_result (f->chip, i.https, i.before, i.result, i.deliveries, NULL);
  g_assert_cmpuint (i.deliveries->len, ==, 1);
  assert_delivered (f, i.deliveries, 0, 5);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf2b"), ==, 0);
}

static void
test_result_refused (ProcFixture *f, gconstpointer unused)
{
  g_auto (Installation) i = { 0 };

  install (f, &i);
  test_server_add (f->server, TEST_CLOSE, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
  lpad_notify_send_result (f->chip, i.https, i.before, i.result, i.deliveries, NULL);
  g_assert_cmpuint (i.deliveries->len, ==, 1);
  g_assert_nonnull (delivery (i.deliveries, 0, 5)->error);
  g_assert_true (fake_chip_has_notification (f->fake, 5));
}

static void
test_result_has_elder (ProcFixture *f, gconstpointer unused)
{
  g_auto (Installation) i = { 0 };

  fake_chip_add_notification (f->fake, 3, LPAD_EVENT_DELETE, TEST_HOST ":443");
  install (f, &i);
  lpad_notify_send_result (f->chip, i.https, i.before, i.result, i.deliveries, NULL);
  g_assert_cmpuint (i.deliveries->len, ==, 0);
  g_assert_cmpuint (test_server_connections (f->server), ==, 0);
}

static LpadInventory *
read_inventory (ProcFixture *f)
{
  g_autoptr (GError) error = NULL;
  LpadInventory *inventory = lpad_inventory_read (f->chip, NULL, &error);

  g_assert_no_error (error);
  return inventory;
}

static void
test_rest (ProcFixture *f, gconstpointer unused)
{
  g_auto (Installation) i = { 0 };
  g_autoptr (LpadInventory) inventory = NULL;

  fake_chip_add_notification (f->fake, 3, LPAD_EVENT_DELETE, TEST_HOST);
  install (f, &i);
  inventory = read_inventory (f);
  proc_fixture_accept (f, 2);
  g_hash_table_add (lpad_chip_silent_servers (f->chip), lpad_notify_recipient (TEST_HOST)); /* until now */
  g_assert_false (lpad_notify_send_rest (f->chip, &f->context, i.https, &inventory, i.deliveries, NULL));
  g_assert_cmpuint (i.deliveries->len, ==, 2);
  assert_delivered (f, i.deliveries, 0, 3);
  assert_delivered (f, i.deliveries, 1, 5);
  g_assert_cmpuint (inventory->notifications->len, ==, 0);
  g_assert_cmpuint (test_server_connections (f->server), ==, 1);
}

/* What has just failed is not tried again at once, and nothing overtakes it. */
static void
test_rest_after_failure (ProcFixture *f, gconstpointer unused)
{
  g_auto (Installation) i = { 0 };
  g_autoptr (LpadInventory) inventory = NULL;

  install (f, &i);
  test_server_add (f->server, TEST_CLOSE, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
  lpad_notify_send_result (f->chip, i.https, i.before, i.result, i.deliveries, NULL);
  fake_chip_add_notification (f->fake, 6, LPAD_EVENT_INSTALL, TEST_HOST);
  inventory = read_inventory (f);
  proc_fixture_accept (f, 2);
  g_assert_false (lpad_notify_send_rest (f->chip, &f->context, i.https, &inventory, i.deliveries, NULL));
  g_assert_cmpuint (i.deliveries->len, ==, 2);
  g_assert_nonnull (delivery (i.deliveries, 0, 5)->error);
  g_assert_nonnull (delivery (i.deliveries, 1, 6)->error);
  g_assert_cmpuint (test_server_requests (f->server), ==, 1);
  g_assert_cmpuint (inventory->notifications->len, ==, 2);
}

/* Who waits for the end of something else does not wait for a recipient that is known not to answer. */
static void
test_rest_leaves_silent (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (GPtrArray) deliveries = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_delivery_free);
  g_autoptr (LpadInventory) inventory = NULL;

  g_hash_table_add (lpad_chip_silent_servers (f->chip), lpad_notify_recipient (TEST_DEAD_HOST));
  fake_chip_add_notification (f->fake, 1, LPAD_EVENT_ENABLE, TEST_DEAD_HOST);
  fake_chip_add_notification (f->fake, 2, LPAD_EVENT_ENABLE, TEST_HOST);
  inventory = read_inventory (f);
  proc_fixture_accept (f, 1);
  g_assert_true (lpad_notify_send_rest (f->chip, &f->context, NULL, &inventory, deliveries, NULL));
  g_assert_cmpuint (deliveries->len, ==, 1);
  assert_delivered (f, deliveries, 0, 2);
  g_assert_cmpuint (inventory->notifications->len, ==, 1);
}

static void
test_remove (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fake_chip_add_notification (f->fake, 3, LPAD_EVENT_DELETE, TEST_HOST);
  g_assert_true (lpad_notify_remove (f->chip, 3, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (fake_chip_has_notification (f->fake, 3));
  g_assert_true (lpad_notify_remove (f->chip, 3, NULL, &error));
  g_assert_cmpuint (test_server_connections (f->server), ==, 0);
}

#define ADD(name, func, data)                                                                                \
  g_test_add ("/notify/" name, ProcFixture, data, proc_fixture_set_up, func, proc_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("nothing", test_nothing, NULL);
  ADD ("order", test_order, NULL);
  ADD ("dead-recipient", test_dead_recipient, NULL);
  ADD ("refused/500", test_refused, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  ADD ("refused/404", test_refused, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
  ADD ("refused/302",
       test_refused,
       "HTTP/1.1 302 No\r\nLocation: https://" TEST_HOST "/\r\nContent-Length: 0\r\n\r\n");
  ADD ("refused/nothing", test_refused, "");
  ADD ("ok-with-body", test_ok_with_body, NULL);
  ADD ("invalid-address/ip", test_invalid_address, "127.0.0.1");
  ADD ("invalid-address/path", test_invalid_address, "a.example.test/x");
  ADD ("only", test_only, NULL);
  ADD ("only-unknown", test_only_unknown, NULL);
  ADD ("not-retrieved/status-word", test_not_retrieved, "sw 6985");
  ADD ("not-retrieved/gone", test_not_retrieved, "bf2b03810101");
  ADD ("not-retrieved/malformed", test_not_retrieved, "bf2b00");
  ADD ("not-removed", test_not_removed, NULL);
  ADD ("lost/retrieve", test_lost, "bf2b");
  ADD ("lost/remove", test_lost, "bf30");
  ADD ("no-list", test_no_list, NULL);
  ADD ("cancelled", test_cancelled, NULL);
  ADD ("result/plain", test_result, NULL);
  ADD ("result/refused", test_result_refused, NULL);
  ADD ("result/has-elder", test_result_has_elder, NULL);
  ADD ("rest/plain", test_rest, NULL);
  ADD ("rest/after-failure", test_rest_after_failure, NULL);
  ADD ("rest/leaves-silent", test_rest_leaves_silent, NULL);
  ADD ("silent-last", test_silent_last, NULL);
  ADD ("remove", test_remove, NULL);
  return g_test_run ();
}
