/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config.h"

G_BEGIN_DECLS

/**
 * lpad_daemon_run: serves the bus until there has been nothing to do for a while, or a signal says to end.
 * @config: lives as long
 * @state_folder: see lpad_store_open()
 * Returns: FALSE when the bus is not there, breaks, or has an lpad already
 */
gboolean lpad_daemon_run (const LpadConfig *config,
                          const char *state_folder,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
