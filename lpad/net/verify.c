/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify.h"

#include <openssl/err.h>
#include <string.h>
#include <time.h>

#include "certificate.h"
#include "error-details.h"
#include "hex.h"
#include "trust-private.h"

/* This source is younger than any honest clock: 2026-01-01 00:00 UTC. */
#define SOURCE_TIME G_GINT64_CONSTANT (1767225600)

#define CHAIN_DEPTH_MAX 4 /* certificates between server and issuer */

/* Certificate policies of the TLS role of an SM-DP+ and an SM-DS: SGP.22 v2.5, 4.5.2.1 and Annex H, and the
 * arcs that version 3 gave to chains with sub-CAs. */
static const char *const tls_roles[] = {
  "2.23.146.1.2.1.3",
  "2.23.146.1.2.1.6",
  "2.23.146.1.2.1.0.0.1.0",
  "2.23.146.1.2.1.0.0.2.0",
};

static void G_GNUC_PRINTF (4, 5)
    set_error (GError **error, LpadError code, LpadRetry retry, const char *format, ...)
{
  LpadErrorDetails *details;
  va_list args;
  GError *made;

  va_start (args, format);
  made = g_error_new_valist (LPAD_ERROR, (int) code, format, args);
  va_end (args);
  details = lpad_error_details (made);
  details->retry = retry;
  details->order = LPAD_ORDER_USABLE;
  if (code == LPAD_ERROR_CLOCK_INVALID)
    details->advice = "Set the clock of this device.";
  else if (code == LPAD_ERROR_ISSUER_MISSING)
    details->advice = "Install the certificate of the issuer, if you trust it.";
  g_propagate_error (error, made);
}

/* The chain ends at an issuer that is not in the store: either @last names an issuer of which there is no
 * certificate, or @last is a root that the server sent along. */
static void
set_issuer_missing (X509_STORE *store, X509 *last, gboolean is_root, GError **error)
{
  g_autofree char *name
      = lpad_certificate_name (is_root ? X509_get_subject_name (last) : X509_get_issuer_name (last));
  g_autoptr (GBytes) root = is_root ? lpad_certificate_key_identifier (last) : NULL;
  g_autofree char *identifier = root != NULL
                                    ? lpad_hex_encode (g_bytes_get_data (root, NULL), g_bytes_get_size (root))
                                    : lpad_certificate_authority (last);
  const char *folder = lpad_trust_store_folder (store);

  set_error (
      error,
      LPAD_ERROR_ISSUER_MISSING,
      LPAD_RETRY_LATER,
      "the server's certificate comes from the issuer \"%s\" (key identifier %s), which is not installed"
      " or not trusted by the chip; its certificate belongs into %s",
      name,
      identifier != NULL ? identifier : "not stated",
      folder != NULL ? folder : "the folder of issuers");
}

/* A date that does not fit is the server's fault or the fault of this device's clock. */
static void
set_time_error (X509 *certificate, gboolean expired, const char *whose, GError **error)
{
  const ASN1_TIME *limit = expired ? X509_get0_notAfter (certificate) : X509_get0_notBefore (certificate);
  g_autofree char *date = lpad_certificate_date (limit);
  gint64 now = (gint64) time (NULL);
  g_autoptr (GDateTime) clock = g_date_time_new_from_unix_utc (now);
  g_autofree char *today = clock != NULL ? g_date_time_format (clock, "%F") : g_strdup ("an impossible date");

  if (now < SOURCE_TIME || !expired)
    set_error (error,
               LPAD_ERROR_CLOCK_INVALID,
               LPAD_RETRY_LATER,
               "the certificate of the %s %s %s, and the clock of this device says %s",
               whose,
               expired ? "expired on" : "is not valid before",
               date,
               today);
  else
    set_error (error,
               LPAD_ERROR_SERVER_NOT_TRUSTED,
               LPAD_RETRY_LATER,
               "the certificate of the %s expired on %s",
               whose,
               date);
}

static void
set_chain_error (X509_STORE *store, X509_STORE_CTX *context, X509 *leaf, GError **error)
{
  X509 *certificate = X509_STORE_CTX_get_current_cert (context);
  int code = X509_STORE_CTX_get_error (context);
  const char *whose = X509_STORE_CTX_get_error_depth (context) == 0 ? "server" : "server's issuer";

  if (certificate == NULL)
    certificate = leaf;
  switch (code)
    {
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      set_issuer_missing (store, certificate, TRUE, error);
      break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      set_issuer_missing (store, certificate, FALSE, error);
      break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      set_error (error,
                 LPAD_ERROR_SERVER_NOT_TRUSTED,
                 LPAD_RETRY_USELESS,
                 "the server's certificate is signed by itself and not by an issuer");
      break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      set_time_error (certificate, TRUE, whose, error);
      break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      set_time_error (certificate, FALSE, whose, error);
      break;
    case X509_V_ERR_INVALID_PURPOSE:
      set_error (error,
                 LPAD_ERROR_SERVER_NOT_TRUSTED,
                 LPAD_RETRY_USELESS,
                 "the certificate of the %s is not for a TLS server",
                 whose);
      break;
    default:
      set_error (error,
                 LPAD_ERROR_SERVER_NOT_TRUSTED,
                 LPAD_RETRY_USELESS,
                 "the certificate of the %s is not accepted: %s",
                 whose,
                 X509_verify_cert_error_string (code));
    }
}

static gboolean
verify_chain (X509_STORE *store, X509 *leaf, STACK_OF (X509) * others, GError **error)
{
  g_autoptr (X509_STORE_CTX) context = X509_STORE_CTX_new ();
  X509_VERIFY_PARAM *param;

  if (context == NULL || X509_STORE_CTX_init (context, store, leaf, others) != 1)
    {
      set_error (error, LPAD_ERROR_FAILED, LPAD_RETRY_LATER, "the server's certificate cannot be checked");
      return FALSE;
    }
  /* OpenSSL follows names and, where several issuers have the same one, authority key identifiers. */
  param = X509_STORE_CTX_get0_param (context);
  X509_VERIFY_PARAM_set_purpose (param, X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set_depth (param, CHAIN_DEPTH_MAX);
  X509_VERIFY_PARAM_set_flags (param, X509_V_FLAG_TRUSTED_FIRST);
  if (X509_verify_cert (context) == 1)
    return TRUE;

  set_chain_error (store, context, leaf, error);
  return FALSE;
}

static gboolean
check_host (X509 *leaf, const char *host, GError **error)
{
  g_autofree char *hosts = NULL;

  if (X509_check_host (leaf,
                       host,
                       strlen (host),
                       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                       NULL)
      == 1)
    return TRUE;

  hosts = lpad_certificate_hosts (leaf);
  set_error (error,
             LPAD_ERROR_SERVER_NOT_TRUSTED,
             LPAD_RETRY_USELESS,
             "the server's certificate is not for %s but for %s",
             host,
             hosts);
  return FALSE;
}

static gboolean
has_tls_role (CERTIFICATEPOLICIES *policies)
{
  for (gsize i = 0; i < G_N_ELEMENTS (tls_roles); i++)
    {
      g_autoptr (ASN1_OBJECT) role = OBJ_txt2obj (tls_roles[i], 1);

      for (int j = 0; role != NULL && j < sk_POLICYINFO_num (policies); j++)
        if (OBJ_cmp (sk_POLICYINFO_value (policies, j)->policyid, role) == 0)
          return TRUE;
    }
  return FALSE;
}

/* SGP.22 4.5.2.1.1, CERT.DPtls and CERT.DStls; absent extensions are forgiven, wrong ones are not. */
static gboolean
check_role (X509 *leaf, GError **error)
{
  int critical = -1;
  g_autoptr (CERTIFICATEPOLICIES) policies
      = X509_get_ext_d2i (leaf, NID_certificate_policies, &critical, NULL);
  const char *wrong = NULL;

  if ((X509_get_extension_flags (leaf) & EXFLAG_CA) != 0)
    wrong = "it is the certificate of an issuer";
  else if ((X509_get_extended_key_usage (leaf) & XKU_SSL_SERVER) == 0)
    wrong = "its extended key usage has no server authentication";
  else if ((X509_get_key_usage (leaf) & KU_DIGITAL_SIGNATURE) == 0)
    wrong = "its key usage has no digital signature";
  else if (policies == NULL && critical != -1)
    wrong = "its policies cannot be read";
  else if (policies != NULL && !has_tls_role (policies))
    wrong = "its policies give it another role than TLS of an SM-DP+ or SM-DS";
  if (wrong == NULL)
    return TRUE;

  set_error (error,
             LPAD_ERROR_SERVER_NOT_TRUSTED,
             LPAD_RETRY_USELESS,
             "the server's certificate has the wrong role: %s",
             wrong);
  return FALSE;
}

gboolean
lpad_verify_server (X509_STORE *store, X509 *leaf, STACK_OF (X509) * others, const char *host, GError **error)
{
  gboolean good;

  g_return_val_if_fail (store != NULL && leaf != NULL && host != NULL, FALSE);

  good = verify_chain (store, leaf, others, error) && check_host (leaf, host, error)
         && check_role (leaf, error);
  /* Otherwise the next call of this thread that looks at OpenSSL's queue would find our leftovers. */
  ERR_clear_error ();
  return good;
}
