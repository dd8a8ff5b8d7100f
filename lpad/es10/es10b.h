/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel.h"
#include "device.h"
#include "euicc-info.h"
#include "notification.h"
#include "result.h"

G_BEGIN_DECLS

/* Functions of ES10b, one each. Requests and answers are the octets that server and chip exchange: they are
 * relayed as received. All return NULL or FALSE with an error that carries function, status word or result
 * code in its details. */

#define LPAD_CHALLENGE_SIZE 16

/** lpad_es10b_get_euicc_info1, lpad_es10b_get_euicc_info2: SGP.22 5.7.8. */
LpadEuiccInfo *lpad_es10b_get_euicc_info1 (LpadChannel *channel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
LpadEuiccInfo *lpad_es10b_get_euicc_info2 (LpadChannel *channel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es10b_get_euicc_challenge: SGP.22 5.7.7: 16 octets; begins a session on the chip and ends an
 * unfinished one. */
GBytes *lpad_es10b_get_euicc_challenge (LpadChannel *channel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_es10b_build_ctx_params1: CtxParams1 (SGP.22 5.7.13) for @matching_id ("" or NULL: none).
 * @device: without an IMEI a TAC alone is told, and without that one that names no device
 * @extensible: the chip takes capabilities that are newer than the first eight
 * (deviceInfoExtensibilitySupport of EUICCInfo2); others it might refuse Returns: NULL with
 * %LPAD_ERROR_INVALID_ARGUMENTS when the IMEI or the TAC is none
 */
GBytes *lpad_es10b_build_ctx_params1 (const char *matching_id,
                                      const LpadDevice *device,
                                      gboolean extensible,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_es10b_authenticate_server: SGP.22 5.7.13.
 * @server_signed1, @server_signature1, @pkid, @certificate: whole TLVs as the server sent them
 * Returns: the AuthenticateServerResponse (BF38) with authenticateResponseOk, whole; its transaction ID has
 * been compared with
 * @transaction_id, its server address and challenge with those of @server_signed1
 */
GBytes *lpad_es10b_authenticate_server (LpadChannel *channel,
                                        GBytes *transaction_id,
                                        GBytes *server_signed1,
                                        GBytes *server_signature1,
                                        GBytes *pkid,
                                        GBytes *certificate,
                                        GBytes *ctx_params1,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_es10b_prepare_download: SGP.22 5.7.5.
 * @hash_cc: 32 octets or NULL
 * Returns: the PrepareDownloadResponse (BF21), whole; transaction ID and echoed hash have been compared
 */
GBytes *lpad_es10b_prepare_download (LpadChannel *channel,
                                     GBytes *transaction_id,
                                     GBytes *smdp_signed2,
                                     GBytes *smdp_signature2,
                                     GBytes *hash_cc,
                                     GBytes *certificate,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_es10b_load_bpp_segment: SGP.22 5.7.6, one segment.
 * @result: (out): the ProfileInstallationResult if the chip answered with one, else NULL: then the next
 * segment follows Returns: FALSE with %LPAD_ERROR_PROTOCOL_ERROR when the answer is something else, or with
 * the card's error
 */
gboolean lpad_es10b_load_bpp_segment (LpadChannel *channel,
                                      const guint8 *data,
                                      gsize size,
                                      LpadInstallationResult **result,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es10b_list_notifications: SGP.22 5.7.9. Returns: (element-type LpadNotificationInfo): in the chip's
 * order. A malformed entry is skipped with a warning. */
GPtrArray *lpad_es10b_list_notifications (LpadChannel *channel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es10b_list_notifications_of: the same, only those of @events (LpadEvent, any of them together). */
GPtrArray *lpad_es10b_list_notifications_of (LpadChannel *channel,
                                             guint events,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es10b_retrieve_notification: SGP.22 5.7.10: the PendingNotification with @sequence_number, whole;
 * %LPAD_ERROR_NOT_FOUND when there is none. */
GBytes *lpad_es10b_retrieve_notification (LpadChannel *channel,
                                          guint64 sequence_number,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_es10b_retrieve_notifications: SGP.22 5.7.10: many at once.
 * @events: of which events (LpadEvent, any of them together), 0: all
 * Returns: (element-type GBytes): PendingNotifications, whole, in the chip's order; empty when there is none.
 * With their certificates they take about 2 KiB each, which not every modem carries: the procedures retrieve
 * them one by one
 */
GPtrArray *lpad_es10b_retrieve_notifications (LpadChannel *channel,
                                              guint events,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es10b_remove_notification: SGP.22 5.7.11; one that is gone already is a success. */
gboolean lpad_es10b_remove_notification (LpadChannel *channel,
                                         guint64 sequence_number,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es10b_cancel_session: SGP.22 5.7.14. Returns: the CancelSessionResponse (BF41), whole, for the
 * server. */
GBytes *lpad_es10b_cancel_session (LpadChannel *channel,
                                   GBytes *transaction_id,
                                   LpadCancelReason reason,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define LPAD_CRL_MAX 65000 /* octets: what fits into the blocks of one command */

/**
 * lpad_es10b_load_crl: SGP.22 5.7.12: gives the chip a list of revoked certificates.
 * @info: EUICCInfo2: nothing is sent to a chip that does not say that it keeps such lists
 * @crl: a CertificateList (RFC 5280) in DER, at most LPAD_CRL_MAX octets
 * Returns: (element-type guint64) (nullable): numbers of the parts of the list that the chip still misses,
 * empty: none; %LPAD_ERROR_NOT_SUPPORTED, %LPAD_ERROR_INVALID_ARGUMENTS, or what the chip found. Free with
 * g_array_unref().
 */
GArray *lpad_es10b_load_crl (LpadChannel *channel, const LpadEuiccInfo *info, GBytes *crl, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * LpadRatEntry: a row of the rules authorisation table (SGP.22 2.9.1).
 * @operators: (element-type LpadTlv-like GBytes): OperatorId values (content of SEQUENCE 30)
 */
typedef struct
{
  guint64 policy_rules;
  GPtrArray *operators;
  gboolean consent_required;
} LpadRatEntry;

/** lpad_es10b_get_rat: SGP.22 5.7.22. Returns: (element-type LpadRatEntry); empty when the chip does not know
 * the function: nothing is allowed then. */
GPtrArray *lpad_es10b_get_rat (LpadChannel *channel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
