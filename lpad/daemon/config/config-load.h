/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config.h"

G_BEGIN_DECLS

/**
 * lpad_config_load: the defaults, then @path, then "@path.d/" + "*.conf" in the order of their names. A file
 * that does not exist is none; a value that is not understood leaves the one before and adds a warning.
 * Returns: (nullable): NULL with %LPAD_ERROR_INVALID_ARGUMENTS when a file cannot be read or is no key file:
 * a rule that somebody wrote must not be lost silently
 */
LpadConfig *lpad_config_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
