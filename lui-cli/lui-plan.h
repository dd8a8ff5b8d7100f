/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define LUI_PLAN_FILE_MAX (8 * 1024 * 1024) /* octets */
#define LUI_PLAN_ROWS_MAX 100000

/**
 * LuiPlanRow: what one chip gets. Strings may be NULL.
 * @line: of the file, or in JSON the number of the object; from 1
 * @key: recognises the row in a report: a hash of chip and source
 * @eid: or else @reader: a name, or a pattern with * and ?, of the reader that the chip is in
 * @releases: "NAME:RELEASE;...", see lui_releases_build(); right in a plan that was read
 * @activation_code: or @smdp_address with @matching_id, or @use_default
 */
typedef struct
{
  guint line;
  char *key;
  char *eid;
  char *reader;
  char *activation_code;
  char *smdp_address;
  char *matching_id;
  gboolean use_default;
  char *confirmation_code;
  gboolean enable;
  gboolean accept_policy_rules;
  char *nickname;
  char *imei;
  char *tac;
  char *releases;
  gboolean use_provisioning;
} LuiPlanRow;

/**
 * lui_plan_load: the plan in the file @path, JSON when its name ends with ".json", else CSV.
 * @problems: (element-type utf8): gets a sentence for each mistake, with the line
 * Returns: (element-type LuiPlanRow) (nullable): NULL with an error when the file cannot be read, see
 * lui_file_read(); NULL without one when @problems are found
 */
GPtrArray *lui_plan_load (const char *path, GPtrArray *problems, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_plan_parse: the same for @text; @json: which form it has. */
GPtrArray *
lui_plan_parse (const char *text, gsize size, gboolean json, GPtrArray *problems) G_GNUC_WARN_UNUSED_RESULT;

/** lui_plan_row_options: the options of Euicc.Download for @row. (transfer floating) */
GVariant *lui_plan_row_options (const LuiPlanRow *row);

/** lui_plan_row_fits: whether the chip @eid in the reader @device is the one that @row is for. */
gboolean lui_plan_row_fits (const LuiPlanRow *row, const char *eid, const char *device);

G_END_DECLS
