/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card-watch.h"

#define REFRESH_WAIT 3  /* seconds after which a refresh is over, told or not */
#define LOOK_TIME    1  /* seconds after which a card that is away is looked for again */
#define LOOKS        10 /* so often */

struct _LpadCardWatch
{
  LpadCardEvents events;
  gpointer user_data;
  LpadCardLook look;
  gpointer look_data;
  guint refresh_timer;
  guint look_timer;
  guint looks_left;
  gboolean told; /* of slots before */
  gboolean owed; /* to tell that the card is back, once it is there */
  guint active;  /* number of the slot with the card, from 1; 0: there was none when last told */
  char *iccid;   /* of that card, when it was last known; "" if it never was */
};

void
lpad_card_slot_free (LpadCardSlot *slot)
{
  g_free (slot->eid);
  g_free (slot->iccid);
  g_free (slot);
}

LpadCardWatch *
lpad_card_watch_new (const LpadCardEvents *events, gpointer user_data, LpadCardLook look, gpointer look_data)
{
  LpadCardWatch *watch = g_new0 (LpadCardWatch, 1);

  watch->events = *events;
  watch->user_data = user_data;
  watch->look = look;
  watch->look_data = look_data;
  watch->iccid = g_strdup ("");
  return watch;
}

void
lpad_card_watch_free (LpadCardWatch *watch)
{
  g_clear_handle_id (&watch->refresh_timer, g_source_remove);
  g_clear_handle_id (&watch->look_timer, g_source_remove);
  g_free (watch->iccid);
  g_free (watch);
}

static void
forget_iccid (LpadCardWatch *watch)
{
  g_free (watch->iccid);
  watch->iccid = g_strdup ("");
}

static gboolean
on_look_time (gpointer user_data)
{
  LpadCardWatch *watch = user_data;

  watch->look_timer = 0;
  watch->look (watch->look_data);
  return G_SOURCE_REMOVE;
}

/* A card that is being reset without a word comes back without one, and its profile is read after that. */
static void
look_again (LpadCardWatch *watch, const LpadCardSlot *slot)
{
  if (slot != NULL && *slot->iccid != '\0')
    watch->looks_left = 0;
  if (watch->looks_left == 0 || watch->look_timer != 0)
    return;
  watch->looks_left--;
  watch->look_timer = g_timeout_add_seconds (LOOK_TIME, on_look_time, watch);
}

static guint
find_active (GPtrArray *slots)
{
  for (guint i = 0; i < slots->len; i++)
    {
      const LpadCardSlot *slot = g_ptr_array_index (slots, i);

      if (slot->active && (slot->present || !slot->known))
        return i + 1;
    }
  return 0;
}

/* Another card, or another profile, where nothing was told of a refresh */
static gboolean
has_changed (LpadCardWatch *watch, guint active, const char *iccid)
{
  if (watch->active == 0 || active == 0 || watch->refresh_timer != 0)
    return FALSE;
  return watch->active != active
         || (*watch->iccid != '\0' && *iccid != '\0' && !g_str_equal (watch->iccid, iccid));
}

void
lpad_card_watch_slots (LpadCardWatch *watch, GPtrArray *slots)
{
  guint active = find_active (slots);
  const LpadCardSlot *slot = active != 0 ? g_ptr_array_index (slots, active - 1) : NULL;
  gboolean changed = has_changed (watch, active, slot != NULL ? slot->iccid : "");
  gboolean went = watch->active != 0 && active == 0;
  gboolean came = watch->told && watch->active == 0 && active != 0 && watch->refresh_timer == 0;
  gboolean back = active != 0 && watch->owed;

  watch->told = TRUE;
  watch->owed = watch->owed && !back;
  if (watch->active != active)
    forget_iccid (watch);
  watch->active = active;
  if (slot != NULL && *slot->iccid != '\0')
    {
      g_free (watch->iccid);
      watch->iccid = g_strdup (slot->iccid);
    }
  look_again (watch, slot);
  if (went || changed)
    watch->events.reset (watch->user_data);
  watch->events.slots (slots, watch->user_data);
  if (came || changed || back)
    watch->events.refreshed (watch->user_data);
}

static gboolean
on_refresh_wait (gpointer user_data)
{
  LpadCardWatch *watch = user_data;

  watch->refresh_timer = 0;
  lpad_card_watch_refresh_ends (watch);
  return G_SOURCE_REMOVE;
}

void
lpad_card_watch_refresh_begins (LpadCardWatch *watch)
{
  watch->events.reset (watch->user_data);
  forget_iccid (watch);
  g_clear_handle_id (&watch->refresh_timer, g_source_remove);
  watch->refresh_timer = g_timeout_add_seconds (REFRESH_WAIT, on_refresh_wait, watch);
}

void
lpad_card_watch_refresh_ends (LpadCardWatch *watch)
{
  g_clear_handle_id (&watch->refresh_timer, g_source_remove);
  watch->owed = TRUE;
  lpad_card_watch_look (watch);
}

void
lpad_card_watch_card_is_off (LpadCardWatch *watch)
{
  watch->active = 0;
  watch->events.reset (watch->user_data);
}

void
lpad_card_watch_look (LpadCardWatch *watch)
{
  watch->looks_left = LOOKS;
  watch->look (watch->look_data);
}
