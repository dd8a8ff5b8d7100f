/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel.h"

G_BEGIN_DECLS

/**
 * lpad_es10a_get_configured_addresses: SGP.22 5.7.3.
 * @smdp_address, @smds_address: (out): cleaned text as the chip holds it; "" when none. Free with g_free().
 */
gboolean lpad_es10a_get_configured_addresses (LpadChannel *channel,
                                              char **smdp_address,
                                              char **smds_address,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es10a_set_default_dp_address: SGP.22 5.7.4; "" removes it. */
gboolean lpad_es10a_set_default_dp_address (LpadChannel *channel,
                                            const char *address,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
