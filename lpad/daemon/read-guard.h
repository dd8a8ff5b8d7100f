/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core.h"

G_BEGIN_DECLS

/**
 * LpadReadGuard: stands before the properties. GDBus answers Get, GetAll and GetManagedObjects by itself and
 * lets nobody ask who the caller is; but an EID or ICCID is for those alone whom polkit lets read. So these
 * calls are taken out of the stream, authorised, and answered here. A property that needs no action passes.
 */
typedef struct _LpadReadGuard LpadReadGuard;

/** lpad_read_guard_new: @core lives longer. */
LpadReadGuard *lpad_read_guard_new (LpadCore *core);
void lpad_read_guard_free (LpadReadGuard *guard);

G_END_DECLS
