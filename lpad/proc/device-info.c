/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device-info.h"

GBytes *
lpad_device_info_build (LpadChip *chip,
                        const LpadEuiccInfo *info,
                        const char *matching_id,
                        const LpadDevice *caller,
                        GError **error)
{
  const LpadChipConfig *config = lpad_chip_config (chip);
  const LpadDevice *const sources[] = { caller, &config->device, &config->modem };
  const LpadDevice device = lpad_device_choose (sources, G_N_ELEMENTS (sources));
  const gboolean extensible = (info->rsp_capability & LPAD_RSP_DEVICE_INFO_EXTENSIBILITY) != 0;

  return lpad_es10b_build_ctx_params1 (matching_id, &device, extensible, error);
}
