/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "connection.h"

G_BEGIN_DECLS

#define LPAD_NM_NETWORK_MANAGER "org.freedesktop.NetworkManager"
#define LPAD_NM_MODEM_MANAGER   "org.freedesktop.ModemManager1"

/**
 * LpadNmModem: a modem that ModemManager shows.
 * @sim: path of its SIM; "/": none
 * @device: its folder below /sys
 * @iccid: of the SIM that it serves; empty: not known
 * @initial_apn: with which it attaches to LTE, whatever connection is used then; empty: the network's default
 */
typedef struct
{
  char *path;
  char *sim;
  char *device;
  char *iccid;
  char *initial_apn;
} LpadNmModem;

/**
 * LpadNmDevice: a device of NetworkManager.
 * @udi: of a modem: its path in ModemManager
 * @state: NMDeviceState
 */
typedef struct
{
  char *path;
  char *udi;
  guint state;
} LpadNmDevice;

/** NMActiveConnectionState */
typedef enum
{
  LPAD_NM_ACTIVE_UNKNOWN,
  LPAD_NM_ACTIVE_ACTIVATING,
  LPAD_NM_ACTIVE_ACTIVATED,
  LPAD_NM_ACTIVE_DEACTIVATING,
  LPAD_NM_ACTIVE_DEACTIVATED,
} LpadNmActiveState;

/**
 * LpadNmActive: the use of a connection.
 * @uuid: of the connection
 * @device: path of the device; empty: none yet
 */
typedef struct
{
  char *uuid;
  char *device;
  LpadNmActiveState state;
} LpadNmActive;

/**
 * LpadNmNetwork: what ModemManager and NetworkManager show at one moment. A service that is not there shows
 * nothing.
 */
typedef struct
{
  gboolean managed;       /* NetworkManager is there */
  GPtrArray *modems;      /* of LpadNmModem */
  GPtrArray *devices;     /* of LpadNmDevice */
  GPtrArray *actives;     /* of LpadNmActive */
  GPtrArray *connections; /* of LpadNmConnection: those for modems that may be read */
} LpadNmNetwork;

LpadNmNetwork *lpad_nm_network_new (void);
void lpad_nm_network_free (LpadNmNetwork *network);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadNmNetwork, lpad_nm_network_free)

/**
 * lpad_nm_network_read: asks both.
 * Returns: NULL with the error of the one that did not answer
 */
LpadNmNetwork *lpad_nm_network_read (GDBusConnection *bus, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_nm_network_take_modems: what ModemManager's objects, a{oa{sa{sv}}}, show: SIMs are not among them. */
void lpad_nm_network_take_modems (LpadNmNetwork *network, GVariant *objects);

/** lpad_nm_network_take_objects: what NetworkManager's objects, a{oa{sa{sv}}}, show, but for connections. */
void lpad_nm_network_take_objects (LpadNmNetwork *network, GVariant *objects);

/** lpad_nm_network_find: the connection @uuid; NULL: there is none. */
const LpadNmConnection *lpad_nm_network_find (const LpadNmNetwork *network, const char *uuid);

/**
 * lpad_nm_network_update: replaces settings of @connection; its secrets stay.
 * @settings: a{sa{sv}}, taken if floating
 * @save: write them to its file, rather than keep them in memory until the next start of the device
 */
gboolean lpad_nm_network_update (GDBusConnection *bus,
                                 const LpadNmConnection *connection,
                                 GVariant *settings,
                                 gboolean save,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_nm_network_add: adds a connection, in memory. @settings: a{sa{sv}}, taken if floating */
gboolean
lpad_nm_network_add (GDBusConnection *bus, GVariant *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_nm_network_remove: removes a connection. */
gboolean lpad_nm_network_remove (GDBusConnection *bus,
                                 const LpadNmConnection *connection,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_nm_network_activate: begins to use the connection on the device at the path @device. */
gboolean lpad_nm_network_activate (GDBusConnection *bus,
                                   const LpadNmConnection *connection,
                                   const char *device,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_nm_network_add_and_activate: saves a connection and begins to use it on the device at the path
 * @device.
 * @settings: a{sa{sv}}, taken if floating
 */
gboolean lpad_nm_network_add_and_activate (GDBusConnection *bus,
                                           GVariant *settings,
                                           const char *device,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_nm_network_reapply: gives the interface of the device at the path @device the addresses and routes of
 * the connection that is in use, and no others.
 */
gboolean
lpad_nm_network_reapply (GDBusConnection *bus, const char *device, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
