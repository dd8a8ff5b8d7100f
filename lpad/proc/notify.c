/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notify.h"

#include "address.h"
#include "error-details.h"
#include "es9.h"

/*
 * One round of deliveries: a connection for each recipient, and who is not to be tried again in this round.
 * @leave_silent: who did not answer the last time is not tried
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
  gboolean leave_silent;
  gboolean left; /* somebody was */
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

static LpadHttps *
round_connection (Round *round, const char *address, GError **error)
{
  g_autofree char *recipient = lpad_notify_recipient (address);
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
  g_hash_table_insert (round->held_up, lpad_notify_recipient (address), g_error_copy (error));
}

/* Remembers whether the recipient at @address answers. A refusal is an answer, too. One that had not answered
 * when somebody else needed the chip shall not hold them up at the end of what they do. */
static void
note_answer (Round *round, const char *address, GError *error)
{
  GHashTable *silent = lpad_chip_silent_servers (round->chip);
  g_autofree char *recipient = lpad_notify_recipient (address);

  if (lpad_notify_is_silence (error) || g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CANCELLED))
    g_hash_table_add (silent, g_steal_pointer (&recipient));
  else
    g_hash_table_remove (silent, recipient);
}

/* Whether the recipient did not answer when it was last tried. The caller's connection proves that it does
 * now. */
static gboolean
is_silent (Round *round, const LpadNotificationInfo *info)
{
  g_autofree char *recipient = NULL;

  if (info->address == NULL
      || (round->lent != NULL && lpad_address_equal (lpad_https_address (round->lent), info->address)))
    return FALSE;
  recipient = lpad_notify_recipient (info->address);
  return g_hash_table_contains (lpad_chip_silent_servers (round->chip), recipient);
}

/* Notes what is to be done about @error of the chip. One notification that the chip does not hand out, or
 * does not forget, is no reason to hold up others; a chip that cannot be reached is. */
static void
note_chip_error (Round *round, LpadChannel *channel, const GError *error)
{
  if (channel == NULL || !lpad_channel_is_usable (channel))
    round->lost = g_error_copy (error);
}

static gboolean
post (Round *round, const char *address, GBytes *notification, GError **error)
{
  g_autoptr (GError) local = NULL;
  LpadHttps *https = round_connection (round, address, &local);
  gboolean taken
      = https != NULL && lpad_es9_handle_notification (https, notification, round->cancellable, &local);

  note_answer (round, address, local);
  if (taken)
    return TRUE;
  hold_up (round, address, local);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* Retrieve, send, and only after the server's 2xx remove */
static void
deliver (Round *round, const LpadNotificationInfo *info, GError **error)
{
  g_autoptr (GBytes) notification = NULL;
  g_autoptr (GError) local = NULL;
  LpadChannel *channel = lpad_chip_open (round->chip, NULL, &local);

  if (channel != NULL)
    notification = lpad_es10b_retrieve_notification (channel, info->sequence_number, &local);
  if (notification == NULL)
    note_chip_error (round, channel, local);
  else if (post (round, info->address, notification, &local)
           && !lpad_es10b_remove_notification (channel, info->sequence_number, &local))
    note_chip_error (round, channel, local);
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
  recipient = lpad_notify_recipient (info->address);
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

static gboolean
is_wanted (GArray *wanted, guint64 sequence_number)
{
  for (guint i = 0; i < wanted->len; i++)
    {
      if (g_array_index (wanted, guint64, i) == sequence_number)
        return TRUE;
    }
  return FALSE;
}

/* Leaves in @pending (sorted) what is @wanted, and what must go to the same recipients before it. */
static void
keep_wanted (GPtrArray *pending, GArray *wanted)
{
  g_autoptr (GHashTable) recipients = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = pending->len; i > 0; i--)
    {
      const LpadNotificationInfo *info = g_ptr_array_index (pending, i - 1);
      g_autofree char *recipient = info->address != NULL ? lpad_notify_recipient (info->address) : NULL;
      gboolean keep = is_wanted (wanted, info->sequence_number);

      if (!keep && (recipient == NULL || !g_hash_table_contains (recipients, recipient)))
        g_ptr_array_remove_index (pending, i - 1);
      else if (recipient != NULL)
        g_hash_table_add (recipients, g_steal_pointer (&recipient));
    }
}

/* Moves those of silent recipients to the end, so that nobody waits for them; the order for each recipient
 * stays. */
static void
put_silent_last (Round *round, GPtrArray *pending)
{
  for (guint i = 0, left = pending->len; left > 0; left--)
    {
      if (is_silent (round, g_ptr_array_index (pending, i)))
        g_ptr_array_add (pending, g_ptr_array_steal_index (pending, i));
      else
        i++;
    }
}

/* Whether nobody is to wait for this recipient now. One that has fallen silent in this round has had its try:
 * all that is for it has failed. */
static gboolean
is_left (Round *round, const LpadNotificationInfo *info)
{
  g_autofree char *recipient = NULL;

  if (!round->leave_silent || !is_silent (round, info))
    return FALSE;
  recipient = lpad_notify_recipient (info->address);
  return !g_hash_table_contains (round->held_up, recipient);
}

/* Tries all that is pending (or @wanted) and not in @deliveries, and adds it there. Returns: FALSE when the
 * chip was lost or the caller has cancelled */
static gboolean
run_round (Round *round, GArray *wanted, GPtrArray *deliveries, GError **error)
{
  g_autoptr (GPtrArray) pending = list_sorted (round->chip, round->cancellable, error);

  if (pending == NULL)
    return FALSE;
  hold_up_failed (round, pending, deliveries);
  if (wanted != NULL)
    keep_wanted (pending, wanted);
  put_silent_last (round, pending);
  for (guint i = 0; i < pending->len && round->lost == NULL; i++)
    {
      const LpadNotificationInfo *info = g_ptr_array_index (pending, i);

      if (!lpad_check_cancelled (round->cancellable, error))
        return FALSE;
      if (was_tried (deliveries, info->sequence_number))
        continue;
      if (is_left (round, info))
        round->left = TRUE;
      else
        g_ptr_array_add (deliveries, delivery_new (info, try_to_deliver (round, info)));
    }
  if (round->lost != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&round->lost));
      return FALSE;
    }
  return lpad_check_cancelled (round->cancellable, error);
}

gboolean
lpad_notify_is_silence (GError *error)
{
  LpadErrorDetails *details = error != NULL ? lpad_error_details (error) : NULL;

  return details != NULL && details->http_status == 0
         && (error->code == LPAD_ERROR_SERVER_UNREACHABLE || error->code == LPAD_ERROR_TIMEOUT);
}

char *
lpad_notify_recipient (const char *address)
{
  return strchr (address, ':') != NULL ? g_strdup (address) : g_strdup_printf ("%s:443", address);
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
                  GArray *wanted,
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
  complete = run_round (&round, wanted, tried, error);
  if (complete && wanted != NULL && tried->len == 0)
    {
      g_set_error_literal (
          error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "The notification does not wait on the chip any more");
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

gboolean
lpad_notify_send_rest (LpadChip *chip,
                       const LpadContext *context,
                       LpadHttps *https,
                       LpadInventory **inventory,
                       GPtrArray *deliveries,
                       GCancellable *cancellable)
{
  g_auto (Round) round = {
    .chip = chip,
    .context = context,
    .info = (*inventory)->info,
    .lent = https,
    .leave_silent = TRUE,
    .cancellable = cancellable,
  };
  g_autoptr (GError) error = NULL;
  LpadInventory *now;

  if (!more_is_pending (*inventory, deliveries))
    return FALSE;
  round_init (&round);
  if (!run_round (&round, NULL, deliveries, &error))
    g_debug ("Not all pending notifications could be sent: %s", error->message);
  now = lpad_inventory_update (chip, *inventory, NULL, NULL);
  if (now != NULL)
    {
      lpad_inventory_unref (*inventory);
      *inventory = now;
    }
  return round.left;
}

gboolean
lpad_notify_remove (LpadChip *chip, guint64 sequence_number, GCancellable *cancellable, GError **error)
{
  LpadChannel *channel = lpad_chip_open (chip, cancellable, error);

  return channel != NULL && lpad_es10b_remove_notification (channel, sequence_number, error);
}
