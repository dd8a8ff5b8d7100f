/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd.h"

#include <stdio.h>
#include <string.h>

#include "lui-code.h"
#include "lui-failure.h"
#include "lui-offer.h"
#include "lui-releases.h"
#include "lui-waiting.h"
#include "secret.h"

typedef struct
{
  gboolean use_default;
  gboolean yes;
  gboolean accept_rules;
  gboolean enable;
  gboolean use_provisioning;
  int rollback;
  char *code;
  char *server;
  char *event;
  char *matching_id;
  char *nickname;
  char *imei;
  char *tac;
  char **releases;
  char *confirmation_code;
  char *confirmation_code_file;
} Options;

static void
wipe_text (char *text)
{
  if (text != NULL)
    lpad_wipe (text, strlen (text));
  g_free (text);
}

static void
options_clear (Options *options)
{
  g_clear_pointer (&options->code, g_free);
  g_clear_pointer (&options->server, g_free);
  g_clear_pointer (&options->event, g_free);
  g_clear_pointer (&options->matching_id, g_free);
  g_clear_pointer (&options->nickname, g_free);
  g_clear_pointer (&options->imei, g_free);
  g_clear_pointer (&options->tac, g_free);
  g_clear_pointer (&options->releases, g_strfreev);
  g_clear_pointer (&options->confirmation_code, wipe_text);
  g_clear_pointer (&options->confirmation_code_file, g_free);
}

static gboolean
parse (LuiSession *session, const LuiVerb *verb, Options *o, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "server",
      's',
      0,
      G_OPTION_ARG_STRING,
      &o->server,
      "Server (SM-DP+), instead of an activation code",
      "HOST" },
    { "matching-id", 'm', 0, G_OPTION_ARG_STRING, &o->matching_id, "Matching ID, with --server", "ID" },
    { "event",
      0,
      0,
      G_OPTION_ARG_STRING,
      &o->event,
      "A profile that waits for this device, see lui-cli discover",
      "NUMBER|ID" },
    { "default", 'd', 0, G_OPTION_ARG_NONE, &o->use_default, "Ask the default server of the chip", NULL },
    { "confirmation-code",
      'c',
      0,
      G_OPTION_ARG_STRING,
      &o->confirmation_code,
      "Confirmation code; other users of the system can see it",
      "CODE" },
    { "confirmation-code-file",
      'C',
      0,
      G_OPTION_ARG_FILENAME,
      &o->confirmation_code_file,
      "File with the confirmation code; - is standard input",
      "FILE" },
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &o->yes, "Consent in advance: do not ask", NULL },
    { "accept-policy-rules",
      'r',
      0,
      G_OPTION_ARG_NONE,
      &o->accept_rules,
      "Agree to rules of the operator that forbid to disable or delete, with --yes",
      NULL },
    { "enable", 'E', 0, G_OPTION_ARG_NONE, &o->enable, "Put the profile into use", NULL },
    { "use-provisioning",
      'p',
      0,
      G_OPTION_ARG_NONE,
      &o->use_provisioning,
      "Reach the server over the provisioning profile of the chip",
      NULL },
    LUI_ROLLBACK_OPTION (&o->rollback),
    { "nickname", 'n', 0, G_OPTION_ARG_STRING, &o->nickname, "Nickname for the profile", "NAME" },
    { "imei",
      'i',
      0,
      G_OPTION_ARG_STRING,
      &o->imei,
      "IMEI of this device: 14 to 16 digits; empty: tell none",
      "IMEI" },
    { "tac",
      't',
      0,
      G_OPTION_ARG_STRING,
      &o->tac,
      "Type of this device: eight digits, to be told instead of an IMEI",
      "TAC" },
    { "release",
      0,
      0,
      G_OPTION_ARG_STRING_ARRAY,
      &o->releases,
      "What this device supports, such as eutran-epc:15; may be repeated",
      "NAME:RELEASE" },
    G_OPTION_ENTRY_NULL,
  };

  return lui_parse (session, verb, entries, argc, argv, 0, 1, error);
}

static gboolean
usage_error (GError **error, const char *message)
{
  g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, message);
  return FALSE;
}

/* What contradicts itself is refused rather than guessed. */
static gboolean
check (const Options *o, const char *source, GError **error)
{
  int sources = (source != NULL) + (o->server != NULL) + (o->event != NULL) + (o->use_default ? 1 : 0);
  gboolean stdin_code = g_strcmp0 (o->confirmation_code_file, "-") == 0;

  if (o->rollback != LUI_ROLLBACK_NONE && !o->enable)
    return usage_error (error, "--rollback-timeout needs --enable.");
  if (sources == 0)
    return usage_error (error, "Say what to download: an activation code, --event, --default or --server.");
  if (sources > 1)
    return usage_error (error, "An activation code, --event, --default and --server exclude each other.");
  if (o->matching_id != NULL && o->server == NULL)
    return usage_error (error, "--matching-id needs --server.");
  if (o->confirmation_code != NULL && o->confirmation_code_file != NULL)
    return usage_error (error, "--confirmation-code and --confirmation-code-file exclude each other.");
  if (stdin_code && g_strcmp0 (source, "-") == 0)
    return usage_error (error, "Only one of the two codes can come from standard input.");
  if (o->accept_rules && !o->yes)
    return usage_error (error, "--accept-policy-rules needs --yes; without it you are asked.");
  return TRUE;
}

static void
add_string (GVariantBuilder *builder, const char *name, const char *value)
{
  if (value != NULL)
    g_variant_builder_add (builder, "{sv}", name, g_variant_new_string (value));
}

static void
add_true (GVariantBuilder *builder, const char *name, gboolean value)
{
  if (value)
    g_variant_builder_add (builder, "{sv}", name, g_variant_new_boolean (TRUE));
}

/* Reads the codes from where they are. */
static gboolean
read_codes (Options *o, const char *source, GError **error)
{
  if (source != NULL)
    {
      o->code = lui_code_read (source, error);
      if (o->code == NULL)
        return FALSE;
    }
  if (o->confirmation_code_file == NULL)
    return TRUE;
  o->confirmation_code = lui_confirmation_code_read (o->confirmation_code_file, error);
  return o->confirmation_code != NULL;
}

/* The options of Euicc.Download. */
static GVariant *
build_arguments (const Options *o, LpadBusEuicc *euicc, GError **error)
{
  GVariantBuilder builder;
  g_autofree char *event = o->event != NULL ? lui_waiting_find (euicc, o->event, error) : NULL;

  if (o->event != NULL && event == NULL)
    return NULL;
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_string (&builder, "activation-code", o->code);
  add_string (&builder, "event", event);
  add_string (&builder, "smdp-address", o->server);
  add_string (&builder, "matching-id", o->matching_id);
  add_true (&builder, "use-default", o->use_default);
  add_string (&builder, "confirmation-code", o->confirmation_code);
  add_string (&builder, "nickname", o->nickname);
  add_string (&builder, "imei", o->imei);
  add_string (&builder, "tac", o->tac);
  add_true (&builder, "enable", o->enable);
  add_true (&builder, "consent", o->yes);
  add_true (&builder, "accept-policy-rules", o->accept_rules);
  add_true (&builder, "use-provisioning", o->use_provisioning);
  if (!lui_releases_add (&builder, (const char *const *) o->releases, error)
      || !lui_add_rollback (&builder, o->rollback, error))
    {
      g_variant_builder_clear (&builder);
      return NULL;
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static void
print_success (GVariant *result, gboolean enable)
{
  const char *iccid = "", *provisioning = NULL;
  guint pending = 0;
  g_autofree char *clean = NULL;

  g_variant_lookup (result, "iccid", "&s", &iccid);
  g_variant_lookup (result, "notifications-pending", "u", &pending);
  g_variant_lookup (result, "provisioning", "&s", &provisioning);
  clean = lui_clean (iccid);
  printf ("Profile %s is installed%s.\n", clean, enable ? " and in use" : "");
  if (lui_provisioning_sentence (provisioning) != NULL)
    printf ("%s\n", lui_provisioning_sentence (provisioning));
  if (!enable)
    printf ("Put it into use with: lui-cli enable %s\n", clean);
  if (pending > 0)
    printf ("The operator has not been told yet (%u pending); lpad tries again by itself.\n", pending);
}

/* The operation says that it was postponed; the user wants to know why. */
static GVariant *
unanswered_result (const LuiOffer *offer)
{
  g_autoptr (GVariant) asked = lui_offer_without_icon (offer->unanswered_prompt);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_string (&builder, "error", offer->unanswered);
  add_string (&builder, "message", "Nothing was installed: nobody was there to ask.");
  add_string (&builder, "retry", "later");
  add_string (&builder, "order", "usable");
  g_variant_builder_add (&builder, "{sv}", "offer", asked);
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static LuiExit
finish_failed (LuiSession *session, GVariant *result, const LuiOffer *offer)
{
  const char *iccid = NULL;

  if (offer->unanswered != NULL)
    {
      g_autoptr (GVariant) own = unanswered_result (offer);

      return lui_fail_result (session, own);
    }
  if (!session->json && g_variant_lookup (result, "iccid", "&s", &iccid))
    {
      g_autofree char *clean = lui_clean (iccid);

      printf ("Profile %s is installed, but not all is well.\n", clean);
    }
  return lui_fail_result (session, result);
}

static LuiExit
finish (LuiSession *session, GVariant *result, gboolean enable, const LuiOffer *offer)
{
  if (lui_result_failed (result))
    return finish_failed (session, result, offer);
  if (session->json)
    return lui_done (session, "", result);
  print_success (result, enable);
  return LUI_EXIT_OK;
}

static LuiExit
download (LuiSession *session, Options *o, const char *source)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadBusEuicc) euicc = NULL;
  g_autoptr (GVariant) arguments = NULL;
  g_autoptr (GVariant) result = NULL;
  g_autoptr (LuiTerminal) terminal = NULL;
  g_autofree char *path = NULL;
  gboolean stdin_taken = g_strcmp0 (source, "-") == 0 || g_strcmp0 (o->confirmation_code_file, "-") == 0;
  LuiOffer offer = { .session = session };
  LuiExit status;

  if (!read_codes (o, source, &error) || !lui_session_connect (session, &error))
    return lui_fail (session, g_steal_pointer (&error));
  euicc = lui_session_euicc (session, &error);
  if (euicc != NULL)
    arguments = build_arguments (o, euicc, &error);
  if (arguments == NULL)
    return lui_fail (session, g_steal_pointer (&error));
  terminal = lui_terminal_new (stdin_taken);
  offer.terminal = terminal;
  if (!lpad_bus_euicc_call_download_sync (
          euicc, arguments, lui_call_flags (session), LUI_CALL_TIMEOUT_MSEC, &path, NULL, &error))
    return lui_fail (session, g_steal_pointer (&error));
  result = lui_operation_run (session, terminal, path, lui_offer_answer, &offer, &error);
  status = result == NULL ? lui_fail (session, g_steal_pointer (&error))
                          : finish (session, result, o->enable, &offer);
  lui_offer_clear (&offer);
  return status;
}

LuiExit
lui_cmd_download (LuiSession *session, const LuiVerb *verb, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Options options = { .rollback = LUI_ROLLBACK_NONE };
  const char *source;
  LuiExit status;

  if (!parse (session, verb, &options, &argc, &argv, &error))
    {
      options_clear (&options);
      return lui_fail (session, g_steal_pointer (&error));
    }
  source = argc > 1 ? argv[1] : NULL;
  session->no_code = source == NULL && options.matching_id == NULL;
  if (check (&options, source, &error))
    status = download (session, &options, source);
  else
    status = lui_fail (session, g_steal_pointer (&error));
  options_clear (&options);
  return status;
}
