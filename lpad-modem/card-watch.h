/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** LpadCardSlot: what a modem says of a physical slot. Strings are "" when it says nothing. */
typedef struct
{
  gboolean active;
  gboolean known;   /* whether it says if there is a card */
  gboolean present; /* a card is in it */
  gboolean is_euicc;
  char *eid;
  char *iccid;
} LpadCardSlot;

/** lpad_card_slot_free: frees one. */
void lpad_card_slot_free (LpadCardSlot *slot);

/** LpadCardEvents: what becomes of the cards of a modem. */
typedef struct
{
  /* slots: of LpadCardSlot, in their order */
  void (*slots) (GPtrArray *slots, gpointer user_data);
  /* reset: the active card is being reset, or another one is active; all channels are gone */
  void (*reset) (gpointer user_data);
  /* refreshed: a card can be talked to again */
  void (*refreshed) (gpointer user_data);
} LpadCardEvents;

/**
 * LpadCardWatch: makes events of what a modem's firmware tells of its cards, and of what it does not tell: a
 * card that goes and comes, or shows another profile, without a word of a refresh has been refreshed.
 */
typedef struct _LpadCardWatch LpadCardWatch;

/** LpadCardLook: ask the modem for its slots; the answer goes to lpad_card_watch_slots(). */
typedef void (*LpadCardLook) (gpointer look_data);

/** lpad_card_watch_new: @events are copied */
LpadCardWatch *
lpad_card_watch_new (const LpadCardEvents *events, gpointer user_data, LpadCardLook look, gpointer look_data);
void lpad_card_watch_free (LpadCardWatch *watch);

/** lpad_card_watch_slots: the modem says, asked or not, what @slots it has (of LpadCardSlot). */
void lpad_card_watch_slots (LpadCardWatch *watch, GPtrArray *slots);

/** lpad_card_watch_refresh_begins: the modem says that the card is being reset. If it forgets to tell the
 * end, that is taken for granted after three seconds. */
void lpad_card_watch_refresh_begins (LpadCardWatch *watch);

/** lpad_card_watch_refresh_ends: the modem says that the card is back. */
void lpad_card_watch_refresh_ends (LpadCardWatch *watch);

/** lpad_card_watch_card_is_off: we have taken the power off the card ourselves. */
void lpad_card_watch_card_is_off (LpadCardWatch *watch);

/** lpad_card_watch_look: looks, and for ten seconds again as long as there is no card, or no profile. */
void lpad_card_watch_look (LpadCardWatch *watch);

G_END_DECLS
