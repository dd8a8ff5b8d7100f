/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "chip.h"
#include "es9.h"
#include "profile.h"

G_BEGIN_DECLS

/**
 * LpadOffer: what the server offers: what a person must see before consenting. Atomic reference counting;
 * immutable once lpad_offer_check() has returned.
 * @metadata: names, icon, class, owner, rules
 * @policy_rules_consent: the rules need the user's strong consent
 */
typedef struct
{
  char *smdp_address;
  LpadProfile *metadata;
  gboolean confirmation_code_required;
  gboolean policy_rules_consent;
} LpadOffer;

/**
 * lpad_offer_new: reads what the server @smdp_address answered.
 * Returns: (nullable): NULL with %LPAD_ERROR_PROTOCOL_ERROR when the metadata cannot be read or its ICCID has
 * not ten octets
 */
LpadOffer *lpad_offer_new (const char *smdp_address,
                           const LpadEs9ClientAnswer *answer,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_offer_check: what the LPA must know before it may show the offer to anybody (SGP.22 3.1.3, steps 6 and
 * 7): that the profile is not on @chip already, is of a class for this device, and has no policy rule that
 * the chip forbids or does not grant. @info: the EUICCInfo2 of @chip. Returns: FALSE with
 * %LPAD_ERROR_PROFILE_EXISTS or %LPAD_ERROR_POLICY_VIOLATION, whose details have the CancelSession reason, or
 * with the chip's error
 */
gboolean lpad_offer_check (LpadOffer *offer,
                           LpadChip *chip,
                           const LpadEuiccInfo *info,
                           gboolean test_mode,
                           GCancellable *cancellable,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

LpadOffer *lpad_offer_ref (LpadOffer *offer);
void lpad_offer_unref (LpadOffer *offer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadOffer, lpad_offer_unref)

G_END_DECLS
