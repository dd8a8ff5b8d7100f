/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mbim-uicc.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
read_slots (MbimMessage *message)
{
  LpadCardSlot *slot = g_new0 (LpadCardSlot, 1);

  slot->eid = g_strdup ("");
  slot->iccid = g_strdup ("");
  g_assert_cmpuint (lpad_mbim_number_of_slots (message), <=, 8);
  g_assert_cmpuint (lpad_mbim_active_slot (message, 2), <, 2);
  lpad_mbim_read_slot (message, slot);
  lpad_mbim_read_subscriber (message, FALSE, slot);
  g_assert_nonnull (slot->iccid);
  lpad_card_slot_free (slot);
}

static void
read_answer (MbimMessage *message)
{
  guint8 channel = 0;
  g_autoptr (GBytes) opened = lpad_mbim_opened (message, &channel, NULL);
  g_autoptr (GBytes) sent = lpad_mbim_sent (message, NULL);
  g_autoptr (LpadPortIdentity) identity = lpad_mbim_identity (message);

  g_assert_true (opened == NULL || (channel >= 1 && channel <= LPAD_PORT_CHANNEL_MAX));
  g_assert_true (sent == NULL || g_bytes_get_size (sent) >= 2);
  g_assert_true (identity == NULL || (identity->imei != NULL && identity->technologies != NULL));
  (void) lpad_mbim_other_p2_may_help (message);
  (void) lpad_mbim_done (message, NULL);
}

/* A message as the proxy hands it over, whatever it claims to be the answer to. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (MbimMessage) message = NULL;

  if (size > G_MAXUINT16)
    return 0;
  message = mbim_message_new (data, (guint32) size);
  if (!mbim_message_validate (message, NULL))
    return 0;
  if (mbim_message_get_message_type (message) == MBIM_MESSAGE_TYPE_COMMAND_DONE)
    {
      read_answer (message);
      read_slots (message);
    }
  return 0;
}
