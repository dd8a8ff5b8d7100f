/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust.h"

G_BEGIN_DECLS

/**
 * LpadTrustOrigin: what a store was made of; it lives as long as the store.
 */
typedef struct
{
  LpadTrust *trust;
  GPtrArray *verification;
} LpadTrustOrigin;

/** lpad_trust_store_origin: (nullable) (transfer none): NULL for a store that lpad_trust_store() did not
 * make. */
const LpadTrustOrigin *lpad_trust_store_origin (X509_STORE *store);

/**
 * lpad_trust_set_none_installed: sets %LPAD_ERROR_ISSUER_MISSING: of the issuers in the chip's list
 * @verification none counts on this device.
 */
void lpad_trust_set_none_installed (LpadTrust *trust, GPtrArray *verification, GError **error);

/**
 * lpad_trust_set_missing: sets %LPAD_ERROR_ISSUER_MISSING: a server's chain ends at the issuer @name, which
 * is not in @store; says whether the device, the chip or both lack it, and what would help.
 * @key_identifier: (nullable): of the issuer, when the chain says
 */
void lpad_trust_set_missing (X509_STORE *store, const char *name, GBytes *key_identifier, GError **error);

G_END_DECLS
