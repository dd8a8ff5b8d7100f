/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify.h"

#include <openssl/err.h>
#include <string.h>
#include <time.h>

#include "certificate.h"
#include "crl.h"
#include "verify-fault.h"

#define CHAIN_DEPTH_MAX 4 /* certificates between server and issuer */

/* Certificate policies of the TLS role of an SM-DP+ and an SM-DS: SGP.22 v2.5, 4.5.2.1 and Annex H, and the
 * arcs that version 3 gave to chains with sub-CAs. */
static const char *const tls_roles[] = {
  "2.23.146.1.2.1.3",
  "2.23.146.1.2.1.6",
  "2.23.146.1.2.1.0.0.1.0",
  "2.23.146.1.2.1.0.0.2.0",
};

static gboolean
verify_chain (X509_STORE *store, X509 *leaf, STACK_OF (X509) * others, gint64 now, GError **error)
{
  g_autoptr (X509_STORE_CTX) context = X509_STORE_CTX_new ();
  X509_VERIFY_PARAM *param;

  if (context == NULL || X509_STORE_CTX_init (context, store, leaf, others) != 1)
    {
      lpad_verify_set_error (
          error, LPAD_ERROR_FAILED, LPAD_RETRY_LATER, "the server's certificate cannot be checked");
      return FALSE;
    }
  /* OpenSSL follows names and, where several issuers have the same one, authority key identifiers. */
  param = X509_STORE_CTX_get0_param (context);
  X509_VERIFY_PARAM_set_purpose (param, X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set_depth (param, CHAIN_DEPTH_MAX);
  X509_VERIFY_PARAM_set_flags (param, X509_V_FLAG_TRUSTED_FIRST);
  X509_VERIFY_PARAM_set_time (param, (time_t) now);
  lpad_crl_check_available (context);
  if (X509_verify_cert (context) == 1)
    return TRUE;

  lpad_verify_set_chain_error (context, leaf, now, error);
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
  lpad_verify_set_error (error,
                         LPAD_ERROR_SERVER_NOT_TRUSTED,
                         LPAD_RETRY_USELESS,
                         "the server's certificate is not for %s but for %s",
                         host,
                         hosts);
  return FALSE;
}

static gboolean
has_tls_role (const CERTIFICATEPOLICIES *policies)
{
  for (gsize i = 0; i < G_N_ELEMENTS (tls_roles); i++)
    if (lpad_certificate_has_policy (policies, tls_roles[i]))
      return TRUE;
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

  lpad_verify_set_error (error,
                         LPAD_ERROR_SERVER_NOT_TRUSTED,
                         LPAD_RETRY_USELESS,
                         "the server's certificate has the wrong role: %s",
                         wrong);
  return FALSE;
}

gboolean
lpad_verify_server (X509_STORE *store, X509 *leaf, STACK_OF (X509) * others, const char *host, GError **error)
{
  return lpad_verify_server_at (store, leaf, others, host, (gint64) time (NULL), error);
}

gboolean
lpad_verify_server_at (X509_STORE *store,
                       X509 *leaf,
                       STACK_OF (X509) * others,
                       const char *host,
                       gint64 now,
                       GError **error)
{
  gboolean good;

  g_return_val_if_fail (store != NULL && leaf != NULL && host != NULL, FALSE);

  good = verify_chain (store, leaf, others, now, error) && check_host (leaf, host, error)
         && check_role (leaf, error);
  /* Otherwise the next call of this thread that looks at OpenSSL's queue would find our leftovers. */
  ERR_clear_error ();
  return good;
}
