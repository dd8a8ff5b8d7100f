/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client-certificate.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "certificate.h"
#include "error-details.h"
#include "file.h"
#include "token.h"

#define CHAIN_MAX 8

struct _LpadClientCertificate
{
  X509 *certificate;
  STACK_OF (X509) * chain; /* what it is issued by */
  EVP_PKEY *key;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)

/* @source is named, never shown in full: a URI could hold a secret. */
static void G_GNUC_PRINTF (4, 5)
    set_error (GError **error, const LpadServerConfig *server, const char *source, const char *format, ...)
{
  g_autofree char *reason = NULL;
  LpadErrorDetails *details;
  va_list args;
  GError *made;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  made = g_error_new (LPAD_ERROR,
                      LPAD_ERROR_FAILED,
                      "the certificate of this device for %s cannot be used: %s: %s",
                      server->host,
                      lpad_token_is_uri (source) ? "the PKCS#11 token" : source,
                      reason);
  details = lpad_error_details (made);
  details->retry = LPAD_RETRY_LATER;
  details->order = LPAD_ORDER_USABLE;
  details->advice = "Look at ClientCertificate and ClientKey of this server in lpad.conf.";
  g_propagate_error (error, made);
}

static GBytes *
read_source (const LpadServerConfig *server, const char *path, GError **error)
{
  GBytes *data = lpad_file_read (path, LPAD_CERTIFICATE_MAX);

  if (data == NULL)
    set_error (error, server, path, "%s", g_strerror (errno));
  return data;
}

/* A password is asked of nobody. */
static int
no_password (char *buffer, int size, int writing, void *user_data)
{
  return -1;
}

/* The first certificate of PEM, or that of DER; the others of PEM are the chain. */
static X509 *
parse_certificate (GBytes *data, STACK_OF (X509) * chain)
{
  gsize size;
  const guint8 *octets = g_bytes_get_data (data, &size);
  const guint8 *der = octets;
  g_autoptr (BIO) in = BIO_new_mem_buf (octets, (int) size);
  X509 *certificate = PEM_read_bio_X509 (in, NULL, no_password, NULL);
  X509 *next;

  while (certificate != NULL && sk_X509_num (chain) < CHAIN_MAX
         && (next = PEM_read_bio_X509 (in, NULL, no_password, NULL)) != NULL)
    sk_X509_push (chain, next);
  if (certificate == NULL)
    certificate = d2i_X509 (NULL, &der, (long) size);
  return certificate;
}

static gboolean
load_certificate (LpadClientCertificate *self,
                  const LpadServerConfig *server,
                  const char *module,
                  GError **error)
{
  g_autoptr (GBytes) data = NULL;
  g_autofree char *reason = NULL;

  if (lpad_token_is_uri (server->certificate))
    {
      self->certificate = lpad_token_certificate (server->certificate, module, &reason);
      if (self->certificate == NULL)
        set_error (error, server, server->certificate, "%s", reason);
      return self->certificate != NULL;
    }
  data = read_source (server, server->certificate, error);
  if (data == NULL)
    return FALSE;
  self->certificate = parse_certificate (data, self->chain);
  if (self->certificate == NULL)
    set_error (error, server, server->certificate, "it is no certificate in PEM or DER");
  return self->certificate != NULL;
}

static EVP_PKEY *
parse_key (GBytes *data)
{
  gsize size;
  const guint8 *octets = g_bytes_get_data (data, &size);
  const guint8 *der = octets;
  g_autoptr (BIO) in = BIO_new_mem_buf (octets, (int) size);
  EVP_PKEY *key = PEM_read_bio_PrivateKey (in, NULL, no_password, NULL);

  return key != NULL ? key : d2i_AutoPrivateKey (NULL, &der, (long) size);
}

static gboolean
load_key (LpadClientCertificate *self, const LpadServerConfig *server, const char *module, GError **error)
{
  const char *source = server->key != NULL ? server->key : server->certificate;
  g_autoptr (GBytes) data = NULL;
  g_autofree char *reason = NULL;

  if (lpad_token_is_uri (source))
    {
      self->key = lpad_token_key (source, module, &reason);
      if (self->key == NULL)
        set_error (error, server, source, "%s", reason);
      return self->key != NULL;
    }
  data = read_source (server, source, error);
  if (data == NULL)
    return FALSE;
  self->key = parse_key (data);
  if (self->key == NULL)
    set_error (error, server, source, "it holds no private key in PEM or DER without a password");
  return self->key != NULL;
}

static gboolean
check (LpadClientCertificate *self, const LpadServerConfig *server, GError **error)
{
  const ASN1_TIME *end = X509_get0_notAfter (self->certificate);
  g_autofree char *date = lpad_certificate_date (end);

  if (X509_check_private_key (self->certificate, self->key) != 1)
    set_error (error,
               server,
               server->key != NULL ? server->key : server->certificate,
               "the key does not belong to the certificate");
  else if (lpad_certificate_time (end, 0) < g_get_real_time () / G_USEC_PER_SEC)
    set_error (error, server, server->certificate, "the certificate expired on %s", date);
  else
    return TRUE;
  return FALSE;
}

LpadClientCertificate *
lpad_client_certificate_load (const LpadServerConfig *server, const char *module, GError **error)
{
  g_autoptr (LpadClientCertificate) self = g_new0 (LpadClientCertificate, 1);
  gboolean good;

  g_return_val_if_fail (server != NULL && server->certificate != NULL, NULL);

  self->chain = sk_X509_new_null ();
  good = load_certificate (self, server, module, error) && load_key (self, server, module, error)
         && check (self, server, error);
  ERR_clear_error ();
  return good ? g_steal_pointer (&self) : NULL;
}

void
lpad_client_certificate_free (LpadClientCertificate *self)
{
  if (self == NULL)
    return;

  X509_free (self->certificate);
  sk_X509_pop_free (self->chain, X509_free);
  EVP_PKEY_free (self->key);
  g_free (self);
}

gboolean
lpad_client_certificate_use (LpadClientCertificate *self, SSL *ssl)
{
  g_return_val_if_fail (self != NULL && ssl != NULL, FALSE);

  return SSL_use_cert_and_key (ssl, self->certificate, self->key, self->chain, 1) == 1;
}
