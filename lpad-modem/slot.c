/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "slot.h"

#include "aids.h"
#include "firewall.h"
#include "inhibit.h"
#include "lpad-modem-bus.h"
#include "opener.h"

#define REFUSED_TIME 1 /* second */

struct _LpadModemSlot
{
  gatomicrefcount references;
  GDBusConnection *connection;
  GDBusObjectManagerServer *objects; /* NULL: it has been taken off the bus */
  LpadModemBusObjectSkeleton *object;
  LpadModemBusSlot *skeleton;
  LpadModemChannels *channels;
  const char *config;
  LpadModemJournal *journal;
  LpadModemOpener *opener;
  LpadPort *port;
  guint resets; /* a channel that was opened before one of them is none */
  gboolean inhibiting;
  guint calls;         /* that wait for the modem */
  guint refused_timer; /* until it the bus is not told again of refusals */
};

/* A call of the bus that waits for the modem. */
typedef struct
{
  LpadModemSlot *slot;
  GDBusMethodInvocation *invocation; /* NULL: nobody waits */
  guint resets;
  guint8 card_channel; /* that is being closed */
} Call;

static void
slot_unref (LpadModemSlot *slot)
{
  if (!g_atomic_ref_count_dec (&slot->references))
    return;
  g_object_unref (slot->connection);
  g_object_unref (slot->skeleton);
  g_object_unref (slot->object);
  g_free (slot);
}

static Call *
call_new (LpadModemSlot *slot, GDBusMethodInvocation *invocation)
{
  Call *call = g_new0 (Call, 1);

  g_atomic_ref_count_inc (&slot->references);
  call->slot = slot;
  slot->calls++;
  call->invocation = invocation;
  call->resets = slot->resets;
  return call;
}

static void
call_free (Call *call)
{
  call->slot->calls--;
  slot_unref (call->slot);
  g_free (call);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Call, call_free)

static GVariant *
octets (GBytes *bytes)
{
  return g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE);
}

static gboolean
on_refused_time (gpointer user_data)
{
  LpadModemSlot *slot = user_data;

  slot->refused_timer = 0;
  g_object_thaw_notify (G_OBJECT (slot->skeleton));
  return G_SOURCE_REMOVE;
}

/* Answers that something is not let through, and counts it. A hostile caller does not make us flood the bus.
 */
static gboolean
refuse (LpadModemSlot *slot, GDBusMethodInvocation *invocation, const char *message)
{
  if (slot->refused_timer == 0)
    {
      g_object_freeze_notify (G_OBJECT (slot->skeleton));
      slot->refused_timer = g_timeout_add_seconds (REFUSED_TIME, on_refused_time, slot);
    }
  lpad_modem_bus_slot_set_refused (slot->skeleton, lpad_modem_bus_slot_get_refused (slot->skeleton) + 1);
  g_dbus_method_invocation_return_error_literal (
      invocation, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NOT_ALLOWED, message);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
fail (GDBusMethodInvocation *invocation, LpadModemError code, const char *message)
{
  g_dbus_method_invocation_return_error_literal (invocation, LPAD_MODEM_ERROR, (int) code, message);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* An answer that did not come is a failure like any other to the caller. */
static void
return_error (GDBusMethodInvocation *invocation, const GError *error)
{
  if (g_error_matches (error, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NO_ANSWER))
    fail (invocation, LPAD_MODEM_ERROR_FAILED, error->message);
  else
    g_dbus_method_invocation_return_gerror (invocation, error);
}

/* FALSE: the caller has its answer already. */
static gboolean
can_reach (LpadModemSlot *slot, GDBusMethodInvocation *invocation)
{
  if (slot->port != NULL && lpad_modem_bus_slot_get_active (slot->skeleton))
    return TRUE;
  fail (invocation, LPAD_MODEM_ERROR_NOT_READY, "The modem does not use this slot now.");
  return FALSE;
}

/* A call that has no result but that it was done */
static void
on_call_done (const LpadPortAnswer *answer, const GError *error, gpointer user_data)
{
  g_autoptr (Call) call = user_data;

  if (answer == NULL)
    return_error (call->invocation, error);
  else
    g_dbus_method_invocation_return_value (call->invocation, NULL);
}

/* Closing */

/* Whatever the answer is: a channel that cannot be closed now will not be closed later. Without an answer
 * the next lpad-modem tries. */
static void
note_closed (Call *call, const GError *error)
{
  if (!g_error_matches (error, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NO_ANSWER))
    lpad_modem_journal_closed (call->slot->journal,
                               lpad_modem_bus_slot_get_device (call->slot->skeleton),
                               lpad_modem_bus_slot_get_slot (call->slot->skeleton),
                               call->card_channel);
}

static void
on_closed (const LpadPortAnswer *answer, const GError *error, gpointer user_data)
{
  g_autoptr (Call) call = user_data;

  note_closed (call, error);
  if (call->slot->opener != NULL)
    lpad_modem_opener_tidy (call->slot->opener);
  if (call->invocation == NULL && answer == NULL)
    g_message ("A channel could not be closed: %s", error->message);
  if (call->invocation == NULL)
    return;
  if (answer == NULL)
    return_error (call->invocation, error);
  else
    lpad_modem_bus_slot_complete_close_channel (call->slot->skeleton, call->invocation);
}

static void
close_channel (LpadModemSlot *slot, GDBusMethodInvocation *invocation, guint8 card_channel)
{
  Call *call = call_new (slot, invocation);

  call->card_channel = card_channel;
  lpad_port_close_channel (slot->port, card_channel, on_closed, call);
}

/* Closes a channel that nobody has any more. */
static void
close_unasked (guint8 card_channel, gpointer user_data)
{
  LpadModemSlot *slot = user_data;

  if (slot->port != NULL)
    close_channel (slot, NULL, card_channel);
}

static gboolean
on_close_channel (LpadModemBusSlot *skeleton,
                  GDBusMethodInvocation *invocation,
                  guint number,
                  gpointer user_data)
{
  LpadModemSlot *slot = user_data;
  guint8 card_channel
      = lpad_modem_channels_take (slot->channels, g_dbus_method_invocation_get_sender (invocation), number);

  if (card_channel == 0)
    return fail (invocation, LPAD_MODEM_ERROR_NO_SUCH_CHANNEL, "There is no such channel.");
  if (can_reach (slot, invocation))
    close_channel (slot, invocation, card_channel);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* Opening */

static void
on_opened (const LpadPortAnswer *answer, const GError *error, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  LpadModemSlot *slot = call->slot;
  const char *owner = g_dbus_method_invocation_get_sender (call->invocation);

  if (answer == NULL)
    return_error (call->invocation, error);
  else if (call->resets != slot->resets)
    {
      close_unasked (answer->channel, slot);
      fail (call->invocation, LPAD_MODEM_ERROR_NOT_READY, "The card was reset meanwhile.");
    }
  else
    lpad_modem_bus_slot_complete_open_channel (
        slot->skeleton,
        call->invocation,
        lpad_modem_channels_add (slot->channels, owner, answer->channel),
        octets (answer->octets));
}

static gboolean
on_open_channel (LpadModemBusSlot *skeleton,
                 GDBusMethodInvocation *invocation,
                 GVariant *aid,
                 gpointer user_data)
{
  LpadModemSlot *slot = user_data;
  g_autoptr (GBytes) name = g_variant_get_data_as_bytes (aid);
  g_autoptr (GPtrArray) allowed = lpad_modem_aids_load (slot->config);

  if (!lpad_modem_aid_is_allowed (allowed, g_bytes_get_data (name, NULL), g_bytes_get_size (name)))
    return refuse (slot, invocation, "This application is not for lpad.");
  if (can_reach (slot, invocation))
    lpad_modem_opener_open (slot->opener, name, on_opened, call_new (slot, invocation));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* Commands */

static void
on_sent (const LpadPortAnswer *answer, const GError *error, gpointer user_data)
{
  g_autoptr (Call) call = user_data;

  if (answer == NULL)
    return_error (call->invocation, error);
  else
    lpad_modem_bus_slot_complete_transmit (call->slot->skeleton, call->invocation, octets (answer->octets));
}

static gboolean
on_transmit (LpadModemBusSlot *skeleton,
             GDBusMethodInvocation *invocation,
             guint number,
             GVariant *command,
             gpointer user_data)
{
  LpadModemSlot *slot = user_data;
  gsize size;
  const guint8 *apdu = g_variant_get_fixed_array (command, &size, 1);
  guint8 card_channel
      = lpad_modem_channels_find (slot->channels, g_dbus_method_invocation_get_sender (invocation), number);
  g_autoptr (GBytes) wrapped = NULL;

  if (!lpad_modem_command_is_allowed (apdu, size))
    return refuse (slot, invocation, "This command is not let through to a card.");
  if (card_channel == 0)
    return fail (invocation, LPAD_MODEM_ERROR_NO_SUCH_CHANNEL, "There is no such channel.");
  if (!can_reach (slot, invocation))
    return G_DBUS_METHOD_INVOCATION_HANDLED;
  wrapped = lpad_modem_command_for_channel (apdu, size, card_channel);
  lpad_port_transmit (slot->port, card_channel, wrapped, on_sent, call_new (slot, invocation));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* Power and recovery */

static gboolean
on_power_cycle (LpadModemBusSlot *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
  LpadModemSlot *slot = user_data;

  if (can_reach (slot, invocation))
    lpad_port_power_cycle (slot->port, on_call_done, call_new (slot, invocation));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
on_inhibited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  g_autoptr (GError) error = NULL;

  call->slot->inhibiting = FALSE;
  if (call->slot->port != NULL)
    lpad_port_look (call->slot->port);
  if (lpad_modem_inhibit_finish (result, &error))
    g_dbus_method_invocation_return_value (call->invocation, NULL);
  else
    return_error (call->invocation, error);
}

static gboolean
inhibit (LpadModemSlot *slot, GDBusMethodInvocation *invocation)
{
  if (slot->inhibiting)
    return fail (invocation, LPAD_MODEM_ERROR_NOT_READY, "ModemManager is letting go of the modem already.");
  slot->inhibiting = TRUE;
  lpad_modem_inhibit (slot->connection,
                      lpad_modem_bus_slot_get_physical_device (slot->skeleton),
                      on_inhibited,
                      call_new (slot, invocation));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_recover (LpadModemBusSlot *skeleton,
            GDBusMethodInvocation *invocation,
            const char *step,
            gpointer user_data)
{
  LpadModemSlot *slot = user_data;

  if (g_str_equal (step, "power-cycle"))
    return on_power_cycle (skeleton, invocation, user_data);
  if (g_str_equal (step, "inhibit"))
    return inhibit (slot, invocation);
  if (!g_str_equal (step, "reset"))
    g_dbus_method_invocation_return_error (
        invocation, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "“%s” is no way to recover a modem.", step);
  else if (can_reach (slot, invocation))
    lpad_port_reset (slot->port, on_call_done, call_new (slot, invocation));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* Life */

LpadModemSlot *
lpad_modem_slot_new (const LpadModemService *service,
                     const char *path,
                     const LpadModemPortInfo *info,
                     guint number)
{
  static const char *const nothing[] = { NULL };
  LpadModemSlot *slot = g_new0 (LpadModemSlot, 1);

  g_atomic_ref_count_init (&slot->references);
  slot->connection = g_object_ref (service->connection);
  slot->objects = g_object_ref (service->objects);
  slot->config = service->config;
  slot->journal = service->journal;
  slot->channels = lpad_modem_channels_new (service->connection, close_unasked, slot);
  slot->opener = lpad_modem_opener_new (slot->journal, slot->channels, info->path, number);
  slot->object = lpad_modem_bus_object_skeleton_new (path);
  slot->skeleton = lpad_modem_bus_slot_skeleton_new ();
  lpad_modem_bus_slot_set_device (slot->skeleton, info->path);
  lpad_modem_bus_slot_set_physical_device (slot->skeleton, info->physical_device);
  lpad_modem_bus_slot_set_slot (slot->skeleton, number);
  lpad_modem_bus_slot_set_transport (slot->skeleton, info->transport);
  lpad_modem_bus_slot_set_imei (slot->skeleton, "");
  lpad_modem_bus_slot_set_technologies (slot->skeleton, nothing);
  lpad_modem_bus_slot_set_quirks (slot->skeleton, g_variant_new ("a{sv}", NULL));
  g_signal_connect (slot->skeleton, "handle-open-channel", G_CALLBACK (on_open_channel), slot);
  g_signal_connect (slot->skeleton, "handle-transmit", G_CALLBACK (on_transmit), slot);
  g_signal_connect (slot->skeleton, "handle-close-channel", G_CALLBACK (on_close_channel), slot);
  g_signal_connect (slot->skeleton, "handle-power-cycle", G_CALLBACK (on_power_cycle), slot);
  g_signal_connect (slot->skeleton, "handle-recover", G_CALLBACK (on_recover), slot);
  lpad_modem_bus_object_skeleton_set_slot (slot->object, slot->skeleton);
  return slot;
}

void
lpad_modem_slot_free (LpadModemSlot *slot)
{
  g_dbus_object_manager_server_unexport (slot->objects,
                                         g_dbus_object_get_object_path (G_DBUS_OBJECT (slot->object)));
  g_signal_handlers_disconnect_by_data (slot->skeleton, slot);
  slot->port = NULL;
  g_clear_handle_id (&slot->refused_timer, g_source_remove);
  g_clear_pointer (&slot->opener, lpad_modem_opener_free);
  g_clear_pointer (&slot->channels, lpad_modem_channels_free);
  g_clear_object (&slot->objects);
  slot_unref (slot);
}

void
lpad_modem_slot_set_port (LpadModemSlot *slot, LpadPort *port, const LpadModemQuirks *quirks)
{
  const LpadPortIdentity *identity = lpad_port_identity (port);

  slot->port = port;
  lpad_modem_opener_set_port (slot->opener, port);
  if (identity != NULL)
    {
      lpad_modem_bus_slot_set_imei (slot->skeleton, identity->imei);
      lpad_modem_bus_slot_set_technologies (slot->skeleton, (const char *const *) identity->technologies);
    }
  lpad_modem_bus_slot_set_quirks (slot->skeleton, lpad_modem_quirks_to_variant (quirks));
}

/* Closes what a lpad-modem that crashed has left open. */
static void
close_old (LpadModemSlot *slot)
{
  const char *device = lpad_modem_bus_slot_get_device (slot->skeleton);
  guint number = lpad_modem_bus_slot_get_slot (slot->skeleton);
  guint8 card_channel;

  while ((card_channel = lpad_modem_journal_take_old (slot->journal, device, number)) != 0)
    close_unasked (card_channel, slot);
  lpad_modem_opener_tidy (slot->opener);
}

/* The object is exported once its properties are right. */
void
lpad_modem_slot_update (LpadModemSlot *slot, const LpadCardSlot *state)
{
  const char *card = !state->known ? "unknown" : state->present ? "present" : "absent";

  lpad_modem_bus_slot_set_active (slot->skeleton, state->active);
  lpad_modem_bus_slot_set_card_state (slot->skeleton, card);
  lpad_modem_bus_slot_set_is_euicc (slot->skeleton, state->is_euicc);
  lpad_modem_bus_slot_set_eid (slot->skeleton, state->eid);
  lpad_modem_bus_slot_set_iccid (slot->skeleton, state->iccid);
  if (!g_dbus_object_manager_server_is_exported (slot->objects, G_DBUS_OBJECT_SKELETON (slot->object)))
    g_dbus_object_manager_server_export (slot->objects, G_DBUS_OBJECT_SKELETON (slot->object));
  else
    g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (slot->skeleton));
  if (state->active && (state->present || !state->known))
    close_old (slot);
}

gboolean
lpad_modem_slot_is_active (LpadModemSlot *slot)
{
  return lpad_modem_bus_slot_get_active (slot->skeleton);
}

gboolean
lpad_modem_slot_is_busy (LpadModemSlot *slot)
{
  return slot->calls > 0 || lpad_modem_channels_count (slot->channels) > 0;
}

void
lpad_modem_slot_reset (LpadModemSlot *slot)
{
  slot->resets++;
  if (slot->channels != NULL)
    lpad_modem_channels_forget (slot->channels);
  if (slot->opener != NULL)
    lpad_modem_opener_reset (slot->opener);
  lpad_modem_journal_reset (slot->journal,
                            lpad_modem_bus_slot_get_device (slot->skeleton),
                            lpad_modem_bus_slot_get_slot (slot->skeleton));
}

void
lpad_modem_slot_refreshed (LpadModemSlot *slot)
{
  lpad_modem_bus_slot_emit_refreshed (slot->skeleton);
}

typedef struct
{
  LpadModemSlot *slot;
  GSourceOnceFunc closed;
  gpointer user_data;
  guint waiting;
} CloseAll;

static void
one_closed (CloseAll *all)
{
  if (--all->waiting > 0)
    return;
  lpad_modem_slot_reset (all->slot);
  slot_unref (all->slot);
  all->closed (all->user_data);
  g_free (all);
}

static void
on_one_closed (const LpadPortAnswer *answer, const GError *error, gpointer user_data)
{
  one_closed (user_data);
}

void
lpad_modem_slot_close_all (LpadModemSlot *slot, GSourceOnceFunc closed, gpointer user_data)
{
  CloseAll *all = g_new0 (CloseAll, 1);
  guint8 card_channel;

  g_atomic_ref_count_inc (&slot->references);
  all->slot = slot;
  all->closed = closed;
  all->user_data = user_data;
  all->waiting = 1;
  while ((card_channel = lpad_modem_channels_take_any (slot->channels)) != 0)
    {
      if (slot->port == NULL)
        continue;
      all->waiting++;
      lpad_port_close_channel (slot->port, card_channel, on_one_closed, all);
    }
  one_closed (all);
}
