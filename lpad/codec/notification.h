/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "tlv.h"

G_BEGIN_DECLS

typedef enum
{
  LPAD_EVENT_INSTALL = 1 << 0,
  LPAD_EVENT_ENABLE = 1 << 1,
  LPAD_EVENT_DISABLE = 1 << 2,
  LPAD_EVENT_DELETE = 1 << 3,
} LpadEvent;

/**
 * LpadNotificationInfo: NotificationMetadata (BF2F), SGP.22 5.7.9.
 * @sequence_number: 0 is a number like any other
 * @address: normalised, or NULL when the chip holds something that is no address; @address_text: what it
 * holds, cleaned
 * @iccid: NULL when absent
 */
typedef struct
{
  guint64 sequence_number;
  LpadEvent event;
  char *address;
  char *address_text;
  GBytes *iccid;
} LpadNotificationInfo;

/**
 * LpadInstallationResult: ProfileInstallationResult (BF37), SGP.22 2.5.6.
 * @raw: the TLV as received: this is what the server gets
 * @error_reason, @bpp_command: -1 on success
 */
typedef struct
{
  GBytes *raw;
  GBytes *transaction_id;
  LpadNotificationInfo *info;
  gboolean success;
  GBytes *isdp_aid;
  int bpp_command;
  int error_reason;
} LpadInstallationResult;

/** lpad_notification_info_parse: one BF2F. */
LpadNotificationInfo *lpad_notification_info_parse (const LpadTlv *tlv,
                                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
LpadNotificationInfo *lpad_notification_info_copy (const LpadNotificationInfo *info);
/** lpad_notification_info_compare: by sequence number, for g_ptr_array_sort(). */
int lpad_notification_info_compare (gconstpointer a, gconstpointer b);
void lpad_notification_info_free (LpadNotificationInfo *info);

/**
 * lpad_pending_notification_parse_info: the metadata inside a PendingNotification: BF37 or an
 * OtherSignedNotification (30).
 */
LpadNotificationInfo *lpad_pending_notification_parse_info (GBytes *raw,
                                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_installation_result_parse: @raw is exactly one BF37. */
LpadInstallationResult *lpad_installation_result_parse (GBytes *raw,
                                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void lpad_installation_result_free (LpadInstallationResult *result);

/** lpad_event_to_string: the name of an event on the bus. */
const char *lpad_event_to_string (LpadEvent event); /* "install", "enable", "disable", "delete", "unknown" */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadNotificationInfo, lpad_notification_info_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadInstallationResult, lpad_installation_result_free)

G_END_DECLS
