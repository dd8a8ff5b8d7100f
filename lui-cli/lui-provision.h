/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cmd.h"
#include "lui-report.h"

G_BEGIN_DECLS

/**
 * LuiProvision: a plan that is being worked off: on every chip that is there the download that the plan has
 * for it, side by side; the report is written after each change.
 */
typedef struct _LuiProvision LuiProvision;

/**
 * LuiProvisionFunc: something has changed; for showing it.
 * @index: of the row of the plan
 * @operation: (nullable): while the row runs
 */
typedef void (*LuiProvisionFunc) (LuiProvision *provision,
                                  guint index,
                                  LpadBusOperation *operation,
                                  gpointer user_data);

/**
 * lui_provision_new: @plan (element-type LuiPlanRow), @report and @session live longer.
 * @jobs: most downloads at a time, 0: as many as there are chips
 * @wait: chips that are not there may still come
 */
LuiProvision *
lui_provision_new (LuiSession *session, GPtrArray *plan, LuiReport *report, guint jobs, gboolean wait);
void lui_provision_free (LuiProvision *provision);

/** lui_provision_set_func: @func is called for each change of a row, also while it runs. */
void lui_provision_set_func (LuiProvision *provision, LuiProvisionFunc func, gpointer user_data);

/**
 * lui_provision_run: until every row is done or has failed, or until no chip is left to work on and none is
 * waited for. The first Ctrl-C begins nothing new and cancels what can be cancelled; what goes into a chip
 * ends first. The second leaves at once.
 * Returns: FALSE when it had to stop: not permitted, lpad gone, the report cannot be written
 */
gboolean lui_provision_run (LuiProvision *provision, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_provision_was_interrupted: by Ctrl-C. */
gboolean lui_provision_was_interrupted (LuiProvision *provision);

G_END_DECLS
