/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * lpad_modem_fault_take: what a call of org.lpad.Modem1 failed with, as an error of lpad's own with details.
 * @error: (transfer full): of GDBus
 */
void lpad_modem_fault_take (GError **out, GError *error);

G_END_DECLS
