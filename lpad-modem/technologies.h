/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Radio technologies of a modem, as org.lpad.Modem1.Slot names them: each once, in an order of their own. */

/** lpad_modem_technologies_from_qmi: @interfaces: (nullable): of QmiDmsRadioInterface. Unknown ones are left
 * out. */
char **lpad_modem_technologies_from_qmi (const GArray *interfaces);

/** lpad_modem_technologies_from_mbim: @classes: flags of MbimDataClass. Unknown ones are left out. */
char **lpad_modem_technologies_from_mbim (guint32 classes);

G_END_DECLS
