/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "chip.h"
#include "context.h"
#include "es9.h"
#include "inventory.h"
#include "progress.h"

G_BEGIN_DECLS

/**
 * LpadSession: an RSP session between a chip and a server: common mutual authentication (SGP.22 3.0.1) and
 * its end. Used on the chip's worker thread.
 */
typedef struct _LpadSession LpadSession;

/** lpad_session_new: nothing is sent yet. @address: normalised; @smdp_oid: (nullable): must be in the
 * server's certificates. */
LpadSession *
lpad_session_new (LpadChip *chip, const LpadContext *context, const char *address, const char *smdp_oid);

/** lpad_session_new_discovery: the same with an SM-DS, over ES11. Its session is ended on the chip alone:
 * ES11 has no CancelSession, and the server ends it with its answer. */
LpadSession *lpad_session_new_discovery (LpadChip *chip, const LpadContext *context, const char *address);

/** lpad_session_free: ends an open session with reason timeout. */
void lpad_session_free (LpadSession *session);

/**
 * lpad_session_authenticate: challenge, InitiateAuthentication, AuthenticateServer. Ends an earlier session
 * first.
 * @ctx_params1: see lpad_es10b_build_ctx_params1()
 * Returns: (nullable): the AuthenticateServerResponse for the server; from then on the session is open.
 * %LPAD_ERROR_SERVER_REFUSED when an SM-DS is where an SM-DP+ should be, or the other way round: then the
 * chip has not been asked
 */
GBytes *lpad_session_authenticate (LpadSession *session,
                                   GBytes *ctx_params1,
                                   const LpadProgress *progress,
                                   GCancellable *cancellable,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_session_role: what the server's certificate says it is, as soon as it has shown one. */
LpadServerRole lpad_session_role (LpadSession *session);

/** lpad_session_transaction_id: NULL while no session is open. */
GBytes *lpad_session_transaction_id (LpadSession *session);
LpadHttps *lpad_session_https (LpadSession *session);
/** lpad_session_info: EUICCInfo1 as read at the beginning of the session; NULL before that. */
const LpadEuiccInfo *lpad_session_info (LpadSession *session);

/** lpad_session_over: both sides know that the session is over; there is nothing to cancel. */
void lpad_session_over (LpadSession *session);

/**
 * lpad_session_cancel: CancelSession on the chip and, with its signed answer, on the server. Never fails as
 * seen by the caller: an earlier error is the one to report. Short deadline, not cancellable. Returns:
 * whether the server knows
 */
gboolean lpad_session_cancel (LpadSession *session, LpadCancelReason reason);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadSession, lpad_session_free)

G_END_DECLS
