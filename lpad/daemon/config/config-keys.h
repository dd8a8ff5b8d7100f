/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config-file.h"
#include "config.h"

G_BEGIN_DECLS

/** lpad_config_keys_read: sets the field of @config that the key of @source is for; a warning when there is
 * none. Inside the configuration only. */
void lpad_config_keys_read (LpadConfig *config, LpadConfigSource *source);

G_END_DECLS
