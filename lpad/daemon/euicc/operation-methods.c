/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "operation-methods.h"

#include "bus-error.h"
#include "options.h"

/* The options of a call that knows none; whether the operation waits for an answer. Answers the call if not.
 */
static gboolean
check_answer (LpadOperation *operation, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (parameters, 0);
  g_autoptr (GError) error = NULL;

  if (lpad_options_none (options, &error) && lpad_operation_check_waiting (operation, &error))
    return TRUE;
  lpad_bus_error_return (invocation, error);
  return FALSE;
}

static void
on_may_confirm (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  LpadOperation *operation = LPAD_OPERATION (user_data);
  g_autoptr (GVariant) options = g_variant_get_child_value (parameters, 0);
  g_autoptr (GError) error = NULL;

  if (lpad_operation_confirm (operation, options, &error))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    lpad_bus_error_return (invocation, error);
}

static void
on_may_reject (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  LpadOperation *operation = LPAD_OPERATION (user_data);

  if (!check_answer (operation, invocation, parameters))
    return;
  g_dbus_method_invocation_return_value (invocation, NULL);
  lpad_operation_dismiss (operation, LPAD_DISMISS_REJECTED);
}

static void
on_may_postpone (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  LpadOperation *operation = LPAD_OPERATION (user_data);
  g_autoptr (GError) error = NULL;

  if (!check_answer (operation, invocation, parameters))
    return;
  if (!lpad_operation_check_postponable (operation, &error))
    {
      lpad_bus_error_return (invocation, error);
      return;
    }
  g_dbus_method_invocation_return_value (invocation, NULL);
  lpad_operation_dismiss (operation, LPAD_DISMISS_POSTPONED);
}

static void
on_may_cancel (gpointer user_data, GDBusMethodInvocation *invocation, GVariant *parameters)
{
  LpadOperation *operation = LPAD_OPERATION (user_data);
  g_autoptr (GVariant) options = g_variant_get_child_value (parameters, 0);
  g_autoptr (GError) error = NULL;

  if (!lpad_options_none (options, &error) || !lpad_operation_check_cancellable (operation, &error))
    {
      lpad_bus_error_return (invocation, error);
      return;
    }
  g_dbus_method_invocation_return_value (invocation, NULL);
  lpad_operation_cancel (operation);
}

static void
authorise (LpadBusOperation *interface, GDBusMethodInvocation *invocation, LpadAuthMethodFunc allowed)
{
  LpadOperation *operation = LPAD_OPERATION (interface);
  LpadCore *core = lpad_euicc_core (lpad_operation_euicc (operation));

  lpad_auth_method (core->auth, invocation, operation, lpad_operation_sender (operation), allowed);
}

static gboolean
handle_confirm (LpadBusOperation *interface, GDBusMethodInvocation *invocation, GVariant *options)
{
  authorise (interface, invocation, on_may_confirm);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_reject (LpadBusOperation *interface, GDBusMethodInvocation *invocation, GVariant *options)
{
  authorise (interface, invocation, on_may_reject);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_postpone (LpadBusOperation *interface, GDBusMethodInvocation *invocation, GVariant *options)
{
  authorise (interface, invocation, on_may_postpone);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_cancel (LpadBusOperation *interface, GDBusMethodInvocation *invocation, GVariant *options)
{
  authorise (interface, invocation, on_may_cancel);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

void
lpad_operation_methods_init (LpadBusOperationIface *iface)
{
  iface->handle_confirm = handle_confirm;
  iface->handle_reject = handle_reject;
  iface->handle_postpone = handle_postpone;
  iface->handle_cancel = handle_cancel;
}
