/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel-probe.h"

#include "firewall.h"

#define BIT(channel)      (1u << (channel))
#define SW_CHANNEL_CLOSED 0x6881
#define SW_SUCCESS        0x9000
#define SW1_MORE          0x61

static const guint8 get_eid[] = { 0x80, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A, 0x00 };

typedef struct
{
  LpadPort *port;
  guint32 ours;
  guint channel;
  LpadChannelProbe found;
  LpadChannelProbeDone done;
  gpointer user_data;
} Probing;

static void probe_next (Probing *probing);

static guint
status_word (GBytes *response)
{
  gsize size;
  const guint8 *octets = g_bytes_get_data (response, &size);

  return (guint) octets[size - 2] << 8 | octets[size - 1];
}

static void
on_probed (const LpadPortAnswer *answer, const GError *error, gpointer user_data)
{
  Probing *probing = user_data;
  guint sw;

  if (g_error_matches (error, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NO_ANSWER))
    {
      probing->done (NULL, probing->user_data);
      g_free (probing);
      return;
    }
  sw = answer != NULL ? status_word (answer->octets) : SW_CHANNEL_CLOSED;
  if (sw != SW_CHANNEL_CLOSED)
    probing->found.open |= BIT (probing->channel);
  if (sw == SW_SUCCESS || sw >> 8 == SW1_MORE)
    probing->found.isd_r |= BIT (probing->channel);
  probing->channel++;
  probe_next (probing);
}

static void
probe_next (Probing *probing)
{
  g_autoptr (GBytes) command = NULL;

  while (probing->channel <= LPAD_PORT_CHANNEL_MAX && (probing->ours & BIT (probing->channel)) != 0)
    probing->channel++;
  if (probing->channel > LPAD_PORT_CHANNEL_MAX)
    {
      probing->done (&probing->found, probing->user_data);
      g_free (probing);
      return;
    }
  command = lpad_modem_command_for_channel (get_eid, sizeof get_eid, probing->channel);
  lpad_port_transmit (probing->port, (guint8) probing->channel, command, on_probed, probing);
}

void
lpad_channel_probe_all (LpadPort *port, guint32 ours, LpadChannelProbeDone done, gpointer user_data)
{
  Probing *probing = g_new0 (Probing, 1);

  probing->port = port;
  probing->ours = ours;
  probing->channel = 1;
  probing->done = done;
  probing->user_data = user_data;
  probe_next (probing);
}

typedef struct
{
  LpadChannelProbeClosed closed;
  gpointer user_data;
  guint waiting;
} Closing;

static void
one_closed (Closing *closing)
{
  if (--closing->waiting > 0)
    return;
  closing->closed (closing->user_data);
  g_free (closing);
}

static void
on_closed (const LpadPortAnswer *answer, const GError *error, gpointer user_data)
{
  one_closed (user_data);
}

void
lpad_channel_probe_close (LpadPort *port, guint32 channels, LpadChannelProbeClosed closed, gpointer user_data)
{
  Closing *closing = g_new0 (Closing, 1);

  closing->closed = closed;
  closing->user_data = user_data;
  closing->waiting = 1;
  for (guint8 channel = 1; channel <= LPAD_PORT_CHANNEL_MAX; channel++)
    {
      if ((channels & BIT (channel)) == 0)
        continue;
      closing->waiting++;
      lpad_port_close_channel (port, channel, on_closed, closing);
    }
  one_closed (closing);
}
