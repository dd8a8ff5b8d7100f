/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lui-plan.h"

G_BEGIN_DECLS

/** LuiReportStatus: what became of a row. */
typedef enum
{
  LUI_REPORT_WAITING, /* its chip was not there */
  LUI_REPORT_RUNNING, /* begun; in a file: lui-cli ended before it knew how it ended */
  LUI_REPORT_DONE,
  LUI_REPORT_FAILED,
} LuiReportStatus;

/**
 * LuiReportRow: what is known of a row of a plan. Strings are never NULL.
 * @key: LuiPlanRow.key
 * @eid: of the chip that it was done on
 * @iccid: of the profile that it has brought
 * @error, @message, @order, @retry: as in Operation.Result
 * @started, @finished: local time as in ISO 8601, or empty
 * @before: ICCIDs that were on the chip when it began, with spaces between them
 */
typedef struct
{
  char *key;
  guint line;
  char *eid;
  char *reader;
  LuiReportStatus status;
  char *iccid;
  char *error;
  char *message;
  char *order;
  char *retry;
  guint attempts;
  char *started;
  char *finished;
  char *before;
} LuiReportRow;

/** LuiReport: a file that is replaced as a whole after each change. It holds no codes. */
typedef struct _LuiReport LuiReport;

/**
 * lui_report_open: the report in the file @path (nullable: in memory only), JSON when its name ends with
 * ".json", else CSV, with a row for each of @plan (element-type LuiPlanRow); what the file says of them
 * already is kept, rows of other plans are dropped.
 * Returns: (nullable): NULL with %LPAD_ERROR_INVALID_ARGUMENTS when a file is there that is no report
 */
LuiReport *lui_report_open (const char *path, GPtrArray *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void lui_report_free (LuiReport *report);

/** lui_report_row: that of the row @index of the plan; (transfer none). */
LuiReportRow *lui_report_row (LuiReport *report, guint index);

/** lui_report_save: writes what has changed in rows; %LPAD_ERROR_FAILED when that is not possible. */
gboolean lui_report_save (LuiReport *report, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_report_to_text: the report as the file holds it. Free with g_free(). */
char *lui_report_to_text (LuiReport *report, gboolean json);

/** lui_report_set: replaces a string of a row; NULL is the empty one. */
void lui_report_set (char **field, const char *text);

/** lui_report_may_run: whether the row is still to be done: not when it is done, and not when it has failed
 * for good. */
gboolean lui_report_may_run (const LuiReportRow *row);

/** lui_report_status_name: "waiting", "running", "done", "failed". */
const char *lui_report_status_name (LuiReportStatus status);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LuiReport, lui_report_free)

G_END_DECLS
