/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc.h"

#include "bus-error.h"
#include "bus-object.h"
#include "euicc-device.h"
#include "euicc-methods.h"
#include "euicc-objects.h"
#include "euicc-properties.h"
#include "interruptions.h"
#include "operation.h"

#define CALLS_MAX 32 /* short calls that wait for the chip */

struct _LpadEuicc
{
  LpadBusEuiccSkeleton parent_instance;

  LpadCore *core;
  char *path;
  LpadPlace *place;
  GBytes *aid;
  LpadWorker *worker; /* NULL: the chip has left */
  LpadError gone_reason;
  LpadInventory *inventory;
  LpadEuiccObjects *objects;
  LpadInterruptions *interruptions;
  LpadTurns *turns;
  LpadWaitingList *waiting;
  gboolean switching;           /* ProfileSwitched waits */
  LpadInventory *last_switched; /* what the chip said when the bus was last told, NULL: it knows all */
  guint calls;
};

G_DEFINE_FINAL_TYPE_WITH_CODE (LpadEuicc,
                               lpad_euicc,
                               LPAD_BUS_TYPE_EUICC_SKELETON,
                               G_IMPLEMENT_INTERFACE (LPAD_BUS_TYPE_EUICC, lpad_euicc_methods_init))

typedef struct
{
  LpadEuicc *euicc;
  GDBusMethodInvocation *invocation;
  LpadCallAnswerFunc answer;
} Call;

static gint64
now_s (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static void
lpad_euicc_finalize (GObject *object)
{
  LpadEuicc *euicc = LPAD_EUICC (object);

  g_clear_pointer (&euicc->inventory, lpad_inventory_unref);
  g_clear_pointer (&euicc->last_switched, lpad_inventory_unref);
  g_clear_pointer (&euicc->turns, lpad_turns_unref);
  g_clear_pointer (&euicc->aid, g_bytes_unref);
  g_clear_pointer (&euicc->waiting, lpad_waiting_list_free);
  g_free (euicc->path);
  lpad_place_unref (euicc->place);
  G_OBJECT_CLASS (lpad_euicc_parent_class)->finalize (object);
}

static void
add_signal (const char *name)
{
  g_signal_new (name, LPAD_TYPE_EUICC, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
lpad_euicc_class_init (LpadEuiccClass *class)
{
  G_OBJECT_CLASS (class)->finalize = lpad_euicc_finalize;
  add_signal ("turn-began");
  add_signal ("idle");
  add_signal ("records-read");
  add_signal ("recipients-left");
  add_signal ("removed");
  g_signal_new ("operation-ended",
                LPAD_TYPE_EUICC,
                G_SIGNAL_RUN_LAST,
                0,
                NULL,
                NULL,
                NULL,
                G_TYPE_NONE,
                2,
                LPAD_TYPE_OPERATION,
                G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
lpad_euicc_init (LpadEuicc *euicc)
{
}

static void
set_inventory (LpadEuicc *euicc, LpadInventory *inventory)
{
  g_autoptr (LpadInventory) before = g_steal_pointer (&euicc->inventory);

  euicc->inventory = lpad_inventory_ref (inventory);
  lpad_euicc_objects_update (euicc->objects, inventory);
  lpad_euicc_properties_set (euicc, inventory);
  if (euicc->interruptions != NULL)
    lpad_interruptions_publish (euicc->interruptions);
  if (before == NULL)
    return;
  lpad_euicc_flush (euicc);
  if (!euicc->switching)
    lpad_euicc_properties_emit_if_switched (euicc, before);
  else if (euicc->last_switched == NULL)
    euicc->last_switched = g_steal_pointer (&before);
}

static gboolean
is_own (LpadEuicc *euicc, LpadOperation *operation)
{
  return operation != NULL && lpad_operation_euicc (operation) == euicc;
}

/* Its operations, each with a reference: the one that has its turn, and those that wait. */
static GList *
own_operations (LpadEuicc *euicc)
{
  GList *own = NULL;

  for (GList *l = euicc->turns->operations.tail; l != NULL; l = l->prev)
    if (is_own (euicc, l->data))
      own = g_list_prepend (own, g_object_ref (l->data));
  return own;
}

static gboolean
has_operations (LpadEuicc *euicc)
{
  g_autolist (LpadOperation) own = own_operations (euicc);

  return own != NULL;
}

static void
update_state (LpadEuicc *euicc)
{
  LpadOperation *current = g_queue_peek_head (&euicc->turns->operations);
  const char *failed;
  const char *state = "ready";

  g_variant_get (lpad_bus_euicc_get_error (LPAD_BUS_EUICC (euicc)), "(&s&s)", &failed, NULL);
  if (is_own (euicc, current))
    state = lpad_operation_is_switching (current) ? "switching" : "busy";
  else if (*failed != '\0')
    state = "failed";
  lpad_bus_euicc_set_state (LPAD_BUS_EUICC (euicc), state);
}

static void
set_error (LpadEuicc *euicc, const GError *error)
{
  lpad_bus_euicc_set_error (LPAD_BUS_EUICC (euicc),
                            error == NULL
                                ? g_variant_new ("(ss)", "", "")
                                : g_variant_new ("(ss)", lpad_bus_error_name (error), error->message));
  update_state (euicc);
}

static gboolean
end_job_without_chip (gpointer user_data)
{
  LpadJob *job = user_data;

  job->done (job);
  lpad_job_free (job);
  return G_SOURCE_REMOVE;
}

/* Somebody wants the chip: what lpad does by itself ends soon. */
static void
make_way (LpadEuicc *euicc, gboolean for_call)
{
  LpadOperation *current = g_queue_peek_head (&euicc->turns->operations);

  if (current != NULL)
    lpad_operation_give_way (current, for_call);
}

static void
show_waiting (LpadEuicc *euicc)
{
  lpad_bus_euicc_set_offers (LPAD_BUS_EUICC (euicc), lpad_waiting_list_to_variant (euicc->waiting));
}

static void
on_call_done (LpadJob *job)
{
  Call *call = job->user_data;
  LpadEuicc *euicc = call->euicc;

  lpad_euicc_take (euicc, job);
  lpad_euicc_flush (euicc);
  if (!has_operations (euicc))
    g_signal_emit_by_name (euicc, "idle");
  if (job->error != NULL)
    lpad_bus_error_return (call->invocation, job->error);
  else
    g_dbus_method_invocation_return_value (call->invocation,
                                           call->answer != NULL ? call->answer (job) : NULL);
  euicc->calls--;
  lpad_activity_release (euicc->core->activity);
  g_object_unref (euicc);
  g_free (call);
}

LpadEuicc *
lpad_euicc_new (LpadCore *core,
                LpadPlace *place,
                GBytes *aid,
                LpadTurns *turns,
                LpadWorker *worker,
                LpadInventory *inventory,
                GPtrArray *interrupted)
{
  LpadEuicc *euicc = g_object_new (LPAD_TYPE_EUICC, NULL);

  euicc->core = core;
  euicc->path = g_strdup_printf (LPAD_BUS_EUICC_PATH, core->next_euicc++);
  euicc->place = lpad_place_ref (place);
  euicc->aid = g_bytes_ref (aid);
  euicc->turns = lpad_turns_ref (turns);
  euicc->worker = worker;
  euicc->objects = lpad_euicc_objects_new (euicc);
  lpad_euicc_properties_set_place (euicc);
  lpad_euicc_device_show (euicc);
  set_error (euicc, NULL);
  set_inventory (euicc, inventory);
  euicc->interruptions = lpad_interruptions_new (euicc);
  lpad_interruptions_set (euicc->interruptions, interrupted);
  euicc->waiting = lpad_waiting_list_new (core->store, inventory->eid);
  show_waiting (euicc);
  lpad_bus_object_export (core, euicc->path, euicc);
  return euicc;
}

void
lpad_euicc_remove (LpadEuicc *euicc, LpadError reason)
{
  g_autolist (LpadOperation) operations = NULL;

  if (euicc->worker == NULL)
    return;
  g_object_ref (euicc);
  euicc->gone_reason = reason;
  /* The worker first: it ends the session of a download that waits. */
  lpad_worker_stop (g_steal_pointer (&euicc->worker), reason);
  g_signal_emit_by_name (euicc, "removed");
  lpad_interruptions_free (g_steal_pointer (&euicc->interruptions));
  lpad_euicc_objects_free (g_steal_pointer (&euicc->objects));
  lpad_bus_object_unexport (euicc->core, euicc->path);

  operations = own_operations (euicc);
  for (GList *l = operations; l != NULL; l = l->next)
    lpad_operation_abort (l->data, reason);
  g_object_unref (euicc);
}

LpadCore *
lpad_euicc_core (LpadEuicc *euicc)
{
  return euicc->core;
}

const char *
lpad_euicc_path (LpadEuicc *euicc)
{
  return euicc->path;
}

const LpadPlace *
lpad_euicc_place (LpadEuicc *euicc)
{
  return euicc->place;
}

GBytes *
lpad_euicc_aid (LpadEuicc *euicc)
{
  return euicc->aid;
}

LpadInventory *
lpad_euicc_inventory (LpadEuicc *euicc)
{
  return euicc->inventory;
}

LpadInterruptions *
lpad_euicc_interruptions (LpadEuicc *euicc)
{
  return euicc->interruptions;
}

gboolean
lpad_euicc_is_busy (LpadEuicc *euicc)
{
  return has_operations (euicc);
}

gboolean
lpad_euicc_is_gone (LpadEuicc *euicc)
{
  return euicc->worker == NULL;
}

const char *
lpad_euicc_profile_path (LpadEuicc *euicc, GBytes *iccid)
{
  return euicc->objects != NULL ? lpad_euicc_objects_profile_path (euicc->objects, iccid) : NULL;
}

void
lpad_euicc_push (LpadEuicc *euicc, LpadJob *job)
{
  if (euicc->worker != NULL)
    {
      lpad_worker_push (euicc->worker, job);
      return;
    }
  g_set_error_literal (&job->error,
                       LPAD_ERROR,
                       euicc->gone_reason,
                       euicc->gone_reason == LPAD_ERROR_CARD_REMOVED ? "The card was removed."
                                                                     : "lpad is being stopped.");
  g_idle_add_full (G_PRIORITY_DEFAULT, end_job_without_chip, job, NULL);
}

void
lpad_euicc_call (LpadEuicc *euicc, LpadJob *job, GDBusMethodInvocation *invocation, LpadCallAnswerFunc answer)
{
  Call *call;

  if (euicc->calls >= CALLS_MAX)
    {
      g_autoptr (GError) error = NULL;

      g_set_error_literal (
          &error, LPAD_ERROR, LPAD_ERROR_BUSY, "Too many calls wait for this chip; try again later.");
      lpad_bus_error_return (invocation, error);
      lpad_job_free (job);
      return;
    }
  call = g_new0 (Call, 1);
  call->euicc = g_object_ref (euicc);
  call->invocation = invocation;
  call->answer = answer;
  euicc->calls++;
  lpad_activity_hold (euicc->core->activity);
  job->done = on_call_done;
  job->user_data = call;
  make_way (euicc, TRUE);
  lpad_euicc_push (euicc, job);
}

void
lpad_euicc_take (LpadEuicc *euicc, LpadJob *job)
{
  if (job->segment_size != 0)
    lpad_store_set_segment_size (euicc->core->store, euicc->place->name, job->segment_size);
  if (euicc->objects != NULL && job->inventory != NULL)
    set_inventory (euicc, job->inventory);
  if (euicc->interruptions != NULL && job->interrupted != NULL)
    {
      lpad_interruptions_set (euicc->interruptions, g_steal_pointer (&job->interrupted));
      g_signal_emit_by_name (euicc, "records-read");
    }
  if (euicc->objects != NULL && job->deliveries != NULL)
    lpad_euicc_objects_note_deliveries (euicc->objects, job->deliveries, now_s ());
  lpad_store_save (euicc->core->store);
  if (job->left)
    g_signal_emit_by_name (euicc, "recipients-left");

  if (job->inventory != NULL)
    set_error (euicc, NULL);
  else if (g_error_matches (job->error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR)
           || g_error_matches (job->error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED)
           || g_error_matches (job->error, LPAD_ERROR, LPAD_ERROR_TIMEOUT)
           || g_error_matches (job->error, LPAD_ERROR, LPAD_ERROR_MODEM_ERROR))
    set_error (euicc, job->error);
}

LpadWaitingList *
lpad_euicc_waiting (LpadEuicc *euicc)
{
  return euicc->waiting;
}

void
lpad_euicc_take_waiting (LpadEuicc *euicc, const LpadDiscovery *discovery)
{
  lpad_waiting_list_take (euicc->waiting, discovery);
  show_waiting (euicc);
}

void
lpad_euicc_remove_waiting (LpadEuicc *euicc, const char *id)
{
  if (lpad_waiting_list_remove (euicc->waiting, id))
    show_waiting (euicc);
}

/* Who asks for a switch has decided about the one that is on trial. */
static void
overrule (LpadEuicc *euicc)
{
  LpadOperation *current = g_queue_peek_head (&euicc->turns->operations);

  if (is_own (euicc, current))
    lpad_operation_overrule (current);
}

/* It has its turn. */
static void
begin_turn (LpadOperation *operation)
{
  LpadEuicc *euicc = lpad_operation_euicc (operation);

  update_state (euicc);
  g_signal_emit_by_name (euicc, "turn-began");
  lpad_operation_begin (operation);
}

void
lpad_euicc_enqueue (LpadEuicc *euicc, LpadOperation *operation)
{
  if (lpad_operation_sender (operation) != NULL)
    make_way (euicc, FALSE);
  if (lpad_operation_sender (operation) != NULL && lpad_operation_is_switching (operation))
    overrule (euicc);
  g_queue_push_tail (&euicc->turns->operations, g_object_ref (operation));
  if (g_queue_peek_head (&euicc->turns->operations) == operation)
    begin_turn (operation);
}

/* The card is free for the next one. */
static void
pass_turn (LpadTurns *turns)
{
  LpadOperation *next = g_queue_peek_head (&turns->operations);

  if (next != NULL)
    begin_turn (next);
}

void
lpad_euicc_dequeue (LpadEuicc *euicc, LpadOperation *operation)
{
  GQueue *operations = &euicc->turns->operations;
  gboolean was_first = g_queue_peek_head (operations) == operation;

  if (!g_queue_remove (operations, operation))
    return;
  g_object_unref (operation);
  if (!was_first)
    return;
  update_state (euicc);
  pass_turn (euicc->turns);
  if (!has_operations (euicc))
    g_signal_emit_by_name (euicc, "idle");
}

void
lpad_euicc_operation_ended (LpadEuicc *euicc, LpadOperation *operation, const GError *error)
{
  g_signal_emit_by_name (euicc, "operation-ended", operation, error);
}

void
lpad_euicc_begin_switch (LpadEuicc *euicc)
{
  euicc->switching = TRUE;
}

void
lpad_euicc_end_switch (LpadEuicc *euicc, gboolean served)
{
  euicc->switching = FALSE;
  if (!served || euicc->last_switched == NULL)
    return;
  if (euicc->objects != NULL)
    lpad_euicc_properties_emit_if_switched (euicc, euicc->last_switched);
  g_clear_pointer (&euicc->last_switched, lpad_inventory_unref);
}

LpadEuicc *
lpad_euicc_find (LpadCore *core, const char *eid)
{
  g_autolist (GDBusObject) objects
      = g_dbus_object_manager_get_objects (G_DBUS_OBJECT_MANAGER (core->objects));

  for (GList *l = objects; l != NULL; l = l->next)
    {
      g_autoptr (GDBusInterface) interface = g_dbus_object_get_interface (l->data, "org.lpad.Lpad1.Euicc");

      if (interface != NULL && g_strcmp0 (lpad_bus_euicc_get_eid (LPAD_BUS_EUICC (interface)), eid) == 0)
        return LPAD_EUICC (interface);
    }
  return NULL;
}

void
lpad_euicc_hand_over (LpadEuicc *euicc, LpadEuicc *successor, LpadOperation *operation)
{
  LpadInventory *told = euicc->last_switched != NULL ? euicc->last_switched : euicc->inventory;

  successor->switching = TRUE;
  g_clear_pointer (&successor->last_switched, lpad_inventory_unref);
  successor->last_switched = lpad_inventory_ref (told);
  g_queue_push_head (&successor->turns->operations, g_object_ref (operation));
  lpad_euicc_dequeue (euicc, operation);
  update_state (successor);
  g_signal_emit_by_name (successor, "turn-began");
}

gboolean
lpad_euicc_has_switch_waiting (LpadEuicc *euicc)
{
  for (GList *l = euicc->turns->operations.head; l != NULL; l = l->next)
    {
      if (l->prev != NULL && is_own (euicc, l->data) && lpad_operation_sender (l->data) != NULL
          && lpad_operation_is_switching (l->data))
        return TRUE;
    }
  return FALSE;
}

void
lpad_euicc_flush (LpadEuicc *euicc)
{
  if (euicc->objects == NULL)
    return;
  lpad_euicc_objects_flush (euicc->objects);
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (euicc));
}
