/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem-manager.h"

#include <string.h>

#define MM_NAME      "org.freedesktop.ModemManager1"
#define MM_PATH      "/org/freedesktop/ModemManager1"
#define MM_MODEM     MM_NAME ".Modem"
#define MM_3GPP      MM_MODEM ".Modem3gpp"
#define MM_SIM       MM_NAME ".Sim"
#define PROPERTIES   "org.freedesktop.DBus.Properties"
#define MANAGER      "org.freedesktop.DBus.ObjectManager"
#define CALL_TIMEOUT 5000 /* ms */
#define ICCID_MAX    20   /* digits */
#define IMEI_MAX     16
#define MODEMS_MAX   32

/* MMModemState */
#define STATE_FAILED        (-1)
#define STATE_INITIALIZING  1
#define STATE_DISABLED      3
#define STATE_DISABLING     4
#define STATE_ENABLING      5
#define STATE_ENABLED       6
#define STATE_DISCONNECTING 9

/* MMModemStateFailedReason */
#define FAILED_SIM_MISSING      2
#define FAILED_WITHOUT_PROFILES 5

/* MMModem3gppRegistrationState */
enum
{
  REGISTRATION_HOME = 1,
  REGISTRATION_ROAMING = 5,
  REGISTRATION_HOME_SMS_ONLY,
  REGISTRATION_ROAMING_SMS_ONLY,
  REGISTRATION_HOME_CSFB_NOT_PREFERRED = 9,
  REGISTRATION_ROAMING_CSFB_NOT_PREFERRED,
};

struct _LpadModemManager
{
  GObject parent_instance;

  GDBusConnection *connection;
  GCancellable *cancellable;
  guint watch;
  guint subscriptions[2];
  char *owner;       /* unique name, NULL: it does not run */
  GPtrArray *modems; /* LpadSeenModem */
  LpadModemUse *use;
  gboolean reading;
  gboolean stale; /* something has changed since the reading began */
};

G_DEFINE_FINAL_TYPE (LpadModemManager, lpad_modem_manager, G_TYPE_OBJECT)

/* One look at everything: the modems, then their SIMs, which are in no object manager. */
typedef struct
{
  LpadModemManager *manager;
  char *owner;
  GPtrArray *modems;
  guint calls; /* that have not been answered */
} Reading;

/* A question about the SIM of one of the modems. */
typedef struct
{
  Reading *reading;
  LpadSeenModem *modem;
} SimCall;

static void read_all (LpadModemManager *manager);

static void
seen_modem_free (gpointer data)
{
  LpadSeenModem *modem = data;

  g_free (modem->device);
  g_free (modem->iccid);
  g_free (modem->imei);
  g_free (modem);
}

/* Text of digits from the bus; "" when it is none. */
static char *
take_digits (const char *text, gsize maximum)
{
  gsize length = text == NULL ? 0 : strlen (text);

  if (length == 0 || length > maximum || strspn (text, "0123456789") != length)
    return g_strdup ("");
  return g_strdup (text);
}

static gboolean
is_registered (guint state)
{
  return state == REGISTRATION_HOME || state == REGISTRATION_ROAMING || state == REGISTRATION_HOME_SMS_ONLY
         || state == REGISTRATION_ROAMING_SMS_ONLY || state == REGISTRATION_HOME_CSFB_NOT_PREFERRED
         || state == REGISTRATION_ROAMING_CSFB_NOT_PREFERRED;
}

static LpadModemRadio
radio_of (gint32 state)
{
  if (state == STATE_DISABLED || state == STATE_DISABLING)
    return LPAD_MODEM_RADIO_OFF;
  return state >= STATE_ENABLING ? LPAD_MODEM_RADIO_ON : LPAD_MODEM_RADIO_UNKNOWN;
}

/* @sim: (out): path of its SIM, borrowed from @interfaces; NULL: it has none */
static LpadSeenModem *
seen_modem_new (GVariant *interfaces, const char **sim)
{
  g_autoptr (GVariant) general = g_variant_lookup_value (interfaces, MM_MODEM, G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) network = g_variant_lookup_value (interfaces, MM_3GPP, G_VARIANT_TYPE_VARDICT);
  const char *device = NULL, *imei = NULL;
  LpadSeenModem *modem;
  gint32 state = 0;
  guint32 reason = 0, registration = 0;

  if (general == NULL || !g_variant_lookup (general, "Device", "&s", &device))
    return NULL;
  modem = g_new0 (LpadSeenModem, 1);
  g_variant_lookup (general, "State", "i", &state);
  g_variant_lookup (general, "StateFailedReason", "u", &reason);
  g_variant_lookup (general, "EquipmentIdentifier", "&s", &imei);
  g_variant_lookup (general, "Sim", "&o", sim);
  if (network != NULL)
    g_variant_lookup (network, "RegistrationState", "u", &registration);

  modem->device = g_strdup (device);
  modem->iccid = g_strdup ("");
  modem->imei = take_digits (imei, IMEI_MAX);
  modem->settled = state == STATE_FAILED || state > STATE_INITIALIZING;
  modem->without_sim
      = state == STATE_FAILED && (reason == FAILED_SIM_MISSING || reason == FAILED_WITHOUT_PROFILES);
  modem->radio = radio_of (state);
  modem->registered = state >= STATE_ENABLED && is_registered (registration);
  modem->connected = state >= STATE_DISCONNECTING;
  return modem;
}

static gboolean
is_same (GPtrArray *a, GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    {
      const LpadSeenModem *left = a->pdata[i], *right = b->pdata[i];

      if (!g_str_equal (left->device, right->device) || !g_str_equal (left->iccid, right->iccid)
          || !g_str_equal (left->imei, right->imei) || left->settled != right->settled
          || left->without_sim != right->without_sim || left->radio != right->radio
          || left->registered != right->registered || left->connected != right->connected)
        return FALSE;
    }
  return TRUE;
}

static void
note_use (LpadModemManager *manager, GPtrArray *modems)
{
  gint64 now = g_get_monotonic_time ();

  lpad_modem_use_begin (manager->use);
  for (guint i = 0; i < modems->len; i++)
    {
      const LpadSeenModem *modem = modems->pdata[i];

      lpad_modem_use_note (manager->use, modem->device, modem->radio, now);
    }
  lpad_modem_use_end (manager->use, now);
}

/* Takes over @modems. */
static void
set_modems (LpadModemManager *manager, GPtrArray *modems)
{
  gboolean same = is_same (manager->modems, modems);

  g_ptr_array_unref (manager->modems);
  manager->modems = modems;
  if (!same)
    g_signal_emit_by_name (manager, "changed");
}

static GPtrArray *
no_modems (void)
{
  return g_ptr_array_new_with_free_func (seen_modem_free);
}

/* The last answer has come. What an earlier ModemManager has said counts no more. */
static void
end_reading (Reading *reading)
{
  LpadModemManager *manager = reading->manager;

  manager->reading = FALSE;
  if (g_strcmp0 (manager->owner, reading->owner) == 0)
    {
      note_use (manager, reading->modems);
      set_modems (manager, g_ptr_array_ref (reading->modems));
    }
  if (manager->stale && manager->owner != NULL)
    read_all (manager);
  g_ptr_array_unref (reading->modems);
  g_free (reading->owner);
  g_object_unref (manager);
  g_free (reading);
}

static void
on_sim_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SimCall *call = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (answer != NULL)
    {
      g_autoptr (GVariant) boxed = NULL;

      g_variant_get (answer, "(v)", &boxed);
      if (g_variant_is_of_type (boxed, G_VARIANT_TYPE_STRING))
        {
          g_free (call->modem->iccid);
          call->modem->iccid = take_digits (g_variant_get_string (boxed, NULL), ICCID_MAX);
        }
    }
  else
    g_debug ("ModemManager does not show a SIM: %s", error->message);
  if (--call->reading->calls == 0)
    end_reading (call->reading);
  g_free (call);
}

static void
read_sim (Reading *reading, LpadSeenModem *modem, const char *path)
{
  SimCall *call = g_new0 (SimCall, 1);

  call->reading = reading;
  call->modem = modem;
  reading->calls++;
  g_dbus_connection_call (reading->manager->connection,
                          reading->owner,
                          path,
                          PROPERTIES,
                          "Get",
                          g_variant_new ("(ss)", MM_SIM, "SimIdentifier"),
                          G_VARIANT_TYPE ("(v)"),
                          G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          CALL_TIMEOUT,
                          reading->manager->cancellable,
                          on_sim_read,
                          call);
}

static void
on_objects_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Reading *reading = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autoptr (GVariantIter) objects = NULL;
  GVariant *interfaces;

  if (answer == NULL)
    g_debug ("ModemManager does not show its modems: %s", error->message);
  else
    g_variant_get (answer, "(a{oa{sa{sv}}})", &objects);
  while (objects != NULL && reading->modems->len < MODEMS_MAX
         && g_variant_iter_next (objects, "{o@a{sa{sv}}}", NULL, &interfaces))
    {
      const char *sim = NULL;
      LpadSeenModem *modem = seen_modem_new (interfaces, &sim);

      if (modem != NULL)
        g_ptr_array_add (reading->modems, modem);
      if (modem != NULL && sim != NULL && !g_str_equal (sim, "/"))
        read_sim (reading, modem, sim);
      g_variant_unref (interfaces);
    }
  if (--reading->calls == 0)
    end_reading (reading);
}

static void
read_all (LpadModemManager *manager)
{
  Reading *reading;

  manager->stale = manager->reading;
  if (manager->reading || manager->owner == NULL)
    return;
  manager->reading = TRUE;
  reading = g_new0 (Reading, 1);
  reading->manager = g_object_ref (manager);
  reading->owner = g_strdup (manager->owner);
  reading->modems = no_modems ();
  reading->calls = 1;
  g_dbus_connection_call (manager->connection,
                          manager->owner,
                          MM_PATH,
                          MANAGER,
                          "GetManagedObjects",
                          NULL,
                          G_VARIANT_TYPE ("(a{oa{sa{sv}}})"),
                          G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          CALL_TIMEOUT,
                          manager->cancellable,
                          on_objects_read,
                          reading);
}

static void
on_objects_changed (GDBusConnection *connection,
                    const char *sender,
                    const char *path,
                    const char *interface,
                    const char *signal,
                    GVariant *parameters,
                    gpointer user_data)
{
  read_all (user_data);
}

/* Much of what changes, such as the quality of the signal, is of no interest here. */
static void
on_properties_changed (GDBusConnection *connection,
                       const char *sender,
                       const char *path,
                       const char *interface,
                       const char *signal,
                       GVariant *parameters,
                       gpointer user_data)
{
  static const char *const used[] = { "Device",
                                      "EquipmentIdentifier",
                                      "State",
                                      "Sim",
                                      "StateFailedReason",
                                      "RegistrationState",
                                      "SimIdentifier",
                                      NULL };
  g_autoptr (GVariantIter) changed = NULL;
  const char *name;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sa{sv}as)")))
    return;
  g_variant_get (parameters, "(&sa{sv}as)", NULL, &changed, NULL);
  while (g_variant_iter_next (changed, "{&sv}", &name, NULL))
    {
      if (!g_strv_contains (used, name))
        continue;
      read_all (user_data);
      return;
    }
}

static void
on_appeared (GDBusConnection *connection, const char *name, const char *owner, gpointer user_data)
{
  LpadModemManager *manager = user_data;

  g_free (manager->owner);
  manager->owner = g_strdup (owner);
  read_all (manager);
}

static void
on_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
  LpadModemManager *manager = user_data;

  if (manager->owner == NULL)
    return;
  g_clear_pointer (&manager->owner, g_free);
  lpad_modem_use_forget (manager->use);
  set_modems (manager, no_modems ());
}

static void
lpad_modem_manager_finalize (GObject *object)
{
  LpadModemManager *manager = LPAD_MODEM_MANAGER (object);

  g_object_unref (manager->cancellable);
  g_object_unref (manager->connection);
  g_free (manager->owner);
  g_ptr_array_unref (manager->modems);
  lpad_modem_use_free (manager->use);
  G_OBJECT_CLASS (lpad_modem_manager_parent_class)->finalize (object);
}

static void
lpad_modem_manager_class_init (LpadModemManagerClass *class)
{
  G_OBJECT_CLASS (class)->finalize = lpad_modem_manager_finalize;
  g_signal_new ("changed", LPAD_TYPE_MODEM_MANAGER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
lpad_modem_manager_init (LpadModemManager *manager)
{
  manager->cancellable = g_cancellable_new ();
  manager->modems = no_modems ();
  manager->use = lpad_modem_use_new ();
}

LpadModemManager *
lpad_modem_manager_new (GDBusConnection *connection)
{
  LpadModemManager *manager = g_object_new (LPAD_TYPE_MODEM_MANAGER, NULL);

  manager->connection = g_object_ref (connection);
  manager->subscriptions[0] = g_dbus_connection_signal_subscribe (connection,
                                                                  MM_NAME,
                                                                  MANAGER,
                                                                  NULL,
                                                                  MM_PATH,
                                                                  NULL,
                                                                  G_DBUS_SIGNAL_FLAGS_NONE,
                                                                  on_objects_changed,
                                                                  manager,
                                                                  NULL);
  manager->subscriptions[1] = g_dbus_connection_signal_subscribe (connection,
                                                                  MM_NAME,
                                                                  PROPERTIES,
                                                                  "PropertiesChanged",
                                                                  NULL,
                                                                  NULL,
                                                                  G_DBUS_SIGNAL_FLAGS_NONE,
                                                                  on_properties_changed,
                                                                  manager,
                                                                  NULL);
  manager->watch = g_bus_watch_name_on_connection (
      connection, MM_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, on_appeared, on_vanished, manager, NULL);
  return manager;
}

void
lpad_modem_manager_free (LpadModemManager *manager)
{
  for (gsize i = 0; i < G_N_ELEMENTS (manager->subscriptions); i++)
    g_dbus_connection_signal_unsubscribe (manager->connection, manager->subscriptions[i]);
  g_bus_unwatch_name (manager->watch);
  g_clear_pointer (&manager->owner, g_free);
  g_cancellable_cancel (manager->cancellable);
  g_object_unref (manager);
}

gboolean
lpad_modem_manager_is_running (LpadModemManager *manager)
{
  return manager->owner != NULL;
}

gboolean
lpad_modem_manager_is_idle (LpadModemManager *manager, const char *physical_device)
{
  return lpad_modem_use_is_idle (manager->use, physical_device, g_get_monotonic_time ());
}

const LpadSeenModem *
lpad_modem_manager_find (LpadModemManager *manager, const char *physical_device)
{
  for (guint i = 0; i < manager->modems->len; i++)
    {
      const LpadSeenModem *modem = manager->modems->pdata[i];

      if (g_str_equal (modem->device, physical_device))
        return modem;
    }
  return NULL;
}
