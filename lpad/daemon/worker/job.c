/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job.h"

#include "error-details.h"
#include "permit.h"

void
lpad_job_free (LpadJob *job)
{
  if (job->clear != NULL)
    job->clear (job);
  g_clear_object (&job->cancellable);
  g_clear_pointer (&job->inventory, lpad_inventory_unref);
  g_clear_pointer (&job->deliveries, g_ptr_array_unref);
  g_clear_pointer (&job->interrupted, g_ptr_array_unref);
  g_clear_error (&job->error);
  g_clear_object (&job->keep);
  g_free (job);
}

void
lpad_job_set_inventory (LpadJob *job, LpadWorkbench *bench, LpadInventory *inventory)
{
  if (inventory == NULL)
    return;
  g_clear_pointer (&bench->inventory, lpad_inventory_unref);
  bench->inventory = inventory;
  g_clear_pointer (&job->inventory, lpad_inventory_unref);
  job->inventory = lpad_inventory_ref (inventory);
}

void
lpad_job_begin (LpadJob *job, LpadPhase phase)
{
  if (job->entry != NULL)
    lpad_journal_entry_begin (job->entry, phase);
}

void
lpad_job_reread (LpadJob *job, LpadWorkbench *bench)
{
  g_autoptr (GError) error = NULL;
  LpadInventory *inventory = bench->inventory != NULL
                                 ? lpad_inventory_update (bench->chip, bench->inventory, NULL, &error)
                                 : lpad_inventory_read (bench->chip, NULL, &error);

  lpad_job_set_inventory (job, bench, inventory);
  if (inventory == NULL && job->error == NULL)
    job->error = g_steal_pointer (&error);
}

gboolean
lpad_job_may_enable (LpadJob *job, LpadWorkbench *bench, GBytes *iccid)
{
  LpadInventory *after = NULL;
  gboolean permitted = lpad_permit_enable_now (
      bench->chip, bench->inventory, iccid, bench->context->test_mode, &after, job->cancellable, &job->error);

  lpad_job_set_inventory (job, bench, after);
  return permitted;
}

void
lpad_job_notify (LpadJob *job, LpadWorkbench *bench)
{
  g_autoptr (LpadInventory) inventory = lpad_inventory_ref (bench->inventory);

  if (inventory->notifications->len == 0)
    return;
  if (job->deliveries == NULL)
    job->deliveries = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_delivery_free);
  lpad_progress_report (&bench->progress, "notifying", 0, 0);
  if (lpad_notify_send_rest (
          bench->chip, bench->context, NULL, &inventory, job->deliveries, job->cancellable))
    job->left = TRUE;
  lpad_job_set_inventory (job, bench, g_steal_pointer (&inventory));
}
