/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libqmi-glib.h>

#include "port.h"

G_BEGIN_DECLS

/** lpad_dms_identify: asks the modem's DMS service who it is. */
void lpad_dms_identify (QmiDevice *device,
                        GCancellable *cancellable,
                        GAsyncReadyCallback done,
                        gpointer user_data);

/** lpad_dms_identify_finish: the answer; NULL with an error when DMS cannot be used. */
LpadPortIdentity *lpad_dms_identify_finish (GAsyncResult *result, GError **error);

/** lpad_dms_reset: takes the modem off the air and resets it; it then vanishes from the bus and comes back.
 */
void
lpad_dms_reset (QmiDevice *device, GCancellable *cancellable, GAsyncReadyCallback done, gpointer user_data);

/** lpad_dms_reset_finish: whether the modem does it; an error of LPAD_MODEM_ERROR if not. */
gboolean lpad_dms_reset_finish (GAsyncResult *result, GError **error);

G_END_DECLS
