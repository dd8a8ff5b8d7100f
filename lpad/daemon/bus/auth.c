/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth.h"

#include "auth-backend.h"
#include "bus-error.h"
#include "names.h"

struct _LpadAuth
{
  LpadAuthBackend *backend;
  LpadClients *clients;
  LpadActivity *activity;
};

typedef struct
{
  LpadAuth *auth;
  char *sender;
  GCancellable *cancellable;
  gulong vanished_handler;
  LpadAuthCheckFunc func;
  gpointer user_data;
} Check;

typedef struct
{
  GDBusMethodInvocation *invocation;
  GObject *object;
  LpadAuthMethodFunc func;
} MethodCall;

static void
on_client_vanished (LpadClients *clients, const char *name, gpointer user_data)
{
  Check *check = user_data;

  if (g_str_equal (name, check->sender))
    g_cancellable_cancel (check->cancellable);
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Check *check = user_data;
  g_autoptr (GError) error = NULL;

  if (!lpad_auth_backend_check_finish (result, &error)
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    lpad_error_wrap (&error, "The caller left");

  g_signal_handler_disconnect (check->auth->clients, check->vanished_handler);
  check->func (error, check->user_data);
  lpad_activity_release (check->auth->activity);
  g_object_unref (check->cancellable);
  g_free (check->sender);
  g_free (check);
}

LpadAuth *
lpad_auth_new (GDBusConnection *connection, LpadClients *clients, LpadActivity *activity)
{
  LpadAuth *auth = g_new0 (LpadAuth, 1);

  auth->backend = lpad_auth_backend_new (connection);
  auth->clients = clients;
  auth->activity = activity;
  return auth;
}

void
lpad_auth_free (LpadAuth *auth)
{
  if (auth == NULL)
    return;
  lpad_auth_backend_free (auth->backend);
  g_free (auth);
}

void
lpad_auth_check (LpadAuth *auth,
                 const char *sender,
                 const char *action,
                 gboolean interactive,
                 LpadAuthCheckFunc func,
                 gpointer user_data)
{
  Check *check = g_new0 (Check, 1);

  check->auth = auth;
  check->sender = g_strdup (sender);
  check->cancellable = g_cancellable_new ();
  check->func = func;
  check->user_data = user_data;
  lpad_activity_hold (auth->activity);
  lpad_clients_add (auth->clients, sender);
  check->vanished_handler
      = g_signal_connect (auth->clients, "vanished", G_CALLBACK (on_client_vanished), check);
  lpad_auth_backend_check (auth->backend, sender, action, interactive, check->cancellable, on_checked, check);
}

static void
end_method_call (MethodCall *call)
{
  g_object_unref (call->object);
  g_free (call);
}

static void
on_method_checked (const GError *error, gpointer user_data)
{
  MethodCall *call = user_data;

  if (error != NULL)
    lpad_bus_error_return (call->invocation, error);
  else
    call->func (call->object, call->invocation, g_dbus_method_invocation_get_parameters (call->invocation));
  end_method_call (call);
}

void
lpad_auth_method (LpadAuth *auth,
                  GDBusMethodInvocation *invocation,
                  gpointer object,
                  const char *owner,
                  LpadAuthMethodFunc func)
{
  const GDBusMethodInfo *info = g_dbus_method_invocation_get_method_info (invocation);
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  GDBusMessage *message = g_dbus_method_invocation_get_message (invocation);
  const char *action = g_dbus_annotation_info_lookup (info->annotations, LPAD_BUS_ANNOTATION_POLKIT_ACTION);
  const char *owner_may = g_dbus_annotation_info_lookup (info->annotations, LPAD_BUS_ANNOTATION_OWNER_MAY);
  MethodCall *call;

  /* A method for which the XML names no action is for nobody. */
  g_return_if_fail (action != NULL);

  call = g_new0 (MethodCall, 1);
  call->invocation = invocation;
  call->object = g_object_ref (object);
  call->func = func;
  lpad_clients_add (auth->clients, sender);
  if (owner != NULL && g_strcmp0 (owner_may, "true") == 0 && g_str_equal (owner, sender))
    {
      lpad_activity_touch (auth->activity);
      on_method_checked (NULL, call);
      return;
    }
  lpad_auth_check (auth,
                   sender,
                   action,
                   g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION,
                   on_method_checked,
                   call);
}
