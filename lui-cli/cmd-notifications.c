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

/* How people call the profile that a notification is about: it may be gone. */
static char *
profile_title (GPtrArray *profiles, const char *iccid)
{
  for (guint i = 0; i < profiles->len; i++)
    {
      if (g_str_equal (lpad_bus_profile_get_iccid (profiles->pdata[i]), iccid))
        return lui_profile_title (profiles->pdata[i]);
    }
  return lui_clean (iccid);
}

static void
add_row (LuiTable *table, GPtrArray *profiles, LpadBusNotification *notification)
{
  guint64 next = lpad_bus_notification_get_next_attempt (notification);
  guint64 now = (guint64) (g_get_real_time () / G_USEC_PER_SEC);
  g_autofree char *number
      = g_strdup_printf ("%" G_GUINT64_FORMAT, lpad_bus_notification_get_sequence_number (notification));
  g_autofree char *failures = g_strdup_printf ("%u", lpad_bus_notification_get_attempts (notification));
  g_autofree char *title = profile_title (profiles, lpad_bus_notification_get_iccid (notification));
  g_autofree char *wait = lui_wait_to_string (next, now);

  lui_table_add (table,
                 number,
                 lpad_bus_notification_get_event (notification),
                 title,
                 lpad_bus_notification_get_address (notification),
                 failures,
                 wait,
                 lpad_bus_notification_get_last_error (notification));
}

static void
print_euicc (LuiSession *session, LpadBusEuicc *euicc)
{
  g_autoptr (GPtrArray) list = lui_session_notifications (session, euicc);
  g_autoptr (GPtrArray) profiles = lui_session_profiles (session, euicc);
  g_autoptr (LuiTable) table = lui_table_new (7);

  printf ("eUICC %u: ", lui_euicc_number (euicc));
  if (list->len == 0)
    {
      printf ("no pending notifications, every operator has been told\n");
      return;
    }
  printf ("%u pending; lpad delivers by itself, lui-cli notifications send tries now\n", list->len);
  lui_table_add (table, "NUMBER", "EVENT", "PROFILE", "SERVER", "FAILED", "NEXT TRY", "WHY");
  for (guint i = 0; i < list->len; i++)
    add_row (table, profiles, list->pdata[i]);
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
    printf ("There is no eUICC (lui-cli status shows why).\n");
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

/* What it can cost that the operator never hears of @event. */
static const char *
cost_of (const char *event)
{
  if (g_str_equal (event, "install"))
    return "the operator would not hear that the profile was installed, or why it was not, and may refuse to let it be used "
           "or downloaded again";
  if (g_str_equal (event, "enable"))
    return "the operator would not hear that the profile is in use, and may not serve it";
  if (g_str_equal (event, "disable"))
    return "the operator would go on believing that the profile is in use, and may go on billing";
  return "the operator would go on believing that the profile is on this chip, may go on billing, and may refuse another "
         "download";
}

static LuiExit
discard (LuiSession *session, const char *number, gboolean force)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusEuicc) euicc = lui_session_euicc (session, &error);
  g_autoptr (LpadBusNotification) one = euicc == NULL ? NULL : find (session, euicc, number, &error);
  GVariantDict options;

  if (one == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  if (!force)
    return lui_fail (
        session,
        g_error_new (LPAD_ERROR,
                     LPAD_ERROR_INVALID_ARGUMENTS,
                     "Notification %s is not removed: %s. Try lui-cli notifications send first; with --force "
                     "it is removed.",
                     number,
                     cost_of (lpad_bus_notification_get_event (one))));
  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "force", "b", TRUE);
  if (!lpad_bus_notification_call_remove_sync (
          one, g_variant_dict_end (&options), lui_call_flags (session), LUI_CALL_TIMEOUT_MSEC, NULL, &error))
    return lui_fail (session, g_steal_pointer (&error));
  return lui_done (session, "The notification is removed. The operator will not hear of it.", NULL);
}

LuiExit
lui_cmd_notifications (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  gboolean force = FALSE;
  const GOptionEntry options[] = {
    { "force", 0, 0, G_OPTION_ARG_NONE, &force, "Remove it though the operator will never hear of it", NULL },
    G_OPTION_ENTRY_NULL,
  };
  const char *what;

  if (!lui_begin (session, verb, options, &argc, &argv, 0, 2, &error))
    return lui_fail (session, g_steal_pointer (&error));
  what = argc > 1 ? argv[1] : "list";
  if (g_str_equal (what, "list") && argc <= 2 && !force)
    return list (session);
  if (g_str_equal (what, "send") && !force)
    return deliver (session, argc > 2 ? argv[2] : NULL);
  if (g_str_equal (what, "remove") && argc > 2)
    return discard (session, argv[2], force);
  return lui_fail (
      session,
      g_error_new (LPAD_ERROR,
                   LPAD_ERROR_INVALID_ARGUMENTS,
                   "It is lui-cli notifications list, send [NUMBER], or remove NUMBER [--force]."));
}
