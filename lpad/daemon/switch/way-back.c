/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "way-back.h"

#include "interruption.h"
#include "interruptions.h"
#include "operation.h"
#include "provisioning-jobs.h"

#define FIRST_PAUSE   30 /* seconds after an attempt that failed; each is twice the one before */
#define LONGEST_PAUSE 3600
#define STAY_TIME     600 /* seconds: lpad does not end while an attempt is due so soon */

struct _LpadWayBack
{
  LpadEuicc *euicc;
  guint timer;
  guint pause; /* seconds, 0: none has failed */
  gboolean held;
};

/* The operation, from the record of the detour at its beginning. */
typedef struct
{
  GBytes *profile; /* NULL: the provisioning profile is not on the chip any more */
  GBytes *before;
} ReturnOp;

static void start_return (LpadOperation *operation);

static const LpadStage stages[] = { { "returning", 0.0, 1.0, FALSE }, { NULL, 0, 0, FALSE } };
static const LpadOperationKind kind
    = { .name = "return", .stages = stages, .switching = TRUE, .start = start_return };

static void
return_op_free (gpointer data)
{
  ReturnOp *self = data;

  g_clear_pointer (&self->profile, g_bytes_unref);
  g_clear_pointer (&self->before, g_bytes_unref);
  g_free (self);
}

static GBytes *
ref_iccid (const LpadProfile *profile)
{
  return profile != NULL ? g_bytes_ref (profile->iccid) : NULL;
}

static void
finish (LpadOperation *operation, GError *error)
{
  LpadInterruptions *interruptions = lpad_euicc_interruptions (lpad_operation_euicc (operation));

  if (error != NULL)
    g_message ("Going back from a provisioning profile: %s", error->message);
  else if (interruptions != NULL)
    lpad_interruptions_settle_detours (interruptions);
  lpad_operation_finish (operation, error, NULL);
}

static void
on_undone (LpadOperation *operation, GError *error, gpointer user_data)
{
  g_autoptr (GError) owned = error;

  finish (operation, owned);
}

static void
on_looked (LpadJob *job)
{
  LpadOperation *operation = lpad_operation_of_job (job);
  LpadInventory *inventory;
  ReturnOp *self = lpad_operation_data (operation);
  LpadProvisioningUndo undo = LPAD_UNDO_NOTHING;
  GBytes *iccid = NULL;

  lpad_operation_take (operation, job);
  inventory = lpad_euicc_inventory (lpad_operation_euicc (operation));
  if (job->error == NULL && self->profile != NULL)
    undo = lpad_provisioning_undo (inventory, self->profile, self->before, &iccid);
  if (undo == LPAD_UNDO_NOTHING)
    {
      finish (operation, job->error);
      return;
    }
  lpad_way_back_switch (operation, undo, iccid, on_undone, NULL);
}

static void
start_return (LpadOperation *operation)
{
  LpadEuicc *euicc = lpad_operation_euicc (operation);
  const LpadInventory *inventory = lpad_euicc_inventory (euicc);
  LpadInterruptions *interruptions = lpad_euicc_interruptions (euicc);
  const LpadJournalEntry *entry
      = interruptions != NULL ? lpad_interruptions_find_detour (interruptions) : NULL;
  ReturnOp *self = lpad_operation_data (operation);
  LpadJob *job = lpad_provisioning_look_job_new (FALSE);

  /* By the time of its turn somebody may have decided otherwise. */
  if (entry != NULL)
    {
      self->profile = ref_iccid (lpad_interruption_profile (entry, inventory));
      self->before = ref_iccid (lpad_interruption_before (entry, inventory));
    }
  job->done = on_looked;
  lpad_operation_push (operation, job);
}

static void
hold (LpadWayBack *way_back, gboolean wanted)
{
  LpadActivity *activity = lpad_euicc_core (way_back->euicc)->activity;

  if (way_back->held == wanted)
    return;
  way_back->held = wanted;
  if (wanted)
    lpad_activity_hold (activity);
  else
    lpad_activity_release (activity);
}

static void
stop_timer (LpadWayBack *way_back)
{
  if (way_back->timer != 0)
    g_source_remove (way_back->timer);
  way_back->timer = 0;
}

static gboolean
is_needed (LpadWayBack *way_back)
{
  LpadInterruptions *interruptions = lpad_euicc_interruptions (way_back->euicc);

  return interruptions != NULL && lpad_interruptions_find_detour (interruptions) != NULL;
}

static gboolean
go (gpointer user_data)
{
  LpadWayBack *way_back = user_data;
  g_autoptr (GError) error = NULL;

  way_back->timer = 0;
  hold (way_back, FALSE);
  if (!is_needed (way_back) || lpad_euicc_is_busy (way_back->euicc))
    return G_SOURCE_REMOVE; /* whoever is busy comes back here */
  way_back->pause = way_back->pause == 0 ? FIRST_PAUSE : MIN (2 * way_back->pause, LONGEST_PAUSE);
  if (lpad_operation_start (way_back->euicc, &kind, NULL, g_new0 (ReturnOp, 1), return_op_free, &error)
      == NULL)
    g_message ("Going back from a provisioning profile: %s", error->message);
  return G_SOURCE_REMOVE;
}

void
lpad_way_back_switch (LpadOperation *operation,
                      LpadProvisioningUndo undo,
                      GBytes *iccid,
                      LpadSwitchingFunc done,
                      gpointer user_data)
{
  const LpadSwitchingWish wish = {
    .command = undo == LPAD_UNDO_ENABLE ? LPAD_STATE_COMMAND_ENABLE : LPAD_STATE_COMMAND_DISABLE,
    .iccid = iccid,
    .refresh = LPAD_REFRESH_EITHER,
    .phase = LPAD_PHASE_NONE,
    .stage = "returning",
    .restores = TRUE,
  };

  lpad_switching_start (operation, &wish, done, user_data);
}

LpadWayBack *
lpad_way_back_new (LpadEuicc *euicc)
{
  LpadWayBack *way_back = g_new0 (LpadWayBack, 1);

  way_back->euicc = euicc;
  return way_back;
}

void
lpad_way_back_free (LpadWayBack *way_back)
{
  stop_timer (way_back);
  hold (way_back, FALSE);
  g_free (way_back);
}

void
lpad_way_back_look (LpadWayBack *way_back)
{
  stop_timer (way_back);
  way_back->pause = 0;
  go (way_back);
}

void
lpad_way_back_update (LpadWayBack *way_back)
{
  if (way_back->timer != 0 && is_needed (way_back))
    return; /* planned already */
  stop_timer (way_back);
  hold (way_back, FALSE);
  if (!is_needed (way_back))
    {
      way_back->pause = 0;
      return;
    }
  hold (way_back, way_back->pause <= STAY_TIME);
  way_back->timer = g_timeout_add_seconds (way_back->pause, go, way_back);
}
