/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "issuer.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "certificate.h"
#include "error-details.h"

#define CERTIFICATES_MAX 64 /* of one file */

static const char NO_CERTIFICATE[] = "it is no certificate in DER or PEM";

/* Why @certificate cannot be an issuer, or NULL. */
static const char *
find_fault (X509 *certificate, GBytes *key_identifier)
{
  if (key_identifier == NULL)
    return "it has no subject key identifier, by which chips name issuers";
  if (X509_check_ca (certificate) != 1)
    return "it is no CA certificate";
  if (X509_self_signed (certificate, 1) != 1)
    return "it is not signed by itself: only root certificates are issuers";
  return NULL;
}

/* Takes @certificate. */
static LpadIssuer *
make_issuer (X509 *certificate, const char **fault)
{
  g_autoptr (X509) owned = certificate;
  g_autoptr (GBytes) key_identifier = lpad_certificate_key_identifier (certificate);
  LpadIssuer *issuer;

  *fault = find_fault (certificate, key_identifier);
  if (*fault != NULL)
    return NULL;
  issuer = g_new0 (LpadIssuer, 1);
  issuer->ref_count = 1;
  issuer->name = lpad_certificate_name (X509_get_subject_name (certificate));
  issuer->key_identifier = g_steal_pointer (&key_identifier);
  issuer->fingerprint = lpad_certificate_fingerprint (certificate);
  issuer->known = lpad_known_issuer_by_fingerprint (issuer->fingerprint);
  issuer->not_before = lpad_certificate_time (X509_get0_notBefore (certificate), 0);
  issuer->not_after = lpad_certificate_time (X509_get0_notAfter (certificate), G_MAXINT64);
  issuer->certificate = g_steal_pointer (&owned);
  return issuer;
}

/* The certificates in @data, which is PEM, or DER of one. */
static GPtrArray *
read_certificates (GBytes *data)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) X509_free);
  gsize size;
  const guint8 *octets = g_bytes_get_data (data, &size);
  const guint8 *der = octets;
  g_autoptr (BIO) in = NULL;
  X509 *certificate;

  if (size == 0 || size > LPAD_CERTIFICATE_MAX)
    return list;
  in = BIO_new_mem_buf (octets, (int) size);
  while (in != NULL && list->len < CERTIFICATES_MAX
         && (certificate = PEM_read_bio_X509 (in, NULL, NULL, NULL)) != NULL)
    g_ptr_array_add (list, certificate);
  if (list->len == 0)
    {
      g_autoptr (X509) one = d2i_X509 (NULL, &der, (long) size);

      if (one != NULL && der == octets + size)
        g_ptr_array_add (list, g_steal_pointer (&one));
    }
  ERR_clear_error ();
  return list;
}

void
lpad_issuer_parse_all (GBytes *data, GPtrArray *issuers, GPtrArray *faults)
{
  g_autoptr (GPtrArray) list = read_certificates (data);

  if (list->len == 0)
    g_ptr_array_add (faults, g_strdup (NO_CERTIFICATE));
  for (guint i = 0; i < list->len; i++)
    {
      X509 *certificate = list->pdata[i];
      const char *fault;
      LpadIssuer *issuer;

      X509_up_ref (certificate);
      issuer = make_issuer (certificate, &fault);
      if (issuer != NULL)
        g_ptr_array_add (issuers, issuer);
      else
        g_ptr_array_add (faults, g_strdup (fault));
    }
  ERR_clear_error ();
}

LpadIssuer *
lpad_issuer_parse (GBytes *data, GError **error)
{
  g_autoptr (GPtrArray) issuers = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_issuer_unref);
  g_autoptr (GPtrArray) faults = g_ptr_array_new_with_free_func (g_free);

  lpad_issuer_parse_all (data, issuers, faults);
  if (issuers->len == 1 && faults->len == 0)
    return lpad_issuer_ref (issuers->pdata[0]);
  g_set_error_literal (error,
                       LPAD_ERROR,
                       LPAD_ERROR_INVALID_ARGUMENTS,
                       issuers->len + faults->len > 1 ? "it holds several certificates, one is wanted"
                                                      : faults->pdata[0]);
  return NULL;
}

gboolean
lpad_issuer_is_public_test (const LpadIssuer *issuer)
{
  const LpadKnownIssuer *known = lpad_known_issuer_by_key (issuer->key_identifier);

  return known != NULL && known->test;
}

LpadIssuer *
lpad_issuer_ref (LpadIssuer *issuer)
{
  g_return_val_if_fail (issuer != NULL, NULL);

  g_atomic_int_inc (&issuer->ref_count);
  return issuer;
}

void
lpad_issuer_unref (LpadIssuer *issuer)
{
  if (issuer == NULL || !g_atomic_int_dec_and_test (&issuer->ref_count))
    return;

  g_free (issuer->name);
  g_bytes_unref (issuer->key_identifier);
  g_free (issuer->fingerprint);
  g_free (issuer->file);
  X509_free (issuer->certificate);
  g_free (issuer);
}

char *
lpad_issuer_pem (const LpadIssuer *issuer)
{
  g_autoptr (BIO) out = BIO_new (BIO_s_mem ());
  char *data = NULL;
  long size;

  if (out == NULL || PEM_write_bio_X509 (out, issuer->certificate) != 1)
    g_error ("out of memory");
  size = BIO_get_mem_data (out, &data);
  return g_strndup (data, (gsize) size);
}
