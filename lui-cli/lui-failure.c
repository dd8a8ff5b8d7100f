/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-failure.h"

#include <stdio.h>

#include "lpad-error-enums.h"
#include "lui-output.h"
#include "names.h"

#define NO_REPLY "org.freedesktop.DBus.Error.NoReply"

/* What a failure is made of, wherever it comes from. Strings are borrowed. */
typedef struct
{
  const char *name;
  const char *message;
  const char *advice;
  const char *retry;
  const char *order;
  GVariant *details;
  GVariant *offer;          /* what somebody should have been asked */
  GVariant *rollback;       /* from which profile lpad has gone back, and why */
  const char *provisioning; /* where the chip stands after a detour, or NULL */
} Failure;

typedef struct
{
  LpadError code;
  LuiExit status;
  const char *advice; /* when lpad gives none, or NULL */
} Meaning;

static const Meaning meanings[] = {
  { LPAD_ERROR_FAILED, LUI_EXIT_FAILED, NULL },
  { LPAD_ERROR_NOT_SUPPORTED, LUI_EXIT_FAILED, NULL },
  { LPAD_ERROR_INVALID_ARGUMENTS, LUI_EXIT_USAGE, NULL },
  { LPAD_ERROR_NOT_AUTHORIZED,
    LUI_EXIT_NOT_AUTHORIZED,
    "Try it as an administrator, or from the session at the screen." },
  { LPAD_ERROR_NOT_FOUND, LUI_EXIT_NOT_FOUND, NULL },
  { LPAD_ERROR_BUSY, LUI_EXIT_STATE, "Try again when the operations that are queued have finished." },
  { LPAD_ERROR_CANCELLED, LUI_EXIT_DECLINED, NULL },
  { LPAD_ERROR_TIMEOUT, LUI_EXIT_CARD, NULL },
  { LPAD_ERROR_CARD_REMOVED, LUI_EXIT_CARD, "Insert the card again and look at lui-cli list." },
  { LPAD_ERROR_CARD_ERROR, LUI_EXIT_CARD, NULL },
  { LPAD_ERROR_CARD_BUSY, LUI_EXIT_CARD, "Try again in a moment." },
  { LPAD_ERROR_MODEM_ERROR, LUI_EXIT_CARD, NULL },
  { LPAD_ERROR_REFRESH_FAILED,
    LUI_EXIT_CARD,
    "Restart the device, or take the card out and insert it again." },
  { LPAD_ERROR_ROLLED_BACK, LUI_EXIT_ROLLED_BACK, NULL },
  { LPAD_ERROR_ROLLBACK_FAILED, LUI_EXIT_CARD, "Look at lui-cli list, and enable a profile that works." },
  { LPAD_ERROR_INVALID_ACTIVATION_CODE,
    LUI_EXIT_ORDER,
    "Check the code; a command line needs single quotes around it." },
  { LPAD_ERROR_CONFIRMATION_CODE_REQUIRED,
    LUI_EXIT_ORDER,
    "Ask the operator for the confirmation code and give it with --confirmation-code-file." },
  { LPAD_ERROR_CONFIRMATION_CODE_REFUSED, LUI_EXIT_ORDER, NULL },
  { LPAD_ERROR_CONFIRMATION_CODE_EXHAUSTED, LUI_EXIT_ORDER, "Ask the operator for a new activation code." },
  { LPAD_ERROR_CONSENT_REQUIRED,
    LUI_EXIT_DECLINED,
    "Run it on a terminal to be asked, or consent with --yes (with lui-cli reset: --eid-digits)." },
  { LPAD_ERROR_POLICY_VIOLATION, LUI_EXIT_STATE, NULL },
  { LPAD_ERROR_WRONG_STATE, LUI_EXIT_STATE, NULL },
  { LPAD_ERROR_PROFILE_EXISTS, LUI_EXIT_STATE, "Look at lui-cli list: the profile can be enabled." },
  { LPAD_ERROR_INSUFFICIENT_MEMORY, LUI_EXIT_STATE, "Delete a profile that is no longer needed." },
  { LPAD_ERROR_EID_MISMATCH, LUI_EXIT_ORDER, "The operator needs the EID that lui-cli info shows." },
  { LPAD_ERROR_NO_ELIGIBLE_PROFILE, LUI_EXIT_ORDER, "Ask the operator." },
  { LPAD_ERROR_NOT_RELEASED, LUI_EXIT_ORDER, "Try again later, or ask the operator." },
  { LPAD_ERROR_ORDER_EXPIRED, LUI_EXIT_ORDER, "Ask the operator for a new activation code." },
  { LPAD_ERROR_ORDER_EXHAUSTED, LUI_EXIT_ORDER, "Ask the operator for a new activation code." },
  { LPAD_ERROR_CODE_REFUSED, LUI_EXIT_ORDER, "Check the activation code; it may have been used already." },
  { LPAD_ERROR_ISSUER_MISSING,
    LUI_EXIT_SERVER,
    "Install the issuer's certificate with lui-cli issuer add FILE." },
  { LPAD_ERROR_SERVER_UNREACHABLE, LUI_EXIT_SERVER, "Check the connection to the Internet and try again." },
  { LPAD_ERROR_SERVER_NOT_TRUSTED, LUI_EXIT_SERVER, NULL },
  { LPAD_ERROR_SERVER_REFUSED, LUI_EXIT_SERVER, "Ask the operator." },
  { LPAD_ERROR_PROTOCOL_ERROR, LUI_EXIT_SERVER, "If it happens again, tell the operator." },
  { LPAD_ERROR_INSTALLATION_FAILED, LUI_EXIT_CARD, NULL },
  { LPAD_ERROR_CLOCK_INVALID, LUI_EXIT_SERVER, "Set the clock of this device." },
};

static const Meaning *
find_meaning (const char *name)
{
  g_autoptr (GEnumClass) errors = g_type_class_ref (LPAD_TYPE_ERROR);
  const GEnumValue *value = g_enum_get_value_by_nick (errors, name);

  for (gsize i = 0; value != NULL && i < G_N_ELEMENTS (meanings); i++)
    {
      if ((int) meanings[i].code == value->value)
        return &meanings[i];
    }
  return NULL;
}

LuiExit
lui_exit_for_name (const char *name)
{
  const Meaning *meaning = find_meaning (name);

  if (meaning != NULL)
    return meaning->status;
  if (g_str_equal (name, "org.freedesktop.DBus.Error.ServiceUnknown") || g_str_equal (name, NO_REPLY))
    return LUI_EXIT_UNAVAILABLE;
  return LUI_EXIT_FAILED;
}

/* The bus's own names for what has a name of ours. */
static const char *
translate_name (const char *name)
{
  static const char *const translations[][2] = {
    { "org.freedesktop.DBus.Error.AccessDenied", LPAD_BUS_ERROR_PREFIX "NotAuthorized" },
    { "org.freedesktop.DBus.Error.AuthFailed", LPAD_BUS_ERROR_PREFIX "NotAuthorized" },
    { "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", LPAD_BUS_ERROR_PREFIX "NotAuthorized" },
    { "org.freedesktop.DBus.Error.InvalidArgs", LPAD_BUS_ERROR_PREFIX "InvalidArguments" },
    { "org.freedesktop.DBus.Error.UnknownObject", LPAD_BUS_ERROR_PREFIX "NotFound" },
    { "org.freedesktop.DBus.Error.UnknownMethod", LPAD_BUS_ERROR_PREFIX "NotFound" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (translations); i++)
    {
      if (g_str_equal (name, translations[i][0]))
        return translations[i][1];
    }
  return name;
}

static char *
name_of (const GError *error)
{
  g_autofree char *name = NULL;

  if (error->domain == LPAD_ERROR)
    {
      g_autoptr (GEnumClass) errors = g_type_class_ref (LPAD_TYPE_ERROR);
      const GEnumValue *value = g_enum_get_value (errors, error->code);

      return g_strdup (value == NULL ? LPAD_BUS_ERROR_PREFIX "Failed" : value->value_nick);
    }
  if (error->domain == G_OPTION_ERROR)
    return g_strdup (LPAD_BUS_ERROR_PREFIX "InvalidArguments");
  if (g_dbus_error_is_remote_error (error))
    name = g_dbus_error_get_remote_error (error);
  else if (error->domain == G_DBUS_ERROR)
    name = g_dbus_error_encode_gerror (error);
  else
    name = g_strdup (LPAD_BUS_ERROR_PREFIX "Failed");
  return g_strdup (translate_name (name));
}

const char *
lui_order_sentence (const char *order)
{
  if (g_strcmp0 (order, "usable") == 0)
    return "The activation code can still be used.";
  if (g_strcmp0 (order, "ended") == 0)
    return "The activation code cannot be used again: the operator must issue a new one.";
  return NULL;
}

/* The same of a profile for which there is no code. */
static const char *
waiting_sentence (const char *order)
{
  if (g_strcmp0 (order, "usable") == 0)
    return "The profile can still be downloaded.";
  if (g_strcmp0 (order, "ended") == 0)
    return "The profile cannot be downloaded any more.";
  return NULL;
}

const char *
lui_provisioning_sentence (const char *provisioning)
{
  if (g_strcmp0 (provisioning, "returned") == 0)
    return "What was in use before the download is in use now.";
  if (g_strcmp0 (provisioning, "stuck") == 0)
    return "The provisioning profile may still be in use; lpad goes back as soon as the chip lets it.";
  return NULL;
}

static void
print_codes (const Failure *failure)
{
  GVariantIter iter;
  const char *key;
  GVariant *value;

  g_printerr ("  error: %s\n", failure->name);
  if (failure->retry != NULL)
    g_printerr ("  retry: %s\n", failure->retry);
  if (failure->details == NULL)
    return;
  g_variant_iter_init (&iter, failure->details);
  while (g_variant_iter_next (&iter, "{&sv}", &key, &value))
    {
      g_autofree char *text = g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
                                  ? g_variant_dup_string (value, NULL)
                                  : g_variant_print (value, FALSE);
      g_autofree char *clean = lui_clean (text);

      if (g_str_equal (key, "status-word") && g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
        g_printerr ("  status-word: %04X\n", g_variant_get_uint32 (value));
      else
        g_printerr ("  %s: %s\n", key, clean);
      g_variant_unref (value);
    }
}

static void
print_text (LuiSession *session, const Failure *failure)
{
  g_autofree char *message = lui_sentence (failure->message);
  g_autofree char *advice = lui_clean (failure->advice);
  const char *order
      = session->no_code ? waiting_sentence (failure->order) : lui_order_sentence (failure->order);
  const char *provisioning = lui_provisioning_sentence (failure->provisioning);

  fflush (stdout);
  g_printerr ("Error: %s\n", message);
  if (*advice != '\0')
    g_printerr ("%s\n", advice);
  if (order != NULL)
    g_printerr ("%s\n", order);
  if (provisioning != NULL)
    g_printerr ("%s\n", provisioning);
  if (session->verbose)
    print_codes (failure);
}

static void
print_json (const Failure *failure, LuiExit status)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  lui_json_boolean (builder, "ok", FALSE);
  json_builder_set_member_name (builder, "error");
  json_builder_begin_object (builder);
  lui_json_string (builder, "name", failure->name);
  lui_json_string (builder, "message", failure->message);
  lui_json_string (builder, "advice", failure->advice);
  lui_json_string (builder, "retry", lui_or (failure->retry, "unknown"));
  lui_json_string (builder, "order", lui_or (failure->order, "unknown"));
  if (failure->provisioning != NULL)
    lui_json_string (builder, "provisioning", failure->provisioning);
  json_builder_set_member_name (builder, "exit_status");
  json_builder_add_int_value (builder, status);
  if (failure->details != NULL)
    lui_json_variant (builder, "details", failure->details);
  if (failure->offer != NULL)
    lui_json_variant (builder, "offer", failure->offer);
  if (failure->rollback != NULL)
    lui_json_variant (builder, "rollback", failure->rollback);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  lui_json_print (builder, TRUE);
}

static LuiExit
report (LuiSession *session, Failure *failure)
{
  LuiExit status = lui_exit_for_name (failure->name);
  const Meaning *meaning = find_meaning (failure->name);

  if (lui_or (failure->advice, NULL) == NULL)
    failure->advice = meaning == NULL ? NULL : meaning->advice;
  if (status == LUI_EXIT_UNAVAILABLE && failure->advice == NULL)
    failure->advice = "See systemctl status lpad and journalctl -u lpad for the reason.";
  if (session->json)
    print_json (failure, status);
  else
    print_text (session, failure);
  return status;
}

LuiExit
lui_fail (LuiSession *session, GError *error)
{
  g_autoptr (GError) owned = error;
  g_autofree char *name = name_of (owned);
  Failure failure = { .name = name };

  g_dbus_error_strip_remote_error (owned);
  failure.message = owned->message;
  if (g_str_equal (name, NO_REPLY))
    failure.message = "lpad has ended or does not answer; lui-cli status shows what became of it.";
  return report (session, &failure);
}

LuiExit
lui_fail_result (LuiSession *session, GVariant *result)
{
  g_autoptr (GVariant) details = g_variant_lookup_value (result, "details", G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) offer = g_variant_lookup_value (result, "offer", G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) rollback = g_variant_lookup_value (result, "rollback", G_VARIANT_TYPE_VARDICT);
  Failure failure = { .name = LPAD_BUS_ERROR_PREFIX "Failed",
                      .message = "It failed.",
                      .details = details,
                      .offer = offer,
                      .rollback = rollback };

  g_variant_lookup (result, "error", "&s", &failure.name);
  g_variant_lookup (result, "message", "&s", &failure.message);
  g_variant_lookup (result, "advice", "&s", &failure.advice);
  g_variant_lookup (result, "retry", "&s", &failure.retry);
  g_variant_lookup (result, "order", "&s", &failure.order);
  g_variant_lookup (result, "provisioning", "&s", &failure.provisioning);
  return report (session, &failure);
}

gboolean
lui_result_failed (GVariant *result)
{
  const char *name = NULL;

  return g_variant_lookup (result, "error", "&s", &name) && *name != '\0';
}
