/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LpadKnownIssuer: an issuer that is met in the field: data/known-issuers.ini, which is built in. Knowledge,
 * not trust.
 * @key_identifier: lower-case hexadecimal digits
 * @fingerprints: SHA-256 of its certificates, lower-case hexadecimal digits
 * @test: a public test issuer: its private key is in circulation
 */
typedef struct
{
  char *name;
  char *key_identifier;
  char **fingerprints;
  gboolean test;
} LpadKnownIssuer;

/** lpad_known_issuers: (element-type LpadKnownIssuer) (transfer none): all of them, in the table's order. Any
 * thread may use it. */
GPtrArray *lpad_known_issuers (void);

/** lpad_known_issuer_by_key: (nullable) (transfer none): the one that chips call @key_identifier. */
const LpadKnownIssuer *lpad_known_issuer_by_key (GBytes *key_identifier);

/** lpad_known_issuer_by_fingerprint: (nullable) (transfer none): the one that has this very certificate. */
const LpadKnownIssuer *lpad_known_issuer_by_fingerprint (const char *fingerprint);

/** lpad_known_issuer_describe: how a message calls the issuer @key_identifier: "GSM Association – RSP2 Root
 * CI1 (8137…)", or the digits alone. Free with g_free(). */
char *lpad_known_issuer_describe (GBytes *key_identifier);

G_END_DECLS
