/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "error-details.h"
#include "fake-chip.h"
#include "switch.h"

/* A chip with one profile, for the tests of the commands that change profiles. */

#define ENABLE  "bf31"
#define DISABLE "bf32"
#define DELETE  "bf33"
#define RENAME  "bf29"
#define ADDRESS "bf3f"

/* "enable", FAKE_ICCID, refreshFlag */
#define ENABLE_WITH_REFRESH    "bf3111a00c5a0a" FAKE_ICCID "8101ff"
#define ENABLE_WITHOUT_REFRESH "bf3111a00c5a0a" FAKE_ICCID "810100"

#define DISABLED_LIST "bf2d14a012e3105a0a" FAKE_ICCID "9f700100"

#define AID              "a0000005591010ffffffff8900001100"
#define WITH_AID(state)  "bf2d26a024e3225a0a" FAKE_ICCID "4f10" AID "9f7001" state
#define BY_AID(function) function "17a0124f10" AID
#define ENABLED          "01"
#define DISABLED         "00"

typedef struct
{
  FakeChip *fake;
  LpadChip *chip;
  GBytes *iccid;
  LpadInventory *before;
  LpadInventory *after;
  GCancellable *cancellable;
  GError *error;
} Fixture;

static inline void
set_up (Fixture *f, gconstpointer unused)
{
  f->fake = fake_chip_new ();
  f->chip = fake_chip_connect (f->fake);
  f->iccid = fake_iccid ();
  f->cancellable = g_cancellable_new ();
  f->before = lpad_inventory_read (f->chip, NULL, &f->error);
  g_assert_no_error (f->error);
  fake_chip_on (f->fake, ENABLE, ENABLE "03800100");
  fake_chip_on (f->fake, DISABLE, DISABLE "03800100");
  fake_chip_on (f->fake, DELETE, DELETE "03800100");
  fake_chip_on (f->fake, RENAME, RENAME "03800100");
  fake_chip_on (f->fake, ADDRESS, ADDRESS "03800100");
}

static inline void
tear_down (Fixture *f, gconstpointer unused)
{
  lpad_chip_free (f->chip);
  g_assert_cmpuint (fake_chip_channels (f->fake), ==, 0);
  g_bytes_unref (f->iccid);
  lpad_inventory_unref (f->before);
  lpad_inventory_unref (f->after);
  g_object_unref (f->cancellable);
  g_clear_error (&f->error);
  fake_chip_free (f->fake);
}

static inline gboolean
enable (Fixture *f)
{
  return lpad_switch_enable (
      f->chip, f->before, f->iccid, LPAD_REFRESH_EITHER, &f->after, f->cancellable, &f->error);
}

static inline gboolean
disable (Fixture *f)
{
  return lpad_switch_disable (
      f->chip, f->before, f->iccid, LPAD_REFRESH_EITHER, &f->after, f->cancellable, &f->error);
}

static inline gboolean delete (Fixture *f)
{
  return lpad_switch_delete (f->chip, f->before, f->iccid, &f->after, f->cancellable, &f->error);
}

static inline gboolean
rename_to (Fixture *f, const char *nickname)
{
  return lpad_switch_rename (f->chip, f->before, f->iccid, nickname, &f->after, f->cancellable, &f->error);
}

static inline gboolean
set_address (Fixture *f, const char *address)
{
  return lpad_switch_set_default_smdp_address (f->chip, address, &f->after, f->cancellable, &f->error);
}

static inline void
assert_after (Fixture *f, LpadProfileState state)
{
  const LpadProfile *profile;

  g_assert_nonnull (f->after);
  profile = lpad_inventory_find_profile (f->after, f->iccid);
  g_assert_nonnull (profile);
  g_assert_cmpint (profile->state, ==, state);
}

static inline guint
resets (Fixture *f)
{
  return fake_chip_count (f->fake, "reset");
}

/* From now on the chip lists the profile as enabled: for the moment at which a command arrives that it likes.
 */
static inline void
becomes_enabled (gpointer request, gpointer data)
{
  fake_chip_on (data, "bf2d", WITH_AID (ENABLED));
}

static inline void
becomes_disabled (gpointer request, gpointer data)
{
  fake_chip_on (data, "bf2d", WITH_AID (DISABLED));
}

static inline void
becomes_deleted (gpointer request, gpointer data)
{
  fake_chip_set_no_profile (data);
}

#define ADD(name, func, data) g_test_add ("/switch/" name, Fixture, data, set_up, func, tear_down)
