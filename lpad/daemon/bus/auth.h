/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "clients.h"

G_BEGIN_DECLS

/**
 * LpadAuth: who may do what: polkit, asked without blocking anything; in a build without it, root, lpad's own
 * user and the members of group lpad may do everything.
 */
typedef struct _LpadAuth LpadAuth;

/** lpad_auth_new: @clients and @activity live longer. */
LpadAuth *lpad_auth_new (GDBusConnection *connection, LpadClients *clients, LpadActivity *activity);
void lpad_auth_free (LpadAuth *auth);

/** LpadAuthCheckFunc: @error: NULL: allowed; else %LPAD_ERROR_NOT_AUTHORIZED or, when the client has left,
 * %LPAD_ERROR_CANCELLED. */
typedef void (*LpadAuthCheckFunc) (const GError *error, gpointer user_data);

/**
 * lpad_auth_check: whether the client @sender may do @action. @func is called once, later.
 * @interactive: polkit may ask the user
 */
void lpad_auth_check (LpadAuth *auth,
                      const char *sender,
                      const char *action,
                      gboolean interactive,
                      LpadAuthCheckFunc func,
                      gpointer user_data);

/** LpadAuthMethodFunc: the caller is allowed: answers @invocation, which it takes over. */
typedef void (*LpadAuthMethodFunc) (gpointer object, GDBusMethodInvocation *invocation, GVariant *parameters);

/**
 * lpad_auth_method: calls @func when the caller of @invocation (taken over) may call the method: the action
 * is the one that the interface's XML names. A caller that may not gets the error.
 * @object: a GObject, kept until then
 * @owner: (nullable): unique name of a client that needs no authorisation for methods that the XML says so of
 */
void lpad_auth_method (LpadAuth *auth,
                       GDBusMethodInvocation *invocation,
                       gpointer object,
                       const char *owner,
                       LpadAuthMethodFunc func);

G_END_DECLS
