/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "attendant.h"

#include "changeover.h"
#include "first-boot.h"
#include "interruptions.h"
#include "notify-schedule.h"
#include "power-on.h"
#include "way-back.h"

/* What lpad does for one chip without being asked. */
typedef struct
{
  LpadEuicc *euicc; /* outlives it */
  LpadWayBack *way_back;
  LpadNotifySchedule *schedule;
  LpadPowerOn *power_on;
  LpadFirstBoot *first_boot;
} Attendant;

static void
on_turn_began (LpadEuicc *euicc, gpointer user_data)
{
  Attendant *attendant = user_data;

  lpad_notify_schedule_attend (attendant->schedule);
}

static void
on_idle (LpadEuicc *euicc, gpointer user_data)
{
  Attendant *attendant = user_data;

  lpad_way_back_update (attendant->way_back);
  lpad_first_boot_update (attendant->first_boot);
  lpad_notify_schedule_update (attendant->schedule);
}

/* Before anything else happens to the chip. */
static void
resume_trial (Attendant *attendant)
{
  LpadJournalEntry *trial = lpad_interruptions_take_trial (lpad_euicc_interruptions (attendant->euicc));

  if (trial != NULL)
    lpad_changeover_resume (attendant->euicc, trial);
}

static void
on_records_read (LpadEuicc *euicc, gpointer user_data)
{
  Attendant *attendant = user_data;

  lpad_way_back_look (attendant->way_back);
  resume_trial (attendant);
}

static void
on_recipients_left (LpadEuicc *euicc, gpointer user_data)
{
  Attendant *attendant = user_data;

  lpad_notify_schedule_hurry (attendant->schedule);
}

/* Those that lpad has started by itself are known by their kind. */
static void
on_operation_ended (LpadEuicc *euicc, LpadOperation *operation, const GError *error, gpointer user_data)
{
  Attendant *attendant = user_data;
  const char *kind = lpad_bus_operation_get_kind (LPAD_BUS_OPERATION (operation));

  if (lpad_operation_sender (operation) != NULL)
    return;
  if (g_str_equal (kind, "discover"))
    lpad_power_on_searched (attendant->power_on, error);
  else if (g_str_equal (kind, "download"))
    lpad_first_boot_downloaded (attendant->first_boot, error);
}

static void
on_removed (LpadEuicc *euicc, gpointer user_data)
{
  Attendant *attendant = user_data;

  g_signal_handlers_disconnect_by_data (euicc, attendant);
  lpad_notify_schedule_free (attendant->schedule);
  lpad_way_back_free (attendant->way_back);
  lpad_power_on_free (attendant->power_on);
  lpad_first_boot_free (attendant->first_boot);
  g_free (attendant);
}

void
lpad_attendant_attach (LpadEuicc *euicc)
{
  Attendant *attendant = g_new0 (Attendant, 1);

  attendant->euicc = euicc;
  attendant->way_back = lpad_way_back_new (euicc);
  attendant->schedule = lpad_notify_schedule_new (euicc);
  g_signal_connect (euicc, "turn-began", G_CALLBACK (on_turn_began), attendant);
  g_signal_connect (euicc, "idle", G_CALLBACK (on_idle), attendant);
  g_signal_connect (euicc, "records-read", G_CALLBACK (on_records_read), attendant);
  g_signal_connect (euicc, "recipients-left", G_CALLBACK (on_recipients_left), attendant);
  g_signal_connect (euicc, "operation-ended", G_CALLBACK (on_operation_ended), attendant);
  g_signal_connect (euicc, "removed", G_CALLBACK (on_removed), attendant);
  lpad_way_back_look (attendant->way_back);
  lpad_notify_schedule_start (attendant->schedule);
  attendant->power_on = lpad_power_on_new (euicc);
  attendant->first_boot = lpad_first_boot_new (euicc);
  resume_trial (attendant);
}
