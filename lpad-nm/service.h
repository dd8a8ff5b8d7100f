/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "follower.h"

G_BEGIN_DECLS

/**
 * LpadNmService: the object on the bus, and what lpad, NetworkManager and ModemManager tell. Each of the
 * three may be missing, and come and go.
 */
typedef struct _LpadNmService LpadNmService;

/** lpad_nm_service_new: exports the object; the name is the caller's. @context lives longer. */
LpadNmService *lpad_nm_service_new (const LpadNmContext *context, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_nm_service_free: puts back what was changed for a switch. */
void lpad_nm_service_free (LpadNmService *service);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadNmService, lpad_nm_service_free)

/** lpad_nm_is_iccid: whether @text is empty or has the form of an ICCID. */
gboolean lpad_nm_is_iccid (const char *text);

G_END_DECLS
