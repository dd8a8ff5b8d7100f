/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "download-prompt.h"

#include "identifiers.h"
#include "profile-object.h"

static GVariant *
describe_profile (const LpadProfile *profile)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (profile->iccid, &size);
  g_autofree char *iccid = lpad_iccid_to_string (data, size);
  g_auto (GStrv) rules = lpad_policy_rules_to_strv (profile->policy_rules);
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "iccid", "s", iccid);
  g_variant_dict_insert (&dict, "name", "s", profile->name != NULL ? profile->name : "");
  g_variant_dict_insert (
      &dict, "service-provider", "s", profile->service_provider != NULL ? profile->service_provider : "");
  g_variant_dict_insert (&dict, "class", "s", lpad_profile_class_to_string (profile->profile_class));
  g_variant_dict_insert_value (&dict, "policy-rules", g_variant_new_strv ((const char *const *) rules, -1));
  g_variant_dict_insert_value (&dict, "owner", lpad_profile_object_owner (profile));
  g_variant_dict_insert (&dict, "icon-type", "s", lpad_icon_type_to_string (profile->icon_type));
  if (profile->icon != NULL)
    g_variant_dict_insert_value (
        &dict, "icon", g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, profile->icon, TRUE));
  return g_variant_dict_end (&dict);
}

void
lpad_download_prompt_fill (GVariantDict *prompt,
                           const LpadOffer *offer,
                           gboolean code_missing,
                           gboolean rules_open,
                           const GError *refused)
{
  const char *needs[4];
  gssize n_needs = 0;

  if (refused == NULL)
    needs[n_needs++] = "consent";
  if (offer->confirmation_code_required && code_missing)
    needs[n_needs++] = "confirmation-code";
  if (offer->policy_rules_consent && rules_open)
    needs[n_needs++] = "policy-rules";

  g_variant_dict_init (prompt, NULL);
  g_variant_dict_insert_value (prompt, "needs", g_variant_new_strv (needs, n_needs));
  g_variant_dict_insert_value (prompt, "profile", describe_profile (offer->metadata));
  g_variant_dict_insert (prompt, "smdp-address", "s", offer->smdp_address);
  g_variant_dict_insert (prompt, "code-retries", "i", -1); /* SGP.22 has no place to say it */
  if (refused != NULL)
    g_variant_dict_insert (prompt, "error", "s", refused->message);
}
