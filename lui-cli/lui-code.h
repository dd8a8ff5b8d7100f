/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** Most octets of an activation code with white space around it; SGP.22 4.1 allows 255. */
#define LUI_CODE_MAX 1024

/** Most octets of a confirmation code. */
#define LUI_CONFIRMATION_CODE_MAX 255

/**
 * lui_code_read: the activation code that @source stands for: "-" is standard input; the name of a file is
 * its text, or the QR code in it when it is a PNG or JPEG picture; anything else is the code itself. Only
 * white space at its ends is cut: lpad judges the rest. Returns: (transfer full) (nullable): NULL with
 * %LPAD_ERROR_INVALID_ACTIVATION_CODE, %LPAD_ERROR_NOT_FOUND or %LPAD_ERROR_NOT_SUPPORTED
 */
char *lui_code_read (const char *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lui_confirmation_code_read: the first line of the file @path, or of standard input for "-".
 * Returns: (transfer full) (nullable): NULL with %LPAD_ERROR_INVALID_ARGUMENTS or %LPAD_ERROR_NOT_FOUND; wipe
 * it before freeing it
 */
char *lui_confirmation_code_read (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lui_qr_read: the activation code in the picture @path.
 * Returns: (transfer full) (nullable): NULL with %LPAD_ERROR_INVALID_ACTIVATION_CODE, or
 * %LPAD_ERROR_NOT_SUPPORTED in a build without QR codes
 */
char *lui_qr_read (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
