/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es9.h"

#include "error-details.h"
#include "es9-answer.h"
#include "es9-call.h"

#define CANCEL_TIMEOUT_MS 15000             /* nobody waits long for the end of something that failed */
#define PACKAGE_MAX       (2 * 1024 * 1024) /* octets of the answer with a bound profile package */

static const LpadEs9Function initiate_authentication = {
  .name = "ES9+.InitiateAuthentication",
  .path = "/gsma/rsp2/es9plus/initiateAuthentication",
  .server_kind = "an SM-DP+",
  .maximum = LPAD_ES9_ANSWER_MAX,
  .touches_order = TRUE,
  .repeatable = TRUE, /* the server opens a second session and forgets the first in time */
};

static const LpadEs9Function authenticate_client = {
  .name = "ES9+.AuthenticateClient",
  .path = "/gsma/rsp2/es9plus/authenticateClient",
  .server_kind = "an SM-DP+",
  .maximum = LPAD_ES9_ANSWER_MAX,
  .touches_order = TRUE,
};

static const LpadEs9Function get_bound_profile_package = {
  .name = "ES9+.GetBoundProfilePackage",
  .path = "/gsma/rsp2/es9plus/getBoundProfilePackage",
  .server_kind = "an SM-DP+",
  .stage = "downloading",
  .maximum = PACKAGE_MAX,
  .is_download = TRUE,
  .touches_order = TRUE,
};

static const LpadEs9Function cancel_session = {
  .name = "ES9+.CancelSession",
  .path = "/gsma/rsp2/es9plus/cancelSession",
  .server_kind = "an SM-DP+",
  .maximum = LPAD_ES9_ANSWER_MAX,
  .timeout_ms = CANCEL_TIMEOUT_MS,
  .repeatable = TRUE, /* the second time the session is gone, as wished */
};

static const LpadEs9Function handle_notification = {
  .name = "ES9+.HandleNotification",
  .path = "/gsma/rsp2/es9plus/handleNotification",
  .server_kind = "an SM-DP+",
  .maximum = LPAD_ES9_ANSWER_MAX,
  .is_bodiless = TRUE,
  .repeatable = TRUE, /* a notification is sent until it is acknowledged anyway */
};

LpadEs9Authentication *
lpad_es9_initiate_authentication (LpadHttps *https,
                                  GBytes *challenge,
                                  GBytes *euicc_info1,
                                  GCancellable *cancellable,
                                  GError **error)
{
  return lpad_es9_initiate (https, &initiate_authentication, challenge, euicc_info1, cancellable, error);
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

  answer = lpad_es9_call (
      https,
      &authenticate_client,
      lpad_es9_members (transaction_id, "authenticateServerResponse", authenticate_server_response),
      NULL,
      cancellable,
      error);
  if (answer == NULL)
    return NULL;
  result = lpad_es9_answer_client (answer, transaction_id, error);
  if (result == NULL)
    lpad_es9_complete_error (error, &authenticate_client);
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

  answer = lpad_es9_call (
      https,
      &get_bound_profile_package,
      lpad_es9_members (transaction_id, "prepareDownloadResponse", prepare_download_response),
      progress,
      cancellable,
      error);
  if (answer == NULL)
    return NULL;
  result = lpad_es9_answer_package (answer, transaction_id, error);
  if (result == NULL)
    lpad_es9_complete_error (error, &get_bound_profile_package);
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

  answer = lpad_es9_call (https,
                          &cancel_session,
                          lpad_es9_members (transaction_id, "cancelSessionResponse", cancel_session_response),
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

  answer = lpad_es9_call (https,
                          &handle_notification,
                          lpad_es9_members (NULL, "pendingNotification", notification),
                          NULL,
                          cancellable,
                          error);
  return answer != NULL;
}
