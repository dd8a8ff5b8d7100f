/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <openssl/x509.h>

#include "error-details.h"

G_BEGIN_DECLS

/* Why a server's certificate is not believed. Inside net/ only. */

/** lpad_verify_set_error: @code with a sentence; the order stays usable. */
void lpad_verify_set_error (GError **error, LpadError code, LpadRetry retry, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/**
 * lpad_verify_set_chain_error: what X509_verify_cert() has found.
 * @leaf: the server's certificate
 * @now: what the clock says, in seconds since 1970
 */
void lpad_verify_set_chain_error (X509_STORE_CTX *context, X509 *leaf, gint64 now, GError **error);

G_END_DECLS
