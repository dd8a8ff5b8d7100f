/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#define EID_DIGITS 4

/* What the user wants to be deleted. */
typedef struct
{
  gboolean operational;
  gboolean test;
  gboolean default_smdp;
} Wanted;

static gboolean
is_class (LpadBusProfile *profile, const char *name)
{
  return g_strcmp0 (lpad_bus_profile_get_class (profile), name) == 0;
}

static gboolean
is_wanted (const Wanted *wanted, LpadBusProfile *profile)
{
  return (wanted->operational && is_class (profile, "operational"))
         || (wanted->test && is_class (profile, "test"));
}

static const char *
address_of (LpadBusEuicc *euicc)
{
  return lui_or (lpad_bus_euicc_get_default_smdp_address (euicc), NULL);
}

/* The profiles that go, or those that stay. Returns how many these are. */
static guint
print_profiles (const Wanted *wanted, GPtrArray *profiles, gboolean going)
{
  g_autoptr (LuiTable) table = lui_table_new (4);
  guint n = 0;

  for (guint i = 0; i < profiles->len; i++)
    {
      LpadBusProfile *profile = profiles->pdata[i];
      g_autofree char *title = NULL;
      g_autofree char *quoted = NULL;
      gboolean in_use = g_strcmp0 (lpad_bus_profile_get_state (profile), "enabled") == 0;

      if (is_wanted (wanted, profile) != going)
        continue;
      title = lui_profile_title (profile);
      quoted = g_strdup_printf ("“%s”", title);
      lui_table_add (table,
                     quoted,
                     lpad_bus_profile_get_iccid (profile),
                     is_class (profile, "operational") ? "" : lpad_bus_profile_get_class (profile),
                     in_use ? "in use" : "");
      n++;
    }
  lui_table_print (table, 2);
  return n;
}

/* Says what would be deleted and what would stay. */
static void
print_plan (const Wanted *wanted, LpadBusEuicc *euicc, GPtrArray *profiles)
{
  g_autofree char *address = lui_clean (address_of (euicc));
  g_autofree char *eid = lui_clean (lpad_bus_euicc_get_eid (euicc));

  printf ("This is deleted for good from eUICC %u (EID %s), whatever rules its operators have set:\n",
          lui_euicc_number (euicc),
          eid);
  (void) print_profiles (wanted, profiles, TRUE);
  if (wanted->default_smdp && *address != '\0')
    printf ("  the address of the default server, %s\n", address);
  if (wanted->test)
    printf ("  (of the test profiles only those that were downloaded)\n");
  printf ("This stays:\n");
  if (print_profiles (wanted, profiles, FALSE) == 0)
    printf ("  no profile\n");
  if (!wanted->default_smdp && *address != '\0')
    printf ("  the address of the default server, %s\n", address);
  printf ("Most activation codes work only once: what is deleted may have to be bought again.\n");
}

static gboolean
has_anything (const Wanted *wanted, LpadBusEuicc *euicc, GPtrArray *profiles)
{
  for (guint i = 0; i < profiles->len; i++)
    {
      if (is_wanted (wanted, profiles->pdata[i]))
        return TRUE;
    }
  return wanted->default_smdp && address_of (euicc) != NULL;
}

/* Whoever knows the end of the EID means this chip. */
static gboolean
check_digits (LpadBusEuicc *euicc, const char *digits, GError **error)
{
  const char *eid = lui_or (lpad_bus_euicc_get_eid (euicc), "");

  if (digits != NULL && strlen (digits) == EID_DIGITS && g_str_has_suffix (eid, digits))
    return TRUE;
  g_set_error_literal (error,
                       LPAD_ERROR,
                       LPAD_ERROR_CANCELLED,
                       "Nothing is deleted: these are not the last four digits of the EID.");
  return FALSE;
}

static gboolean
consent (LuiSession *session,
         const Wanted *wanted,
         LpadBusEuicc *euicc,
         GPtrArray *profiles,
         const char *digits,
         GError **error)
{
  g_autoptr (LuiTerminal) terminal = lui_terminal_new (FALSE);
  g_autofree char *answer = NULL;

  if (digits != NULL)
    return check_digits (euicc, digits, error);
  if (session->json || !lui_terminal_can_ask (terminal))
    {
      g_set_error_literal (
          error,
          LPAD_ERROR,
          LPAD_ERROR_CONSENT_REQUIRED,
          "Nothing is deleted: nobody was there to confirm it, and --eid-digits was not given.");
      return FALSE;
    }
  print_plan (wanted, euicc, profiles);
  answer
      = lui_terminal_ask (terminal, "Type the last four digits of the EID to delete it:", FALSE, NULL, NULL);
  return check_digits (euicc, answer, error);
}

static char *
start (LuiSession *session, const Wanted *wanted, LpadBusEuicc *euicc, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) what = NULL;
  char *path = NULL;

  if (wanted->operational)
    g_strv_builder_add (builder, "operational-profiles");
  if (wanted->test)
    g_strv_builder_add (builder, "test-profiles");
  if (wanted->default_smdp)
    g_strv_builder_add (builder, "default-smdp-address");
  what = g_strv_builder_end (builder);
  if (!lpad_bus_euicc_call_reset_sync (euicc,
                                       (const char *const *) what,
                                       lui_empty_options (),
                                       lui_call_flags (session),
                                       LUI_CALL_TIMEOUT_MSEC,
                                       &path,
                                       NULL,
                                       error))
    return NULL;
  return path;
}

static gsize
count_member (GVariant *result, const char *name)
{
  g_autoptr (GVariant) list = g_variant_lookup_value (result, name, G_VARIANT_TYPE_STRING_ARRAY);

  return list == NULL ? 0 : g_variant_n_children (list);
}

static void
print_result (GVariant *result)
{
  gsize deleted = count_member (result, "deleted");
  gsize remaining = count_member (result, "remaining");
  guint pending = 0;

  printf ("%" G_GSIZE_FORMAT " %s deleted, ", deleted, deleted == 1 ? "profile is" : "profiles are");
  if (remaining == 0)
    printf ("none is left.\n");
  else
    printf ("%" G_GSIZE_FORMAT " %s left.\n", remaining, remaining == 1 ? "is" : "are");
  if (g_variant_lookup (result, "notifications-pending", "u", &pending) && pending > 0)
    printf ("The operators have not been told yet (%u pending); lpad tries again by itself.\n", pending);
}

/* @result: NULL: there was nothing to do */
static void
print_json (GVariant *result)
{
  static const char *const members[] = { "deleted", "remaining", "notifications-pending" };
  static const char *const json_names[] = { "deleted", "remaining", "notifications_pending" };
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  lui_json_boolean (builder, "ok", TRUE);
  for (gsize i = 0; result != NULL && i < G_N_ELEMENTS (members); i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (result, members[i], NULL);

      if (value != NULL)
        lui_json_variant (builder, json_names[i], value);
    }
  if (result == NULL)
    lui_json_variant (builder, "deleted", g_variant_new_strv (NULL, 0));
  json_builder_end_object (builder);
  lui_json_print (builder, FALSE);
}

static LuiExit
follow (LuiSession *session, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LuiTerminal) terminal = lui_terminal_new (FALSE);
  g_autoptr (GVariant) result = lui_operation_run (session, terminal, path, NULL, NULL, &error);

  if (result == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  if (lui_result_failed (result))
    return lui_fail_result (session, result);
  if (session->json)
    print_json (result);
  else
    print_result (result);
  return LUI_EXIT_OK;
}

static LuiExit
reset (LuiSession *session, const Wanted *wanted, const char *digits)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusEuicc) euicc = lui_session_euicc (session, &error);
  g_autoptr (GPtrArray) profiles = NULL;
  g_autofree char *path = NULL;

  if (euicc == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  profiles = lui_session_profiles (session, euicc);
  if (!has_anything (wanted, euicc, profiles))
    {
      if (session->json)
        print_json (NULL);
      else
        printf ("eUICC %u holds nothing of this: nothing is to be deleted.\n", lui_euicc_number (euicc));
      return LUI_EXIT_OK;
    }
  if (consent (session, wanted, euicc, profiles, digits, &error))
    path = start (session, wanted, euicc, &error);
  return path == NULL ? lui_fail (session, g_steal_pointer (&error)) : follow (session, path);
}

LuiExit
lui_cmd_reset (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *digits = NULL;
  Wanted wanted = { FALSE, FALSE, FALSE };
  const GOptionEntry options[] = {
    { "operational", 0, 0, G_OPTION_ARG_NONE, &wanted.operational, "Delete the profiles of operators", NULL },
    { "test", 0, 0, G_OPTION_ARG_NONE, &wanted.test, "Delete the test profiles that were downloaded", NULL },
    { "default-smdp",
      0,
      0,
      G_OPTION_ARG_NONE,
      &wanted.default_smdp,
      "Forget the address of the default server",
      NULL },
    { "eid-digits",
      0,
      0,
      G_OPTION_ARG_STRING,
      &digits,
      "Do not ask; the last four digits of the EID say that this chip is meant",
      "NNNN" },
    G_OPTION_ENTRY_NULL,
  };

  if (!lui_parse (session, verb, options, &argc, &argv, 0, 0, &error))
    return lui_fail (session, g_steal_pointer (&error));
  if (!wanted.operational && !wanted.test && !wanted.default_smdp)
    return lui_fail (
        session,
        g_error_new (LPAD_ERROR,
                     LPAD_ERROR_INVALID_ARGUMENTS,
                     "Say what to delete: --operational, --test or --default-smdp, or several of them."));
  if (!lui_session_connect (session, &error))
    return lui_fail (session, g_steal_pointer (&error));
  return reset (session, &wanted, digits);
}
