/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "download-options.h"
#include "operation.h"

G_BEGIN_DECLS

/** lpad_download_op_call: answers Euicc.Download, whose caller has been authorised; takes over @invocation.
 */
void lpad_download_op_call (LpadEuicc *euicc, GDBusMethodInvocation *invocation, GVariant *options);

/** lpad_download_op_start_own: a download by lpad itself, for the first boot; takes over @options.
 * Errors: see lpad_operation_start() */
LpadOperation *lpad_download_op_start_own (LpadEuicc *euicc,
                                           LpadDownloadOptions *options,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
