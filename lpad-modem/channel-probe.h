/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "port.h"

G_BEGIN_DECLS

/** LpadChannelProbe: which logical channels of a card are open, a bit for each. */
typedef struct
{
  guint32 open;  /* whoever opened them, and whatever is selected */
  guint32 isd_r; /* of those, the ones on which an ISD-R answers */
} LpadChannelProbe;

/** LpadChannelProbeDone: @probe is NULL when the modem stopped answering. */
typedef void (*LpadChannelProbeDone) (const LpadChannelProbe *probe, gpointer user_data);

/**
 * lpad_channel_probe_all: asks each channel but those of @ours (a bit for each) for the EID, which does no
 * harm on any (SGP.22 v2.5, 5.7.20): one that is closed says so (6881, ETSI TS 102 221, 10.2.1.5), one on
 * which something else is selected refuses.
 */
void lpad_channel_probe_all (LpadPort *port, guint32 ours, LpadChannelProbeDone done, gpointer user_data);

/** LpadChannelProbeClosed: all have been tried. */
typedef void (*LpadChannelProbeClosed) (gpointer user_data);

/** lpad_channel_probe_close: closes each channel of @channels, a bit for each; that one is closed already is
 * fine. */
void lpad_channel_probe_close (LpadPort *port,
                               guint32 channels,
                               LpadChannelProbeClosed closed,
                               gpointer user_data);

G_END_DECLS
