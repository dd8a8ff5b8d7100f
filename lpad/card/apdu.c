/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "apdu.h"

#include "buffer.h"
#include "error-details.h"
#include "result.h"

#define HEADER_SIZE      4 /* CLA INS P1 P2 */
#define INS_GET_RESPONSE 0xc0
/* A chip that answers in crumbs must not keep lpad busy for ever: this many GET RESPONSE commands, and one
 * more for each so many octets of the maximum, fetch any honest answer. */
#define FETCH_MIN    16
#define FETCH_OCTETS 32

guint8
lpad_apdu_cla (guint8 base, guint channel)
{
  g_return_val_if_fail (channel <= LPAD_CHANNEL_MAX, base);

  /* ETSI TS 102 221, 10.1.1: channels 0 to 3 in the lowest two bits; 4 to 19 in the lowest four, marked by
   * bit 7 */
  if (channel < 4)
    return (base & 0x9c) | channel;
  return (base & 0xb0) | 0x40 | (channel - 4);
}

guint
lpad_apdu_channel (guint8 cla)
{
  return (cla & 0x40) == 0 ? cla & 0x03 : 4 + (cla & 0x0f);
}

GBytes *
lpad_apdu_command (guint8 cla, guint8 ins, guint8 p1, guint8 p2, const guint8 *data, gsize size, int le)
{
  guint8 command[HEADER_SIZE + 1 + 255 + 1] = { cla, ins, p1, p2 };
  gsize used = HEADER_SIZE;

  g_return_val_if_fail (size <= 255, NULL);
  g_return_val_if_fail (le >= -1 && le <= 256, NULL);

  if (size > 0)
    {
      command[used++] = (guint8) size;
      memcpy (command + used, data, size);
      used += size;
    }
  if (le >= 0)
    command[used++] = (guint8) le; /* 256 is written 00 */
  return g_bytes_new (command, used);
}

guint
lpad_apdu_status (GBytes *response)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (response, &size);

  g_return_val_if_fail (size >= 2, 0);
  return (guint) data[size - 2] << 8 | data[size - 1];
}

gboolean
lpad_apdu_is_ok (guint status)
{
  return status == 0x9000 || status >> 8 == 0x91 || status >> 8 == 0x92;
}

/* The same command with @le as its Le octet (ISO/IEC 7816-4, 5.6: 6Cxx). */
static GBytes *
with_le (GBytes *command, guint8 le)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (command, &size);
  gsize body = HEADER_SIZE;

  if (size > HEADER_SIZE + 1)
    body = MIN (size, HEADER_SIZE + 1 + (gsize) data[HEADER_SIZE]);

  g_autoptr (GByteArray) changed = g_byte_array_sized_new (body + 1);
  g_byte_array_append (changed, data, body);
  g_byte_array_append (changed, &le, 1);
  return g_byte_array_free_to_bytes (g_steal_pointer (&changed));
}

GBytes *
lpad_apdu_transmit (LpadCard *card, GBytes *command, GError **error)
{
  g_autoptr (GBytes) response = lpad_card_transmit (card, command, error);

  if (response == NULL || lpad_apdu_status (response) >> 8 != 0x6c)
    return g_steal_pointer (&response);
  g_autoptr (GBytes) again = with_le (command, lpad_apdu_status (response) & 0xff);
  return lpad_card_transmit (card, again, error);
}

/* Sends @command and appends the answer to @answer. */
static gboolean
transmit_into (LpadCard *card, GBytes *command, LpadBuffer *answer, guint *status, GError **error)
{
  g_autoptr (GBytes) response = lpad_apdu_transmit (card, command, error);
  if (response == NULL)
    return FALSE;

  gsize size;
  const guint8 *data = g_bytes_get_data (response, &size);
  if (!lpad_buffer_append (answer, data, size - 2, error))
    return FALSE;
  *status = lpad_apdu_status (response);
  return TRUE;
}

GBytes *
lpad_apdu_exchange (LpadCard *card,
                    guint channel,
                    GBytes *command,
                    gsize maximum,
                    guint *status,
                    GError **error)
{
  g_autoptr (LpadBuffer) answer = lpad_buffer_new (maximum);
  guint word = 0;

  if (!transmit_into (card, command, answer, &word, error))
    return NULL;

  for (gsize left = FETCH_MIN + maximum / FETCH_OCTETS; word >> 8 == 0x61; left--)
    {
      gsize before = lpad_buffer_size (answer);
      /* GET RESPONSE is an interindustry command, also after a proprietary one; 00 announces 256 or more */
      g_autoptr (GBytes) fetch
          = lpad_apdu_command (lpad_apdu_cla (0x00, channel), INS_GET_RESPONSE, 0, 0, NULL, 0, word & 0xff);

      if (!transmit_into (card, fetch, answer, &word, error))
        return NULL;
      if (word >> 8 != 0x61 && !lpad_apdu_is_ok (word))
        {
          lpad_result_set_status_word (error, "GET RESPONSE", word);
          return NULL;
        }
      if (word >> 8 == 0x61 && (left == 1 || lpad_buffer_size (answer) == before))
        {
          g_set_error (error,
                       LPAD_ERROR,
                       LPAD_ERROR_PROTOCOL_ERROR,
                       "The chip announces an answer that it does not hand over");
          return NULL;
        }
    }

  *status = word;
  return lpad_buffer_steal (answer);
}
