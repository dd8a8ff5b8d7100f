/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device.h"

#include <string.h>

#include "error-details.h"
#include "identifiers.h"

#define TAC_DIGITS    8  /* of an IMEI */
#define IMEI_DIGITS   14 /* without its check digit */
#define IMEISV_DIGITS 16

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

/* Modems have a zero (3GPP TS 23.003, 6.2.1: the spare digit), or another wrong one, where the check digit
 * belongs: the digits before it count. */
void
lpad_device_take_imei (LpadDevice *device, const char *imei, gboolean type_alone)
{
  g_autoptr (GError) error = NULL;
  guint8 octets[8];
  guint8 tac[4];
  gsize length = strlen (imei);

  if (length < IMEI_DIGITS || length > IMEISV_DIGITS || strspn (imei, "0123456789") != length)
    return;
  if (type_alone)
    device->tac = g_strndup (imei, TAC_DIGITS);
  else if (lpad_imei_encode (imei, octets, tac, &error))
    device->imei = g_strdup (imei);
  else
    device->imei = g_strndup (imei, IMEI_DIGITS);
}

static void
take_technology (guint8 releases[LPAD_RELEASES], const char *technology)
{
  /* Release 99 has the number 3, as the specifications of it (3GPP TR 21.900). */
  static const struct
  {
    const char *technology;
    const char *name;
    guint8 release;
  } first[] = {
    { "gsm", "gsm", 3 },
    { "umts", "utran", 3 },
    { "hsdpa", "utran", 5 },
    { "hsupa", "utran", 6 },
    { "lte", "eutran-epc", 8 },
    { "5g-nsa", "nr-epc", 15 },
    { "5g-sa", "nr-5gc", 15 },
    { "cdma2000-1x", "cdma2000-1x", 1 },
    { "cdma2000-hrpd", "cdma2000-hrpd", 1 },
  };
  guint tag = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (first); i++)
    {
      if (!g_str_equal (first[i].technology, technology))
        continue;
      while (!g_str_equal (first[i].name, release_names[tag]))
        tag++;
      releases[tag] = MAX (releases[tag], first[i].release);
    }
}

/* "5gnr": a modem that does not say with which core. Beside LTE it is at least the one of LTE, with which 5G
 * has begun; alone it can only be its own. */
void
lpad_device_take_technologies (guint8 releases[LPAD_RELEASES], const char *const *technologies)
{
  for (gsize i = 0; technologies != NULL && technologies[i] != NULL; i++)
    {
      if (!g_str_equal (technologies[i], "5gnr"))
        take_technology (releases, technologies[i]);
      else if (g_strv_contains (technologies, "lte"))
        take_technology (releases, "5g-nsa");
      else
        take_technology (releases, "5g-sa");
    }
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
