/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notification.h"

#include "address.h"
#include "error-details.h"
#include "text.h"

#define TAG_INSTALLATION_RESULT 0xbf37
#define TAG_RESULT_DATA         0xbf27
#define TAG_SIGNED_NOTIFICATION 0x30
#define TAG_METADATA            0xbf2f
#define TAG_SEQUENCE_NUMBER     0x80
#define TAG_EVENT               0x81
#define TAG_ADDRESS             0x0c
#define TAG_ICCID               0x5a
#define TAG_TRANSACTION_ID      0x80
#define TAG_FINAL_RESULT        0xa2
#define TAG_SUCCESS             0xa0
#define TAG_FAILURE             0xa1
#define TAG_ISDP_AID            0x4f
#define TAG_BPP_COMMAND         0x80
#define TAG_ERROR_REASON        0x81

#define ADDRESS_TEXT_MAX   255
#define ICCID_MAX          16
#define TRANSACTION_ID_MAX 16

static gboolean
find_uint (const LpadTlv *parent, guint32 tag, guint64 *number, GError **error)
{
  LpadTlv tlv;

  return lpad_tlv_find (parent, tag, &tlv, error) && lpad_tlv_get_uint (&tlv, number, error);
}

/* Exactly one bit is set in the event of one notification (SGP.22 5.7.9). Returns 0 for anything else. */
static LpadEvent
event_from_bits (guint64 bits)
{
  switch (bits)
    {
    case LPAD_EVENT_INSTALL:
    case LPAD_EVENT_ENABLE:
    case LPAD_EVENT_DISABLE:
    case LPAD_EVENT_DELETE:
      return (LpadEvent) bits;
    default:
      return (LpadEvent) 0;
    }
}

LpadNotificationInfo *
lpad_notification_info_parse (const LpadTlv *tlv, GError **error)
{
  g_autoptr (LpadNotificationInfo) info = NULL;
  guint64 sequence_number;
  guint64 events;
  LpadTlv event;
  LpadTlv address;
  LpadTlv iccid;

  g_return_val_if_fail (tlv != NULL, NULL);

  if (tlv->tag != TAG_METADATA)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_PROTOCOL_ERROR,
                   "unexpected data object %02X where a notification belongs",
                   tlv->tag);
      return NULL;
    }
  if (!find_uint (tlv, TAG_SEQUENCE_NUMBER, &sequence_number, error)
      || !lpad_tlv_find (tlv, TAG_EVENT, &event, error) || !lpad_tlv_get_bits (&event, &events, error)
      || !lpad_tlv_find_optional (tlv, TAG_ADDRESS, &address, error)
      || !lpad_tlv_find_optional (tlv, TAG_ICCID, &iccid, error))
    return NULL;

  info = g_new0 (LpadNotificationInfo, 1);
  info->sequence_number = sequence_number;
  info->event = event_from_bits (events);
  info->address = lpad_address_normalise ((const char *) address.value, address.length, NULL);
  info->address_text = lpad_text_clean (address.value, address.length, ADDRESS_TEXT_MAX);
  if (iccid.length > 0 && iccid.length <= ICCID_MAX)
    info->iccid = lpad_tlv_get_bytes (&iccid);
  return g_steal_pointer (&info);
}

LpadNotificationInfo *
lpad_notification_info_copy (const LpadNotificationInfo *info)
{
  LpadNotificationInfo *copy;

  g_return_val_if_fail (info != NULL, NULL);

  copy = g_new (LpadNotificationInfo, 1);
  *copy = *info;
  copy->address = g_strdup (info->address);
  copy->address_text = g_strdup (info->address_text);
  if (info->iccid != NULL)
    copy->iccid = g_bytes_ref (info->iccid);
  return copy;
}

int
lpad_notification_info_compare (gconstpointer a, gconstpointer b)
{
  const LpadNotificationInfo *first = *(const LpadNotificationInfo *const *) a;
  const LpadNotificationInfo *second = *(const LpadNotificationInfo *const *) b;

  return (first->sequence_number > second->sequence_number)
         - (first->sequence_number < second->sequence_number);
}

void
lpad_notification_info_free (LpadNotificationInfo *info)
{
  if (info == NULL)
    return;

  g_free (info->address);
  g_free (info->address_text);
  g_clear_pointer (&info->iccid, g_bytes_unref);
  g_free (info);
}

LpadNotificationInfo *
lpad_pending_notification_parse_info (GBytes *raw, GError **error)
{
  LpadTlv notification;
  LpadTlv metadata;

  g_return_val_if_fail (raw != NULL, NULL);

  if (!lpad_tlv_parse_bytes (raw, 0, &notification, error))
    return NULL;
  if (notification.tag != TAG_INSTALLATION_RESULT && notification.tag != TAG_SIGNED_NOTIFICATION)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_PROTOCOL_ERROR,
                   "unexpected data object %02X where a pending notification belongs",
                   notification.tag);
      return NULL;
    }
  if (notification.tag == TAG_INSTALLATION_RESULT
      && !lpad_tlv_find (&notification, TAG_RESULT_DATA, &notification, error))
    return NULL;
  if (!lpad_tlv_find (&notification, TAG_METADATA, &metadata, error))
    return NULL;

  return lpad_notification_info_parse (&metadata, error);
}

static gboolean
read_failure (const LpadTlv *failure, LpadInstallationResult *result, GError **error)
{
  guint64 bpp_command;
  guint64 error_reason;

  if (!find_uint (failure, TAG_BPP_COMMAND, &bpp_command, error)
      || !find_uint (failure, TAG_ERROR_REASON, &error_reason, error))
    return FALSE;

  result->bpp_command = (int) MIN (bpp_command, G_MAXINT);
  result->error_reason = (int) MIN (error_reason, G_MAXINT);
  return TRUE;
}

/* simaResponse is the chip's own affair and for the server: it is only relayed. */
static gboolean
read_final_result (const LpadTlv *data, LpadInstallationResult *result, GError **error)
{
  LpadTlv final;
  LpadTlv outcome;
  LpadTlv aid;

  if (!lpad_tlv_find (data, TAG_FINAL_RESULT, &final, error)
      || !lpad_tlv_find_optional (&final, TAG_SUCCESS, &outcome, error))
    return FALSE;
  if (outcome.data == NULL)
    return lpad_tlv_find (&final, TAG_FAILURE, &outcome, error) && read_failure (&outcome, result, error);

  if (!lpad_tlv_find_optional (&outcome, TAG_ISDP_AID, &aid, error))
    return FALSE;
  if (aid.data != NULL)
    result->isdp_aid = lpad_tlv_get_bytes (&aid);
  result->success = TRUE;
  return TRUE;
}

LpadInstallationResult *
lpad_installation_result_parse (GBytes *raw, GError **error)
{
  g_autoptr (LpadInstallationResult) result = NULL;
  LpadTlv outer;
  LpadTlv data;
  LpadTlv transaction_id;
  LpadTlv metadata;

  g_return_val_if_fail (raw != NULL, NULL);

  if (!lpad_tlv_parse_bytes (raw, TAG_INSTALLATION_RESULT, &outer, error)
      || !lpad_tlv_find (&outer, TAG_RESULT_DATA, &data, error)
      || !lpad_tlv_find (&data, TAG_TRANSACTION_ID, &transaction_id, error)
      || !lpad_tlv_find (&data, TAG_METADATA, &metadata, error))
    return NULL;
  if (transaction_id.length == 0 || transaction_id.length > TRANSACTION_ID_MAX)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_PROTOCOL_ERROR,
                   "a transaction ID of %" G_GSIZE_FORMAT " octets",
                   transaction_id.length);
      return NULL;
    }

  result = g_new0 (LpadInstallationResult, 1);
  result->raw = g_bytes_ref (raw);
  result->transaction_id = lpad_tlv_get_bytes (&transaction_id);
  result->bpp_command = -1;
  result->error_reason = -1;
  result->info = lpad_notification_info_parse (&metadata, error);
  if (result->info == NULL || !read_final_result (&data, result, error))
    return NULL;
  return g_steal_pointer (&result);
}

void
lpad_installation_result_free (LpadInstallationResult *result)
{
  if (result == NULL)
    return;

  g_bytes_unref (result->raw);
  g_bytes_unref (result->transaction_id);
  lpad_notification_info_free (result->info);
  g_clear_pointer (&result->isdp_aid, g_bytes_unref);
  g_free (result);
}

const char *
lpad_event_to_string (LpadEvent event)
{
  switch (event)
    {
    case LPAD_EVENT_INSTALL:
      return "install";
    case LPAD_EVENT_ENABLE:
      return "enable";
    case LPAD_EVENT_DISABLE:
      return "disable";
    case LPAD_EVENT_DELETE:
      return "delete";
    default:
      return "unknown";
    }
}
