/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates of issuers, which anybody on the bus may have looked at, and revocation lists. */
#include <string.h>

#include "crl.h"
#include "error-details.h"
#include "issuer.h"
#include "text.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_issuer (const LpadIssuer *issuer)
{
  g_autofree char *pem = lpad_issuer_pem (issuer);
  g_autoptr (GBytes) again = g_bytes_new (pem, strlen (pem));
  g_autoptr (LpadIssuer) same = lpad_issuer_parse (again, NULL);

  g_assert_cmpstr (same->fingerprint, ==, issuer->fingerprint);
  g_assert_true (lpad_text_is_clean (issuer->name, 256));
  g_assert_cmpuint (g_bytes_get_size (issuer->key_identifier), >, 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) octets = g_bytes_new (data, size);
  g_autoptr (GPtrArray) crls = g_ptr_array_new_with_free_func ((GDestroyNotify) X509_CRL_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadIssuer) issuer = lpad_issuer_parse (octets, &error);

  if (issuer != NULL)
    check_issuer (issuer);
  else
    g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
  g_assert_cmpint (lpad_crl_parse (octets, crls), ==, crls->len > 0);
  return 0;
}
