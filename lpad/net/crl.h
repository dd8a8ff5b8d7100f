/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <openssl/x509.h>

G_BEGIN_DECLS

/** Octets of one file of revocation lists; the complete list of a GSMA issuer is far smaller. */
#define LPAD_CRL_FILE_MAX (4 * 1024 * 1024)

/**
 * lpad_crl_load: the certificate revocation lists (RFC 5280 5) in the files of @folder, in DER or PEM. A
 * folder that does not exist is empty; what is no list is skipped with a warning that names the file.
 * @crls: (element-type X509_CRL): where they are added
 */
void lpad_crl_load (const char *folder, GPtrArray *crls);

/** lpad_crl_parse: the same for @data. Returns: FALSE when it is none. */
gboolean lpad_crl_parse (GBytes *data, GPtrArray *crls);

/**
 * lpad_crl_for_chip: the lists of @crls in DER that a chip can use (SGP.22 4.5.2.2): those whose issuer is in
 * @verification. Lists that add to others come after them.
 * @crls: (element-type X509_CRL)
 * @verification: (element-type GBytes): key identifiers
 * Returns: (element-type GBytes) (transfer full)
 */
GPtrArray *lpad_crl_for_chip (GPtrArray *crls, GPtrArray *verification);

/** lpad_crl_check_available: checks each certificate of @context's chain against the list of its issuer, if
 * the store has one: signature, dates, revocation. An issuer without a list revokes nothing. */
void lpad_crl_check_available (X509_STORE_CTX *context);

/** lpad_crl_at_fault: (nullable) (transfer none): the list because of which X509_verify_cert() failed. */
X509_CRL *lpad_crl_at_fault (X509_STORE_CTX *context);

G_END_DECLS
