/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel.h"
#include "profile.h"

G_BEGIN_DECLS

/** lpad_es10c_get_eid: SGP.22 5.7.20: 32 digits. Free with g_free(). */
char *lpad_es10c_get_eid (LpadChannel *channel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  LPAD_PROFILES_BRIEF, /* ICCID, state and class: enough to decide */
  LPAD_PROFILES_FULL,  /* all that a person wants to see, without icons */
} LpadProfilesWanted;

/**
 * lpad_es10c_get_profiles_info: SGP.22 5.7.15. A chip that refuses the tag list (81 01) is asked again
 * without one. An entry that cannot be read is skipped with a warning. Returns: (element-type LpadProfile):
 * in the chip's order, maybe empty
 */
GPtrArray *lpad_es10c_get_profiles_info (LpadChannel *channel,
                                         LpadProfilesWanted wanted,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es10c_get_icon: the icon of one profile; empty octets and %LPAD_ICON_NONE when it has none. */
GBytes *lpad_es10c_get_icon (LpadChannel *channel, GBytes *iccid, LpadIconType *type, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_es10c_enable_profile, lpad_es10c_disable_profile, lpad_es10c_delete_profile: SGP.22 5.7.16 to 5.7.18.
 * Success says that the chip accepted the command: what is true then must be read again.
 * @refresh: ask the chip for a REFRESH; the switch becomes effective with the reset that follows
 */
gboolean lpad_es10c_enable_profile (LpadChannel *channel, GBytes *iccid, gboolean refresh, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean lpad_es10c_disable_profile (LpadChannel *channel, GBytes *iccid, gboolean refresh, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean
lpad_es10c_delete_profile (LpadChannel *channel, GBytes *iccid, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_es10c_set_nickname: SGP.22 5.7.21; UTF-8 of at most LPAD_NICKNAME_MAX octets without control
 * characters, "" removes it. */
gboolean lpad_es10c_set_nickname (LpadChannel *channel, GBytes *iccid, const char *nickname, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  LPAD_RESET_OPERATIONAL_PROFILES = 1 << 0,
  LPAD_RESET_TEST_PROFILES = 1 << 1,
  LPAD_RESET_DEFAULT_SMDP_ADDRESS = 1 << 2,
} LpadResetOptions;

/** lpad_es10c_memory_reset: SGP.22 5.7.19. */
gboolean lpad_es10c_memory_reset (LpadChannel *channel,
                                  LpadResetOptions options,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
