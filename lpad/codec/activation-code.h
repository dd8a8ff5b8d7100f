/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LpadActivationCode: SGP.22 4.1, "LPA:1$SERVER$MATCHINGID[$OID[$CONFIRMATION]]".
 * @smdp_address: normalised, see lpad_address_normalise()
 * @matching_id: verbatim, may be empty
 * @smdp_oid: dotted OID that the server's certificates must carry, or NULL
 * @confirmation_code_required: the code announces a confirmation code; the server has the last word
 */
typedef struct
{
  char *smdp_address;
  char *matching_id;
  char *smdp_oid;
  gboolean confirmation_code_required;
} LpadActivationCode;

#define LPAD_ACTIVATION_CODE_MAX 255 /* octets */

/**
 * lpad_activation_code_parse: reads what a person typed, pasted or scanned. White space, line ends,
 * byte-order marks and zero-width characters around it are cut; "LPA:" in any case is optional. Returns:
 * (nullable): NULL with %LPAD_ERROR_INVALID_ACTIVATION_CODE: what is wrong, where, and what to do; a code
 * whose "$" a shell has eaten is recognised. The message never repeats the matching ID.
 */
LpadActivationCode *lpad_activation_code_parse (const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
LpadActivationCode *lpad_activation_code_copy (const LpadActivationCode *code) G_GNUC_WARN_UNUSED_RESULT;
void lpad_activation_code_free (LpadActivationCode *code);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadActivationCode, lpad_activation_code_free)

G_END_DECLS
