/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc-info.h"
#include "https.h"

G_BEGIN_DECLS

/**
 * LpadContext: what the procedures use beside the chip. Immutable, shared by all workers; lives as long as
 * any of them.
 * @trust: what lies in it may be replaced at any time
 */
typedef struct
{
  LpadNetConfig *net;
  LpadTrustSlot *trust;
  gboolean test_mode;
} LpadContext;

/** lpad_context_connect: a connection (not yet open) to @address that trusts what both the device and the
 * chip trust. */
LpadHttps *lpad_context_connect (const LpadContext *context,
                                 const char *address,
                                 const LpadEuiccInfo *info,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_context_reach: whether @address can be reached now, from the name to the end of the TLS handshake;
 * the connection is closed again. Nothing is asked of the server. Errors: those of lpad_context_connect() and
 * lpad_https_try()
 */
gboolean lpad_context_reach (const LpadContext *context,
                             const char *address,
                             const LpadEuiccInfo *info,
                             GCancellable *cancellable,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
