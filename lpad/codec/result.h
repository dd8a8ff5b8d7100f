/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "error-details.h"

G_BEGIN_DECLS

/* Every result code, errorReason and subject/reason pair of SGP.22 as one row: the error, a sentence, advice,
 * what became of the order and whether a retry helps. */

typedef enum
{
  LPAD_FUNCTION_SET_DEFAULT_DP_ADDRESS,
  LPAD_FUNCTION_PREPARE_DOWNLOAD,
  LPAD_FUNCTION_LIST_NOTIFICATION,
  LPAD_FUNCTION_RETRIEVE_NOTIFICATIONS_LIST,
  LPAD_FUNCTION_REMOVE_NOTIFICATION,
  LPAD_FUNCTION_LOAD_CRL,
  LPAD_FUNCTION_AUTHENTICATE_SERVER,
  LPAD_FUNCTION_CANCEL_SESSION,
  LPAD_FUNCTION_GET_PROFILES_INFO,
  LPAD_FUNCTION_ENABLE_PROFILE,
  LPAD_FUNCTION_DISABLE_PROFILE,
  LPAD_FUNCTION_DELETE_PROFILE,
  LPAD_FUNCTION_MEMORY_RESET,
  LPAD_FUNCTION_SET_NICKNAME,
  LPAD_N_FUNCTIONS, /* how many there are */
} LpadFunction;

/** lpad_function_name: "ES10b.PrepareDownload" and so on. */
const char *lpad_function_name (LpadFunction function);

/** lpad_result_set_error: the error of result or error code @code (not 0) of @function, with details. Unknown
 * codes get a sentence with the number. */
void lpad_result_set_error (GError **error, LpadFunction function, guint64 code);

/** lpad_result_set_install_error: the error of a ProfileInstallationResult (2.5.6):
 * %LPAD_ERROR_INSTALLATION_FAILED, PROFILE_EXISTS, INSUFFICIENT_MEMORY or POLICY_VIOLATION, with details. */
void lpad_result_set_install_error (GError **error, int bpp_command, int error_reason);

/** lpad_result_set_status_word: the error of status word @sw (not 9000 or 91xx) that @function (static)
 * answered. */
void lpad_result_set_status_word (GError **error, const char *function, guint sw);

/**
 * lpad_result_set_server_error: the error of a functionExecutionStatus "Failed" of ES9+ or ES11 (5.2.6, 6.5).
 * @function: static name such as "ES9+.AuthenticateClient"
 * @subject, @reason: dotted codes; any text, NULL too
 * @message: the server's words or NULL; only kept in the details, cleaned
 */
void lpad_result_set_server_error (GError **error,
                                   const char *function,
                                   const char *subject,
                                   const char *reason,
                                   const char *message);

typedef enum
{
  LPAD_CANCEL_END_USER_REJECTION = 0,
  LPAD_CANCEL_POSTPONED = 1,
  LPAD_CANCEL_TIMEOUT = 2,
  LPAD_CANCEL_PPR_NOT_ALLOWED = 3,
  LPAD_CANCEL_METADATA_MISMATCH = 4,
  LPAD_CANCEL_LOAD_BPP_EXECUTION_ERROR = 5,
  LPAD_CANCEL_UNDEFINED = 127,
} LpadCancelReason;

/** lpad_cancel_reason_to_string, lpad_bpp_command_to_string, lpad_error_reason_to_string: names of the ASN.1
 * module, for logs and details. */
const char *lpad_cancel_reason_to_string (LpadCancelReason reason); /* "endUserRejection" ... */
const char *lpad_bpp_command_to_string (int bpp_command);           /* "storeMetadata" ... or "unknown" */
const char *lpad_error_reason_to_string (int error_reason);         /* "installFailedDueToInterruption" ... */

G_END_DECLS
