/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

#include <stdio.h>

#include "lui-interruption.h"
#include "lui-trial.h"
#include "lui-waiting.h"

static void
json_issuers (JsonBuilder *builder, LpadBusManager *manager)
{
  g_autoptr (GVariant) issuers = lpad_bus_manager_dup_issuers (manager);

  if (issuers == NULL)
    issuers = g_variant_ref_sink (g_variant_new ("aa{sv}", NULL));
  lui_json_variant (builder, "issuers", issuers);
}

/* The numbers of the objects in @paths, an "ao". */
static void
json_numbers (JsonBuilder *builder, const char *name, GVariant *paths)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (gsize i = 0; paths != NULL && i < g_variant_n_children (paths); i++)
    {
      const char *path;

      g_variant_get_child (paths, i, "&o", &path);
      json_builder_add_int_value (builder, (gint64) lui_path_number (path));
    }
  json_builder_end_array (builder);
}

static void
json_readers (JsonBuilder *builder, GVariant *readers)
{
  json_builder_set_member_name (builder, "readers");
  json_builder_begin_array (builder);
  for (gsize i = 0; readers != NULL && i < g_variant_n_children (readers); i++)
    {
      g_autoptr (GVariant) reader = g_variant_get_child_value (readers, i);
      g_autoptr (GVariant) euiccs = g_variant_lookup_value (reader, "euiccs", G_VARIANT_TYPE ("ao"));
      const char *name = "", *state = "", *message = "", *transport = "";

      g_variant_lookup (reader, "transport", "&s", &transport);
      g_variant_lookup (reader, "name", "&s", &name);
      g_variant_lookup (reader, "state", "&s", &state);
      g_variant_lookup (reader, "message", "&s", &message);
      json_builder_begin_object (builder);
      lui_json_string (builder, "name", name);
      lui_json_string (builder, "transport", transport);
      lui_json_string (builder, "state", state);
      lui_json_string (builder, "message", message);
      json_numbers (builder, "euiccs", euiccs);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
json_rollbacks (JsonBuilder *builder, LuiSession *session, GPtrArray *euiccs)
{
  json_builder_set_member_name (builder, "rollbacks");
  json_builder_begin_array (builder);
  for (guint i = 0; i < euiccs->len; i++)
    {
      g_autoptr (GVariant) prompt = lui_trial_find (session, euiccs->pdata[i]);

      if (prompt != NULL)
        lui_trial_json (builder, euiccs->pdata[i], prompt);
    }
  json_builder_end_array (builder);
}

static void
print_json (LuiSession *session, LpadBusManager *manager, GPtrArray *euiccs)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  lui_json_string (builder, "version", lpad_bus_manager_get_version (manager));
  lui_json_boolean (builder, "test_mode", lpad_bus_manager_get_test_mode (manager));
  json_issuers (builder, manager);
  json_readers (builder, lpad_bus_manager_get_readers (manager));
  json_builder_set_member_name (builder, "euiccs");
  json_builder_begin_array (builder);
  for (guint i = 0; i < euiccs->len; i++)
    lui_json_euicc (builder, euiccs->pdata[i]);
  json_builder_end_array (builder);
  json_rollbacks (builder, session, euiccs);
  json_builder_end_object (builder);
  lui_json_print (builder, FALSE);
}

static guint
count_trusted (GVariant *issuers)
{
  guint count = 0;

  for (gsize i = 0; issuers != NULL && i < g_variant_n_children (issuers); i++)
    {
      g_autoptr (GVariant) issuer = g_variant_get_child_value (issuers, i);
      gboolean trusted = FALSE;

      g_variant_lookup (issuer, "trusted", "b", &trusted);
      count += trusted ? 1 : 0;
    }
  return count;
}

static void
print_manager (LpadBusManager *manager)
{
  g_autofree char *version = lui_clean (lpad_bus_manager_get_version (manager));
  guint n = count_trusted (lpad_bus_manager_get_issuers (manager));

  printf ("lpad %s, %u trusted %s\n", version, n, n == 1 ? "issuer" : "issuers");
  if (lpad_bus_manager_get_test_mode (manager))
    printf ("Test mode: issuers for tests are trusted too.\n");
  if (n == 0)
    printf ("No issuer is trusted: downloads are not possible (see lui-cli issuer list).\n");
}

/* Nothing where there is no lpad-nm. */
static void
print_connection (LpadBusProfile *profile)
{
  GVariant *connection = lpad_bus_profile_get_connection (profile);
  const char *id, *state = "";
  g_autofree char *clean_id = NULL;
  g_autofree char *clean_state = NULL;

  if (connection == NULL || !g_variant_lookup (connection, "id", "&s", &id))
    return;
  g_variant_lookup (connection, "state", "&s", &state);
  clean_id = lui_clean (id);
  clean_state = lui_clean (state);
  printf ("  Connection: %s (%s)\n", clean_id, clean_state);
}

static void
print_enabled (LuiSession *session, LpadBusEuicc *euicc)
{
  g_autoptr (GPtrArray) profiles = lui_session_profiles (session, euicc);
  guint enabled = 0;

  for (guint i = 0; i < profiles->len; i++)
    {
      g_autofree char *title = lui_profile_title (profiles->pdata[i]);

      if (g_strcmp0 (lpad_bus_profile_get_state (profiles->pdata[i]), "enabled") != 0)
        continue;
      printf ("  In use: %s\n", title);
      print_connection (profiles->pdata[i]);
      enabled++;
    }
  printf ("  %u %s%s\n",
          profiles->len,
          profiles->len == 1 ? "profile" : "profiles",
          enabled == 0 && profiles->len > 0 ? ", none in use" : "");
}

/* Whether another of @euiccs is on the same card. */
static gboolean
shares_card (LpadBusEuicc *euicc, GPtrArray *euiccs)
{
  for (guint i = 0; i < euiccs->len; i++)
    if (euiccs->pdata[i] != (gpointer) euicc
        && g_strcmp0 (lpad_bus_euicc_get_device (euiccs->pdata[i]), lpad_bus_euicc_get_device (euicc)) == 0
        && lpad_bus_euicc_get_slot (euiccs->pdata[i]) == lpad_bus_euicc_get_slot (euicc))
      return TRUE;
  return FALSE;
}

static void
print_interruptions (LpadBusEuicc *euicc)
{
  GVariant *interruptions = lpad_bus_euicc_get_interruptions (euicc);
  g_autofree char *text = lui_interruptions_to_string (interruptions, 4);

  if (*text != '\0')
    printf ("  Interrupted (lui-cli status --seen removes this from the list):\n%s", text);
}

/* The first profile, if lpad is to see to it. */
static void
print_first_boot (LpadBusEuicc *euicc)
{
  GVariant *first_boot = lpad_bus_euicc_get_first_boot (euicc);
  const char *state = "", *message = "";
  g_autofree char *when = NULL;
  g_autofree char *why = NULL;
  guint64 next = 0;

  if (first_boot == NULL || !g_variant_lookup (first_boot, "state", "&s", &state))
    return;
  g_variant_lookup (first_boot, "message", "&s", &message);
  g_variant_lookup (first_boot, "next-attempt", "t", &next);
  why = lui_sentence (message);
  when = next == 0 ? g_strdup ("as soon as possible") : lui_time_to_string (next);
  if (g_str_equal (state, "running"))
    printf ("  First boot: the first profile is being downloaded.\n");
  else if (g_str_equal (state, "blocked"))
    printf ("  First boot: no profile is downloaded. %s\n", why);
  else if (g_str_equal (state, "waiting"))
    printf ("  First boot: the first profile is downloaded at the next attempt, %s.\n", when);
  if (g_str_equal (state, "waiting") && *message != '\0')
    printf ("    The last one failed: %s\n", why);
}

/* What operators have not heard yet, when they are told, and why not before. */
static void
print_notifications (LuiSession *session, LpadBusEuicc *euicc)
{
  g_autoptr (GPtrArray) list = lui_session_notifications (session, euicc);
  guint64 now = (guint64) (g_get_real_time () / G_USEC_PER_SEC);
  LpadBusNotification *next = NULL;
  g_autofree char *when = NULL;
  g_autofree char *why = NULL;

  for (guint i = 0; i < list->len; i++)
    {
      LpadBusNotification *one = list->pdata[i];

      if (next == NULL
          || lpad_bus_notification_get_next_attempt (one) < lpad_bus_notification_get_next_attempt (next))
        next = one;
    }
  if (next == NULL)
    return;
  when = lui_wait_to_string (lpad_bus_notification_get_next_attempt (next), now);
  printf ("  %u %s not delivered yet, next try %s (lui-cli notifications)\n",
          list->len,
          list->len == 1 ? "notification is" : "notifications are",
          when);
  why = lui_clean (lpad_bus_notification_get_last_error (next));
  if (*why != '\0')
    printf ("    The last try failed: %s\n", why);
}

static void
print_trial (LuiSession *session, LpadBusEuicc *euicc)
{
  g_autoptr (GVariant) prompt = lui_trial_find (session, euicc);
  g_autofree char *farewell = prompt != NULL ? lui_trial_farewell (prompt) : NULL;

  if (farewell != NULL)
    printf ("  %s\n", farewell);
}

static void
print_euicc (LuiSession *session, LpadBusEuicc *euicc, GPtrArray *euiccs)
{
  g_autofree char *place = lui_euicc_place (euicc);
  g_autofree char *eid = lui_clean (lui_or (lpad_bus_euicc_get_eid (euicc), "unknown"));
  g_autofree char *state = lui_clean (lpad_bus_euicc_get_state (euicc));
  g_autofree char *memory = lui_size_to_string (lpad_bus_euicc_get_free_memory (euicc));
  g_autofree char *waiting = lui_waiting_sentence (session, euicc);
  GVariant *error = lpad_bus_euicc_get_error (euicc);

  printf ("\neUICC %u: %s\n  EID %s\n", lui_euicc_number (euicc), place, eid);
  if (shares_card (euicc, euiccs))
    {
      g_autofree char *aid = lui_octets_to_string (lpad_bus_euicc_get_isdr_aid (euicc));

      printf ("  ISD-R %s, one of several on this card\n", aid);
    }
  if (g_str_equal (state, "failed") && error != NULL)
    {
      const char *message = "";
      g_autofree char *clean = NULL;

      g_variant_get (error, "(&s&s)", NULL, &message);
      clean = lui_clean (message);
      printf ("  It cannot be used: %s\n", clean);
      print_interruptions (euicc);
      return;
    }
  printf ("  %s, %s free\n", state, memory);
  print_enabled (session, euicc);
  print_first_boot (euicc);
  print_trial (session, euicc);
  if (waiting != NULL)
    printf ("  %s\n", waiting);
  print_notifications (session, euicc);
  print_interruptions (euicc);
}

static const char *
reader_words (const char *state)
{
  if (g_str_equal (state, "empty"))
    return "no card";
  if (g_str_equal (state, "reading"))
    return "a card is being read";
  if (g_str_equal (state, "not-euicc"))
    return "the card is no eUICC";
  if (g_str_equal (state, "error"))
    return "the card cannot be used";
  return state;
}

/* The readers in which there is no chip to show, or a further one cannot be used, and why. */
static guint
print_readers (LpadBusManager *manager)
{
  GVariant *readers = lpad_bus_manager_get_readers (manager);
  gsize n = readers == NULL ? 0 : g_variant_n_children (readers);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) reader = g_variant_get_child_value (readers, i);
      const char *name = "", *state = "", *message = "", *transport = "";
      g_autofree char *clean_name = NULL;
      g_autofree char *why = NULL;

      g_variant_lookup (reader, "state", "&s", &state);
      g_variant_lookup (reader, "name", "&s", &name);
      g_variant_lookup (reader, "message", "&s", &message);
      g_variant_lookup (reader, "transport", "&s", &transport);
      if (g_str_equal (state, "euicc") && *message == '\0')
        continue;
      clean_name = lui_clean (name);
      why = lui_clean (lui_or (message, reader_words (state)));
      printf ("\n%s %s: %s\n", g_str_equal (transport, "pcsc") ? "Reader" : "Modem", clean_name, why);
    }
  return (guint) n;
}

static void
print_all (LuiSession *session, LpadBusManager *manager, GPtrArray *euiccs)
{
  guint n_readers;

  print_manager (manager);
  for (guint i = 0; i < euiccs->len; i++)
    print_euicc (session, euiccs->pdata[i], euiccs);
  n_readers = print_readers (manager);
  if (n_readers == 0 && euiccs->len == 0)
    printf ("\nNeither a reader nor a modem was found. Is it connected, and does pcscd or lpad-modem run?\n");
}

/* What is shown now is not shown again. */
static gboolean
acknowledge (LuiSession *session, GPtrArray *euiccs, GError **error)
{
  for (guint i = 0; i < euiccs->len; i++)
    {
      GVariant *interruptions = lpad_bus_euicc_get_interruptions (euiccs->pdata[i]);

      if (interruptions != NULL && g_variant_n_children (interruptions) > 0
          && !lpad_bus_euicc_call_acknowledge_interruptions_sync (euiccs->pdata[i],
                                                                  lui_empty_options (),
                                                                  lui_call_flags (session),
                                                                  LUI_CALL_TIMEOUT_MSEC,
                                                                  NULL,
                                                                  error))
        return FALSE;
    }
  return TRUE;
}

LuiExit
lui_cmd_status (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusManager) manager = NULL;
  g_autoptr (GPtrArray) euiccs = NULL;
  gboolean seen = FALSE;
  const GOptionEntry entries[] = {
    { "seen", 0, 0, G_OPTION_ARG_NONE, &seen, "Do not tell again what was interrupted", NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!lui_begin (session, verb, entries, &argc, &argv, 0, 0, &error))
    return lui_fail (session, g_steal_pointer (&error));
  manager = lui_session_manager (session, &error);
  if (manager != NULL)
    euiccs = lui_session_known_euiccs (session, &error);
  if (euiccs == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  if (session->json)
    print_json (session, manager, euiccs);
  else
    print_all (session, manager, euiccs);
  if (seen && !acknowledge (session, euiccs, &error))
    return lui_fail (session, g_steal_pointer (&error));
  return LUI_EXIT_OK;
}
