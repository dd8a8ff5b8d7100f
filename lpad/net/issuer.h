/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <openssl/x509.h>

#include "known-issuers.h"

G_BEGIN_DECLS

/**
 * LpadIssuer: an issuer's certificate (CI root, SGP.22 4.5.2.1). Immutable; any thread may use it.
 * @name: its subject, cleaned
 * @key_identifier: subject key identifier: what chips name issuers by
 * @fingerprint: SHA-256 over the certificate, lower-case hexadecimal
 * @known: (nullable): the known issuer that has this very certificate
 * @test: it counts only in test mode
 * @not_before, @not_after: seconds since 1970
 * @file: (nullable): where it is installed
 * @own: lpad has installed it there, and can remove it
 */
typedef struct
{
  gint ref_count; /* atomic */
  char *name;
  GBytes *key_identifier;
  char *fingerprint;
  const LpadKnownIssuer *known;
  gboolean test;
  gint64 not_before;
  gint64 not_after;
  char *file;
  gboolean own;
  X509 *certificate;
} LpadIssuer;

/**
 * lpad_issuer_parse: the one certificate in @data, in DER or PEM.
 * Returns: (nullable): %LPAD_ERROR_INVALID_ARGUMENTS when it is none, several, or none that can be an
 * issuer's (no CA, not signed by itself, without a subject key identifier); the message completes "it …"
 */
LpadIssuer *lpad_issuer_parse (GBytes *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_issuer_parse_all: the same for a file of several PEM certificates.
 * @issuers: (element-type LpadIssuer): where they are added
 * @faults: (element-type utf8): what is wrong with those that are not used
 */
void lpad_issuer_parse_all (GBytes *data, GPtrArray *issuers, GPtrArray *faults);

/** lpad_issuer_is_public_test: its private key is in circulation, judged by the key that it names. */
gboolean lpad_issuer_is_public_test (const LpadIssuer *issuer);

LpadIssuer *lpad_issuer_ref (LpadIssuer *issuer);
void lpad_issuer_unref (LpadIssuer *issuer);

/** lpad_issuer_pem: the certificate as text. Free with g_free(). */
char *lpad_issuer_pem (const LpadIssuer *issuer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadIssuer, lpad_issuer_unref)

G_END_DECLS
