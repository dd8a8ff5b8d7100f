/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "operation.h"

G_BEGIN_DECLS

/** lpad_download_op_call: answers Euicc.Download, whose caller has been authorised; takes over @invocation.
 */
void lpad_download_op_call (LpadEuicc *euicc, GDBusMethodInvocation *invocation, GVariant *options);

G_END_DECLS
