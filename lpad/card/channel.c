/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel.h"

#include "apdu.h"
#include "buffer.h"
#include "error-details.h"
#include "result.h"

#define INS_STORE_DATA           0xe2
#define SW_CHANNEL_NOT_SUPPORTED 0x6881
#define P1_MORE                  0x11 /* BER-TLV, more blocks follow (GlobalPlatform Card Specification, 11.11) */
#define P1_LAST                  0x91
#define BLOCKS_MAX               256 /* P2 counts them in one octet */

struct _LpadChannel
{
  LpadCard *card;
  GBytes *aid;
  LpadSegmentSize *segment_size;
  guint number;
  gboolean lost;  /* nothing is left to close */
  gboolean ended; /* an error ended it, though the card may still hold it open */
};

/* How an attempt to send a request ended. */
typedef enum
{
  SENT,        /* the card took all of it, or refused it for good */
  TOO_LONG,    /* smaller blocks may help */
  SILENT,      /* no answer: nothing can be tried now, but smaller blocks on the next connection */
  LE_DISLIKED, /* the other choice of Le, or smaller blocks, may help */
} Outcome;

static LpadChannel *
channel_new (LpadCard *card, GBytes *aid, guint number, LpadSegmentSize *segment_size)
{
  LpadChannel *self = g_new0 (LpadChannel, 1);

  self->card = g_object_ref (card);
  self->aid = g_bytes_ref (aid);
  self->segment_size = segment_size;
  self->number = number;
  return self;
}

/* What a person can do with it: not “no application”. */
static void
propagate_open_error (GError **error, GError *local)
{
  if (g_error_matches (local, LPAD_ERROR, LPAD_ERROR_NOT_FOUND))
    {
      g_free (local->message);
      local->message = g_strdup ("The card is not an eUICC: it has no ISD-R");
    }
  g_propagate_error (error, local);
}

LpadChannel *
lpad_channel_open (LpadCard *card,
                   GPtrArray *aids,
                   LpadSegmentSize *segment_size,
                   GCancellable *cancellable,
                   GError **error)
{
  GError *local = NULL;
  guint number = 0, index = 0;

  g_return_val_if_fail (LPAD_IS_CARD (card), NULL);
  g_return_val_if_fail (aids != NULL && segment_size != NULL, NULL);

  if (lpad_card_open_first (card, aids, &index, &number, cancellable, &local))
    return channel_new (card, aids->pdata[index], number, segment_size);
  propagate_open_error (error, local);
  return NULL;
}

LpadChannel *
lpad_channel_open_basic (LpadCard *card,
                         GPtrArray *aids,
                         LpadSegmentSize *segment_size,
                         GCancellable *cancellable,
                         GError **error)
{
  GError *local = NULL;
  guint index = 0;

  g_return_val_if_fail (LPAD_IS_CARD (card), NULL);
  g_return_val_if_fail (aids != NULL && segment_size != NULL, NULL);

  if (lpad_card_open_basic (card, aids, &index, cancellable, &local))
    return channel_new (card, aids->pdata[index], 0, segment_size);
  propagate_open_error (error, local);
  return NULL;
}

void
lpad_channel_close (LpadChannel *self)
{
  if (self == NULL)
    return;
  if (!self->lost)
    lpad_card_close_channel (self->card, self->number);
  g_object_unref (self->card);
  g_bytes_unref (self->aid);
  g_free (self);
}

GBytes *
lpad_channel_aid (LpadChannel *self)
{
  return self->aid;
}

void
lpad_channel_lost (LpadChannel *self)
{
  self->lost = TRUE;
}

LpadCard *
lpad_channel_card (LpadChannel *self)
{
  return self->card;
}

gboolean
lpad_channel_is_usable (LpadChannel *self)
{
  return !self->lost && !self->ended;
}

/* Whether @error, of an exchange or of a status word, leaves the channel as it was: the card answered to it,
 * or the reader has merely not passed a block on. */
static gboolean
leaves_channel (GError *error)
{
  LpadErrorDetails *details = lpad_error_details (error);

  if (details == NULL)
    return FALSE;
  if (details->status_word != 0)
    return details->status_word != SW_CHANNEL_NOT_SUPPORTED;
  return g_error_matches (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR) || details->retry == LPAD_RETRY_NOW;
}

static gboolean
is_transport_fault (GError *error)
{
  LpadErrorDetails *details = lpad_error_details (error);

  return g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR) && details->status_word == 0
         && details->retry == LPAD_RETRY_NOW;
}

/* What a block that was not the last says of its size when it meets @error. */
static Outcome
outcome_of_fault (GError *error)
{
  if (is_transport_fault (error))
    return TOO_LONG;
  return g_error_matches (error, LPAD_ERROR, LPAD_ERROR_TIMEOUT) ? SILENT : SENT;
}

/* Sends one block and adds its answer to @answer. */
static gboolean
send_block (LpadChannel *self, GBytes *command, LpadBuffer *answer, guint *status, GError **error)
{
  g_autoptr (GBytes) part
      = lpad_apdu_exchange (self->card, self->number, command, LPAD_ANSWER_MAX, status, error);
  if (part == NULL)
    return FALSE;

  gsize size;
  const guint8 *data = g_bytes_get_data (part, &size);
  return lpad_buffer_append (answer, data, size, error);
}

/* Sends all of @request in blocks as @form says. @error and @status tell what went wrong at any outcome. */
static Outcome
send_request (LpadChannel *self,
              GBytes *request,
              const LpadSegmentSize *form,
              LpadBuffer *answer,
              guint *status,
              GError **error)
{
  gsize size, offset = 0;
  const guint8 *data = g_bytes_get_data (request, &size);
  gboolean with_le = lpad_card_wants_le (self->card) != form->le_toggled;

  for (guint block = 0; block == 0 || offset < size; block++)
    {
      gsize part = MIN (size - offset, form->octets);
      gboolean last = offset + part == size;
      g_autoptr (GError) local = NULL;
      g_autoptr (GBytes) command = lpad_apdu_command (lpad_apdu_cla (0x80, self->number),
                                                      INS_STORE_DATA,
                                                      last ? P1_LAST : P1_MORE,
                                                      (guint8) block,
                                                      data + offset,
                                                      part,
                                                      last && with_le ? 0 : -1);

      if (!send_block (self, command, answer, status, &local))
        {
          Outcome outcome = last ? SENT : outcome_of_fault (local);
          g_propagate_error (error, g_steal_pointer (&local));
          return outcome;
        }
      if (*status == 0x6700 && last)
        return LE_DISLIKED;
      if (*status == 0x6700 || *status == 0x6601)
        return TOO_LONG;
      if (!lpad_apdu_is_ok (*status))
        return SENT;
      offset += part;
    }
  return SENT;
}

/* Sets the error of a request that needs more blocks than can be counted. */
static gboolean
check_blocks (gsize size, const LpadSegmentSize *form, const char *function, GError **error)
{
  if (size <= (gsize) form->octets * BLOCKS_MAX)
    return TRUE;
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_CARD_ERROR,
               "%s: %" G_GSIZE_FORMAT " octets are too many to send in blocks of %u",
               function,
               size,
               form->octets);
  return FALSE;
}

/* Chooses how to send it again. Returns: FALSE when there is nothing left to try */
static gboolean
next_form (LpadSegmentSize *form, gsize request_size, Outcome outcome, gboolean *le_tried)
{
  guint block = (guint) MIN (form->octets, request_size);

  if (outcome == LE_DISLIKED && !*le_tried)
    {
      form->le_toggled = !form->le_toggled;
      *le_tried = TRUE;
      return TRUE;
    }
  if (outcome == LE_DISLIKED)
    form->le_toggled = !form->le_toggled; /* that was not it */
  if (outcome == SENT || outcome == SILENT || block <= LPAD_SEGMENT_SIZE_MIN)
    return FALSE;
  form->octets = MAX (block / 2, LPAD_SEGMENT_SIZE_MIN);
  return TRUE;
}

GBytes *
lpad_channel_store_data (LpadChannel *self, GBytes *request, const char *function, GError **error)
{
  LpadSegmentSize form = *self->segment_size;
  gboolean le_tried = FALSE;

  g_return_val_if_fail (self != NULL && request != NULL && function != NULL, NULL);
  form.octets = CLAMP (form.octets, LPAD_SEGMENT_SIZE_MIN, LPAD_SEGMENT_SIZE_MAX);

  for (;;)
    {
      g_autoptr (LpadBuffer) answer = lpad_buffer_new (LPAD_ANSWER_MAX);
      g_autoptr (GError) local = NULL;
      guint status = 0;

      if (!check_blocks (g_bytes_get_size (request), &form, function, error))
        return NULL;

      guint block = (guint) MIN (form.octets, g_bytes_get_size (request));
      Outcome outcome = send_request (self, request, &form, answer, &status, &local);
      if (local == NULL && lpad_apdu_is_ok (status))
        {
          *self->segment_size = form;
          return lpad_buffer_steal (answer);
        }
      if (next_form (&form, g_bytes_get_size (request), outcome, &le_tried))
        continue;

      if (local == NULL)
        lpad_result_set_status_word (&local, function, status);
      if (outcome == SILENT)
        self->segment_size->octets = MAX (block / 2, LPAD_SEGMENT_SIZE_MIN);
      if (lpad_error_details (local) != NULL)
        lpad_error_details (local)->function = function;
      self->ended = !leaves_channel (local);
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
}
