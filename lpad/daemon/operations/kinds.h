/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "operation-kinds.h"

G_BEGIN_DECLS

/** lpad_kinds: all kinds of operations that somebody can ask for on the bus. */
extern const LpadOperationKinds lpad_kinds;

G_END_DECLS
