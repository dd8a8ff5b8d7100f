/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "es9.h"
#include "es9-json.h"

G_BEGIN_DECLS

/* What the answers of ES9+ mean, apart from the exchange that brings them. Inside net/ only. Each takes an
 * answer whose status has been checked; errors are %LPAD_ERROR_PROTOCOL_ERROR. */

/** lpad_es9_answer_authentication: InitiateAuthentication, SGP.22 5.6.1.
 * @address: the contacted server, "host" or "host:port" */
LpadEs9Authentication *lpad_es9_answer_authentication (JsonObject *answer,
                                                       const char *address,
                                                       GBytes *challenge,
                                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es9_answer_check_transaction_id: whether @answer is of the session @expected. */
gboolean lpad_es9_answer_check_transaction_id (JsonObject *answer,
                                               GBytes *expected,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es9_answer_client: AuthenticateClient, SGP.22 5.6.3. */
LpadEs9ClientAnswer *
lpad_es9_answer_client (JsonObject *answer, GBytes *transaction_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es9_answer_package: GetBoundProfilePackage, SGP.22 5.6.2. */
GBytes *lpad_es9_answer_package (JsonObject *answer,
                                 GBytes *transaction_id,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
