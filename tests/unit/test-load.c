/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load.h"

#include <string.h>

#include "error-details.h"
#include "proc-fixture.h"

#define TRANSACTION TEST_TRANSACTION
#define OTHER       "ffeeddccbbaa99887766554433221100"
#define SEGMENTS    7 /* of the package below */

typedef struct
{
  FakeChip *fake;
  LpadChip *chip;
  LpadBpp *bpp;
  LpadInstallationResult *result;
  GError *error;
  guint64 done; /* octets, as reported */
} Fixture;

/* BF36+BF23 | A0 | A1 | 88 | A3 | 86 | 86 */
static LpadBpp *
bpp_new (void)
{
  g_autoptr (GBytes) metadata = test_metadata_new (NULL);
  g_autoptr (GBytes) raw = test_package_new (TRANSACTION, metadata);
  g_autoptr (GError) error = NULL;
  LpadBpp *bpp = lpad_bpp_parse (raw, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (lpad_bpp_n_segments (bpp), ==, SEGMENTS);
  return bpp;
}

static void
set_up (Fixture *f, gconstpointer unused)
{
  f->fake = fake_chip_new ();
  f->chip = fake_chip_connect (f->fake);
  f->bpp = bpp_new ();
  test_take_segments (f->fake);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  lpad_chip_free (f->chip);
  g_assert_cmpuint (fake_chip_channels (f->fake), ==, 0);
  lpad_bpp_free (f->bpp);
  lpad_installation_result_free (f->result);
  g_clear_error (&f->error);
  fake_chip_free (f->fake);
}

static void
on_progress (const char *stage, guint64 done, guint64 total, gpointer data)
{
  Fixture *f = data;

  g_assert_cmpstr (stage, ==, "installing");
  g_assert_cmpuint (total, ==, lpad_bpp_size (f->bpp));
  g_assert_cmpuint (done, >=, f->done);
  g_assert_cmpuint (done, <=, total);
  f->done = done;
}

static LpadLoad
load (Fixture *f)
{
  const LpadProgress progress = { on_progress, f };

  return lpad_load_bpp (f->chip, f->bpp, &progress, &f->result, &f->error);
}

/* The chip's answer to the segment whose octets begin so */
static void
answer_result (Fixture *f, const char *segment, const char *transaction, gboolean success)
{
  g_autofree char *result = fake_result (5, transaction, success);

  fake_chip_on (f->fake, segment, result);
}

static void
assert_result (Fixture *f, gboolean success)
{
  g_assert_no_error (f->error);
  g_assert_nonnull (f->result);
  g_assert_cmpint (f->result->success, ==, success);
  g_assert_cmpuint (f->result->info->sequence_number, ==, 5);
}

static void
assert_no_result (Fixture *f)
{
  g_assert_null (f->result);
  g_assert_nonnull (f->error);
}

static guint
resets (Fixture *f)
{
  return fake_chip_count (f->fake, "reset");
}

static void
test_complete (Fixture *f, gconstpointer unused)
{
  answer_result (f, "8618", TRANSACTION, TRUE);
  g_assert_cmpint (load (f), ==, LPAD_LOAD_RESULT);
  assert_result (f, TRUE);
  g_assert_cmpuint (fake_chip_calls (f->fake, ""), ==, SEGMENTS);
  g_assert_cmpuint (fake_chip_count (f->fake, "open"), ==, 1);
  g_assert_cmpuint (f->done, >, lpad_bpp_size (f->bpp) / 2);
}

/* The chip has its result: whatever else is sent would be refused. */
static void
test_early_result (Fixture *f, gconstpointer segment)
{
  answer_result (f, segment, TRANSACTION, FALSE);
  g_assert_cmpint (load (f), ==, LPAD_LOAD_RESULT);
  assert_result (f, FALSE);
  g_assert_cmpint (f->result->bpp_command, ==, 5);
  g_assert_cmpint (f->result->error_reason, ==, 10);
  g_assert_cmpuint (fake_chip_calls (f->fake, segment), ==, 1);
  g_assert_cmpuint (fake_chip_calls (f->fake, "8618"), ==, 0);
  g_assert_cmpuint (fake_chip_calls (f->fake, "bf28"), ==, 0);
  g_assert_cmpuint (resets (f), ==, 0);
}

/* The chip talks, but not as it should: its session is still open. */
static void
test_refused (Fixture *f, gconstpointer answer)
{
  fake_chip_on (f->fake, "88", answer);
  g_assert_cmpint (load (f), ==, LPAD_LOAD_REFUSED);
  assert_no_result (f);
  g_assert_nonnull (strstr (f->error->message, "storeMetadata"));
  g_assert_cmpuint (fake_chip_calls (f->fake, "a3"), ==, 0);
  g_assert_cmpuint (resets (f), ==, 0);
}

static void
test_other_body (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, "a1", "bf2e00");
  g_assert_cmpint (load (f), ==, LPAD_LOAD_REFUSED);
  assert_no_result (f);
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  g_assert_cmpuint (fake_chip_calls (f->fake, "88"), ==, 0);
}

static void
test_never_a_result (Fixture *f, gconstpointer unused)
{
  g_assert_cmpint (load (f), ==, LPAD_LOAD_REFUSED);
  assert_no_result (f);
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
}

/* The status word says nothing, but the chip has written down what happened. */
static void
test_refused_with_result (Fixture *f, gconstpointer answer)
{
  fake_chip_on (f->fake, "86", answer);
  fake_chip_add_notification (f->fake, 3, LPAD_EVENT_INSTALL, FAKE_ADDRESS);
  fake_chip_add_result (f->fake, 4, OTHER, TRUE);
  fake_chip_add_result (f->fake, 5, TRANSACTION, FALSE);
  fake_chip_add_notification (f->fake, 6, LPAD_EVENT_ENABLE, FAKE_ADDRESS);
  g_assert_cmpint (load (f), ==, LPAD_LOAD_RESULT);
  assert_result (f, FALSE);
  g_assert_cmpuint (resets (f), ==, 0);
}

/* 6881: the chip has closed the channel, so that the result must be looked for on another. */
static void
test_channel_lost (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, "86", "sw 6881");
  fake_chip_add_result (f->fake, 5, TRANSACTION, TRUE);
  g_assert_cmpint (load (f), ==, LPAD_LOAD_RESULT);
  assert_result (f, TRUE);
  g_assert_cmpuint (fake_chip_count (f->fake, "open"), ==, 2);
}

static void
test_lost_and_installed (Fixture *f, gconstpointer fault)
{
  fake_chip_once (f->fake, "8618", fault);
  fake_chip_add_result (f->fake, 5, TRANSACTION, TRUE);
  g_assert_cmpint (load (f), ==, LPAD_LOAD_RESULT);
  assert_result (f, TRUE);
  g_assert_cmpuint (resets (f), ==, 1);
}

static void
test_lost (Fixture *f, gconstpointer segment)
{
  fake_chip_once (f->fake, segment, "! timeout");
  fake_chip_add_result (f->fake, 4, OTHER, TRUE);
  fake_chip_add_notification (f->fake, 6, LPAD_EVENT_INSTALL, FAKE_ADDRESS);
  g_assert_cmpint (load (f), ==, LPAD_LOAD_LOST);
  assert_no_result (f);
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_TIMEOUT);
  g_assert_cmpuint (resets (f), ==, 1);
}

static void
test_removed_for_good (Fixture *f, gconstpointer unused)
{
  g_assert_nonnull (lpad_chip_open (f->chip, NULL, &f->error));
  fake_chip_once (f->fake, "8618", "! removed");
  fake_chip_fail (f->fake, "connect", "! removed");
  g_assert_cmpint (load (f), ==, LPAD_LOAD_LOST);
  assert_no_result (f);
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
}

static void
test_gone_before (Fixture *f, gconstpointer unused)
{
  fake_chip_fail (f->fake, "connect", "! removed");
  g_assert_cmpint (load (f), ==, LPAD_LOAD_LOST);
  assert_no_result (f);
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
}

static void
test_result_of_another (Fixture *f, gconstpointer unused)
{
  answer_result (f, "8618", OTHER, TRUE);
  g_assert_cmpint (load (f), ==, LPAD_LOAD_REFUSED);
  assert_no_result (f);
  g_assert_error (f->error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
}

/* One that cannot be read does not hide the one that is looked for. */
static void
test_unreadable_among_them (Fixture *f, gconstpointer unused)
{
  fake_chip_on (f->fake, "8618", "sw 6f00");
  fake_chip_add_result (f->fake, 5, TRANSACTION, TRUE);
  fake_chip_add_result (f->fake, 6, OTHER, TRUE);
  fake_chip_on (f->fake, "bf2b05a003800106", "sw 6985");
  g_assert_cmpint (load (f), ==, LPAD_LOAD_RESULT);
  assert_result (f, TRUE);
}

#define ADD(name, func, data) g_test_add ("/load/" name, Fixture, data, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("complete", test_complete, NULL);
  ADD ("early-result/initialiseSecureChannel", test_early_result, "bf36");
  ADD ("early-result/configureISDP", test_early_result, "a0");
  ADD ("early-result/storeMetadata", test_early_result, "88");
  ADD ("early-result/loadProfileElements", test_early_result, "8682");
  ADD ("refused/6985", test_refused, "sw 6985");
  ADD ("refused/6f00", test_refused, "sw 6f00");
  ADD ("refused/malformed-result", test_refused, "bf3700");
  ADD ("other-body", test_other_body, NULL);
  ADD ("never-a-result", test_never_a_result, NULL);
  ADD ("refused-with-result/6985", test_refused_with_result, "sw 6985");
  ADD ("refused-with-result/6f00", test_refused_with_result, "sw 6f00");
  ADD ("refused-with-result/malformed", test_refused_with_result, "bf3700");
  ADD ("channel-lost", test_channel_lost, NULL);
  ADD ("lost-and-installed/silent", test_lost_and_installed, "! timeout");
  ADD ("lost-and-installed/removed", test_lost_and_installed, "! removed");
  ADD ("lost-and-installed/reader", test_lost_and_installed, "! error");
  ADD ("lost/first", test_lost, "bf36");
  ADD ("lost/last", test_lost, "8618");
  ADD ("removed-for-good", test_removed_for_good, NULL);
  ADD ("gone-before", test_gone_before, NULL);
  ADD ("result-of-another", test_result_of_another, NULL);
  ADD ("unreadable-among-them", test_unreadable_among_them, NULL);
  return g_test_run ();
}
