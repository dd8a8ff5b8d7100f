/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust.h"

G_BEGIN_DECLS

/** lpad_trust_store_folder: where the certificate of a missing issuer belongs, %NULL for a store that
 * lpad_trust_store() did not make. (transfer none). */
const char *lpad_trust_store_folder (X509_STORE *store);

G_END_DECLS
