/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libqmi-glib.h>

#include "dms.h"
#include "modem-error.h"

G_BEGIN_DECLS

/** LpadQmiSlot: what the modem says of a physical slot. Strings are "" when it says nothing. */
typedef struct
{
  gboolean active;
  gboolean known;   /* whether it says if there is a card */
  gboolean present; /* a card is in it */
  gboolean is_euicc;
  char *eid;
  char *iccid;
} LpadQmiSlot;

/** LpadQmiPort: a modem's QMI port, by way of the proxy, as one of its clients; other programs use it at the
 * same time. */
typedef struct _LpadQmiPort LpadQmiPort;

/** LpadQmiPortEvents: what a port tells. All in the main context of the thread. */
typedef struct
{
  /* slots: of LpadQmiSlot, in their order; for the first time when the port can be used */
  void (*slots) (GPtrArray *slots, gpointer user_data);
  /* reset: the card is being reset; all channels are gone */
  void (*reset) (gpointer user_data);
  /* refreshed: it is back */
  void (*refreshed) (gpointer user_data);
  /* gone: the modem has vanished, or never came; the port can only be freed */
  void (*gone) (const GError *error, gpointer user_data);
} LpadQmiPortEvents;

/**
 * lpad_qmi_port_new: begins to open @path, a device file. A qmi-proxy must be running already: libqmi would
 * start one as our child.
 * @events: copied
 */
LpadQmiPort *lpad_qmi_port_new (const char *path, const LpadQmiPortEvents *events, gpointer user_data);

/** lpad_qmi_port_free: nothing more is told, and requests that wait fail. */
void lpad_qmi_port_free (LpadQmiPort *port);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadQmiPort, lpad_qmi_port_free)

/**
 * lpad_qmi_port_client: number of our UIM client and of its next request; FALSE and an error while the port
 * cannot be used.
 */
gboolean lpad_qmi_port_client (LpadQmiPort *port, guint8 *cid, guint16 *transaction, GError **error);

/**
 * lpad_qmi_port_send: sends @request, which it takes over, and calls @done with a GTask-like result for
 * lpad_qmi_port_send_finish().
 */
void lpad_qmi_port_send (LpadQmiPort *port,
                         QmiMessage *request,
                         guint timeout_s,
                         GAsyncReadyCallback done,
                         gpointer user_data);

/** lpad_qmi_port_send_finish: the answer, whatever its result is; NULL and an error of LPAD_MODEM_ERROR when
 * none came. */
QmiMessage *lpad_qmi_port_send_finish (GObject *source, GAsyncResult *result, GError **error);

/** lpad_qmi_port_identity: who the modem is, from the first time that slots are told of. Returns: (nullable)
 */
const LpadDmsIdentity *lpad_qmi_port_identity (LpadQmiPort *port);

/** lpad_qmi_port_look: asks for the slots again and tells them: what the modem says by itself may be missing.
 */
void lpad_qmi_port_look (LpadQmiPort *port);

/** lpad_qmi_port_reset: lpad_dms_reset() of the modem; an error at once while the port cannot be used. */
void lpad_qmi_port_reset (LpadQmiPort *port, GAsyncReadyCallback done, gpointer user_data);

/** lpad_qmi_slot_free: frees one. */
void lpad_qmi_slot_free (LpadQmiSlot *slot);

G_END_DECLS
