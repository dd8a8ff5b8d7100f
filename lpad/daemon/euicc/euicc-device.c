/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc-device.h"

#include "modem-manager.h"

static gboolean
is_named (const LpadDevice *device)
{
  return device->imei != NULL || device->tac != NULL;
}

void
lpad_euicc_device_complete (LpadEuicc *euicc, LpadDevice *caller)
{
  const LpadCore *core = lpad_euicc_core (euicc);
  const LpadPlace *place = lpad_euicc_place (euicc);
  const LpadSeenModem *modem = NULL;

  if (is_named (caller) || is_named (&core->config->device) || is_named (&place->modem))
    return;
  if (core->modem_manager != NULL && *place->physical_device != '\0')
    modem = lpad_modem_manager_find (core->modem_manager, place->physical_device);
  if (modem != NULL)
    lpad_device_take_imei (caller, modem->imei, place->removable);
}

static void
describe_text (GVariantDict *dict, const char *key, const char *value)
{
  if (value != NULL && *value != '\0')
    g_variant_dict_insert (dict, key, "s", value);
}

/* What a download tells of the device when the caller says nothing. */
static void
show (LpadEuicc *euicc)
{
  const LpadDevice *configured = &lpad_euicc_core (euicc)->config->device;
  LpadDevice nobody = { 0 };
  const LpadDevice *const sources[] = { &nobody, configured, &lpad_euicc_place (euicc)->modem };
  LpadDevice device;
  GVariantDict dict;

  lpad_euicc_device_complete (euicc, &nobody);
  device = lpad_device_choose (sources, G_N_ELEMENTS (sources));
  g_variant_dict_init (&dict, NULL);
  describe_text (&dict, "imei", device.imei);
  if (device.imei == NULL)
    describe_text (&dict, "tac", device.tac);
  if (is_named (&device))
    describe_text (&dict, "source", is_named (configured) ? "configuration" : "modem");
  lpad_bus_euicc_set_device_information (LPAD_BUS_EUICC (euicc), g_variant_dict_end (&dict));
  lpad_device_clear (&nobody);
}

void
lpad_euicc_device_show (LpadEuicc *euicc)
{
  LpadModemManager *manager = lpad_euicc_core (euicc)->modem_manager;

  show (euicc);
  if (manager != NULL)
    g_signal_connect_object (manager, "changed", G_CALLBACK (show), euicc, G_CONNECT_SWAPPED);
}
