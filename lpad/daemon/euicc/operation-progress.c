/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "operation-progress.h"

#define PAUSE (G_TIME_SPAN_SECOND / 4)

void
lpad_operation_progress_init (LpadOperationProgress *progress, LpadBusOperation *bus, const LpadStage *stages)
{
  progress->bus = bus;
  progress->stages = stages;
}

void
lpad_operation_progress_stop (LpadOperationProgress *progress)
{
  g_clear_handle_id (&progress->timer, g_source_remove);
}

void
lpad_operation_progress_show (LpadOperationProgress *progress)
{
  LpadBusOperation *bus = progress->bus;
  const LpadStage *stage = progress->stage;
  double part = 0;

  lpad_operation_progress_stop (progress);
  progress->shown = g_get_monotonic_time ();
  if (stage == NULL)
    return;
  if (progress->bytes_total > 0)
    part = MIN (1.0, (double) progress->bytes_done / (double) progress->bytes_total);
  lpad_bus_operation_set_stage (bus, stage->name);
  lpad_bus_operation_set_bytes_done (bus, progress->bytes_done);
  lpad_bus_operation_set_bytes_total (bus, progress->bytes_total);
  lpad_bus_operation_set_progress (
      bus, MAX (lpad_bus_operation_get_progress (bus), stage->begin + part * (stage->end - stage->begin)));
  if (g_strcmp0 (lpad_bus_operation_get_state (bus), "running") == 0)
    lpad_bus_operation_set_cancellable (bus, stage->can_cancel);
}

static gboolean
on_timer (gpointer user_data)
{
  LpadOperationProgress *progress = user_data;

  progress->timer = 0;
  lpad_operation_progress_show (progress);
  return G_SOURCE_REMOVE;
}

void
lpad_operation_progress_note (LpadOperationProgress *progress,
                              const char *stage,
                              guint64 bytes_done,
                              guint64 bytes_total)
{
  const LpadStage *known = progress->stages;
  gint64 wait = progress->shown + PAUSE - g_get_monotonic_time ();

  while (known->name != NULL && !g_str_equal (known->name, stage))
    known++;
  if (known->name == NULL)
    return;
  progress->stage = known;
  progress->bytes_done = bytes_done;
  progress->bytes_total = bytes_total;
  if (wait <= 0)
    lpad_operation_progress_show (progress);
  else if (progress->timer == 0)
    progress->timer = g_timeout_add ((guint) (wait / G_TIME_SPAN_MILLISECOND) + 1, on_timer, progress);
}

gboolean
lpad_operation_progress_can_cancel (const LpadOperationProgress *progress)
{
  return progress->stage != NULL && progress->stage->can_cancel;
}
