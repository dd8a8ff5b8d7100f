/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "download.h"

#include <string.h>

#include "error-details.h"
#include "proc-fixture.h"

#define OTHER_TRANSACTION "ffeeddccbbaa99887766554433221100"
#define NEVER             -1 /* no CancelSession */

/* Owner 262-01 and PPR1 (SGP.22 2.5.4, profileOwner and profilePolicyRules) */
#define RULES      "b705800362f210990206c0"
#define TEST_CLASS "950100"

static const TestOffer good = { 0 };

typedef struct
{
  ProcFixture base;
  LpadInventory *inventory;
  LpadActivationCode *code;
  LpadDownload *download;
  GCancellable *cancellable;
  GError *error;
  guint steps[LPAD_DOWNLOAD_FAILED + 1]; /* how often each was announced */
} Fixture;

static void
on_step (LpadDownloadStep step,
         GBytes *transaction_id,
         GBytes *iccid,
         const LpadInstallationResult *result,
         gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr (GBytes) wanted = fake_iccid ();

  g_assert_cmpuint (g_bytes_get_size (transaction_id), ==, strlen (TEST_TRANSACTION) / 2);
  g_assert_true (step == LPAD_DOWNLOAD_ENDS_ORDER || g_bytes_equal (iccid, wanted));
  g_assert_cmpint (result != NULL, ==, step == LPAD_DOWNLOAD_FAILED);
  /* Of an order that is ended nothing has gone into the chip, and nothing goes any more. */
  g_assert_true (step != LPAD_DOWNLOAD_LOADS || f->steps[LPAD_DOWNLOAD_ENDS_ORDER] == 0);
  f->steps[step]++;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  proc_fixture_set_up (&f->base, data);
  proc_fixture_agree (&f->base);
  fake_chip_set_no_profile (f->base.fake);
  f->inventory = lpad_inventory_read (f->base.chip, NULL, &f->error);
  g_assert_no_error (f->error);
  f->code = lpad_activation_code_parse ("LPA:1$" TEST_HOST "$ORDER", &f->error);
  g_assert_no_error (f->error);
  f->download = lpad_download_new (f->base.chip, &f->base.context, f->inventory, f->code, NULL);
  lpad_download_set_step_func (f->download, on_step, f);
  f->cancellable = g_cancellable_new ();
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  lpad_download_free (f->download);
  lpad_inventory_unref (f->inventory);
  lpad_activation_code_free (f->code);
  g_object_unref (f->cancellable);
  g_clear_error (&f->error);
  proc_fixture_tear_down (&f->base, data);
}

static LpadOffer *
authenticate (Fixture *f)
{
  return lpad_download_authenticate (f->download, NULL, f->cancellable, &f->error);
}

static void
accept_offer (Fixture *f, const TestOffer *with)
{
  g_autoptr (LpadOffer) offer = NULL;

  proc_fixture_add_initiate (&f->base, with);
  proc_fixture_add_client (&f->base, with);
  offer = authenticate (f);
  g_assert_no_error (f->error);
  g_assert_cmpstr (offer->smdp_address, ==, TEST_HOST);
  g_assert_cmpstr (offer->metadata->name, ==, "Plan");
  g_assert_cmpint (offer->confirmation_code_required, ==, with->code_required);
}

static LpadDownloadResult *
install (Fixture *f, const char *code)
{
  g_autoptr (LpadSecret) secret = code != NULL ? lpad_secret_new_text (code) : NULL;

  return lpad_download_install (f->download, secret, NULL, f->cancellable, &f->error);
}

static void
assert_failed (Fixture *f, int code, int reason, LpadOrder order)
{
  g_assert_error (f->error, LPAD_ERROR, code);
  proc_fixture_assert_cancelled (&f->base, reason);
  g_assert_cmpint (lpad_error_details (f->error)->order, ==, order);
}

/* The server takes the cancellation that is to come. */
static void
assert_install_fails (Fixture *f, int code, int reason, LpadOrder order)
{
  proc_fixture_add_success (&f->base);
  g_assert_null (install (f, NULL));
  assert_failed (f, code, reason, order);
}

static void
add_package (Fixture *f, const char *transaction_id, const char *metadata)
{
  g_autoptr (GBytes) octets = test_metadata_new (metadata);
  g_autoptr (GBytes) package = test_package_new (transaction_id, octets);

  proc_fixture_add_package (&f->base, package);
}

/* What the chip does with the last segment: it writes the result down, and lists the profile. */
static void
on_last_segment (gpointer request, gpointer data)
{
  FakeChip *fake = data;

  fake_chip_add_result (fake, 5, TEST_TRANSACTION, TRUE);
  fake_chip_set_profile (fake, LPAD_PROFILE_DISABLED, NULL);
}

static void
answer_last_segment (Fixture *f, gboolean success)
{
  g_autofree char *result = fake_result (5, TEST_TRANSACTION, success);

  fake_chip_on (f->base.fake, "8618", result);
}

static void
assert_installed (Fixture *f, const char *code)
{
  g_autoptr (LpadDownloadResult) result = NULL;
  g_autoptr (GBytes) iccid = fake_iccid ();
  const LpadDelivery *delivery;

  proc_fixture_accept (&f->base, 1);
  result = install (f, code);
  g_assert_no_error (f->error);
  g_assert_true (g_bytes_equal (result->iccid, iccid));
  g_assert_nonnull (lpad_inventory_find_profile (result->inventory, iccid));
  g_assert_cmpuint (result->deliveries->len, ==, 1);
  delivery = g_ptr_array_index (result->deliveries, 0);
  g_assert_no_error (delivery->error);
  g_assert_false (fake_chip_has_notification (f->base.fake, 5));
  proc_fixture_assert_cancelled (&f->base, NEVER);
  g_assert_cmpuint (test_server_connections (f->base.server), ==, 1);
  /* Once for the whole package, however many segments it has */
  g_assert_cmpuint (f->steps[LPAD_DOWNLOAD_LOADS], ==, 1);
  g_assert_cmpuint (f->steps[LPAD_DOWNLOAD_FAILED], ==, 0);
  g_assert_cmpuint (f->steps[LPAD_DOWNLOAD_ENDS_ORDER], ==, 0);
}

static void
test_complete (Fixture *f, gconstpointer unused)
{
  accept_offer (f, &good);
  add_package (f, TEST_TRANSACTION, NULL);
  fake_chip_on_request (f->base.fake, "8618", on_last_segment, f->base.fake);
  answer_last_segment (f, TRUE);
  assert_installed (f, NULL);
  g_assert_cmpuint (test_server_requests (f->base.server), ==, 4);
}

/* The last answer is lost, but the profile is there. */
static void
test_last_answer_lost (Fixture *f, gconstpointer unused)
{
  accept_offer (f, &good);
  add_package (f, TEST_TRANSACTION, NULL);
  fake_chip_on_request (f->base.fake, "8618", on_last_segment, f->base.fake);
  fake_chip_on (f->base.fake, "8618", "! timeout");
  assert_installed (f, NULL);
}

/* Installed, and then silent while the list is read: a reset helps. */
static void
test_list_after_reset (Fixture *f, gconstpointer unused)
{
  accept_offer (f, &good);
  add_package (f, TEST_TRANSACTION, NULL);
  fake_chip_on_request (f->base.fake, "8618", on_last_segment, f->base.fake);
  answer_last_segment (f, TRUE);
  fake_chip_once (f->base.fake, "bf22", "! timeout");
  assert_installed (f, NULL);
  g_assert_cmpuint (fake_chip_count (f->base.fake, "reset"), ==, 1);
}

/* The result says yes, the list says no: that is no success. */
static void
test_not_in_list (Fixture *f, gconstpointer unused)
{
  accept_offer (f, &good);
  add_package (f, TEST_TRANSACTION, NULL);
  answer_last_segment (f, TRUE);
  proc_fixture_accept (&f->base, 1);
  g_assert_null (install (f, NULL));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_INSTALLATION_FAILED);
}

/* The session is over with the result, good or bad; the server gets it. */
static void
test_not_installed (Fixture *f, gconstpointer unused)
{
  accept_offer (f, &good);
  add_package (f, TEST_TRANSACTION, NULL);
  answer_last_segment (f, FALSE);
  proc_fixture_accept (&f->base, 1);
  g_assert_null (install (f, NULL));
  assert_failed (f, LPAD_ERROR_INSUFFICIENT_MEMORY, NEVER, LPAD_ORDER_USABLE);
  g_assert_cmpint (lpad_error_details (f->error)->bpp_command, ==, 5);
  g_assert_cmpuint (f->steps[LPAD_DOWNLOAD_FAILED], ==, 1);
  g_assert_cmpuint (test_server_requests (f->base.server), ==, 4);
}

/* What the offer lacks. */

static void
test_offer (Fixture *f, const TestOffer *offer, int code, int reason, LpadOrder order)
{
  proc_fixture_add_initiate (&f->base, &good);
  proc_fixture_add_client (&f->base, offer);
  proc_fixture_add_success (&f->base);
  g_assert_null (authenticate (f));
  assert_failed (f, code, reason, order);
}

static void
test_installed_already (Fixture *f, gconstpointer unused)
{
  fake_chip_set_profile (f->base.fake, LPAD_PROFILE_DISABLED, NULL);
  test_offer (f, &good, LPAD_ERROR_PROFILE_EXISTS, LPAD_CANCEL_UNDEFINED, LPAD_ORDER_ENDED);
}

static void
test_rules (Fixture *f, gconstpointer unused)
{
  const TestOffer offer = { .metadata = RULES };

  fake_chip_on (f->base.fake, "bf43", "bf4302a000");
  test_offer (f, &offer, LPAD_ERROR_POLICY_VIOLATION, LPAD_CANCEL_PPR_NOT_ALLOWED, LPAD_ORDER_ENDED);
}

static void
test_test_class (Fixture *f, gconstpointer unused)
{
  const TestOffer offer = { .metadata = TEST_CLASS };

  test_offer (f, &offer, LPAD_ERROR_POLICY_VIOLATION, LPAD_CANCEL_UNDEFINED, LPAD_ORDER_ENDED);
}

static void
test_test_class_in_test_mode (Fixture *f, gconstpointer unused)
{
  const TestOffer offer = { .metadata = TEST_CLASS };

  f->base.context.test_mode = TRUE;
  accept_offer (f, &offer);
  proc_fixture_add_success (&f->base);
  lpad_download_cancel (f->download, LPAD_CANCEL_TIMEOUT);
}

static void
test_other_transaction (Fixture *f, gconstpointer unused)
{
  const TestOffer offer = { .txid = OTHER_TRANSACTION };

  test_offer (f, &offer, LPAD_ERROR_PROTOCOL_ERROR, LPAD_CANCEL_UNDEFINED, LPAD_ORDER_ENDED);
}

/* The chip fails while the offer is checked: nothing is wrong with the order. */
static void
test_card_fails (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->base.fake, "bf2d", "sw 6f00");
  test_offer (f, &good, LPAD_ERROR_CARD_ERROR, LPAD_CANCEL_TIMEOUT, LPAD_ORDER_USABLE);
}

static void
test_server_refuses (Fixture *f, gconstpointer unused)
{
  proc_fixture_add_initiate (&f->base, &good);
  proc_fixture_add_refusal (&f->base, "8.2.6", "3.8");
  g_assert_null (authenticate (f));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CODE_REFUSED);
  proc_fixture_assert_cancelled (&f->base, NEVER);
}

static void
add_failure (Fixture *f)
{
  test_server_add (f->base.server, TEST_KEEP, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
}

static void
test_server_fails (Fixture *f, gconstpointer unused)
{
  proc_fixture_add_initiate (&f->base, &good);
  add_failure (f);
  proc_fixture_add_success (&f->base);
  g_assert_null (authenticate (f));
  proc_fixture_assert_cancelled (&f->base, LPAD_CANCEL_TIMEOUT);
  g_assert_cmpint (lpad_error_details (f->error)->order, ==, LPAD_ORDER_USABLE);
}

/* Between consent and package */

static void
test_no_code (Fixture *f, gconstpointer unused)
{
  const TestOffer offer = { .code_required = TRUE };

  accept_offer (f, &offer);
  assert_install_fails (f, LPAD_ERROR_CONFIRMATION_CODE_REQUIRED, LPAD_CANCEL_POSTPONED, LPAD_ORDER_USABLE);
  g_assert_cmpuint (fake_chip_calls (f->base.fake, "bf21"), ==, 0);
}

/* { A1 { 80 transactionId, 02 code } }: what is lasting ends the order, what is not does not. */
static void
test_prepare_refused (Fixture *f, gconstpointer unused)
{
  accept_offer (f, &good);
  fake_chip_on (f->base.fake, "bf21", "bf2117a1158010" TEST_TRANSACTION "020102");
  assert_install_fails (f, LPAD_ERROR_PROTOCOL_ERROR, LPAD_CANCEL_UNDEFINED, LPAD_ORDER_ENDED);
}

static void
test_prepare_fails (Fixture *f, gconstpointer answer)
{
  accept_offer (f, &good);
  fake_chip_on (f->base.fake, "bf21", answer);
  assert_install_fails (f, LPAD_ERROR_CARD_ERROR, LPAD_CANCEL_POSTPONED, LPAD_ORDER_USABLE);
}

static void
cancel (gpointer request, gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
}

static void
test_cancelled (Fixture *f, gconstpointer unused)
{
  accept_offer (f, &good);
  fake_chip_on_request (f->base.fake, "bf21", cancel, f->cancellable);
  assert_install_fails (f, LPAD_ERROR_CANCELLED, LPAD_CANCEL_POSTPONED, LPAD_ORDER_USABLE);
}

/* Too late: the package goes into the chip. */
static void
test_cancelled_while_loading (Fixture *f, gconstpointer unused)
{
  g_autoptr (LpadDownloadResult) result = NULL;

  accept_offer (f, &good);
  add_package (f, TEST_TRANSACTION, NULL);
  fake_chip_on_request (f->base.fake, "a0", cancel, f->cancellable);
  fake_chip_set_profile (f->base.fake, LPAD_PROFILE_DISABLED, NULL);
  answer_last_segment (f, TRUE);
  result = install (f, NULL);
  g_assert_no_error (f->error);
  g_assert_nonnull (result);
}

/* The package */

static void
test_package_fails (Fixture *f, gconstpointer unused)
{
  accept_offer (f, &good);
  add_failure (f);
  proc_fixture_add_success (&f->base);
  g_assert_null (install (f, NULL));
  proc_fixture_assert_cancelled (&f->base, LPAD_CANCEL_TIMEOUT);
  g_assert_cmpint (lpad_error_details (f->error)->order, ==, LPAD_ORDER_USABLE);
}

static void
assert_package_refused (Fixture *f, int reason)
{
  assert_install_fails (f, LPAD_ERROR_PROTOCOL_ERROR, reason, LPAD_ORDER_ENDED);
  g_assert_cmpuint (fake_chip_calls (f->base.fake, "bf36"), ==, 0);
}

static void
test_package_malformed (Fixture *f, gconstpointer unused)
{
  g_autoptr (GBytes) package = g_bytes_new_static ("\xbf\x36\x02\xa0\x00", 5);

  accept_offer (f, &good);
  proc_fixture_add_package (&f->base, package);
  assert_package_refused (f, LPAD_CANCEL_LOAD_BPP_EXECUTION_ERROR);
}

static void
test_package_of_another (Fixture *f, gconstpointer unused)
{
  accept_offer (f, &good);
  add_package (f, OTHER_TRANSACTION, NULL);
  assert_package_refused (f, LPAD_CANCEL_UNDEFINED);
}

static void
test_package_differs (Fixture *f, gconstpointer unused)
{
  accept_offer (f, &good);
  add_package (f, TEST_TRANSACTION, "950101");
  assert_package_refused (f, LPAD_CANCEL_METADATA_MISMATCH);
  g_assert_nonnull (strstr (f->error->message, "class"));
}

static void
test_segment_refused (Fixture *f, gconstpointer unused)
{
  accept_offer (f, &good);
  add_package (f, TEST_TRANSACTION, NULL);
  fake_chip_on (f->base.fake, "88", "sw 6985");
  assert_install_fails (f, LPAD_ERROR_CARD_ERROR, LPAD_CANCEL_LOAD_BPP_EXECUTION_ERROR, LPAD_ORDER_ENDED);
}

/* The chip has lost the session with the reset: there is nothing to cancel, and the order can be tried again.
 */
static void
test_card_lost (Fixture *f, gconstpointer unused)
{
  accept_offer (f, &good);
  add_package (f, TEST_TRANSACTION, NULL);
  fake_chip_once (f->base.fake, "88", "! removed");
  g_assert_null (install (f, NULL));
  assert_failed (f, LPAD_ERROR_CARD_REMOVED, NEVER, LPAD_ORDER_USABLE);
}

/* Again, and the end of it all */

static void
test_after_failure (Fixture *f, gconstpointer unused)
{
  const TestOffer offer = { .code_required = TRUE };

  accept_offer (f, &offer);
  fake_chip_on (f->base.fake, "bf21", "bf2117a1158010" TEST_TRANSACTION "020104");
  proc_fixture_add_success (&f->base);
  g_assert_null (install (f, "1234"));
  proc_fixture_assert_cancelled (&f->base, LPAD_CANCEL_POSTPONED);
  g_clear_error (&f->error);

  /* the second time a new session is begun; the server asks for no code now */
  proc_fixture_agree (&f->base);
  proc_fixture_add_initiate (&f->base, &good);
  proc_fixture_add_client (&f->base, &good);
  add_package (f, TEST_TRANSACTION, NULL);
  fake_chip_on_request (f->base.fake, "8618", on_last_segment, f->base.fake);
  answer_last_segment (f, TRUE);
  proc_fixture_accept (&f->base, 1);
  g_autoptr (LpadDownloadResult) result = install (f, "4321");
  g_assert_no_error (f->error);
  g_assert_nonnull (result);
}

static void
test_other_offer_again (Fixture *f, gconstpointer unused)
{
  const TestOffer other = { .metadata = "950101" };

  accept_offer (f, &good);
  proc_fixture_add_refusal (&f->base, "8.2.7", "3.8");
  g_assert_null (install (f, NULL));
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CONFIRMATION_CODE_REFUSED);
  proc_fixture_assert_cancelled (&f->base, NEVER);
  g_clear_error (&f->error);

  proc_fixture_add_initiate (&f->base, &other);
  proc_fixture_add_client (&f->base, &other);
  assert_install_fails (f, LPAD_ERROR_PROTOCOL_ERROR, LPAD_CANCEL_METADATA_MISMATCH, LPAD_ORDER_ENDED);
}

static void
test_user_says (Fixture *f, gconstpointer reason)
{
  accept_offer (f, &good);
  proc_fixture_add_success (&f->base);
  lpad_download_cancel (f->download, (LpadCancelReason) GPOINTER_TO_INT (reason));
  proc_fixture_assert_cancelled (&f->base, GPOINTER_TO_INT (reason));
  g_assert_cmpuint (
      f->steps[LPAD_DOWNLOAD_ENDS_ORDER], ==, GPOINTER_TO_INT (reason) == LPAD_CANCEL_END_USER_REJECTION);
}

static void
test_forgotten (Fixture *f, gconstpointer unused)
{
  accept_offer (f, &good);
  proc_fixture_add_success (&f->base);
  g_clear_pointer (&f->download, lpad_download_free);
  proc_fixture_assert_cancelled (&f->base, LPAD_CANCEL_TIMEOUT);
}

#define ADD(name, func, data) g_test_add ("/download/" name, Fixture, data, set_up, func, tear_down)

static void
add_offers (void)
{
  ADD ("offer/installed-already", test_installed_already, NULL);
  ADD ("offer/rules", test_rules, NULL);
  ADD ("offer/test-class", test_test_class, NULL);
  ADD ("offer/test-class-in-test-mode", test_test_class_in_test_mode, NULL);
  ADD ("offer/other-transaction", test_other_transaction, NULL);
  ADD ("offer/card-fails", test_card_fails, NULL);
  ADD ("offer/server-refuses", test_server_refuses, NULL);
  ADD ("offer/server-fails", test_server_fails, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("complete", test_complete, NULL);
  ADD ("last-answer-lost", test_last_answer_lost, NULL);
  ADD ("list-after-reset", test_list_after_reset, NULL);
  ADD ("not-in-list", test_not_in_list, NULL);
  ADD ("not-installed", test_not_installed, NULL);
  add_offers ();
  ADD ("no-code", test_no_code, NULL);
  ADD ("prepare/refused", test_prepare_refused, NULL);
  ADD ("prepare/no-session", test_prepare_fails, "bf2117a1158010" TEST_TRANSACTION "020104");
  ADD ("prepare/undefined-error", test_prepare_fails, "bf2117a1158010" TEST_TRANSACTION "02017f");
  ADD ("prepare/6f00", test_prepare_fails, "sw 6f00");
  ADD ("cancelled/before-package", test_cancelled, NULL);
  ADD ("cancelled/while-loading", test_cancelled_while_loading, NULL);
  ADD ("package/fails", test_package_fails, NULL);
  ADD ("package/malformed", test_package_malformed, NULL);
  ADD ("package/of-another", test_package_of_another, NULL);
  ADD ("package/differs", test_package_differs, NULL);
  ADD ("package/segment-refused", test_segment_refused, NULL);
  ADD ("package/card-lost", test_card_lost, NULL);
  ADD ("again/after-failure", test_after_failure, NULL);
  ADD ("again/other-offer", test_other_offer_again, NULL);
  ADD ("user/no", test_user_says, GINT_TO_POINTER (LPAD_CANCEL_END_USER_REJECTION));
  ADD ("user/later", test_user_says, GINT_TO_POINTER (LPAD_CANCEL_POSTPONED));
  ADD ("user/nothing", test_user_says, GINT_TO_POINTER (LPAD_CANCEL_TIMEOUT));
  ADD ("forgotten", test_forgotten, NULL);
  return g_test_run ();
}
