/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lui-session.h"

G_BEGIN_DECLS

/** lui_icon_type: "image/jpeg" or "image/png" as the first octets of @data say; NULL for anything else. */
const char *lui_icon_type (const guint8 *data, gsize size);

/**
 * lui_icon_save: reads the icon of @profile and writes it to the file @path, or to standard output for "-"
 * unless that is a terminal.
 * Returns: (transfer full) (nullable): what was written, such as "image/png, 340 octets"; NULL with
 * %LPAD_ERROR_NOT_FOUND when the profile has no icon, %LPAD_ERROR_PROTOCOL_ERROR when the operator calls
 * something an icon that is neither JPEG nor PNG (nothing is written then), or another error
 */
char *lui_icon_save (LuiSession *session, LpadBusProfile *profile, const char *path, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
