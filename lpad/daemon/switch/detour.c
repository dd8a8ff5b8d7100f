/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "detour.h"

#include "error-details.h"
#include "interruption.h"
#include "interruptions.h"
#include "provisioning-jobs.h"
#include "provisioning.h"
#include "switching.h"
#include "way-back.h"

#define NETWORK_PAUSE_MS 200 /* that a new network has to settle */

struct _LpadDetour
{
  LpadOperation *operation;
  char *address;
  LpadProvisioningPlan plan; /* profile is NULL: not begun */
  LpadDetourFunc there;
  LpadDetourFunc back;
  LpadDetourEnd end;
  gboolean reached; /* the server was, at least once */
  GSource *pause;
  gulong network_handler;
};

static void try_server (LpadDetour *detour);

static void
clear_pause (LpadDetour *detour)
{
  if (detour->network_handler != 0)
    g_clear_signal_handler (&detour->network_handler, g_network_monitor_get_default ());
  if (detour->pause != NULL)
    g_source_destroy (detour->pause);
  g_clear_pointer (&detour->pause, g_source_unref);
}

LpadDetour *
lpad_detour_new (LpadOperation *operation, const char *address)
{
  LpadDetour *detour = g_new0 (LpadDetour, 1);

  detour->operation = operation;
  detour->address = g_strdup (address);
  return detour;
}

void
lpad_detour_free (LpadDetour *detour)
{
  if (detour == NULL)
    return;
  clear_pause (detour);
  lpad_provisioning_plan_clear (&detour->plan);
  g_free (detour->address);
  g_free (detour);
}

LpadDetourEnd
lpad_detour_where (LpadDetour *detour)
{
  return detour->end;
}

static LpadDetour *
detour_of_job (LpadJob *job)
{
  return job->user_data;
}

static void
push (LpadDetour *detour, LpadJob *job, void (*done) (LpadJob *job))
{
  job->done = done;
  job->user_data = detour;
  lpad_operation_push (detour->operation, job);
}

static gboolean
on_pause_over (gpointer user_data)
{
  LpadDetour *detour = user_data;

  clear_pause (detour);
  try_server (detour);
  return G_SOURCE_REMOVE;
}

/* A cancellation ends the pause, and then the try. */
static void
start_pause (LpadDetour *detour, guint milliseconds)
{
  g_autoptr (GSource) cancelled = g_cancellable_source_new (lpad_operation_cancellable (detour->operation));

  detour->pause = g_timeout_source_new (milliseconds);
  g_source_set_dummy_callback (cancelled);
  g_source_add_child_source (detour->pause, cancelled);
  g_source_set_callback (detour->pause, on_pause_over, detour, NULL);
  g_source_attach (detour->pause, NULL);
}

/* A hint and no more: networks come up that the monitor does not see. */
static void
on_network_changed (GNetworkMonitor *monitor, gboolean available, gpointer user_data)
{
  LpadDetour *detour = user_data;

  if (!available)
    return;
  clear_pause (detour);
  start_pause (detour, NETWORK_PAUSE_MS);
}

static void
pause_then_try (LpadDetour *detour)
{
  start_pause (detour, detour->plan.pause_ms);
  detour->network_handler = g_signal_connect (
      g_network_monitor_get_default (), "network-changed", G_CALLBACK (on_network_changed), detour);
}

static gint64
now_ms (void)
{
  return g_get_monotonic_time () / 1000;
}

/* The server did not show up. */
static GError *
new_waited_error (LpadDetour *detour, const GError *error)
{
  GError *waited = g_error_copy (error);

  if (lpad_error_details (waited)->order == LPAD_ORDER_UNKNOWN)
    lpad_error_details (waited)->order = LPAD_ORDER_USABLE; /* nobody has been told of it */
  if (g_error_matches (error, LPAD_ERROR, LPAD_ERROR_SERVER_UNREACHABLE))
    lpad_error_wrap (
        &waited,
        "The provisioning profile was enabled, and within %u seconds no way to the server came up",
        detour->plan.wait_s);
  return waited;
}

static void
on_tried (LpadJob *job)
{
  LpadDetour *detour = detour_of_job (job);
  g_autoptr (GError) error = NULL;

  lpad_operation_take (detour->operation, job);
  switch (lpad_provisioning_plan_tried (&detour->plan, job->error, now_ms ()))
    {
    case LPAD_PROVISIONING_PAUSE:
      pause_then_try (detour);
      break;
    case LPAD_PROVISIONING_DOWNLOAD:
      detour->reached = TRUE;
      detour->there (detour->operation, NULL);
      break;
    case LPAD_PROVISIONING_ENABLE:
    case LPAD_PROVISIONING_TRY:
    case LPAD_PROVISIONING_GO_BACK:
    default:
      error = new_waited_error (detour, job->error);
      detour->there (detour->operation, error);
      break;
    }
}

static void
try_server (LpadDetour *detour)
{
  push (detour, lpad_provisioning_try_job_new (detour->address), on_tried);
}

static void
on_enabled (LpadOperation *operation, GError *error, gpointer user_data)
{
  LpadDetour *detour = user_data;
  g_autoptr (GError) owned = error;

  if (owned == NULL)
    {
      try_server (detour);
      return;
    }
  lpad_error_wrap (&owned, "The provisioning profile could not be enabled");
  lpad_error_details (owned)->order = LPAD_ORDER_USABLE;
  detour->there (operation, owned);
}

/* Without a record that survives, nobody would know after a power cut what to go back to. */
static gboolean
write_record (LpadDetour *detour, GError **error)
{
  LpadJournalEntry *record = lpad_operation_detour_record (detour->operation);
  LpadErrorDetails *details;

  lpad_journal_entry_begin (record, LPAD_PHASE_CHANGING);
  if (record->path == NULL || record->written)
    return TRUE;
  g_set_error_literal (error,
                       LPAD_ERROR,
                       LPAD_ERROR_FAILED,
                       "What is in use now cannot be written down, so no other profile is enabled for the "
                       "time of the download.");
  details = lpad_error_details (*error);
  details->order = LPAD_ORDER_USABLE;
  details->advice = "Make room in the file system with lpad's state.";
  return FALSE;
}

static void
enable (LpadDetour *detour)
{
  const LpadSwitchingWish wish = {
    .command = LPAD_STATE_COMMAND_ENABLE,
    .iccid = detour->plan.profile,
    .refresh = LPAD_REFRESH_EITHER,
    .phase = LPAD_PHASE_NONE,
    .stage = "provisioning",
  };

  lpad_switching_start (detour->operation, &wish, on_enabled, detour);
}

/* A chip that has not come back from an earlier detour goes back to where that one has begun. */
static void
take_over_earlier (LpadDetour *detour, LpadInterruptions *interruptions)
{
  const LpadInventory *inventory = lpad_euicc_inventory (lpad_operation_euicc (detour->operation));
  const LpadJournalEntry *earlier = lpad_interruptions_find_detour (interruptions);
  const LpadProfile *before;

  if (earlier == NULL || detour->plan.before == NULL
      || !lpad_journal_entry_is_profile (earlier, detour->plan.before))
    return;
  before = lpad_interruption_before (earlier, inventory);
  lpad_provisioning_plan_set_before (&detour->plan, before != NULL ? before->iccid : NULL);
}

void
lpad_detour_begin (LpadDetour *detour, LpadDetourFunc done)
{
  LpadEuicc *euicc = lpad_operation_euicc (detour->operation);
  const LpadConfig *config = lpad_euicc_core (euicc)->config;
  const LpadInventory *inventory = lpad_euicc_inventory (euicc);
  LpadInterruptions *interruptions = lpad_euicc_interruptions (euicc);
  LpadJournalEntry *record = lpad_operation_detour_record (detour->operation);
  g_autoptr (GError) error = NULL;
  const LpadProfile *profile = lpad_provisioning_find (inventory, config->provisioning_profile, &error);
  LpadProvisioningStep step;

  detour->there = done;
  if (profile == NULL)
    {
      done (detour->operation, error);
      return;
    }
  step = lpad_provisioning_plan_begin (&detour->plan, inventory, profile, config->provisioning_wait_s);
  if (interruptions != NULL)
    take_over_earlier (detour, interruptions);
  lpad_journal_entry_set_profile (record, detour->plan.profile);
  lpad_journal_entry_set_before (record, detour->plan.before);
  if (!write_record (detour, &error))
    {
      done (detour->operation, error);
      return;
    }
  if (interruptions != NULL)
    lpad_interruptions_supersede (interruptions, record);

  if (step == LPAD_PROVISIONING_TRY)
    try_server (detour);
  else
    enable (detour);
}

gboolean
lpad_detour_wait_again (LpadDetour *detour, const GError *error)
{
  if (lpad_provisioning_plan_tried (&detour->plan, error, now_ms ()) != LPAD_PROVISIONING_PAUSE)
    return FALSE;
  pause_then_try (detour);
  return TRUE;
}

static void
come_back (LpadDetour *detour, LpadDetourEnd end, GError *error)
{
  LpadInventory *inventory = lpad_euicc_inventory (lpad_operation_euicc (detour->operation));

  detour->end = end;
  if (error == NULL)
    lpad_interruption_settle (lpad_operation_detour_record (detour->operation), inventory);
  detour->back (detour->operation, error);
}

static void
on_undone (LpadOperation *operation, GError *error, gpointer user_data)
{
  LpadDetour *detour = user_data;
  g_autoptr (GError) owned = error;

  come_back (detour, owned == NULL ? LPAD_DETOUR_RETURNED : LPAD_DETOUR_STUCK, owned);
}

/* The chip has been read: undoes what has to be. */
static void
undo (LpadDetour *detour)
{
  const LpadInventory *inventory = lpad_euicc_inventory (lpad_operation_euicc (detour->operation));
  const LpadProfile *enabled = lpad_provisioning_enabled (inventory);
  GBytes *before = detour->plan.before;
  GBytes *iccid = NULL;
  LpadProvisioningUndo what = lpad_provisioning_undo (inventory, detour->plan.profile, before, &iccid);
  gboolean as_before = enabled == NULL || (before != NULL && g_bytes_equal (enabled->iccid, before));

  if (what == LPAD_UNDO_NOTHING)
    come_back (detour, as_before ? LPAD_DETOUR_RETURNED : LPAD_DETOUR_ARRIVED, NULL);
  else
    lpad_way_back_switch (detour->operation, what, iccid, on_undone, detour);
}

static void
on_looked (LpadJob *job)
{
  LpadDetour *detour = detour_of_job (job);

  lpad_operation_take (detour->operation, job);
  if (job->error != NULL)
    come_back (detour, LPAD_DETOUR_STUCK, job->error);
  else
    undo (detour);
}

void
lpad_detour_end (LpadDetour *detour, LpadDetourFunc done)
{
  detour->back = done;
  clear_pause (detour);
  if (detour->plan.profile == NULL)
    come_back (detour, LPAD_DETOUR_RETURNED, NULL);
  else
    push (detour, lpad_provisioning_look_job_new (detour->reached), on_looked);
}
