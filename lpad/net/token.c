/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenSSL 3 has put providers in the place of engines; the one for PKCS#11 is not in Debian 12, the engine
 * is. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "token.h"

#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/ui.h>
#include <string.h>

#define ENGINE_NAME "pkcs11"

/* What the engine's command LOAD_CERT_CTRL takes and gives. */
typedef struct
{
  const char *uri;
  X509 *certificate;
} CertificateRequest;

/* The engine does not like to be set up by two threads at once. */
static GMutex mutex;
static ENGINE *engine;
static GHashTable *refused; /* of hashes of URIs whose PIN was wrong */

gboolean
lpad_token_is_uri (const char *source)
{
  return g_ascii_strncasecmp (source, "pkcs11:", strlen ("pkcs11:")) == 0;
}

/* The first error of OpenSSL's queue is the cause, those after it are its consequences. */
static char *
take_reason (const char *otherwise)
{
  unsigned long code = ERR_get_error ();
  const char *text = code != 0 ? ERR_reason_error_string (code) : NULL;

  ERR_clear_error ();
  return g_strdup (text != NULL ? text : otherwise);
}

static ENGINE *
load_engine (const char *module, char **reason)
{
  ENGINE *loaded = ENGINE_by_id (ENGINE_NAME);

  if (loaded == NULL)
    {
      ERR_clear_error ();
      *reason = g_strdup ("OpenSSL's engine “pkcs11” is not installed (Debian: libengine-pkcs11-openssl)");
      return NULL;
    }
  /* Its own messages would show the URI. */
  ENGINE_ctrl_cmd_string (loaded, "QUIET", NULL, 1);
  if ((module != NULL && ENGINE_ctrl_cmd_string (loaded, "MODULE_PATH", module, 0) != 1)
      || ENGINE_init (loaded) != 1)
    {
      g_autofree char *cause = take_reason ("it does not start");

      *reason = g_strdup_printf ("the PKCS#11 module cannot be loaded: %s", cause);
      ENGINE_free (loaded);
      return NULL;
    }
  return loaded;
}

static gboolean
need_engine (const char *uri, const char *module, char **reason)
{
  if (strstr (uri, "pin-value") != NULL)
    {
      *reason = g_strdup ("a PIN does not belong into the URI; name a file that holds it with pin-source");
      return FALSE;
    }
  if (engine == NULL)
    engine = load_engine (module, reason);
  return engine != NULL;
}

static gboolean
was_refused (const char *uri)
{
  return refused != NULL && g_hash_table_contains (refused, GUINT_TO_POINTER (g_str_hash (uri)));
}

static void
remember_refusal (const char *uri)
{
  if (refused == NULL)
    refused = g_hash_table_new (NULL, NULL);
  g_hash_table_add (refused, GUINT_TO_POINTER (g_str_hash (uri)));
}

static X509 *
find_certificate (const char *uri, const char *module, char **reason)
{
  CertificateRequest request = { uri, NULL };

  if (!need_engine (uri, module, reason))
    return NULL;
  if (ENGINE_ctrl_cmd (engine, "LOAD_CERT_CTRL", 0, &request, NULL, 1) != 1 || request.certificate == NULL)
    *reason = take_reason ("it has no such certificate");
  return request.certificate;
}

X509 *
lpad_token_certificate (const char *uri, const char *module, char **reason)
{
  X509 *certificate;

  g_mutex_lock (&mutex);
  certificate = find_certificate (uri, module, reason);
  g_mutex_unlock (&mutex);
  return certificate;
}

/* For UI: there is nobody to be asked. */
static int
read_nothing (UI *ui, UI_STRING *string)
{
  return 0;
}

static EVP_PKEY *
find_key (const char *uri, const char *module, char **reason)
{
  UI_METHOD *nobody;
  EVP_PKEY *key;

  if (was_refused (uri))
    {
      *reason = g_strdup ("the token has refused the PIN; it is not tried again before lpad starts anew");
      return NULL;
    }
  if (!need_engine (uri, module, reason))
    return NULL;
  nobody = UI_create_method ("nobody");
  UI_method_set_reader (nobody, read_nothing);
  key = ENGINE_load_private_key (engine, uri, nobody, NULL);
  UI_destroy_method (nobody);
  if (key != NULL)
    return key;
  *reason = take_reason ("it has no such key");
  if (strstr (*reason, "PIN incorrect") != NULL)
    remember_refusal (uri);
  else if (strstr (*reason, "processing error") != NULL)
    {
      g_free (*reason);
      *reason = g_strdup ("it wants a PIN; name a file that holds it with pin-source in the URI");
    }
  return NULL;
}

EVP_PKEY *
lpad_token_key (const char *uri, const char *module, char **reason)
{
  EVP_PKEY *key;

  g_mutex_lock (&mutex);
  key = find_key (uri, module, reason);
  g_mutex_unlock (&mutex);
  return key;
}
