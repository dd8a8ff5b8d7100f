/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kinds.h"

#include "discover-op.h"
#include "download-op.h"
#include "notify-op.h"
#include "reset-op.h"
#include "switch-op.h"

const LpadOperationKinds lpad_kinds = {
  .download = lpad_download_op_call,
  .discover = lpad_discover_op_start,
  .reset = lpad_reset_op_start,
  .notify = lpad_notify_op_start,
  .change = lpad_switch_op_start,
};
