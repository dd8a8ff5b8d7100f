/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus-error.h"

#include "lpad-error-enums.h"

const char *
lpad_bus_error_name (const GError *error)
{
  g_autoptr (GEnumClass) errors = g_type_class_ref (LPAD_TYPE_ERROR);
  const GEnumValue *value = NULL;

  if (error->domain == LPAD_ERROR)
    value = g_enum_get_value (errors, error->code);
  if (value == NULL)
    value = g_enum_get_value (errors, LPAD_ERROR_FAILED);
  return value->value_nick;
}

void
lpad_bus_error_return (GDBusMethodInvocation *invocation, const GError *error)
{
  g_dbus_method_invocation_return_dbus_error (invocation, lpad_bus_error_name (error), error->message);
}

static void
insert_text (GVariantDict *dict, const char *key, const char *text)
{
  if (text != NULL)
    g_variant_dict_insert (dict, key, "s", text);
}

static GVariant *
describe_details (const LpadErrorDetails *details)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  if (details->status_word != 0)
    g_variant_dict_insert (&dict, "status-word", "u", details->status_word);
  if (details->result >= 0)
    g_variant_dict_insert (&dict, "result", "i", details->result);
  if (details->bpp_command >= 0)
    g_variant_dict_insert (&dict, "bpp-command", "i", details->bpp_command);
  if (details->http_status != 0)
    g_variant_dict_insert (&dict, "http-status", "u", details->http_status);
  insert_text (&dict, "function", details->function);
  insert_text (&dict, "subject", details->subject_code);
  insert_text (&dict, "reason", details->reason_code);
  insert_text (&dict, "server-message", details->server_message);
  return g_variant_dict_end (&dict);
}

void
lpad_bus_error_describe (GError *error, GVariantDict *result)
{
  LpadErrorDetails *details = lpad_error_details (error);

  insert_text (result, "error", lpad_bus_error_name (error));
  insert_text (result, "message", error->message);
  if (details == NULL)
    return;
  insert_text (result, "advice", details->advice);
  insert_text (result, "retry", lpad_retry_to_string (details->retry));
  insert_text (result, "order", lpad_order_to_string (details->order));
  g_variant_dict_insert_value (result, "details", describe_details (details));
}
