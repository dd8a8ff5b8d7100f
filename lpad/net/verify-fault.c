/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify-fault.h"

#include "certificate.h"
#include "crl.h"
#include "trust-private.h"

/* This source is younger than any honest clock: 2026-01-01 00:00 UTC. No device lives thirty years after it.
 */
#define CLOCK_EARLIEST G_GINT64_CONSTANT (1767225600)
#define CLOCK_LATEST   (CLOCK_EARLIEST + G_GINT64_CONSTANT (30 * 365 * 86400))

static const char WAIT_FOR_TIME[]
    = "The clock of this device is not set: wait until the time has been synchronised, and try again.";
static const char CHECK_TIME[] = "Check the clock of this device.";
static const char RENEW_LIST[]
    = "Install a current revocation list in the folders of CrlFolders in lpad.conf.";

static void G_GNUC_PRINTF (5, 0) set_error_valist (GError **error,
                                                   LpadError code,
                                                   LpadRetry retry,
                                                   const char *advice,
                                                   const char *format,
                                                   va_list args)
{
  GError *made = g_error_new_valist (LPAD_ERROR, (int) code, format, args);
  LpadErrorDetails *details = lpad_error_details (made);

  details->retry = retry;
  details->order = LPAD_ORDER_USABLE;
  details->advice = advice;
  g_propagate_error (error, made);
}

static void G_GNUC_PRINTF (4, 5)
    set_advised (GError **error, LpadError code, const char *advice, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  set_error_valist (error, code, LPAD_RETRY_LATER, advice, format, args);
  va_end (args);
}

void
lpad_verify_set_error (GError **error, LpadError code, LpadRetry retry, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  set_error_valist (error, code, retry, NULL, format, args);
  va_end (args);
}

/* The chain ends at an issuer that is not in the store: either @last names an issuer of which there is no
 * certificate, or @last is a root that the server sent along. */
static void
set_issuer_missing (X509_STORE_CTX *context, X509 *last, gboolean is_root, GError **error)
{
  g_autofree char *name
      = lpad_certificate_name (is_root ? X509_get_subject_name (last) : X509_get_issuer_name (last));
  g_autoptr (GBytes) identifier
      = is_root ? lpad_certificate_key_identifier (last) : lpad_certificate_authority (last);

  lpad_trust_set_missing (X509_STORE_CTX_get0_store (context), name, identifier, error);
}

/* Whether the clock cannot be right, whatever the server's certificate says: it stands before this program
 * was written, a lifetime after it, or before the issuer existed. */
static gboolean
is_clock_impossible (X509_STORE_CTX *context, gint64 now)
{
  STACK_OF (X509) *chain = X509_STORE_CTX_get0_chain (context);
  int count = chain != NULL ? sk_X509_num (chain) : 0;
  const X509 *root = count > 1 ? sk_X509_value (chain, count - 1) : NULL;

  return now < CLOCK_EARLIEST || now > CLOCK_LATEST
         || (root != NULL && now < lpad_certificate_time (X509_get0_notBefore (root), G_MININT64));
}

/* A date that does not fit is the fault of @what or of this device's clock. */
static void
set_time_error (X509_STORE_CTX *context,
                const ASN1_TIME *limit,
                gboolean expired,
                const char *what,
                gint64 now,
                GError **error)
{
  gboolean impossible = is_clock_impossible (context, now);
  g_autofree char *date = lpad_certificate_date (limit);
  g_autoptr (GDateTime) clock = g_date_time_new_from_unix_utc (now);
  g_autofree char *today = clock != NULL ? g_date_time_format (clock, "%F") : g_strdup ("an impossible date");

  if (impossible || !expired)
    set_advised (error,
                 LPAD_ERROR_CLOCK_INVALID,
                 impossible ? WAIT_FOR_TIME : CHECK_TIME,
                 "%s %s %s, and the clock of this device says %s",
                 what,
                 expired ? "expired on" : "is not valid before",
                 date,
                 today);
  else
    lpad_verify_set_error (
        error, LPAD_ERROR_SERVER_NOT_TRUSTED, LPAD_RETRY_LATER, "%s expired on %s", what, date);
}

/* Whether a certificate was revoked cannot be known: then it does not count. */
static void
set_list_error (X509_STORE_CTX *context, int code, gint64 now, GError **error)
{
  X509_CRL *crl = lpad_crl_at_fault (context);
  g_autofree char *issuer = crl != NULL ? lpad_certificate_name (X509_CRL_get_issuer (crl)) : g_strdup ("?");
  const ASN1_TIME *last = crl != NULL ? X509_CRL_get0_nextUpdate (crl) : NULL;
  const ASN1_TIME *first = crl != NULL ? X509_CRL_get0_lastUpdate (crl) : NULL;
  g_autofree char *what = g_strdup_printf ("the revocation list of the issuer “%s”", issuer);
  g_autofree char *date = lpad_certificate_date (last);

  if (code == X509_V_ERR_CRL_NOT_YET_VALID)
    set_time_error (context, first, FALSE, what, now, error);
  else if (code == X509_V_ERR_CRL_HAS_EXPIRED && is_clock_impossible (context, now))
    set_time_error (context, last, TRUE, what, now, error);
  else if (code == X509_V_ERR_CRL_HAS_EXPIRED)
    set_advised (error,
                 LPAD_ERROR_SERVER_NOT_TRUSTED,
                 RENEW_LIST,
                 "%s expired on %s, so nobody knows whether the server's certificate is still good",
                 what,
                 date);
  else
    set_advised (error,
                 LPAD_ERROR_SERVER_NOT_TRUSTED,
                 RENEW_LIST,
                 "%s cannot be relied on: %s",
                 what,
                 X509_verify_cert_error_string (code));
}

void
lpad_verify_set_chain_error (X509_STORE_CTX *context, X509 *leaf, gint64 now, GError **error)
{
  X509 *certificate = X509_STORE_CTX_get_current_cert (context);
  int code = X509_STORE_CTX_get_error (context);
  const char *whose = X509_STORE_CTX_get_error_depth (context) == 0 ? "server" : "server's issuer";
  g_autofree char *what = g_strdup_printf ("the certificate of the %s", whose);

  if (certificate == NULL)
    certificate = leaf;
  switch (code)
    {
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      set_issuer_missing (context, certificate, TRUE, error);
      break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      set_issuer_missing (context, certificate, FALSE, error);
      break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      lpad_verify_set_error (error,
                             LPAD_ERROR_SERVER_NOT_TRUSTED,
                             LPAD_RETRY_USELESS,
                             "the server's certificate is signed by itself and not by an issuer");
      break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      set_time_error (context, X509_get0_notAfter (certificate), TRUE, what, now, error);
      break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      set_time_error (context, X509_get0_notBefore (certificate), FALSE, what, now, error);
      break;
    case X509_V_ERR_INVALID_PURPOSE:
      lpad_verify_set_error (
          error, LPAD_ERROR_SERVER_NOT_TRUSTED, LPAD_RETRY_USELESS, "%s is not for a TLS server", what);
      break;
    case X509_V_ERR_CERT_REVOKED:
      lpad_verify_set_error (
          error, LPAD_ERROR_SERVER_NOT_TRUSTED, LPAD_RETRY_LATER, "%s has been revoked by its issuer", what);
      break;
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
    case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
    case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
    case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
    case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
      set_list_error (context, code, now, error);
      break;
    default:
      lpad_verify_set_error (error,
                             LPAD_ERROR_SERVER_NOT_TRUSTED,
                             LPAD_RETRY_USELESS,
                             "%s is not accepted: %s",
                             what,
                             X509_verify_cert_error_string (code));
    }
}
