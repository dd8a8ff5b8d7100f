/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manage-channel.h"

#include "apdu.h"
#include "error-details.h"
#include "result.h"

#define INS_MANAGE_CHANNEL      0x70
#define INS_SELECT              0xa4
#define INS_TERMINAL_CAPABILITY 0xaa

#define SW_CHANNEL_NOT_SUPPORTED 0x6881

/* Sends a command whose answer, if it has one, is of no interest: it is not fetched. Returns 0 on failure. */
static guint
transmit_status (LpadCard *card, GBytes *command, GError **error)
{
  g_autoptr (GBytes) response = lpad_apdu_transmit (card, command, error);

  return response != NULL ? lpad_apdu_status (response) : 0;
}

static gboolean
is_selected (guint status)
{
  return lpad_apdu_is_ok (status) || status >> 8 == 0x61;
}

static gboolean
open_any (LpadCard *card, guint *channel, GError **error)
{
  g_autoptr (GBytes) command = lpad_apdu_command (0x00, INS_MANAGE_CHANNEL, 0x00, 0x00, NULL, 0, 1);
  guint status = 0;
  g_autoptr (GBytes) answer = lpad_apdu_exchange (card, 0, command, 256, &status, error);
  if (answer == NULL)
    return FALSE;
  if (!lpad_apdu_is_ok (status))
    {
      lpad_result_set_status_word (error, LPAD_MANAGE_CHANNEL, status);
      return FALSE;
    }

  gsize size;
  const guint8 *number = g_bytes_get_data (answer, &size);
  if (size != 1 || number[0] < 1 || number[0] > LPAD_CHANNEL_MAX)
    {
      g_set_error (
          error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR, "The card opened a channel without a usable number");
      return FALSE;
    }
  *channel = number[0];
  return TRUE;
}

static guint
select_by_name (LpadCard *card, guint channel, GBytes *aid, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (aid, &size);
  g_autoptr (GBytes) command = lpad_apdu_command (
      lpad_apdu_cla (0x00, channel), INS_SELECT, 0x04, 0x00, data, size, lpad_card_wants_le (card) ? 0 : -1);

  return transmit_status (card, command, error);
}

static guint
select_master_file (LpadCard *card, GError **error)
{
  static const guint8 master_file[] = { 0x3f, 0x00 };
  /* P2 0C: no answer wanted */
  g_autoptr (GBytes) select
      = lpad_apdu_command (0x00, INS_SELECT, 0x00, 0x0c, master_file, sizeof master_file, -1);

  return transmit_status (card, select, error);
}

/* Whether a refused SELECT says that there is no such application: 6A82, and what cards say that know no
 * SELECT by name. */
static gboolean
is_absent (guint status)
{
  return status == 0x6a82 || status == 0x6d00 || status == 0x6e00;
}

/* Selects the first of @aids that is there. A card may refuse one for a reason of its own (6985, 6999) and
 * have the next: the reason counts when it has none. */
static gboolean
select_first (LpadCard *card, guint channel, GPtrArray *aids, guint *index, GError **error)
{
  guint refusal = 0;

  for (guint i = 0; i < aids->len; i++)
    {
      guint status = select_by_name (card, channel, aids->pdata[i], error);
      if (status == 0)
        return FALSE;
      if (is_selected (status))
        {
          *index = i;
          return TRUE;
        }
      if (refusal == 0 && !is_absent (status))
        refusal = status;
      if (status == SW_CHANNEL_NOT_SUPPORTED)
        break;
    }
  if (refusal != 0)
    lpad_result_set_status_word (error, "SELECT", refusal);
  else
    g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "The card does not have the application");
  return FALSE;
}

gboolean
lpad_manage_channel_open (LpadCard *card, GPtrArray *aids, guint *index, guint *channel, GError **error)
{
  guint number = 0;

  if (!open_any (card, &number, error))
    return FALSE;
  if (!select_first (card, number, aids, index, error))
    {
      lpad_manage_channel_close (card, number);
      return FALSE;
    }
  *channel = number;
  return TRUE;
}

gboolean
lpad_manage_channel_open_basic (LpadCard *card, GPtrArray *aids, guint *index, GError **error)
{
  return select_first (card, LPAD_BASIC_CHANNEL, aids, index, error);
}

static guint
close_number (LpadCard *card, guint channel, GError **error)
{
  g_autoptr (GBytes) command
      = lpad_apdu_command (0x00, INS_MANAGE_CHANNEL, 0x80, (guint8) channel, NULL, 0, -1);

  return transmit_status (card, command, error);
}

void
lpad_manage_channel_close (LpadCard *card, guint channel)
{
  g_autoptr (GError) error = NULL;
  guint status = channel == LPAD_BASIC_CHANNEL ? select_master_file (card, &error)
                                               : close_number (card, channel, &error);

  if (status == 0)
    g_debug ("channel %u was not closed: %s", channel, error->message);
  else if (!lpad_apdu_is_ok (status))
    g_debug ("channel %u was not closed: status word %04X", channel, status);
}

gboolean
lpad_manage_channel_present_terminal (LpadCard *card, GError **error)
{
  static const guint8 capability[] = { 0xa9, 0x08, 0x81, 0x00, /* channels 4 to 19 */
                                       0x82, 0x01, 0x01,       /* UICC-CLF, as phones say */
                                       0x83, 0x01, 0x07 };     /* LUId, LPDd and LDSd */

  if (select_master_file (card, error) == 0)
    return FALSE;

  g_autoptr (GBytes) terminal
      = lpad_apdu_command (0x80, INS_TERMINAL_CAPABILITY, 0x00, 0x00, capability, sizeof capability, -1);
  return transmit_status (card, terminal, error) != 0;
}
