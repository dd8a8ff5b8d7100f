/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem.h"

#include "mbim-port.h"
#include "qmi-port.h"
#include "slot.h"

#define RETRY_TIME 2 /* seconds between two attempts to open a port */
#define SLOTS_MAX  8
#define SLOT_PATH  "/org/lpad/Modem1/slot/%u"

struct _LpadModem
{
  LpadModemService *service;
  LpadModemPortInfo *info;
  LpadPort *port;
  GPtrArray *slots; /* of LpadModemSlot, in the modem's order */
  guint retry_timer;
  guint drop_source;
  gboolean settled;
  char *told; /* why the port cannot be used, as it was logged; NULL: it can */
};

static void open_port (LpadModem *modem);

/* The firmware's revision is known once the port has been opened. */
static LpadModemQuirks
find_quirks (LpadModem *modem)
{
  const LpadPortIdentity *identity = modem->port != NULL ? lpad_port_identity (modem->port) : NULL;

  return lpad_modem_quirk_table_find (modem->service->quirks,
                                      modem->info->driver,
                                      modem->info->usb,
                                      identity != NULL ? identity->revision : "");
}

static void
settle (LpadModem *modem)
{
  modem->settled = TRUE;
  modem->service->settled (modem->service->user_data);
}

static gboolean
on_retry (gpointer user_data)
{
  LpadModem *modem = user_data;

  modem->retry_timer = 0;
  open_port (modem);
  return G_SOURCE_REMOVE;
}

static void
on_slots (GPtrArray *states, gpointer user_data)
{
  LpadModem *modem = user_data;
  LpadModemService *service = modem->service;
  const LpadModemQuirks quirks = find_quirks (modem);

  g_clear_pointer (&modem->told, g_free);
  for (guint i = 0; i < states->len && i < SLOTS_MAX; i++)
    {
      if (i == modem->slots->len)
        {
          g_autofree char *path = g_strdup_printf (SLOT_PATH, ++service->last_slot);

          g_ptr_array_add (modem->slots, lpad_modem_slot_new (service, path, modem->info, i + 1));
        }
      lpad_modem_slot_set_port (g_ptr_array_index (modem->slots, i), modem->port, &quirks);
      lpad_modem_slot_update (g_ptr_array_index (modem->slots, i), g_ptr_array_index (states, i));
    }
  settle (modem);
}

static void
on_reset (gpointer user_data)
{
  LpadModem *modem = user_data;

  for (guint i = 0; i < modem->slots->len; i++)
    lpad_modem_slot_reset (g_ptr_array_index (modem->slots, i));
}

static void
on_refreshed (gpointer user_data)
{
  LpadModem *modem = user_data;

  for (guint i = 0; i < modem->slots->len; i++)
    {
      if (lpad_modem_slot_is_active (g_ptr_array_index (modem->slots, i)))
        lpad_modem_slot_refreshed (g_ptr_array_index (modem->slots, i));
    }
}

/* The port cannot be freed while it is telling us something. */
static gboolean
drop_port (gpointer user_data)
{
  LpadModem *modem = user_data;

  modem->drop_source = 0;
  g_clear_pointer (&modem->port, lpad_port_free);
  modem->retry_timer = g_timeout_add_seconds (RETRY_TIME, on_retry, modem);
  return G_SOURCE_REMOVE;
}

static void
on_gone (const GError *error, gpointer user_data)
{
  LpadModem *modem = user_data;

  if (g_strcmp0 (modem->told, error->message) != 0)
    g_message ("%s cannot be used now: %s", modem->info->path, error->message);
  g_free (modem->told);
  modem->told = g_strdup (error->message);
  if (g_file_test (modem->info->path, G_FILE_TEST_EXISTS))
    lpad_modem_journal_abandon (modem->service->journal, modem->info->path);
  else
    lpad_modem_journal_unplugged (modem->service->journal, modem->info->path);
  g_ptr_array_set_size (modem->slots, 0);
  if (modem->drop_source == 0)
    modem->drop_source = g_idle_add (drop_port, modem);
  settle (modem);
}

static void
open_port (LpadModem *modem)
{
  const LpadPortEvents events = {
    .card = { .slots = on_slots, .reset = on_reset, .refreshed = on_refreshed },
    .gone = on_gone,
  };
  const LpadModemQuirks quirks = find_quirks (modem);

  modem->port = g_str_equal (modem->info->transport, "mbim")
                    ? lpad_mbim_port_new (modem->info->path, &quirks, &events, modem)
                    : lpad_qmi_port_new (modem->info->path, &events, modem);
}

LpadModem *
lpad_modem_new (LpadModemService *service, LpadModemPortInfo *info)
{
  LpadModem *modem = g_new0 (LpadModem, 1);

  modem->service = service;
  modem->info = info;
  modem->slots = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_modem_slot_free);
  open_port (modem);
  return modem;
}

void
lpad_modem_free (LpadModem *modem)
{
  g_clear_handle_id (&modem->retry_timer, g_source_remove);
  g_clear_handle_id (&modem->drop_source, g_source_remove);
  g_ptr_array_unref (modem->slots);
  g_clear_pointer (&modem->port, lpad_port_free);
  lpad_modem_port_info_free (modem->info);
  g_free (modem->told);
  g_free (modem);
}

typedef struct
{
  GSourceOnceFunc stopped;
  gpointer user_data;
  guint waiting;
} Stop;

static void
on_slot_closed (gpointer user_data)
{
  Stop *stop = user_data;

  if (--stop->waiting > 0)
    return;
  stop->stopped (stop->user_data);
  g_free (stop);
}

void
lpad_modem_stop (LpadModem *modem, GSourceOnceFunc stopped, gpointer user_data)
{
  Stop *stop = g_new0 (Stop, 1);

  stop->stopped = stopped;
  stop->user_data = user_data;
  stop->waiting = 1 + modem->slots->len;
  for (guint i = 0; i < modem->slots->len; i++)
    lpad_modem_slot_close_all (g_ptr_array_index (modem->slots, i), on_slot_closed, stop);
  on_slot_closed (stop);
}

gboolean
lpad_modem_is_settled (LpadModem *modem)
{
  return modem->settled;
}

const char *
lpad_modem_path (LpadModem *modem)
{
  return modem->info->path;
}

gboolean
lpad_modem_is_busy (LpadModem *modem)
{
  for (guint i = 0; i < modem->slots->len; i++)
    {
      if (lpad_modem_slot_is_busy (g_ptr_array_index (modem->slots, i)))
        return TRUE;
    }
  return FALSE;
}
