/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crl.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "certificate.h"
#include "file.h"
#include "text.h"

#define CRLS_MAX             64 /* of one file */
#define FILE_NAME_MAX_OCTETS 255

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_CRL, X509_CRL_free)

gboolean
lpad_crl_parse (GBytes *data, GPtrArray *crls)
{
  gsize size;
  const guint8 *octets = g_bytes_get_data (data, &size);
  const guint8 *der = octets;
  g_autoptr (BIO) in = NULL;
  X509_CRL *crl;
  guint count = 0;

  if (size == 0 || size > LPAD_CRL_FILE_MAX)
    return FALSE;
  in = BIO_new_mem_buf (octets, (int) size);
  while (in != NULL && count < CRLS_MAX && (crl = PEM_read_bio_X509_CRL (in, NULL, NULL, NULL)) != NULL)
    {
      g_ptr_array_add (crls, crl);
      count++;
    }
  if (count == 0)
    {
      g_autoptr (X509_CRL) one = d2i_X509_CRL (NULL, &der, (long) size);

      if (one != NULL && der == octets + size)
        {
          g_ptr_array_add (crls, g_steal_pointer (&one));
          count++;
        }
    }
  ERR_clear_error ();
  return count > 0;
}

void
lpad_crl_load (const char *folder, GPtrArray *crls)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) paths = lpad_file_list (folder, &error);

  if (paths == NULL)
    g_warning ("revocation lists cannot be read: %s", error->message);
  for (guint i = 0; paths != NULL && i < paths->len; i++)
    {
      const char *path = paths->pdata[i];
      g_autofree char *shown = lpad_text_clean ((const guint8 *) path, strlen (path), FILE_NAME_MAX_OCTETS);
      g_autoptr (GBytes) data = lpad_file_read (path, LPAD_CRL_FILE_MAX);

      if (data == NULL)
        g_warning ("%s is not used as revocation list: %s", shown, g_strerror (errno));
      else if (!lpad_crl_parse (data, crls))
        g_warning ("%s is not used as revocation list: it is none in DER or PEM", shown);
    }
}

/* That there is no list of an issuer is no fault; all else that is found is. OpenSSL forgets which list it
 * was.
 */
static int
on_verify (int good, X509_STORE_CTX *context)
{
  if (good != 1)
    X509_STORE_CTX_set_app_data (context, X509_STORE_CTX_get0_current_crl (context));
  return good == 1 || X509_STORE_CTX_get_error (context) == X509_V_ERR_UNABLE_TO_GET_CRL;
}

void
lpad_crl_check_available (X509_STORE_CTX *context)
{
  X509_VERIFY_PARAM_set_flags (X509_STORE_CTX_get0_param (context),
                               X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  X509_STORE_CTX_set_verify_cb (context, on_verify);
}

X509_CRL *
lpad_crl_at_fault (X509_STORE_CTX *context)
{
  return X509_STORE_CTX_get_app_data (context);
}

static gboolean
is_of_one_of (X509_CRL *crl, GPtrArray *verification)
{
  AUTHORITY_KEYID *authority = X509_CRL_get_ext_d2i (crl, NID_authority_key_identifier, NULL, NULL);
  gboolean found = FALSE;

  if (authority != NULL && authority->keyid != NULL)
    {
      g_autoptr (GBytes) key = g_bytes_new (ASN1_STRING_get0_data (authority->keyid),
                                            (gsize) ASN1_STRING_length (authority->keyid));

      found = g_ptr_array_find_with_equal_func (verification, key, g_bytes_equal, NULL);
    }
  AUTHORITY_KEYID_free (authority);
  return found;
}

static void
add_der (X509_CRL *crl, GPtrArray *lists)
{
  guint8 *der = NULL;
  int size = i2d_X509_CRL (crl, &der);

  if (size > 0)
    g_ptr_array_add (lists, g_bytes_new (der, (gsize) size));
  OPENSSL_free (der);
}

GPtrArray *
lpad_crl_for_chip (GPtrArray *crls, GPtrArray *verification)
{
  GPtrArray *lists = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (int deltas = 0; deltas <= 1; deltas++)
    for (guint i = 0; i < crls->len; i++)
      {
        X509_CRL *crl = crls->pdata[i];
        gboolean is_delta = X509_CRL_get_ext_by_NID (crl, NID_delta_crl, -1) >= 0;

        if (is_delta == (deltas == 1) && is_of_one_of (crl, verification))
          add_der (crl, lists);
      }
  ERR_clear_error ();
  return lists;
}
