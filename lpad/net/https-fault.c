/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "https-fault.h"

#include <errno.h>
#include <openssl/ssl.h>

#include "error-details.h"

static const char CHECK_NETWORK[] = "Check that this device has a connection to the Internet.";
static const char TRY_AGAIN[] = "Try again in a while.";

static void G_GNUC_PRINTF (5, 6)
    set_error (GError **error, LpadError code, LpadRetry retry, const char *advice, const char *format, ...)
{
  LpadErrorDetails *details;
  va_list args;
  GError *made;

  va_start (args, format);
  made = g_error_new_valist (LPAD_ERROR, (int) code, format, args);
  va_end (args);
  details = lpad_error_details (made);
  details->retry = retry;
  /* A fault of the network decides nothing about the order: the server offers it again. */
  details->order = LPAD_ORDER_USABLE;
  details->advice = advice;
  g_propagate_error (error, made);
}

static void
set_connect_error (const LpadHttpsFault *fault, GError **error)
{
  if (fault->local_address)
    set_error (error,
               LPAD_ERROR_SERVER_UNREACHABLE,
               LPAD_RETRY_USELESS,
               NULL,
               "%s has an address in a private or local network, which the configuration does not allow",
               fault->host);
  else if (fault->system_error == ECONNREFUSED)
    set_error (error,
               LPAD_ERROR_SERVER_UNREACHABLE,
               LPAD_RETRY_LATER,
               TRY_AGAIN,
               "the server %s refuses connections",
               fault->host);
  else if (fault->system_error == ENETUNREACH || fault->system_error == EHOSTUNREACH)
    set_error (error,
               LPAD_ERROR_SERVER_UNREACHABLE,
               LPAD_RETRY_LATER,
               CHECK_NETWORK,
               "there is no route to the server %s",
               fault->host);
  else
    set_error (error,
               LPAD_ERROR_SERVER_UNREACHABLE,
               LPAD_RETRY_LATER,
               CHECK_NETWORK,
               "the server %s cannot be reached (%s)",
               fault->host,
               fault->system_error != 0 ? g_strerror ((int) fault->system_error) : "no address answers");
}

static void
set_timeout_error (const LpadHttpsFault *fault, GError **error)
{
  if (!fault->connected)
    set_error (error,
               LPAD_ERROR_SERVER_UNREACHABLE,
               LPAD_RETRY_LATER,
               CHECK_NETWORK,
               "no connection to the server %s within the time allowed",
               fault->host);
  else if (fault->deadline_passed)
    set_error (error,
               LPAD_ERROR_SERVER_UNREACHABLE,
               LPAD_RETRY_LATER,
               TRY_AGAIN,
               "the server %s did not finish its answer within the time allowed",
               fault->host);
  else
    set_error (error,
               LPAD_ERROR_SERVER_UNREACHABLE,
               LPAD_RETRY_LATER,
               TRY_AGAIN,
               "the connection to the server %s stalled",
               fault->host);
}

/* Whether the server ended the connection because of the certificate of this device, or because there is
 * none. In TLS 1.2 a server says of the latter no more than that the handshake failed; in 1.3 it says so when
 * the request is on its way, and what it said may be lost with the connection. */
static gboolean
is_certificate_refused (const LpadHttpsFault *fault)
{
  if (!fault->certificate_wanted || fault->octets > 0)
    return FALSE;
  if (fault->alert < 0)
    return fault->code != CURLE_OPERATION_TIMEDOUT;
  if (!fault->alert_is_theirs)
    return FALSE;
  switch (fault->alert)
    {
    case SSL3_AD_HANDSHAKE_FAILURE:
    case SSL3_AD_NO_CERTIFICATE:
    case SSL3_AD_BAD_CERTIFICATE:
    case SSL3_AD_UNSUPPORTED_CERTIFICATE:
    case SSL3_AD_CERTIFICATE_REVOKED:
    case SSL3_AD_CERTIFICATE_EXPIRED:
    case SSL3_AD_CERTIFICATE_UNKNOWN:
    case TLS1_AD_UNKNOWN_CA:
    case TLS1_AD_ACCESS_DENIED:
    case TLS13_AD_CERTIFICATE_REQUIRED:
      return TRUE;
    default:
      return FALSE;
    }
}

static void
set_certificate_error (const LpadHttpsFault *fault, GError **error)
{
  static const char ask[] = "Ask the operator which certificate of this device the server accepts.";

  if (fault->certificate_shown && fault->alert >= 0)
    set_error (error,
               LPAD_ERROR_SERVER_REFUSED,
               LPAD_RETRY_LATER,
               ask,
               "the server %s does not accept the certificate of this device (%s)",
               fault->host,
               SSL_alert_desc_string_long (fault->alert));
  else if (fault->certificate_shown)
    set_error (error,
               LPAD_ERROR_SERVER_REFUSED,
               LPAD_RETRY_LATER,
               ask,
               "the server %s ended the connection when this device had shown its certificate",
               fault->host);
  else
    set_error (error,
               LPAD_ERROR_SERVER_REFUSED,
               LPAD_RETRY_LATER,
               "Set ClientCertificate and ClientKey for this server in lpad.conf.",
               "the server %s asks for a certificate of this device, and none is configured for it",
               fault->host);
}

static void
set_tls_error (const LpadHttpsFault *fault, GError **error)
{
  if (fault->alert == SSL3_AD_HANDSHAKE_FAILURE || fault->alert == TLS1_AD_INSUFFICIENT_SECURITY)
    set_error (error,
               LPAD_ERROR_SERVER_NOT_TRUSTED,
               LPAD_RETRY_LATER,
               NULL,
               "the server %s and this device have no TLS method in common",
               fault->host);
  else if (fault->alert == TLS1_AD_PROTOCOL_VERSION)
    set_error (
        error,
        LPAD_ERROR_SERVER_NOT_TRUSTED,
        LPAD_RETRY_LATER,
        NULL,
        "the server %s and this device have no TLS version in common; those older than 1.2 are not secure",
        fault->host);
  else if (fault->alert >= 0)
    set_error (error,
               LPAD_ERROR_SERVER_UNREACHABLE,
               LPAD_RETRY_LATER,
               TRY_AGAIN,
               "no TLS connection to the server %s: %s (alert %d)",
               fault->host,
               SSL_alert_desc_string_long (fault->alert),
               fault->alert);
  else
    set_error (error,
               LPAD_ERROR_SERVER_UNREACHABLE,
               LPAD_RETRY_LATER,
               TRY_AGAIN,
               "the server %s broke off the TLS handshake or does not speak TLS",
               fault->host);
}

static void
set_broken_error (const LpadHttpsFault *fault, GError **error)
{
  if (fault->octets > 0)
    set_error (error,
               LPAD_ERROR_SERVER_UNREACHABLE,
               LPAD_RETRY_NOW,
               TRY_AGAIN,
               "the answer of the server %s was cut off",
               fault->host);
  else
    set_error (error,
               LPAD_ERROR_SERVER_UNREACHABLE,
               LPAD_RETRY_NOW,
               TRY_AGAIN,
               "the connection to the server %s broke before an answer came",
               fault->host);
}

void
lpad_https_fault_set_error (const LpadHttpsFault *fault, GError **error)
{
  g_debug ("transfer failed: curl error %d: %s", (int) fault->code, fault->words);
  if (fault->too_large)
    {
      set_error (error,
                 LPAD_ERROR_PROTOCOL_ERROR,
                 LPAD_RETRY_LATER,
                 NULL,
                 "the answer of the server %s is larger than the %" G_GSIZE_FORMAT
                 " octets that are accepted",
                 fault->host,
                 fault->maximum);
      return;
    }

  if (is_certificate_refused (fault))
    {
      set_certificate_error (fault, error);
      return;
    }

  switch (fault->code)
    {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      set_error (error,
                 LPAD_ERROR_SERVER_UNREACHABLE,
                 LPAD_RETRY_LATER,
                 CHECK_NETWORK,
                 "the name of the %s cannot be resolved (server %s)",
                 fault->code == CURLE_COULDNT_RESOLVE_PROXY ? "proxy" : "server",
                 fault->host);
      break;
    case CURLE_COULDNT_CONNECT:
      set_connect_error (fault, error);
      break;
    case CURLE_OPERATION_TIMEDOUT:
      set_timeout_error (fault, error);
      break;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
      set_tls_error (fault, error);
      break;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_FAIL_REWIND:
      set_broken_error (fault, error);
      break;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
      set_error (error,
                 LPAD_ERROR_PROTOCOL_ERROR,
                 LPAD_RETRY_LATER,
                 NULL,
                 "the server %s does not answer in HTTP",
                 fault->host);
      break;
    default:
      set_error (error,
                 LPAD_ERROR_SERVER_UNREACHABLE,
                 LPAD_RETRY_LATER,
                 TRY_AGAIN,
                 "the exchange with the server %s failed: %s",
                 fault->host,
                 curl_easy_strerror (fault->code));
    }
}
