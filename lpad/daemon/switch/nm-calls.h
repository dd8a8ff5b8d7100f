/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc.h"

G_BEGIN_DECLS

/* What lpad-nm (org.lpad.Nm1) is told of a switch. It is not started when it does not run; what it cannot do
 * is logged and holds nothing up for more than some seconds. A chip that is in no modem is none of its
 * business. */

/** lpad_nm_prepare: before a switch. @done is called when NetworkManager is prepared, or is not going to be,
 * perhaps before this returns. @old_iccid, @new_iccid: digits; "": no profile */
void lpad_nm_prepare (LpadEuicc *euicc,
                      const char *old_iccid,
                      const char *new_iccid,
                      GSourceOnceFunc done,
                      gpointer user_data);

/** lpad_nm_end: after it. @iccid: of the profile that is enabled now */
void lpad_nm_end (LpadEuicc *euicc, const char *iccid);

G_END_DECLS
