/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "progress.h"

void
lpad_progress_report (const LpadProgress *progress,
                      const char *stage,
                      guint64 bytes_done,
                      guint64 bytes_total)
{
  if (progress != NULL && progress->func != NULL)
    progress->func (stage, bytes_done, bytes_total, progress->user_data);
}
