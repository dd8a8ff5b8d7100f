/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device.h"

#include <string.h>

#include "error-details.h"
#include "identifiers.h"

/* DeviceCapabilities in the order of their tags (SGP.22 4.2). */
static const char *const release_names[] = {
  "gsm",         "utran",   "cdma2000-1x", "cdma2000-hrpd", "cdma2000-ehrpd", "eutran-epc",
  "contactless", "rsp-crl", "nr-epc",      "nr-5gc",        "eutran-5gc",
};

G_STATIC_ASSERT (G_N_ELEMENTS (release_names) == LPAD_RELEASES);

void
lpad_device_copy (LpadDevice *device, const LpadDevice *from)
{
  device->imei = g_strdup (from->imei);
  device->tac = g_strdup (from->tac);
  memcpy (device->releases, from->releases, sizeof device->releases);
}

void
lpad_device_clear (LpadDevice *device)
{
  g_clear_pointer (&device->imei, g_free);
  g_clear_pointer (&device->tac, g_free);
  memset (device->releases, 0, sizeof device->releases);
}

gboolean
lpad_device_check (const LpadDevice *device, GError **error)
{
  guint8 imei[8];
  guint8 tac[4];

  if (device->imei != NULL && *device->imei != '\0' && !lpad_imei_encode (device->imei, imei, tac, error))
    return FALSE;
  return device->tac == NULL || lpad_tac_encode (device->tac, tac, error);
}

static void
set_unknown_name (GError **error)
{
  g_autoptr (GString) names = g_string_new (release_names[0]);

  for (gsize i = 1; i < LPAD_RELEASES; i++)
    g_string_append_printf (names, ", %s", release_names[i]);
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_INVALID_ARGUMENTS,
               "there is no radio technology of that name, but %s",
               names->str);
}

gboolean
lpad_device_set_release (guint8 releases[LPAD_RELEASES], const char *name, guint64 release, GError **error)
{
  guint i = 0;

  while (i < LPAD_RELEASES && !g_str_equal (name, release_names[i]))
    i++;
  if (i < LPAD_RELEASES && release >= 1 && release <= G_MAXUINT8)
    {
      releases[i] = (guint8) release;
      return TRUE;
    }
  if (i < LPAD_RELEASES)
    g_set_error_literal (
        error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, "a release is a number from 1 to 255");
  else
    set_unknown_name (error);
  return FALSE;
}

static gboolean
says_releases (const LpadDevice *device)
{
  for (guint i = 0; i < LPAD_RELEASES; i++)
    if (device->releases[i] != 0)
      return TRUE;
  return FALSE;
}

LpadDevice
lpad_device_choose (const LpadDevice *const *sources, gsize n_sources)
{
  LpadDevice chosen = { 0 };
  gboolean named = FALSE;

  for (gsize i = 0; i < n_sources; i++)
    {
      const LpadDevice *source = sources[i];

      if (source == NULL)
        continue;
      if (!named && (source->imei != NULL || source->tac != NULL))
        {
          chosen.imei = source->imei;
          chosen.tac = source->tac;
          named = TRUE;
        }
      if (!says_releases (&chosen))
        memcpy (chosen.releases, source->releases, sizeof chosen.releases);
    }
  return chosen;
}
