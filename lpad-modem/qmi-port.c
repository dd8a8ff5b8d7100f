/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmi-port.h"

#include "proxy.h"
#include "qmi-dms.h"
#include "qmi-slots.h"
#include "qmi-uim.h"

#define PROXY "qmi-proxy"

/* The port as its protocol knows it; the first field is what others know. */
typedef struct
{
  LpadPort port;
  QmiDevice *device;
  QmiClient *client;
  gulong removed_handler;
} LpadQmiPort;

static LpadQmiPort *
qmi_port (LpadPort *port)
{
  return (LpadQmiPort *) port;
}

/* Slots */

static void
take_slots (LpadQmiPort *port, const GArray *states, const GArray *infos, const GArray *eids)
{
  g_autoptr (GPtrArray) slots = lpad_qmi_slots_read (states, infos, eids);

  lpad_card_watch_slots (port->port.watch, slots);
}

static void
on_slot_status (QmiClientUim *client, QmiIndicationUimSlotStatusOutput *output, gpointer user_data)
{
  GArray *states = NULL, *infos = NULL, *eids = NULL;

  if (!qmi_indication_uim_slot_status_output_get_physical_slot_status (output, &states, NULL))
    return;
  qmi_indication_uim_slot_status_output_get_physical_slot_information (output, &infos, NULL);
  qmi_indication_uim_slot_status_output_get_slot_eid (output, &eids, NULL);
  take_slots (user_data, states, infos, eids);
}

static void
on_slots (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadQmiPort *port = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (QmiMessageUimGetSlotStatusOutput) output
      = qmi_client_uim_get_slot_status_finish (QMI_CLIENT_UIM (source), result, &error);
  GArray *states = NULL, *infos = NULL, *eids = NULL;

  if (lpad_port_is_cancelled (error))
    return;
  if (output == NULL)
    lpad_port_gone (&port->port, error);
  else if (!qmi_message_uim_get_slot_status_output_get_result (output, NULL)
           || !qmi_message_uim_get_slot_status_output_get_physical_slot_status (output, &states, NULL))
    take_slots (port, NULL, NULL, NULL);
  else
    {
      qmi_message_uim_get_slot_status_output_get_physical_slot_information (output, &infos, NULL);
      qmi_message_uim_get_slot_status_output_get_slot_eid (output, &eids, NULL);
      take_slots (port, states, infos, eids);
    }
}

static void
look (LpadPort *base)
{
  LpadQmiPort *port = qmi_port (base);

  qmi_client_uim_get_slot_status (
      QMI_CLIENT_UIM (port->client), NULL, LPAD_PORT_SETUP_TIMEOUT, base->cancellable, on_slots, port);
}

/* Refresh */

static void
on_refresh (QmiClientUim *client, QmiIndicationUimRefreshOutput *output, gpointer user_data)
{
  LpadPort *port = user_data;
  QmiUimRefreshStage stage;

  if (!qmi_indication_uim_refresh_output_get_event (output, &stage, NULL, NULL, NULL, NULL, NULL))
    return;
  if (stage == QMI_UIM_REFRESH_STAGE_START)
    lpad_card_watch_refresh_begins (port->watch);
  else if (stage == QMI_UIM_REFRESH_STAGE_END_WITH_SUCCESS || stage == QMI_UIM_REFRESH_STAGE_END_WITH_FAILURE)
    lpad_card_watch_refresh_ends (port->watch);
}

/* Opening */

static void
on_identified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadQmiPort *port = user_data;
  g_autoptr (GError) error = NULL;
  LpadPortIdentity *identity = lpad_dms_identify_finish (result, &error);

  if (lpad_port_is_cancelled (error))
    return;
  port->port.identity = identity;
  look (&port->port);
}

/* Events are a help, not a need: a modem that refuses them is used without. */
static void
on_refresh_registered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadQmiPort *port = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (QmiMessageUimRefreshRegisterAllOutput) output G_GNUC_UNUSED
      = qmi_client_uim_refresh_register_all_finish (QMI_CLIENT_UIM (source), result, &error);

  if (!lpad_port_is_cancelled (error))
    lpad_dms_identify (port->device, port->port.cancellable, on_identified, port);
}

static void
on_events_registered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadQmiPort *port = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (QmiMessageUimRegisterEventsOutput) output G_GNUC_UNUSED
      = qmi_client_uim_register_events_finish (QMI_CLIENT_UIM (source), result, &error);
  g_autoptr (QmiMessageUimRefreshRegisterAllInput) input = NULL;
  g_autoptr (GArray) no_name = NULL;

  if (lpad_port_is_cancelled (error))
    return;
  input = qmi_message_uim_refresh_register_all_input_new ();
  no_name = g_array_new (FALSE, FALSE, sizeof (guint8));
  qmi_message_uim_refresh_register_all_input_set_info (input, TRUE, NULL);
  qmi_message_uim_refresh_register_all_input_set_session (
      input, QMI_UIM_SESSION_TYPE_PRIMARY_GW_PROVISIONING, no_name, NULL);
  qmi_client_uim_refresh_register_all (QMI_CLIENT_UIM (source),
                                       input,
                                       LPAD_PORT_SETUP_TIMEOUT,
                                       port->port.cancellable,
                                       on_refresh_registered,
                                       port);
}

static void
on_client (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadQmiPort *port = user_data;
  g_autoptr (GError) error = NULL;
  QmiClient *client = qmi_device_allocate_client_finish (QMI_DEVICE (source), result, &error);
  g_autoptr (QmiMessageUimRegisterEventsInput) input = NULL;

  if (lpad_port_is_cancelled (error))
    return;
  if (client == NULL)
    {
      lpad_port_gone (&port->port, error);
      return;
    }
  port->client = client;
  g_signal_connect (client, "slot-status", G_CALLBACK (on_slot_status), port);
  g_signal_connect (client, "refresh", G_CALLBACK (on_refresh), port);
  input = qmi_message_uim_register_events_input_new ();
  qmi_message_uim_register_events_input_set_event_registration_mask (
      input,
      QMI_UIM_EVENT_REGISTRATION_FLAG_CARD_STATUS | QMI_UIM_EVENT_REGISTRATION_FLAG_PHYSICAL_SLOT_STATUS,
      NULL);
  qmi_client_uim_register_events (QMI_CLIENT_UIM (client),
                                  input,
                                  LPAD_PORT_SETUP_TIMEOUT,
                                  port->port.cancellable,
                                  on_events_registered,
                                  port);
}

static void
on_open (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadQmiPort *port = user_data;
  g_autoptr (GError) error = NULL;

  if (qmi_device_open_finish (QMI_DEVICE (source), result, &error))
    qmi_device_allocate_client (QMI_DEVICE (source),
                                QMI_SERVICE_UIM,
                                QMI_CID_NONE,
                                LPAD_PORT_SETUP_TIMEOUT,
                                port->port.cancellable,
                                on_client,
                                port);
  else if (!lpad_port_is_cancelled (error))
    lpad_port_gone (&port->port, error);
}

static void
on_removed (QmiDevice *device, gpointer user_data)
{
  lpad_port_removed (user_data);
}

static void
on_device (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadQmiPort *port = user_data;
  g_autoptr (GError) error = NULL;
  QmiDevice *device = qmi_device_new_finish (result, &error);

  if (lpad_port_is_cancelled (error))
    return;
  if (device == NULL)
    {
      lpad_port_gone (&port->port, error);
      return;
    }
  port->device = device;
  port->removed_handler = g_signal_connect (device, QMI_DEVICE_SIGNAL_REMOVED, G_CALLBACK (on_removed), port);
  qmi_device_open (
      device, QMI_DEVICE_OPEN_FLAGS_PROXY, LPAD_PORT_DEVICE_TIMEOUT, port->port.cancellable, on_open, port);
}

/* Requests */

/* Number of our UIM client and of its next request; FALSE: the request has been refused. */
static gboolean
can_send (LpadPort *base, guint8 *cid, guint16 *transaction, LpadPortDone done, gpointer user_data)
{
  LpadQmiPort *port = qmi_port (base);

  if (port->client == NULL)
    {
      lpad_port_not_ready (done, user_data);
      return FALSE;
    }
  *cid = qmi_client_get_cid (port->client);
  *transaction = qmi_client_get_next_transaction_id (port->client);
  return TRUE;
}

static void
send_message (LpadPort *base,
              QmiMessage *message,
              guint timeout_s,
              GAsyncReadyCallback done,
              LpadPortRequest *request)
{
  qmi_device_command_full (
      qmi_port (base)->device, message, NULL, timeout_s, base->cancellable, done, request);
  qmi_message_unref (message);
}

/* The answer, whatever its result is; NULL and an error when none came. */
static QmiMessage *
receive (GObject *source, GAsyncResult *result, gboolean *cancelled, GError **error)
{
  g_autoptr (GError) failure = NULL;
  QmiMessage *answer = qmi_device_command_full_finish (QMI_DEVICE (source), result, &failure);

  *cancelled = failure != NULL && lpad_port_request_failed (failure, error);
  return answer;
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree LpadPortRequest *request = user_data;
  g_autoptr (GError) error = NULL;
  gboolean cancelled;
  g_autoptr (QmiMessage) message = receive (source, result, &cancelled, &error);
  LpadPortAnswer answer = { 0, NULL };

  if (message != NULL)
    answer.octets = lpad_uim_opened (message, &answer.channel, &error);
  lpad_port_request_end (request, &answer, error);
  g_clear_pointer (&answer.octets, g_bytes_unref);
}

static void
open_channel (LpadPort *port, GBytes *aid, LpadPortDone done, gpointer user_data)
{
  guint16 transaction;
  guint8 cid;

  if (can_send (port, &cid, &transaction, done, user_data))
    send_message (
        port,
        lpad_uim_open_channel (cid, transaction, g_bytes_get_data (aid, NULL), g_bytes_get_size (aid)),
        LPAD_PORT_OPEN_TIMEOUT,
        on_opened,
        lpad_port_request_new (port, done, user_data));
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree LpadPortRequest *request = user_data;
  g_autoptr (GError) error = NULL;
  gboolean cancelled;
  g_autoptr (QmiMessage) message = receive (source, result, &cancelled, &error);
  g_autoptr (GBytes) response = message != NULL ? lpad_uim_sent (message, &error) : NULL;
  const LpadPortAnswer answer = { 0, response };

  lpad_port_request_end (request, &answer, error);
}

static void
transmit (LpadPort *port, guint8 channel, GBytes *command, LpadPortDone done, gpointer user_data)
{
  guint16 transaction;
  guint8 cid;

  if (can_send (port, &cid, &transaction, done, user_data))
    send_message (port,
                  lpad_uim_send_apdu (cid, transaction, channel, command),
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
  g_autoptr (QmiMessage) message = receive (source, result, &cancelled, &error);
  const LpadPortAnswer answer = { 0, NULL };

  if (message != NULL)
    (void) lpad_uim_done (message, &error);
  lpad_port_request_end (request, &answer, error);
}

static void
close_channel (LpadPort *port, guint8 channel, LpadPortDone done, gpointer user_data)
{
  guint16 transaction;
  guint8 cid;

  if (can_send (port, &cid, &transaction, done, user_data))
    send_message (port,
                  lpad_uim_close_channel (cid, transaction, channel),
                  LPAD_PORT_CLOSE_TIMEOUT,
                  on_done,
                  lpad_port_request_new (port, done, user_data));
}

static void
on_powered_on (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree LpadPortRequest *request = user_data;
  g_autoptr (GError) error = NULL;
  gboolean cancelled;
  g_autoptr (QmiMessage) message = receive (source, result, &cancelled, &error);
  const LpadPortAnswer answer = { 0, NULL };

  if (message != NULL)
    (void) lpad_uim_done (message, &error);
  lpad_port_request_end (request, &answer, error);
  if (!cancelled)
    lpad_port_look (request->port);
}

static void
on_powered_off (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadPortRequest *request = user_data;
  g_autoptr (GError) error = NULL;
  gboolean cancelled;
  g_autoptr (QmiMessage) message = receive (source, result, &cancelled, &error);
  guint16 transaction;
  guint8 cid;

  if (cancelled || message == NULL || !lpad_uim_done (message, &error))
    request->done (NULL, error, request->user_data);
  else
    {
      LpadPort *port = request->port;

      lpad_card_watch_card_is_off (port->watch);
      if (can_send (port, &cid, &transaction, request->done, request->user_data))
        {
          send_message (
              port, lpad_uim_power (cid, transaction, TRUE), LPAD_PORT_RESET_TIMEOUT, on_powered_on, request);
          return;
        }
    }
  g_free (request);
}

static void
power_cycle (LpadPort *port, LpadPortDone done, gpointer user_data)
{
  guint16 transaction;
  guint8 cid;

  if (can_send (port, &cid, &transaction, done, user_data))
    send_message (port,
                  lpad_uim_power (cid, transaction, FALSE),
                  LPAD_PORT_RESET_TIMEOUT,
                  on_powered_off,
                  lpad_port_request_new (port, done, user_data));
}

static void
on_reset (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree LpadPortRequest *request = user_data;
  g_autoptr (GError) error = NULL;
  const LpadPortAnswer answer = { 0, NULL };

  /* Some vanish at once instead of an answer, which is what was wanted. */
  if (!lpad_dms_reset_finish (result, &error) && lpad_port_is_cancelled (error))
    g_clear_error (&error);
  lpad_port_request_end (request, &answer, error);
}

static void
reset (LpadPort *port, LpadPortDone done, gpointer user_data)
{
  guint16 transaction;
  guint8 cid;

  if (can_send (port, &cid, &transaction, done, user_data))
    lpad_dms_reset (
        qmi_port (port)->device, port->cancellable, on_reset, lpad_port_request_new (port, done, user_data));
}

/* Life */

static void
free_port (LpadPort *base)
{
  LpadQmiPort *port = qmi_port (base);

  if (port->client != NULL)
    {
      g_signal_handlers_disconnect_by_data (port->client, port);
      qmi_device_release_client (
          port->device, port->client, QMI_DEVICE_RELEASE_CLIENT_FLAGS_RELEASE_CID, 1, NULL, NULL, NULL);
      g_object_unref (port->client);
    }
  if (port->device != NULL)
    {
      g_signal_handler_disconnect (port->device, port->removed_handler);
      g_object_unref (port->device);
    }
  g_free (port);
}

LpadPort *
lpad_qmi_port_new (const char *path, const LpadPortEvents *events, gpointer user_data)
{
  static const LpadPortClass class = {
    .transport = "qmi",
    .free = free_port,
    .open_channel = open_channel,
    .transmit = transmit,
    .close_channel = close_channel,
    .power_cycle = power_cycle,
    .reset = reset,
    .look = look,
  };
  LpadQmiPort *port = g_new0 (LpadQmiPort, 1);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  lpad_port_init (&port->port, &class, events, user_data);
  if (lpad_modem_proxy_runs (PROXY))
    qmi_device_new (file, port->port.cancellable, on_device, port);
  else
    lpad_port_gone_later (&port->port, "No qmi-proxy is running.");
  return &port->port;
}
