/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "download.h"

G_BEGIN_DECLS

/**
 * lpad_download_prompt_fill: initialises @prompt with what the user is asked about @offer (Operation.Prompt).
 * @code_missing, @rules_open: a confirmation code is not known yet; the policy rules have not been accepted
 * yet
 * @refused: (nullable): a confirmation code was refused: consent was given, only another code is needed
 */
void lpad_download_prompt_fill (GVariantDict *prompt,
                                const LpadOffer *offer,
                                gboolean code_missing,
                                gboolean rules_open,
                                const GError *refused);

G_END_DECLS
