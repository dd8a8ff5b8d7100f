/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <openssl/x509.h>

G_BEGIN_DECLS

/**
 * lpad_verify_server: whether a server may be believed to be the SM-DP+ or SM-DS @host (SGP.22 2.6.6.1,
 * 4.5.2.1): an unbroken chain to an issuer of @store, all valid now and on no revocation list of @store;
 * @leaf is no CA, has @host among its dNSNames (the common name does not count), may authenticate a server
 * and sign, and when it states policies, one of them is the TLS role of an SM.
 * @others: (nullable): what else the server sent
 * Returns: FALSE with %LPAD_ERROR_ISSUER_MISSING, %LPAD_ERROR_CLOCK_INVALID or %LPAD_ERROR_SERVER_NOT_TRUSTED
 * that names the check which failed
 */
gboolean lpad_verify_server (X509_STORE *store,
                             X509 *leaf,
                             STACK_OF (X509) * others,
                             const char *host,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_verify_server_at: the same when the clock says @now, in seconds since 1970. */
gboolean lpad_verify_server_at (X509_STORE *store,
                                X509 *leaf,
                                STACK_OF (X509) * others,
                                const char *host,
                                gint64 now,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
