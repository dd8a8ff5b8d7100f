/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "slots.h"

#include "error-details.h"
#include "probe.h"

#define PROBE_TRIES 4  /* of a card that does not answer well */
#define RETRY_TIME  2  /* seconds until a card is looked at again */
#define BUSY_TIME   15 /* the same, of one that another program has kept to itself for long */

struct _LpadSlots
{
  LpadCore *core;
  LpadBusManager *manager;
  LpadSlotsFunc appeared;
  GHashTable *slots; /* name -> Slot; NULL: stopped */
  guint unlisted;    /* sources that have not told yet what there is */
  GSourceOnceFunc settled;
  gpointer user_data;
};

typedef struct
{
  LpadSlots *owner;
  LpadPlace *place;
  gboolean present;
  guint32 events;
  const char *state; /* Manager.Readers */
  char *message;
  LpadProbe *probe; /* while the card is looked at */
  guint tries;
  guint retry_timer;
  GPtrArray *euiccs; /* LpadEuicc */
} Slot;

static void start_probe (Slot *slot);

static void
set_slot_state (Slot *slot, const char *state, const char *message)
{
  slot->state = state;
  g_free (slot->message);
  slot->message = g_strdup (message);
}

static int
compare_slots (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 ((*(const Slot *const *) a)->place->name, (*(const Slot *const *) b)->place->name);
}

static GVariant *
euicc_paths (const Slot *slot)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("ao"));
  for (guint i = 0; i < slot->euiccs->len; i++)
    g_variant_builder_add (&builder, "o", lpad_euicc_path (g_ptr_array_index (slot->euiccs, i)));
  return g_variant_builder_end (&builder);
}

static void
publish (LpadSlots *slots)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  GVariantBuilder builder;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, slots->slots);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (sorted, value);
  g_ptr_array_sort (sorted, compare_slots);

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < sorted->len; i++)
    {
      const Slot *slot = g_ptr_array_index (sorted, i);
      GVariantDict dict;

      g_variant_dict_init (&dict, NULL);
      g_variant_dict_insert (&dict, "name", "s", slot->place->name);
      g_variant_dict_insert (&dict, "transport", "s", slot->place->transport);
      g_variant_dict_insert (&dict, "state", "s", slot->state);
      g_variant_dict_insert (&dict, "message", "s", slot->message != NULL ? slot->message : "");
      g_variant_dict_insert_value (&dict, "euiccs", euicc_paths (slot));
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  lpad_bus_manager_set_readers (slots->manager, g_variant_builder_end (&builder));
}

static void
check_settled (LpadSlots *slots)
{
  GSourceOnceFunc settled = slots->settled;
  GHashTableIter iter;
  gpointer value;

  if (slots->unlisted > 0 || settled == NULL)
    return;
  g_hash_table_iter_init (&iter, slots->slots);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      if (((const Slot *) value)->probe != NULL)
        return;
    }
  slots->settled = NULL;
  settled (slots->user_data);
}

static gboolean
on_retry (gpointer user_data)
{
  Slot *slot = user_data;

  slot->retry_timer = 0;
  start_probe (slot);
  publish (slot->owner);
  return G_SOURCE_REMOVE;
}

/* Forgets the card of @slot: it has left, or is to be looked at anew. */
static void
drop_card (Slot *slot, LpadError reason)
{
  if (slot->retry_timer != 0)
    g_source_remove (slot->retry_timer);
  slot->retry_timer = 0;
  if (slot->probe != NULL)
    lpad_probe_cancel (g_steal_pointer (&slot->probe), reason);
  for (guint i = 0; i < slot->euiccs->len; i++)
    lpad_euicc_remove (g_ptr_array_index (slot->euiccs, i), reason);
  g_ptr_array_set_size (slot->euiccs, 0);
  set_slot_state (slot, "empty", NULL);
}

static void
slot_free (gpointer data)
{
  Slot *slot = data;

  drop_card (slot, slot->owner->core->stopping ? LPAD_ERROR_CANCELLED : LPAD_ERROR_CARD_REMOVED);
  g_ptr_array_unref (slot->euiccs);
  lpad_place_unref (slot->place);
  g_free (slot->message);
  g_free (slot);
}

/* Whether a card that failed with @error is looked at again, and after how many seconds. Whoever has the card
 * to himself gives it back some time; of other troubles it is soon known whether they pass. */
static gboolean
next_try (Slot *slot, const GError *error, guint *delay)
{
  gboolean busy = g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CARD_BUSY);

  if (!busy && !g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR)
      && !g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED))
    return FALSE;
  slot->tries++;
  *delay = slot->tries < PROBE_TRIES ? RETRY_TIME : BUSY_TIME;
  return busy || slot->tries < PROBE_TRIES;
}

static void
conclude_failed_probe (Slot *slot, const GError *error)
{
  guint delay;

  if (g_error_matches (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND))
    {
      set_slot_state (slot, "not-euicc", error->message);
      return;
    }
  set_slot_state (slot, "error", error->message);
  if (next_try (slot, error, &delay))
    slot->retry_timer = g_timeout_add_seconds (delay, on_retry, slot);
}

static void
add_euiccs (Slot *slot, GPtrArray *chips)
{
  g_autoptr (LpadTurns) turns = lpad_turns_new ();

  for (guint i = 0; i < chips->len; i++)
    {
      LpadProbeChip *chip = g_ptr_array_index (chips, i);
      LpadWorker *worker = g_steal_pointer (&chip->worker);
      LpadEuicc *euicc = lpad_euicc_new (slot->owner->core,
                                         slot->place,
                                         chip->aid,
                                         turns,
                                         worker,
                                         chip->inventory,
                                         g_steal_pointer (&chip->interrupted));

      g_ptr_array_add (slot->euiccs, euicc);
      slot->owner->appeared (euicc);
    }
}

static void
on_probed (GPtrArray *chips, const GError *error, gpointer user_data)
{
  Slot *slot = user_data;
  LpadSlots *slots = slot->owner;

  slot->probe = NULL;
  if (chips->len == 0)
    conclude_failed_probe (slot, error);
  else
    {
      add_euiccs (slot, chips);
      set_slot_state (slot, "euicc", error != NULL ? error->message : NULL);
    }
  publish (slots);
  check_settled (slots);
}

static void
start_probe (Slot *slot)
{
  set_slot_state (slot, "reading", NULL);
  slot->probe = lpad_probe_start (slot->owner->core, slot->place, on_probed, slot);
}

LpadSlots *
lpad_slots_new (LpadCore *core,
                LpadBusManager *manager,
                LpadSlotsFunc appeared,
                guint sources,
                GSourceOnceFunc settled,
                gpointer user_data)
{
  LpadSlots *slots = g_new0 (LpadSlots, 1);

  slots->core = core;
  slots->manager = manager;
  slots->appeared = appeared;
  slots->unlisted = sources;
  slots->settled = settled;
  slots->user_data = user_data;
  slots->slots = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, slot_free);
  publish (slots);
  return slots;
}

void
lpad_slots_stop (LpadSlots *slots)
{
  g_clear_pointer (&slots->slots, g_hash_table_unref);
}

void
lpad_slots_free (LpadSlots *slots)
{
  lpad_slots_stop (slots);
  g_free (slots);
}

void
lpad_slots_listed (LpadSlots *slots)
{
  if (slots->slots == NULL)
    return;
  slots->unlisted--;
  check_settled (slots);
}

static Slot *
add_slot (LpadSlots *slots, LpadPlace *place)
{
  Slot *slot = g_new0 (Slot, 1);

  slot->owner = slots;
  slot->place = lpad_place_ref (place);
  slot->euiccs = g_ptr_array_new_with_free_func (g_object_unref);
  g_hash_table_insert (slots->slots, slot->place->name, slot);
  return slot;
}

/* The name is the key of the table, and it is the place's. */
static void
set_place (Slot *slot, LpadPlace *place)
{
  LpadPlace *before = slot->place;

  slot->place = lpad_place_ref (place);
  g_hash_table_steal (slot->owner->slots, before->name);
  g_hash_table_insert (slot->owner->slots, place->name, slot);
  lpad_place_unref (before);
}

void
lpad_slots_set (LpadSlots *slots, LpadPlace *place, gboolean present, guint32 events, const char *message)
{
  Slot *slot;

  if (slots->slots == NULL)
    return;
  slot = g_hash_table_lookup (slots->slots, place->name);
  if (slot == NULL)
    slot = add_slot (slots, place);
  else if (slot->present && present && slot->events == events)
    return;
  drop_card (slot, LPAD_ERROR_CARD_REMOVED);
  set_place (slot, place);
  slot->present = present;
  slot->events = events;
  slot->tries = 0;
  if (slot->present)
    start_probe (slot);
  else
    set_slot_state (slot, "empty", message);
  publish (slots);
  check_settled (slots);
}

void
lpad_slots_remove (LpadSlots *slots, const char *name)
{
  if (slots->slots == NULL || !g_hash_table_remove (slots->slots, name))
    return;
  publish (slots);
  check_settled (slots);
}

void
lpad_slots_rescan (LpadSlots *slots)
{
  GHashTableIter iter;
  gpointer value;

  if (slots->slots == NULL)
    return;
  g_hash_table_iter_init (&iter, slots->slots);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Slot *slot = value;

      if (!slot->present || slot->probe != NULL || slot->euiccs->len > 0)
        continue;
      drop_card (slot, LPAD_ERROR_CANCELLED);
      slot->tries = 0;
      start_probe (slot);
    }
  publish (slots);
}
