/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <openssl/x509.h>

G_BEGIN_DECLS

/* Keys and certificates in PKCS#11 tokens, through OpenSSL's engine "pkcs11", which is loaded when the first
 * one is asked for. A PIN comes from the file that the URI's pin-source names; nobody is asked for it. Inside
 * net/ only; any thread may use it. */

/** lpad_token_is_uri: whether @source is a "pkcs11:" URI (RFC 7512) and no file. */
gboolean lpad_token_is_uri (const char *source);

/**
 * lpad_token_certificate, lpad_token_key: the object that @uri names.
 * @module: (nullable): path of the PKCS#11 module; the first one counts until the process ends. NULL: those
 * that p11-kit is configured for
 * @reason: (out) (transfer full): why there is none, without anything of the URI
 * Returns: (nullable). A PIN that the token has refused is not tried again: three wrong ones lock many tokens
 */
X509 *lpad_token_certificate (const char *uri, const char *module, char **reason);
EVP_PKEY *lpad_token_key (const char *uri, const char *module, char **reason);

G_END_DECLS
