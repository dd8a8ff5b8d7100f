/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "journal.h"
#include "network.h"

G_BEGIN_DECLS

/**
 * LpadNmContext: what all parts of the program share; it outlives them.
 * @apns: (nullable): file with APNs, see lpad_nm_apn_find()
 */
typedef struct
{
  GDBusConnection *bus;
  LpadNmJournal *journal;
  const char *apns;
} LpadNmContext;

/**
 * LpadNmFollower: lets NetworkManager follow the switches of profiles in one modem: before one, the new
 * profile's connection goes first; after it, that connection comes up; then all is as it was.
 */
typedef struct _LpadNmFollower LpadNmFollower;

/**
 * lpad_nm_follower_new: for the modem @modem, its folder below /sys. What the journal has of it is put back
 * when it is known which profile is enabled, or after a minute.
 */
LpadNmFollower *lpad_nm_follower_new (const LpadNmContext *context, const char *modem);
void lpad_nm_follower_free (LpadNmFollower *follower);

/** lpad_nm_follower_prepare: org.lpad.Nm1.PrepareSwitch() of the chip at @euicc; empty @iccid: none is
 * enabled. */
gboolean lpad_nm_follower_prepare (LpadNmFollower *follower,
                                   const char *euicc,
                                   const char *iccid,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_nm_follower_end: the switch is over, and the profile @iccid of the chip at @euicc is enabled; empty:
 * none. */
void lpad_nm_follower_end (LpadNmFollower *follower, const char *euicc, const char *iccid);

/**
 * lpad_nm_follower_look: the profile @iccid of the chip at @euicc is enabled, maybe for a long time. Unless a
 * switch was prepared and its end was missed, only another profile's connection is put right.
 */
void lpad_nm_follower_look (LpadNmFollower *follower, const char *euicc, const char *iccid);

/** lpad_nm_follower_step: something has changed; @network is what it is like now. */
void lpad_nm_follower_step (LpadNmFollower *follower, const LpadNmNetwork *network);

/** lpad_nm_follower_give_up: whoever switches profiles is gone: what was prepared is put back. */
void lpad_nm_follower_give_up (LpadNmFollower *follower);

G_END_DECLS
