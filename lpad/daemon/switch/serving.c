/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "serving.h"

#include <string.h>

#include "identifiers.h"
#include "lpad-modem-bus.h"
#include "modem-manager.h"
#include "modems.h"

#define LOOK_MS         100
#define RECOVER_TIMEOUT 60000 /* ms */
#define WAIT_MAX        60    /* seconds that a modem may say it needs */

/* ModemManager shows no other ICCIDs. */
#define ICCID_PREFIX "89"
#define ICCID_MIN    19

#define WITHOUT_MANAGER                                                                                      \
  "ModemManager has ended during the switch: nobody connects with the profile until it runs again "          \
  "(systemctl start ModemManager)."

struct _LpadServing
{
  LpadOperation *operation;
  LpadStateCommand command;
  char *iccid;
  char *eid;
  char *slot_name;
  char *physical_device;
  gboolean slot_tells; /* the modem itself knows ICCIDs */
  gboolean managed;    /* ModemManager ran when the chip was told */
  LpadModemBusSlot *slot;
  gulong refreshed_handler;
  guint refreshes; /* indications since the begin */

  LpadRecovery recovery;
  GPtrArray *steps; /* names of those that were taken */
  guint timer;
  gboolean doubt;
  GCancellable *cancellable;
  LpadServingFunc done;
  gpointer user_data;
};

static LpadCore *
core_of (LpadServing *self)
{
  return lpad_euicc_core (lpad_operation_euicc (self->operation));
}

static gint64
now_ms (void)
{
  return g_get_monotonic_time () / 1000;
}

static const char *
text (const char *value)
{
  return value != NULL ? value : "";
}

static void
on_refreshed (LpadModemBusSlot *slot, gpointer user_data)
{
  LpadServing *self = user_data;

  self->refreshes++;
}

static void
let_go_of_slot (LpadServing *self)
{
  if (self->slot == NULL)
    return;
  g_clear_signal_handler (&self->refreshed_handler, self->slot);
  g_clear_object (&self->slot);
}

/* The slot as lpad-modem shows it now: after a reset it is another object. */
static void
take_slot (LpadServing *self)
{
  LpadModems *modems = core_of (self)->modems;
  LpadModemBusSlot *slot = modems != NULL ? lpad_modems_find (modems, self->slot_name) : NULL;

  if (slot == self->slot)
    return;
  let_go_of_slot (self);
  if (slot == NULL)
    return;
  self->slot = g_object_ref (slot);
  self->refreshed_handler = g_signal_connect (slot, "refreshed", G_CALLBACK (on_refreshed), self);
}

/* A chip that is an object anew takes the operation. Returns: FALSE: it is not there */
static gboolean
follow_chip (LpadServing *self)
{
  LpadEuicc *euicc;

  if (!lpad_euicc_is_gone (lpad_operation_euicc (self->operation)))
    return TRUE;
  euicc = lpad_euicc_find (core_of (self), self->eid);
  if (euicc == NULL)
    return FALSE;
  lpad_operation_move (self->operation, euicc);
  return TRUE;
}

static const LpadSeenModem *
find_modem (LpadServing *self)
{
  LpadModemManager *manager = core_of (self)->modem_manager;

  return manager == NULL ? NULL : lpad_modem_manager_find (manager, self->physical_device);
}

static gboolean
manager_runs (LpadServing *self)
{
  LpadModemManager *manager = core_of (self)->modem_manager;

  return manager != NULL && lpad_modem_manager_is_running (manager);
}

/* @shown: "": none */
static LpadRecoverySight
compare (LpadServing *self, const char *shown)
{
  gboolean same = g_str_equal (shown, self->iccid);

  /* After a test profile the one that it has displaced comes back. */
  if (self->command == LPAD_STATE_COMMAND_DISABLE)
    return same ? LPAD_SIGHT_OTHER : LPAD_SIGHT_WANTED;
  return same ? LPAD_SIGHT_WANTED : LPAD_SIGHT_OTHER;
}

static gboolean
is_shown_by_manager (LpadServing *self)
{
  return g_str_has_prefix (self->iccid, ICCID_PREFIX) && strlen (self->iccid) >= ICCID_MIN;
}

/* A ModemManager that is started anew reads the card anew: then the modem's own word is enough. */
static LpadRecoverySight
look (LpadServing *self)
{
  const LpadSeenModem *modem = find_modem (self);

  if (!follow_chip (self) || self->slot == NULL)
    return LPAD_SIGHT_AWAY;
  if (manager_runs (self) && is_shown_by_manager (self) && *self->physical_device != '\0')
    {
      if (modem == NULL || !modem->settled)
        return LPAD_SIGHT_AWAY;
      return compare (self, modem->without_sim ? "" : modem->iccid);
    }
  if (!self->slot_tells)
    return LPAD_SIGHT_UNKNOWN;
  return compare (self, text (lpad_modem_bus_slot_get_iccid (self->slot)));
}

/* Whether somebody may be using the network by way of this modem. */
static gboolean
is_network_needed (LpadServing *self)
{
  LpadCore *core = core_of (self);
  const LpadSeenModem *modem = find_modem (self);

  if (manager_runs (self) && (modem == NULL || !modem->connected))
    return FALSE;
  for (guint i = 0; i < core->operations->len; i++)
    {
      LpadOperation *other = core->operations->pdata[i];

      if (other != self->operation && lpad_operation_needs_network (other))
        return TRUE;
    }
  return FALSE;
}

/* The steps */

static void
stop_looking (LpadServing *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
}

static void
end (LpadServing *self, LpadServingEnd how)
{
  stop_looking (self);
  if (how == LPAD_SERVING_DONE && self->managed && !manager_runs (self))
    lpad_operation_add_result (self->operation, "warning", g_variant_new_string (WITHOUT_MANAGER));
  self->done (self->operation, how, self->user_data);
}

static gboolean on_look (gpointer user_data);

static void
keep_looking (LpadServing *self)
{
  if (self->timer == 0)
    self->timer = g_timeout_add (LOOK_MS, on_look, self);
}

static void
on_recovered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadServing *self = user_data;
  g_autoptr (GError) error = NULL;

  (void) lpad_modem_bus_slot_call_recover_finish (LPAD_MODEM_BUS_SLOT (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (error != NULL)
    g_message ("A step towards the new profile has failed in the modem: %s", error->message);
  lpad_recovery_done (&self->recovery, now_ms ());
  keep_looking (self);
}

static void
take_step (LpadServing *self)
{
  const char *name = lpad_recovery_step_name (lpad_recovery_step (&self->recovery));

  g_ptr_array_add (self->steps, g_strdup (name));
  g_message ("The modem does not serve the new profile yet, or the chip cannot be read; next step: %s.",
             name);
  if (self->slot == NULL)
    {
      lpad_recovery_done (&self->recovery, now_ms ());
      return;
    }
  stop_looking (self);
  lpad_modem_bus_slot_call_recover (self->slot,
                                    name,
                                    G_DBUS_CALL_FLAGS_NO_AUTO_START,
                                    RECOVER_TIMEOUT,
                                    self->cancellable,
                                    on_recovered,
                                    self);
}

static void
give_up (LpadServing *self)
{
  if (lpad_euicc_is_gone (lpad_operation_euicc (self->operation)))
    end (self, LPAD_SERVING_GONE);
  else
    end (self, self->recovery.held_up ? LPAD_SERVING_HELD_UP : LPAD_SERVING_GIVEN_UP);
}

static void
decide (LpadServing *self)
{
  LpadRecoveryView view;
  gint64 until;

  take_slot (self);
  if (self->refreshes > 0)
    lpad_recovery_indicated (&self->recovery, now_ms ());
  view.sight = look (self);
  view.managed = manager_runs (self);
  view.network_busy = is_network_needed (self);

  switch (lpad_recovery_decide (&self->recovery, &view, now_ms (), &until))
    {
    case LPAD_RECOVERY_DONE:
      end (self, LPAD_SERVING_DONE);
      break;
    case LPAD_RECOVERY_WAIT:
      if (core_of (self)->stopping)
        give_up (self);
      break;
    case LPAD_RECOVERY_DO:
      if (self->doubt)
        end (self, LPAD_SERVING_DOUBT);
      else
        take_step (self);
      break;
    case LPAD_RECOVERY_GIVE_UP:
    default:
      give_up (self);
      break;
    }
}

static gboolean
on_look (gpointer user_data)
{
  decide (user_data);
  return G_SOURCE_CONTINUE;
}

/* Quirks */

static LpadRecoveryQuirks
read_quirks (LpadModemBusSlot *slot)
{
  LpadRecoveryQuirks quirks = LPAD_RECOVERY_QUIRKS_NONE;
  GVariant *given = slot != NULL ? lpad_modem_bus_slot_get_quirks (slot) : NULL;
  g_autofree const char **steps = NULL;
  guint32 seconds = 0;

  if (given == NULL || !g_variant_is_of_type (given, G_VARIANT_TYPE_VARDICT))
    return quirks;
  if (g_variant_lookup (given, "refresh-wait", "u", &seconds))
    quirks.refresh_wait_ms = MIN (seconds, WAIT_MAX) * 1000;
  if (g_variant_lookup (given, "settle-wait", "u", &seconds))
    quirks.settle_ms = MIN (seconds, WAIT_MAX) * 1000;
  if (!g_variant_lookup (given, "recover", "^a&s", &steps))
    return quirks;
  for (guint i = LPAD_RECOVERY_POWER_CYCLE; i < LPAD_RECOVERY_STEPS; i++)
    quirks.skip[i] = !g_strv_contains (steps, lpad_recovery_step_name (i));
  return quirks;
}

gboolean
lpad_serving_is_needed (LpadEuicc *euicc)
{
  return !g_str_equal (lpad_euicc_place (euicc)->transport, "pcsc");
}

LpadRefresh
lpad_serving_refresh (LpadEuicc *euicc, LpadRefresh refresh)
{
  LpadModems *modems = lpad_euicc_core (euicc)->modems;
  LpadModemBusSlot *slot = modems != NULL ? lpad_modems_find (modems, lpad_euicc_place (euicc)->name) : NULL;
  GVariant *quirks = slot != NULL ? lpad_modem_bus_slot_get_quirks (slot) : NULL;
  gboolean asks = TRUE;

  if (refresh == LPAD_REFRESH_EITHER && quirks != NULL && g_variant_lookup (quirks, "refresh", "b", &asks)
      && !asks)
    return LPAD_REFRESH_NEVER;
  return refresh;
}

LpadServing *
lpad_serving_new (LpadOperation *operation, LpadStateCommand command, GBytes *iccid)
{
  LpadServing *self = g_new0 (LpadServing, 1);
  LpadEuicc *euicc = lpad_operation_euicc (operation);
  const LpadPlace *place = lpad_euicc_place (euicc);
  gsize size;
  const guint8 *data = g_bytes_get_data (iccid, &size);

  self->operation = g_object_ref (operation);
  self->command = command;
  self->iccid = lpad_iccid_to_string (data, size);
  self->eid = g_strdup (lpad_euicc_inventory (euicc)->eid);
  self->slot_name = g_strdup (place->name);
  self->physical_device = g_strdup (place->physical_device);
  self->steps = g_ptr_array_new_with_free_func (g_free);
  self->cancellable = g_cancellable_new ();
  take_slot (self);
  self->managed = manager_runs (self);
  self->slot_tells = self->slot != NULL && *text (lpad_modem_bus_slot_get_iccid (self->slot)) != '\0';
  return self;
}

void
lpad_serving_free (LpadServing *self)
{
  if (self == NULL)
    return;
  stop_looking (self);
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  let_go_of_slot (self);
  g_ptr_array_unref (self->steps);
  g_free (self->iccid);
  g_free (self->eid);
  g_free (self->slot_name);
  g_free (self->physical_device);
  g_object_unref (self->operation);
  g_free (self);
}

void
lpad_serving_start (LpadServing *self,
                    gboolean refresh_comes,
                    gboolean doubt,
                    LpadServingFunc done,
                    gpointer user_data)
{
  const LpadRecoveryQuirks quirks = read_quirks (self->slot);

  self->doubt = doubt;
  self->done = done;
  self->user_data = user_data;
  lpad_recovery_init (&self->recovery, &quirks, refresh_comes, now_ms ());
  keep_looking (self);
}

void
lpad_serving_go_on (LpadServing *self)
{
  self->doubt = FALSE;
  take_step (self);
  if (self->slot == NULL)
    keep_looking (self);
}

gboolean
lpad_serving_insist (LpadServing *self)
{
  gboolean gone = lpad_euicc_is_gone (lpad_operation_euicc (self->operation));

  if (gone || core_of (self)->stopping || !lpad_recovery_insist (&self->recovery))
    return FALSE;
  keep_looking (self);
  return TRUE;
}

void
lpad_serving_describe (LpadServing *self)
{
  const LpadSeenModem *modem = find_modem (self);
  const char *shown = self->slot != NULL ? text (lpad_modem_bus_slot_get_iccid (self->slot)) : "";

  if (modem != NULL)
    shown = modem->iccid;
  lpad_operation_add_result (self->operation, "modem-iccid", g_variant_new_string (shown));
  lpad_operation_add_result (self->operation,
                             "recovery-steps",
                             g_variant_new_strv ((const char *const *) self->steps->pdata, self->steps->len));
}
