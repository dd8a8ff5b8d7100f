/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-chip.h"

#include <string.h>

#include "apdu.h"
#include "error-details.h"
#include "fake-objects.h"
#include "fault.h"
#include "hex.h"
#include "notification.h"
#include "profile.h"
#include "result.h"
#include "tlv.h"

#define AID          "a0000005591010ffffffff8900000100"
#define CHANNELS_MAX 3

/* SGP.22 v2.5.0, and one issuer for everything */
#define INFO "8203020500a9160414" FAKE_KEY "aa160414" FAKE_KEY
/* FAKE_SMDP, and "smds.example.test" */
#define ADDRESSES "bf3c29801464656661756c742e6578616d706c652e746573748111736d64732e6578616d706c652e74657374"

/* A row of the table: what is said to requests that begin with @prefix. */
typedef struct
{
  char *prefix;
  char *answer;
} Row;

typedef struct
{
  guint64 number;
  GBytes *metadata; /* BF2F */
  GBytes *raw;
} Pending;

struct _FakeChip
{
  GPtrArray *rows;     /* Row */
  GPtrArray *queue;    /* Row: once each; "connect", "open" and "reset" are prefixes, too */
  GPtrArray *requests; /* hexadecimal */
  GPtrArray *pending;  /* Pending */
  GHashTable *counts;  /* "connect" ... -> number */
  gboolean open[CHANNELS_MAX + 1];
  guint cards;
  gboolean in_reader;
  char *watched;
  GFunc watcher;
  gpointer watcher_data;
};

#define FAKE_TYPE_CARD (fake_card_get_type ())
G_DECLARE_FINAL_TYPE (FakeCard, fake_card, FAKE, CARD, GObject)

struct _FakeCard
{
  GObject parent;

  FakeChip *chip;
  GByteArray *request;
  gboolean removed;
};

static void fake_card_card_init (LpadCardInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeCard,
                               fake_card,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LPAD_TYPE_CARD, fake_card_card_init))

static void
row_free (gpointer data)
{
  Row *row = data;

  g_free (row->prefix);
  g_free (row->answer);
  g_free (row);
}

static Row *
row_new (const char *prefix, const char *answer)
{
  Row *row = g_new0 (Row, 1);

  row->prefix = g_strdup (prefix);
  row->answer = g_strdup (answer);
  return row;
}

static void
pending_free (gpointer data)
{
  Pending *pending = data;

  g_bytes_unref (pending->metadata);
  g_bytes_unref (pending->raw);
  g_free (pending);
}

static void
count (FakeChip *fake, const char *what)
{
  g_hash_table_insert (fake->counts, g_strdup (what), GUINT_TO_POINTER (fake_chip_count (fake, what) + 1));
}

static char *
hex_of (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  return lpad_hex_encode (data, size);
}

/* What stands in line for @request, or NULL. */
static char *
take (FakeChip *fake, const char *request)
{
  for (guint i = 0; i < fake->queue->len; i++)
    {
      Row *row = fake->queue->pdata[i];

      if (g_str_has_prefix (request, row->prefix))
        {
          char *answer = g_strdup (row->answer);

          g_ptr_array_remove_index (fake->queue, i);
          return answer;
        }
    }
  return NULL;
}

/* Makes the error of "sw 6881" or "! removed". Returns: FALSE when @answer is none of these */
static gboolean
set_fault (const char *answer, GError **error)
{
  if (answer == NULL)
    return FALSE;
  if (g_str_has_prefix (answer, "sw "))
    {
      lpad_result_set_status_word (error, "MANAGE CHANNEL", (guint) g_ascii_strtoull (answer + 3, NULL, 16));
      return TRUE;
    }
  return g_str_has_prefix (answer, "! ") && lpad_fault_set_error (error, answer + 2);
}

static guint64
sequence_number (const char *request, const char *before)
{
  g_autoptr (GBytes) octets = lpad_hex_decode (request + strlen (before) + 2, 9, NULL);
  guint64 number = 0;
  gsize size;
  const guint8 *data = g_bytes_get_data (octets, &size);

  for (gsize i = 0; i < size; i++)
    number = number << 8 | data[i];
  return number;
}

static Pending *
find_pending (FakeChip *fake, guint64 number)
{
  for (guint i = 0; i < fake->pending->len; i++)
    if (((Pending *) fake->pending->pdata[i])->number == number)
      return fake->pending->pdata[i];
  return NULL;
}

static char *
list_notifications (FakeChip *fake)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();

  lpad_tlv_builder_open (builder, 0xbf28);
  lpad_tlv_builder_open (builder, 0xa0);
  for (guint i = 0; i < fake->pending->len; i++)
    lpad_tlv_builder_add_raw_bytes (builder, ((Pending *) fake->pending->pdata[i])->metadata);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) answer = lpad_tlv_builder_end (builder);
  return hex_of (answer);
}

static char *
retrieve_notification (FakeChip *fake, guint64 number)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  const Pending *pending = find_pending (fake, number);

  if (pending == NULL)
    return g_strdup ("bf2b03810101");
  lpad_tlv_builder_open (builder, 0xbf2b);
  lpad_tlv_builder_open (builder, 0xa0);
  lpad_tlv_builder_add_raw_bytes (builder, pending->raw);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) answer = lpad_tlv_builder_end (builder);
  return hex_of (answer);
}

static char *
remove_notification (FakeChip *fake, guint64 number)
{
  Pending *pending = find_pending (fake, number);

  if (pending == NULL)
    return g_strdup ("bf3003800101");
  g_ptr_array_remove (fake->pending, pending);
  return g_strdup ("bf3003800100");
}

static char *
answer_of (FakeChip *fake, const char *request)
{
  char *answer = take (fake, request);

  if (answer != NULL)
    return answer;
  for (guint i = fake->rows->len; i > 0; i--)
    {
      Row *row = fake->rows->pdata[i - 1];

      if (g_str_has_prefix (request, row->prefix))
        return g_strdup (row->answer);
    }
  /* lengths: BF2B { A0 { 80 number } }, BF30 { 80 number } */
  if (g_str_has_prefix (request, "bf28"))
    return list_notifications (fake);
  if (g_str_has_prefix (request, "bf2b"))
    return retrieve_notification (fake, sequence_number (request, "bf2b05a00380"));
  if (g_str_has_prefix (request, "bf30"))
    return remove_notification (fake, sequence_number (request, "bf300380"));
  return g_strdup ("sw 6a88");
}

static GBytes *
response_new (GBytes *body, guint status)
{
  g_autoptr (GByteArray) response = g_byte_array_new ();
  const guint8 word[] = { (guint8) (status >> 8), (guint8) status };
  gsize size = 0;
  const guint8 *data = body != NULL ? g_bytes_get_data (body, &size) : NULL;

  g_assert_cmpuint (size, <=, 256);
  g_byte_array_append (response, data, (guint) size);
  g_byte_array_append (response, word, sizeof word);
  return g_byte_array_free_to_bytes (g_steal_pointer (&response));
}

static GBytes *
answer_request (FakeCard *self, char *request, GError **error)
{
  FakeChip *fake = self->chip;
  g_autofree char *answer = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) invalid = NULL;

  g_ptr_array_add (fake->requests, request);
  if (fake->watched != NULL && g_str_has_prefix (request, fake->watched))
    fake->watcher (request, fake->watcher_data);
  answer = answer_of (fake, request);
  if (g_str_has_prefix (answer, "sw "))
    return response_new (NULL, (guint) g_ascii_strtoull (answer + 3, NULL, 16));
  if (set_fault (answer, error))
    {
      self->removed = g_str_equal (answer, "! removed");
      if (self->removed)
        fake_chip_drop_channels (fake);
      return NULL;
    }
  body = lpad_hex_decode (answer, 256, &invalid);
  g_assert_no_error (invalid);
  return response_new (body, 0x9000);
}

static gboolean
check_present (FakeCard *self, GError **error)
{
  if (!self->removed)
    return TRUE;
  g_assert_true (lpad_fault_set_error (error, "removed") || error == NULL);
  return FALSE;
}

static GBytes *
transmit (LpadCard *card, GBytes *command, GError **error)
{
  FakeCard *self = FAKE_CARD (card);
  gsize size;
  const guint8 *data = g_bytes_get_data (command, &size);

  if (!check_present (self, error))
    return NULL;
  g_assert_cmpuint (size, >=, 5);
  g_assert_cmphex (data[0] & 0xfc, ==, 0x80);
  g_assert_cmphex (data[1], ==, 0xe2);
  if (!self->chip->open[data[0] & 3])
    return response_new (NULL, 0x6881);
  if (data[3] == 0)
    g_byte_array_set_size (self->request, 0);
  g_byte_array_append (self->request, data + 5, data[4]);
  if (data[2] == 0x11)
    return response_new (NULL, 0x9000);
  return answer_request (self, lpad_hex_encode (self->request->data, self->request->len), error);
}

static gboolean
open_channel (LpadCard *card, GBytes *aid, guint *channel, GCancellable *cancellable, GError **error)
{
  FakeCard *self = FAKE_CARD (card);
  g_autofree char *fault = take (self->chip, "open");

  count (self->chip, "open");
  if (!lpad_check_cancelled (cancellable, error) || !check_present (self, error) || set_fault (fault, error))
    return FALSE;
  for (guint i = 1; i <= CHANNELS_MAX; i++)
    if (!self->chip->open[i])
      {
        self->chip->open[i] = TRUE;
        *channel = i;
        return TRUE;
      }
  lpad_result_set_status_word (error, "MANAGE CHANNEL", 0x6881);
  return FALSE;
}

static gboolean
open_basic (LpadCard *card, GPtrArray *aids, guint *index, GCancellable *cancellable, GError **error)
{
  FakeCard *self = FAKE_CARD (card);
  g_autofree char *fault = take (self->chip, "basic");

  count (self->chip, "basic");
  if (!lpad_check_cancelled (cancellable, error) || !check_present (self, error))
    return FALSE;
  if (!self->chip->in_reader)
    {
      g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_NOT_SUPPORTED, "test");
      return FALSE;
    }
  if (set_fault (fault, error))
    return FALSE;
  self->chip->open[0] = TRUE;
  *index = 0;
  return TRUE;
}

static void
close_channel (LpadCard *card, guint channel)
{
  FakeCard *self = FAKE_CARD (card);

  g_assert_cmpuint (channel, <=, CHANNELS_MAX);
  count (self->chip, "close");
  if (!self->removed)
    self->chip->open[channel] = FALSE;
}

static gboolean
reset (LpadCard *card, GError **error)
{
  FakeCard *self = FAKE_CARD (card);
  g_autofree char *fault = take (self->chip, "reset");

  count (self->chip, "reset");
  if (!check_present (self, error) || set_fault (fault, error))
    return FALSE;
  fake_chip_drop_channels (self->chip);
  return TRUE;
}

static void
fake_card_card_init (LpadCardInterface *iface)
{
  iface->open_channel = open_channel;
  iface->open_basic = open_basic;
  iface->transmit = transmit;
  iface->close_channel = close_channel;
  iface->reset = reset;
}

static void
fake_card_finalize (GObject *object)
{
  FakeCard *self = FAKE_CARD (object);

  self->chip->cards--;
  g_byte_array_unref (self->request);
  G_OBJECT_CLASS (fake_card_parent_class)->finalize (object);
}

static void
fake_card_class_init (FakeCardClass *class)
{
  G_OBJECT_CLASS (class)->finalize = fake_card_finalize;
}

static void
fake_card_init (FakeCard *self)
{
  self->request = g_byte_array_new ();
}

static LpadCard *
connect_card (gpointer user_data, GCancellable *cancellable, GError **error)
{
  FakeChip *fake = user_data;
  g_autofree char *fault = take (fake, "connect");
  FakeCard *card;

  count (fake, "connect");
  if (set_fault (fault, error))
    return NULL;
  card = g_object_new (FAKE_TYPE_CARD, NULL);
  card->chip = fake;
  fake->cards++;
  return LPAD_CARD (card);
}

FakeChip *
fake_chip_new (void)
{
  FakeChip *fake = g_new0 (FakeChip, 1);

  fake->rows = g_ptr_array_new_with_free_func (row_free);
  fake->queue = g_ptr_array_new_with_free_func (row_free);
  fake->requests = g_ptr_array_new_with_free_func (g_free);
  fake->pending = g_ptr_array_new_with_free_func (pending_free);
  fake->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  fake_chip_on (fake, "bf3e", "bf3e125a10" FAKE_EID);
  fake_chip_on (fake, "bf20", "bf2035" INFO);
  fake_chip_on (fake, "bf22", "bf2235" INFO);
  fake_chip_on (fake, "bf3c", ADDRESSES);
  fake_chip_set_profile (fake, LPAD_PROFILE_DISABLED, NULL);
  return fake;
}

void
fake_chip_free (FakeChip *fake)
{
  g_ptr_array_unref (fake->rows);
  g_ptr_array_unref (fake->queue);
  g_ptr_array_unref (fake->requests);
  g_ptr_array_unref (fake->pending);
  g_hash_table_unref (fake->counts);
  g_free (fake->watched);
  g_free (fake);
}

static LpadChip *
connect_with (FakeChip *fake, guint settle_timeout_ms)
{
  g_autoptr (GPtrArray) aids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  const LpadChipConfig config = {
    .connect = connect_card, .connect_data = fake, .aids = aids, .settle_timeout_ms = settle_timeout_ms
  };

  g_ptr_array_add (aids, lpad_hex_decode (AID, 16, NULL));
  return lpad_chip_new (&config);
}

LpadChip *
fake_chip_connect (FakeChip *fake)
{
  return connect_with (fake, 1);
}

LpadChip *
fake_chip_connect_patiently (FakeChip *fake)
{
  return connect_with (fake, 60 * 1000);
}

void
fake_chip_on (FakeChip *fake, const char *prefix, const char *answer)
{
  g_ptr_array_add (fake->rows, row_new (prefix, answer));
}

void
fake_chip_once (FakeChip *fake, const char *prefix, const char *answer)
{
  g_ptr_array_add (fake->queue, row_new (prefix, answer));
}

void
fake_chip_fail (FakeChip *fake, const char *what, const char *fault)
{
  fake_chip_once (fake, what, fault);
}

void
fake_chip_put_in_reader (FakeChip *fake)
{
  fake->in_reader = TRUE;
}

void
fake_chip_drop_channels (FakeChip *fake)
{
  memset (fake->open, 0, sizeof fake->open);
}

void
fake_chip_set_profile (FakeChip *fake, LpadProfileState state, const char *nickname)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  g_autoptr (GBytes) iccid = fake_iccid ();
  g_autofree char *hex = NULL;

  lpad_tlv_builder_open (builder, 0xbf2d);
  lpad_tlv_builder_open (builder, 0xa0);
  lpad_tlv_builder_open (builder, 0xe3);
  lpad_tlv_builder_add (builder, 0x5a, g_bytes_get_data (iccid, NULL), g_bytes_get_size (iccid));
  lpad_tlv_builder_add_uint (builder, 0x9f70, state);
  if (nickname != NULL)
    lpad_tlv_builder_add_text (builder, 0x90, nickname);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_close (builder);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) answer = lpad_tlv_builder_end (builder);
  hex = hex_of (answer);
  fake_chip_on (fake, "bf2d", hex);
}

void
fake_chip_set_no_profile (FakeChip *fake)
{
  fake_chip_on (fake, "bf2d", "bf2d02a000");
}

static void
add_pending (FakeChip *fake, guint64 number, GBytes *metadata, GBytes *raw)
{
  Pending *pending = g_new0 (Pending, 1);

  pending->number = number;
  pending->metadata = metadata;
  pending->raw = raw;
  g_ptr_array_add (fake->pending, pending);
}

void
fake_chip_add_notification (FakeChip *fake, guint64 number, LpadEvent event, const char *address)
{
  GBytes *metadata = fake_metadata_new (number, event, address);

  add_pending (fake, number, metadata, fake_notification_new (metadata));
}

void
fake_chip_add_result (FakeChip *fake, guint64 number, const char *transaction_id, gboolean success)
{
  add_pending (fake,
               number,
               fake_metadata_new (number, LPAD_EVENT_INSTALL, FAKE_ADDRESS),
               fake_result_new (number, transaction_id, success));
}

gboolean
fake_chip_has_notification (FakeChip *fake, guint64 number)
{
  return find_pending (fake, number) != NULL;
}

guint
fake_chip_calls (FakeChip *fake, const char *prefix)
{
  guint calls = 0;

  for (guint i = 0; i < fake->requests->len; i++)
    calls += g_str_has_prefix (fake->requests->pdata[i], prefix);
  return calls;
}

guint
fake_chip_count (FakeChip *fake, const char *what)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (fake->counts, what));
}

guint
fake_chip_channels (FakeChip *fake)
{
  guint channels = 0;

  for (guint i = 0; i <= CHANNELS_MAX; i++)
    channels += fake->open[i];
  return channels;
}

guint
fake_chip_cards (FakeChip *fake)
{
  return fake->cards;
}

void
fake_chip_on_request (FakeChip *fake, const char *prefix, GFunc func, gpointer user_data)
{
  g_free (fake->watched);
  fake->watched = g_strdup (prefix);
  fake->watcher = func;
  fake->watcher_data = user_data;
}
