/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the chip answers: results of ES10 functions, errors of an installation, status words. What a server
 * answers is in result-server.c. */
#include "result.h"

typedef struct
{
  guint64 code;
  LpadError error;
  LpadRetry retry;
  LpadOrder order;
  int cancel_reason; /* 0: none in particular; endUserRejection is never the answer to an error */
  const char *message;
  const char *advice;
} Row;

typedef struct
{
  const char *name;
  const Row *rows;
  gsize n_rows;
} Function;

#define ADVICE_NONE   "There is nothing left to do."
#define ADVICE_MAKER  "Ask the maker of the chip whether there is newer software for it."
#define ADVICE_CARD   "Take the card out and put it back, or restart the device, and try again."
#define ADVICE_AGAIN  "Try again."
#define ADVICE_LIST   "Read the list of profiles again."
#define ADVICE_ISSUER "Ask the operator for help; the activation code stays usable."
#define ADVICE_BURNT  "Ask the operator for a new activation code."

#define UNDEFINED(order)                                                                                     \
  {                                                                                                          \
    127, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_LATER, order, 0, "the chip failed without saying why",            \
        ADVICE_CARD                                                                                          \
  }

/* clang-format off */
static const Row set_default_dp_address[] = {
  UNDEFINED (LPAD_ORDER_UNKNOWN),
};

/* SGP.22 v2.5, 5.7.5. A certificate or signature that the chip refuses is the operator's fault and stays. */
static const Row prepare_download[] = {
  { 1, LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, LPAD_CANCEL_UNDEFINED,
    "the chip refuses the certificate with which the operator's server protects profiles", ADVICE_BURNT },
  { 2, LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, LPAD_CANCEL_UNDEFINED,
    "the chip found a wrong signature of the operator's server on the offered profile", ADVICE_BURNT },
  { 3, LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, LPAD_CANCEL_UNDEFINED,
    "the operator's server uses a kind of key that the chip does not know", ADVICE_BURNT },
  { 4, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_USABLE, 0,
    "the chip has lost the session with the operator's server", ADVICE_AGAIN },
  { 5, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_USABLE, 0,
    "the chip is in another session than the operator's server", ADVICE_AGAIN },
  UNDEFINED (LPAD_ORDER_USABLE),
};

static const Row list_notification[] = {
  UNDEFINED (LPAD_ORDER_UNKNOWN),
};

static const Row retrieve_notifications_list[] = {
  { 1, LPAD_ERROR_NOT_FOUND, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip holds no such notification", ADVICE_NONE },
  UNDEFINED (LPAD_ORDER_UNKNOWN),
};

static const Row remove_notification[] = {
  { 1, LPAD_ERROR_NOT_FOUND, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip holds no such notification", ADVICE_NONE },
  UNDEFINED (LPAD_ORDER_UNKNOWN),
};

/* SGP.22 v2.5, 5.7.12. A chip that holds a newer list, or misses the one that this one continues, has been
 * told otherwise by somebody else. */
static const Row load_crl[] = {
  { 1, LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip found a wrong signature on the list of revoked certificates",
    "Ask the issuer for its list again." },
  { 2, LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip cannot read the list of revoked certificates", "Ask the issuer for its list again." },
  { 3, LPAD_ERROR_INSUFFICIENT_MEMORY, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN, 0,
    "the chip has no room for the list of revoked certificates",
    "Delete a profile that is no longer needed and try again." },
  { 4, LPAD_ERROR_ISSUER_MISSING, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip does not know the issuer of the list of revoked certificates",
    "Give the chip only lists of issuers that it trusts." },
  { 5, LPAD_ERROR_WRONG_STATE, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip holds a newer list of revoked certificates already", "Ask the issuer for its newest list." },
  { 6, LPAD_ERROR_WRONG_STATE, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN, 0,
    "the chip misses the list that this list of revoked certificates continues",
    "Load the issuer's complete list first." },
  UNDEFINED (LPAD_ORDER_UNKNOWN),
};

/* SGP.22 v2.5, 5.7.13; 8 and up: v3. The server has not yet seen the matching ID, so the order is as it was.
 */
static const Row authenticate_server[] = {
  { 1, LPAD_ERROR_SERVER_NOT_TRUSTED, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE, 0,
    "the chip does not trust the certificate of the operator's server", ADVICE_ISSUER },
  { 2, LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE, 0,
    "the chip found a wrong signature of the operator's server", ADVICE_ISSUER },
  { 3, LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE, 0,
    "the operator's server uses a kind of key that the chip does not know", ADVICE_ISSUER },
  { 4, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_USABLE, 0,
    "the chip has lost the session with the operator's server", ADVICE_AGAIN },
  { 5, LPAD_ERROR_SERVER_NOT_TRUSTED, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE, 0,
    "the certificate of the operator's server is not one for this purpose", ADVICE_ISSUER },
  { 6, LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_USABLE, 0,
    "the operator's server answered another challenge than the chip's", ADVICE_AGAIN },
  { 7, LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE, 0,
    "the operator's server asks for a certificate of an issuer that the chip has none from", ADVICE_ISSUER },
  { 8, LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_USABLE, 0,
    "the operator's server mixed up two sessions", ADVICE_AGAIN },
  { 9, LPAD_ERROR_SERVER_NOT_TRUSTED, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE, 0,
    "the operator's server sent no list of revoked certificates, which the chip asks for", ADVICE_ISSUER },
  { 10, LPAD_ERROR_SERVER_NOT_TRUSTED, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE, 0,
    "the chip found a wrong signature on a list of revoked certificates", ADVICE_ISSUER },
  { 11, LPAD_ERROR_SERVER_NOT_TRUSTED, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE, 0,
    "the certificate of the operator's server has been revoked", ADVICE_ISSUER },
  { 12, LPAD_ERROR_SERVER_NOT_TRUSTED, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE, 0,
    "a certificate of the operator's server is out of date for the chip", ADVICE_ISSUER },
  { 13, LPAD_ERROR_SERVER_NOT_TRUSTED, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE, 0,
    "the certificates of the operator's server do not fit together", ADVICE_ISSUER },
  { 14, LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE, 0,
    "the chip has no profile with the ICCID that was asked for", ADVICE_LIST },
  UNDEFINED (LPAD_ORDER_USABLE),
};

static const Row cancel_session[] = {
  { 5, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip has no such session any more", ADVICE_NONE },
  UNDEFINED (LPAD_ORDER_UNKNOWN),
};

static const Row get_profiles_info[] = {
  { 1, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip does not understand the question for its profiles", ADVICE_MAKER },
  { 11, LPAD_ERROR_CARD_BUSY, LPAD_RETRY_NOW, LPAD_ORDER_UNKNOWN, 0,
    "the chip is changing a profile at this moment", ADVICE_AGAIN },
  UNDEFINED (LPAD_ORDER_UNKNOWN),
};

#define NO_SUCH_PROFILE                                                                                      \
  {                                                                                                          \
    1, LPAD_ERROR_NOT_FOUND, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0, "the chip has no such profile",      \
        ADVICE_LIST                                                                                          \
  }
#define CAT_BUSY                                                                                             \
  {                                                                                                          \
    5, LPAD_ERROR_CARD_BUSY, LPAD_RETRY_NOW, LPAD_ORDER_UNKNOWN, 0,                                          \
        "the chip is busy with a task of the profile in use", "Wait some seconds and try again."             \
  }
#define COMMAND_ERROR                                                                                        \
  {                                                                                                          \
    7, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,                                     \
        "the chip finds fault with the command", ADVICE_MAKER                                                \
  }
#define ENTERPRISE_RULE                                                                                      \
  {                                                                                                          \
    6, LPAD_ERROR_POLICY_VIOLATION, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,                               \
        "a rule of the company that owns a profile on this chip forbids it",                                 \
        "Ask the company that manages the device."                                                           \
  }

/* SGP.22 v2.5, 5.7.16; 6 and up: v3. */
static const Row enable_profile[] = {
  NO_SUCH_PROFILE,
  { 2, LPAD_ERROR_WRONG_STATE, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the profile is enabled already", ADVICE_NONE },
  { 3, LPAD_ERROR_POLICY_VIOLATION, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the profile in use must not be disabled: its operator forbids it",
    "Ask the operator of the profile in use." },
  { 4, LPAD_ERROR_WRONG_STATE, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "a test profile is in use: only another one, or the profile that was in use before it, can be enabled now",
    "Disable the test profile first." },
  CAT_BUSY,
  ENTERPRISE_RULE,
  COMMAND_ERROR,
  { 9, LPAD_ERROR_POLICY_VIOLATION, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "this is not allowed to remote management", "Do it on the device itself." },
  { 10, LPAD_ERROR_WRONG_STATE, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "as many profiles are enabled as the chip can serve at a time", "Disable another profile first." },
  UNDEFINED (LPAD_ORDER_UNKNOWN),
};

static const Row disable_profile[] = {
  NO_SUCH_PROFILE,
  { 2, LPAD_ERROR_WRONG_STATE, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the profile is disabled already", ADVICE_NONE },
  { 3, LPAD_ERROR_POLICY_VIOLATION, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the profile must not be disabled: its operator forbids it", "Ask the operator of the profile." },
  CAT_BUSY,
  ENTERPRISE_RULE,
  COMMAND_ERROR,
  UNDEFINED (LPAD_ORDER_UNKNOWN),
};

static const Row delete_profile[] = {
  NO_SUCH_PROFILE,
  { 2, LPAD_ERROR_WRONG_STATE, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the profile is enabled, and one that is in use cannot be deleted", "Disable the profile first." },
  { 3, LPAD_ERROR_POLICY_VIOLATION, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the profile must not be deleted: its operator forbids it", "Ask the operator of the profile." },
  COMMAND_ERROR,
  UNDEFINED (LPAD_ORDER_UNKNOWN),
};

static const Row memory_reset[] = {
  { 1, LPAD_ERROR_NOT_FOUND, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip holds nothing that this would delete", ADVICE_NONE },
  CAT_BUSY,
  ENTERPRISE_RULE,
  COMMAND_ERROR,
  UNDEFINED (LPAD_ORDER_UNKNOWN),
};

static const Row set_nickname[] = {
  NO_SUCH_PROFILE,
  COMMAND_ERROR,
  UNDEFINED (LPAD_ORDER_UNKNOWN),
};
/* clang-format on */

#define FUNCTION(name, rows)                                                                                 \
  {                                                                                                          \
    name, rows, G_N_ELEMENTS (rows)                                                                          \
  }

static const Function functions[] = {
  [LPAD_FUNCTION_SET_DEFAULT_DP_ADDRESS] = FUNCTION ("ES10a.SetDefaultDpAddress", set_default_dp_address),
  [LPAD_FUNCTION_PREPARE_DOWNLOAD] = FUNCTION ("ES10b.PrepareDownload", prepare_download),
  [LPAD_FUNCTION_LIST_NOTIFICATION] = FUNCTION ("ES10b.ListNotification", list_notification),
  [LPAD_FUNCTION_RETRIEVE_NOTIFICATIONS_LIST]
  = FUNCTION ("ES10b.RetrieveNotificationsList", retrieve_notifications_list),
  [LPAD_FUNCTION_REMOVE_NOTIFICATION] = FUNCTION ("ES10b.RemoveNotificationFromList", remove_notification),
  [LPAD_FUNCTION_LOAD_CRL] = FUNCTION ("ES10b.LoadCRL", load_crl),
  [LPAD_FUNCTION_AUTHENTICATE_SERVER] = FUNCTION ("ES10b.AuthenticateServer", authenticate_server),
  [LPAD_FUNCTION_CANCEL_SESSION] = FUNCTION ("ES10b.CancelSession", cancel_session),
  [LPAD_FUNCTION_GET_PROFILES_INFO] = FUNCTION ("ES10c.GetProfilesInfo", get_profiles_info),
  [LPAD_FUNCTION_ENABLE_PROFILE] = FUNCTION ("ES10c.EnableProfile", enable_profile),
  [LPAD_FUNCTION_DISABLE_PROFILE] = FUNCTION ("ES10c.DisableProfile", disable_profile),
  [LPAD_FUNCTION_DELETE_PROFILE] = FUNCTION ("ES10c.DeleteProfile", delete_profile),
  [LPAD_FUNCTION_MEMORY_RESET] = FUNCTION ("ES10c.eUICCMemoryReset", memory_reset),
  [LPAD_FUNCTION_SET_NICKNAME] = FUNCTION ("ES10c.SetNickname", set_nickname),
};

#define BAD_PACKAGE "the chip refuses the profile package: "

/* clang-format off */
/* ErrorReason of a ProfileInstallationResult (SGP.22 v2.5, 2.5.6); 31 and 32: v2.7. Only two are passing:
 * then the server keeps the order downloadable. */
static const Row install_errors[] = {
  { 1, LPAD_ERROR_INSTALLATION_FAILED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    BAD_PACKAGE "a value in it is wrong", ADVICE_BURNT },
  { 2, LPAD_ERROR_INSTALLATION_FAILED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    BAD_PACKAGE "the operator's signature on it is wrong", ADVICE_BURNT },
  { 3, LPAD_ERROR_INSTALLATION_FAILED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    BAD_PACKAGE "it belongs to another session", ADVICE_BURNT },
  { 4, LPAD_ERROR_INSTALLATION_FAILED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    BAD_PACKAGE "the chip does not know the way in which it is protected", ADVICE_BURNT },
  { 5, LPAD_ERROR_INSTALLATION_FAILED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    BAD_PACKAGE "it asks for something other than an installation", ADVICE_BURNT },
  { 6, LPAD_ERROR_INSTALLATION_FAILED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    "the chip does not take profiles of this class", ADVICE_BURNT },
  { 7, LPAD_ERROR_INSTALLATION_FAILED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    BAD_PACKAGE "a piece of it is malformed", ADVICE_BURNT },
  { 8, LPAD_ERROR_INSTALLATION_FAILED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    BAD_PACKAGE "a piece of it was not protected for this chip, or was altered", ADVICE_BURNT },
  { 9, LPAD_ERROR_PROFILE_EXISTS, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    "a profile with the same ICCID is on the chip already",
    "Use the profile that is there, or delete it and ask the operator for a new activation code." },
  { 10, LPAD_ERROR_INSUFFICIENT_MEMORY, LPAD_RETRY_LATER, LPAD_ORDER_USABLE, 0,
    "the chip has no room for the profile",
    "Delete a profile that is no longer needed and try again with the same activation code." },
  { 11, LPAD_ERROR_INSTALLATION_FAILED, LPAD_RETRY_NOW, LPAD_ORDER_USABLE, 0,
    "the installation was interrupted", "Try again with the same activation code." },
  { 12, LPAD_ERROR_INSTALLATION_FAILED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    "the profile asks for something that this chip cannot do", ADVICE_BURNT },
  { 13, LPAD_ERROR_INSTALLATION_FAILED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    BAD_PACKAGE "the profile in it is not the one that it announces", ADVICE_BURNT },
  { 14, LPAD_ERROR_INSTALLATION_FAILED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    "the chip takes test profiles only with known test keys", ADVICE_BURNT },
  { 15, LPAD_ERROR_POLICY_VIOLATION, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    "the profile comes with policy rules that this chip does not permit",
    "Ask the operator for a profile without such rules." },
  { 31, LPAD_ERROR_INSTALLATION_FAILED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    BAD_PACKAGE "its protection is weaker than the chip demands", ADVICE_BURNT },
  { 32, LPAD_ERROR_POLICY_VIOLATION, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    "the chip takes test profiles only from certain servers, and this is none of them",
    "Ask the maker of the chip from which servers it takes test profiles." },
  { 127, LPAD_ERROR_INSTALLATION_FAILED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED, 0,
    "the chip could not install the profile and does not say why", ADVICE_BURNT },
};

/* ISO/IEC 7816-4 and ETSI TS 102 221 10.2.1, as ISD-R uses them. */
static const Row status_words[] = {
  { 0x6581, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the memory of the chip is full or worn out",
    "Delete a profile that is no longer needed; if that does not help, the chip has to be replaced." },
  { 0x6601, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_UNKNOWN, 0,
    "the connection to the chip does not carry commands of this size", ADVICE_AGAIN },
  { 0x6700, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_UNKNOWN, 0,
    "the chip does not take commands of this length", ADVICE_AGAIN },
  { 0x6881, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_UNKNOWN, 0,
    "the chip has closed the logical channel, or has none left", ADVICE_CARD },
  { 0x6883, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_UNKNOWN, 0,
    "the chip misses the last part of a command", ADVICE_CARD },
  { 0x6884, LPAD_ERROR_NOT_SUPPORTED, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip takes no commands in several parts", ADVICE_MAKER },
  { 0x6982, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip does not allow this to a device", ADVICE_MAKER },
  { 0x6985, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN, 0,
    "the chip cannot do this now: it waits for a reset, or something before it failed", ADVICE_CARD },
  { 0x6a80, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip finds fault with the data of the command", ADVICE_MAKER },
  { 0x6a81, LPAD_ERROR_NOT_SUPPORTED, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip does not offer this function", ADVICE_MAKER },
  { 0x6a82, LPAD_ERROR_NOT_SUPPORTED, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the card is no eUICC, or hides that it is one",
    "Check that the card is an eSIM chip and not an ordinary SIM card." },
  { 0x6a84, LPAD_ERROR_INSUFFICIENT_MEMORY, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN, 0,
    "the chip has not enough memory", "Delete a profile that is no longer needed and try again." },
  { 0x6a86, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip finds fault with the parameters of the command", ADVICE_MAKER },
  { 0x6a88, LPAD_ERROR_NOT_SUPPORTED, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip does not know this function", ADVICE_MAKER },
  { 0x6b00, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip finds fault with the parameters of the command", ADVICE_MAKER },
  { 0x6d00, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_UNKNOWN, 0,
    "the chip does not know the command: another application than the eSIM manager is selected",
    ADVICE_AGAIN },
  { 0x6e00, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN, 0,
    "the chip does not know this class of commands", ADVICE_MAKER },
  { 0x6f00, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN, 0,
    "the chip failed without saying why", ADVICE_CARD },
  { 0x9300, LPAD_ERROR_CARD_BUSY, LPAD_RETRY_NOW, LPAD_ORDER_UNKNOWN, 0,
    "the chip is busy with a task of the profile in use", "Wait some seconds and try again." },
};
/* clang-format on */

static const Row *
find_row (const Row *rows, gsize n_rows, guint64 code)
{
  for (gsize i = 0; i < n_rows; i++)
    {
      if (rows[i].code == code)
        return &rows[i];
    }
  return NULL;
}

/* Fills in what @row says, and returns the details for the rest. */
static LpadErrorDetails *
fill_details (GError *error, const Row *row, const char *function)
{
  LpadErrorDetails *details = lpad_error_details (error);

  details->function = function;
  if (row != NULL)
    {
      details->advice = row->advice;
      details->retry = row->retry;
      details->order = row->order;
      if (row->cancel_reason != 0)
        details->cancel_reason = row->cancel_reason;
    }
  return details;
}

const char *
lpad_function_name (LpadFunction function)
{
  g_return_val_if_fail ((gsize) function < G_N_ELEMENTS (functions), NULL);

  return functions[function].name;
}

void
lpad_result_set_error (GError **error, LpadFunction function, guint64 code)
{
  const Row *row;

  g_return_if_fail ((gsize) function < G_N_ELEMENTS (functions));

  if (error == NULL)
    return;

  row = find_row (functions[function].rows, functions[function].n_rows, code);
  if (row != NULL)
    g_set_error_literal (error, LPAD_ERROR, (gint) row->error, row->message);
  else
    g_set_error (error,
                 LPAD_ERROR,
                 LPAD_ERROR_CARD_ERROR,
                 "the chip failed with result %" G_GUINT64_FORMAT ", which lpad does not know",
                 code);
  fill_details (*error, row, functions[function].name)->result = (int) MIN (code, G_MAXINT);
}

void
lpad_result_set_install_error (GError **error, int bpp_command, int error_reason)
{
  const Row *row = NULL;
  LpadErrorDetails *details;

  if (error == NULL)
    return;

  if (error_reason >= 0)
    row = find_row (install_errors, G_N_ELEMENTS (install_errors), (guint64) error_reason);
  if (row != NULL)
    g_set_error_literal (error, LPAD_ERROR, (gint) row->error, row->message);
  else
    g_set_error (
        error,
        LPAD_ERROR,
        LPAD_ERROR_INSTALLATION_FAILED,
        "the chip could not install the profile, for reason %d in command %d, which lpad does not know",
        error_reason,
        bpp_command);
  details = fill_details (*error, row, "ES10b.LoadBoundProfilePackage");
  details->result = error_reason;
  details->bpp_command = bpp_command;
}

void
lpad_result_set_status_word (GError **error, const char *function, guint sw)
{
  const Row *row;

  if (error == NULL)
    return;

  row = find_row (status_words, G_N_ELEMENTS (status_words), sw);
  if (row != NULL)
    g_set_error (error, LPAD_ERROR, (gint) row->error, "%s (status word %04X)", row->message, sw);
  else
    g_set_error (
        error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR, "the chip refused the command (status word %04X)", sw);
  fill_details (*error, row, function)->status_word = sw;
}

const char *
lpad_cancel_reason_to_string (LpadCancelReason reason)
{
  switch (reason)
    {
    case LPAD_CANCEL_END_USER_REJECTION:
      return "endUserRejection";
    case LPAD_CANCEL_POSTPONED:
      return "postponed";
    case LPAD_CANCEL_TIMEOUT:
      return "timeout";
    case LPAD_CANCEL_PPR_NOT_ALLOWED:
      return "pprNotAllowed";
    case LPAD_CANCEL_METADATA_MISMATCH:
      return "metadataMismatch";
    case LPAD_CANCEL_LOAD_BPP_EXECUTION_ERROR:
      return "loadBppExecutionError";
    case LPAD_CANCEL_UNDEFINED:
    default:
      return "undefinedReason";
    }
}

const char *
lpad_bpp_command_to_string (int bpp_command)
{
  static const char *const names[]
      = { "initialiseSecureChannel", "configureISDP",      "storeMetadata",
          "storeMetadata2",          "replaceSessionKeys", "loadProfileElements" };

  if (bpp_command < 0 || (gsize) bpp_command >= G_N_ELEMENTS (names))
    return "unknown";
  return names[bpp_command];
}

const char *
lpad_error_reason_to_string (int error_reason)
{
  static const char *const names[] = {
    [1] = "incorrectInputValues",
    [2] = "invalidSignature",
    [3] = "invalidTransactionId",
    [4] = "unsupportedCrtValues",
    [5] = "unsupportedRemoteOperationType",
    [6] = "unsupportedProfileClass",
    [7] = "scp03tStructureError",
    [8] = "scp03tSecurityError",
    [9] = "installFailedDueToIccidAlreadyExistsOnEuicc",
    [10] = "installFailedDueToInsufficientMemoryForProfile",
    [11] = "installFailedDueToInterruption",
    [12] = "installFailedDueToPEProcessingError",
    [13] = "installFailedDueToDataMismatch",
    [14] = "testProfileInstallFailedDueToInvalidNaaKey",
    [15] = "pprNotAllowed",
    [31] = "insufficientMinimumSecurityLevel",
    [32] = "serverAddressAbsentInAllowList",
    [127] = "installFailedDueToUnknownError",
  };

  if (error_reason < 0 || (gsize) error_reason >= G_N_ELEMENTS (names) || names[error_reason] == NULL)
    return "unknown";
  return names[error_reason];
}
