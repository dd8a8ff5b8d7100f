/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmi-slots.h"

#include <libqmi-glib.h>

static GArray *
octets (const guint8 *data, guint size)
{
  GArray *array = g_array_new (FALSE, FALSE, 1);

  g_array_append_vals (array, data, size);
  return array;
}

static void
assert_slot (const GPtrArray *slots, guint number, gboolean present, const char *eid, const char *iccid)
{
  const LpadCardSlot *slot = g_ptr_array_index (slots, number);

  g_assert_true (slot->known);
  g_assert_cmpint (slot->active, ==, number == 0);
  g_assert_cmpint (slot->present, ==, present);
  g_assert_cmpint (slot->is_euicc, ==, number == 0);
  g_assert_cmpstr (slot->eid, ==, eid);
  g_assert_cmpstr (slot->iccid, ==, iccid);
}

/* Of three slots fewer have further information; what are no digits is nothing. */
static void
test_several (void)
{
  const guint8 iccid[] = { 0x98, 0x94, 0x80, 0x00, 0x00, 0x11, 0x22, 0x33, 0x44, 0xF5 };
  const guint8 wrong[] = { 0x98, 0xA4 };
  const guint8 eid[] = { 0x89, 0x04, 0x90, 0x32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34 };
  guint8 long_eid[17] = { 0x89 };
  g_autoptr (GArray) iccid_octets = octets (iccid, sizeof iccid);
  g_autoptr (GArray) wrong_octets = octets (wrong, sizeof wrong);
  g_autoptr (GArray) eid_octets = octets (eid, sizeof eid);
  g_autoptr (GArray) long_octets = octets (long_eid, sizeof long_eid);
  const QmiPhysicalSlotStatusSlot states[]
      = { { QMI_UIM_PHYSICAL_CARD_STATE_PRESENT, QMI_UIM_SLOT_STATE_ACTIVE, 1, iccid_octets },
          { QMI_UIM_PHYSICAL_CARD_STATE_PRESENT, QMI_UIM_SLOT_STATE_INACTIVE, 0, wrong_octets },
          { QMI_UIM_PHYSICAL_CARD_STATE_ABSENT, QMI_UIM_SLOT_STATE_INACTIVE, 0, NULL } };
  const QmiPhysicalSlotInformationSlot info
      = { .card_protocol = QMI_UIM_CARD_PROTOCOL_UICC, .valid_applications = 1, .is_euicc = TRUE };
  const QmiSlotEidElement eid_elements[] = { { eid_octets }, { long_octets } };
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof states[0]);
  g_autoptr (GArray) infos = g_array_new (FALSE, FALSE, sizeof info);
  g_autoptr (GArray) all_eids = g_array_new (FALSE, FALSE, sizeof eid_elements[0]);
  g_autoptr (GPtrArray) slots = NULL;

  g_array_append_vals (all, states, G_N_ELEMENTS (states));
  g_array_append_val (infos, info);
  g_array_append_vals (all_eids, eid_elements, G_N_ELEMENTS (eid_elements));
  slots = lpad_qmi_slots_read (all, infos, all_eids);
  g_assert_cmpuint (slots->len, ==, 3);
  assert_slot (slots, 0, TRUE, "89049032000000000000000000001234", "8949080000112233445");
  assert_slot (slots, 1, TRUE, "", "");
  assert_slot (slots, 2, FALSE, "", "");
}

static void
test_none_known (void)
{
  g_autoptr (GPtrArray) slots = lpad_qmi_slots_read (NULL, NULL, NULL);
  const LpadCardSlot *slot = g_ptr_array_index (slots, 0);

  g_assert_cmpuint (slots->len, ==, 1);
  g_assert_true (slot->active);
  g_assert_false (slot->known);
  g_assert_cmpstr (slot->eid, ==, "");
  g_assert_cmpstr (slot->iccid, ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/qmi-slots/several", test_several);
  g_test_add_func ("/qmi-slots/none-known", test_none_known);
  return g_test_run ();
}
