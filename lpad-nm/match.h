/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network.h"

G_BEGIN_DECLS

/**
 * lpad_nm_match_choose: the connection for the profile @iccid. Of several it is the one that NetworkManager
 * would take: one that it may use by itself, then the highest priority, then the one that was up last.
 * @connections: (element-type LpadNmConnection)
 * Returns: (nullable)
 */
const LpadNmConnection *lpad_nm_match_choose (GPtrArray *connections, const char *iccid);

/**
 * LpadNmChange: what a connection is given for the time of a switch.
 * @connection: which, or NULL: one that is made for the profile
 */
typedef struct
{
  const LpadNmConnection *connection;
  int priority;
  gboolean autoconnect;
} LpadNmChange;

/**
 * lpad_nm_match_plan: what must be changed so that NetworkManager uses no connection but that of the profile
 * @iccid by itself. When a modem appears whose SIM it does not know yet, it takes the highest priority,
 * whichever SIM a connection is for; and when a modem keeps its SIM to itself, it goes back to the one
 * before. So those of other SIMs must not connect by themselves, and the profile's own goes above those that
 * may; where that is impossible, because one of them is at the maximum, that one goes below.
 * @may_make: whether a connection is made for a profile that has none
 * Returns: (transfer container) (element-type LpadNmChange): refers to @connections
 */
GPtrArray *lpad_nm_match_plan (GPtrArray *connections, const char *iccid, gboolean may_make);

typedef enum
{
  LPAD_NM_VERDICT_WAIT,     /* the modem is not that far */
  LPAD_NM_VERDICT_ACTIVATE, /* the connection is to be activated on the device */
  LPAD_NM_VERDICT_MAKE,     /* a connection is to be made, and activated on the device */
  LPAD_NM_VERDICT_DONE,     /* the connection is activated */
  LPAD_NM_VERDICT_LEAVE,    /* NetworkManager is left alone: the user has decided */
} LpadNmVerdict;

/**
 * LpadNmDecision: what is to be done, and with what.
 * @modem, @device, @connection: (nullable): those that are known by then
 */
typedef struct
{
  LpadNmVerdict verdict;
  const LpadNmModem *modem;
  const LpadNmDevice *device;
  const LpadNmConnection *connection;
} LpadNmDecision;

/**
 * lpad_nm_match_decide: what is to be done so that the modem @physical_device is used with the connection of
 * the profile @iccid
 * @switched: the profile has just been enabled. Otherwise only the use of another profile's connection is put
 * right.
 */
LpadNmDecision lpad_nm_match_decide (const LpadNmNetwork *network,
                                     const char *physical_device,
                                     const char *iccid,
                                     gboolean switched);

/** lpad_nm_match_modem: the modem whose folder below /sys is @physical_device; NULL: ModemManager shows none.
 */
const LpadNmModem *lpad_nm_match_modem (const LpadNmNetwork *network, const char *physical_device);

/** lpad_nm_match_has_device: whether NetworkManager manages the modem @physical_device now. */
gboolean lpad_nm_match_has_device (const LpadNmNetwork *network, const char *physical_device);

/** lpad_nm_match_list: (transfer floating): org.lpad.Nm1:Connections. */
GVariant *lpad_nm_match_list (const LpadNmNetwork *network);

G_END_DECLS
