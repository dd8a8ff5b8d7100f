/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include "activation-code.h"
#include "address.h"
#include "error-details.h"
#include "text.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = size > 0 ? g_strndup ((const char *) data, size) : g_strdup ("");
  g_autofree char *address = lpad_address_normalise ((const char *) data, size, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (LpadActivationCode) code = lpad_activation_code_parse (text, &error);

  if (address != NULL)
    {
      g_autofree char *again = lpad_address_normalise (address, strlen (address), NULL);

      g_assert_cmpstr (again, ==, address);
      g_assert_true (lpad_address_equal (again, address));
    }

  if (code == NULL)
    {
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ACTIVATION_CODE);
      g_assert_true (lpad_text_is_clean (error->message, 1000));
    }
  else
    {
      g_autofree char *normal
          = lpad_address_normalise (code->smdp_address, strlen (code->smdp_address), NULL);

      g_assert_no_error (error);
      g_assert_cmpstr (normal, ==, code->smdp_address);
      g_assert_cmpuint (strlen (code->matching_id), <=, LPAD_ACTIVATION_CODE_MAX);
      g_assert_null (strchr (code->matching_id, '$'));
    }
  return 0;
}
