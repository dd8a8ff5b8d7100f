/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lpad-bus.h"

G_BEGIN_DECLS

/** LpadStage: a part of an operation: the part of the whole that it takes, and whether it can be cancelled.
 */
typedef struct
{
  const char *name;
  double begin;
  double end;
  gboolean can_cancel;
} LpadStage;

/**
 * LpadOperationProgress: how far an operation has come, as the bus shows it: often enough for a person, and
 * no more often. A plain structure, part of its operation.
 * @stages: of its kind
 * @stage: (nullable): what is shown next
 * @shown: monotonic time: when something was shown last
 */
typedef struct
{
  LpadBusOperation *bus;
  const LpadStage *stages;
  const LpadStage *stage;
  guint64 bytes_done;
  guint64 bytes_total;
  guint timer;
  gint64 shown;
} LpadOperationProgress;

/** lpad_operation_progress_init: nothing has begun. @bus outlives it. @stages: ends with a NULL name */
void lpad_operation_progress_init (LpadOperationProgress *progress,
                                   LpadBusOperation *bus,
                                   const LpadStage *stages);

/** lpad_operation_progress_stop: nothing more is shown by the clock. */
void lpad_operation_progress_stop (LpadOperationProgress *progress);

/** lpad_operation_progress_note: what happens now; shown at once, or a little later. A @stage that is none of
 * the kind's changes nothing. @bytes_total: 0: not known */
void lpad_operation_progress_note (LpadOperationProgress *progress,
                                   const char *stage,
                                   guint64 bytes_done,
                                   guint64 bytes_total);

/** lpad_operation_progress_show: shows what was noted last, now. */
void lpad_operation_progress_show (LpadOperationProgress *progress);

/** lpad_operation_progress_can_cancel: whether an operation that runs can be cancelled at this stage. */
gboolean lpad_operation_progress_can_cancel (const LpadOperationProgress *progress);

G_END_DECLS
