/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es10b.h"

#include "error-details.h"
#include "es10.h"

/* The functions of ES10b outside an RSP session: information, notifications, rules. */

#define TAG_EUICC_INFO1            0xbf20
#define TAG_EUICC_INFO2            0xbf22
#define TAG_LIST_NOTIFICATION      0xbf28
#define TAG_RETRIEVE_NOTIFICATIONS 0xbf2b
#define TAG_NOTIFICATION_METADATA  0xbf2f
#define TAG_NOTIFICATION_SENT      0xbf30
#define TAG_INSTALLATION_RESULT    0xbf37
#define TAG_GET_RAT                0xbf43
#define TAG_SEQUENCE               0x30

#define NO_RESULT_AVAILABLE 1
#define NOTHING_TO_DELETE   1

static LpadEuiccInfo *
get_info (LpadChannel *channel, guint32 tag, const char *function, GError **error)
{
  LpadTlv answer;
  g_autoptr (GBytes) octets = lpad_es10_call_empty (channel, tag, function, &answer, error);

  if (octets == NULL)
    return NULL;
  LpadEuiccInfo *info = lpad_euicc_info_parse (octets, tag, error);
  if (info == NULL)
    lpad_es10_malformed (error, function);
  return info;
}

LpadEuiccInfo *
lpad_es10b_get_euicc_info1 (LpadChannel *channel, GError **error)
{
  return get_info (channel, TAG_EUICC_INFO1, "ES10b.GetEUICCInfo1", error);
}

LpadEuiccInfo *
lpad_es10b_get_euicc_info2 (LpadChannel *channel, GError **error)
{
  return get_info (channel, TAG_EUICC_INFO2, "ES10b.GetEUICCInfo2", error);
}

static void
add_notification (GPtrArray *list, const LpadTlv *tlv)
{
  g_autoptr (GError) error = NULL;
  LpadNotificationInfo *info = lpad_notification_info_parse (tlv, &error);

  if (info != NULL)
    g_ptr_array_add (list, info);
  else
    g_warning ("a notification that the chip lists was left out: %s", error->message);
}

/* @events: 0: no filter */
static GPtrArray *
list_notifications (LpadChannel *channel, guint events, GError **error)
{
  const LpadFunction function = LPAD_FUNCTION_LIST_NOTIFICATION;
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  LpadTlv answer, entries, tlv;
  LpadTlvIter iter;

  lpad_tlv_builder_open (builder, TAG_LIST_NOTIFICATION);
  if (events != 0)
    lpad_es10_add_bits (builder, 0x81, (guint8) events);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);

  g_autoptr (GBytes) octets = lpad_es10_call (
      channel, request, TAG_LIST_NOTIFICATION, lpad_function_name (function), &answer, error);
  if (octets == NULL || !lpad_es10_find_ok (&answer, 0xa0, function, &entries, NULL, error))
    return NULL;

  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_notification_info_free);
  g_autoptr (GError) local = NULL;
  lpad_tlv_iter_init_children (&iter, &entries);
  while (lpad_tlv_iter_next (&iter, &tlv, &local))
    if (tlv.tag == TAG_NOTIFICATION_METADATA)
      add_notification (list, &tlv);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      lpad_es10_malformed (error, lpad_function_name (function));
      return NULL;
    }
  return g_steal_pointer (&list);
}

GPtrArray *
lpad_es10b_list_notifications (LpadChannel *channel, GError **error)
{
  return list_notifications (channel, 0, error);
}

GPtrArray *
lpad_es10b_list_notifications_of (LpadChannel *channel, guint events, GError **error)
{
  g_return_val_if_fail (events != 0 && events >> 4 == 0, NULL);

  return list_notifications (channel, events, error);
}

static GBytes *
not_found (guint64 sequence_number, GError **error)
{
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_NOT_FOUND,
               "The chip has no notification %" G_GUINT64_FORMAT,
               sequence_number);
  return NULL;
}

/* The notification in @list that has @sequence_number. */
static GBytes *
find_notification (const LpadTlv *list, guint64 sequence_number, GError **error)
{
  const char *function = lpad_function_name (LPAD_FUNCTION_RETRIEVE_NOTIFICATIONS_LIST);
  g_autoptr (GError) local = NULL;
  LpadTlvIter iter;
  LpadTlv tlv;

  lpad_tlv_iter_init_children (&iter, list);
  while (lpad_tlv_iter_next (&iter, &tlv, &local))
    {
      if (tlv.tag != TAG_INSTALLATION_RESULT && tlv.tag != TAG_SEQUENCE)
        continue;
      g_autoptr (GBytes) raw = lpad_tlv_dup (&tlv);
      g_autoptr (LpadNotificationInfo) info = lpad_pending_notification_parse_info (raw, error);
      if (info == NULL)
        {
          lpad_es10_malformed (error, function);
          return NULL;
        }
      if (info->sequence_number == sequence_number)
        return g_steal_pointer (&raw);
    }
  if (local == NULL)
    return not_found (sequence_number, error);
  g_propagate_error (error, g_steal_pointer (&local));
  lpad_es10_malformed (error, function);
  return NULL;
}

/* Sends BF2B; chips want the A0 around the criterion. @number: NULL: by @events, 0: all.
 * @list: (out): what the chip has; @none: (out): it has nothing */
static GBytes *
retrieve (LpadChannel *channel,
          const guint64 *number,
          guint events,
          LpadTlv *list,
          gboolean *none,
          GError **error)
{
  const LpadFunction function = LPAD_FUNCTION_RETRIEVE_NOTIFICATIONS_LIST;
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  g_autoptr (GError) local = NULL;
  guint64 code = 0;
  LpadTlv answer;

  lpad_tlv_builder_open (builder, TAG_RETRIEVE_NOTIFICATIONS);
  if (number != NULL || events != 0)
    {
      lpad_tlv_builder_open (builder, 0xa0);
      if (number != NULL)
        lpad_tlv_builder_add_uint (builder, 0x80, *number);
      else
        lpad_es10_add_bits (builder, 0x81, (guint8) events);
      lpad_tlv_builder_close (builder);
    }
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);

  g_autoptr (GBytes) octets = lpad_es10_call (
      channel, request, TAG_RETRIEVE_NOTIFICATIONS, lpad_function_name (function), &answer, error);
  if (octets == NULL)
    return NULL;
  *none = FALSE;
  if (lpad_es10_find_ok (&answer, 0xa0, function, list, &code, &local))
    return g_steal_pointer (&octets);
  *none = code == NO_RESULT_AVAILABLE;
  if (*none)
    return g_steal_pointer (&octets);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

GBytes *
lpad_es10b_retrieve_notification (LpadChannel *channel, guint64 sequence_number, GError **error)
{
  LpadTlv list;
  gboolean none;
  g_autoptr (GBytes) octets = retrieve (channel, &sequence_number, 0, &list, &none, error);

  if (octets == NULL)
    return NULL;
  return none ? not_found (sequence_number, error) : find_notification (&list, sequence_number, error);
}

GPtrArray *
lpad_es10b_retrieve_notifications (LpadChannel *channel, guint events, GError **error)
{
  g_autoptr (GPtrArray) notifications = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GError) local = NULL;
  LpadTlvIter iter;
  LpadTlv list, tlv;
  gboolean none;

  g_return_val_if_fail (events >> 4 == 0, NULL);
  g_autoptr (GBytes) octets = retrieve (channel, NULL, events, &list, &none, error);
  if (octets == NULL)
    return NULL;
  if (none)
    return g_steal_pointer (&notifications);
  lpad_tlv_iter_init_children (&iter, &list);
  while (lpad_tlv_iter_next (&iter, &tlv, &local))
    if (tlv.tag == TAG_INSTALLATION_RESULT || tlv.tag == TAG_SEQUENCE)
      g_ptr_array_add (notifications, lpad_tlv_dup (&tlv));
  if (local == NULL)
    return g_steal_pointer (&notifications);
  g_propagate_error (error, g_steal_pointer (&local));
  lpad_es10_malformed (error, lpad_function_name (LPAD_FUNCTION_RETRIEVE_NOTIFICATIONS_LIST));
  return NULL;
}

gboolean
lpad_es10b_remove_notification (LpadChannel *channel, guint64 sequence_number, GError **error)
{
  const LpadFunction function = LPAD_FUNCTION_REMOVE_NOTIFICATION;
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();
  guint64 code = 0;

  lpad_tlv_builder_open (builder, TAG_NOTIFICATION_SENT);
  lpad_tlv_builder_add_uint (builder, 0x80, sequence_number);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);

  if (!lpad_es10_call_result (channel, request, TAG_NOTIFICATION_SENT, function, &code, error))
    return FALSE;
  if (code == 0 || code == NOTHING_TO_DELETE)
    return TRUE;
  lpad_result_set_error (error, function, code);
  return FALSE;
}

static void
rat_entry_free (LpadRatEntry *entry)
{
  g_clear_pointer (&entry->operators, g_ptr_array_unref);
  g_free (entry);
}

/* ProfilePolicyAuthorisationRule { 80 pprIds, A1 { 30 OperatorId ... }, 82 pprFlags } */
static gboolean
parse_rat_entry (const LpadTlv *rule, LpadRatEntry *entry, GError **error)
{
  LpadTlv rules, operators, flags, tlv;
  guint64 flag_bits = 0;
  LpadTlvIter iter;
  g_autoptr (GError) local = NULL;

  if (!lpad_tlv_find (rule, 0x80, &rules, error) || !lpad_tlv_get_bits (&rules, &entry->policy_rules, error)
      || !lpad_tlv_find (rule, 0xa1, &operators, error) || !lpad_tlv_find (rule, 0x82, &flags, error)
      || !lpad_tlv_get_bits (&flags, &flag_bits, error))
    return FALSE;
  entry->consent_required = (flag_bits & 1) != 0;

  lpad_tlv_iter_init_children (&iter, &operators);
  while (lpad_tlv_iter_next (&iter, &tlv, &local))
    if (tlv.tag == TAG_SEQUENCE)
      g_ptr_array_add (entry->operators, lpad_tlv_get_bytes (&tlv));
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* An entry that cannot be read makes the whole table unusable: it might be the one that forbids. */
static GPtrArray *
parse_rat (const LpadTlv *table, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) rat_entry_free);
  g_autoptr (GError) local = NULL;
  LpadTlvIter iter;
  LpadTlv tlv;

  lpad_tlv_iter_init_children (&iter, table);
  while (lpad_tlv_iter_next (&iter, &tlv, &local))
    {
      if (tlv.tag != TAG_SEQUENCE)
        continue;
      LpadRatEntry *entry = g_new0 (LpadRatEntry, 1);
      entry->operators = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
      g_ptr_array_add (entries, entry);
      if (!parse_rat_entry (&tlv, entry, error))
        return NULL;
    }
  if (local == NULL)
    return g_steal_pointer (&entries);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

/* What chips answer to a function that they do not know. */
static gboolean
is_unknown_function (GError *error)
{
  const LpadErrorDetails *details = lpad_error_details (error);

  return details != NULL
         && (details->status_word == 0x6a88 || details->status_word == 0x6a80
             || details->status_word == 0x6a81);
}

GPtrArray *
lpad_es10b_get_rat (LpadChannel *channel, GError **error)
{
  static const char function[] = "ES10b.GetRAT";
  g_autoptr (GError) local = NULL;
  LpadTlv answer, table;
  g_autoptr (GBytes) octets = lpad_es10_call_empty (channel, TAG_GET_RAT, function, &answer, &local);

  if (octets == NULL && is_unknown_function (local))
    return g_ptr_array_new_with_free_func ((GDestroyNotify) rat_entry_free);
  if (octets == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  GPtrArray *entries = lpad_tlv_find (&answer, 0xa0, &table, error) ? parse_rat (&table, error) : NULL;
  if (entries == NULL)
    lpad_es10_malformed (error, function);
  return entries;
}
