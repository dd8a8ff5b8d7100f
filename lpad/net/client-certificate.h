/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <openssl/ssl.h>

#include "net-config.h"

G_BEGIN_DECLS

/** LpadClientCertificate: a certificate of this device, with what signs for it. Inside net/ only. */
typedef struct _LpadClientCertificate LpadClientCertificate;

/**
 * lpad_client_certificate_load: reads what @server names. Files are PEM (the certificate first, then those
 * that it is issued by; the key without a password) or DER.
 * @module: (nullable): the PKCS#11 module; NULL: those that p11-kit is configured for
 * Returns: (nullable): %LPAD_ERROR_FAILED that names the file or token and what is wrong: it cannot be read,
 * is no certificate or key, they do not belong together, or the certificate has expired
 */
LpadClientCertificate *lpad_client_certificate_load (const LpadServerConfig *server,
                                                     const char *module,
                                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void lpad_client_certificate_free (LpadClientCertificate *certificate);

/** lpad_client_certificate_use: makes @ssl show it to the server. */
gboolean lpad_client_certificate_use (LpadClientCertificate *certificate, SSL *ssl);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadClientCertificate, lpad_client_certificate_free)

G_END_DECLS
