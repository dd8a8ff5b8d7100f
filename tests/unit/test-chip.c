/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "chip.h"

#include "error-details.h"
#include "es10c.h"
#include "fake-chip.h"

typedef struct
{
  FakeChip *fake;
  LpadChip *chip;
} Fixture;

static void
set_up (Fixture *f, gconstpointer unused)
{
  f->fake = fake_chip_new ();
  f->chip = fake_chip_connect (f->fake);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  lpad_chip_free (f->chip);
  g_assert_cmpuint (fake_chip_cards (f->fake), ==, 0);
  fake_chip_free (f->fake);
}

static LpadChannel *
open_well (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  LpadChannel *channel = lpad_chip_open (f->chip, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (channel);
  g_assert_cmpuint (fake_chip_channels (f->fake), >=, 1);
  return channel;
}

static void
assert_open_fails (Fixture *f, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_chip_open (f->chip, NULL, &error));
  g_assert_error (error, LPAD_ERROR, code);
  g_assert_cmpuint (fake_chip_cards (f->fake), ==, 0);
}

static void
assert_counts (Fixture *f, guint connects, guint opens, guint resets)
{
  g_assert_cmpuint (fake_chip_count (f->fake, "connect"), ==, connects);
  g_assert_cmpuint (fake_chip_count (f->fake, "open"), ==, opens);
  g_assert_cmpuint (fake_chip_count (f->fake, "reset"), ==, resets);
}

static void
test_one_channel (Fixture *f, gconstpointer unused)
{
  LpadChannel *channel = open_well (f);

  g_assert_true (open_well (f) == channel);
  assert_counts (f, 1, 1, 0);
  g_assert_cmpuint (fake_chip_channels (f->fake), ==, 1);
}

static void
test_close (Fixture *f, gconstpointer unused)
{
  open_well (f);
  lpad_chip_close (f->chip);
  g_assert_cmpuint (fake_chip_channels (f->fake), ==, 0);
  g_assert_cmpuint (fake_chip_cards (f->fake), ==, 0);
  lpad_chip_close (f->chip);
  g_assert_cmpuint (fake_chip_count (f->fake, "close"), ==, 1);

  open_well (f);
  assert_counts (f, 2, 2, 0);
}

static void
test_pause (Fixture *f, gconstpointer unused)
{
  open_well (f);
  lpad_chip_pause (f->chip);
  g_assert_cmpuint (fake_chip_channels (f->fake), ==, 0);
  g_assert_cmpuint (fake_chip_cards (f->fake), ==, 1);
  lpad_chip_pause (f->chip);

  open_well (f);
  assert_counts (f, 1, 2, 0);
}

static void
test_no_card (Fixture *f, gconstpointer unused)
{
  fake_chip_fail (f->fake, "connect", "! removed");
  assert_open_fails (f, LPAD_ERROR_CARD_REMOVED);
  assert_counts (f, 1, 0, 0);
}

static void
test_not_an_euicc (Fixture *f, gconstpointer unused)
{
  fake_chip_fail (f->fake, "open", "! notfound");
  assert_open_fails (f, LPAD_ERROR_NOT_FOUND);
  assert_counts (f, 1, 1, 0);
}

/* Programs that died left all channels open: the reset gives them back. */
static void
test_no_channel_left (Fixture *f, gconstpointer sw)
{
  fake_chip_fail (f->fake, "open", sw);
  open_well (f);
  assert_counts (f, 1, 2, 1);
}

static void
test_no_channel_at_all (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fake_chip_fail (f->fake, "open", "sw 6881");
  fake_chip_fail (f->fake, "open", "sw 6881");
  g_assert_null (lpad_chip_open (f->chip, NULL, &error));
  g_assert_cmphex (lpad_error_details (error)->status_word, ==, 0x6881);
  assert_counts (f, 1, 2, 1);
  g_assert_cmpuint (fake_chip_cards (f->fake), ==, 0);
}

static void
test_no_channel_and_no_reset (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fake_chip_fail (f->fake, "open", "sw 6881");
  fake_chip_fail (f->fake, "reset", "! timeout");
  g_assert_null (lpad_chip_open (f->chip, NULL, &error));
  g_assert_cmphex (lpad_error_details (error)->status_word, ==, 0x6881);
  assert_counts (f, 1, 1, 1);
}

/* A card in a reader that has no channels: the basic one is used, and the others are not asked for again. */
static void
test_basic (Fixture *f, gconstpointer sw)
{
  guint resets = g_str_has_suffix (sw, "6d00") || g_str_has_suffix (sw, "6e00") ? 0 : 1;

  fake_chip_put_in_reader (f->fake);
  fake_chip_fail (f->fake, "open", sw);
  fake_chip_fail (f->fake, "open", sw);
  open_well (f);
  g_assert_cmpuint (fake_chip_count (f->fake, "basic"), ==, 1);
  assert_counts (f, 1, 1 + resets, resets);

  lpad_chip_close (f->chip);
  g_assert_cmpuint (fake_chip_channels (f->fake), ==, 0);
  open_well (f);
  g_assert_cmpuint (fake_chip_count (f->fake, "basic"), ==, 2);
  assert_counts (f, 2, 1 + resets, resets);
}

static void
test_basic_without_isdr (Fixture *f, gconstpointer unused)
{
  fake_chip_put_in_reader (f->fake);
  fake_chip_fail (f->fake, "open", "sw 6d00");
  fake_chip_fail (f->fake, "basic", "! notfound");
  assert_open_fails (f, LPAD_ERROR_NOT_FOUND);
}

/* An application that is refused is no reason to believe that there are no channels. */
static void
test_channels_are_there (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fake_chip_put_in_reader (f->fake);
  fake_chip_fail (f->fake, "open", "sw 6985");
  g_assert_null (lpad_chip_open (f->chip, NULL, &error));
  g_assert_cmphex (lpad_error_details (error)->status_word, ==, 0x6985);
  g_assert_cmpuint (fake_chip_count (f->fake, "basic"), ==, 0);
}

/* A card that was just connected to and fails has no better second try. */
static void
test_fresh_card_fails (Fixture *f, gconstpointer unused)
{
  fake_chip_fail (f->fake, "open", "! timeout");
  assert_open_fails (f, LPAD_ERROR_TIMEOUT);
  assert_counts (f, 1, 1, 0);
}

static void
fail_with (Fixture *f, const char *answer)
{
  g_autoptr (GError) error = NULL;

  fake_chip_once (f->fake, "bf3e", answer);
  g_assert_null (lpad_es10c_get_eid (open_well (f), &error));
  g_assert_nonnull (error);
}

static void
talk (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *eid = lpad_es10c_get_eid (open_well (f), &error);

  g_assert_no_error (error);
  g_assert_cmpstr (eid, ==, FAKE_EID);
}

/* What an error has ended is not handed out again. */
static void
test_removed_meanwhile (Fixture *f, gconstpointer unused)
{
  fail_with (f, "! removed");
  talk (f);
  assert_counts (f, 2, 3, 0);
  g_assert_cmpuint (fake_chip_channels (f->fake), ==, 1);
}

static void
test_silent_meanwhile (Fixture *f, gconstpointer unused)
{
  fail_with (f, "! timeout");
  talk (f);
  assert_counts (f, 1, 2, 0);
  g_assert_cmpuint (fake_chip_channels (f->fake), ==, 1);
}

static void
test_channel_forgotten (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  LpadChannel *channel = open_well (f);

  fake_chip_drop_channels (f->fake);
  g_assert_null (lpad_es10c_get_eid (channel, &error));
  g_assert_cmphex (lpad_error_details (error)->status_word, ==, 0x6881);
  talk (f);
  assert_counts (f, 1, 2, 0);
}

/* The card has answered: the channel, and with it the session, goes on. */
static void
test_refusal_keeps_channel (Fixture *f, gconstpointer answer)
{
  LpadChannel *channel = open_well (f);

  fail_with (f, answer);
  g_assert_true (open_well (f) == channel);
  talk (f);
  assert_counts (f, 1, 1, 0);
}

static void
test_second_connection_fails (Fixture *f, gconstpointer unused)
{
  fail_with (f, "! removed");
  fake_chip_fail (f->fake, "connect", "! removed");
  assert_open_fails (f, LPAD_ERROR_CARD_REMOVED);
  talk (f);
}

static void
test_reset (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (lpad_chip_reset (f->chip, NULL, &error));
  g_assert_no_error (error);
  assert_counts (f, 1, 0, 1);
  open_well (f);
  g_assert_true (lpad_chip_reset (f->chip, NULL, &error));
  /* the channel went with the reset: there is nothing to close */
  g_assert_cmpuint (fake_chip_count (f->fake, "close"), ==, 0);
  g_assert_cmpuint (fake_chip_channels (f->fake), ==, 0);
  talk (f);
  assert_counts (f, 1, 2, 2);
}

static void
test_reset_fails (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  open_well (f);
  fake_chip_fail (f->fake, "reset", "! timeout");
  g_assert_false (lpad_chip_reset (f->chip, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_TIMEOUT);
  g_assert_cmpuint (fake_chip_cards (f->fake), ==, 0);
  talk (f);
}

static void
test_cancelled (Fixture *f, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (lpad_chip_open (f->chip, cancellable, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
  assert_counts (f, 0, 0, 0);
}

static void
test_segment_size (Fixture *f, gconstpointer unused)
{
  g_assert_cmpuint (lpad_chip_segment_size (f->chip), ==, LPAD_SEGMENT_SIZE_MAX);
}

#define ADD(name, func, data) g_test_add ("/chip/" name, Fixture, data, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("one-channel", test_one_channel, NULL);
  ADD ("close", test_close, NULL);
  ADD ("pause", test_pause, NULL);
  ADD ("no-card", test_no_card, NULL);
  ADD ("not-an-euicc", test_not_an_euicc, NULL);
  ADD ("no-channel-left/6881", test_no_channel_left, "sw 6881");
  ADD ("no-channel-left/6a81", test_no_channel_left, "sw 6a81");
  ADD ("no-channel-at-all", test_no_channel_at_all, NULL);
  ADD ("no-channel-and-no-reset", test_no_channel_and_no_reset, NULL);
  ADD ("basic/6881", test_basic, "sw 6881");
  ADD ("basic/6a81", test_basic, "sw 6a81");
  ADD ("basic/6d00", test_basic, "sw 6d00");
  ADD ("basic/6e00", test_basic, "sw 6e00");
  ADD ("basic/no-isdr", test_basic_without_isdr, NULL);
  ADD ("basic/not-needed", test_channels_are_there, NULL);
  ADD ("fresh-card-fails", test_fresh_card_fails, NULL);
  ADD ("removed-meanwhile", test_removed_meanwhile, NULL);
  ADD ("silent-meanwhile", test_silent_meanwhile, NULL);
  ADD ("channel-forgotten", test_channel_forgotten, NULL);
  ADD ("refusal-keeps-channel/status-word", test_refusal_keeps_channel, "sw 6985");
  ADD ("refusal-keeps-channel/malformed", test_refusal_keeps_channel, "bf3e00");
  ADD ("second-connection-fails", test_second_connection_fails, NULL);
  ADD ("reset", test_reset, NULL);
  ADD ("reset-fails", test_reset_fails, NULL);
  ADD ("cancelled", test_cancelled, NULL);
  ADD ("segment-size", test_segment_size, NULL);
  return g_test_run ();
}
