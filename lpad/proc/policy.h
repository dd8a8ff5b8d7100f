/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "es10b.h"
#include "profile.h"

G_BEGIN_DECLS

/**
 * LpadPolicyGround: what a chip has to say about the rules of a profile that is new to it.
 * @rat: (element-type LpadRatEntry): its rules authorisation table; empty: it grants no rule to anybody
 * @forbidden: rules that it takes from nobody (forbiddenProfilePolicyRules of EUICCInfo2)
 * @operational_installed: whether it holds an operational profile already
 */
typedef struct
{
  GPtrArray *rat;
  guint64 forbidden;
  gboolean operational_installed;
} LpadPolicyGround;

/**
 * lpad_policy_check: whether the profile policy rules of @metadata are allowed on this chip (SGP.22 2.9.2.1).
 * @consent_required: (out): the user must be told and must agree strongly
 * Returns: FALSE with %LPAD_ERROR_POLICY_VIOLATION that says which rule
 */
gboolean lpad_policy_check (const LpadProfile *metadata,
                            const LpadPolicyGround *ground,
                            gboolean *consent_required,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
