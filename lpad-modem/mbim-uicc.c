/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mbim-uicc.h"

#include <string.h>

#include "identity.h"
#include "technologies.h"

#define SLOTS_MAX 8
#define ICCID_MAX 20
/* Slot states: libmbim 1.28 has a name for the first that is misspelled */
#define STATE_OFF_EMPTY 1u
#define STATE_LAST      8u

/* Of an answer: octets of its header, and where in it the number of fragments is */
#define ANSWER_MIN       48
#define FRAGMENTS_OFFSET 12

#define HEADER_SIZE     4
#define INS_STORE_DATA  0xE2
#define STORE_DATA_LAST 0x91

/* Statuses of MS UICC Low Level Access, which libmbim 1.28 does not name */
#define STATUS_NO_LOGICAL_CHANNELS     0x87430001u
#define STATUS_SELECT_FAILED           0x87430002u
#define STATUS_INVALID_LOGICAL_CHANNEL 0x87430003u

#define SW_NO_CHANNEL 0x6A81
#define SW_NOT_FOUND  0x6A82

/* Requests */

MbimMessage *
lpad_mbim_open_channel (GBytes *aid, guint p2, guint group)
{
  gsize size;
  const guint8 *octets = g_bytes_get_data (aid, &size);

  return mbim_message_ms_uicc_low_level_access_open_channel_set_new ((guint32) size, octets, p2, group, NULL);
}

static gboolean
needs_le (const guint8 *command, gsize size)
{
  return size > HEADER_SIZE + 1 && command[1] == INS_STORE_DATA && command[2] == STORE_DATA_LAST
         && size == HEADER_SIZE + 1u + command[4];
}

MbimMessage *
lpad_mbim_apdu (guint8 channel, GBytes *command)
{
  gsize size;
  const guint8 *octets = g_bytes_get_data (command, &size);
  g_autoptr (GByteArray) whole = g_byte_array_sized_new ((guint) size + 1);

  g_byte_array_append (whole, octets, (guint) size);
  if (needs_le (octets, size))
    g_byte_array_append (whole, (const guint8 *) "", 1);
  return mbim_message_ms_uicc_low_level_access_apdu_set_new (channel,
                                                             MBIM_UICC_SECURE_MESSAGING_NONE,
                                                             MBIM_UICC_CLASS_BYTE_TYPE_EXTENDED,
                                                             whole->len,
                                                             whole->data,
                                                             NULL);
}

MbimMessage *
lpad_mbim_close_channel (guint8 channel, guint group)
{
  return mbim_message_ms_uicc_low_level_access_close_channel_set_new (channel, group, NULL);
}

MbimMessage *
lpad_mbim_reset_card (void)
{
  return mbim_message_ms_uicc_low_level_access_reset_set_new (MBIM_UICC_PASS_THROUGH_ACTION_DISABLE, NULL);
}

MbimMessage *
lpad_mbim_reset_device (void)
{
  return mbim_message_command_new (0,
                                   MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS,
                                   MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_DEVICE_RESET,
                                   MBIM_MESSAGE_COMMAND_TYPE_SET);
}

MbimMessage *
lpad_mbim_subscribe (void)
{
  guint32 subscriber[] = { MBIM_CID_BASIC_CONNECT_SUBSCRIBER_READY_STATUS };
  guint32 slots[] = { MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_SLOT_INFO_STATUS };
  MbimEventEntry basic = { *MBIM_UUID_BASIC_CONNECT, G_N_ELEMENTS (subscriber), subscriber };
  MbimEventEntry extensions = { *MBIM_UUID_MS_BASIC_CONNECT_EXTENSIONS, G_N_ELEMENTS (slots), slots };
  const MbimEventEntry *const entries[] = { &basic, &extensions, NULL };

  return mbim_message_device_service_subscribe_list_set_new (2, entries, NULL);
}

MbimMessage *
lpad_mbim_slot_info (guint index)
{
  return mbim_message_ms_basic_connect_extensions_slot_info_status_query_new (index, NULL);
}

/* Answers */

static LpadModemError
error_of (guint32 status, guint sw)
{
  if (sw == SW_NOT_FOUND)
    return LPAD_MODEM_ERROR_NOT_FOUND;
  if (sw == SW_NO_CHANNEL)
    return LPAD_MODEM_ERROR_NO_FREE_CHANNEL;
  switch (status)
    {
    case STATUS_NO_LOGICAL_CHANNELS:
      return LPAD_MODEM_ERROR_NO_FREE_CHANNEL;
    case STATUS_INVALID_LOGICAL_CHANNEL:
      return LPAD_MODEM_ERROR_NO_SUCH_CHANNEL;
    case MBIM_STATUS_ERROR_OPERATION_NOT_ALLOWED:
      return LPAD_MODEM_ERROR_MODEM_REFUSES;
    case MBIM_STATUS_ERROR_BUSY:
    case MBIM_STATUS_ERROR_SIM_NOT_INSERTED:
    case MBIM_STATUS_ERROR_NOT_INITIALIZED:
      return LPAD_MODEM_ERROR_NOT_READY;
    case MBIM_STATUS_ERROR_NO_DEVICE_SUPPORT:
      return LPAD_MODEM_ERROR_NOT_SUPPORTED;
    default:
      return LPAD_MODEM_ERROR_FAILED;
    }
}

/* The status word as it is on the card: its first octet is the low one of the number. */
static guint
status_word (guint32 value)
{
  return (value & 0xFF) << 8 | (value >> 8 & 0xFF);
}

/* An answer of one fragment: what comes in several has been put together, and libmbim reads no other. */
static gboolean
is_answer (MbimMessage *message)
{
  guint32 size, fragments;
  const guint8 *raw = mbim_message_get_raw (message, &size, NULL);

  if (raw == NULL || size < ANSWER_MIN
      || mbim_message_get_message_type (message) != MBIM_MESSAGE_TYPE_COMMAND_DONE)
    return FALSE;
  memcpy (&fragments, raw + FRAGMENTS_OFFSET, sizeof fragments);
  return GUINT32_FROM_LE (fragments) == 1;
}

/* @sw: what the card said to it; 0: nothing is known. FALSE: not an answer, or a failure */
static gboolean
check (MbimMessage *answer, guint sw, GError **error)
{
  guint32 status;

  if (!is_answer (answer))
    {
      g_set_error_literal (
          error, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_FAILED, "The modem sent an answer that is none.");
      return FALSE;
    }
  status = (guint32) mbim_message_command_done_get_status_code (answer);
  if (status == MBIM_STATUS_ERROR_NONE)
    return TRUE;
  if (sw != 0)
    g_set_error (error,
                 LPAD_MODEM_ERROR,
                 (int) error_of (status, sw),
                 "The card answered %04X (MBIM status %#x).",
                 sw,
                 status);
  else
    g_set_error (error,
                 LPAD_MODEM_ERROR,
                 (int) error_of (status, sw),
                 "The modem answered with MBIM status %#x.",
                 status);
  return FALSE;
}

static gboolean
read_channel (MbimMessage *answer, guint *sw, guint32 *channel, guint32 *size, const guint8 **response)
{
  guint32 status = 0;

  if (!is_answer (answer)
      || !mbim_message_ms_uicc_low_level_access_open_channel_response_parse (
          answer, &status, channel, size, response, NULL))
    return FALSE;
  *sw = status_word (status);
  return TRUE;
}

GBytes *
lpad_mbim_opened (MbimMessage *answer, guint8 *channel, GError **error)
{
  guint sw = 0;
  guint32 number = 0, size = 0;
  const guint8 *response = NULL;
  gboolean whole = read_channel (answer, &sw, &number, &size, &response);

  if (!check (answer, sw, error))
    return NULL;
  if (!whole || number == 0 || number > LPAD_PORT_CHANNEL_MAX || size > LPAD_PORT_ANSWER_MAX)
    {
      g_set_error_literal (error,
                           LPAD_MODEM_ERROR,
                           LPAD_MODEM_ERROR_FAILED,
                           "The modem opened a channel and did not say which.");
      return NULL;
    }
  *channel = (guint8) number;
  return g_bytes_new (response, size);
}

gboolean
lpad_mbim_other_p2_may_help (MbimMessage *answer)
{
  guint sw = 0;
  guint32 number, size, status;
  const guint8 *response;

  if (!is_answer (answer))
    return FALSE;
  status = (guint32) mbim_message_command_done_get_status_code (answer);
  (void) read_channel (answer, &sw, &number, &size, &response);
  return status == MBIM_STATUS_ERROR_INVALID_PARAMETERS
         || (status == STATUS_SELECT_FAILED && sw != SW_NOT_FOUND);
}

GBytes *
lpad_mbim_sent (MbimMessage *answer, GError **error)
{
  guint32 status = 0, size = 0;
  const guint8 *response = NULL;
  GByteArray *whole;
  guint8 sw[2];

  if (!check (answer, 0, error))
    return NULL;
  if (!mbim_message_ms_uicc_low_level_access_apdu_response_parse (answer, &status, &size, &response, NULL)
      || size > LPAD_PORT_ANSWER_MAX - sizeof sw)
    {
      g_set_error_literal (error,
                           LPAD_MODEM_ERROR,
                           LPAD_MODEM_ERROR_FAILED,
                           "The modem's answer to a command of the card is too long or none.");
      return NULL;
    }
  sw[0] = (guint8) (status & 0xFF);
  sw[1] = (guint8) (status >> 8 & 0xFF);
  whole = g_byte_array_new ();
  g_byte_array_append (whole, response, size);
  g_byte_array_append (whole, sw, sizeof sw);
  return g_byte_array_free_to_bytes (whole);
}

gboolean
lpad_mbim_done (MbimMessage *answer, GError **error)
{
  return check (answer, 0, error);
}

/* Who the modem is, and its slots */

LpadPortIdentity *
lpad_mbim_identity (MbimMessage *answer)
{
  g_autofree char *imei = NULL;
  g_autofree char *revision = NULL;
  MbimDataClass classes = 0;
  LpadPortIdentity *identity;

  if (!check (answer, 0, NULL)
      || !mbim_message_device_caps_response_parse (
          answer, NULL, NULL, NULL, NULL, &classes, NULL, NULL, NULL, NULL, &imei, &revision, NULL, NULL))
    return NULL;
  identity = g_new0 (LpadPortIdentity, 1);
  identity->imei = lpad_modem_clean_imei (imei);
  identity->revision = lpad_modem_clean_revision (revision);
  identity->technologies = lpad_modem_technologies_from_mbim (classes);
  return identity;
}

guint
lpad_mbim_number_of_slots (MbimMessage *answer)
{
  guint32 slots = 0;

  if (!check (answer, 0, NULL)
      || !mbim_message_ms_basic_connect_extensions_sys_caps_response_parse (
          answer, NULL, &slots, NULL, NULL, NULL))
    return 1;
  return CLAMP (slots, 1, SLOTS_MAX);
}

/* libmbim believes any count of mappings, and makes room for so many. */
guint
lpad_mbim_active_slot (MbimMessage *answer, guint slots)
{
  guint32 count = 0;
  g_autoptr (MbimSlotArray) map = NULL;

  if (!check (answer, 0, NULL)
      || !mbim_message_ms_basic_connect_extensions_device_slot_mappings_response_parse (
          answer, &count, NULL, NULL)
      || count == 0 || count > SLOTS_MAX
      || !mbim_message_ms_basic_connect_extensions_device_slot_mappings_response_parse (
          answer, NULL, &map, NULL)
      || map == NULL || map[0] == NULL || map[0]->slot >= slots)
    return 0;
  return map[0]->slot;
}

void
lpad_mbim_read_slot (MbimMessage *answer, LpadCardSlot *slot)
{
  MbimUiccSlotState state = MBIM_UICC_SLOT_STATE_UNKNOWN;

  if (!check (answer, 0, NULL)
      || !mbim_message_ms_basic_connect_extensions_slot_info_status_response_parse (
          answer, NULL, &state, NULL)
      || state == MBIM_UICC_SLOT_STATE_UNKNOWN || state > STATE_LAST)
    return;
  slot->known = TRUE;
  slot->present
      = state != MBIM_UICC_SLOT_STATE_EMPTY && state != STATE_OFF_EMPTY && state != MBIM_UICC_SLOT_STATE_OFF;
  slot->is_euicc
      = state == MBIM_UICC_SLOT_STATE_ACTIVE_ESIM || state == MBIM_UICC_SLOT_STATE_ACTIVE_ESIM_NO_PROFILES;
}

static char *
clean_iccid (const char *text)
{
  g_autofree char *digits = g_strdup (text != NULL ? text : "");
  gsize length = strlen (digits);

  while (length > 0 && (digits[length - 1] == 'F' || digits[length - 1] == 'f'))
    digits[--length] = '\0';
  if (length > ICCID_MAX || strspn (digits, "0123456789") != length)
    return g_strdup ("");
  return g_steal_pointer (&digits);
}

void
lpad_mbim_read_subscriber (MbimMessage *message, gboolean told, LpadCardSlot *slot)
{
  MbimSubscriberReadyState state = MBIM_SUBSCRIBER_READY_STATE_NOT_INITIALIZED;
  g_autofree char *iccid = NULL;
  gboolean read;

  if (told)
    read = mbim_message_subscriber_ready_status_notification_parse (
        message, &state, NULL, &iccid, NULL, NULL, NULL, NULL);
  else
    read = check (message, 0, NULL)
           && mbim_message_subscriber_ready_status_response_parse (
               message, &state, NULL, &iccid, NULL, NULL, NULL, NULL);
  if (!read)
    return;
  if (!slot->known)
    {
      slot->known = TRUE;
      slot->present = state != MBIM_SUBSCRIBER_READY_STATE_SIM_NOT_INSERTED;
    }
  g_free (slot->iccid);
  slot->iccid = clean_iccid (slot->present ? iccid : NULL);
}
