/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "es10a.h"

#include "error-details.h"
#include "es10.h"
#include "text.h"

#define TAG_GET_CONFIGURED_ADDRESSES 0xbf3c
#define TAG_SET_DEFAULT_DP_ADDRESS   0xbf3f
#define ADDRESS_MAX                  255 /* octets of a domain name */

/* The text of child @tag; "" when it is absent or empty. */
static char *
get_text (const LpadTlv *parent, guint32 tag, GError **error)
{
  LpadTlv child;

  if (!lpad_tlv_find_optional (parent, tag, &child, error))
    return NULL;
  if (child.data == NULL)
    return g_strdup ("");
  return lpad_text_clean (child.value, child.length, ADDRESS_MAX);
}

gboolean
lpad_es10a_get_configured_addresses (LpadChannel *channel,
                                     char **smdp_address,
                                     char **smds_address,
                                     GError **error)
{
  static const char function[] = "ES10a.GetEuiccConfiguredAddresses";
  LpadTlv answer;
  g_autoptr (GBytes) octets
      = lpad_es10_call_empty (channel, TAG_GET_CONFIGURED_ADDRESSES, function, &answer, error);
  if (octets == NULL)
    return FALSE;

  g_autofree char *smdp = get_text (&answer, 0x80, error);
  if (smdp == NULL)
    return lpad_es10_malformed (error, function);
  g_autofree char *smds = get_text (&answer, 0x81, error);
  if (smds == NULL)
    return lpad_es10_malformed (error, function);

  *smdp_address = g_steal_pointer (&smdp);
  *smds_address = g_steal_pointer (&smds);
  return TRUE;
}

gboolean
lpad_es10a_set_default_dp_address (LpadChannel *channel, const char *address, GError **error)
{
  g_autoptr (LpadTlvBuilder) builder = lpad_tlv_builder_new ();

  if (strlen (address) > ADDRESS_MAX)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_INVALID_ARGUMENTS,
                   "The address is longer than %d characters",
                   ADDRESS_MAX);
      return FALSE;
    }
  lpad_tlv_builder_open (builder, TAG_SET_DEFAULT_DP_ADDRESS);
  lpad_tlv_builder_add_text (builder, 0x80, address);
  lpad_tlv_builder_close (builder);
  g_autoptr (GBytes) request = lpad_tlv_builder_end (builder);
  return lpad_es10_call_checked (
      channel, request, TAG_SET_DEFAULT_DP_ADDRESS, LPAD_FUNCTION_SET_DEFAULT_DP_ADDRESS, error);
}
