/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "secret.h"

#include <string.h>

struct _LpadSecret
{
  gatomicrefcount references;
  gsize size;
  guint8 data[];
};

LpadSecret *
lpad_secret_new (const void *data, gsize size)
{
  LpadSecret *secret;

  g_return_val_if_fail (data != NULL || size == 0, NULL);
  g_return_val_if_fail (size <= G_MAXSIZE - sizeof (LpadSecret), NULL);

  secret = g_malloc (sizeof (LpadSecret) + size);
  g_atomic_ref_count_init (&secret->references);
  secret->size = size;
  if (size > 0)
    memcpy (secret->data, data, size);
  return secret;
}

LpadSecret *
lpad_secret_new_text (const char *text)
{
  g_return_val_if_fail (text != NULL, NULL);

  return lpad_secret_new (text, strlen (text));
}

LpadSecret *
lpad_secret_new_take_text (char *text)
{
  LpadSecret *secret;

  g_return_val_if_fail (text != NULL, NULL);

  secret = lpad_secret_new_text (text);
  lpad_wipe (text, strlen (text));
  g_free (text);
  return secret;
}

LpadSecret *
lpad_secret_ref (LpadSecret *secret)
{
  g_return_val_if_fail (secret != NULL, NULL);

  g_atomic_ref_count_inc (&secret->references);
  return secret;
}

void
lpad_secret_unref (LpadSecret *secret)
{
  if (secret == NULL || !g_atomic_ref_count_dec (&secret->references))
    return;

  lpad_wipe (secret->data, secret->size);
  g_free (secret);
}

const guint8 *
lpad_secret_data (LpadSecret *secret, gsize *size)
{
  g_return_val_if_fail (secret != NULL, NULL);

  if (size != NULL)
    *size = secret->size;
  return secret->data;
}

void
lpad_wipe (void *data, gsize size)
{
  if (data != NULL && size > 0)
    explicit_bzero (data, size);
}
