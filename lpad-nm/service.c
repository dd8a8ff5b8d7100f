/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service.h"

#include <string.h>

#include "bus-call.h"
#include "changes.h"
#include "chips.h"
#include "lpad-nm-bus.h"
#include "match.h"
#include "names.h"
#include "nm-error.h"

#define EUICC          LPAD_BUS_NAME ".Euicc"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES     "org.freedesktop.DBus.Properties"
#define NM             LPAD_NM_NETWORK_MANAGER
#define MM             LPAD_NM_MODEM_MANAGER
#define MODEM_MAX      1024 /* octets of the name of a folder */
#define SETTLE_MSEC    20   /* in which signals of the same event come */
#define RETRY_MSEC     3000 /* after which a service that did not answer is asked again */
#define SIGNALS        10
#define NAMES          3

/** From ICCIDs with a short account number to those of ten full octets */
#define ICCID_MIN 10
#define ICCID_MAX 20

struct _LpadNmService
{
  const LpadNmContext *context;
  LpadNmBusNm1 *object;
  GHashTable *followers; /* LpadNmFollower by the modem's folder */
  guint names[NAMES];
  guint signals[SIGNALS];
  guint n_signals;
  guint refresh; /* source */
  guint look;    /* source */
};

gboolean
lpad_nm_is_iccid (const char *text)
{
  gsize length = strlen (text);

  return length == 0
         || (length >= ICCID_MIN && length <= ICCID_MAX && strspn (text, G_CSET_DIGITS "ABCDEF") == length);
}

static LpadNmFollower *
get_follower (LpadNmService *service, const char *modem)
{
  LpadNmFollower *follower = g_hash_table_lookup (service->followers, modem);

  if (follower == NULL)
    {
      follower = lpad_nm_follower_new (service->context, modem);
      g_hash_table_insert (service->followers, g_strdup (modem), follower);
    }
  return follower;
}

static gboolean
has_not_answered (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

/* What NetworkManager and ModemManager show now */

static gboolean
on_refresh (gpointer user_data)
{
  LpadNmService *service = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadNmNetwork) network = lpad_nm_network_read (service->context->bus, &error);
  GHashTableIter iter;
  gpointer follower;

  service->refresh = 0;
  if (network == NULL)
    {
      g_warning ("%s", error->message);
      if (has_not_answered (error))
        service->refresh = g_timeout_add (RETRY_MSEC, on_refresh, service);
      return G_SOURCE_REMOVE;
    }
  lpad_nm_bus_nm1_set_connections (service->object, lpad_nm_match_list (network));
  g_hash_table_iter_init (&iter, service->followers);
  while (g_hash_table_iter_next (&iter, NULL, &follower))
    lpad_nm_follower_step (follower, network);
  return G_SOURCE_REMOVE;
}

static void
refresh_soon (LpadNmService *service)
{
  if (service->refresh == 0)
    service->refresh = g_timeout_add (SETTLE_MSEC, on_refresh, service);
}

static void
on_network_signal (GDBusConnection *bus,
                   const char *sender,
                   const char *path,
                   const char *interface,
                   const char *signal,
                   GVariant *arguments,
                   gpointer user_data)
{
  refresh_soon (user_data);
}

static void
on_network_appeared (GDBusConnection *bus, const char *name, const char *owner, gpointer user_data)
{
  refresh_soon (user_data);
}

static void
on_network_vanished (GDBusConnection *bus, const char *name, gpointer user_data)
{
  refresh_soon (user_data);
}

/* What lpad shows now */

/* Connections that were made for profiles that are no more are removed. */
static void
sweep (LpadNmService *service, GPtrArray *chips)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadNmNetwork) network = lpad_nm_network_read (service->context->bus, &error);

  for (guint i = 0; network != NULL && i < network->connections->len; i++)
    {
      const LpadNmConnection *connection = g_ptr_array_index (network->connections, i);

      if (!lpad_nm_chips_lack (chips, connection))
        continue;
      if (lpad_nm_network_remove (service->context->bus, connection, &error))
        g_message ("The connection that was made for a profile is removed with it");
      else if (!lpad_nm_is_gone (error))
        g_warning ("A connection of a profile that is gone stays: %s", error->message);
      g_clear_error (&error);
    }
}

static gboolean
on_look (gpointer user_data)
{
  LpadNmService *service = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) chips = lpad_nm_chips_read (service->context->bus, &error);

  service->look = 0;
  if (chips == NULL)
    {
      g_warning ("lpad does not say which profiles there are: %s", error->message);
      if (has_not_answered (error))
        service->look = g_timeout_add (RETRY_MSEC, on_look, service);
      return G_SOURCE_REMOVE;
    }
  for (guint i = 0; i < chips->len; i++)
    {
      const LpadNmChip *chip = g_ptr_array_index (chips, i);

      if (chip->ready && *chip->modem != '\0')
        lpad_nm_follower_look (
            get_follower (service, chip->modem), chip->path, chip->enabled != NULL ? chip->enabled : "");
    }
  sweep (service, chips);
  return G_SOURCE_REMOVE;
}

static void
look_soon (LpadNmService *service)
{
  if (service->look == 0)
    service->look = g_timeout_add (SETTLE_MSEC, on_look, service);
}

static void
on_lpad_appeared (GDBusConnection *bus, const char *name, const char *owner, gpointer user_data)
{
  look_soon (user_data);
}

static void
on_lpad_vanished (GDBusConnection *bus, const char *name, gpointer user_data)
{
  LpadNmService *service = user_data;
  GHashTableIter iter;
  gpointer follower;

  g_hash_table_iter_init (&iter, service->followers);
  while (g_hash_table_iter_next (&iter, NULL, &follower))
    lpad_nm_follower_give_up (follower);
}

static void
on_switched (GDBusConnection *bus,
             const char *sender,
             const char *path,
             const char *interface,
             const char *signal,
             GVariant *arguments,
             gpointer user_data)
{
  g_autoptr (GVariant) details = NULL;
  const char *iccid, *modem = "";

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(ssa{sv})")))
    return;
  g_variant_get (arguments, "(&s&s@a{sv})", NULL, &iccid, &details);
  g_variant_lookup (details, "physical-device", "&s", &modem);
  if (*modem != '\0' && lpad_nm_is_iccid (iccid))
    lpad_nm_follower_end (get_follower (user_data, modem), path, iccid);
}

static void
on_chip_added (GDBusConnection *bus,
               const char *sender,
               const char *path,
               const char *interface,
               const char *signal,
               GVariant *arguments,
               gpointer user_data)
{
  g_autoptr (GVariant) interfaces = NULL;

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(oa{sa{sv}})")))
    return;
  interfaces = g_variant_get_child_value (arguments, 1);
  if (g_variant_lookup (interfaces, EUICC, "@a{sv}", NULL))
    look_soon (user_data);
}

/* A profile is removed in the middle of an operation: what the chip holds is known when it is over. */
static void
on_chip_changed (GDBusConnection *bus,
                 const char *sender,
                 const char *path,
                 const char *interface,
                 const char *signal,
                 GVariant *arguments,
                 gpointer user_data)
{
  g_autoptr (GVariant) changed = NULL;
  const char *state = "";

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(sa{sv}as)")))
    return;
  changed = g_variant_get_child_value (arguments, 1);
  g_variant_lookup (changed, "State", "&s", &state);
  if (g_str_equal (state, "ready"))
    look_soon (user_data);
}

/* What lpad calls */

static gboolean
check_iccid (GDBusMethodInvocation *invocation, const char *iccid)
{
  if (lpad_nm_is_iccid (iccid))
    return TRUE;
  g_dbus_method_invocation_return_error_literal (
      invocation, LPAD_NM_ERROR, LPAD_NM_ERROR_INVALID_ARGUMENTS, "An ICCID has 10 to 20 digits");
  return FALSE;
}

static gboolean
check_modem (GDBusMethodInvocation *invocation, const char *modem)
{
  if (strlen (modem) <= MODEM_MAX)
    return TRUE;
  g_dbus_method_invocation_return_error_literal (
      invocation, LPAD_NM_ERROR, LPAD_NM_ERROR_INVALID_ARGUMENTS, "The name of the modem is too long");
  return FALSE;
}

static gboolean
handle_prepare_switch (LpadNmBusNm1 *object,
                       GDBusMethodInvocation *invocation,
                       const char *euicc,
                       const char *modem,
                       const char *old_iccid,
                       const char *new_iccid,
                       gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!check_modem (invocation, modem) || !check_iccid (invocation, old_iccid)
      || !check_iccid (invocation, new_iccid))
    return G_DBUS_METHOD_INVOCATION_HANDLED;
  if (*modem == '\0' || lpad_nm_follower_prepare (get_follower (user_data, modem), euicc, new_iccid, &error))
    lpad_nm_bus_nm1_complete_prepare_switch (object, invocation);
  else
    g_dbus_method_invocation_return_error (invocation,
                                           LPAD_NM_ERROR,
                                           LPAD_NM_ERROR_FAILED,
                                           "NetworkManager cannot be prepared for the switch: %s",
                                           error->message);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_end_switch (LpadNmBusNm1 *object,
                   GDBusMethodInvocation *invocation,
                   const char *euicc,
                   const char *modem,
                   const char *iccid,
                   gpointer user_data)
{
  if (!check_modem (invocation, modem) || !check_iccid (invocation, iccid))
    return G_DBUS_METHOD_INVOCATION_HANDLED;
  lpad_nm_bus_nm1_complete_end_switch (object, invocation);
  if (*modem != '\0')
    lpad_nm_follower_end (get_follower (user_data, modem), euicc, iccid);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* Life */

static void
subscribe (LpadNmService *service,
           const char *sender,
           const char *interface,
           const char *signal,
           const char *first_argument,
           GDBusSignalCallback callback)
{
  g_assert (service->n_signals < SIGNALS);
  service->signals[service->n_signals++] = g_dbus_connection_signal_subscribe (service->context->bus,
                                                                               sender,
                                                                               interface,
                                                                               signal,
                                                                               NULL,
                                                                               first_argument,
                                                                               G_DBUS_SIGNAL_FLAGS_NONE,
                                                                               callback,
                                                                               service,
                                                                               NULL);
}

/* Only what can change a decision: NetworkManager tells much more, such as each access point that is seen. */
static void
subscribe_all (LpadNmService *service)
{
  subscribe (service, NM, NM ".Device", "StateChanged", NULL, on_network_signal);
  subscribe (service, NM, NM ".Connection.Active", "StateChanged", NULL, on_network_signal);
  subscribe (service, NM, NM ".Settings", NULL, NULL, on_network_signal);
  subscribe (service, NM, NM ".Settings.Connection", NULL, NULL, on_network_signal);
  subscribe (service, MM, OBJECT_MANAGER, NULL, NULL, on_network_signal);
  subscribe (service, MM, PROPERTIES, "PropertiesChanged", MM ".Sim", on_network_signal);
  subscribe (service, LPAD_BUS_NAME, EUICC, "ProfileSwitched", NULL, on_switched);
  subscribe (service, LPAD_BUS_NAME, OBJECT_MANAGER, "InterfacesAdded", NULL, on_chip_added);
  subscribe (service, LPAD_BUS_NAME, PROPERTIES, "PropertiesChanged", EUICC, on_chip_changed);
}

static void
watch_all (LpadNmService *service)
{
  GDBusConnection *bus = service->context->bus;

  service->names[0] = g_bus_watch_name_on_connection (
      bus, NM, G_BUS_NAME_WATCHER_FLAGS_NONE, on_network_appeared, on_network_vanished, service, NULL);
  service->names[1] = g_bus_watch_name_on_connection (
      bus, MM, G_BUS_NAME_WATCHER_FLAGS_NONE, on_network_appeared, on_network_vanished, service, NULL);
  service->names[2] = g_bus_watch_name_on_connection (
      bus, LPAD_BUS_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, on_lpad_appeared, on_lpad_vanished, service, NULL);
}

/* Modems in whose switch an lpad-nm before this one has ended. */
static void
take_over (LpadNmService *service)
{
  GPtrArray *entries = lpad_nm_journal_get (service->context->journal);

  for (guint i = 0; i < entries->len; i++)
    {
      const LpadNmEntry *entry = g_ptr_array_index (entries, i);

      lpad_nm_follower_give_up (get_follower (service, entry->modem));
    }
}

LpadNmService *
lpad_nm_service_new (const LpadNmContext *context, GError **error)
{
  g_autoptr (LpadNmService) service = g_new0 (LpadNmService, 1);

  service->context = context;
  service->followers
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) lpad_nm_follower_free);
  service->object = lpad_nm_bus_nm1_skeleton_new ();
  g_signal_connect (service->object, "handle-prepare-switch", G_CALLBACK (handle_prepare_switch), service);
  g_signal_connect (service->object, "handle-end-switch", G_CALLBACK (handle_end_switch), service);
  lpad_nm_bus_nm1_set_connections (service->object, g_variant_new ("aa{sv}", NULL));
  if (!g_dbus_interface_skeleton_export (
          G_DBUS_INTERFACE_SKELETON (service->object), context->bus, LPAD_NM_BUS_PATH, error))
    return NULL;
  take_over (service);
  subscribe_all (service);
  watch_all (service);
  return g_steal_pointer (&service);
}

static void
put_all_back (LpadNmService *service)
{
  LpadNmJournal *journal = service->context->journal;
  g_autoptr (LpadNmNetwork) network = NULL;
  GHashTableIter iter;
  gpointer modem;

  if (lpad_nm_journal_get (journal)->len == 0)
    return;
  network = lpad_nm_network_read (service->context->bus, NULL);
  g_hash_table_iter_init (&iter, service->followers);
  while (network != NULL && g_hash_table_iter_next (&iter, &modem, NULL))
    {
      const LpadNmModem *shown = lpad_nm_match_modem (network, modem);

      lpad_nm_changes_put_back (
          service->context->bus, journal, network, modem, shown != NULL ? shown->iccid : NULL);
    }
}

void
lpad_nm_service_free (LpadNmService *service)
{
  for (guint i = 0; i < NAMES; i++)
    g_clear_handle_id (&service->names[i], g_bus_unwatch_name);
  for (guint i = 0; i < service->n_signals; i++)
    g_dbus_connection_signal_unsubscribe (service->context->bus, service->signals[i]);
  g_clear_handle_id (&service->refresh, g_source_remove);
  g_clear_handle_id (&service->look, g_source_remove);
  put_all_back (service);
  g_hash_table_unref (service->followers);
  g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (service->object));
  g_object_unref (service->object);
  g_free (service);
}
