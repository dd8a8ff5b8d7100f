/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel.h"
#include "error-details.h"
#include "hex.h"
#include "record.h"

/* A card that follows a trace (see record.h), for the tests of what stands above a card. */

#define TEST_AID "a0000005591010ffffffff8900000100"

static inline GBytes *
test_bytes (const char *hex)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = lpad_hex_decode (hex, 65536, &error);

  g_assert_no_error (error);
  return bytes;
}

static inline void
test_assert_hex (GBytes *bytes, const char *expected)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autofree char *hex = lpad_hex_encode (data, size);

  g_assert_cmpstr (hex, ==, expected);
}

static inline LpadCard *
test_card (const char *trace)
{
  g_autoptr (GError) error = NULL;
  LpadCard *card = lpad_card_replay_new (trace, &error);

  g_assert_no_error (error);
  return card;
}

static inline void
test_assert_finished (LpadCard *card)
{
  g_assert_true (lpad_card_replay_finished (LPAD_CARD_REPLAY (card)));
}

typedef struct
{
  LpadCard *card;
  LpadChannel *channel;
  LpadSegmentSize size;
} TestChannel;

/* A channel with number 1 on a card of which @trace is what follows. */
static inline TestChannel *
test_channel_new (const char *trace)
{
  TestChannel *test = g_new0 (TestChannel, 1);
  g_autofree char *all = g_strdup_printf ("O " TEST_AID " 1\n%s\nC 1\n", trace);
  g_autoptr (GPtrArray) aids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (aids, test_bytes (TEST_AID));
  test->size.octets = LPAD_SEGMENT_SIZE_MAX;
  test->card = test_card (all);
  test->channel = lpad_channel_open (test->card, aids, &test->size, NULL, &error);
  g_assert_no_error (error);
  return test;
}

/* A channel on a card that gets the STORE DATA @request in one block and gives @answer (up to 254 octets). */
static inline TestChannel *
test_channel_new_exchange (const char *request, const char *answer)
{
  g_autofree char *trace
      = g_strdup_printf ("> 81e29100%02x%s00\n< %s9000", (guint) strlen (request) / 2, request, answer);

  return test_channel_new (trace);
}

/* Closes the channel; all of the trace must have been used. */
static inline void
test_channel_free (TestChannel *test)
{
  lpad_channel_close (test->channel);
  test_assert_finished (test->card);
  g_object_unref (test->card);
  g_free (test);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestChannel, test_channel_free)
