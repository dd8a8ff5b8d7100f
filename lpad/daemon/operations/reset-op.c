/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reset-op.h"

#include <string.h>

#include "error-details.h"
#include "identifiers.h"
#include "interruption.h"
#include "options.h"
#include "reset.h"
#include "text.h"

#define NAME_MAX_SHOWN 64 /* octets of a name that somebody else chose */

typedef struct
{
  guint what; /* LpadResetOptions */
  LpadInventory *before;
  GError *error;
} ResetOp;

typedef struct
{
  LpadJob job;
  guint what;
  LpadInventory *before; /* (out) what the chip held when the job began */
} ResetJob;

static void start_reset (LpadOperation *operation);

static const LpadStage stages[]
    = { { "resetting", 0.0, 0.6, FALSE }, { "notifying", 0.6, 1.0, TRUE }, { NULL, 0, 0, FALSE } };
static const LpadOperationKind kind
    = { .name = "reset", .stages = stages, .switching = TRUE, .start = start_reset };

/* What can be deleted, by its name on the bus */
static const struct
{
  const char *name;
  guint option;
} names[] = {
  { "operational-profiles", LPAD_RESET_OPERATIONAL_PROFILES },
  { "test-profiles", LPAD_RESET_TEST_PROFILES },
  { "default-smdp-address", LPAD_RESET_DEFAULT_SMDP_ADDRESS },
};

static void
reset_op_free (gpointer data)
{
  ResetOp *self = data;

  g_clear_pointer (&self->before, lpad_inventory_unref);
  g_clear_error (&self->error);
  g_free (self);
}

static guint
option_of (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (g_str_equal (names[i].name, name))
        return names[i].option;
    }
  return 0;
}

static gboolean
read_what (const char *const *what, guint *options, GError **error)
{
  *options = 0;
  for (gsize i = 0; what[i] != NULL; i++)
    {
      guint option = option_of (what[i]);
      g_autofree char *clean = NULL;

      *options |= option;
      if (option != 0)
        continue;
      clean = lpad_text_clean ((const guint8 *) what[i], strlen (what[i]), NAME_MAX_SHOWN);
      g_set_error (
          error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, "“%s” is nothing that a reset can delete.", clean);
      return FALSE;
    }
  if (*options != 0)
    return TRUE;
  g_set_error_literal (error,
                       LPAD_ERROR,
                       LPAD_ERROR_INVALID_ARGUMENTS,
                       "A reset must be told what to delete: operational-profiles, test-profiles, "
                       "default-smdp-address.");
  return FALSE;
}

/* ICCIDs of the profiles of @inventory that @other has, too, or has not. */
static GVariant *
list_profiles (const LpadInventory *inventory, const LpadInventory *other, gboolean in_other)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; i < inventory->profiles->len; i++)
    {
      const LpadProfile *profile = inventory->profiles->pdata[i];
      gsize size;
      const guint8 *data = g_bytes_get_data (profile->iccid, &size);
      g_autofree char *iccid = lpad_iccid_to_string (data, size);

      if ((lpad_inventory_find_profile (other, profile->iccid) != NULL) == in_other)
        g_variant_builder_add (&builder, "s", iccid);
    }
  return g_variant_builder_end (&builder);
}

/* What is gone and what remained, as the chip says it. */
static void
finish (LpadOperation *operation)
{
  ResetOp *self = lpad_operation_data (operation);
  LpadInventory *now = lpad_euicc_inventory (lpad_operation_euicc (operation));

  if (self->before != NULL)
    {
      lpad_operation_add_result (operation, "deleted", list_profiles (self->before, now, FALSE));
      lpad_operation_add_result (operation, "remaining", list_profiles (now, now, TRUE));
    }
  lpad_operation_finish (operation, self->error, NULL);
}

static void
notify_job (LpadJob *job, LpadWorkbench *bench)
{
  lpad_job_notify (job, bench);
}

static void
on_notified (LpadJob *job)
{
  LpadOperation *operation = lpad_operation_of_job (job);

  lpad_operation_take (operation, job);
  finish (operation);
}

static void
clear_reset_job (LpadJob *job)
{
  g_clear_pointer (&((ResetJob *) job)->before, lpad_inventory_unref);
}

static void
reset_job (LpadJob *job, LpadWorkbench *bench)
{
  ResetJob *self = (ResetJob *) job;
  LpadInventory *after = NULL;

  lpad_job_begin (job, LPAD_PHASE_CHANGING);
  lpad_progress_report (&bench->progress, "resetting", 0, 0);
  self->before = lpad_inventory_ref (bench->inventory);
  if (!lpad_reset_memory (bench->chip, bench->inventory, self->what, &after, job->cancellable, &job->error))
    g_debug ("Resetting the memory: %s", job->error->message);
  lpad_interruption_note_change (job, bench, after);
}

static void
on_reset (LpadJob *job)
{
  LpadOperation *operation = lpad_operation_of_job (job);
  ResetOp *self = lpad_operation_data (operation);
  LpadJob *next;

  lpad_operation_take (operation, job);
  lpad_euicc_flush (lpad_operation_euicc (operation));
  self->error = g_steal_pointer (&job->error);
  self->before = g_steal_pointer (&((ResetJob *) job)->before);
  if (job->inventory == NULL || job->inventory->notifications->len == 0)
    {
      finish (operation);
      return;
    }
  next = g_new0 (LpadJob, 1);
  next->run = notify_job;
  next->done = on_notified;
  lpad_operation_push (operation, next);
}

static void
start_reset (LpadOperation *operation)
{
  ResetJob *job = g_new0 (ResetJob, 1);

  (void) lpad_operation_record (operation);
  job->job.run = reset_job;
  job->job.done = on_reset;
  job->job.clear = clear_reset_job;
  job->what = ((ResetOp *) lpad_operation_data (operation))->what;
  lpad_operation_push (operation, &job->job);
}

LpadOperation *
lpad_reset_op_start (LpadEuicc *euicc,
                     const char *const *what,
                     GVariant *options,
                     const char *sender,
                     GError **error)
{
  guint wanted;
  ResetOp *self;

  if (!read_what (what, &wanted, error) || !lpad_options_none (options, error))
    return NULL;
  self = g_new0 (ResetOp, 1);
  self->what = wanted;
  return lpad_operation_start (euicc, &kind, sender, self, reset_op_free, error);
}
