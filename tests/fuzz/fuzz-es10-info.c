/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers to the functions that ask what the chip is. */
#include "es10a.h"
#include "es10b.h"
#include "es10c.h"
#include "fuzz-card.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
ask (LpadChannel *channel)
{
  g_autofree char *smdp = NULL, *smds = NULL;

  if (lpad_es10a_get_configured_addresses (channel, &smdp, &smds, NULL))
    g_assert_true (g_utf8_validate (smdp, -1, NULL) && g_utf8_validate (smds, -1, NULL));
  (void) !lpad_es10a_set_default_dp_address (channel, "", NULL);

  g_autoptr (LpadEuiccInfo) info1 G_GNUC_UNUSED = lpad_es10b_get_euicc_info1 (channel, NULL);
  g_autoptr (LpadEuiccInfo) info2 G_GNUC_UNUSED = lpad_es10b_get_euicc_info2 (channel, NULL);
  g_autoptr (GBytes) challenge G_GNUC_UNUSED = lpad_es10b_get_euicc_challenge (channel, NULL);
  g_autoptr (GPtrArray) rat G_GNUC_UNUSED = lpad_es10b_get_rat (channel, NULL);

  const LpadEuiccInfo capable = { .rsp_capability = LPAD_RSP_CRL };
  g_autoptr (GBytes) crl = g_bytes_new_static ("\x30\x00", 2);
  g_autoptr (GArray) missing G_GNUC_UNUSED = lpad_es10b_load_crl (channel, &capable, crl, NULL);
  g_autofree char *eid = lpad_es10c_get_eid (channel, NULL);
  g_assert_true (eid == NULL || strlen (eid) == 32);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  return fuzz_with_channel (data, size, ask);
}
