/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "context.h"
#include "inventory.h"
#include "progress.h"

G_BEGIN_DECLS

/**
 * LpadWaitingProfile: a profile that waits for a chip at an SM-DP+, as an SM-DS says.
 * @event_id: the matching ID with which it is downloaded; NULL when it is only known that there is one
 * @smdp_address: where; normalised
 * @smds_address: the SM-DS that was asked first
 */
typedef struct
{
  char *event_id;
  char *smdp_address;
  char *smds_address;
} LpadWaitingProfile;

LpadWaitingProfile *
lpad_waiting_profile_new (const char *event_id, const char *smdp_address, const char *smds_address);
/** lpad_waiting_profile_id: a short name for it, of eight hexadecimal digits: always the same, and it does
 * not tell the event's identifier. Free with g_free(). */
char *lpad_waiting_profile_id (const LpadWaitingProfile *profile);
void lpad_waiting_profile_free (LpadWaitingProfile *profile);

/** LpadDiscoveryFailure: a server that could not be asked, or that names what cannot be followed. */
typedef struct
{
  char *address;
  GError *error;
} LpadDiscoveryFailure;

/**
 * LpadDiscovery: what a search has found.
 * @profiles: (element-type LpadWaitingProfile): in the order of the servers' answers, none twice
 * @failures: (element-type LpadDiscoveryFailure): they do not make the rest less true
 * @answered: (element-type utf8): those of the servers that were to be asked that have answered
 */
typedef struct
{
  GPtrArray *profiles;
  GPtrArray *failures;
  GPtrArray *answered;
} LpadDiscovery;

void lpad_discovery_free (LpadDiscovery *discovery);

/** lpad_discovery_error: (transfer full) (nullable): the error of a search in which no server has answered.
 */
GError *lpad_discovery_error (const LpadDiscovery *discovery);

/**
 * lpad_discover_servers: the SM-DSs to ask: the chip's root SM-DS, then those of @configured (nullable).
 * Returns: (nullable): NULL with %LPAD_ERROR_WRONG_STATE when there is none. Free with g_strfreev()
 */
char **lpad_discover_servers (const LpadInventory *inventory,
                              const char *const *configured,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_discover: asks each SM-DS what waits for the chip (SGP.22 3.6.2). What an SM-DS names may be an SM-DP+
 * or another SM-DS, and the protocol does not say which: the certificate with which that server signs does
 * (CERT.DPauth or CERT.DSauth), so its InitiateAuthentication is called. An SM-DS is asked in turn, with the
 * event's identifier, a few levels deep; an SM-DP+ learns nothing of the chip but the versions and issuers in
 * EUICCInfo1. Where the answer stays open, as when the server does not answer, a profile is taken to wait.
 * The sessions are ended on the chip; ES11 has no CancelSession. Nothing is downloaded, and nothing deleted.
 * @servers: normalised addresses
 * @device: (nullable): what the caller says of the device, see lpad_device_info_build()
 * @progress: stage "discovering"
 * Returns: (nullable): NULL with %LPAD_ERROR_CANCELLED or %LPAD_ERROR_CARD_REMOVED
 */
LpadDiscovery *lpad_discover (LpadChip *chip,
                              const LpadContext *context,
                              const LpadInventory *inventory,
                              const char *const *servers,
                              const LpadDevice *device,
                              const LpadProgress *progress,
                              GCancellable *cancellable,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadWaitingProfile, lpad_waiting_profile_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadDiscovery, lpad_discovery_free)

G_END_DECLS
