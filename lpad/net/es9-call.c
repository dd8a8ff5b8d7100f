/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es9-call.h"

#include <string.h>

#include "address.h"
#include "debug.h"
#include "error-details.h"
#include "es9-answer.h"
#include "es9-json.h"
#include "hex.h"

void
lpad_es9_complete_error (GError **error, const LpadEs9Function *function)
{
  LpadErrorDetails *details = error != NULL ? lpad_error_details (*error) : NULL;

  if (details == NULL)
    return;
  if (details->function == NULL)
    details->function = function->name;
  if (details->retry == LPAD_RETRY_UNKNOWN && details->subject_code == NULL)
    details->retry = LPAD_RETRY_LATER;
  if (!function->touches_order)
    details->order = LPAD_ORDER_UNKNOWN;
  else if (details->order == LPAD_ORDER_UNKNOWN && details->subject_code == NULL)
    details->order = LPAD_ORDER_USABLE;
}

static gboolean
check_http_status (LpadHttps *https, const LpadEs9Function *function, guint status, GError **error)
{
  const char *address = lpad_https_address (https);
  LpadErrorDetails *details;
  LpadRetry retry = LPAD_RETRY_LATER;

  if (status == 200 || (function->is_bodiless && status >= 200 && status < 300))
    return TRUE;

  if (status >= 500 || status == 408 || status == 429)
    g_set_error (error,
                 LPAD_ERROR,
                 LPAD_ERROR_SERVER_UNREACHABLE,
                 "the server %s is out of order at the moment (HTTP status %u)",
                 address,
                 status);
  else if (status >= 400)
    g_set_error (error,
                 LPAD_ERROR,
                 LPAD_ERROR_SERVER_REFUSED,
                 "the server %s does not accept the request (HTTP status %u): is it %s?",
                 address,
                 status,
                 function->server_kind);
  else if (status >= 300)
    g_set_error (error,
                 LPAD_ERROR,
                 LPAD_ERROR_PROTOCOL_ERROR,
                 "the server %s redirects elsewhere (HTTP status %u), which lpad never follows",
                 address,
                 status);
  else
    g_set_error (error,
                 LPAD_ERROR,
                 LPAD_ERROR_PROTOCOL_ERROR,
                 "the server %s answers with HTTP status %u where 200 is due",
                 address,
                 status);
  details = error != NULL ? lpad_error_details (*error) : NULL;
  if (details != NULL)
    {
      details->http_status = status;
      details->retry = retry;
    }
  return FALSE;
}

static JsonObject *
read_answer (LpadHttps *https, const LpadEs9Function *function, GBytes *body, guint status, GError **error)
{
  g_autoptr (JsonObject) answer = NULL;
  gsize size;
  const char *data = g_bytes_get_data (body, &size);

  lpad_debug_octets ("HTTP answer", (const guint8 *) data, size);
  if (!check_http_status (https, function, status, error))
    return NULL;
  if (function->is_bodiless)
    return json_object_new ();
  answer = lpad_es9_json_parse (data, size, error);
  if (answer == NULL || !lpad_es9_json_check_status (answer, function->name, error))
    return NULL;
  return g_steal_pointer (&answer);
}

JsonObject *
lpad_es9_call (LpadHttps *https,
               const LpadEs9Function *function,
               JsonObject *members,
               const LpadProgress *progress,
               GCancellable *cancellable,
               GError **error)
{
  const LpadNetConfig *config = lpad_https_config (https);
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), members);
  g_autofree char *text = json_to_string (node, FALSE);
  g_autoptr (GBytes) body = NULL;
  LpadHttpsRequest request = {
    .path = function->path,
    .body = text,
    .body_size = strlen (text),
    .maximum = function->maximum,
    .timeout_ms = function->is_download ? config->download_timeout_ms : config->total_timeout_ms,
    .stage = function->stage,
    .repeatable = function->repeatable,
  };
  JsonObject *answer = NULL;
  guint status = 0;

  if (function->timeout_ms != 0)
    request.timeout_ms = MIN (request.timeout_ms, function->timeout_ms);
  json_object_unref (members);
  body = lpad_https_post (https, &request, &status, progress, cancellable, error);
  if (body != NULL)
    answer = read_answer (https, function, body, status, error);
  if (answer == NULL)
    lpad_es9_complete_error (error, function);
  return answer;
}

void
lpad_es9_add_base64 (JsonObject *members, const char *name, GBytes *bytes)
{
  gsize size;
  const guchar *data = g_bytes_get_data (bytes, &size);
  g_autofree char *text = g_base64_encode (data, size);

  json_object_set_string_member (members, name, text);
}

/* SGP.22 6.5.2 wants the digits of the transaction ID in upper case. */
JsonObject *
lpad_es9_members (GBytes *transaction_id, const char *name, GBytes *response)
{
  JsonObject *members = json_object_new ();
  g_autofree char *digits = NULL;
  g_autofree char *upper = NULL;

  if (transaction_id != NULL)
    {
      digits = lpad_hex_encode (g_bytes_get_data (transaction_id, NULL), g_bytes_get_size (transaction_id));
      upper = g_ascii_strup (digits, -1);
      json_object_set_string_member (members, "transactionId", upper);
    }
  lpad_es9_add_base64 (members, name, response);
  return members;
}

LpadEs9Authentication *
lpad_es9_initiate (LpadHttps *https,
                   const LpadEs9Function *function,
                   GBytes *challenge,
                   GBytes *euicc_info1,
                   GCancellable *cancellable,
                   GError **error)
{
  g_autofree char *host = NULL;
  g_autoptr (JsonObject) answer = NULL;
  LpadEs9Authentication *result;
  JsonObject *members;

  g_return_val_if_fail (https != NULL && challenge != NULL && euicc_info1 != NULL, NULL);

  members = lpad_es9_members (NULL, "euiccChallenge", challenge);
  lpad_es9_add_base64 (members, "euiccInfo1", euicc_info1);
  /* Servers compare with their own name exactly, and that has no port. */
  host = lpad_address_host (lpad_https_address (https));
  json_object_set_string_member (members, "smdpAddress", host);
  answer = lpad_es9_call (https, function, members, NULL, cancellable, error);
  if (answer == NULL)
    return NULL;
  result = lpad_es9_answer_authentication (answer, lpad_https_address (https), challenge, error);
  if (result == NULL)
    lpad_es9_complete_error (error, function);
  return result;
}
