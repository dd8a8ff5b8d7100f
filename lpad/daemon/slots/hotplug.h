/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pcsc.h"

G_BEGIN_DECLS

/** LpadHotplug: the thread that watches PC/SC readers. */
typedef struct _LpadHotplug LpadHotplug;

/**
 * LpadHotplugFunc: on the main thread: what is there now. A burst of changes is one call with the last of
 * them.
 * @readers: (transfer none) (element-type LpadPcscReader)
 */
typedef void (*LpadHotplugFunc) (GPtrArray *readers, gpointer user_data);

/** lpad_hotplug_start: @func is called soon with what is there, and again whenever that changes. */
LpadHotplug *lpad_hotplug_start (LpadHotplugFunc func, gpointer user_data);

/**
 * lpad_hotplug_stop: @func is not called any more. Takes over @hotplug. pcscd may keep the thread for a
 * while: it is waited for @timeout_ms at the most, and left to the end of the process then.
 */
void lpad_hotplug_stop (LpadHotplug *hotplug, guint timeout_ms);

G_END_DECLS
