/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-offer.h"

#include <stdio.h>
#include <string.h>

#include "lui-code.h"
#include "lui-profile.h"
#include "names.h"
#include "secret.h"

/* What binds for as long as the profile is there takes more than a key (SGP.22 2.9.2.3). */
#define RULES_QUESTION                                                                                       \
  "Only the operator can lift these rules. Type “" LUI_STRONG_WORD                                           \
  "” to accept them, [N]ot now, [r]efuse for good:"

static void
append_row (LuiTable *table, const char *title, GVariant *dictionary, const char *key)
{
  const char *value = NULL;

  if (g_variant_lookup (dictionary, key, "&s", &value) && *value != '\0')
    lui_table_add (table, title, value);
}

static void
append_profile (LuiTable *table, GVariant *profile)
{
  g_autoptr (GVariant) owner = g_variant_lookup_value (profile, "owner", G_VARIANT_TYPE_VARDICT);
  g_autofree char *network = lui_owner_to_string (owner);
  g_autofree const char **rules = NULL;
  const char *class = NULL;

  append_row (table, "Provider", profile, "service-provider");
  append_row (table, "Profile", profile, "name");
  if (g_variant_lookup (profile, "class", "&s", &class))
    lui_table_add (table, "Class", lui_class_words (class));
  append_row (table, "ICCID", profile, "iccid");
  if (network != NULL)
    lui_table_add (table, "Network", network);
  append_row (table, "Icon", profile, "icon-type");
  if (g_variant_lookup (profile, "policy-rules", "^a&s", &rules))
    lui_table_add_rules (table, rules);
}

char *
lui_offer_to_string (GVariant *prompt)
{
  g_autoptr (GVariant) profile = g_variant_lookup_value (prompt, "profile", G_VARIANT_TYPE_VARDICT);
  g_autoptr (LuiTable) table = lui_table_new (2);
  g_autofree char *rows = NULL;
  const char *interrupted;

  append_row (table, "Server", prompt, "smdp-address");
  if (profile != NULL)
    append_profile (table, profile);
  rows = lui_table_to_string (table, 2);
  if (g_variant_lookup (prompt, "interrupted", "&s", &interrupted))
    {
      g_autofree char *clean = lui_sentence (interrupted);

      return g_strdup_printf ("%s\nThis profile is offered now:\n%s", clean, rows);
    }
  return g_strdup_printf ("This profile is offered:\n%s", rows);
}

GVariant *
lui_offer_without_icon (GVariant *prompt)
{
  static const char *const keys[] = { "needs", "smdp-address" };
  g_autoptr (GVariant) profile = g_variant_lookup_value (prompt, "profile", G_VARIANT_TYPE_VARDICT);
  GVariantDict result, description;

  g_variant_dict_init (&result, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (prompt, keys[i], NULL);

      if (value != NULL)
        g_variant_dict_insert_value (&result, keys[i], value);
    }
  g_variant_dict_init (&description, profile);
  g_variant_dict_remove (&description, "icon");
  g_variant_dict_insert_value (&result, "profile", g_variant_dict_end (&description));
  return g_variant_ref_sink (g_variant_dict_end (&result));
}

void
lui_offer_clear (LuiOffer *offer)
{
  g_clear_pointer (&offer->unanswered_prompt, g_variant_unref);
}

static gboolean
needs (GVariant *prompt, const char *what)
{
  g_autofree const char **list = NULL;

  return g_variant_lookup (prompt, "needs", "^a&s", &list) && g_strv_contains (list, what);
}

static gboolean
is_one_of (const char *text, const char *letter, const char *word)
{
  return g_ascii_strcasecmp (text, letter) == 0 || g_ascii_strcasecmp (text, word) == 0;
}

LuiDecision
lui_decision_parse (const char *text, gboolean strong)
{
  if (*text == '\0' || is_one_of (text, "n", "no"))
    return LUI_DECISION_LATER;
  if (strong ? g_ascii_strcasecmp (text, LUI_STRONG_WORD) == 0 : is_one_of (text, "y", "yes"))
    return LUI_DECISION_INSTALL;
  if (is_one_of (text, "r", "refuse"))
    return LUI_DECISION_REFUSE;
  return LUI_DECISION_UNCLEAR;
}

/* Asks until the answer is clear; the end of the input is "not now". */
static LuiDecision
ask_decision (LuiOffer *offer, LuiOperation *operation, const char *question, gboolean strong)
{
  LuiDecision decision = LUI_DECISION_UNCLEAR;

  while (decision == LUI_DECISION_UNCLEAR)
    {
      g_autofree char *text
          = lui_terminal_ask (offer->terminal, question, FALSE, lui_operation_pointless, operation);

      decision = lui_decision_parse (text == NULL ? "" : text, strong);
    }
  return decision;
}

static LuiDecision
ask_consent (LuiOffer *offer, LuiOperation *operation, GVariant *prompt)
{
  LuiDecision decision = LUI_DECISION_INSTALL;

  if (needs (prompt, "policy-rules"))
    decision = ask_decision (offer, operation, RULES_QUESTION, TRUE);
  if (decision == LUI_DECISION_INSTALL && needs (prompt, "consent"))
    decision = ask_decision (offer, operation, "Install it? [y]es, [N]ot now, [r]efuse for good:", FALSE);
  return decision;
}

/* Returns NULL when the user gives none. */
static char *
ask_confirmation_code (LuiOffer *offer, LuiOperation *operation, GVariant *prompt)
{
  gint retries = -1;
  const char *error = NULL;
  g_autofree char *question = NULL;
  char *code;

  if (g_variant_lookup (prompt, "error", "&s", &error) && *error != '\0')
    {
      g_autofree char *sentence = lui_sentence (error);

      printf ("%s\n", sentence);
    }
  g_variant_lookup (prompt, "code-retries", "i", &retries);
  question
      = retries < 0
            ? g_strdup ("Confirmation code from the operator:")
            : g_strdup_printf (
                "Confirmation code from the operator (%d %s left):", retries, retries == 1 ? "try" : "tries");
  code = lui_terminal_ask (offer->terminal, question, TRUE, lui_operation_pointless, operation);
  if (code != NULL && *code == '\0')
    g_clear_pointer (&code, g_free);
  return code;
}

static gboolean
confirm (LuiOperation *operation, GVariant *prompt, const char *code, GError **error)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  if (code != NULL)
    g_variant_builder_add (&builder, "{sv}", "confirmation-code", g_variant_new_string (code));
  if (needs (prompt, "policy-rules"))
    g_variant_builder_add (&builder, "{sv}", "accept-policy-rules", g_variant_new_boolean (TRUE));
  return lpad_bus_operation_call_confirm_sync (lui_operation_proxy (operation),
                                               g_variant_builder_end (&builder),
                                               G_DBUS_CALL_FLAGS_NONE,
                                               LUI_CALL_TIMEOUT_MSEC,
                                               NULL,
                                               error);
}

static gboolean
postpone (LuiOperation *operation, GError **error)
{
  return lpad_bus_operation_call_postpone_sync (lui_operation_proxy (operation),
                                                g_variant_new ("a{sv}", NULL),
                                                G_DBUS_CALL_FLAGS_NONE,
                                                LUI_CALL_TIMEOUT_MSEC,
                                                NULL,
                                                error);
}

static gboolean
reject (LuiOperation *operation, GError **error)
{
  return lpad_bus_operation_call_reject_sync (lui_operation_proxy (operation),
                                              g_variant_new ("a{sv}", NULL),
                                              G_DBUS_CALL_FLAGS_NONE,
                                              LUI_CALL_TIMEOUT_MSEC,
                                              NULL,
                                              error);
}

static gboolean
answer_install (LuiOffer *offer, LuiOperation *operation, GVariant *prompt, GError **error)
{
  g_autofree char *code = NULL;
  gboolean ok;

  if (needs (prompt, "confirmation-code"))
    {
      code = ask_confirmation_code (offer, operation, prompt);
      if (code == NULL)
        return lui_operation_pointless (operation) || postpone (operation, error);
    }
  ok = confirm (operation, prompt, code, error);
  if (code != NULL)
    lpad_wipe (code, strlen (code));
  return ok;
}

static void
show (LuiOffer *offer, GVariant *prompt)
{
  g_autofree char *text = offer->shown || offer->session->json ? NULL : lui_offer_to_string (prompt);

  if (text != NULL)
    printf ("%s", text);
  fflush (stdout);
  offer->shown = TRUE;
}

gboolean
lui_offer_answer (LuiOperation *operation, GVariant *prompt, gpointer user_data, GError **error)
{
  LuiOffer *offer = user_data;
  LuiDecision decision;

  show (offer, prompt);
  if (offer->session->json || !lui_terminal_can_ask (offer->terminal))
    {
      offer->unanswered = needs (prompt, "consent") || needs (prompt, "policy-rules")
                              ? LPAD_BUS_ERROR_PREFIX "ConsentRequired"
                              : LPAD_BUS_ERROR_PREFIX "ConfirmationCodeRequired";
      g_clear_pointer (&offer->unanswered_prompt, g_variant_unref);
      offer->unanswered_prompt = g_variant_ref (prompt);
      return postpone (operation, error);
    }
  decision = offer->agreed ? LUI_DECISION_INSTALL : ask_consent (offer, operation, prompt);
  if (lui_operation_pointless (operation))
    return TRUE;
  offer->agreed = decision == LUI_DECISION_INSTALL;
  switch (decision)
    {
    case LUI_DECISION_INSTALL:
      return answer_install (offer, operation, prompt, error);
    case LUI_DECISION_REFUSE:
      return reject (operation, error);
    case LUI_DECISION_LATER:
    case LUI_DECISION_UNCLEAR:
    default:
      return postpone (operation, error);
    }
}
