/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trust.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certificate.h"
#include "error-details.h"
#include "hex.h"
#include "text.h"
#include "trust-private.h"

#define FILE_NAME_MAX_OCTETS 255
#define KEY_IDENTIFIERS_MAX  16 /* of the chip's list, in a message */

struct _LpadTrust
{
  gint ref_count; /* atomic */
  GPtrArray *issuers;
  char *folder; /* where the administrator puts a further certificate */
};

/* Issuers of the public test specification (SGP.26): their private keys are in circulation. Whoever trusts
 * one outside test mode has no TLS at all. */
static const char *const public_test_issuers[] = {
  "f54172bdf98a95d65cbeb88a38a1c11d800a85c3",
  "c0bc70ba36929d43b467ff57570530e57ab8fcd8",
  "34eecf13156518d48d30bdf06853404d115f955d",
  "2209f61cd9ec5c9c854e787341ff83ecf9776a5b",
  NULL,
};

static void
issuer_free (gpointer data)
{
  LpadIssuer *issuer = data;

  g_free (issuer->name);
  g_bytes_unref (issuer->key_identifier);
  g_free (issuer->fingerprint);
  X509_free (issuer->certificate);
  g_free (issuer);
}

/* Why @certificate cannot be an issuer, or NULL. */
static const char *
find_fault (X509 *certificate, GBytes *key_identifier, gboolean test)
{
  g_autofree char *digits = NULL;

  if (key_identifier == NULL)
    return "it has no subject key identifier, by which chips name issuers";
  if (X509_check_ca (certificate) != 1)
    return "it is no CA certificate";
  if (X509_self_signed (certificate, 1) != 1)
    return "it is not signed by itself: only root certificates are issuers";
  if (test)
    return NULL;

  digits = lpad_hex_encode (g_bytes_get_data (key_identifier, NULL), g_bytes_get_size (key_identifier));
  if (g_strv_contains (public_test_issuers, digits))
    return "it is a public test issuer, which counts only in the folder \"test\"";
  return NULL;
}

static gboolean
has_fingerprint (gconstpointer issuer, gconstpointer fingerprint)
{
  return g_strcmp0 (((const LpadIssuer *) issuer)->fingerprint, fingerprint) == 0;
}

/* Takes @certificate. */
static void
add_certificate (LpadTrust *trust, X509 *certificate, gboolean test, const char *shown)
{
  g_autoptr (GBytes) key_identifier = lpad_certificate_key_identifier (certificate);
  g_autofree char *fingerprint = lpad_certificate_fingerprint (certificate);
  const char *fault = find_fault (certificate, key_identifier, test);
  LpadIssuer *issuer;

  if (fault != NULL)
    {
      g_warning ("%s is not used as issuer: %s", shown, fault);
      X509_free (certificate);
      return;
    }
  if (g_ptr_array_find_with_equal_func (trust->issuers, fingerprint, has_fingerprint, NULL))
    {
      X509_free (certificate);
      return;
    }

  issuer = g_new0 (LpadIssuer, 1);
  issuer->name = lpad_certificate_name (X509_get_subject_name (certificate));
  issuer->key_identifier = g_steal_pointer (&key_identifier);
  issuer->fingerprint = g_steal_pointer (&fingerprint);
  issuer->test = test;
  issuer->not_after = lpad_certificate_time (X509_get0_notAfter (certificate), G_MAXINT64);
  issuer->certificate = certificate;
  g_ptr_array_add (trust->issuers, issuer);
}

/* Reads all certificates of a PEM file, or the one of a DER file. Returns how many. */
static guint
add_certificates (LpadTrust *trust, const char *data, gsize size, gboolean test, const char *shown)
{
  g_autoptr (BIO) in = BIO_new_mem_buf (data, (int) size);
  const guint8 *der = (const guint8 *) data;
  X509 *certificate;
  guint count = 0;

  while (in != NULL && (certificate = PEM_read_bio_X509 (in, NULL, NULL, NULL)) != NULL)
    {
      add_certificate (trust, certificate, test, shown);
      count++;
    }
  if (count > 0)
    return count;

  certificate = d2i_X509 (NULL, &der, (long) size);
  if (certificate == NULL)
    return 0;
  if (der != (const guint8 *) data + size)
    {
      X509_free (certificate);
      return 0;
    }
  add_certificate (trust, certificate, test, shown);
  return 1;
}

/* Reads up to @maximum octets of @path. Returns their number, -1 with errno when it is no regular file. */
static gssize
read_file (const char *path, char *data, gsize maximum)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  struct stat status;
  gssize count = -1;
  gsize size = 0;
  int saved;

  if (fd < 0)
    return -1;
  if (fstat (fd, &status) == 0 && !S_ISREG (status.st_mode))
    errno = EINVAL;
  else
    while ((count = read (fd, data + size, maximum - size)) > 0)
      size += (gsize) count;
  saved = errno;
  close (fd);
  errno = saved;
  return count < 0 ? -1 : (gssize) size;
}

static void
load_file (LpadTrust *trust, const char *path, gboolean test)
{
  g_autofree char *shown = lpad_text_clean ((const guint8 *) path, strlen (path), FILE_NAME_MAX_OCTETS);
  g_autofree char *data = g_malloc (LPAD_CERTIFICATE_MAX + 1);
  gssize size = read_file (path, data, LPAD_CERTIFICATE_MAX + 1);

  if (size < 0)
    g_warning ("%s is not used as issuer: %s", shown, g_strerror (errno));
  else if (size == 0 || size > LPAD_CERTIFICATE_MAX
           || add_certificates (trust, data, (gsize) size, test, shown) == 0)
    g_warning ("%s is not used as issuer: it is no certificate in DER or PEM", shown);
  ERR_clear_error ();
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
load_folder (LpadTrust *trust, const char *folder, gboolean test)
{
  g_autofree char *path = g_build_filename (folder, test ? "test" : "production", NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
  const char *name;

  if (dir == NULL)
    {
      if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        g_warning ("issuers cannot be read: %s", error->message);
      return;
    }

  while ((name = g_dir_read_name (dir)) != NULL)
    if (name[0] != '.')
      g_ptr_array_add (names, g_build_filename (path, name, NULL));
  /* The order of a folder is chance; which of two equal certificates counts should not be. */
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++)
    load_file (trust, names->pdata[i], test);
}

LpadTrust *
lpad_trust_load (const char *const *folders, gboolean test_mode)
{
  LpadTrust *trust = g_new0 (LpadTrust, 1);
  const char *last = NULL;

  trust->ref_count = 1;
  trust->issuers = g_ptr_array_new_with_free_func (issuer_free);
  for (guint i = 0; folders != NULL && folders[i] != NULL; i++)
    {
      load_folder (trust, folders[i], FALSE);
      last = folders[i];
    }
  for (guint i = 0; test_mode && folders != NULL && folders[i] != NULL; i++)
    load_folder (trust, folders[i], TRUE);
  trust->folder = g_build_filename (last != NULL ? last : "issuers", test_mode ? "test" : "production", NULL);
  return trust;
}

LpadTrust *
lpad_trust_ref (LpadTrust *trust)
{
  g_return_val_if_fail (trust != NULL, NULL);

  g_atomic_int_inc (&trust->ref_count);
  return trust;
}

void
lpad_trust_unref (LpadTrust *trust)
{
  if (trust == NULL || !g_atomic_int_dec_and_test (&trust->ref_count))
    return;

  g_ptr_array_unref (trust->issuers);
  g_free (trust->folder);
  g_free (trust);
}

GPtrArray *
lpad_trust_issuers (LpadTrust *trust)
{
  g_return_val_if_fail (trust != NULL, NULL);

  return trust->issuers;
}

/* The folder travels with the store, so that the check of a chain can say where the missing issuer belongs.
 */

static void
free_folder (void *parent, void *folder, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
  g_free (folder);
}

static int
folder_index (void)
{
  static gsize index_plus_one = 0;

  if (g_once_init_enter (&index_plus_one))
    {
      int index = CRYPTO_get_ex_new_index (CRYPTO_EX_INDEX_X509_STORE, 0, NULL, NULL, NULL, free_folder);

      g_once_init_leave (&index_plus_one, (gsize) (index + 1));
    }
  return (int) index_plus_one - 1;
}

const char *
lpad_trust_store_folder (X509_STORE *store)
{
  return X509_STORE_get_ex_data (store, folder_index ());
}

static gboolean
list_contains (GPtrArray *verification, GBytes *key_identifier)
{
  return g_ptr_array_find_with_equal_func (verification, key_identifier, g_bytes_equal, NULL);
}

static void
set_issuer_missing (LpadTrust *trust, GPtrArray *verification, GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);
  LpadErrorDetails *details;

  for (guint i = 0; i < verification->len && i < KEY_IDENTIFIERS_MAX; i++)
    {
      GBytes *identifier = verification->pdata[i];
      g_autofree char *digits
          = lpad_hex_encode (g_bytes_get_data (identifier, NULL), g_bytes_get_size (identifier));

      g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", digits);
    }
  g_set_error (
      error,
      LPAD_ERROR,
      LPAD_ERROR_ISSUER_MISSING,
      "no issuer that the chip trusts is installed; the chip trusts those with the key identifiers %s;"
      " a certificate of one of them belongs into %s",
      list->len > 0 ? list->str : "(none)",
      trust->folder);
  details = lpad_error_details (error != NULL ? *error : NULL);
  if (details == NULL)
    return;
  details->retry = LPAD_RETRY_LATER;
  details->order = LPAD_ORDER_USABLE;
  details->advice = "Install the certificate of an issuer that the chip trusts.";
}

X509_STORE *
lpad_trust_store (LpadTrust *trust, GPtrArray *verification, GError **error)
{
  g_autoptr (X509_STORE) store = X509_STORE_new ();
  guint count = 0;

  g_return_val_if_fail (trust != NULL && verification != NULL, NULL);

  if (store == NULL)
    g_error ("out of memory");
  for (guint i = 0; i < trust->issuers->len; i++)
    {
      const LpadIssuer *issuer = trust->issuers->pdata[i];

      if (list_contains (verification, issuer->key_identifier)
          && X509_STORE_add_cert (store, issuer->certificate) == 1)
        count++;
    }
  if (count == 0)
    {
      set_issuer_missing (trust, verification, error);
      return NULL;
    }
  X509_STORE_set_ex_data (store, folder_index (), g_strdup (trust->folder));
  return g_steal_pointer (&store);
}
