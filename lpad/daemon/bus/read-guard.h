/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core.h"

G_BEGIN_DECLS

/**
 * LpadReadGuard: stands before the properties. GDBus answers Get, GetAll and GetManagedObjects by itself and
 * lets nobody ask who the caller is, and its signals carry the values to everybody; but an EID or ICCID is
 * for those alone whom polkit lets read. So these calls are taken out of the stream, authorised, and answered
 * here (a property that needs no action passes), and signals go one by one to those clients that have been
 * allowed to read.
 */
typedef struct _LpadReadGuard LpadReadGuard;

/** lpad_read_guard_new: @core lives longer. */
LpadReadGuard *lpad_read_guard_new (LpadCore *core);
void lpad_read_guard_free (LpadReadGuard *guard);

G_END_DECLS
