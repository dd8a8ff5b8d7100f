/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session.h"

#include <string.h>

#include "error-details.h"
#include "proc-fixture.h"

static const TestOffer good = { 0 };

static GBytes *
authenticate (LpadSession *session, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) ctx_params1 = g_bytes_new_static ("\xa0\x00", 2);

  return lpad_session_authenticate (session, ctx_params1, NULL, cancellable, error);
}

static LpadSession *
session_new (ProcFixture *f)
{
  return lpad_session_new (f->chip, &f->context, TEST_HOST, NULL);
}

static void
begin (ProcFixture *f, LpadSession *session)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) response = NULL;

  proc_fixture_agree (f);
  proc_fixture_add_initiate (f, &good);
  response = authenticate (session, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (response);
}

static void
assert_not_begun (ProcFixture *f, LpadSession *session, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (authenticate (session, NULL, &error));
  g_assert_error (error, LPAD_ERROR, code);
  g_assert_null (lpad_session_transaction_id (session));
  g_assert_false (lpad_session_cancel (session, LPAD_CANCEL_TIMEOUT));
  proc_fixture_assert_cancelled (f, -1);
}

static void
test_begin (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadSession) session = session_new (f);

  g_assert_null (lpad_session_info (session));
  begin (f, session);
  g_assert_cmpuint (g_bytes_get_size (lpad_session_transaction_id (session)), ==, 16);
  g_assert_cmpstr (lpad_https_address (lpad_session_https (session)), ==, TEST_HOST);
  g_assert_nonnull (lpad_session_info (session));
  lpad_session_over (session);
  g_assert_null (lpad_session_transaction_id (session));
  g_assert_false (lpad_session_cancel (session, LPAD_CANCEL_TIMEOUT));
  proc_fixture_assert_cancelled (f, -1);
}

static void
test_no_keys (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadSession) session = session_new (f);

  proc_fixture_agree (f);
  fake_chip_on (f->fake, "bf20", "bf20098203020500a900aa00");
  assert_not_begun (f, session, LPAD_ERROR_CARD_ERROR);
  g_assert_cmpuint (test_server_connections (f->server), ==, 0);
}

static void
test_issuer_missing (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadSession) session = session_new (f);

  proc_fixture_agree (f);
  fake_chip_on (f->fake, "bf20", "bf20358203020500a9160414" FAKE_KEY "aa160414" FAKE_KEY);
  assert_not_begun (f, session, LPAD_ERROR_ISSUER_MISSING);
  g_assert_cmpuint (test_server_connections (f->server), ==, 0);
}

/* The server wants a certificate of the chip that the chip does not have: the chip is not even asked. */
static void
test_unknown_key (ProcFixture *f, gconstpointer unused)
{
  const TestOffer offer = { .key = FAKE_KEY };
  g_autoptr (LpadSession) session = session_new (f);

  proc_fixture_agree (f);
  proc_fixture_add_initiate (f, &offer);
  assert_not_begun (f, session, LPAD_ERROR_PROTOCOL_ERROR);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf38"), ==, 0);
}

static void
test_other_server (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadSession) session = lpad_session_new (f->chip, &f->context, TEST_HOST, "2.999.11");

  proc_fixture_agree (f);
  proc_fixture_add_initiate (f, &good);
  assert_not_begun (f, session, LPAD_ERROR_SERVER_NOT_TRUSTED);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf38"), ==, 0);
}

static void
test_server_refuses (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadSession) session = session_new (f);

  proc_fixture_agree (f);
  proc_fixture_add_refusal (f, "8.8", "4.2");
  assert_not_begun (f, session, LPAD_ERROR_SERVER_REFUSED);
}

static void
test_chip_refuses (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadSession) session = session_new (f);

  proc_fixture_agree (f);
  /* { A1 { 80 transactionId, 02 invalidCertificate } } */
  fake_chip_on (f->fake, "bf38", "bf3817a1158010" TEST_TRANSACTION "020101");
  proc_fixture_add_initiate (f, &good);
  assert_not_begun (f, session, LPAD_ERROR_SERVER_NOT_TRUSTED);
}

static void
test_challenge_fails (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadSession) session = session_new (f);

  proc_fixture_agree (f);
  fake_chip_on (f->fake, "bf2e", "bf2e0480020001");
  assert_not_begun (f, session, LPAD_ERROR_PROTOCOL_ERROR);
  g_assert_cmpuint (test_server_connections (f->server), ==, 0);
}

static void
cancel (gpointer request, gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
}

static void
test_cancelled (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadSession) session = session_new (f);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  proc_fixture_agree (f);
  fake_chip_on_request (f->fake, "bf20", cancel, cancellable);
  g_assert_null (authenticate (session, cancellable, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  g_assert_cmpuint (test_server_connections (f->server), ==, 0);
}

/* Both sides are told, once, on the same connection. */
static void
test_cancel (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadSession) session = session_new (f);

  begin (f, session);
  proc_fixture_add_success (f);
  g_assert_true (lpad_session_cancel (session, LPAD_CANCEL_END_USER_REJECTION));
  g_assert_false (lpad_session_cancel (session, LPAD_CANCEL_TIMEOUT));
  proc_fixture_assert_cancelled (f, LPAD_CANCEL_END_USER_REJECTION);
  g_assert_cmpuint (test_server_connections (f->server), ==, 1);
}

/* Without the chip's signature there is nothing that the server would believe. */
static void
test_cancel_refused_by_chip (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadSession) session = session_new (f);

  begin (f, session);
  fake_chip_on (f->fake, "bf41", "bf4103810105");
  g_assert_false (lpad_session_cancel (session, LPAD_CANCEL_TIMEOUT));
  g_assert_null (lpad_session_transaction_id (session));
  g_assert_cmpuint (test_server_requests (f->server), ==, 1);
}

static void
test_cancel_refused_by_server (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadSession) session = session_new (f);

  begin (f, session);
  proc_fixture_add_refusal (f, "8.10.1", "3.9");
  g_assert_false (lpad_session_cancel (session, LPAD_CANCEL_POSTPONED));
  proc_fixture_assert_cancelled (f, LPAD_CANCEL_POSTPONED);
}

static void
test_free (ProcFixture *f, gconstpointer unused)
{
  LpadSession *session = session_new (f);

  begin (f, session);
  proc_fixture_add_success (f);
  lpad_session_free (session);
  proc_fixture_assert_cancelled (f, LPAD_CANCEL_TIMEOUT);
}

static void
test_begin_again (ProcFixture *f, gconstpointer unused)
{
  g_autoptr (LpadSession) session = session_new (f);

  begin (f, session);
  proc_fixture_add_success (f);
  begin (f, session);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf41158010" TEST_TRANSACTION "810102"), ==, 1);
  g_assert_cmpuint (test_server_requests (f->server), ==, 3);
  g_assert_cmpuint (test_server_connections (f->server), ==, 1);
  lpad_session_over (session);
}

#define ADD(name, func)                                                                                      \
  g_test_add ("/session/" name, ProcFixture, NULL, proc_fixture_set_up, func, proc_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("begin", test_begin);
  ADD ("begin-again", test_begin_again);
  ADD ("no-keys", test_no_keys);
  ADD ("issuer-missing", test_issuer_missing);
  ADD ("unknown-key", test_unknown_key);
  ADD ("other-server", test_other_server);
  ADD ("server-refuses", test_server_refuses);
  ADD ("chip-refuses", test_chip_refuses);
  ADD ("challenge-fails", test_challenge_fails);
  ADD ("cancelled", test_cancelled);
  ADD ("cancel/both", test_cancel);
  ADD ("cancel/refused-by-chip", test_cancel_refused_by_chip);
  ADD ("cancel/refused-by-server", test_cancel_refused_by_server);
  ADD ("free", test_free);
  return g_test_run ();
}
