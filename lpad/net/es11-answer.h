/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "es11.h"
#include "es9-json.h"

G_BEGIN_DECLS

/** lpad_es11_answer_events: what the answer of an AuthenticateClient whose status has been checked says, see
 * lpad_es11_authenticate_client(). Errors are %LPAD_ERROR_PROTOCOL_ERROR. Inside net/ only. */
GPtrArray *lpad_es11_answer_events (JsonObject *answer,
                                    GBytes *transaction_id,
                                    guint *n_unusable,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
