/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

#include <stdio.h>

#include "lui-issuer.h"

typedef struct
{
  gboolean yes;
  gboolean test;
} Options;

/* Somebody must say yes: on the terminal or with --yes. @refusal: what is said otherwise. */
static gboolean
confirm (LuiSession *session, const char *question, const char *refusal, gboolean yes, GError **error)
{
  g_autoptr (LuiTerminal) terminal = lui_terminal_new (FALSE);
  g_autofree char *answer = NULL;

  if (yes)
    return TRUE;
  if (session->json || !lui_terminal_can_ask (terminal))
    {
      g_set_error (
          error, LPAD_ERROR, LPAD_ERROR_CONSENT_REQUIRED, "%s: nobody was there to confirm it.", refusal);
      return FALSE;
    }
  answer = lui_terminal_ask (terminal, question, FALSE, NULL, NULL);
  if (answer != NULL && (g_ascii_strcasecmp (answer, "y") == 0 || g_ascii_strcasecmp (answer, "yes") == 0))
    return TRUE;
  g_set_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED, "%s.", refusal);
  return FALSE;
}

/* Listing. */

static gboolean
lists_key (LpadBusEuicc *euicc, const char *key)
{
  const char *const *keys = lpad_bus_euicc_get_trusted_issuers (euicc);

  return keys != NULL && g_strv_contains (keys, key);
}

/* "1, 3": the chips that trust the issuer @key. */
static char *
list_euiccs (GPtrArray *euiccs, const char *key)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < euiccs->len; i++)
    {
      if (lists_key (euiccs->pdata[i], key))
        g_string_append_printf (text, "%s%u", text->len > 0 ? ", " : "", lui_euicc_number (euiccs->pdata[i]));
    }
  return g_strdup (text->len > 0 ? text->str : "none");
}

static gboolean
is_installed (GVariant *issuers, const char *key)
{
  for (gsize i = 0; issuers != NULL && i < g_variant_n_children (issuers); i++)
    {
      g_autoptr (GVariant) issuer = g_variant_get_child_value (issuers, i);

      if (g_str_equal (lui_issuer_text (issuer, "key-identifier"), key))
        return TRUE;
    }
  return FALSE;
}

/* The keys that some chip trusts and of which no certificate is installed, each once. */
static char **
missing_keys (GVariant *issuers, GPtrArray *euiccs)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < euiccs->len; i++)
    {
      const char *const *listed = lpad_bus_euicc_get_trusted_issuers (euiccs->pdata[i]);

      for (guint k = 0; listed != NULL && listed[k] != NULL; k++)
        {
          if (!is_installed (issuers, listed[k])
              && !g_ptr_array_find_with_equal_func (keys, listed[k], g_str_equal, NULL))
            g_ptr_array_add (keys, g_strdup (listed[k]));
        }
    }
  g_ptr_array_add (keys, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&keys), FALSE);
}

/* The name by which the issuer @key is known, NULL when it is not. (transfer full) */
static char *
known_name (LpadBusManager *manager, const char *key)
{
  GVariant *known = lpad_bus_manager_get_known_issuers (manager);

  for (gsize i = 0; known != NULL && i < g_variant_n_children (known); i++)
    {
      g_autoptr (GVariant) issuer = g_variant_get_child_value (known, i);

      if (g_str_equal (lui_issuer_text (issuer, "key-identifier"), key))
        return lui_clean (lui_issuer_text (issuer, "name"));
    }
  return NULL;
}

static const char *
kind_of (GVariant *issuer)
{
  gboolean test = FALSE, trusted = TRUE;

  g_variant_lookup (issuer, "test", "b", &test);
  g_variant_lookup (issuer, "trusted", "b", &trusted);
  if (!test)
    return "production";
  return trusted ? "test" : "test (off)";
}

static void
print_installed (GVariant *issuers, GPtrArray *euiccs)
{
  g_autoptr (LuiTable) table = lui_table_new (5);
  gsize count = issuers == NULL ? 0 : g_variant_n_children (issuers);

  if (count == 0)
    {
      printf ("No issuer is installed: no server can be used.\n");
      return;
    }
  lui_table_add (table, "ISSUER", "KEY IDENTIFIER", "UNTIL", "KIND", "EUICCS");
  for (gsize i = 0; i < count; i++)
    {
      g_autoptr (GVariant) issuer = g_variant_get_child_value (issuers, i);
      const char *key = lui_issuer_text (issuer, "key-identifier");
      g_autofree char *title = lui_issuer_title (issuer);
      g_autofree char *until = lui_issuer_until (issuer);
      g_autofree char *numbers = list_euiccs (euiccs, key);

      lui_table_add (table, title, key, until, kind_of (issuer), numbers);
    }
  lui_table_print (table, 0);
}

static void
print_missing (LpadBusManager *manager, const char *const *keys, GPtrArray *euiccs)
{
  g_autoptr (LuiTable) table = lui_table_new (3);

  if (keys[0] == NULL)
    return;
  printf ("\nTrusted by chips, but not installed (lui-cli issuer add FILE):\n");
  lui_table_add (table, "ISSUER", "KEY IDENTIFIER", "EUICCS");
  for (guint i = 0; keys[i] != NULL; i++)
    {
      g_autofree char *name = known_name (manager, keys[i]);
      g_autofree char *numbers = list_euiccs (euiccs, keys[i]);

      lui_table_add (table, lui_or (name, "(unknown)"), keys[i], numbers);
    }
  lui_table_print (table, 0);
}

static void
json_missing (JsonBuilder *builder, LpadBusManager *manager, const char *const *keys, GPtrArray *euiccs)
{
  json_builder_set_member_name (builder, "missing");
  json_builder_begin_array (builder);
  for (guint i = 0; keys[i] != NULL; i++)
    {
      g_autofree char *name = known_name (manager, keys[i]);

      json_builder_begin_object (builder);
      lui_json_string (builder, "key_identifier", keys[i]);
      lui_json_string (builder, "name", lui_or (name, ""));
      json_builder_set_member_name (builder, "euiccs");
      json_builder_begin_array (builder);
      for (guint k = 0; k < euiccs->len; k++)
        {
          if (lists_key (euiccs->pdata[k], keys[i]))
            json_builder_add_int_value (builder, lui_euicc_number (euiccs->pdata[k]));
        }
      json_builder_end_array (builder);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static LuiExit
list (LuiSession *session, LpadBusManager *manager)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) euiccs = lui_session_euiccs (session, &error);
  GVariant *issuers = lpad_bus_manager_get_issuers (manager);
  g_auto (GStrv) missing = NULL;

  if (euiccs == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  missing = missing_keys (issuers, euiccs);
  if (session->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      lui_json_variant (builder, "issuers", issuers);
      json_missing (builder, manager, (const char *const *) missing, euiccs);
      json_builder_end_object (builder);
      lui_json_print (builder, FALSE);
      return LUI_EXIT_OK;
    }
  print_installed (issuers, euiccs);
  print_missing (manager, (const char *const *) missing, euiccs);
  return LUI_EXIT_OK;
}

/* Installing. */

static void
print_certificate (GVariant *issuer)
{
  g_autofree char *name = lui_clean (lui_issuer_text (issuer, "name"));
  g_autofree char *fingerprint = lui_fingerprint (lui_issuer_text (issuer, "fingerprint"));
  g_autofree char *until = lui_issuer_until (issuer);

  printf ("Issuer:          %s\n", name);
  printf ("Key identifier:  %s\n", lui_issuer_text (issuer, "key-identifier"));
  printf ("Valid until:     %s\n", until);
  printf ("SHA-256:         %s\n", fingerprint);
}

static void
print_judgement (GVariant *issuer)
{
  g_autofree char *known = lui_clean (lui_issuer_text (issuer, "known-as"));
  g_autofree char *posing = lui_clean (lui_issuer_text (issuer, "poses-as"));

  if (*known != '\0')
    printf ("This is “%s”, known by this fingerprint.\n", known);
  else if (*posing != '\0')
    printf ("Careful: it names the key of “%s”, but it is not the certificate known by that name.\n", posing);
  else
    printf ("lpad does not know this certificate: compare the fingerprint with one from a source that you"
            " trust.\n");
}

/* A certificate that is known by its fingerprint is what it says; of any other a person must be sure. */
static gboolean
consent_to_add (LuiSession *session, GVariant *issuer, const Options *options, GError **error)
{
  g_autofree char *title = lui_issuer_title (issuer);
  g_autofree char *question
      = g_strdup_printf ("Trust the servers of this issuer%s? [y/N]", options->test ? ", for tests" : "");
  g_autofree char *refusal = g_strdup_printf ("“%s” is not installed", title);

  if (!session->json)
    {
      print_certificate (issuer);
      print_judgement (issuer);
      fflush (stdout);
    }
  if (*lui_issuer_text (issuer, "known-as") != '\0')
    return TRUE;
  return confirm (session, question, refusal, options->yes, error);
}

/* A public test issuer is for tests only: lpad refuses it otherwise; here the way is told. */
static gboolean
may_be_added (GVariant *issuer, const Options *options, GError **error)
{
  g_autofree char *title = lui_issuer_title (issuer);
  gboolean public_test = FALSE;

  g_variant_lookup (issuer, "public-test", "b", &public_test);
  if (!public_test || options->test)
    return TRUE;
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_INVALID_ARGUMENTS,
               "“%s” is a public test issuer, whose private key everybody has: install it with --test, for"
               " tests only.",
               title);
  return FALSE;
}

static LuiExit
report_added (LuiSession *session, LpadBusManager *manager, GVariant *issuer, const Options *options)
{
  g_autofree char *title = lui_issuer_title (issuer);
  g_autofree char *sentence = NULL;

  if (session->json)
    {
      g_autoptr (JsonBuilder) builder = json_builder_new ();

      json_builder_begin_object (builder);
      lui_json_boolean (builder, "ok", TRUE);
      lui_json_variant (builder, "issuer", issuer);
      json_builder_end_object (builder);
      lui_json_print (builder, FALSE);
      return LUI_EXIT_OK;
    }
  if (options->test && !lpad_bus_manager_get_test_mode (manager))
    sentence = g_strdup_printf (
        "“%s” is installed for tests; it does not count before TestMode=true in lpad.conf.", title);
  else
    sentence = g_strdup_printf ("“%s” is installed%s.", title, options->test ? " for tests" : "");
  return lui_done (session, sentence, NULL);
}

static GVariant *
add_options (const Options *options)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  if (options->test)
    g_variant_dict_insert (&dict, "test", "b", TRUE);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static LuiExit
add (LuiSession *session, LpadBusManager *manager, const char *source, const Options *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) octets = lui_certificate_read (source, &error);
  g_autoptr (GVariant) certificate = NULL;
  g_autoptr (GVariant) issuer = NULL;
  g_autoptr (GVariant) call_options = add_options (options);
  g_autofree char *key = NULL;

  if (octets == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  certificate = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, octets, TRUE));
  if (!lpad_bus_manager_call_inspect_issuer_sync (
          manager, certificate, lui_call_flags (session), LUI_CALL_TIMEOUT_MSEC, &issuer, NULL, &error)
      || !may_be_added (issuer, options, &error) || !consent_to_add (session, issuer, options, &error)
      || !lpad_bus_manager_call_add_issuer_sync (manager,
                                                 certificate,
                                                 call_options,
                                                 lui_call_flags (session),
                                                 LUI_CALL_TIMEOUT_MSEC,
                                                 &key,
                                                 NULL,
                                                 &error))
    return lui_fail (session, g_steal_pointer (&error));
  return report_added (session, manager, issuer, options);
}

/* Removing. */

static LuiExit
remove_issuer (LuiSession *session, LpadBusManager *manager, const char *text, const Options *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) issuer = lui_issuer_find (lpad_bus_manager_get_issuers (manager), text, &error);
  g_autofree char *title = issuer == NULL ? NULL : lui_issuer_title (issuer);
  g_autofree char *question = NULL;
  g_autofree char *refusal = NULL;
  g_autofree char *done = NULL;

  if (issuer == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  question = g_strdup_printf ("Remove “%s”? Its servers cannot be used any more then. [y/N]", title);
  refusal = g_strdup_printf ("“%s” is not removed", title);
  if (!confirm (session, question, refusal, options->yes, &error)
      || !lpad_bus_manager_call_remove_issuer_sync (manager,
                                                    lui_issuer_text (issuer, "fingerprint"),
                                                    lui_empty_options (),
                                                    lui_call_flags (session),
                                                    LUI_CALL_TIMEOUT_MSEC,
                                                    NULL,
                                                    &error))
    return lui_fail (session, g_steal_pointer (&error));
  done = g_strdup_printf ("“%s” is removed.", title);
  return lui_done (session, done, NULL);
}

LuiExit
lui_cmd_issuer (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusManager) manager = NULL;
  Options choice = { FALSE, FALSE };
  const GOptionEntry options[] = {
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &choice.yes, "Do not ask", NULL },
    { "test", 't', 0, G_OPTION_ARG_NONE, &choice.test, "Install it for tests only", NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!lui_begin (session, verb, options, &argc, &argv, 0, 2, &error))
    return lui_fail (session, g_steal_pointer (&error));
  manager = lui_session_manager (session, &error);
  if (manager == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  if (argc == 1 || (argc == 2 && g_str_equal (argv[1], "list")))
    return list (session, manager);
  if (argc == 3 && g_str_equal (argv[1], "add"))
    return add (session, manager, argv[2], &choice);
  if (argc == 3 && g_str_equal (argv[1], "remove"))
    return remove_issuer (session, manager, argv[2], &choice);
  return lui_fail (
      session,
      g_error_new (LPAD_ERROR,
                   LPAD_ERROR_INVALID_ARGUMENTS,
                   "It is lui-cli issuer list, lui-cli issuer add FILE, or lui-cli issuer remove ISSUER."));
}
