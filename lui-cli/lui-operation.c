/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-operation.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>

#include "lui-failure.h"
#include "lui-output.h"
#include "lui-trial.h"
#include "names.h"

struct _LuiOperation
{
  LuiSession *session;
  LuiTerminal *terminal;
  LpadBusOperation *proxy;
  gboolean interrupted;
  GVariant *answered; /* the prompt that has been answered, until the state changes */
  GVariant *result;   /* once it has finished; the proxy forgets it when lpad leaves the bus */
};

static const char *
state_of (LuiOperation *operation)
{
  return lui_or (lpad_bus_operation_get_state (operation->proxy), "");
}

static gboolean
has_finished (LuiOperation *operation)
{
  if (operation->result == NULL && g_str_equal (state_of (operation), "finished"))
    operation->result = lpad_bus_operation_dup_result (operation->proxy);
  return operation->result != NULL;
}

static gboolean
is_gone (LuiOperation *operation)
{
  g_autofree char *owner = g_dbus_proxy_get_name_owner (G_DBUS_PROXY (operation->proxy));

  return owner == NULL || g_dbus_connection_is_closed (operation->session->connection);
}

LpadBusOperation *
lui_operation_proxy (LuiOperation *operation)
{
  return operation->proxy;
}

gboolean
lui_operation_pointless (gpointer operation)
{
  LuiOperation *self = operation;

  return self->interrupted || is_gone (self) || !g_str_equal (state_of (self), "waiting");
}

static void
show_progress (LuiOperation *operation)
{
  const char *state = state_of (operation);
  const char *stage
      = g_str_equal (state, "queued") ? "queued" : lpad_bus_operation_get_stage (operation->proxy);

  if (operation->session->json || g_str_equal (state, "waiting"))
    return;
  if (g_str_equal (state, "finished") || lui_or (stage, NULL) == NULL)
    return;
  lui_terminal_progress (operation->terminal,
                         stage,
                         lpad_bus_operation_get_progress (operation->proxy),
                         lpad_bus_operation_get_bytes_done (operation->proxy),
                         lpad_bus_operation_get_bytes_total (operation->proxy));
}

static void
on_properties_changed (GDBusProxy *proxy,
                       GVariant *changed,
                       const char *const *invalidated,
                       gpointer user_data)
{
  LuiOperation *operation = user_data;

  if (!g_str_equal (state_of (operation), "waiting"))
    g_clear_pointer (&operation->answered, g_variant_unref);
  if (!has_finished (operation))
    show_progress (operation);
}

/* The decision is left to lpad. */
static void
leave_trial (LuiOperation *operation)
{
  GVariant *prompt = lpad_bus_operation_get_prompt (operation->proxy);
  g_autofree char *farewell = NULL;

  if (!g_str_equal (state_of (operation), "waiting") || prompt == NULL || !lui_trial_is (prompt))
    return;
  farewell = lui_trial_farewell (prompt);
  lui_terminal_progress_end (operation->terminal);
  lui_terminal_restore (operation->terminal);
  g_printerr ("%s\n", farewell);
  exit (LUI_EXIT_INTERRUPTED);
}

static void
on_cancelled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (lpad_bus_operation_call_cancel_finish (LPAD_BUS_OPERATION (source), result, &error))
    return;
  g_dbus_error_strip_remote_error (error);
  g_printerr ("It is not cancelled: %s\n", error->message);
}

static gboolean
on_interrupt (gpointer user_data)
{
  LuiOperation *operation = user_data;

  if (operation->interrupted)
    {
      lui_terminal_restore (operation->terminal);
      exit (LUI_EXIT_INTERRUPTED);
    }
  leave_trial (operation);
  operation->interrupted = TRUE;
  lui_terminal_progress_end (operation->terminal);
  g_printerr ("Cancelling (Ctrl-C once more leaves at once) ...\n");
  lpad_bus_operation_call_cancel (operation->proxy,
                                  g_variant_new ("a{sv}", NULL),
                                  G_DBUS_CALL_FLAGS_NONE,
                                  LUI_CALL_TIMEOUT_MSEC,
                                  NULL,
                                  on_cancelled,
                                  NULL);
  return G_SOURCE_CONTINUE;
}

static gboolean
postpone (LuiOperation *operation, GVariant *prompt, gpointer user_data, GError **error)
{
  return lpad_bus_operation_call_postpone_sync (operation->proxy,
                                                g_variant_new ("a{sv}", NULL),
                                                G_DBUS_CALL_FLAGS_NONE,
                                                LUI_CALL_TIMEOUT_MSEC,
                                                NULL,
                                                error);
}

/* Asks once for each prompt. An answer that came too late is no error: the result tells what happened. */
static gboolean
answer (LuiOperation *operation, LuiPromptFunc prompt_func, gpointer user_data, GError **error)
{
  g_autoptr (GVariant) prompt = lpad_bus_operation_dup_prompt (operation->proxy);
  g_autoptr (GError) local = NULL;

  if (prompt == NULL || g_variant_n_children (prompt) == 0 || operation->answered != NULL)
    return TRUE;
  operation->answered = g_variant_ref (prompt);
  lui_terminal_progress_end (operation->terminal);
  if (lui_trial_is (prompt) ? lui_trial_answer (operation->session,
                                                operation->terminal,
                                                operation->proxy,
                                                prompt,
                                                lui_operation_pointless,
                                                operation,
                                                &local)
                            : prompt_func (operation, prompt, user_data, &local))
    return TRUE;
  if (lui_operation_pointless (operation))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static GVariant *
follow (LuiOperation *operation, LuiPromptFunc prompt, gpointer user_data, GError **error)
{
  show_progress (operation);
  while (!has_finished (operation))
    {
      if (is_gone (operation))
        {
          g_set_error (error,
                       G_DBUS_ERROR,
                       G_DBUS_ERROR_SERVICE_UNKNOWN,
                       "lpad has ended while the operation ran; lui-cli status shows what became of it.");
          return NULL;
        }
      if (g_str_equal (state_of (operation), "waiting") && !operation->interrupted
          && !answer (operation, prompt, user_data, error))
        return NULL;
      if (has_finished (operation))
        break;
      g_main_context_iteration (NULL, TRUE);
    }
  return g_steal_pointer (&operation->result);
}

GVariant *
lui_operation_run (LuiSession *session,
                   LuiTerminal *terminal,
                   const char *path,
                   LuiPromptFunc prompt,
                   gpointer user_data,
                   GError **error)
{
  LuiOperation operation = { .session = session, .terminal = terminal };
  g_autoptr (GVariant) result = NULL;
  guint interrupt, terminate;

  operation.proxy = lpad_bus_operation_proxy_new_sync (
      session->connection, G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, LPAD_BUS_NAME, path, NULL, error);
  if (operation.proxy == NULL)
    return NULL;
  g_signal_connect (operation.proxy, "g-properties-changed", G_CALLBACK (on_properties_changed), &operation);
  interrupt = g_unix_signal_add (SIGINT, on_interrupt, &operation);
  terminate = g_unix_signal_add (SIGTERM, on_interrupt, &operation);

  result = follow (&operation, prompt == NULL ? postpone : prompt, user_data, error);

  g_source_remove (interrupt);
  g_source_remove (terminate);
  if (result != NULL && !lui_result_failed (result))
    lui_terminal_progress_complete (terminal);
  else
    lui_terminal_progress_end (terminal);
  g_signal_handlers_disconnect_by_data (operation.proxy, &operation);
  g_clear_pointer (&operation.answered, g_variant_unref);
  g_clear_pointer (&operation.result, g_variant_unref);
  g_object_unref (operation.proxy);
  return g_steal_pointer (&result);
}
