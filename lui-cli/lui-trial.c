/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-trial.h"

#include <string.h>

#include "lui-output.h"
#include "names.h"

gboolean
lui_trial_is (GVariant *prompt)
{
  const char *what;

  return g_variant_lookup (prompt, "waits-for", "&s", &what);
}

static const char *
member (GVariant *prompt, const char *name)
{
  const char *text = "";

  g_variant_lookup (prompt, name, "&s", &text);
  return text;
}

static gint64
deadline_of (GVariant *prompt)
{
  guint64 deadline = 0;

  g_variant_lookup (prompt, "deadline", "t", &deadline);
  return (gint64) MIN (deadline, (guint64) G_MAXINT64);
}

static gboolean
is_asked (GVariant *prompt)
{
  return g_str_equal (member (prompt, "waits-for"), "confirmation");
}

char *
lui_trial_line (GVariant *prompt, gint64 now)
{
  gint64 left = MAX (deadline_of (prompt) - now, 0);

  return g_strdup_printf (is_asked (prompt)
                              ? "Waiting for a confirmation; lpad goes back in %" G_GINT64_FORMAT " s"
                              : "Waiting for the network; lpad goes back in %" G_GINT64_FORMAT " s",
                          left);
}

static char *
clock_time (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (seconds);

  return time != NULL ? g_date_time_format (time, "%H:%M:%S") : g_strdup ("?");
}

char *
lui_trial_farewell (GVariant *prompt)
{
  g_autofree char *until = clock_time (deadline_of (prompt));
  g_autofree char *iccid = lui_clean (member (prompt, "new-iccid"));

  return g_strdup_printf (
      is_asked (prompt) ? "The new profile is on trial: lpad goes back at %s. To keep it: lui-cli enable %s"
                        : "The new profile is on trial: lpad goes back at %s if it has not registered by "
                          "then. To keep it: lui-cli enable %s",
      until,
      iccid);
}

typedef struct
{
  LuiTerminal *terminal;
  GVariant *prompt;
  gboolean shown;
} Countdown;

static gboolean
on_second (gpointer user_data)
{
  Countdown *countdown = user_data;
  g_autofree char *line = lui_trial_line (countdown->prompt, g_get_real_time () / G_USEC_PER_SEC);

  lui_terminal_status (countdown->terminal, line, countdown->shown);
  countdown->shown = TRUE;
  return G_SOURCE_CONTINUE;
}

/* Until somebody else has decided. */
static void
count_down (LuiSession *session,
            LuiTerminal *terminal,
            GVariant *prompt,
            LuiStopFunc stop,
            gpointer user_data)
{
  Countdown countdown = { terminal, prompt, FALSE };
  guint timer = 0;

  if (!session->json)
    {
      on_second (&countdown);
      timer = g_timeout_add_seconds (1, on_second, &countdown);
    }
  while (!stop (user_data))
    g_main_context_iteration (NULL, TRUE);
  if (timer != 0)
    g_source_remove (timer);
  lui_terminal_progress_end (terminal);
}

typedef gboolean (*AnswerFunc) (LpadBusOperation *operation,
                                GVariant *options,
                                GDBusCallFlags flags,
                                int timeout_msec,
                                GCancellable *cancellable,
                                GError **error);

/* NULL: nobody has said anything */
static AnswerFunc
ask (LuiTerminal *terminal, GVariant *prompt, LuiStopFunc stop, gpointer user_data)
{
  g_autofree char *question = g_strdup_printf (
      "The new profile is in use. Keep it? Without an answer lpad goes back in %" G_GINT64_FORMAT " s. [y/n]",
      MAX (deadline_of (prompt) - g_get_real_time () / G_USEC_PER_SEC, 0));

  while (!stop (user_data))
    {
      g_autofree char *answer = lui_terminal_ask (terminal, question, FALSE, stop, user_data);

      if (answer == NULL)
        return NULL;
      if (g_ascii_strcasecmp (answer, "y") == 0 || g_ascii_strcasecmp (answer, "yes") == 0)
        return lpad_bus_operation_call_confirm_sync;
      if (g_ascii_strcasecmp (answer, "n") == 0 || g_ascii_strcasecmp (answer, "no") == 0)
        return lpad_bus_operation_call_reject_sync;
    }
  return NULL;
}

gboolean
lui_trial_answer (LuiSession *session,
                  LuiTerminal *terminal,
                  LpadBusOperation *operation,
                  GVariant *prompt,
                  LuiStopFunc stop,
                  gpointer user_data,
                  GError **error)
{
  AnswerFunc answer = NULL;

  if (is_asked (prompt) && !session->json && lui_terminal_can_ask (terminal))
    answer = ask (terminal, prompt, stop, user_data);
  if (answer != NULL)
    return answer (operation,
                   g_variant_new ("a{sv}", NULL),
                   lui_call_flags (session),
                   LUI_CALL_TIMEOUT_MSEC,
                   NULL,
                   error);
  count_down (session, terminal, prompt, stop, user_data);
  return TRUE;
}

GVariant *
lui_trial_find (LuiSession *session, LpadBusEuicc *euicc)
{
  g_autolist (GDBusObject) objects = g_dbus_object_manager_get_objects (session->manager);

  for (GList *l = objects; l != NULL; l = l->next)
    {
      g_autoptr (GDBusInterface)
          interface = g_dbus_object_get_interface (l->data, "org.lpad.Lpad1.Operation");
      GVariant *prompt
          = interface != NULL ? lpad_bus_operation_get_prompt (LPAD_BUS_OPERATION (interface)) : NULL;

      if (prompt != NULL && lui_trial_is (prompt)
          && g_strcmp0 (lpad_bus_operation_get_euicc (LPAD_BUS_OPERATION (interface)),
                        g_dbus_proxy_get_object_path (G_DBUS_PROXY (euicc)))
                 == 0)
        return g_variant_ref (prompt);
    }
  return NULL;
}

void
lui_trial_json (JsonBuilder *builder, LpadBusEuicc *euicc, GVariant *prompt)
{
  json_builder_begin_object (builder);
  lui_json_integer (builder, "euicc", lui_euicc_number (euicc));
  lui_json_string (builder, "waits_for", member (prompt, "waits-for"));
  lui_json_string (builder, "new_iccid", member (prompt, "new-iccid"));
  lui_json_string (builder, "old_iccid", member (prompt, "old-iccid"));
  lui_json_integer (builder, "deadline", deadline_of (prompt));
  json_builder_end_object (builder);
}
