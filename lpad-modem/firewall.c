/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "firewall.h"

#include <string.h>

#define INS_TERMINAL_CAPABILITY 0xAA
#define INS_GET_RESPONSE        0xC0
#define INS_STORE_DATA          0xE2

#define STORE_DATA_MORE 0x11
#define STORE_DATA_LAST 0x91

#define HEADER_SIZE     4
#define PROPRIETARY     0x80
#define FURTHER_CHANNEL 0x40 /* class octets of channels 4 to 19 */

/* Class octets 00-03, 40-4F, 80-83 and C0-CF: first and further interindustry coding and its proprietary
 * twin, without secure messaging and chaining. */
static gboolean
class_is_plain (guint8 cla)
{
  if ((cla & FURTHER_CHANNEL) != 0)
    return (cla & 0x30) == 0;
  return (cla & 0x3C) == 0;
}

/* Cases 2, 3 and 4 of ISO/IEC 7816-3 with short length fields. */
static gboolean
has_body (const guint8 *command, gsize size, gboolean *has_data)
{
  *has_data = size > HEADER_SIZE + 1;
  if (size <= HEADER_SIZE)
    return FALSE;
  if (!*has_data)
    return TRUE;
  return command[4] != 0 && (size == 5u + command[4] || size == 6u + command[4]);
}

gboolean
lpad_modem_command_is_allowed (const guint8 *command, gsize size)
{
  gboolean has_data, proprietary;

  if (size > LPAD_MODEM_COMMAND_MAX || !has_body (command, size, &has_data) || !class_is_plain (command[0]))
    return FALSE;
  proprietary = (command[0] & PROPRIETARY) != 0;
  switch (command[1])
    {
    case INS_STORE_DATA:
      return proprietary && has_data && (command[2] == STORE_DATA_MORE || command[2] == STORE_DATA_LAST);
    case INS_TERMINAL_CAPABILITY:
      return proprietary && has_data && command[2] == 0 && command[3] == 0;
    case INS_GET_RESPONSE:
      return !has_data && command[2] == 0 && command[3] == 0;
    default:
      return FALSE;
    }
}

GBytes *
lpad_modem_command_for_channel (const guint8 *command, gsize size, guint channel)
{
  guint8 *copy = g_memdup2 (command, size);

  copy[0] &= PROPRIETARY;
  copy[0] |= (guint8) (channel < 4 ? channel : FURTHER_CHANNEL | (channel - 4));
  return g_bytes_new_take (copy, size);
}

gboolean
lpad_modem_aid_is_allowed (GPtrArray *allowed, const guint8 *aid, gsize size)
{
  for (guint i = 0; i < allowed->len; i++)
    {
      gsize length;
      const guint8 *name = g_bytes_get_data (g_ptr_array_index (allowed, i), &length);

      if (length == size && memcmp (name, aid, size) == 0)
        return TRUE;
    }
  return FALSE;
}
