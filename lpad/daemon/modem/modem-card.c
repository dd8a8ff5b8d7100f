/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem-card.h"

#include "apdu.h"
#include "error-details.h"
#include "modem-fault.h"
#include "names.h"
#include "wait.h"

/* lpad-modem has deadlines of its own, which are shorter: what it answers says more than silence. */
#define OPEN_TIMEOUT_MS  25000
#define CLOSE_TIMEOUT_MS 7000
#define POWER_TIMEOUT_MS 45000
#define LOOK_TIMEOUT_MS  5000

#define REMOVAL_NOTICE_MS                                                                                    \
  1000 /* lpad-modem learns of a modem that was unplugged some time after its requests fail */
#define REMOVAL_LOOK_MS 100

struct _LpadModemCard
{
  GObject parent;

  GDBusConnection *connection;
  char *owner;
  char *path;
  guint timeout_ms;
  /* lpad-modem's number of each open channel, 0: not open. The place in here is the number that the layers
   * above put into class octets; lpad-modem puts in the card's own. */
  guint channels[LPAD_CHANNEL_MAX + 1];
};

static void lpad_modem_card_card_init (LpadCardInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LpadModemCard,
                               lpad_modem_card,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LPAD_TYPE_CARD, lpad_modem_card_card_init))

/* Returns: (nullable): the answer, of type @type */
static GVariant *
call_interface (LpadModemCard *self,
                const char *interface,
                const char *method,
                GVariant *parameters,
                const char *type,
                guint timeout_ms,
                GError **error)
{
  GError *local = NULL;
  GVariant *answer = g_dbus_connection_call_sync (self->connection,
                                                  self->owner,
                                                  self->path,
                                                  interface,
                                                  method,
                                                  parameters,
                                                  G_VARIANT_TYPE (type),
                                                  G_DBUS_CALL_FLAGS_NO_AUTO_START,
                                                  (int) timeout_ms,
                                                  NULL,
                                                  &local);

  if (answer == NULL)
    lpad_modem_fault_take (error, local);
  return answer;
}

static GVariant *
call (LpadModemCard *self,
      const char *method,
      GVariant *parameters,
      const char *type,
      guint timeout_ms,
      GError **error)
{
  return call_interface (self, LPAD_MODEM_BUS_SLOT_INTERFACE, method, parameters, type, timeout_ms, error);
}

/* Whether the slot is still there. FALSE with the error of a removed card, or another one */
static gboolean
look_at_slot (LpadModemCard *self, GError **error)
{
  g_autoptr (GVariant) answer
      = call_interface (self,
                        "org.freedesktop.DBus.Properties",
                        "Get",
                        g_variant_new ("(ss)", LPAD_MODEM_BUS_SLOT_INTERFACE, "CardState"),
                        "(v)",
                        LOOK_TIMEOUT_MS,
                        error);

  return answer != NULL;
}

/* A modem that was unplugged and a disturbed line look the same until lpad-modem has noticed. */
static void
wait_for_removal (LpadModemCard *self, GError **error)
{
  gint64 end = g_get_monotonic_time () + REMOVAL_NOTICE_MS * G_TIME_SPAN_MILLISECOND;
  g_autoptr (GError) removed = NULL;

  while (look_at_slot (self, &removed) && g_get_monotonic_time () < end
         && lpad_wait (REMOVAL_LOOK_MS, NULL, NULL))
    ;
  if (!g_error_matches (removed, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED))
    return;
  g_clear_error (error);
  g_propagate_error (error, g_steal_pointer (&removed));
}

static gboolean
is_disturbance (GError *error)
{
  return g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR)
         && lpad_error_details (error)->retry == LPAD_RETRY_NOW;
}

static GVariant *
octets (GBytes *bytes)
{
  return g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE);
}

static guint
free_channel (LpadModemCard *self)
{
  guint channel = 1;

  while (channel <= LPAD_CHANNEL_MAX && self->channels[channel] != 0)
    channel++;
  return channel;
}

/* Once it was sent it is not given up: a channel that is opened in vain would stay open. */
static gboolean
card_open_channel (LpadCard *card, GBytes *aid, guint *channel, GCancellable *cancellable, GError **error)
{
  LpadModemCard *self = LPAD_MODEM_CARD (card);
  guint number = free_channel (self);
  g_autoptr (GVariant) answer = NULL;

  if (!lpad_check_cancelled (cancellable, error))
    return FALSE;
  g_return_val_if_fail (number <= LPAD_CHANNEL_MAX, FALSE);
  answer = call (self, "OpenChannel", g_variant_new ("(@ay)", octets (aid)), "(uay)", OPEN_TIMEOUT_MS, error);
  if (answer == NULL)
    return FALSE;
  g_variant_get_child (answer, 0, "u", &self->channels[number]);
  *channel = number;
  return TRUE;
}

static GBytes *
card_transmit (LpadCard *card, GBytes *command, GError **error)
{
  LpadModemCard *self = LPAD_MODEM_CARD (card);
  const guint8 *data = g_bytes_get_data (command, NULL);
  guint number = lpad_apdu_channel (data[0]);
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) response = NULL;
  g_autoptr (GError) local = NULL;

  answer = call (self,
                 "Transmit",
                 g_variant_new ("(u@ay)", self->channels[number], octets (command)),
                 "(ay)",
                 self->timeout_ms,
                 &local);
  if (is_disturbance (local))
    wait_for_removal (self, &local);
  if (answer == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  response = g_variant_get_child_value (answer, 0);
  return g_variant_get_data_as_bytes (response);
}

static void
card_close_channel (LpadCard *card, guint channel)
{
  LpadModemCard *self = LPAD_MODEM_CARD (card);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = NULL;
  guint number = self->channels[channel];

  self->channels[channel] = 0;
  answer = call (self, "CloseChannel", g_variant_new ("(u)", number), "()", CLOSE_TIMEOUT_MS, &error);
  if (answer == NULL)
    g_debug ("a channel of the card in the modem was not closed: %s", error->message);
}

static gboolean
card_reset (LpadCard *card, GError **error)
{
  LpadModemCard *self = LPAD_MODEM_CARD (card);
  g_autoptr (GVariant) answer = call (self, "PowerCycle", NULL, "()", POWER_TIMEOUT_MS, error);

  if (answer == NULL)
    return FALSE;
  memset (self->channels, 0, sizeof self->channels);
  return TRUE;
}

static void
lpad_modem_card_card_init (LpadCardInterface *iface)
{
  iface->open_channel = card_open_channel;
  iface->transmit = card_transmit;
  iface->close_channel = card_close_channel;
  iface->reset = card_reset;
}

static void
lpad_modem_card_finalize (GObject *object)
{
  LpadModemCard *self = LPAD_MODEM_CARD (object);

  g_object_unref (self->connection);
  g_free (self->owner);
  g_free (self->path);
  G_OBJECT_CLASS (lpad_modem_card_parent_class)->finalize (object);
}

static void
lpad_modem_card_class_init (LpadModemCardClass *class)
{
  G_OBJECT_CLASS (class)->finalize = lpad_modem_card_finalize;
}

static void
lpad_modem_card_init (LpadModemCard *self)
{
}

LpadCard *
lpad_modem_card_new (GDBusConnection *connection, const char *owner, const char *path, guint timeout_ms)
{
  LpadModemCard *self = g_object_new (LPAD_TYPE_MODEM_CARD, NULL);

  self->connection = g_object_ref (connection);
  self->owner = g_strdup (owner);
  self->path = g_strdup (path);
  self->timeout_ms = timeout_ms;
  return LPAD_CARD (self);
}
