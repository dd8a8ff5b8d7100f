/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LpadProgress: where a procedure reports how far it is. One is made by the caller of a procedure and lives
 * on its stack; the callback runs on the thread of the procedure.
 */
typedef struct _LpadProgress LpadProgress;

/**
 * LpadProgressFunc:
 * @stage: static, what happens now: "connecting", "authenticating", "downloading", "installing" ...
 * @bytes_done, @bytes_total: octets of this stage, @bytes_total 0: unknown
 */
typedef void (*LpadProgressFunc) (const char *stage,
                                  guint64 bytes_done,
                                  guint64 bytes_total,
                                  gpointer user_data);

struct _LpadProgress
{
  LpadProgressFunc func;
  gpointer user_data;
};

/** lpad_progress_report: calls the callback; @progress may be NULL. */
void lpad_progress_report (const LpadProgress *progress,
                           const char *stage,
                           guint64 bytes_done,
                           guint64 bytes_total);

G_END_DECLS
