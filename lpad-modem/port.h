/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "card-watch.h"
#include "modem-error.h"

G_BEGIN_DECLS

/**
 * LpadPort: the seam between the slots of a modem and the protocol of its control port. One is opened by way
 * of a proxy, as one of the port's users. All functions are asynchronous, in the main context of the thread.
 */
typedef struct _LpadPort LpadPort;

/** LPAD_PORT_CHANNEL_MAX: the highest logical channel (ETSI TS 102 221, 10.1.1). */
#define LPAD_PORT_CHANNEL_MAX 19

/** LPAD_PORT_ANSWER_MAX: octets of the longest answer of a card: 256 and the status word. */
#define LPAD_PORT_ANSWER_MAX 258

/** LpadPortIdentity: who the modem is; "" for what it does not say, or says wrongly. */
typedef struct
{
  char *imei;          /* 14 to 16 digits */
  char *revision;      /* of its firmware */
  char **technologies; /* of its radio, see technologies.h */
} LpadPortIdentity;

/** lpad_port_identity_free: frees one. */
void lpad_port_identity_free (LpadPortIdentity *identity);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadPortIdentity, lpad_port_identity_free)

/** LpadPortAnswer: what a request has yielded; a field that is not said to be there is 0 or NULL. */
typedef struct
{
  guint8 channel;
  GBytes *octets;
} LpadPortAnswer;

/** LpadPortDone: @answer is NULL and @error is of %LPAD_MODEM_ERROR when the request has failed. It may be
 * called before the request's function returns. */
typedef void (*LpadPortDone) (const LpadPortAnswer *answer, const GError *error, gpointer user_data);

/** LpadPortClass: a protocol. The functions are those that are documented below, without their checks. */
typedef struct
{
  const char *transport;
  void (*free) (LpadPort *port);
  void (*open_channel) (LpadPort *port, GBytes *aid, LpadPortDone done, gpointer user_data);
  void (*transmit) (LpadPort *port, guint8 channel, GBytes *command, LpadPortDone done, gpointer user_data);
  void (*close_channel) (LpadPort *port, guint8 channel, LpadPortDone done, gpointer user_data);
  /* optional: without it lost channels have to be looked for */
  void (*close_ours) (LpadPort *port, LpadPortDone done, gpointer user_data);
  void (*power_cycle) (LpadPort *port, LpadPortDone done, gpointer user_data);
  void (*reset) (LpadPort *port, LpadPortDone done, gpointer user_data);
  void (*look) (LpadPort *port);
} LpadPortClass;

/** LpadPortGone: the modem has vanished, or never came; the port can only be freed. */
typedef void (*LpadPortGone) (const GError *error, gpointer user_data);

/** LpadPortEvents: what a port tells. The slots are told for the first time when the port can be used. */
typedef struct
{
  LpadCardEvents card;
  LpadPortGone gone;
} LpadPortEvents;

/* What all protocols have in common; for them alone. */
struct _LpadPort
{
  const LpadPortClass *class;
  LpadPortEvents events;
  gpointer user_data;
  GCancellable *cancellable;
  LpadCardWatch *watch;
  LpadPortIdentity *identity;
  guint idle;
};

/** lpad_port_init: for a protocol: begins to be one. */
void
lpad_port_init (LpadPort *port, const LpadPortClass *class, const LpadPortEvents *events, gpointer user_data);

/** lpad_port_gone: for a protocol: tells it. */
void lpad_port_gone (LpadPort *port, const GError *error);

/** lpad_port_gone_later: for a protocol that cannot be begun: tells it when its user has the port. */
void lpad_port_gone_later (LpadPort *port, const char *why);

/** lpad_port_is_cancelled: for a protocol: whether @error says that the port has been freed meanwhile: then
 * nothing of it may be touched. */
gboolean lpad_port_is_cancelled (const GError *error);

/** lpad_port_removed: for a protocol: tells that the device has gone. */
void lpad_port_removed (LpadPort *port);

/* How long modems are waited for, in seconds, whatever the protocol. */
#define LPAD_PORT_DEVICE_TIMEOUT 15
#define LPAD_PORT_SETUP_TIMEOUT  10
#define LPAD_PORT_OPEN_TIMEOUT   20
#define LPAD_PORT_APDU_TIMEOUT   120 /* a chip may need this for the last segment of a package */
#define LPAD_PORT_CLOSE_TIMEOUT  5
#define LPAD_PORT_RESET_TIMEOUT  20

/** LpadPortRequest: for a protocol: a request that the modem has not answered. When it has been cancelled,
 * @port is not there any more. Freed with g_free(). */
typedef struct
{
  LpadPort *port;
  LpadPortDone done;
  gpointer user_data;
} LpadPortRequest;

LpadPortRequest *lpad_port_request_new (LpadPort *port, LpadPortDone done, gpointer user_data);

/** lpad_port_request_failed: for a protocol: turns @failure, the reason why no answer came, into @error.
 * Returns: whether the request has been cancelled */
gboolean lpad_port_request_failed (const GError *failure, GError **error);

/** lpad_port_request_end: for a protocol: tells @answer, or @error if it is there. */
void
lpad_port_request_end (const LpadPortRequest *request, const LpadPortAnswer *answer, const GError *error);

/** lpad_port_not_ready: for a protocol: ends a request that cannot be sent yet. */
void lpad_port_not_ready (LpadPortDone done, gpointer user_data);

/** lpad_port_free: nothing more is told, and requests that wait fail. */
void lpad_port_free (LpadPort *port);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadPort, lpad_port_free)

/** lpad_port_transport: "qmi" or "mbim" */
const char *lpad_port_transport (LpadPort *port);

/** lpad_port_identity: who the modem is, from the first time that slots are told of. Returns: (nullable) */
const LpadPortIdentity *lpad_port_identity (LpadPort *port);

/**
 * lpad_port_open_channel: opens a channel and selects @aid on it.
 * The answer: the channel, 1 to %LPAD_PORT_CHANNEL_MAX, and what the card has said of the application.
 */
void lpad_port_open_channel (LpadPort *port, GBytes *aid, LpadPortDone done, gpointer user_data);

/** lpad_port_transmit: sends @command on @channel. The answer: the card's, two to %LPAD_PORT_ANSWER_MAX
 * octets. */
void
lpad_port_transmit (LpadPort *port, guint8 channel, GBytes *command, LpadPortDone done, gpointer user_data);

/** lpad_port_close_channel: closes @channel. */
void lpad_port_close_channel (LpadPort *port, guint8 channel, LpadPortDone done, gpointer user_data);

/** lpad_port_knows_ours: whether the modem remembers which channels were opened by us, across our restarts.
 */
gboolean lpad_port_knows_ours (LpadPort *port);

/** lpad_port_close_ours: closes all of those. */
void lpad_port_close_ours (LpadPort *port, LpadPortDone done, gpointer user_data);

/** lpad_port_power_cycle: takes the power off the card and gives it back. */
void lpad_port_power_cycle (LpadPort *port, LpadPortDone done, gpointer user_data);

/** lpad_port_reset: lets the modem start anew; it then vanishes and comes back. */
void lpad_port_reset (LpadPort *port, LpadPortDone done, gpointer user_data);

/** lpad_port_look: asks for the slots again and tells them: what the modem says by itself may be missing. */
void lpad_port_look (LpadPort *port);

G_END_DECLS
