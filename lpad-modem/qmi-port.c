/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmi-port.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define OPEN_TIMEOUT     15 /* seconds */
#define SETUP_TIMEOUT    10
#define REFRESH_WAIT     3  /* seconds after which a refresh is over, told or not */
#define LOOK_TIME        1  /* seconds after which a card that is away is looked for again */
#define LOOKS            10 /* so often */
#define EID_DIGITS_MAX   32
#define ICCID_DIGITS_MAX 20

struct _LpadQmiPort
{
  LpadQmiPortEvents events;
  gpointer user_data;
  GCancellable *cancellable;
  QmiDevice *device;
  QmiClient *client;
  LpadDmsIdentity *identity;
  gulong removed_handler;
  guint refresh_timer;
  guint look_timer;
  guint looks;        /* that are left */
  gboolean told;      /* of slots before */
  gboolean card_seen; /* in the active slot, when last told */
  char *iccid;        /* of that card; "" if not known */
};

/* A callback of a port that has been freed finds its operation cancelled and touches nothing. */
static gboolean
is_cancelled (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

void
lpad_qmi_slot_free (LpadQmiSlot *slot)
{
  g_free (slot->eid);
  g_free (slot->iccid);
  g_free (slot);
}

static void ask_slots (LpadQmiPort *port);

static void
gone (LpadQmiPort *port, const GError *error)
{
  port->events.gone (error, port->user_data);
}

/* Slots */

static char *
digits (GArray *octets, gboolean swapped, gsize maximum)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; octets != NULL && i < octets->len; i++)
    {
      guint8 octet = g_array_index (octets, guint8, i);
      guint8 first = swapped ? octet & 0x0F : octet >> 4, second = swapped ? octet >> 4 : octet & 0x0F;

      g_string_append_printf (text, "%x%x", first, second);
    }
  while (text->len > 0 && text->str[text->len - 1] == 'f')
    g_string_truncate (text, text->len - 1);
  if (text->len > maximum || strspn (text->str, "0123456789") != text->len)
    g_string_truncate (text, 0);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Another profile without a word of a refresh. */
static gboolean
has_switched (LpadQmiPort *port, const char *iccid)
{
  return port->card_seen && port->refresh_timer == 0 && *port->iccid != '\0' && *iccid != '\0'
         && !g_str_equal (port->iccid, iccid);
}

/* Cards that go and come, or change, without a word of a refresh are a refresh all the same. */
static void
tell_slots (LpadQmiPort *port, GPtrArray *slots)
{
  gboolean present = FALSE, switched;
  const char *iccid = "";

  for (guint i = 0; i < slots->len; i++)
    {
      const LpadQmiSlot *slot = g_ptr_array_index (slots, i);

      if (!slot->active || !slot->present)
        continue;
      present = TRUE;
      iccid = slot->iccid;
    }
  switched = present && has_switched (port, iccid);
  if ((port->card_seen && !present) || switched)
    port->events.reset (port->user_data);
  port->events.slots (slots, port->user_data);
  if (switched || (port->told && !port->card_seen && present && port->refresh_timer == 0))
    port->events.refreshed (port->user_data);
  port->told = TRUE;
  port->card_seen = present;
  g_free (port->iccid);
  port->iccid = g_strdup (iccid);
}

static void
take_slots (LpadQmiPort *port, GArray *states, GArray *infos, GArray *eids)
{
  g_autoptr (GPtrArray) slots = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_qmi_slot_free);

  for (guint i = 0; i < states->len; i++)
    {
      const QmiPhysicalSlotStatusSlot *state = &g_array_index (states, QmiPhysicalSlotStatusSlot, i);
      const QmiPhysicalSlotInformationSlot *info
          = infos != NULL && i < infos->len ? &g_array_index (infos, QmiPhysicalSlotInformationSlot, i)
                                            : NULL;
      const QmiSlotEidElement *eid
          = eids != NULL && i < eids->len ? &g_array_index (eids, QmiSlotEidElement, i) : NULL;
      LpadQmiSlot *slot = g_new0 (LpadQmiSlot, 1);

      slot->active = state->physical_slot_status == QMI_UIM_SLOT_STATE_ACTIVE;
      slot->known = TRUE;
      slot->present = state->physical_card_status == QMI_UIM_PHYSICAL_CARD_STATE_PRESENT;
      slot->is_euicc = info != NULL && info->is_euicc;
      slot->eid = digits (eid != NULL ? eid->eid : NULL, FALSE, EID_DIGITS_MAX);
      slot->iccid = digits (state->iccid, TRUE, ICCID_DIGITS_MAX);
      g_ptr_array_add (slots, slot);
    }
  tell_slots (port, slots);
}

/* A modem that knows no slots has one, and we look for its card when somebody opens a channel. */
static void
take_one_slot (LpadQmiPort *port)
{
  g_autoptr (GPtrArray) slots = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_qmi_slot_free);
  LpadQmiSlot *slot = g_new0 (LpadQmiSlot, 1);

  slot->active = TRUE;
  slot->eid = g_strdup ("");
  slot->iccid = g_strdup ("");
  g_ptr_array_add (slots, slot);
  port->events.slots (slots, port->user_data);
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

static gboolean
on_look_time (gpointer user_data)
{
  LpadQmiPort *port = user_data;

  port->look_timer = 0;
  ask_slots (port);
  return G_SOURCE_REMOVE;
}

/* A card that is being reset without a word comes back without one. */
static void
look_again (LpadQmiPort *port)
{
  if (port->card_seen || port->looks == 0 || port->look_timer != 0)
    return;
  port->looks--;
  port->look_timer = g_timeout_add_seconds (LOOK_TIME, on_look_time, port);
}

static void
on_slots (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadQmiPort *port = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (QmiMessageUimGetSlotStatusOutput) output
      = qmi_client_uim_get_slot_status_finish (QMI_CLIENT_UIM (source), result, &error);
  GArray *states = NULL, *infos = NULL, *eids = NULL;

  if (is_cancelled (error))
    return;
  if (output == NULL)
    gone (port, error);
  else if (!qmi_message_uim_get_slot_status_output_get_result (output, NULL)
           || !qmi_message_uim_get_slot_status_output_get_physical_slot_status (output, &states, NULL))
    take_one_slot (port);
  else
    {
      qmi_message_uim_get_slot_status_output_get_physical_slot_information (output, &infos, NULL);
      qmi_message_uim_get_slot_status_output_get_slot_eid (output, &eids, NULL);
      take_slots (port, states, infos, eids);
      look_again (port);
    }
}

static void
ask_slots (LpadQmiPort *port)
{
  qmi_client_uim_get_slot_status (
      QMI_CLIENT_UIM (port->client), NULL, SETUP_TIMEOUT, port->cancellable, on_slots, port);
}

/* Refresh */

static void
refresh_over (LpadQmiPort *port)
{
  g_clear_handle_id (&port->refresh_timer, g_source_remove);
  port->events.refreshed (port->user_data);
  lpad_qmi_port_look (port);
}

static gboolean
on_refresh_wait (gpointer user_data)
{
  LpadQmiPort *port = user_data;

  port->refresh_timer = 0;
  refresh_over (port);
  return G_SOURCE_REMOVE;
}

/* Firmware may forget to tell the end. */
static void
on_refresh (QmiClientUim *client, QmiIndicationUimRefreshOutput *output, gpointer user_data)
{
  LpadQmiPort *port = user_data;
  QmiUimRefreshStage stage;

  if (!qmi_indication_uim_refresh_output_get_event (output, &stage, NULL, NULL, NULL, NULL, NULL))
    return;
  if (stage == QMI_UIM_REFRESH_STAGE_START)
    {
      port->events.reset (port->user_data);
      g_free (port->iccid);
      port->iccid = g_strdup ("");
      g_clear_handle_id (&port->refresh_timer, g_source_remove);
      port->refresh_timer = g_timeout_add_seconds (REFRESH_WAIT, on_refresh_wait, port);
    }
  else if (stage == QMI_UIM_REFRESH_STAGE_END_WITH_SUCCESS || stage == QMI_UIM_REFRESH_STAGE_END_WITH_FAILURE)
    refresh_over (port);
}

/* Opening */

static void
on_identified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadQmiPort *port = user_data;
  g_autoptr (GError) error = NULL;
  LpadDmsIdentity *identity = lpad_dms_identify_finish (result, &error);

  if (is_cancelled (error))
    return;
  port->identity = identity;
  ask_slots (port);
}

/* Events are a help, not a need: a modem that refuses them is used without. */
static void
on_refresh_registered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadQmiPort *port = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (QmiMessageUimRefreshRegisterAllOutput) output G_GNUC_UNUSED
      = qmi_client_uim_refresh_register_all_finish (QMI_CLIENT_UIM (source), result, &error);

  if (!is_cancelled (error))
    lpad_dms_identify (port->device, port->cancellable, on_identified, port);
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

  if (is_cancelled (error))
    return;
  input = qmi_message_uim_refresh_register_all_input_new ();
  no_name = g_array_new (FALSE, FALSE, sizeof (guint8));
  qmi_message_uim_refresh_register_all_input_set_info (input, TRUE, NULL);
  qmi_message_uim_refresh_register_all_input_set_session (
      input, QMI_UIM_SESSION_TYPE_PRIMARY_GW_PROVISIONING, no_name, NULL);
  qmi_client_uim_refresh_register_all (
      QMI_CLIENT_UIM (source), input, SETUP_TIMEOUT, port->cancellable, on_refresh_registered, port);
}

static void
on_client (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadQmiPort *port = user_data;
  g_autoptr (GError) error = NULL;
  QmiClient *client = qmi_device_allocate_client_finish (QMI_DEVICE (source), result, &error);
  g_autoptr (QmiMessageUimRegisterEventsInput) input = NULL;

  if (is_cancelled (error))
    return;
  if (client == NULL)
    {
      gone (port, error);
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
  qmi_client_uim_register_events (
      QMI_CLIENT_UIM (client), input, SETUP_TIMEOUT, port->cancellable, on_events_registered, port);
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
                                SETUP_TIMEOUT,
                                port->cancellable,
                                on_client,
                                port);
  else if (!is_cancelled (error))
    gone (port, error);
}

static void
on_removed (QmiDevice *device, gpointer user_data)
{
  g_autoptr (GError) error
      = g_error_new_literal (LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_FAILED, "The modem or its proxy is gone.");

  gone (user_data, error);
}

static void
on_device (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadQmiPort *port = user_data;
  g_autoptr (GError) error = NULL;
  QmiDevice *device = qmi_device_new_finish (result, &error);

  if (is_cancelled (error))
    return;
  if (device == NULL)
    {
      gone (port, error);
      return;
    }
  port->device = device;
  port->removed_handler = g_signal_connect (device, QMI_DEVICE_SIGNAL_REMOVED, G_CALLBACK (on_removed), port);
  qmi_device_open (device, QMI_DEVICE_OPEN_FLAGS_PROXY, OPEN_TIMEOUT, port->cancellable, on_open, port);
}

/* Whether a qmi-proxy listens: libqmi asks nobody before it starts one of its own. */
static gboolean
proxy_runs (void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  socklen_t size
      = (socklen_t) (G_STRUCT_OFFSET (struct sockaddr_un, sun_path) + 1 + strlen (QMI_PROXY_SOCKET_PATH));
  int sock = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  gboolean runs;

  if (sock < 0)
    return FALSE;
  memcpy (address.sun_path + 1, QMI_PROXY_SOCKET_PATH, strlen (QMI_PROXY_SOCKET_PATH));
  runs = connect (sock, (const struct sockaddr *) &address, size) == 0;
  close (sock);
  return runs;
}

static gboolean
on_no_proxy (gpointer user_data)
{
  LpadQmiPort *port = user_data;
  g_autoptr (GError) error
      = g_error_new_literal (LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NOT_READY, "No qmi-proxy is running.");

  port->refresh_timer = 0;
  gone (port, error);
  return G_SOURCE_REMOVE;
}

LpadQmiPort *
lpad_qmi_port_new (const char *path, const LpadQmiPortEvents *events, gpointer user_data)
{
  LpadQmiPort *port = g_new0 (LpadQmiPort, 1);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  port->events = *events;
  port->iccid = g_strdup ("");
  port->user_data = user_data;
  port->cancellable = g_cancellable_new ();
  if (proxy_runs ())
    qmi_device_new (file, port->cancellable, on_device, port);
  else
    port->refresh_timer = g_idle_add (on_no_proxy, port);
  return port;
}

void
lpad_qmi_port_free (LpadQmiPort *port)
{
  g_cancellable_cancel (port->cancellable);
  g_clear_handle_id (&port->refresh_timer, g_source_remove);
  g_clear_handle_id (&port->look_timer, g_source_remove);
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
  g_clear_pointer (&port->identity, lpad_dms_identity_free);
  g_object_unref (port->cancellable);
  g_free (port->iccid);
  g_free (port);
}

/* Requests */

gboolean
lpad_qmi_port_client (LpadQmiPort *port, guint8 *cid, guint16 *transaction, GError **error)
{
  if (port->client == NULL)
    {
      g_set_error_literal (
          error, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NOT_READY, "The modem is not ready yet.");
      return FALSE;
    }
  *cid = qmi_client_get_cid (port->client);
  *transaction = qmi_client_get_next_transaction_id (port->client);
  return TRUE;
}

void
lpad_qmi_port_send (LpadQmiPort *port,
                    QmiMessage *request,
                    guint timeout_s,
                    GAsyncReadyCallback done,
                    gpointer user_data)
{
  qmi_device_command_full (port->device, request, NULL, timeout_s, port->cancellable, done, user_data);
  qmi_message_unref (request);
}

QmiMessage *
lpad_qmi_port_send_finish (GObject *source, GAsyncResult *result, GError **error)
{
  g_autoptr (GError) failure = NULL;
  QmiMessage *answer = qmi_device_command_full_finish (QMI_DEVICE (source), result, &failure);

  if (answer == NULL)
    g_set_error (
        error, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_FAILED, "The modem did not answer: %s.", failure->message);
  return answer;
}

const LpadDmsIdentity *
lpad_qmi_port_identity (LpadQmiPort *port)
{
  return port->identity;
}

void
lpad_qmi_port_look (LpadQmiPort *port)
{
  port->looks = LOOKS;
  ask_slots (port);
}

void
lpad_qmi_port_reset (LpadQmiPort *port, GAsyncReadyCallback done, gpointer user_data)
{
  lpad_dms_reset (port->device, port->cancellable, done, user_data);
}
