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
  GHashTable *connections; /* recipient -> LpadHttps */
  GHashTable *held_up;     /* recipient -> GError: its later ones must not overtake the one that failed */
  GError *lost;            /* the chip cannot be reached: there is no sense in going on */
  GCancellable *cancellable;
} Round;

static void
round_init (Round *round)
{
  round->connections
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) lpad_https_free);
  round->held_up = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_error_free);
}

static void
round_clear (Round *round)
{
  g_clear_pointer (&round->connections, g_hash_table_unref);
  g_clear_pointer (&round->held_up, g_hash_table_unref);
  g_clear_error (&round->lost);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Round, round_clear)

/* The same for all ways to write a recipient's normalised address: a missing port is 443. */
static char *
recipient_of (const char *address)
{
  return strchr (address, ':') != NULL ? g_strdup (address) : g_strdup_printf ("%s:443", address);
}

static LpadHttps *
round_connection (Round *round, const char *address, GError **error)
{
  g_autofree char *recipient = recipient_of (address);
  LpadHttps *https;

  if (round->lent != NULL && lpad_address_equal (lpad_https_address (round->lent), address))
    return round->lent;
  https = g_hash_table_lookup (round->connections, recipient);
  if (https == NULL)
    {
      https = lpad_context_connect (round->context, address, round->info, error);
      if (https != NULL)
        g_hash_table_insert (round->connections, g_steal_pointer (&recipient), https);
    }
  return https;
}

static void
hold_up (Round *round, const char *address, const GError *error)
{
  g_hash_table_insert (round->held_up, recipient_of (address), g_error_copy (error));
}

/* Notes what is to be done about @error of the chip. One notification that the chip does not hand out, or
 * does not forget, is no reason to hold up others; a chip that cannot be reached is. */
static void
note_chip_error (Round *round, LpadChannel *channel, const GError *error)
{
  if (channel == NULL || !lpad_channel_is_usable (channel))
    round->lost = g_error_copy (error);
}

/* Retrieve, send, and only after the server's 2xx remove */
static void
deliver (Round *round, const LpadNotificationInfo *info, GError **error)
{
  g_autoptr (GBytes) notification = NULL;
  g_autoptr (GError) local = NULL;
  LpadChannel *channel = lpad_chip_open (round->chip, NULL, &local);
  LpadHttps *https;

  if (channel != NULL)
    notification = lpad_es10b_retrieve_notification (channel, info->sequence_number, &local);
  if (notification == NULL)
    note_chip_error (round, channel, local);
  else
    {
      https = round_connection (round, info->address, &local);
      if (https == NULL || !lpad_es9_handle_notification (https, notification, round->cancellable, &local))
        hold_up (round, info->address, local);
      else if (!lpad_es10b_remove_notification (channel, info->sequence_number, &local))
        note_chip_error (round, channel, local);
    }
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
}

static GError *
try_to_deliver (Round *round, const LpadNotificationInfo *info)
{
  g_autofree char *recipient = NULL;
  GError *error = NULL;
  const GError *earlier;

  if (info->address == NULL)
    return g_error_new (LPAD_ERROR,
                        LPAD_ERROR_FAILED,
                        "The profile names \"%s\" as the place for its notifications, which is no address",
                        info->address_text);
  recipient = recipient_of (info->address);
  earlier = g_hash_table_lookup (round->held_up, recipient);
  if (earlier != NULL)
    return g_error_copy (earlier);
  deliver (round, info, &error);
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

static GPtrArray *
list_sorted (LpadChip *chip, GCancellable *cancellable, GError **error)
{
  LpadChannel *channel = lpad_chip_open (chip, cancellable, error);
  GPtrArray *notifications;

  if (channel == NULL)
    return NULL;
  notifications = lpad_es10b_list_notifications (channel, error);
  if (notifications != NULL)
    g_ptr_array_sort (notifications, lpad_notification_info_compare);
  return notifications;
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

/* What failed earlier in the same operation has had its try, and what is behind it waits, too. */
static void
hold_up_failed (Round *round, GPtrArray *pending, GPtrArray *deliveries)
{
  for (guint i = 0; i < pending->len; i++)
    {
      const LpadNotificationInfo *info = g_ptr_array_index (pending, i);

      for (guint k = 0; k < deliveries->len && info->address != NULL; k++)
        {
          const LpadDelivery *delivery = g_ptr_array_index (deliveries, k);

          if (delivery->sequence_number == info->sequence_number && delivery->error != NULL)
            hold_up (round, info->address, delivery->error);
        }
    }
}

/* Tries all (or @only one) that is pending and not in @deliveries, and adds it there. Returns: FALSE when the
 * chip was lost or the caller has cancelled */
static gboolean
run_round (Round *round, const guint64 *only, GPtrArray *deliveries, GError **error)
{
  g_autoptr (GPtrArray) pending = list_sorted (round->chip, round->cancellable, error);

  if (pending == NULL)
    return FALSE;
  hold_up_failed (round, pending, deliveries);
  for (guint i = 0; i < pending->len && round->lost == NULL; i++)
    {
      const LpadNotificationInfo *info = g_ptr_array_index (pending, i);

      if (!lpad_check_cancelled (round->cancellable, error))
        return FALSE;
      if ((only == NULL || *only == info->sequence_number) && !was_tried (deliveries, info->sequence_number))
        g_ptr_array_add (deliveries, delivery_new (info, try_to_deliver (round, info)));
    }
  if (round->lost != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&round->lost));
      return FALSE;
    }
  return lpad_check_cancelled (round->cancellable, error);
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
  g_autoptr (GPtrArray) tried = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_delivery_free);
  g_auto (Round) round
      = { .chip = chip, .context = context, .info = info, .lent = https, .cancellable = cancellable };
  gboolean complete;

  round_init (&round);
  complete = run_round (&round, only, tried, error);
  if (complete && only != NULL && tried->len == 0)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_NOT_FOUND,
                   "There is no pending notification %" G_GUINT64_FORMAT,
                   *only);
      return FALSE;
    }
  *deliveries = g_steal_pointer (&tried);
  return complete;
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
  g_auto (Round) round = {
    .chip = chip, .context = context, .info = (*inventory)->info, .lent = https, .cancellable = cancellable
  };
  g_autoptr (GError) error = NULL;
  LpadInventory *now;

  if (!more_is_pending (*inventory, deliveries))
    return;
  round_init (&round);
  if (!run_round (&round, NULL, deliveries, &error))
    g_debug ("Not all pending notifications could be sent: %s", error->message);
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
