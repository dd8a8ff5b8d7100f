/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <openssl/x509v3.h>

G_BEGIN_DECLS

/* What lpad reads in certificates. Inside net/ only; lpad_es9_certificate_has_oid() is the public part. */

#define LPAD_CERTIFICATE_MAX (64 * 1024) /* octets of one certificate or one file of them */

/** lpad_certificate_name: @name as one line of text ("CN=…,O=…"), cleaned. Free with g_free(). */
char *lpad_certificate_name (const X509_NAME *name);

/** lpad_certificate_key_identifier: the subject key identifier (RFC 5280 4.2.1.2), %NULL when there is none.
 */
GBytes *lpad_certificate_key_identifier (X509 *certificate);

/** lpad_certificate_authority: the issuer's key identifier (RFC 5280 4.2.1.1), %NULL when the certificate
 * does not say. */
GBytes *lpad_certificate_authority (X509 *certificate);

/** lpad_certificate_time: @time in seconds since 1970; @otherwise when it cannot be read. */
gint64 lpad_certificate_time (const ASN1_TIME *time, gint64 otherwise);

/** lpad_certificate_date: @time as "2026-11-22", or "an unreadable date". Free with g_free(). */
char *lpad_certificate_date (const ASN1_TIME *time);

/** lpad_certificate_hosts: the first dNSNames of the certificate, cleaned, comma-separated; "no host at all"
 * when there is none. Free with g_free(). */
char *lpad_certificate_hosts (X509 *certificate);

/** lpad_certificate_fingerprint: SHA-256 over the DER coding, lower-case hexadecimal. Free with g_free(). */
char *lpad_certificate_fingerprint (X509 *certificate);

/** lpad_certificate_has_policy: whether @oid (dotted) is among @policies. */
gboolean lpad_certificate_has_policy (const CERTIFICATEPOLICIES *policies, const char *oid);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_STORE, X509_STORE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_STORE_CTX, X509_STORE_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_vfree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GENERAL_NAMES, GENERAL_NAMES_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CERTIFICATEPOLICIES, CERTIFICATEPOLICIES_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ASN1_OBJECT, ASN1_OBJECT_free)

G_END_DECLS
