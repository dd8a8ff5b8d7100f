/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "operation.h"

#include "bus-error.h"
#include "bus-object.h"
#include "identifiers.h"
#include "interruptions.h"
#include "operation-limits.h"
#include "operation-methods.h"
#include "options.h"

#define LINGER_TIME 60 /* seconds on the bus after the end */

typedef enum
{
  STATE_QUEUED,
  STATE_RUNNING,
  STATE_WAITING,
  STATE_FINISHED,
} State;

struct _LpadOperation
{
  LpadBusOperationSkeleton parent_instance;

  LpadCore *core;
  LpadEuicc *euicc;
  const LpadOperationKind *kind;
  char *sender; /* NULL: lpad itself */
  gpointer data;
  GDestroyNotify data_free;
  char *path;
  GCancellable *cancellable;
  LpadJournalEntry *entry; /* NULL: nothing is recorded */
  LpadJournalEntry *detour;
  GHashTable *result; /* name -> GVariant, see lpad_operation_add_result() */
  State state;
  LpadQuestion *question; /* NULL: a prompt is the kind's */
  gboolean aborted;
  LpadError abort_reason;
  gboolean caller_left;
  gulong vanished_handler;
  guint prompt_timer;
  guint linger_timer;
  LpadOperationProgress progress;
};

G_DEFINE_FINAL_TYPE_WITH_CODE (LpadOperation,
                               lpad_operation,
                               LPAD_BUS_TYPE_OPERATION_SKELETON,
                               G_IMPLEMENT_INTERFACE (LPAD_BUS_TYPE_OPERATION, lpad_operation_methods_init))

static GVariant *
empty_dict (void)
{
  return g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0);
}

static void
set_state (LpadOperation *operation, State state)
{
  static const char *const names[] = { "queued", "running", "waiting", "finished" };
  LpadBusOperation *bus = LPAD_BUS_OPERATION (operation);
  gboolean can_cancel = state == STATE_QUEUED || (state == STATE_WAITING && operation->question == NULL);

  if (state == STATE_RUNNING)
    can_cancel = lpad_operation_progress_can_cancel (&operation->progress);
  operation->state = state;
  lpad_bus_operation_set_state (bus, names[state]);
  lpad_bus_operation_set_cancellable (bus, can_cancel);
  if (state != STATE_WAITING)
    {
      g_clear_handle_id (&operation->prompt_timer, g_source_remove);
      lpad_bus_operation_set_prompt (bus, empty_dict ());
    }
}

static void
note_progress (LpadOperation *operation, const char *stage, guint64 bytes_done, guint64 bytes_total)
{
  if (operation->state != STATE_FINISHED)
    lpad_operation_progress_note (&operation->progress, stage, bytes_done, bytes_total);
}

static void
on_job_progress (LpadJob *job, const char *stage, guint64 bytes_done, guint64 bytes_total)
{
  note_progress (lpad_operation_of_job (job), stage, bytes_done, bytes_total);
}

void
lpad_operation_set_stage (LpadOperation *operation, const char *stage)
{
  note_progress (operation, stage, 0, 0);
}

void
lpad_operation_dismiss (LpadOperation *operation, LpadDismissal why)
{
  LpadQuestion *question = g_steal_pointer (&operation->question);

  set_state (operation, STATE_RUNNING);
  lpad_bus_operation_set_cancellable (LPAD_BUS_OPERATION (operation), FALSE);
  if (question != NULL)
    question->dismiss (question, operation, why);
  else
    operation->kind->dismiss (operation, why);
}

static gboolean
on_prompt_timeout (gpointer user_data)
{
  LpadOperation *operation = user_data;

  operation->prompt_timer = 0;
  lpad_operation_dismiss (operation, LPAD_DISMISS_TIMEOUT);
  return G_SOURCE_REMOVE;
}

static void
on_client_vanished (LpadClients *clients, const char *name, gpointer user_data)
{
  LpadOperation *operation = LPAD_OPERATION (user_data);

  if (!g_str_equal (name, operation->sender))
    return;
  operation->caller_left = TRUE;
  if (operation->state == STATE_WAITING && operation->question == NULL)
    lpad_operation_dismiss (operation, LPAD_DISMISS_CALLER_LEFT);
}

static void
lpad_operation_finalize (GObject *object)
{
  LpadOperation *operation = LPAD_OPERATION (object);

  operation->data_free (operation->data);
  g_clear_pointer (&operation->entry, lpad_journal_entry_free);
  g_clear_pointer (&operation->detour, lpad_journal_entry_free);
  g_object_unref (operation->euicc);
  g_object_unref (operation->cancellable);
  g_hash_table_unref (operation->result);
  g_free (operation->sender);
  g_free (operation->path);
  G_OBJECT_CLASS (lpad_operation_parent_class)->finalize (object);
}

static void
lpad_operation_class_init (LpadOperationClass *class)
{
  G_OBJECT_CLASS (class)->finalize = lpad_operation_finalize;
}

static void
lpad_operation_init (LpadOperation *operation)
{
  operation->cancellable = g_cancellable_new ();
  operation->result
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
}

static void export(LpadOperation *operation)
{
  LpadBusOperation *bus = LPAD_BUS_OPERATION (operation);

  lpad_bus_operation_set_kind (bus, operation->kind->name);
  lpad_bus_operation_set_euicc (bus, lpad_euicc_path (operation->euicc));
  lpad_bus_operation_set_stage (bus, "");
  lpad_bus_operation_set_result (bus, empty_dict ());
  set_state (operation, STATE_QUEUED);
  lpad_bus_object_export (operation->core, operation->path, operation);
  g_ptr_array_add (operation->core->operations, g_object_ref (operation));
  lpad_activity_hold (operation->core->activity);
}

/* @entry: (transfer full) (nullable) */
static LpadOperation *
start (LpadEuicc *euicc,
       const LpadOperationKind *kind,
       const char *sender,
       LpadJournalEntry *entry,
       gpointer data,
       GDestroyNotify data_free,
       GError **error)
{
  g_autoptr (LpadOperation) operation = NULL;
  LpadCore *core = lpad_euicc_core (euicc);

  if (!lpad_operation_limits_check (euicc, sender, error))
    {
      data_free (data);
      lpad_journal_entry_free (entry);
      return NULL;
    }
  operation = g_object_new (LPAD_TYPE_OPERATION, NULL);
  operation->core = core;
  operation->euicc = g_object_ref (euicc);
  operation->kind = kind;
  lpad_operation_progress_init (&operation->progress, LPAD_BUS_OPERATION (operation), kind->stages);
  operation->sender = g_strdup (sender);
  operation->entry = entry;
  operation->data = data;
  operation->data_free = data_free;
  operation->path = g_strdup_printf (LPAD_BUS_OPERATION_PATH, core->next_operation++);
  if (sender != NULL)
    operation->vanished_handler
        = g_signal_connect (core->clients, "vanished", G_CALLBACK (on_client_vanished), operation);
  export(operation);
  lpad_euicc_enqueue (euicc, operation);
  return operation;
}

LpadOperation *
lpad_operation_start (LpadEuicc *euicc,
                      const LpadOperationKind *kind,
                      const char *sender,
                      gpointer data,
                      GDestroyNotify data_free,
                      GError **error)
{
  return start (euicc, kind, sender, NULL, data, data_free, error);
}

LpadOperation *
lpad_operation_start_with_record (LpadEuicc *euicc,
                                  const LpadOperationKind *kind,
                                  LpadJournalEntry *entry,
                                  gpointer data,
                                  GDestroyNotify data_free,
                                  GError **error)
{
  return start (euicc, kind, NULL, entry, data, data_free, error);
}

const char *
lpad_operation_path (LpadOperation *operation)
{
  return operation->path;
}

LpadEuicc *
lpad_operation_euicc (LpadOperation *operation)
{
  return operation->euicc;
}

void
lpad_operation_move (LpadOperation *operation, LpadEuicc *euicc)
{
  g_autoptr (LpadEuicc) left = operation->euicc;

  operation->euicc = g_object_ref (euicc);
  operation->aborted = operation->core->stopping;
  g_object_unref (operation->cancellable);
  operation->cancellable = g_cancellable_new ();
  lpad_bus_operation_set_euicc (LPAD_BUS_OPERATION (operation), lpad_euicc_path (euicc));
  lpad_euicc_hand_over (left, euicc, operation);
}

gboolean
lpad_operation_needs_network (LpadOperation *operation)
{
  return operation->state == STATE_RUNNING && !operation->kind->switching;
}

const char *
lpad_operation_sender (LpadOperation *operation)
{
  return operation->sender;
}

gpointer
lpad_operation_data (LpadOperation *operation)
{
  return operation->data;
}

LpadOperation *
lpad_operation_of_job (LpadJob *job)
{
  return LPAD_OPERATION (job->keep);
}

LpadJournalEntry *
lpad_operation_record (LpadOperation *operation)
{
  if (operation->entry == NULL)
    operation->entry = lpad_journal_entry_new (
        operation->core->journal, operation->kind->name, lpad_euicc_inventory (operation->euicc)->eid);
  return operation->entry;
}

LpadJournalEntry *
lpad_operation_detour_record (LpadOperation *operation)
{
  if (operation->detour == NULL)
    operation->detour = lpad_journal_entry_new (
        operation->core->journal, LPAD_JOURNAL_DETOUR, lpad_euicc_inventory (operation->euicc)->eid);
  return operation->detour;
}

static gboolean
is_in (const LpadJournalEntry *entry, const char *path)
{
  return entry != NULL && g_strcmp0 (entry->path, path) == 0;
}

gboolean
lpad_operation_writes (LpadOperation *operation, const char *path)
{
  return is_in (operation->entry, path) || is_in (operation->detour, path);
}

GCancellable *
lpad_operation_cancellable (LpadOperation *operation)
{
  return operation->cancellable;
}

void
lpad_operation_push (LpadOperation *operation, LpadJob *job)
{
  job->keep = g_object_ref (operation);
  job->cancellable = g_object_ref (operation->cancellable);
  job->progress = on_job_progress;
  job->entry = operation->entry;
  lpad_euicc_push (operation->euicc, job);
}

void
lpad_operation_take (LpadOperation *operation, LpadJob *job)
{
  lpad_euicc_take (operation->euicc, job);
}

static void
show_prompt (LpadOperation *operation, GVariantDict *prompt, guint seconds)
{
  gint64 deadline = g_get_real_time () / G_USEC_PER_SEC + seconds;

  lpad_operation_progress_show (&operation->progress);
  g_variant_dict_insert (prompt, "deadline", "t", (guint64) deadline);
  set_state (operation, STATE_WAITING);
  lpad_bus_operation_set_prompt (LPAD_BUS_OPERATION (operation), g_variant_dict_end (prompt));
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (operation));
}

void
lpad_operation_ask (LpadOperation *operation, GVariantDict *prompt)
{
  const guint timeout = operation->core->config->prompt_timeout_s;

  show_prompt (operation, prompt, timeout);
  if (operation->aborted)
    lpad_operation_dismiss (operation, LPAD_DISMISS_STOPPING);
  else if (operation->caller_left || operation->sender == NULL)
    lpad_operation_dismiss (operation, LPAD_DISMISS_CALLER_LEFT);
  else if (g_cancellable_is_cancelled (operation->cancellable))
    lpad_operation_dismiss (operation, LPAD_DISMISS_POSTPONED);
  else
    operation->prompt_timer = g_timeout_add_seconds (timeout, on_prompt_timeout, operation);
}

void
lpad_operation_put (LpadOperation *operation, LpadQuestion *question, GVariantDict *prompt, guint seconds)
{
  operation->question = question;
  show_prompt (operation, prompt, seconds);
  if (operation->aborted)
    lpad_operation_dismiss (operation, LPAD_DISMISS_STOPPING);
  else
    operation->prompt_timer = g_timeout_add_seconds (seconds, on_prompt_timeout, operation);
}

void
lpad_operation_answered (LpadOperation *operation)
{
  g_return_if_fail (operation->question != NULL);
  operation->question = NULL;
  set_state (operation, STATE_RUNNING);
}

void
lpad_operation_overrule (LpadOperation *operation)
{
  if (operation->state == STATE_WAITING && operation->question != NULL)
    lpad_operation_dismiss (operation, LPAD_DISMISS_OVERRULED);
}

static gboolean
on_linger_timeout (gpointer user_data)
{
  LpadOperation *operation = user_data;

  operation->linger_timer = 0;
  lpad_operation_unexport (operation);
  return G_SOURCE_REMOVE;
}

void
lpad_operation_add_result (LpadOperation *operation, const char *name, GVariant *value)
{
  g_hash_table_insert (operation->result, g_strdup (name), g_variant_ref_sink (value));
}

static GVariant *
build_result (LpadOperation *operation, GError *error, GBytes *iccid)
{
  LpadInventory *inventory = lpad_euicc_inventory (operation->euicc);
  GHashTableIter members;
  gpointer name, value;
  GVariantDict result;

  g_variant_dict_init (&result, NULL);
  g_hash_table_iter_init (&members, operation->result);
  while (g_hash_table_iter_next (&members, &name, &value))
    g_variant_dict_insert_value (&result, name, value);
  if (error != NULL)
    lpad_bus_error_describe (error, &result);
  if (iccid != NULL)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (iccid, &size);
      g_autofree char *text = lpad_iccid_to_string (data, size);
      const char *path = lpad_euicc_profile_path (operation->euicc, iccid);

      g_variant_dict_insert (&result, "iccid", "s", text);
      if (path != NULL)
        g_variant_dict_insert (&result, "profile", "o", path);
    }
  if (operation->kind->describe != NULL)
    operation->kind->describe (operation, &result);
  g_variant_dict_insert (&result, "notifications-pending", "u", inventory->notifications->len);
  return g_variant_dict_end (&result);
}

/* A cancellation by lpad itself is called by its reason. */
static void
name_true_reason (LpadOperation *operation, GError *error)
{
  if (!operation->aborted || !g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CANCELLED)
      || operation->abort_reason != LPAD_ERROR_CARD_REMOVED)
    return;
  error->code = LPAD_ERROR_CARD_REMOVED;
  g_free (error->message);
  error->message = g_strdup ("The card was removed.");
}

void
lpad_operation_finish (LpadOperation *operation, GError *error, GBytes *iccid)
{
  LpadBusOperation *bus = LPAD_BUS_OPERATION (operation);
  g_autoptr (LpadOperation) keep G_GNUC_UNUSED = g_object_ref (operation);
  g_autoptr (GVariant) result = NULL;

  g_return_if_fail (operation->state != STATE_FINISHED);

  if (error != NULL)
    name_true_reason (operation, error);
  lpad_euicc_flush (operation->euicc);
  lpad_operation_progress_show (&operation->progress);
  result = g_variant_ref_sink (build_result (operation, error, iccid));
  set_state (operation, STATE_FINISHED);
  lpad_bus_operation_set_stage (bus, "");
  if (error == NULL)
    lpad_bus_operation_set_progress (bus, 1.0);
  lpad_bus_operation_set_result (bus, result);
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (operation));
  lpad_bus_operation_emit_finished (bus,
                                    error == NULL,
                                    error != NULL ? lpad_bus_error_name (error) : "",
                                    error != NULL ? error->message : "",
                                    result);
  if (operation->entry != NULL)
    lpad_interruptions_end (operation->euicc,
                            g_steal_pointer (&operation->entry),
                            operation->sender != NULL && !operation->caller_left);
  if (operation->detour != NULL)
    lpad_interruptions_end (operation->euicc, g_steal_pointer (&operation->detour), !operation->caller_left);

  lpad_euicc_dequeue (operation->euicc, operation);
  if (operation->sender == NULL)
    lpad_operation_unexport (operation);
  else
    operation->linger_timer = g_timeout_add_seconds (LINGER_TIME, on_linger_timeout, operation);
  lpad_euicc_operation_ended (operation->euicc, operation, error);
  if (operation->core->stopping)
    operation->core->on_step (operation->core->on_step_data);
}

gboolean
lpad_operation_check_waiting (LpadOperation *operation, GError **error)
{
  if (operation->state == STATE_WAITING)
    return TRUE;
  g_set_error_literal (
      error, LPAD_ERROR, LPAD_ERROR_WRONG_STATE, "The operation does not wait for an answer.");
  return FALSE;
}

gboolean
lpad_operation_confirm (LpadOperation *operation, GVariant *options, GError **error)
{
  if (!lpad_operation_check_waiting (operation, error))
    return FALSE;
  if (operation->question != NULL)
    {
      LpadQuestion *question = operation->question;

      if (!lpad_options_none (options, error))
        return FALSE;
      lpad_operation_answered (operation);
      question->confirm (question, operation);
      return TRUE;
    }
  if (!operation->kind->confirm (operation, options, error))
    return FALSE;
  set_state (operation, STATE_RUNNING);
  return TRUE;
}

gboolean
lpad_operation_check_postponable (LpadOperation *operation, GError **error)
{
  if (operation->question == NULL)
    return lpad_operation_check_waiting (operation, error);
  g_set_error_literal (
      error,
      LPAD_ERROR,
      LPAD_ERROR_WRONG_STATE,
      "The switch cannot be left open: keep it (Confirm) or go back (Reject); at the deadline lpad "
      "goes back by itself.");
  return FALSE;
}

gboolean
lpad_operation_check_cancellable (LpadOperation *operation, GError **error)
{
  if (lpad_bus_operation_get_cancellable (LPAD_BUS_OPERATION (operation)))
    return TRUE;
  g_set_error_literal (error,
                       LPAD_ERROR,
                       LPAD_ERROR_WRONG_STATE,
                       operation->state == STATE_FINISHED ? "The operation has finished."
                                                          : "The operation cannot be cancelled any more.");
  return FALSE;
}

void
lpad_operation_cancel (LpadOperation *operation)
{
  g_autoptr (GError) error = NULL;

  switch (operation->state)
    {
    case STATE_QUEUED:
      g_set_error_literal (&error, LPAD_ERROR, LPAD_ERROR_CANCELLED, "The operation was cancelled.");
      lpad_error_details (error)->order = LPAD_ORDER_USABLE;
      lpad_operation_finish (operation, error, NULL);
      break;
    case STATE_WAITING:
      lpad_operation_dismiss (operation, LPAD_DISMISS_POSTPONED);
      break;
    case STATE_RUNNING:
    case STATE_FINISHED:
    default:
      g_cancellable_cancel (operation->cancellable);
      break;
    }
}

void
lpad_operation_begin (LpadOperation *operation)
{
  if (operation->state != STATE_QUEUED)
    return;
  operation->progress.stage = operation->kind->stages;
  set_state (operation, STATE_RUNNING);
  operation->kind->start (operation);
}

void
lpad_operation_abort (LpadOperation *operation, LpadError reason)
{
  g_autoptr (GError) error = NULL;

  operation->aborted = TRUE;
  operation->abort_reason = reason;
  switch (operation->state)
    {
    case STATE_RUNNING:
      g_cancellable_cancel (operation->cancellable);
      return;
    case STATE_FINISHED:
      return;
    case STATE_WAITING:
      if (!lpad_euicc_is_gone (operation->euicc) || operation->question != NULL)
        {
          lpad_operation_dismiss (operation, LPAD_DISMISS_STOPPING);
          return;
        }
      break;
    case STATE_QUEUED:
    default:
      break;
    }
  g_set_error_literal (&error,
                       LPAD_ERROR,
                       reason,
                       reason == LPAD_ERROR_CARD_REMOVED ? "The card was removed."
                                                         : "lpad is being stopped.");
  lpad_error_details (error)->order = LPAD_ORDER_USABLE;
  lpad_error_details (error)->retry = LPAD_RETRY_LATER;
  lpad_operation_finish (operation, error, NULL);
}

void
lpad_operation_give_way (LpadOperation *operation, gboolean for_call)
{
  if (operation->sender == NULL && !(for_call && operation->kind->patient))
    g_cancellable_cancel (operation->cancellable);
}

gboolean
lpad_operation_is_finished (LpadOperation *operation)
{
  return operation->state == STATE_FINISHED;
}

gboolean
lpad_operation_is_switching (LpadOperation *operation)
{
  return operation->kind->switching;
}

void
lpad_operation_unexport (LpadOperation *operation)
{
  g_autoptr (LpadOperation) keep G_GNUC_UNUSED = g_object_ref (operation);

  g_clear_handle_id (&operation->prompt_timer, g_source_remove);
  g_clear_handle_id (&operation->linger_timer, g_source_remove);
  lpad_operation_progress_stop (&operation->progress);
  if (operation->vanished_handler != 0)
    g_signal_handler_disconnect (operation->core->clients, operation->vanished_handler);
  operation->vanished_handler = 0;
  if (!g_ptr_array_remove (operation->core->operations, operation))
    return;
  lpad_bus_object_unexport (operation->core, operation->path);
  lpad_activity_release (operation->core->activity);
}
