/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "connection.h"

G_BEGIN_DECLS

/**
 * LpadNmProfile: a profile that lpad shows.
 * @title: its name for people, never empty
 * @owner: MCC and MNC of its network, "262-01"; empty: not known
 */
typedef struct
{
  char *iccid;
  char *title;
  char *owner;
} LpadNmProfile;

/**
 * LpadNmChip: a chip that lpad shows.
 * @path: of its object
 * @mark: its name in marks, see lpad_nm_connection_hash_eid(); empty: it has not been read
 * @modem: the modem's folder below /sys; empty: it is in none
 * @ready: what it holds is known, and nobody changes it now
 * @enabled: (nullable): the ICCID of the enabled profile
 */
typedef struct
{
  char *path;
  char *mark;
  char *modem;
  gboolean ready;
  char *enabled;
  GPtrArray *profiles; /* of LpadNmProfile */
} LpadNmChip;

/**
 * lpad_nm_chips_read: asks lpad, which is not started for it. From then on lpad tells its signals, too.
 * Returns: (transfer container) (element-type LpadNmChip): empty when there is no lpad; NULL with the error
 */
GPtrArray *lpad_nm_chips_read (GDBusConnection *bus, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_nm_chips_parse: the chips among lpad's objects, a{oa{sa{sv}}}. */
GPtrArray *lpad_nm_chips_parse (GVariant *objects);

/** lpad_nm_chips_find: the chip whose object is at @path; NULL: there is none. */
const LpadNmChip *lpad_nm_chips_find (GPtrArray *chips, const char *path);

/** lpad_nm_chip_find_profile: NULL: it has none with this ICCID. */
const LpadNmProfile *lpad_nm_chip_find_profile (const LpadNmChip *chip, const char *iccid);

/** lpad_nm_chips_lack: whether lpad-nm has made @connection for a profile that its chip, one of @chips, no
 * longer has. */
gboolean lpad_nm_chips_lack (GPtrArray *chips, const LpadNmConnection *connection);

G_END_DECLS
