/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

#include <stdio.h>

static void
print_json (LuiSession *session, GPtrArray *euiccs)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "notifications");
  json_builder_begin_array (builder);
  for (guint i = 0; i < euiccs->len; i++)
    {
      g_autoptr (GPtrArray) list = lui_session_notifications (session, euiccs->pdata[i]);

      for (guint k = 0; k < list->len; k++)
        lui_json_notification (builder, list->pdata[k]);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  lui_json_print (builder, FALSE);
}

static void
add_row (LuiTable *table, LpadBusNotification *notification)
{
  guint64 next = lpad_bus_notification_get_next_attempt (notification);
  g_autofree char *number
      = g_strdup_printf ("%" G_GUINT64_FORMAT, lpad_bus_notification_get_sequence_number (notification));
  g_autofree char *failures = g_strdup_printf ("%u", lpad_bus_notification_get_attempts (notification));
  g_autofree char *time = next == 0 ? g_strdup ("next operation") : lui_time_to_string (next);

  lui_table_add (table,
                 number,
                 lpad_bus_notification_get_event (notification),
                 lpad_bus_notification_get_iccid (notification),
                 lpad_bus_notification_get_address (notification),
                 failures,
                 time,
                 lpad_bus_notification_get_last_error (notification));
}

static void
print_euicc (LuiSession *session, LpadBusEuicc *euicc)
{
  g_autoptr (GPtrArray) list = lui_session_notifications (session, euicc);
  g_autoptr (LuiTable) table = lui_table_new (7);

  printf ("eUICC %u: ", lui_euicc_number (euicc));
  if (list->len == 0)
    {
      printf ("no pending notifications, every operator has been told\n");
      return;
    }
  printf ("%u pending\n", list->len);
  lui_table_add (table, "NUMBER", "EVENT", "ICCID", "SERVER", "FAILURES", "NEXT ATTEMPT", "LAST ERROR");
  for (guint i = 0; i < list->len; i++)
    add_row (table, list->pdata[i]);
  lui_table_print (table, 2);
}

static LuiExit
list (LuiSession *session)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) euiccs = lui_session_euiccs (session, &error);

  if (euiccs == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  if (session->json)
    print_json (session, euiccs);
  for (guint i = 0; i < euiccs->len && !session->json; i++)
    print_euicc (session, euiccs->pdata[i]);
  if (euiccs->len == 0 && !session->json)
    printf ("There is no eUICC.\n");
  return LUI_EXIT_OK;
}

static LpadBusNotification *
find (LuiSession *session, LpadBusEuicc *euicc, const char *text, GError **error)
{
  g_autoptr (GPtrArray) list = lui_session_notifications (session, euicc);
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &number, NULL))
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_INVALID_ARGUMENTS,
                   "“%s” is no sequence number of a notification.",
                   text);
      return NULL;
    }
  for (guint i = 0; i < list->len; i++)
    {
      if (lpad_bus_notification_get_sequence_number (list->pdata[i]) == number)
        return g_object_ref (list->pdata[i]);
    }
  g_set_error (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "There is no pending notification %s.", text);
  return NULL;
}

/* Starts the delivery of one notification, or of all when @number is NULL. */
static char *
start (LuiSession *session, LpadBusEuicc *euicc, const char *number, GError **error)
{
  g_autoptr (LpadBusNotification) one = NULL;
  char *path = NULL;

  if (number == NULL)
    {
      if (!lpad_bus_euicc_call_send_notifications_sync (euicc,
                                                        lui_empty_options (),
                                                        lui_call_flags (session),
                                                        LUI_CALL_TIMEOUT_MSEC,
                                                        &path,
                                                        NULL,
                                                        error))
        return NULL;
      return path;
    }
  one = find (session, euicc, number, error);
  if (one == NULL
      || !lpad_bus_notification_call_send_sync (
          one, lui_empty_options (), lui_call_flags (session), LUI_CALL_TIMEOUT_MSEC, &path, NULL, error))
    return NULL;
  return path;
}

static LuiExit
deliver (LuiSession *session, const char *number)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusEuicc) euicc = lui_session_euicc (session, &error);
  g_autofree char *path = euicc == NULL ? NULL : start (session, euicc, number, &error);

  if (path == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  return lui_follow (session, path, "The operators have been told.");
}

LuiExit
lui_cmd_notifications (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (!lui_begin (session, verb, NULL, &argc, &argv, 0, 2, &error))
    return lui_fail (session, g_steal_pointer (&error));
  if (argc == 1 || (argc == 2 && g_str_equal (argv[1], "list")))
    return list (session);
  if (g_str_equal (argv[1], "send"))
    return deliver (session, argc > 2 ? argv[2] : NULL);
  return lui_fail (session,
                   g_error_new (LPAD_ERROR,
                                LPAD_ERROR_INVALID_ARGUMENTS,
                                "It is lui-cli notifications list, or lui-cli notifications send [NUMBER]."));
}
