/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * lui_releases_build: the option “releases” of Euicc.Download from entries such as eutran-epc:15. Whether
 * there is such a name is for lpad to say.
 * Returns: (transfer floating) (nullable): NULL with %LPAD_ERROR_INVALID_ARGUMENTS that names the entry
 */
GVariant *lui_releases_build (const char *const *entries, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_releases_add: adds what lui_releases_build() makes of @entries to the options of a call; nothing when
 * it is NULL. */
gboolean lui_releases_add (GVariantBuilder *options,
                           const char *const *entries,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
