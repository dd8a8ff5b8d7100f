/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said of an issuer that is missing: who lacks it, and what would help. */
#include "error-details.h"
#include "hex.h"
#include "trust-private.h"

#define SHOWN_MAX 16 /* issuers of the chip's list, in a message */

static const char ADD[]
    = "Install its certificate, from the operator or the GSMA, with lui-cli issuer add FILE.";
static const char ADD_ONE[]
    = "Install the certificate of one of them, from the operator or the GSMA, with lui-cli issuer add FILE.";
static const char TESTS_ONLY[] = "Issuers for tests count only with TestMode=true in lpad.conf.";
static const char OTHER_CHIP[]
    = "The server needs a certificate from an issuer that this chip trusts; ask the operator.";

static void G_GNUC_PRINTF (3, 4) set_error (GError **error, const char *advice, const char *format, ...)
{
  LpadErrorDetails *details;
  va_list args;
  GError *made;

  va_start (args, format);
  made = g_error_new_valist (LPAD_ERROR, LPAD_ERROR_ISSUER_MISSING, format, args);
  va_end (args);
  details = lpad_error_details (made);
  details->retry = LPAD_RETRY_LATER;
  details->order = LPAD_ORDER_USABLE;
  details->advice = advice;
  g_propagate_error (error, made);
}

/* The installed issuer that has this key; one that counts rather than another. */
static const LpadIssuer *
find_installed (LpadTrust *trust, GBytes *key_identifier)
{
  GPtrArray *issuers = lpad_trust_issuers (trust);
  const LpadIssuer *found = NULL;

  for (guint i = 0; i < issuers->len; i++)
    {
      const LpadIssuer *issuer = issuers->pdata[i];

      if (g_bytes_equal (issuer->key_identifier, key_identifier)
          && (found == NULL || lpad_trust_counts (trust, issuer)))
        found = issuer;
    }
  return found;
}

void
lpad_trust_set_none_installed (LpadTrust *trust, GPtrArray *verification, GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);
  gboolean tests_only = FALSE;

  for (guint i = 0; i < verification->len && i < SHOWN_MAX; i++)
    {
      g_autofree char *described = lpad_known_issuer_describe (verification->pdata[i]);
      gboolean installed = find_installed (trust, verification->pdata[i]) != NULL;

      g_string_append_printf (
          list, "%s%s%s", i > 0 ? ", " : "", described, installed ? " – installed for tests only" : "");
      tests_only |= installed;
    }
  if (verification->len == 0)
    set_error (error, NULL, "the chip trusts no issuer at all, so no server can be used with it");
  else
    set_error (error,
               tests_only ? TESTS_ONLY : ADD_ONE,
               "no issuer that the chip trusts is installed; it trusts: %s",
               list->str);
}

/* @which: the issuer as a noun, with its key. */
static void
set_missing (const LpadTrustOrigin *origin, const char *which, GBytes *key_identifier, GError **error)
{
  const LpadIssuer *installed = find_installed (origin->trust, key_identifier);
  gboolean listed
      = g_ptr_array_find_with_equal_func (origin->verification, key_identifier, g_bytes_equal, NULL);

  if (!listed)
    set_error (error,
               OTHER_CHIP,
               "the server's certificate comes from %s, which is %s",
               which,
               installed != NULL ? "installed, but not trusted by the chip"
                                 : "not installed and not trusted by the chip either");
  else if (installed != NULL && !lpad_trust_counts (origin->trust, installed))
    set_error (error,
               TESTS_ONLY,
               "the server's certificate comes from %s, which is installed for tests only",
               which);
  else if (installed != NULL)
    set_error (error,
               ADD,
               "the server's certificate comes from %s; the installed issuer of this key has another name or"
               " another key",
               which);
  else
    set_error (error,
               ADD,
               "the server's certificate comes from %s, which the chip trusts, but which is not installed",
               which);
}

void
lpad_trust_set_missing (X509_STORE *store, const char *name, GBytes *key_identifier, GError **error)
{
  const LpadTrustOrigin *origin = lpad_trust_store_origin (store);
  const LpadKnownIssuer *known = NULL;
  g_autofree char *digits = NULL;
  g_autofree char *which = NULL;

  if (key_identifier != NULL)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (key_identifier, &size);

      digits = lpad_hex_encode (data, size);
      known = lpad_known_issuer_by_key (key_identifier);
    }
  which = g_strdup_printf ("the issuer “%s” (%s%skey identifier %s)",
                           name,
                           known != NULL ? known->name : "",
                           known != NULL ? ", " : "",
                           digits != NULL ? digits : "not stated");
  if (origin != NULL && key_identifier != NULL)
    set_missing (origin, which, key_identifier, error);
  else
    set_error (error,
               ADD,
               "the server's certificate comes from %s, which is not installed or not trusted by the chip",
               which);
}
