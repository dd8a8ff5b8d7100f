/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mbim-port.h"

#include "mbim-uicc.h"
#include "proxy.h"

#define PROXY "mbim-proxy"

/* The port as its protocol knows it; the first field is what others know. */
typedef struct
{
  LpadPort port;
  MbimDevice *device;
  gboolean open;
  guint group; /* of our channels */
  guint p2;    /* that the card took last */
  guint number_of_slots;
  GPtrArray *slots; /* of LpadCardSlot: what is known of them so far; NULL: nobody is looking */
  guint active;     /* index in slots */
  guint asked;      /* likewise, of the one that is asked for */
  gboolean again;   /* look once more when this look is over */
  gboolean away;    /* the device said that the card is not there, or not ready */
} LpadMbimPort;

static LpadMbimPort *
mbim_port (LpadPort *port)
{
  return (LpadMbimPort *) port;
}

static void
send_message (LpadMbimPort *port,
              MbimMessage *message,
              guint timeout_s,
              GAsyncReadyCallback done,
              gpointer user_data)
{
  mbim_device_command (port->device, message, timeout_s, port->port.cancellable, done, user_data);
  mbim_message_unref (message);
}

/* Looking at slots: which is active, what is in each, and whose card is in the active one */

static void look (LpadPort *base);

static void
on_subscriber (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadMbimPort *port = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (MbimMessage) answer = mbim_device_command_finish (MBIM_DEVICE (source), result, &error);
  g_autoptr (GPtrArray) slots = NULL;

  if (lpad_port_is_cancelled (error))
    return;
  slots = g_steal_pointer (&port->slots);
  if (answer == NULL)
    {
      lpad_port_gone (&port->port, error);
      return;
    }
  lpad_mbim_read_subscriber (answer, FALSE, g_ptr_array_index (slots, port->active));
  lpad_card_watch_slots (port->port.watch, slots);
  if (port->again)
    look (&port->port);
}

static void ask_slot (LpadMbimPort *port);

static void
on_slot_info (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadMbimPort *port = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (MbimMessage) answer = mbim_device_command_finish (MBIM_DEVICE (source), result, &error);

  if (lpad_port_is_cancelled (error))
    return;
  if (answer != NULL)
    lpad_mbim_read_slot (answer, g_ptr_array_index (port->slots, port->asked));
  port->asked++;
  ask_slot (port);
}

/* A device that knows no slots refuses; the subscriber tells of its one. */
static void
ask_slot (LpadMbimPort *port)
{
  if (port->asked < port->number_of_slots)
    send_message (port, lpad_mbim_slot_info (port->asked), LPAD_PORT_SETUP_TIMEOUT, on_slot_info, port);
  else
    send_message (port,
                  mbim_message_subscriber_ready_status_query_new (NULL),
                  LPAD_PORT_SETUP_TIMEOUT,
                  on_subscriber,
                  port);
}

static void
begin_slots (LpadMbimPort *port, guint active)
{
  port->active = active;
  port->asked = 0;
  for (guint i = 0; i < port->number_of_slots; i++)
    {
      LpadCardSlot *slot = g_new0 (LpadCardSlot, 1);

      slot->active = i == active;
      slot->eid = g_strdup ("");
      slot->iccid = g_strdup ("");
      g_ptr_array_add (port->slots, slot);
    }
  ask_slot (port);
}

static void
on_mappings (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadMbimPort *port = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (MbimMessage) answer = mbim_device_command_finish (MBIM_DEVICE (source), result, &error);

  if (!lpad_port_is_cancelled (error))
    begin_slots (port, answer != NULL ? lpad_mbim_active_slot (answer, port->number_of_slots) : 0);
}

static void
look (LpadPort *base)
{
  LpadMbimPort *port = mbim_port (base);

  port->again = port->slots != NULL;
  if (port->again)
    return;
  port->slots = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_card_slot_free);
  if (port->number_of_slots > 1)
    send_message (port,
                  mbim_message_ms_basic_connect_extensions_device_slot_mappings_query_new (NULL),
                  LPAD_PORT_SETUP_TIMEOUT,
                  on_mappings,
                  port);
  else
    begin_slots (port, 0);
}

/* What the device tells by itself */

static void
on_subscriber_told (LpadMbimPort *port, MbimMessage *message)
{
  MbimSubscriberReadyState state;
  gboolean away;

  if (!mbim_message_subscriber_ready_status_notification_parse (
          message, &state, NULL, NULL, NULL, NULL, NULL, NULL))
    return;
  away = state == MBIM_SUBSCRIBER_READY_STATE_NOT_INITIALIZED
         || state == MBIM_SUBSCRIBER_READY_STATE_SIM_NOT_INSERTED;
  if (away && !port->away)
    lpad_card_watch_refresh_begins (port->port.watch);
  else if (!away && port->away)
    lpad_card_watch_refresh_ends (port->port.watch);
  else
    look (&port->port);
  port->away = away;
}

static void
on_told (MbimDevice *device, MbimMessage *message, gpointer user_data)
{
  LpadMbimPort *port = user_data;
  MbimService service = mbim_message_indicate_status_get_service (message);
  guint32 command = mbim_message_indicate_status_get_cid (message);

  if (port->number_of_slots == 0)
    return;
  if (service == MBIM_SERVICE_BASIC_CONNECT && command == MBIM_CID_BASIC_CONNECT_SUBSCRIBER_READY_STATUS)
    on_subscriber_told (port, message);
  else if (service == MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS
           && command == MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_SLOT_INFO_STATUS)
    look (&port->port);
}

/* Opening */

static void
on_system (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadMbimPort *port = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (MbimMessage) answer = mbim_device_command_finish (MBIM_DEVICE (source), result, &error);

  if (lpad_port_is_cancelled (error))
    return;
  port->number_of_slots = answer != NULL ? lpad_mbim_number_of_slots (answer) : 1;
  look (&port->port);
}

static void
on_capabilities (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadMbimPort *port = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (MbimMessage) answer = mbim_device_command_finish (MBIM_DEVICE (source), result, &error);

  if (lpad_port_is_cancelled (error))
    return;
  if (answer == NULL)
    {
      lpad_port_gone (&port->port, error);
      return;
    }
  port->port.identity = lpad_mbim_identity (answer);
  send_message (port,
                mbim_message_ms_basic_connect_extensions_sys_caps_query_new (NULL),
                LPAD_PORT_SETUP_TIMEOUT,
                on_system,
                port);
}

/* Events are a help, not a need: a device that refuses them is used without. */
static void
on_subscribed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadMbimPort *port = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (MbimMessage) answer G_GNUC_UNUSED
      = mbim_device_command_finish (MBIM_DEVICE (source), result, &error);

  if (!lpad_port_is_cancelled (error))
    send_message (
        port, mbim_message_device_caps_query_new (NULL), LPAD_PORT_SETUP_TIMEOUT, on_capabilities, port);
}

static void
on_removed (MbimDevice *device, gpointer user_data)
{
  lpad_port_removed (user_data);
}

static void
on_open (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadMbimPort *port = user_data;
  g_autoptr (GError) error = NULL;

  if (!mbim_device_open_full_finish (MBIM_DEVICE (source), result, &error))
    {
      if (!lpad_port_is_cancelled (error))
        lpad_port_gone (&port->port, error);
      return;
    }
  port->open = TRUE;
  g_signal_connect (source, MBIM_DEVICE_SIGNAL_INDICATE_STATUS, G_CALLBACK (on_told), port);
  send_message (port, lpad_mbim_subscribe (), LPAD_PORT_SETUP_TIMEOUT, on_subscribed, port);
}

static void
on_device (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadMbimPort *port = user_data;
  g_autoptr (GError) error = NULL;
  MbimDevice *device = mbim_device_new_finish (result, &error);

  if (lpad_port_is_cancelled (error))
    return;
  if (device == NULL)
    {
      lpad_port_gone (&port->port, error);
      return;
    }
  port->device = device;
  g_signal_connect (device, MBIM_DEVICE_SIGNAL_REMOVED, G_CALLBACK (on_removed), port);
  mbim_device_open_full (
      device, MBIM_DEVICE_OPEN_FLAGS_PROXY, LPAD_PORT_DEVICE_TIMEOUT, port->port.cancellable, on_open, port);
}

/* Requests */

/* A channel that is being opened: the request is the first field. */
typedef struct
{
  LpadPortRequest request;
  GBytes *aid;
  guint p2;
  gboolean retried;
} Opening;

static void
opening_free (Opening *opening)
{
  g_bytes_unref (opening->aid);
  g_free (opening);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Opening, opening_free)

static gboolean
is_open (LpadPort *port, LpadPortDone done, gpointer user_data)
{
  if (mbim_port (port)->open)
    return TRUE;
  lpad_port_not_ready (done, user_data);
  return FALSE;
}

/* The answer, whatever its status is; NULL and an error when none came. */
static MbimMessage *
receive (GObject *source, GAsyncResult *result, gboolean *cancelled, GError **error)
{
  g_autoptr (GError) failure = NULL;
  MbimMessage *answer = mbim_device_command_finish (MBIM_DEVICE (source), result, &failure);

  *cancelled = failure != NULL && lpad_port_request_failed (failure, error);
  return answer;
}

static void on_opened (GObject *source, GAsyncResult *result, gpointer user_data);

static void
try_to_open (Opening *opening)
{
  LpadMbimPort *port = mbim_port (opening->request.port);

  send_message (port,
                lpad_mbim_open_channel (opening->aid, opening->p2, port->group),
                LPAD_PORT_OPEN_TIMEOUT,
                on_opened,
                opening);
}

/* Some devices and cards take one way to select an application only: the other one is tried once. */
static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Opening) opening = user_data;
  g_autoptr (GError) error = NULL;
  gboolean cancelled;
  g_autoptr (MbimMessage) message = receive (source, result, &cancelled, &error);
  LpadPortAnswer answer = { 0, NULL };

  if (message != NULL)
    answer.octets = lpad_mbim_opened (message, &answer.channel, &error);
  if (message != NULL && error != NULL && !opening->retried && lpad_mbim_other_p2_may_help (message))
    {
      opening->retried = TRUE;
      opening->p2 = opening->p2 == LPAD_MBIM_SELECT_FCP ? LPAD_MBIM_SELECT_NOTHING : LPAD_MBIM_SELECT_FCP;
      try_to_open (g_steal_pointer (&opening));
      return;
    }
  if (error == NULL)
    mbim_port (opening->request.port)->p2 = opening->p2;
  lpad_port_request_end (&opening->request, &answer, error);
  g_clear_pointer (&answer.octets, g_bytes_unref);
}

static void
open_channel (LpadPort *port, GBytes *aid, LpadPortDone done, gpointer user_data)
{
  Opening *opening;

  if (!is_open (port, done, user_data))
    return;
  opening = g_new0 (Opening, 1);
  opening->request = (LpadPortRequest){ port, done, user_data };
  opening->aid = g_bytes_ref (aid);
  opening->p2 = mbim_port (port)->p2;
  try_to_open (opening);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree LpadPortRequest *request = user_data;
  g_autoptr (GError) error = NULL;
  gboolean cancelled;
  g_autoptr (MbimMessage) message = receive (source, result, &cancelled, &error);
  g_autoptr (GBytes) response = message != NULL ? lpad_mbim_sent (message, &error) : NULL;
  const LpadPortAnswer answer = { 0, response };

  lpad_port_request_end (request, &answer, error);
}

static void
transmit (LpadPort *port, guint8 channel, GBytes *command, LpadPortDone done, gpointer user_data)
{
  if (is_open (port, done, user_data))
    send_message (mbim_port (port),
                  lpad_mbim_apdu (channel, command),
                  LPAD_PORT_APDU_TIMEOUT,
                  on_sent,
                  lpad_port_request_new (port, done, user_data));
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree LpadPortRequest *request = user_data;
  g_autoptr (GError) error = NULL;
  gboolean cancelled;
  g_autoptr (MbimMessage) message = receive (source, result, &cancelled, &error);
  const LpadPortAnswer answer = { 0, NULL };

  if (message != NULL)
    (void) lpad_mbim_done (message, &error);
  lpad_port_request_end (request, &answer, error);
}

static void
close_channel (LpadPort *port, guint8 channel, LpadPortDone done, gpointer user_data)
{
  if (is_open (port, done, user_data))
    send_message (mbim_port (port),
                  lpad_mbim_close_channel (channel, mbim_port (port)->group),
                  LPAD_PORT_CLOSE_TIMEOUT,
                  on_done,
                  lpad_port_request_new (port, done, user_data));
}

/* Channels of our group are ours, whichever lpad-modem opened them. */
static void
close_ours (LpadPort *port, LpadPortDone done, gpointer user_data)
{
  close_channel (port, 0, done, user_data);
}

static void
on_card_reset (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree LpadPortRequest *request = user_data;
  g_autoptr (GError) error = NULL;
  gboolean cancelled;
  g_autoptr (MbimMessage) message = receive (source, result, &cancelled, &error);
  const LpadPortAnswer answer = { 0, NULL };
  gboolean good = message != NULL && lpad_mbim_done (message, &error);

  if (good)
    {
      lpad_card_watch_card_is_off (request->port->watch);
      lpad_port_look (request->port);
    }
  lpad_port_request_end (request, &answer, error);
}

static void
power_cycle (LpadPort *port, LpadPortDone done, gpointer user_data)
{
  if (is_open (port, done, user_data))
    send_message (mbim_port (port),
                  lpad_mbim_reset_card (),
                  LPAD_PORT_RESET_TIMEOUT,
                  on_card_reset,
                  lpad_port_request_new (port, done, user_data));
}

/* Some vanish at once instead of an answer, which is what was wanted. */
static void
on_device_reset (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree LpadPortRequest *request = user_data;
  g_autoptr (GError) error = NULL;
  gboolean cancelled;
  g_autoptr (MbimMessage) message = receive (source, result, &cancelled, &error);
  const LpadPortAnswer answer = { 0, NULL };

  if (cancelled)
    g_clear_error (&error);
  else if (message != NULL)
    (void) lpad_mbim_done (message, &error);
  lpad_port_request_end (request, &answer, error);
}

static void
reset (LpadPort *port, LpadPortDone done, gpointer user_data)
{
  if (is_open (port, done, user_data))
    send_message (mbim_port (port),
                  lpad_mbim_reset_device (),
                  LPAD_PORT_RESET_TIMEOUT,
                  on_device_reset,
                  lpad_port_request_new (port, done, user_data));
}

/* Life */

static void
free_port (LpadPort *base)
{
  LpadMbimPort *port = mbim_port (base);

  if (port->device != NULL)
    {
      g_signal_handlers_disconnect_by_data (port->device, port);
      mbim_device_close_force (port->device, NULL);
      g_object_unref (port->device);
    }
  g_clear_pointer (&port->slots, g_ptr_array_unref);
  g_free (port);
}

LpadPort *
lpad_mbim_port_new (const char *path,
                    const LpadModemQuirks *quirks,
                    const LpadPortEvents *events,
                    gpointer user_data)
{
  static const LpadPortClass class = {
    .transport = "mbim",
    .free = free_port,
    .open_channel = open_channel,
    .transmit = transmit,
    .close_channel = close_channel,
    .close_ours = close_ours,
    .power_cycle = power_cycle,
    .reset = reset,
    .look = look,
  };
  LpadMbimPort *port = g_new0 (LpadMbimPort, 1);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  port->p2 = quirks->select_p2;
  port->group = quirks->channel_group;
  lpad_port_init (&port->port, &class, events, user_data);
  if (lpad_modem_proxy_runs (PROXY))
    mbim_device_new (file, port->port.cancellable, on_device, port);
  else
    lpad_port_gone_later (&port->port, "No mbim-proxy is running.");
  return &port->port;
}
