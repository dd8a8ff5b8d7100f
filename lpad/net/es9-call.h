/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "es9.h"

G_BEGIN_DECLS

/* How a function of ES9+ or ES11 is called (SGP.22 6.5). Inside net/ only. */

#define LPAD_ES9_ANSWER_MAX (64 * 1024) /* octets of an answer */

/**
 * LpadEs9Function: one function.
 * @server_kind: what kind of server has it, for messages: "an SM-DP+"
 * @stage: for progress, or NULL
 * @maximum: octets of the answer
 * @timeout_ms: the most that it may take, 0: what the configuration says
 * @is_download: has its own deadline
 * @is_bodiless: any 2xx is success, and there is nothing to read (SGP.22 6.5.2.6)
 * @touches_order: a failure says something about the order: it stays usable
 */
typedef struct
{
  const char *name;
  const char *path;
  const char *server_kind;
  const char *stage;
  gsize maximum;
  guint timeout_ms;
  gboolean is_download;
  gboolean is_bodiless;
  gboolean touches_order;
  gboolean repeatable;
} LpadEs9Function;

/** lpad_es9_members: the request of every function but the first. @transaction_id: (nullable) */
JsonObject *lpad_es9_members (GBytes *transaction_id, const char *name, GBytes *response);

/** lpad_es9_add_base64: adds @bytes as the member @name. */
void lpad_es9_add_base64 (JsonObject *members, const char *name, GBytes *bytes);

/**
 * lpad_es9_call: calls @function.
 * @members: (transfer full): the request
 * Returns: (nullable): the answer's object once the server says that it has executed the function
 */
JsonObject *lpad_es9_call (LpadHttps *https,
                           const LpadEs9Function *function,
                           JsonObject *members,
                           const LpadProgress *progress,
                           GCancellable *cancellable,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es9_complete_error: adds what every error of @function says beside its message. A refusal in words of
 * the protocol has said more about the order already. */
void lpad_es9_complete_error (GError **error, const LpadEs9Function *function);

/** lpad_es9_initiate: InitiateAuthentication of an SM-DP+ or SM-DS, see lpad_es9_initiate_authentication().
 */
LpadEs9Authentication *lpad_es9_initiate (LpadHttps *https,
                                          const LpadEs9Function *function,
                                          GBytes *challenge,
                                          GBytes *euicc_info1,
                                          GCancellable *cancellable,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
