/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * lpad_address_normalise: the address of an SM-DP+ or SM-DS as a person, a chip or a server wrote it, as lpad
 * uses it: white space around and a leading "https://" or trailing "/" cut, lower case, "host" or
 * "host:port". The host is a fully qualified domain name: at least two labels of letters, digits and hyphens
 * (1 to 63 each, no hyphen at an end, the last not all digits), 253 octets at most; no IP address, no user
 * info, no path. Port 1 to 65535. Returns: (nullable): NULL with %LPAD_ERROR_INVALID_ARGUMENTS that says what
 * is wrong. Free with g_free().
 */
char *lpad_address_normalise (const char *text, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_address_equal: the same host and port, ignoring the case of ASCII letters; a missing port is 443. */
gboolean lpad_address_equal (const char *a, const char *b);

/** lpad_address_host: the host of a normalised address, without port. Free with g_free(). */
char *lpad_address_host (const char *address);

G_END_DECLS
