/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lui-session.h"

G_BEGIN_DECLS

/** Exit status of lui-cli; documented in lui-cli(1), so that scripts can rely on it. */
typedef enum
{
  LUI_EXIT_OK = 0,
  LUI_EXIT_FAILED = 1,
  LUI_EXIT_USAGE = 2,
  LUI_EXIT_NOT_AUTHORIZED = 3,
  LUI_EXIT_NOT_FOUND = 4,
  LUI_EXIT_DECLINED = 5, /* the user said no, cancelled, or nobody was there to ask */
  LUI_EXIT_SERVER = 6,
  LUI_EXIT_CARD = 7,
  LUI_EXIT_ORDER = 8,        /* activation code, confirmation code or order */
  LUI_EXIT_STATE = 9,        /* the state of chip or profile, or a rule, forbids it */
  LUI_EXIT_UNAVAILABLE = 10, /* no bus or no lpad */
  LUI_EXIT_ROLLED_BACK = 11, /* the new profile did not prove itself: the one before is in use */
  LUI_EXIT_INTERRUPTED = 130,
} LuiExit;

/** lui_exit_for_name: the exit status for an error's name on the bus. */
LuiExit lui_exit_for_name (const char *name);

/**
 * lui_fail: tells the user why something failed: on standard error for people, on standard output as JSON.
 * @error: (transfer full): from a call, or of lui-cli itself
 * Returns: the exit status
 */
LuiExit lui_fail (LuiSession *session, GError *error);

/** lui_fail_result: the same for the Result of an operation, see org.lpad.Lpad1.Operation. */
LuiExit lui_fail_result (LuiSession *session, GVariant *result);

/** lui_result_failed: whether @result tells of an error. */
gboolean lui_result_failed (GVariant *result);

/** lui_provisioning_sentence: what the user hears about the member "provisioning" of a download's result, or
 * NULL: nothing to be told. */
const char *lui_provisioning_sentence (const char *provisioning);

/** lui_order_sentence: what a person is told of an activation code that is "usable" or "ended"; else NULL. */
const char *lui_order_sentence (const char *order);

G_END_DECLS
