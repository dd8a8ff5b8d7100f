/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <winscard.h>

G_BEGIN_DECLS

/** lpad_pcsc_status_is_transport_fault: whether @status says that a command or its answer was lost on the
 * way. */
gboolean lpad_pcsc_status_is_transport_fault (LONG status);

/** lpad_pcsc_set_error: the error of @status (not SCARD_S_SUCCESS) that the PC/SC service returned. */
void lpad_pcsc_set_error (GError **error, LONG status);

G_END_DECLS
