/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

#include <stdio.h>

#include "lui-releases.h"
#include "lui-waiting.h"

static GVariant *
lookup_list (GVariant *result, const char *name)
{
  return g_variant_lookup_value (result, name, G_VARIANT_TYPE ("aa{sv}"));
}

static void
print_failures (GVariant *result)
{
  g_autoptr (GVariant) failures = lookup_list (result, "failures");

  for (gsize i = 0; failures != NULL && i < g_variant_n_children (failures); i++)
    {
      g_autoptr (GVariant) failure = g_variant_get_child_value (failures, i);
      const char *address = "", *message = "", *advice = "";
      g_autofree char *clean = NULL;
      g_autofree char *what = NULL;

      g_variant_lookup (failure, "address", "&s", &address);
      g_variant_lookup (failure, "message", "&s", &message);
      g_variant_lookup (failure, "advice", "&s", &advice);
      clean = lui_clean (address);
      what = lui_sentence (message);
      printf ("Not all is known: %s: %s", clean, what);
      if (*advice != '\0')
        {
          g_autofree char *hint = lui_sentence (advice);

          printf (" %s", hint);
        }
      printf ("\n");
    }
}

static void
print_text (LuiSession *session, LpadBusEuicc *euicc, GVariant *result)
{
  g_autofree char *sentence = lui_waiting_sentence (session, euicc);

  if (sentence == NULL)
    printf ("Nothing waits for this device.\n");
  else
    {
      lui_waiting_print (euicc);
      printf ("%s\n", sentence);
    }
  print_failures (result);
}

static void
print_json (LpadBusEuicc *euicc, GVariant *result)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (GVariant) failures = lookup_list (result, "failures");

  json_builder_begin_object (builder);
  lui_json_boolean (builder, "ok", TRUE);
  lui_json_variant (builder, "offers", lpad_bus_euicc_get_offers (euicc));
  if (failures != NULL)
    lui_json_variant (builder, "failures", failures);
  json_builder_end_object (builder);
  lui_json_print (builder, FALSE);
}

static void
add_string (GVariantBuilder *builder, const char *name, const char *value)
{
  if (value != NULL)
    g_variant_builder_add (builder, "{sv}", name, g_variant_new_string (value));
}

static GVariant *
make_options (const char *server, const char *imei, const char *tac, char **releases, GError **error)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_string (&builder, "smds-address", server);
  add_string (&builder, "imei", imei);
  add_string (&builder, "tac", tac);
  if (!lui_releases_add (&builder, (const char *const *) releases, error))
    {
      g_variant_builder_clear (&builder);
      return NULL;
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static LuiExit
discover (LuiSession *session, GVariant *arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LuiTerminal) terminal = NULL;
  g_autoptr (LpadBusEuicc) euicc = lui_session_euicc (session, &error);
  g_autoptr (GVariant) result = NULL;
  g_autofree char *path = NULL;

  if (euicc == NULL
      || !lpad_bus_euicc_call_discover_sync (
          euicc, arguments, lui_call_flags (session), LUI_CALL_TIMEOUT_MSEC, &path, NULL, &error))
    return lui_fail (session, g_steal_pointer (&error));
  terminal = lui_terminal_new (FALSE);
  result = lui_operation_run (session, terminal, path, NULL, NULL, &error);
  if (result == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  if (lui_result_failed (result))
    return lui_fail_result (session, result);
  if (session->json)
    print_json (euicc, result);
  else
    print_text (session, euicc, result);
  return LUI_EXIT_OK;
}

LuiExit
lui_cmd_discover (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *server = NULL;
  g_autofree char *imei = NULL;
  g_autofree char *tac = NULL;
  g_auto (GStrv) releases = NULL;
  g_autoptr (GVariant) arguments = NULL;
  const GOptionEntry options[] = {
    { "server", 's', 0, G_OPTION_ARG_STRING, &server, "Ask this discovery server (SM-DS) alone", "HOST" },
    { "imei",
      'i',
      0,
      G_OPTION_ARG_STRING,
      &imei,
      "IMEI of this device: 14 to 16 digits; empty: tell none",
      "IMEI" },
    { "tac",
      't',
      0,
      G_OPTION_ARG_STRING,
      &tac,
      "Type of this device: eight digits, to be told instead of an IMEI",
      "TAC" },
    { "release",
      0,
      0,
      G_OPTION_ARG_STRING_ARRAY,
      &releases,
      "What this device supports, such as eutran-epc:15; may be repeated",
      "NAME:RELEASE" },
    G_OPTION_ENTRY_NULL,
  };

  if (!lui_begin (session, verb, options, &argc, &argv, 0, 0, &error))
    return lui_fail (session, g_steal_pointer (&error));
  arguments = make_options (server, imei, tac, releases, &error);
  if (arguments == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  return discover (session, arguments);
}
