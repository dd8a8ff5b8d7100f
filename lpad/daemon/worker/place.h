/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "chip.h"

G_BEGIN_DECLS

/**
 * LpadPlace: where a card is: a PC/SC reader, or a slot of a modem, and how it is reached there. Whoever
 * makes it fills it in; it is immutable from then on and shared by all threads.
 * @name: what lpad.conf, people and lpad's memory call it; no other place has it
 * @transport: static: "pcsc", "qmi" or "mbim"
 * @device: the reader's name, or the modem's port
 * @physical_device: as ModemManager writes Modem.Device; empty when it is not known
 * @slot: from 1; 0: the device does not count its slots
 * @removable: whether the card can be taken out
 * @segment_size: most octets of a STORE DATA command that get through; 0: nothing is known
 * @modem: what the modem says of itself; for a card that can be taken out its type alone
 * @connect: makes the card, on the thread of the card
 * @address, @address_free: what @connect needs to know
 */
typedef struct _LpadPlace LpadPlace;

typedef LpadCard *(*LpadPlaceConnectFunc) (const LpadPlace *place, GCancellable *cancellable, GError **error);

struct _LpadPlace
{
  char *name;
  const char *transport;
  char *device;
  char *physical_device;
  guint slot;
  gboolean removable;
  guint segment_size;
  LpadDevice modem;
  LpadPlaceConnectFunc connect;
  gpointer address;
  GDestroyNotify address_free;
};

/** lpad_place_new: one without anything in it. Any thread may let go of the last reference. */
LpadPlace *lpad_place_new (void);
LpadPlace *lpad_place_ref (LpadPlace *place);
void lpad_place_unref (LpadPlace *place);

/** lpad_place_connect: the #LpadChipConnectFunc of a chip; @place is an #LpadPlace. */
LpadCard *lpad_place_connect (gpointer place, GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadPlace, lpad_place_unref)

G_END_DECLS
