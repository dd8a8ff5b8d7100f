/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmi-slots.h"

#include <libqmi-glib.h>
#include <string.h>

#define EID_DIGITS_MAX   32
#define ICCID_DIGITS_MAX 20

/* @swapped: the first digit is in the low half of an octet. "" for what are no digits, or too many */
static char *
digits (const GArray *octets, gboolean swapped, gsize maximum)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; octets != NULL && i < octets->len && text->len <= maximum; i++)
    {
      guint8 octet = g_array_index (octets, guint8, i);
      guint8 first = swapped ? octet & 0x0F : octet >> 4, second = swapped ? octet >> 4 : octet & 0x0F;

      g_string_append_printf (text, "%x%x", first, second);
    }
  while (text->len > 0 && text->str[text->len - 1] == 'f')
    g_string_truncate (text, text->len - 1);
  if (text->len > maximum || strspn (text->str, "0123456789") != text->len)
    g_string_truncate (text, 0);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static LpadCardSlot *
read_slot (const QmiPhysicalSlotStatusSlot *state,
           const QmiPhysicalSlotInformationSlot *info,
           const QmiSlotEidElement *eid)
{
  LpadCardSlot *slot = g_new0 (LpadCardSlot, 1);

  slot->active = state->physical_slot_status == QMI_UIM_SLOT_STATE_ACTIVE;
  slot->known = TRUE;
  slot->present = state->physical_card_status == QMI_UIM_PHYSICAL_CARD_STATE_PRESENT;
  slot->is_euicc = info != NULL && info->is_euicc;
  slot->eid = digits (eid != NULL ? eid->eid : NULL, FALSE, EID_DIGITS_MAX);
  slot->iccid = digits (state->iccid, TRUE, ICCID_DIGITS_MAX);
  return slot;
}

static LpadCardSlot *
only_slot (void)
{
  LpadCardSlot *slot = g_new0 (LpadCardSlot, 1);

  slot->active = TRUE;
  slot->eid = g_strdup ("");
  slot->iccid = g_strdup ("");
  return slot;
}

GPtrArray *
lpad_qmi_slots_read (const GArray *states, const GArray *infos, const GArray *eids)
{
  GPtrArray *slots = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_card_slot_free);

  if (states == NULL)
    g_ptr_array_add (slots, only_slot ());
  for (guint i = 0; states != NULL && i < states->len; i++)
    g_ptr_array_add (
        slots,
        read_slot (&g_array_index (states, QmiPhysicalSlotStatusSlot, i),
                   infos != NULL && i < infos->len ? &g_array_index (infos, QmiPhysicalSlotInformationSlot, i)
                                                   : NULL,
                   eids != NULL && i < eids->len ? &g_array_index (eids, QmiSlotEidElement, i) : NULL));
  return slots;
}
