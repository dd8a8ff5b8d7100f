/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lpad-bus.h"
#include "lpad-error.h"

G_BEGIN_DECLS

/**
 * LuiSession: one run of lui-cli: the options that every verb has, and the connection to lpad.
 * @euicc: which chip, as the user wrote it, or NULL
 * @agent: (nullable): asks for passwords, see lui_agent_start(); @agent_tried: it was started, or cannot be
 * @no_code: what is downloaded was not named by an activation code
 */
typedef struct
{
  gboolean json;
  gboolean verbose;
  char *euicc;
  gboolean no_code;
  gboolean agent_tried;
  GSubprocess *agent;
  GDBusConnection *connection;
  GDBusObjectManager *manager;
  LpadBusManager *daemon; /* the object at the root, once it has been asked for */
} LuiSession;

/** How long lpad may take for a call: chips are read when lpad starts, and polkit may ask the user. */
#define LUI_CALL_TIMEOUT_MSEC (120 * 1000)

void lui_session_clear (LuiSession *session);

/**
 * lui_session_connect: starts lpad if it does not run, and reads its objects.
 * Returns: FALSE with %G_DBUS_ERROR_SERVICE_UNKNOWN when there is no bus or no lpad, or the error that lpad
 * gave
 */
gboolean lui_session_connect (LuiSession *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_call_flags: whether polkit may ask the user: not when programs read the output. On a terminal somebody
 * is there from now on who asks: see lui_agent_start(). */
GDBusCallFlags lui_call_flags (LuiSession *session);

/** lui_session_manager: (transfer full): the object at the root, which is not among those that the object
 * manager lists. */
LpadBusManager *lui_session_manager (LuiSession *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_is_reading: whether lpad looks at a card now: which chips there are is not known yet. */
gboolean lui_is_reading (LpadBusManager *manager);

/** lui_session_known_euiccs: as lui_session_euiccs(), of those that lpad knows now: for who shows what is
 * being read, or comes again when it has been. */
GPtrArray *lui_session_known_euiccs (LuiSession *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_session_euiccs: (element-type LpadBusEuicc) (transfer container): those that --euicc names, or all, by
 * number, as soon as lpad has read all cards, which it is waited for half a minute at most. Returns NULL with
 * %LPAD_ERROR_NOT_FOUND when --euicc fits none, and %LPAD_ERROR_INVALID_ARGUMENTS when it fits several. */
GPtrArray *lui_session_euiccs (LuiSession *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_session_euicc: (transfer full): the one chip that is meant; an error when there is none, or when there
 * are several and --euicc does not say which. */
LpadBusEuicc *lui_session_euicc (LuiSession *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_session_profiles: (element-type LpadBusProfile) (transfer container): the profiles of @euicc in the
 * chip's order, hidden ones among them. */
GPtrArray *lui_session_profiles (LuiSession *session, LpadBusEuicc *euicc);

/** lui_session_hides: whether @profile is none that a user has to do with (SGP.22 2.4.5): a provisioning
 * profile, or a test profile outside test mode. */
gboolean lui_session_hides (LuiSession *session, LpadBusProfile *profile);

/** lui_session_notifications: (element-type LpadBusNotification) (transfer container): those of @euicc by
 * sequence number. */
GPtrArray *lui_session_notifications (LuiSession *session, LpadBusEuicc *euicc);

/** lui_session_profile: (transfer full): the one profile that @text names on the chips in question, see
 * lui_select_profile(). */
LpadBusProfile *
lui_session_profile (LuiSession *session, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lui_path_number: the number at the end of an object's path. */
guint64 lui_path_number (const char *path);

/** lui_euicc_place: where @euicc is, for a person: the reader's name, or the modem with its slot. */
char *lui_euicc_place (LpadBusEuicc *euicc);

/** lui_euicc_number: the number by which --euicc calls @euicc. */
guint lui_euicc_number (LpadBusEuicc *euicc);

/** lui_profile_euicc_number: the number of the chip that holds @profile. */
guint lui_profile_euicc_number (LpadBusProfile *profile);

G_END_DECLS
