/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** By what a user can name a chip; strings may be NULL. */
typedef struct
{
  guint number;
  const char *eid;
  const char *device;
  const char *place; /* with the slot, as it is shown */
} LuiChipName;

/** By what a user can name a profile; strings may be NULL. @hidden: by the whole ICCID only */
typedef struct
{
  const char *iccid;
  const char *nickname;
  const char *name;
  gboolean hidden;
} LuiProfileName;

/** Fewest digits that stand for a whole ICCID or EID: fewer are too easily another's. */
#define LUI_SUFFIX_MIN 4

/**
 * lui_select_euicc: finds the chip that @text names: its number (up to three digits), its EID or the last
 * digits of it (at least four), or a part of the
 * name of its reader or modem, also with the slot, in any case.
 * @index: (out): its place in @chips
 * Returns: FALSE with %LPAD_ERROR_NOT_FOUND, or %LPAD_ERROR_INVALID_ARGUMENTS when several fit
 */
gboolean lui_select_euicc (const char *text,
                           const LuiChipName *const *chips,
                           guint n_chips,
                           guint *index,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lui_select_profile: finds the profile that @text names: its ICCID; else its nickname; else its name; else
 * the last digits of its ICCID (at least four). The first of these that fits any decides.
 * @index: (out): its place in @profiles
 * Returns: FALSE with %LPAD_ERROR_NOT_FOUND, or %LPAD_ERROR_INVALID_ARGUMENTS when several fit
 */
gboolean lui_select_profile (const char *text,
                             const LuiProfileName *const *profiles,
                             guint n_profiles,
                             guint *index,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
