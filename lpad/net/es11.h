/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "es9.h"

G_BEGIN_DECLS

/* The functions of ES11 (SGP.22 5.8), by which an SM-DS tells what waits for a chip. They go to the paths of
 * ES9+: that is where devices in the field call them, and some SM-DSs know no other. There is no
 * CancelSession: the answer to AuthenticateClient ends the session on the side of the server. */

#define LPAD_ES11_EVENTS_MAX   64  /* in one answer */
#define LPAD_ES11_EVENT_ID_MAX 255 /* octets */

/**
 * LpadEs11Event: something that waits.
 * @event_id: what to ask for there: printable ASCII, not empty
 * @address: where: an SM-DP+ or another SM-DS; normalised, see lpad_address_normalise()
 */
typedef struct
{
  char *event_id;
  char *address;
} LpadEs11Event;

void lpad_es11_event_free (LpadEs11Event *event);

/** lpad_es11_initiate_authentication: SGP.22 5.8.1; see lpad_es9_initiate_authentication(). */
LpadEs9Authentication *lpad_es11_initiate_authentication (LpadHttps *https,
                                                          GBytes *challenge,
                                                          GBytes *euicc_info1,
                                                          GCancellable *cancellable,
                                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_es11_authenticate_client: SGP.22 5.8.2.
 * @n_unusable: (out): entries left out because lpad would not connect to their address, or not repeat their
 * identifier
 * Returns: (element-type LpadEs11Event) (nullable): what waits; empty when nothing does, which an SM-DS says
 * with an empty list or with 8.9.5/3.9
 */
GPtrArray *lpad_es11_authenticate_client (LpadHttps *https,
                                          GBytes *transaction_id,
                                          GBytes *authenticate_server_response,
                                          guint *n_unusable,
                                          GCancellable *cancellable,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadEs11Event, lpad_es11_event_free)

G_END_DECLS
