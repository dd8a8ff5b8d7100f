/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

#include <stdio.h>

/* Which profiles the user wants to see. */
typedef struct
{
  gboolean all;
  char *class;
} Filter;

static const char *const classes[] = { "operational", "provisioning", "test", NULL };

static gboolean
passes (LuiSession *session, const Filter *filter, LpadBusProfile *profile)
{
  if (filter->class != NULL)
    return g_strcmp0 (lpad_bus_profile_get_class (profile), filter->class) == 0;
  return filter->all || !lui_session_hides (session, profile);
}

static void
print_json (LuiSession *session, const Filter *filter, GPtrArray *euiccs)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "profiles");
  json_builder_begin_array (builder);
  for (guint i = 0; i < euiccs->len; i++)
    {
      g_autoptr (GPtrArray) profiles = lui_session_profiles (session, euiccs->pdata[i]);

      for (guint k = 0; k < profiles->len; k++)
        if (passes (session, filter, profiles->pdata[k]))
          lui_json_profile (builder, profiles->pdata[k]);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  lui_json_print (builder, FALSE);
}

static void
add_row (LuiTable *table, LpadBusProfile *profile)
{
  lui_table_add (table,
                 lpad_bus_profile_get_iccid (profile),
                 lpad_bus_profile_get_state (profile),
                 lpad_bus_profile_get_class (profile),
                 lpad_bus_profile_get_service_provider (profile),
                 lpad_bus_profile_get_name (profile),
                 lpad_bus_profile_get_nickname (profile));
}

static void
print_euicc (LuiSession *session, const Filter *filter, LpadBusEuicc *euicc)
{
  g_autoptr (GPtrArray) profiles = lui_session_profiles (session, euicc);
  g_autoptr (LuiTable) table = lui_table_new (6);
  g_autofree char *place = lui_euicc_place (euicc);
  guint shown = 0, hidden;

  printf ("eUICC %u: %s\n", lui_euicc_number (euicc), place);
  lui_table_add (table, "ICCID", "STATE", "CLASS", "PROVIDER", "NAME", "NICKNAME");
  for (guint i = 0; i < profiles->len; i++)
    {
      if (!passes (session, filter, profiles->pdata[i]))
        continue;
      add_row (table, profiles->pdata[i]);
      shown++;
    }
  hidden = filter->class != NULL ? 0 : profiles->len - shown;
  if (shown > 0)
    lui_table_print (table, 2);
  else
    printf ("  no profiles\n");
  if (hidden > 0)
    printf ("  %u provisioning or test %s hidden: lui-cli list --all\n",
            hidden,
            hidden == 1 ? "profile is" : "profiles are");
}

static gboolean
parse (LuiSession *session, const LuiVerb *verb, Filter *filter, int *argc, char ***argv, GError **error)
{
  const GOptionEntry options[] = {
    { "all", 'a', 0, G_OPTION_ARG_NONE, &filter->all, "Hide no profile", NULL },
    { "class",
      'c',
      0,
      G_OPTION_ARG_STRING,
      &filter->class,
      "Only profiles that are operational, provisioning or test",
      "CLASS" },
    G_OPTION_ENTRY_NULL,
  };

  if (!lui_begin (session, verb, options, argc, argv, 0, 0, error))
    return FALSE;
  if (filter->class == NULL || g_strv_contains (classes, filter->class))
    return TRUE;
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_INVALID_ARGUMENTS,
               "There is no class “%s”: it is operational, provisioning or test.",
               filter->class);
  return FALSE;
}

static LuiExit
list (LuiSession *session, const Filter *filter)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) euiccs = lui_session_euiccs (session, &error);

  if (euiccs == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  if (session->json)
    print_json (session, filter, euiccs);
  for (guint i = 0; i < euiccs->len && !session->json; i++)
    print_euicc (session, filter, euiccs->pdata[i]);
  if (euiccs->len == 0 && !session->json)
    printf ("There is no eUICC (lui-cli status shows why).\n");
  return LUI_EXIT_OK;
}

LuiExit
lui_cmd_list (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Filter filter = { 0 };
  LuiExit status;

  if (parse (session, verb, &filter, &argc, &argv, &error))
    status = list (session, &filter);
  else
    status = lui_fail (session, g_steal_pointer (&error));
  g_free (filter.class);
  return status;
}
