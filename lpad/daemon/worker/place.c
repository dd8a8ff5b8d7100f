/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "place.h"

static void
place_clear (gpointer data)
{
  LpadPlace *place = data;

  g_free (place->name);
  g_free (place->device);
  g_free (place->physical_device);
  lpad_device_clear (&place->modem);
  if (place->address_free != NULL)
    place->address_free (place->address);
}

LpadPlace *
lpad_place_new (void)
{
  return g_atomic_rc_box_new0 (LpadPlace);
}

LpadPlace *
lpad_place_ref (LpadPlace *place)
{
  return g_atomic_rc_box_acquire (place);
}

void
lpad_place_unref (LpadPlace *place)
{
  g_atomic_rc_box_release_full (place, place_clear);
}

LpadCard *
lpad_place_connect (gpointer place, GCancellable *cancellable, GError **error)
{
  return ((const LpadPlace *) place)->connect (place, cancellable, error);
}
