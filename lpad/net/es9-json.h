/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* The JSON of ES9+ and ES11 (SGP.22 6.5) as a peer that is not trusted sends it. Inside net/ only. */

#define LPAD_ES9_JSON_DEPTH     8  /* objects and arrays inside each other */
#define LPAD_TRANSACTION_ID_MAX 16 /* octets */

/**
 * lpad_es9_json_parse: @data as one JSON object: strict in form, at most %LPAD_ES9_JSON_DEPTH deep, no member
 * twice in an object.
 * Returns: (transfer full) (nullable): NULL with %LPAD_ERROR_PROTOCOL_ERROR. Free with json_object_unref()
 */
JsonObject *lpad_es9_json_parse (const char *data, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_es9_json_check_status: looks at header.functionExecutionStatus (SGP.22 6.5.1.4).
 * @function: static name such as "ES9+.AuthenticateClient"
 * Returns: FALSE with the error of the subject and reason code when the server did not execute the function
 */
gboolean lpad_es9_json_check_status (JsonObject *answer,
                                     const char *function,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es9_json_get_string: the text of member @name; (transfer none). */
const char *
lpad_es9_json_get_string (JsonObject *answer, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es9_json_get_tlv: the member @name, base64 of exactly one TLV with @tag, of at most @maximum octets.
 */
GBytes *lpad_es9_json_get_tlv (JsonObject *answer,
                               const char *name,
                               guint32 tag,
                               gsize maximum,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es9_json_get_transaction_id: the member transactionId, 1 to 16 octets. */
GBytes *lpad_es9_json_get_transaction_id (JsonObject *answer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es9_base64_decode: base64 (RFC 4648 4) with or without padding and with white space anywhere, as
 * servers write it; at most @maximum octets. */
GBytes *lpad_es9_base64_decode (const char *text, gsize maximum, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
