/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config.h"

G_BEGIN_DECLS

/**
 * LpadIssuers: the issuers of this device, as the bus shows and changes them. Main thread only; workers use
 * the slot.
 */
typedef struct _LpadIssuers LpadIssuers;

/** lpad_issuers_new: reads the folders of @config and lpad's own one in @state_folder. */
LpadIssuers *lpad_issuers_new (const LpadConfig *config, const char *state_folder);
void lpad_issuers_free (LpadIssuers *issuers);

/** lpad_issuers_slot: (transfer none): the trust in force. */
LpadTrustSlot *lpad_issuers_slot (LpadIssuers *issuers);

/** lpad_issuers_describe: (transfer floating): Manager.Issuers, aa{sv}. */
GVariant *lpad_issuers_describe (LpadIssuers *issuers);

/** lpad_issuers_describe_known: (transfer floating): Manager.KnownIssuers, aa{sv}. */
GVariant *lpad_issuers_describe_known (void);

/**
 * lpad_issuers_inspect: what the certificate @data (DER or PEM) is, as Manager.InspectIssuer() says it.
 * Returns: (transfer floating) (nullable): a{sv}; %LPAD_ERROR_INVALID_ARGUMENTS when it can be no issuer's
 */
GVariant *lpad_issuers_inspect (LpadIssuers *issuers, GBytes *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_issuers_add: installs the certificate @data; connections from now on trust it.
 * @test: for tests only; the only way for a public test issuer
 * Returns: (transfer full) (nullable): its key identifier; %LPAD_ERROR_INVALID_ARGUMENTS when it can be no
 * issuer's, has expired, or may not be installed in this way; %LPAD_ERROR_FAILED when it cannot be written
 */
char *lpad_issuers_add (LpadIssuers *issuers, GBytes *data, gboolean test, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_issuers_remove: removes the issuer with @fingerprint; connections from now on do not trust it.
 * Returns: FALSE with %LPAD_ERROR_NOT_FOUND, or %LPAD_ERROR_WRONG_STATE when it is not lpad that has
 * installed it
 */
gboolean
lpad_issuers_remove (LpadIssuers *issuers, const char *fingerprint, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
