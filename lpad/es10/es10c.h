/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel.h"
#include "profile.h"

G_BEGIN_DECLS

/** lpad_es10c_get_eid: SGP.22 5.7.20: 32 digits. Free with g_free(). */
char *lpad_es10c_get_eid (LpadChannel *channel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * LpadProfileId: how a command names a profile to the chip: by its ICCID, or by the AID of its ISD-P. Some
 * chips take only the one or the other in some commands.
 * @octets: borrowed
 */
typedef enum
{
  LPAD_PROFILE_ID_AID = 0x4f, /* the values are the tags */
  LPAD_PROFILE_ID_ICCID = 0x5a,
} LpadProfileIdKind;

typedef struct
{
  LpadProfileIdKind kind;
  GBytes *octets;
} LpadProfileId;

/**
 * LpadProfileQuery: which profiles to list, and what of them (SGP.22 5.7.15).
 * @id: (nullable): only this one; @by_class: only those of @profile_class; neither: all
 * @tags, @n_tags: tags of ProfileInfo to ask for; the ICCID always comes, too. NULL: what the chip deems
 * usual, with icons
 */
typedef struct
{
  const LpadProfileId *id;
  gboolean by_class;
  LpadProfileClass profile_class;
  const guint32 *tags;
  gsize n_tags;
} LpadProfileQuery;

/**
 * lpad_es10c_query_profiles: SGP.22 5.7.15. A chip that refuses the tag list (81 01) is asked again without
 * one. An entry that cannot be read is skipped with a warning. Returns: (element-type LpadProfile): in the
 * chip's order, empty when there is none
 */
GPtrArray *lpad_es10c_query_profiles (LpadChannel *channel,
                                      const LpadProfileQuery *query,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  LPAD_PROFILES_BRIEF, /* ICCID, state and class: enough to decide */
  LPAD_PROFILES_FULL,  /* all that a person wants to see, without icons */
} LpadProfilesWanted;

/** lpad_es10c_get_profiles_info: the usual questions: lpad_es10c_query_profiles() for all profiles. */
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
gboolean lpad_es10c_enable_profile (LpadChannel *channel,
                                    const LpadProfileId *profile,
                                    gboolean refresh,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean lpad_es10c_disable_profile (LpadChannel *channel,
                                     const LpadProfileId *profile,
                                     gboolean refresh,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean lpad_es10c_delete_profile (LpadChannel *channel,
                                    const LpadProfileId *profile,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

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

/** lpad_es10c_memory_reset: SGP.22 5.7.19. @options: at least one. Success says that the chip accepted the
 * command, as with the functions above. */
gboolean lpad_es10c_memory_reset (LpadChannel *channel,
                                  LpadResetOptions options,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
