/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es9.h"

#include <string.h>

#include "address.h"
#include "debug.h"
#include "error-details.h"
#include "es9-answer.h"
#include "es9-json.h"
#include "hex.h"

#define ANSWER_MAX        (64 * 1024)       /* octets of an answer */
#define CANCEL_TIMEOUT_MS 15000             /* nobody waits long for the end of something that failed */
#define PACKAGE_MAX       (2 * 1024 * 1024) /* of the one that carries a bound profile package */

/* One function of ES9+. */
typedef struct
{
  const char *name;
  const char *path;
  const char *stage; /* for progress, or NULL */
  gsize maximum;
  guint timeout_ms;       /* the most that it may take, 0: what the configuration says */
  gboolean is_download;   /* has its own deadline */
  gboolean is_bodiless;   /* any 2xx is success, and there is nothing to read (SGP.22 6.5.2.6) */
  gboolean touches_order; /* a failure says something about the order: it stays usable */
  gboolean repeatable;
} Function;

static const Function initiate_authentication = {
  .name = "ES9+.InitiateAuthentication",
  .path = "/gsma/rsp2/es9plus/initiateAuthentication",
  .maximum = ANSWER_MAX,
  .touches_order = TRUE,
  .repeatable = TRUE, /* the server opens a second session and forgets the first in time */
};

static const Function authenticate_client = {
  .name = "ES9+.AuthenticateClient",
  .path = "/gsma/rsp2/es9plus/authenticateClient",
  .maximum = ANSWER_MAX,
  .touches_order = TRUE,
};

static const Function get_bound_profile_package = {
  .name = "ES9+.GetBoundProfilePackage",
  .path = "/gsma/rsp2/es9plus/getBoundProfilePackage",
  .stage = "downloading",
  .maximum = PACKAGE_MAX,
  .is_download = TRUE,
  .touches_order = TRUE,
};

static const Function cancel_session = {
  .name = "ES9+.CancelSession",
  .path = "/gsma/rsp2/es9plus/cancelSession",
  .maximum = ANSWER_MAX,
  .timeout_ms = CANCEL_TIMEOUT_MS,
  .repeatable = TRUE, /* the second time the session is gone, as wished */
};

static const Function handle_notification = {
  .name = "ES9+.HandleNotification",
  .path = "/gsma/rsp2/es9plus/handleNotification",
  .maximum = ANSWER_MAX,
  .is_bodiless = TRUE,
  .repeatable = TRUE, /* a notification is sent until it is acknowledged anyway */
};

/* What every error of @function says beside its message. A refusal in words of the protocol has said more
 * about the order already. */
static void
complete_error (GError **error, const Function *function)
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
check_http_status (LpadHttps *https, const Function *function, guint status, GError **error)
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
                 "the server %s does not accept the request (HTTP status %u): is it an SM-DP+?",
                 address,
                 status);
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
read_answer (LpadHttps *https, const Function *function, GBytes *body, guint status, GError **error)
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

/* Takes @members. Returns the answer's object once the server says that it executed the function. */
static JsonObject *
call (LpadHttps *https,
      const Function *function,
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
    complete_error (error, function);
  return answer;
}

static void
add_base64 (JsonObject *members, const char *name, GBytes *bytes)
{
  gsize size;
  const guchar *data = g_bytes_get_data (bytes, &size);
  g_autofree char *text = g_base64_encode (data, size);

  json_object_set_string_member (members, name, text);
}

/* The request of every function but the first. SGP.22 6.5.2 wants the digits in upper case. */
static JsonObject *
make_members (GBytes *transaction_id, const char *name, GBytes *response)
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
  add_base64 (members, name, response);
  return members;
}

LpadEs9Authentication *
lpad_es9_initiate_authentication (LpadHttps *https,
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

  members = make_members (NULL, "euiccChallenge", challenge);
  add_base64 (members, "euiccInfo1", euicc_info1);
  /* Servers compare with their own name exactly, and that has no port. */
  host = lpad_address_host (lpad_https_address (https));
  json_object_set_string_member (members, "smdpAddress", host);
  answer = call (https, &initiate_authentication, members, NULL, cancellable, error);
  if (answer == NULL)
    return NULL;
  result = lpad_es9_answer_authentication (answer, lpad_https_address (https), challenge, error);
  if (result == NULL)
    complete_error (error, &initiate_authentication);
  return result;
}

LpadEs9ClientAnswer *
lpad_es9_authenticate_client (LpadHttps *https,
                              GBytes *transaction_id,
                              GBytes *authenticate_server_response,
                              GCancellable *cancellable,
                              GError **error)
{
  g_autoptr (JsonObject) answer = NULL;
  LpadEs9ClientAnswer *result;

  g_return_val_if_fail (https != NULL && transaction_id != NULL && authenticate_server_response != NULL,
                        NULL);

  answer = call (https,
                 &authenticate_client,
                 make_members (transaction_id, "authenticateServerResponse", authenticate_server_response),
                 NULL,
                 cancellable,
                 error);
  if (answer == NULL)
    return NULL;
  result = lpad_es9_answer_client (answer, transaction_id, error);
  if (result == NULL)
    complete_error (error, &authenticate_client);
  return result;
}

GBytes *
lpad_es9_get_bound_profile_package (LpadHttps *https,
                                    GBytes *transaction_id,
                                    GBytes *prepare_download_response,
                                    const LpadProgress *progress,
                                    GCancellable *cancellable,
                                    GError **error)
{
  g_autoptr (JsonObject) answer = NULL;
  GBytes *result;

  g_return_val_if_fail (https != NULL && transaction_id != NULL && prepare_download_response != NULL, NULL);

  answer = call (https,
                 &get_bound_profile_package,
                 make_members (transaction_id, "prepareDownloadResponse", prepare_download_response),
                 progress,
                 cancellable,
                 error);
  if (answer == NULL)
    return NULL;
  result = lpad_es9_answer_package (answer, transaction_id, error);
  if (result == NULL)
    complete_error (error, &get_bound_profile_package);
  return result;
}

gboolean
lpad_es9_cancel_session (LpadHttps *https,
                         GBytes *transaction_id,
                         GBytes *cancel_session_response,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (JsonObject) answer = NULL;

  g_return_val_if_fail (https != NULL && transaction_id != NULL && cancel_session_response != NULL, FALSE);

  answer = call (https,
                 &cancel_session,
                 make_members (transaction_id, "cancelSessionResponse", cancel_session_response),
                 NULL,
                 cancellable,
                 error);
  return answer != NULL;
}

gboolean
lpad_es9_handle_notification (LpadHttps *https,
                              GBytes *notification,
                              GCancellable *cancellable,
                              GError **error)
{
  g_autoptr (JsonObject) answer = NULL;

  g_return_val_if_fail (https != NULL && notification != NULL, FALSE);

  answer = call (https,
                 &handle_notification,
                 make_members (NULL, "pendingNotification", notification),
                 NULL,
                 cancellable,
                 error);
  return answer != NULL;
}
