/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "es10b.h"
#include "profile.h"

G_BEGIN_DECLS

/**
 * lpad_policy_check: whether the profile policy rules of @metadata are allowed on this chip (SGP.22 2.9.2.1).
 * @rat: (element-type LpadRatEntry): the chip's rules authorisation table
 * @operational_installed: whether the chip holds an operational profile already
 * @consent_required: (out): the user must be told and must agree strongly
 * Returns: FALSE with %LPAD_ERROR_POLICY_VIOLATION that says which rule
 */
gboolean lpad_policy_check (const LpadProfile *metadata,
                            GPtrArray *rat,
                            gboolean operational_installed,
                            gboolean *consent_required,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
