/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "issuer.h"

G_BEGIN_DECLS

/**
 * LpadTrust: the issuers that this device has installed, and the revocation lists. Immutable after loading,
 * so any thread may use it.
 */
typedef struct _LpadTrust LpadTrust;

/**
 * LpadTrustSources: where it comes from.
 * @folders: those of the administrator, each with "production" and "test"; NULL-terminated
 * @own_folder: (nullable): that in which lpad itself installs issuers
 * @crl_folders: (nullable): folders of revocation lists, NULL-terminated
 * @test_mode: issuers for tests count
 */
typedef struct
{
  const char *const *folders;
  const char *own_folder;
  const char *const *crl_folders;
  gboolean test_mode;
} LpadTrustSources;

/** lpad_trust_load: reads all of it; see lpad_issuer_folder_load() and lpad_crl_load(). */
LpadTrust *lpad_trust_load (const LpadTrustSources *sources);
LpadTrust *lpad_trust_ref (LpadTrust *trust);
void lpad_trust_unref (LpadTrust *trust);

/** lpad_trust_issuers: (element-type LpadIssuer) (transfer none): all that are installed, also those that do
 * not count. */
GPtrArray *lpad_trust_issuers (LpadTrust *trust);

/** lpad_trust_counts: whether @issuer is trusted: one for tests only in test mode. */
gboolean lpad_trust_counts (LpadTrust *trust, const LpadIssuer *issuer);

/** lpad_trust_find: (nullable) (transfer none): the installed issuer with this fingerprint, in either case.
 */
const LpadIssuer *lpad_trust_find (LpadTrust *trust, const char *fingerprint);

/**
 * lpad_trust_store: the certificate store for a connection: issuers that count and whose key identifier is in
 * @verification.
 * @verification: (element-type GBytes): the chip's list
 * Returns: (nullable): %LPAD_ERROR_ISSUER_MISSING naming the issuers that the chip trusts
 */
X509_STORE *
lpad_trust_store (LpadTrust *trust, GPtrArray *verification, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_trust_revocation_lists: see lpad_crl_for_chip(). @verification: the chip's list */
GPtrArray *lpad_trust_revocation_lists (LpadTrust *trust, GPtrArray *verification);

/**
 * LpadTrustSlot: the trust that is in force; it is replaced when an issuer is installed or removed. Any
 * thread may use it: a connection keeps the trust that it began with.
 */
typedef struct _LpadTrustSlot LpadTrustSlot;

/** lpad_trust_slot_new: @trust: (transfer full). */
LpadTrustSlot *lpad_trust_slot_new (LpadTrust *trust);
void lpad_trust_slot_free (LpadTrustSlot *slot);
/** lpad_trust_slot_get: (transfer full). */
LpadTrust *lpad_trust_slot_get (LpadTrustSlot *slot);
/** lpad_trust_slot_set: @trust: (transfer full). */
void lpad_trust_slot_set (LpadTrustSlot *slot, LpadTrust *trust);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadTrust, lpad_trust_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadTrustSlot, lpad_trust_slot_free)

G_END_DECLS
