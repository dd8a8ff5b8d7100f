/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modems.h"

#include "modem-card.h"
#include "modem-manager.h"

#define RESET_TIME   10 /* seconds that a card may be absent because it is being reset */
#define RESTART_TIME 2  /* seconds until lpad-modem is started again when it has ended */

struct _LpadModems
{
  LpadCore *core;
  LpadSlots *slots;
  GCancellable *cancellable;
  GDBusObjectManager *client; /* NULL: not yet, or not to be had */
  GHashTable *known;          /* object path -> Known */
  guint restart_timer;
};

/* A slot on the bus of lpad-modem */
typedef struct
{
  LpadModems *owner;
  LpadModemBusSlot *proxy;
  char *name;
  char *eid;
  gboolean present;
  guint32 cards; /* that have been put in */
  guint absent_timer;
} Known;

/* How a card is reached; belongs to its place. */
typedef struct
{
  GDBusConnection *connection;
  char *owner;
  char *path;
  guint timeout_ms;
} Address;

static const char *
text (const char *value)
{
  return value != NULL ? value : "";
}

static void
address_free (gpointer data)
{
  Address *address = data;

  g_object_unref (address->connection);
  g_free (address->owner);
  g_free (address->path);
  g_free (address);
}

static LpadCard *
connect_card (const LpadPlace *place, GCancellable *cancellable, GError **error)
{
  const Address *address = place->address;

  return lpad_modem_card_new (address->connection, address->owner, address->path, address->timeout_ms);
}

static guint
known_segment_size (LpadModemBusSlot *slot)
{
  GVariant *quirks = lpad_modem_bus_slot_get_quirks (slot);
  guint32 octets = 0;

  if (quirks == NULL || !g_variant_lookup (quirks, "segment", "u", &octets) || octets < LPAD_SEGMENT_SIZE_MIN)
    return 0;
  return MIN (octets, LPAD_SEGMENT_SIZE_MAX);
}

/* Whether a card can be taken out is nothing that a modem knows: the configuration says it. Otherwise one
 * that the modem calls an eUICC is taken for a part of the device, as it is for nearly all. Who has a card
 * that can be taken out is not told with which device he uses it, but of which type that is. */
static LpadPlace *
place_new (const Known *known)
{
  const LpadConfig *config = known->owner->core->config;
  GDBusProxy *proxy = G_DBUS_PROXY (known->proxy);
  LpadPlace *place = lpad_place_new ();
  Address *address = g_new0 (Address, 1);

  place->name = g_strdup (known->name);
  place->transport
      = g_str_equal (text (lpad_modem_bus_slot_get_transport (known->proxy)), "mbim") ? "mbim" : "qmi";
  place->device = g_strdup (text (lpad_modem_bus_slot_get_device (known->proxy)));
  place->physical_device = g_strdup (text (lpad_modem_bus_slot_get_physical_device (known->proxy)));
  place->slot = lpad_modem_bus_slot_get_slot (known->proxy);
  place->removable
      = lpad_config_removable (config, known->name, !lpad_modem_bus_slot_get_is_euicc (known->proxy));
  place->segment_size = known_segment_size (known->proxy);
  lpad_device_take_imei (&place->modem, text (lpad_modem_bus_slot_get_imei (known->proxy)), place->removable);
  lpad_device_take_technologies (place->modem.releases, lpad_modem_bus_slot_get_technologies (known->proxy));
  place->connect = connect_card;
  place->address = address;
  place->address_free = address_free;

  address->connection = g_object_ref (g_dbus_proxy_get_connection (proxy));
  address->owner = g_dbus_proxy_get_name_owner (proxy);
  address->path = g_strdup (g_dbus_proxy_get_object_path (proxy));
  address->timeout_ms = config->apdu_timeout_ms;
  return place;
}

static void
tell (Known *known, gboolean present)
{
  g_autoptr (LpadPlace) place = place_new (known);
  const char *why = lpad_modem_bus_slot_get_active (known->proxy)
                        ? NULL
                        : "The modem does not use this slot now; it reads the card of another one.";

  if (present && !known->present)
    known->cards++;
  known->present = present;
  lpad_slots_set (known->owner->slots, place, present, known->cards, why);
}

static gboolean
on_absent_timer (gpointer user_data)
{
  Known *known = user_data;

  known->absent_timer = 0;
  tell (known, FALSE);
  return G_SOURCE_REMOVE;
}

/* Whether the card is another one than before, as far as the modem knows. */
static gboolean
take_eid (Known *known)
{
  const char *eid = text (lpad_modem_bus_slot_get_eid (known->proxy));
  gboolean changed = *eid != '\0' && known->eid != NULL && !g_str_equal (known->eid, eid);

  if (*eid != '\0')
    {
      g_free (known->eid);
      known->eid = g_strdup (eid);
    }
  return changed;
}

/* A card that is being reset is absent for a while, and is the same one afterwards. */
static void
update (Known *known)
{
  gboolean active = lpad_modem_bus_slot_get_active (known->proxy);
  gboolean absent = g_str_equal (text (lpad_modem_bus_slot_get_card_state (known->proxy)), "absent");
  gboolean other = take_eid (known);

  if (active && absent && known->present)
    {
      if (known->absent_timer == 0)
        known->absent_timer = g_timeout_add_seconds (RESET_TIME, on_absent_timer, known);
      return;
    }
  g_clear_handle_id (&known->absent_timer, g_source_remove);
  if (other)
    known->cards++;
  tell (known, active && !absent);
}

static void
known_free (gpointer data)
{
  Known *known = data;

  g_clear_handle_id (&known->absent_timer, g_source_remove);
  lpad_slots_remove (known->owner->slots, known->name);
  g_object_unref (known->proxy);
  g_free (known->name);
  g_free (known->eid);
  g_free (known);
}

static void
on_object_added (GDBusObjectManager *client, GDBusObject *object, gpointer user_data)
{
  LpadModems *modems = user_data;
  LpadModemBusSlot *proxy = lpad_modem_bus_object_get_slot (LPAD_MODEM_BUS_OBJECT (object));
  Known *known;

  if (proxy == NULL)
    return;
  if (modems->core->modem_manager == NULL)
    modems->core->modem_manager = lpad_modem_manager_new (modems->core->connection);
  known = g_new0 (Known, 1);
  known->owner = modems;
  known->proxy = proxy;
  known->name = g_strdup_printf (
      "%s slot %u", text (lpad_modem_bus_slot_get_device (proxy)), lpad_modem_bus_slot_get_slot (proxy));
  g_hash_table_replace (modems->known, g_strdup (g_dbus_object_get_object_path (object)), known);
  update (known);
}

static void
on_object_removed (GDBusObjectManager *client, GDBusObject *object, gpointer user_data)
{
  LpadModems *modems = user_data;

  g_hash_table_remove (modems->known, g_dbus_object_get_object_path (object));
}

static void
on_properties_changed (GDBusObjectManagerClient *client,
                       GDBusObjectProxy *object,
                       GDBusProxy *proxy,
                       GVariant *changed,
                       const char *const *invalidated,
                       gpointer user_data)
{
  LpadModems *modems = user_data;
  Known *known = g_hash_table_lookup (modems->known, g_dbus_proxy_get_object_path (proxy));

  if (known != NULL)
    update (known);
}

static gboolean
on_restart_timer (gpointer user_data)
{
  LpadModems *modems = user_data;

  modems->restart_timer = 0;
  g_dbus_connection_call (modems->core->connection,
                          "org.freedesktop.DBus",
                          "/org/freedesktop/DBus",
                          "org.freedesktop.DBus",
                          "StartServiceByName",
                          g_variant_new ("(su)", LPAD_MODEM_BUS_NAME, 0),
                          NULL,
                          G_DBUS_CALL_FLAGS_NONE,
                          -1,
                          modems->cancellable,
                          NULL,
                          NULL);
  return G_SOURCE_REMOVE;
}

/* The client itself notes which objects go with their owner, and looks at those of a new one. */
static void
on_owner (GObject *client, GParamSpec *spec, gpointer user_data)
{
  LpadModems *modems = user_data;
  g_autofree char *owner
      = g_dbus_object_manager_client_get_name_owner (G_DBUS_OBJECT_MANAGER_CLIENT (client));

  g_clear_handle_id (&modems->restart_timer, g_source_remove);
  if (owner == NULL)
    modems->restart_timer = g_timeout_add_seconds (RESTART_TIME, on_restart_timer, modems);
}

static void
take_client (LpadModems *modems, GDBusObjectManager *client)
{
  g_autolist (GDBusObject) objects = g_dbus_object_manager_get_objects (client);

  modems->client = client;
  g_signal_connect (client, "object-added", G_CALLBACK (on_object_added), modems);
  g_signal_connect (client, "object-removed", G_CALLBACK (on_object_removed), modems);
  g_signal_connect (client, "interface-proxy-properties-changed", G_CALLBACK (on_properties_changed), modems);
  g_signal_connect (client, "notify::name-owner", G_CALLBACK (on_owner), modems);
  for (GList *l = objects; l != NULL; l = l->next)
    on_object_added (client, l->data, modems);
}

static void
on_client (GObject *source, GAsyncResult *result, gpointer user_data)
{
  LpadModems *modems = user_data;
  g_autoptr (GError) error = NULL;
  GDBusObjectManager *client = lpad_modem_bus_object_manager_client_new_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (client != NULL)
    take_client (modems, client);
  else
    g_message ("Modems cannot be used: %s", error->message);
  lpad_slots_listed (modems->slots);
}

LpadModems *
lpad_modems_new (LpadCore *core, LpadSlots *slots)
{
  LpadModems *modems = g_new0 (LpadModems, 1);

  modems->core = core;
  modems->slots = slots;
  modems->cancellable = g_cancellable_new ();
  modems->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, known_free);
  lpad_modem_bus_object_manager_client_new (core->connection,
                                            G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_NONE,
                                            LPAD_MODEM_BUS_NAME,
                                            LPAD_MODEM_BUS_ROOT,
                                            modems->cancellable,
                                            on_client,
                                            modems);
  return modems;
}

LpadModemBusSlot *
lpad_modems_find (LpadModems *modems, const char *name)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, modems->known);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Known *known = value;

      if (g_str_equal (known->name, name))
        return known->proxy;
    }
  return NULL;
}

void
lpad_modems_free (LpadModems *modems)
{
  g_cancellable_cancel (modems->cancellable);
  g_object_unref (modems->cancellable);
  g_clear_handle_id (&modems->restart_timer, g_source_remove);
  if (modems->client != NULL)
    g_signal_handlers_disconnect_by_data (modems->client, modems);
  g_clear_object (&modems->client);
  g_hash_table_unref (modems->known);
  g_free (modems);
}
