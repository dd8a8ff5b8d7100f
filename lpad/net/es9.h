/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "https.h"

G_BEGIN_DECLS

/* The functions of ES9+ as the JSON binding has them (SGP.22 5.6, 6.5), one each. GBytes that come from the
 * server are whole TLVs unless said otherwise, checked to be one TLV of the right tag and no more. A refusal
 * by the server is the error of its subject and reason code (lpad_result_set_server_error()). */

typedef struct
{
  GBytes *transaction_id; /* octets, 1 to 16 */
  GBytes *server_signed1;
  GBytes *server_signature1;
  GBytes *pkid;
  GBytes *certificate;
} LpadEs9Authentication;

void lpad_es9_authentication_free (LpadEs9Authentication *answer);

/**
 * lpad_es9_initiate_authentication: SGP.22 5.6.1. Also checks the answer: transaction ID inside serverSigned1
 * equal, server address equal (ignoring case) to the contacted one, challenge equal to @challenge.
 * @challenge: 16 octets; @euicc_info1: BF20 as the chip gave it
 */
LpadEs9Authentication *lpad_es9_initiate_authentication (LpadHttps *https,
                                                         GBytes *challenge,
                                                         GBytes *euicc_info1,
                                                         GCancellable *cancellable,
                                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  GBytes *metadata; /* BF25 */
  GBytes *smdp_signed2;
  GBytes *smdp_signature2;
  GBytes *certificate;
  gboolean confirmation_code_required;
} LpadEs9ClientAnswer;

void lpad_es9_client_answer_free (LpadEs9ClientAnswer *answer);

/** lpad_es9_authenticate_client: SGP.22 5.6.3. Checks the transaction ID in the JSON and in smdpSigned2
 * against @transaction_id. */
LpadEs9ClientAnswer *lpad_es9_authenticate_client (LpadHttps *https,
                                                   GBytes *transaction_id,
                                                   GBytes *authenticate_server_response,
                                                   GCancellable *cancellable,
                                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es9_get_bound_profile_package: SGP.22 5.6.2: the BF36, at most LPAD_BPP_MAX octets; checks the
 * transaction ID in the JSON. Progress: stage "downloading". */
GBytes *lpad_es9_get_bound_profile_package (LpadHttps *https,
                                            GBytes *transaction_id,
                                            GBytes *prepare_download_response,
                                            const LpadProgress *progress,
                                            GCancellable *cancellable,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es9_cancel_session: SGP.22 5.6.5. @cancel_session_response: BF41 as the chip gave it. Its deadline is
 * short. */
gboolean lpad_es9_cancel_session (LpadHttps *https,
                                  GBytes *transaction_id,
                                  GBytes *cancel_session_response,
                                  GCancellable *cancellable,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es9_handle_notification: SGP.22 5.6.4. @notification: BF37 or 30 as the chip gave it. TRUE only after
 * a 2xx status. */
gboolean lpad_es9_handle_notification (LpadHttps *https,
                                       GBytes *notification,
                                       GCancellable *cancellable,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es9_certificate_has_oid: whether the certificate (DER) @certificate carries @oid (dotted) as
 * registeredID in its subjectAltName. */
gboolean lpad_es9_certificate_has_oid (GBytes *certificate, const char *oid);

/** LpadServerRole: what a server is, by the policies of the certificate with which it signs (SGP.22 4.5.2.1,
 * CERT.DPauth and CERT.DSauth). */
typedef enum
{
  LPAD_SERVER_ROLE_UNKNOWN,
  LPAD_SERVER_ROLE_SMDP,
  LPAD_SERVER_ROLE_SMDS,
} LpadServerRole;

/** lpad_es9_certificate_role: the role in the policies of @certificate (DER). UNKNOWN also when it cannot be
 * read or has both: whether it is good at all, the chip decides. */
LpadServerRole lpad_es9_certificate_role (GBytes *certificate);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadEs9Authentication, lpad_es9_authentication_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadEs9ClientAnswer, lpad_es9_client_answer_free)

G_END_DECLS
