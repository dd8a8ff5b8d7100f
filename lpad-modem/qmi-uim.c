/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmi-uim.h"

#define LOGICAL_SLOT 1

#define TLV_RESULT 0x02
/* of requests */
#define TLV_SLOT                  0x01
#define TLV_OPEN_AID              0x10
#define TLV_APDU                  0x02
#define TLV_APDU_CHANNEL          0x10
#define TLV_CLOSE_CHANNEL         0x11
#define TLV_TERMINATE_APPLICATION 0x13
/* of answers */
#define TLV_CHANNEL         0x10
#define TLV_CARD_RESULT     0x11
#define TLV_SELECT_RESPONSE 0x12
#define TLV_APDU_RESPONSE   0x10

#define SW_NO_CHANNEL 0x6A81
#define SW_NOT_FOUND  0x6A82

static QmiMessage *
request (guint8 cid, guint16 transaction, LpadUimMessage number)
{
  QmiMessage *message = qmi_message_new (QMI_SERVICE_UIM, cid, transaction, (guint16) number);
  gsize tlv = qmi_message_tlv_write_init (message, TLV_SLOT, NULL);

  qmi_message_tlv_write_guint8 (message, LOGICAL_SLOT, NULL);
  qmi_message_tlv_write_complete (message, tlv, NULL);
  return message;
}

static void
add_octet (QmiMessage *message, guint8 tag, guint8 value)
{
  gsize tlv = qmi_message_tlv_write_init (message, tag, NULL);

  qmi_message_tlv_write_guint8 (message, value, NULL);
  qmi_message_tlv_write_complete (message, tlv, NULL);
}

QmiMessage *
lpad_uim_open_channel (guint8 cid, guint16 transaction, const guint8 *aid, gsize size)
{
  QmiMessage *message = request (cid, transaction, LPAD_UIM_OPEN_CHANNEL);
  gsize tlv = qmi_message_tlv_write_init (message, TLV_OPEN_AID, NULL);

  qmi_message_tlv_write_guint8 (message, (guint8) size, NULL);
  for (gsize i = 0; i < size; i++)
    qmi_message_tlv_write_guint8 (message, aid[i], NULL);
  qmi_message_tlv_write_complete (message, tlv, NULL);
  return message;
}

QmiMessage *
lpad_uim_send_apdu (guint8 cid, guint16 transaction, guint8 channel, GBytes *command)
{
  QmiMessage *message = request (cid, transaction, LPAD_UIM_SEND_APDU);
  gsize size;
  const guint8 *octets = g_bytes_get_data (command, &size);
  gsize tlv = qmi_message_tlv_write_init (message, TLV_APDU, NULL);

  qmi_message_tlv_write_guint16 (message, QMI_ENDIAN_LITTLE, (guint16) size, NULL);
  for (gsize i = 0; i < size; i++)
    qmi_message_tlv_write_guint8 (message, octets[i], NULL);
  qmi_message_tlv_write_complete (message, tlv, NULL);
  add_octet (message, TLV_APDU_CHANNEL, channel);
  return message;
}

QmiMessage *
lpad_uim_close_channel (guint8 cid, guint16 transaction, guint8 channel)
{
  QmiMessage *message = request (cid, transaction, LPAD_UIM_LOGICAL_CHANNEL);

  add_octet (message, TLV_CLOSE_CHANNEL, channel);
  add_octet (message, TLV_TERMINATE_APPLICATION, TRUE);
  return message;
}

QmiMessage *
lpad_uim_power (guint8 cid, guint16 transaction, gboolean on)
{
  return request (cid, transaction, on ? LPAD_UIM_POWER_ON : LPAD_UIM_POWER_OFF);
}

/* The QMI error of an answer; FALSE for an answer without a result. */
static gboolean
read_result (QmiMessage *answer, guint16 *code, GError **error)
{
  gsize offset = 0, start = qmi_message_tlv_read_init (answer, TLV_RESULT, NULL, NULL);
  guint16 failed = 0;

  if (start != 0 && qmi_message_tlv_read_guint16 (answer, start, &offset, QMI_ENDIAN_LITTLE, &failed, NULL)
      && qmi_message_tlv_read_guint16 (answer, start, &offset, QMI_ENDIAN_LITTLE, code, NULL))
    {
      if (failed == 0)
        *code = QMI_PROTOCOL_ERROR_NONE;
      return TRUE;
    }
  g_set_error_literal (
      error, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_FAILED, "The modem sent an answer without a result.");
  return FALSE;
}

/* Comes with a failure, too; 0: there is none. */
static guint
read_card_result (QmiMessage *answer)
{
  gsize offset = 0, start = qmi_message_tlv_read_init (answer, TLV_CARD_RESULT, NULL, NULL);
  guint8 sw1 = 0, sw2 = 0;

  if (start == 0 || !qmi_message_tlv_read_guint8 (answer, start, &offset, &sw1, NULL)
      || !qmi_message_tlv_read_guint8 (answer, start, &offset, &sw2, NULL))
    return 0;
  return (guint) sw1 << 8 | sw2;
}

static LpadModemError
error_of (guint16 code, guint card_result)
{
  if (card_result == SW_NOT_FOUND)
    return LPAD_MODEM_ERROR_NOT_FOUND;
  if (card_result == SW_NO_CHANNEL || code == QMI_PROTOCOL_ERROR_INSUFFICIENT_RESOURCES)
    return LPAD_MODEM_ERROR_NO_FREE_CHANNEL;
  if (code == QMI_PROTOCOL_ERROR_ACCESS_DENIED)
    return LPAD_MODEM_ERROR_MODEM_REFUSES;
  if (code == QMI_PROTOCOL_ERROR_DEVICE_NOT_READY || code == QMI_PROTOCOL_ERROR_INCOMPATIBLE_STATE)
    return LPAD_MODEM_ERROR_NOT_READY;
  return LPAD_MODEM_ERROR_FAILED;
}

static gboolean
check (QmiMessage *answer, GError **error)
{
  guint16 code = 0;
  guint card_result = read_card_result (answer);
  const char *name;

  if (!read_result (answer, &code, error))
    return FALSE;
  if (code == QMI_PROTOCOL_ERROR_NONE)
    return TRUE;
  name = qmi_protocol_error_get_string ((QmiProtocolError) code);
  if (card_result != 0)
    g_set_error (error,
                 LPAD_MODEM_ERROR,
                 error_of (code, card_result),
                 "The card answered %04X (QMI error %u, %s).",
                 card_result,
                 code,
                 name != NULL ? name : "unknown");
  else
    g_set_error (error,
                 LPAD_MODEM_ERROR,
                 error_of (code, card_result),
                 "The modem answered with QMI error %u, %s.",
                 code,
                 name != NULL ? name : "unknown");
  return FALSE;
}

/* The octets of a TLV with a length of one octet or, if @wide, two before them. */
static GBytes *
read_octets (QmiMessage *answer, guint8 tag, gboolean wide)
{
  gsize offset = 0, start = qmi_message_tlv_read_init (answer, tag, NULL, NULL);
  g_autoptr (GByteArray) octets = g_byte_array_new ();
  guint16 size = 0;
  guint8 short_size = 0;

  if (start == 0)
    return NULL;
  if (wide ? !qmi_message_tlv_read_guint16 (answer, start, &offset, QMI_ENDIAN_LITTLE, &size, NULL)
           : !qmi_message_tlv_read_guint8 (answer, start, &offset, &short_size, NULL))
    return NULL;
  for (guint i = 0; i < (wide ? size : short_size); i++)
    {
      guint8 octet;

      if (!qmi_message_tlv_read_guint8 (answer, start, &offset, &octet, NULL))
        return NULL;
      g_byte_array_append (octets, &octet, 1);
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&octets));
}

GBytes *
lpad_uim_opened (QmiMessage *answer, guint8 *channel, GError **error)
{
  gsize offset = 0, start;
  GBytes *response;

  if (!check (answer, error))
    return NULL;
  start = qmi_message_tlv_read_init (answer, TLV_CHANNEL, NULL, NULL);
  if (start == 0 || !qmi_message_tlv_read_guint8 (answer, start, &offset, channel, NULL) || *channel == 0
      || *channel > LPAD_PORT_CHANNEL_MAX)
    {
      g_set_error_literal (error,
                           LPAD_MODEM_ERROR,
                           LPAD_MODEM_ERROR_FAILED,
                           "The modem opened a channel and did not say which.");
      return NULL;
    }
  response = read_octets (answer, TLV_SELECT_RESPONSE, FALSE);
  return response != NULL ? response : g_bytes_new (NULL, 0);
}

GBytes *
lpad_uim_sent (QmiMessage *answer, GError **error)
{
  g_autoptr (GBytes) response = NULL;

  if (!check (answer, error))
    return NULL;
  response = read_octets (answer, TLV_APDU_RESPONSE, TRUE);
  if (response != NULL && g_bytes_get_size (response) >= 2
      && g_bytes_get_size (response) <= LPAD_PORT_ANSWER_MAX)
    return g_steal_pointer (&response);
  g_set_error_literal (error,
                       LPAD_MODEM_ERROR,
                       LPAD_MODEM_ERROR_FAILED,
                       "The modem's answer to a command of the card is too long or none.");
  return NULL;
}

gboolean
lpad_uim_done (QmiMessage *answer, GError **error)
{
  guint16 code = 0;

  if (!read_result (answer, &code, error))
    return FALSE;
  return code == QMI_PROTOCOL_ERROR_NO_EFFECT || check (answer, error);
}
