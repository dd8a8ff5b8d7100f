/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lui-session.h"

G_BEGIN_DECLS

/** Most octets of a file with a certificate. */
#define LUI_CERTIFICATE_MAX (64 * 1024)

/**
 * lui_certificate_read: the octets of the file @source, or of standard input for "-".
 * Returns: (nullable): NULL with %LPAD_ERROR_NOT_FOUND or %LPAD_ERROR_INVALID_ARGUMENTS
 */
GBytes *lui_certificate_read (const char *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_issuer_text: the member @name of an issuer on the bus, "" when it is not there. (transfer none). */
const char *lui_issuer_text (GVariant *issuer, const char *name);

/** lui_issuer_title: how sentences call an issuer: the name by which it is known, or its own; cleaned. Free
 * with g_free(). */
char *lui_issuer_title (GVariant *issuer);

/** lui_issuer_until: the day on which its certificate ends, as "2052-01-31". Free with g_free(). */
char *lui_issuer_until (GVariant *issuer);

/** lui_fingerprint: hexadecimal digits in groups of four, to be compared by eye. Free with g_free(). */
char *lui_fingerprint (const char *digits);

/**
 * lui_issuer_find: the one of @issuers (aa{sv}) that @text names: its fingerprint or key identifier, or the
 * first digits of one (at least eight); else its name or a part of it, in any case.
 * Returns: (transfer full) (nullable): NULL with %LPAD_ERROR_NOT_FOUND, or %LPAD_ERROR_INVALID_ARGUMENTS when
 * several fit
 */
GVariant *lui_issuer_find (GVariant *issuers, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
