/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notify.h"

#include "address.h"
#include "error-details.h"
#include "es9.h"

/* One round of deliveries: a connection for each recipient, and who is not to be tried again in this round.
 */
typedef struct
{
  LpadChip *chip;
  const LpadContext *context;
  const LpadEuiccInfo *info;
  LpadHttps *lent;         /* the caller's connection */
  GHashTable *connections; /* address -> LpadHttps */
  GHashTable *unreachable; /* address -> GError: later ones of this recipient must not overtake */
  GCancellable *cancellable;
} Round;

static void
round_clear (Round *round)
{
  g_clear_pointer (&round->connections, g_hash_table_unref);
  g_clear_pointer (&round->unreachable, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Round, round_clear)

static LpadHttps *
round_connection (Round *round, const char *address, GError **error)
{
  LpadHttps *https;

  if (round->lent != NULL && lpad_address_equal (lpad_https_address (round->lent), address))
    return round->lent;
  https = g_hash_table_lookup (round->connections, address);
  if (https == NULL)
    {
      https = lpad_context_connect (round->context, address, round->info, error);
      if (https != NULL)
        g_hash_table_insert (round->connections, g_strdup (address), https);
    }
  return https;
}

/* Retrieve, send, and only after the server's 2xx remove */
static gboolean
deliver (Round *round, const LpadNotificationInfo *info, GError **error)
{
  g_autoptr (GBytes) notification = NULL;
  LpadChannel *channel = lpad_chip_open (round->chip, NULL, error);
  LpadHttps *https;

  if (channel == NULL)
    return FALSE;
  notification = lpad_es10b_retrieve_notification (channel, info->sequence_number, error);
  if (notification == NULL)
    return FALSE;
  https = round_connection (round, info->address, error);
  if (https == NULL || !lpad_es9_handle_notification (https, notification, round->cancellable, error))
    return FALSE;
  return lpad_es10b_remove_notification (channel, info->sequence_number, error);
}

static GError *
try_to_deliver (Round *round, const LpadNotificationInfo *info)
{
  GError *error = NULL;
  const GError *earlier;

  if (info->address == NULL)
    return g_error_new (LPAD_ERROR,
                        LPAD_ERROR_FAILED,
                        "The profile names \"%s\" as the place for its notifications, which is no address",
                        info->address_text);
  earlier = g_hash_table_lookup (round->unreachable, info->address);
  if (earlier != NULL)
    return g_error_copy (earlier);
  if (!deliver (round, info, &error))
    g_hash_table_insert (round->unreachable, g_strdup (info->address), g_error_copy (error));
  return error;
}

static LpadDelivery *
delivery_new (const LpadNotificationInfo *info, GError *error)
{
  LpadDelivery *delivery = g_new0 (LpadDelivery, 1);

  delivery->sequence_number = info->sequence_number;
  delivery->event = info->event;
  delivery->address = g_strdup (info->address != NULL ? info->address : info->address_text);
  delivery->error = error;
  return delivery;
}

static int
compare_sequence_numbers (gconstpointer a, gconstpointer b)
{
  const LpadNotificationInfo *first = *(const LpadNotificationInfo *const *) a;
  const LpadNotificationInfo *second = *(const LpadNotificationInfo *const *) b;

  return (first->sequence_number > second->sequence_number)
         - (first->sequence_number < second->sequence_number);
}

static GPtrArray *
list_sorted (LpadChip *chip, GCancellable *cancellable, GError **error)
{
  LpadChannel *channel = lpad_chip_open (chip, cancellable, error);
  GPtrArray *notifications;

  if (channel == NULL)
    return NULL;
  notifications = lpad_es10b_list_notifications (channel, error);
  if (notifications != NULL)
    g_ptr_array_sort (notifications, compare_sequence_numbers);
  return notifications;
}

void
lpad_delivery_free (LpadDelivery *delivery)
{
  if (delivery == NULL)
    return;
  g_free (delivery->address);
  g_clear_error (&delivery->error);
  g_free (delivery);
}

gboolean
lpad_notify_send (LpadChip *chip,
                  const LpadContext *context,
                  const LpadEuiccInfo *info,
                  const guint64 *only,
                  LpadHttps *https,
                  GPtrArray **deliveries,
                  GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (GPtrArray) pending = list_sorted (chip, cancellable, error);
  g_autoptr (GPtrArray) tried = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_delivery_free);
  g_auto (Round) round
      = { .chip = chip, .context = context, .info = info, .lent = https, .cancellable = cancellable };

  if (pending == NULL)
    return FALSE;
  round.connections
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) lpad_https_free);
  round.unreachable = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_error_free);

  for (guint i = 0; i < pending->len && !g_cancellable_is_cancelled (cancellable); i++)
    {
      const LpadNotificationInfo *notification = g_ptr_array_index (pending, i);

      if (only == NULL || *only == notification->sequence_number)
        g_ptr_array_add (tried, delivery_new (notification, try_to_deliver (&round, notification)));
    }
  if (only != NULL && tried->len == 0 && !g_cancellable_is_cancelled (cancellable))
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_NOT_FOUND,
                   "There is no pending notification %" G_GUINT64_FORMAT,
                   *only);
      return FALSE;
    }
  *deliveries = g_steal_pointer (&tried);
  return lpad_check_cancelled (cancellable, error);
}

/* Whether something older for the recipient of @result still waits, which the result must not overtake */
static gboolean
older_is_pending (const LpadInventory *before, const char *address)
{
  for (guint i = 0; i < before->notifications->len; i++)
    {
      const LpadNotificationInfo *info = g_ptr_array_index (before->notifications, i);

      if (info->address != NULL && lpad_address_equal (info->address, address))
        return TRUE;
    }
  return FALSE;
}

static gboolean
was_tried (GPtrArray *deliveries, guint64 sequence_number)
{
  for (guint i = 0; i < deliveries->len; i++)
    {
      const LpadDelivery *delivery = g_ptr_array_index (deliveries, i);

      if (delivery->sequence_number == sequence_number)
        return TRUE;
    }
  return FALSE;
}

static gboolean
more_is_pending (const LpadInventory *inventory, GPtrArray *deliveries)
{
  for (guint i = 0; i < inventory->notifications->len; i++)
    {
      const LpadNotificationInfo *info = g_ptr_array_index (inventory->notifications, i);

      if (!was_tried (deliveries, info->sequence_number))
        return TRUE;
    }
  return FALSE;
}

void
lpad_notify_send_result (LpadChip *chip,
                         LpadHttps *https,
                         const LpadInventory *before,
                         const LpadInstallationResult *result,
                         GPtrArray *deliveries,
                         GCancellable *cancellable)
{
  const char *address = result->info->address;
  LpadDelivery *delivery;
  LpadChannel *channel;

  if (address == NULL || !lpad_address_equal (address, lpad_https_address (https))
      || older_is_pending (before, address))
    return;

  delivery = delivery_new (result->info, NULL);
  g_ptr_array_add (deliveries, delivery);
  if (!lpad_es9_handle_notification (https, result->raw, cancellable, &delivery->error))
    return;
  channel = lpad_chip_open (chip, NULL, &delivery->error);
  if (channel != NULL
      && !lpad_es10b_remove_notification (channel, delivery->sequence_number, &delivery->error))
    g_debug ("A delivered notification stays on the chip: %s", delivery->error->message);
}

void
lpad_notify_send_rest (LpadChip *chip,
                       const LpadContext *context,
                       LpadHttps *https,
                       LpadInventory **inventory,
                       GPtrArray *deliveries,
                       GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) sent = NULL;
  LpadInventory *now;

  if (!more_is_pending (*inventory, deliveries))
    return;
  if (!lpad_notify_send (chip, context, (*inventory)->info, NULL, https, &sent, cancellable, &error))
    g_debug ("Not all pending notifications could be sent: %s", error->message);
  if (sent != NULL)
    g_ptr_array_extend_and_steal (deliveries, g_steal_pointer (&sent));
  now = lpad_inventory_update (chip, *inventory, NULL, NULL);
  if (now != NULL)
    {
      lpad_inventory_unref (*inventory);
      *inventory = now;
    }
}

gboolean
lpad_notify_remove (LpadChip *chip, guint64 sequence_number, GCancellable *cancellable, GError **error)
{
  LpadChannel *channel = lpad_chip_open (chip, cancellable, error);

  return channel != NULL && lpad_es10b_remove_notification (channel, sequence_number, error);
}
