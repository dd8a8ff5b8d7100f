/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc.h"

G_BEGIN_DECLS

/** LpadProfileObject: a profile on the bus. */
#define LPAD_TYPE_PROFILE_OBJECT (lpad_profile_object_get_type ())
G_DECLARE_FINAL_TYPE (LpadProfileObject, lpad_profile_object, LPAD, PROFILE_OBJECT, LpadBusProfileSkeleton)

/** lpad_profile_object_new: puts @profile on the bus; @number is the last part of its path. */
LpadProfileObject *lpad_profile_object_new (LpadEuicc *euicc, guint number, const LpadProfile *profile);

/** lpad_profile_object_update: what the chip says now; the ICCID is the same. */
void lpad_profile_object_update (LpadProfileObject *object, const LpadProfile *profile);
const char *lpad_profile_object_path (LpadProfileObject *object);

/** lpad_profile_object_owner: Profile.Owner of @profile (floating). */
GVariant *lpad_profile_object_owner (const LpadProfile *profile);

G_END_DECLS
