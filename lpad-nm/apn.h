/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * lpad_nm_apn_find: the APN that the device's maker knows for profiles of the network @owner.
 * @path: (nullable): a file with a group [Apn] of lines such as “262-01=internet”; NULL: there is none
 * @owner: MCC and MNC, "262-01"; empty: not known
 * Returns: NULL: not known
 */
char *lpad_nm_apn_find (const char *path, const char *owner);

G_END_DECLS
