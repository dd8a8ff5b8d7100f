/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "issuer.h"

G_BEGIN_DECLS

/**
 * lpad_issuer_folder_load: reads the certificates in DER and PEM from the folder "production" of @folder, or
 * from "test". A folder that does not exist is empty; what is no issuer's certificate is skipped with a
 * warning that names the file.
 * @own: the folder is lpad's
 * @issuers: (element-type LpadIssuer): where those are added that are not there yet
 */
void lpad_issuer_folder_load (const char *folder, gboolean test, gboolean own, GPtrArray *issuers);

/**
 * lpad_issuer_folder_add: writes @issuer into @folder, "test" or "production", so that it is there whole or
 * not at all, also after a power cut.
 * Returns: FALSE with %LPAD_ERROR_FAILED when it cannot be written
 */
gboolean lpad_issuer_folder_add (const char *folder, const LpadIssuer *issuer, gboolean test, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** lpad_issuer_folder_remove: removes the file of @issuer, which is in one of lpad's folders. */
gboolean lpad_issuer_folder_remove (const LpadIssuer *issuer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
