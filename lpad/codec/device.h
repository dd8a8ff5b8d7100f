/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define LPAD_RELEASES 11

/**
 * LpadDevice: what one source (a caller, the configuration, a modem) says of the device (DeviceInfo, SGP.22
 * 4.2).
 * @imei: 14 to 16 digits; empty: the device shall not be named; NULL: nothing is said of it
 * @tac: the first eight digits of the IMEI, for a device that tells its type alone; NULL: nothing is said.
 * With an IMEI it has no meaning
 * @releases: supported releases in the order of DeviceCapabilities, see lpad_device_set_release(); 0: not
 * supported or not known
 */
typedef struct
{
  char *imei;
  char *tac;
  guint8 releases[LPAD_RELEASES];
} LpadDevice;

void lpad_device_copy (LpadDevice *device, const LpadDevice *from);
void lpad_device_clear (LpadDevice *device);

/** lpad_device_check: FALSE with %LPAD_ERROR_INVALID_ARGUMENTS when IMEI or TAC are none, see
 * lpad_imei_encode() and lpad_tac_encode(). */
gboolean lpad_device_check (const LpadDevice *device, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_device_set_release: @name: "gsm", "utran", "cdma2000-1x", "cdma2000-hrpd", "cdma2000-ehrpd",
 * "eutran-epc", "contactless", "rsp-crl", "nr-epc", "nr-5gc" or "eutran-5gc"
 * @release: of 3GPP, such as 15; for cdma2000 the revision
 * Returns: FALSE with %LPAD_ERROR_INVALID_ARGUMENTS when there is no such name, or the number is not from 1
 * to 255
 */
gboolean lpad_device_set_release (guint8 releases[LPAD_RELEASES],
                                  const char *name,
                                  guint64 release,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_device_take_imei: which device a modem is, as it says itself.
 * @imei: 14 to 16 digits; anything else says nothing
 * @type_alone: take the TAC only
 */
void lpad_device_take_imei (LpadDevice *device, const char *imei, gboolean type_alone);

/**
 * lpad_device_take_technologies: the releases that a modem supports at least: for each radio technology the
 * first one in which it exists. What is there already stays if it is later.
 * @technologies: (nullable): names as the property Technologies of org.lpad.Modem1.Slot has them; unknown
 * ones are skipped
 */
void lpad_device_take_technologies (guint8 releases[LPAD_RELEASES], const char *const *technologies);

/**
 * lpad_device_choose: of several sources, the most trusted first (NULL: it does not exist): which device it
 * is as the first of them says that says anything of it, and so the releases.
 * Returns: strings borrowed from @sources
 */
LpadDevice lpad_device_choose (const LpadDevice *const *sources, gsize n_sources);

G_END_DECLS
