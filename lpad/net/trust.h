/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <openssl/x509.h>

G_BEGIN_DECLS

/**
 * LpadIssuer: an installed issuer certificate (CI root).
 * @key_identifier: subject key identifier: what chips name issuers by
 * @fingerprint: SHA-256 over the certificate, lower-case hexadecimal
 */
typedef struct
{
  char *name;
  GBytes *key_identifier;
  char *fingerprint;
  gboolean test;
  gint64 not_after; /* seconds since 1970 */
  X509 *certificate;
} LpadIssuer;

/**
 * LpadTrust: the issuers that this device has installed. Immutable after loading, so any thread may use it.
 */
typedef struct _LpadTrust LpadTrust;

/**
 * lpad_trust_load: reads DER and PEM certificates from the folders "production" and (only if @test_mode)
 * "test" of each of
 * @folders. A folder that does not exist is no error; a file that is no CA certificate is skipped with a
 * warning that names it.
 */
LpadTrust *lpad_trust_load (const char *const *folders, gboolean test_mode);
LpadTrust *lpad_trust_ref (LpadTrust *trust);
void lpad_trust_unref (LpadTrust *trust);

/** lpad_trust_issuers: (element-type LpadIssuer) (transfer none). */
GPtrArray *lpad_trust_issuers (LpadTrust *trust);

/**
 * lpad_trust_store: the certificate store for a connection: installed issuers whose key identifier is in
 * @verification.
 * @verification: (element-type GBytes): the chip's list
 * Returns: (nullable): %LPAD_ERROR_ISSUER_MISSING naming the key identifiers that the chip trusts and where a
 * certificate would go
 */
X509_STORE *
lpad_trust_store (LpadTrust *trust, GPtrArray *verification, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadTrust, lpad_trust_unref)

G_END_DECLS
