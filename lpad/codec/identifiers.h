/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define LPAD_EID_SIZE   16 /* octets; 32 digits */
#define LPAD_ICCID_SIZE 10 /* octets; up to 20 digits */

/** lpad_iccid_to_string: digits of an ICCID coded as EF_ICCID (ETSI TS 102 221 13.2): nibbles swapped, filler
 * F at the end cut. Odd cards hold other nibbles: they are written as hexadecimal digits, nothing is refused.
 * Free with g_free(). */
char *lpad_iccid_to_string (const guint8 *iccid, gsize size);

/** lpad_iccid_from_string: 18 to 20 digits (hexadecimal ones too, as lpad_iccid_to_string() writes them for
 * odd cards) as ten octets padded with F. Returns: (nullable): NULL with %LPAD_ERROR_INVALID_ARGUMENTS */
GBytes *lpad_iccid_from_string (const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_eid_to_string: the 32 digits of an EID; not swapped. Returns NULL with %LPAD_ERROR_PROTOCOL_ERROR
 * unless @size is 16. */
char *lpad_eid_to_string (const guint8 *eid, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_eid_is_valid: 32 decimal digits whose number modulo 97 is 1 (SGP.02 2.2.2). */
gboolean lpad_eid_is_valid (const char *eid);

/** lpad_version_to_string: a VersionType of three octets as "2.5.0"; anything else as hexadecimal digits. */
char *lpad_version_to_string (const guint8 *data, gsize size);

/** lpad_imei_encode: 14 to 16 digits as the 8 octets of DeviceInfo.imei (SGP.22 5.7.13): swapped, check digit
 * in the high nibble and F in the low one of the last octet. 15 digits: the check digit is verified; 14, or
 * 16 (an IMEISV, whose last two are a software version): it is computed. @tac receives the first four octets.
 * FALSE with %LPAD_ERROR_INVALID_ARGUMENTS. */
gboolean lpad_imei_encode (const char *imei, guint8 imei_octets[8], guint8 tac[4], GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** lpad_tac_encode: a type allocation code (TS 23.003 6.2.1), eight digits, as the four octets of
 * DeviceInfo.tac. FALSE with %LPAD_ERROR_INVALID_ARGUMENTS. */
gboolean lpad_tac_encode (const char *tac, guint8 octets[4], GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
