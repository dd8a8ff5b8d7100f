/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "firewall.h"
#include "qmi-uim.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* A frame as the proxy hands it over, whatever message it claims to be the answer to. */
static void
read_answer (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) raw = g_byte_array_new ();
  g_autoptr (QmiMessage) message = NULL;
  g_autoptr (GBytes) opened = NULL;
  g_autoptr (GBytes) sent = NULL;
  guint8 channel = 0;

  g_byte_array_append (raw, data, (guint) size);
  message = qmi_message_new_from_raw (raw, NULL);
  if (message == NULL)
    return;
  opened = lpad_uim_opened (message, &channel, NULL);
  g_assert_true (opened == NULL || (channel >= 1 && channel <= 19));
  sent = lpad_uim_sent (message, NULL);
  g_assert_true (sent == NULL || g_bytes_get_size (sent) >= 2);
  (void) lpad_uim_done (message, NULL);
}

/* The same octets as a command of a hostile caller. */
static void
read_command (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) command = NULL;

  if (!lpad_modem_command_is_allowed (data, size))
    return;
  command = lpad_modem_command_for_channel (data, size, 19);
  g_assert_true (lpad_modem_command_is_allowed (g_bytes_get_data (command, NULL), size));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (size > G_MAXUINT16)
    return 0;
  read_answer (data, size);
  read_command (data, size);
  return 0;
}
