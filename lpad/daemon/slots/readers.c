/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "readers.h"

#include "hotplug.h"
#include "pcsc.h"

#define HOTPLUG_TIME 2000 /* ms that its thread may take to end */

struct _LpadReaders
{
  LpadCore *core;
  LpadSlots *slots;
  LpadHotplug *hotplug;
  GPtrArray *list; /* LpadPcscReader: what was there last; NULL: nothing has been told yet */
};

static LpadCard *
connect_card (const LpadPlace *place, GCancellable *cancellable, GError **error)
{
  return lpad_card_pcsc_connect (place->device, GPOINTER_TO_UINT (place->address), cancellable, error);
}

static LpadPlace *
place_new (LpadReaders *readers, const char *name)
{
  LpadPlace *place = lpad_place_new ();

  place->name = g_strdup (name);
  place->transport = "pcsc";
  place->device = g_strdup (name);
  place->physical_device = g_strdup ("");
  place->removable = TRUE;
  place->connect = connect_card;
  place->address = GUINT_TO_POINTER (readers->core->config->apdu_timeout_ms);
  return place;
}

static gboolean
is_listed (GPtrArray *list, const char *name)
{
  for (guint i = 0; i < list->len; i++)
    {
      if (g_str_equal (((const LpadPcscReader *) g_ptr_array_index (list, i))->name, name))
        return TRUE;
    }
  return FALSE;
}

static void
on_hotplug (GPtrArray *list, gpointer user_data)
{
  LpadReaders *readers = user_data;
  g_autoptr (GPtrArray) before = g_steal_pointer (&readers->list);

  readers->list = g_ptr_array_ref (list);
  for (guint i = 0; before != NULL && i < before->len; i++)
    {
      const LpadPcscReader *reader = g_ptr_array_index (before, i);

      if (!is_listed (list, reader->name))
        lpad_slots_remove (readers->slots, reader->name);
    }
  for (guint i = 0; i < list->len; i++)
    {
      const LpadPcscReader *reader = g_ptr_array_index (list, i);
      g_autoptr (LpadPlace) place = place_new (readers, reader->name);

      lpad_slots_set (readers->slots, place, reader->present, reader->events, NULL);
    }
  if (before == NULL)
    lpad_slots_listed (readers->slots);
}

LpadReaders *
lpad_readers_new (LpadCore *core, LpadSlots *slots)
{
  LpadReaders *readers = g_new0 (LpadReaders, 1);

  readers->core = core;
  readers->slots = slots;
  readers->hotplug = lpad_hotplug_start (on_hotplug, readers);
  return readers;
}

void
lpad_readers_free (LpadReaders *readers)
{
  lpad_hotplug_stop (readers->hotplug, HOTPLUG_TIME);
  g_clear_pointer (&readers->list, g_ptr_array_unref);
  g_free (readers);
}
