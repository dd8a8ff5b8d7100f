/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "chip.h"
#include "fake-objects.h"
#include "notification.h"
#include "profile.h"

G_BEGIN_DECLS

/* An eUICC for the tests of the procedures: it answers ES10 from a table, keeps notifications as a chip does,
 * fails when it is told to, and counts. What a chip verifies and decides is not in it: that is the virtual
 * eUICC of the testbed. */

#define FAKE_EID     "89049032123451234512345678901235"
#define FAKE_ICCID   "98001032547698103214"
#define FAKE_KEY     "0102030405060708090a0b0c0d0e0f1011121314"
#define FAKE_SMDP    "default.example.test"
#define FAKE_ADDRESS "smdp.example.test"

typedef struct _FakeChip FakeChip;

FakeChip *fake_chip_new (void);
void fake_chip_free (FakeChip *fake);

/** fake_chip_connect: an LpadChip that reaches it; @fake lives longer. Nothing is connected yet. */
LpadChip *fake_chip_connect (FakeChip *fake);
/** fake_chip_connect_patiently: the same, and a switch may take a minute to show. */
LpadChip *fake_chip_connect_patiently (FakeChip *fake);

/**
 * fake_chip_on: the answer to each request that begins with @prefix (hexadecimal). Later ones win.
 * fake_chip_once: the answer to the next one only; several stand in line.
 * @answer: hexadecimal, of at most 256 octets; or "sw 6985"; or "! WORD" with a word of record.h: the fault
 * comes instead of an answer. After "! removed" all fails until there is a new connection.
 */
void fake_chip_on (FakeChip *fake, const char *prefix, const char *answer);
void fake_chip_once (FakeChip *fake, const char *prefix, const char *answer);

/** fake_chip_put_in_reader: its basic channel may be used. */
void fake_chip_put_in_reader (FakeChip *fake);

/** fake_chip_fail: the next "connect", "open", "basic" or "reset" fails with @fault: "sw 6881" or "! WORD".
 */
void fake_chip_fail (FakeChip *fake, const char *what, const char *fault);

/** fake_chip_drop_channels: as another program's reset does. */
void fake_chip_drop_channels (FakeChip *fake);

/** fake_chip_set_profile: the only profile; @nickname may be NULL. fake_chip_set_no_profile: the list is
 * empty. */
void fake_chip_set_profile (FakeChip *fake, LpadProfileState state, const char *nickname);
void fake_chip_set_no_profile (FakeChip *fake);

/** fake_chip_add_notification: a pending one. fake_chip_add_result: a pending ProfileInstallationResult. */
void fake_chip_add_notification (FakeChip *fake, guint64 number, LpadEvent event, const char *address);
void fake_chip_add_result (FakeChip *fake, guint64 number, const char *transaction_id, gboolean success);
gboolean fake_chip_has_notification (FakeChip *fake, guint64 number);

/** fake_chip_calls: how many requests began with @prefix. */
guint fake_chip_calls (FakeChip *fake, const char *prefix);
/** fake_chip_count: how often "connect", "open", "basic", "close" or "reset" was tried. */
guint fake_chip_count (FakeChip *fake, const char *what);
/** fake_chip_channels: how many are open now. fake_chip_cards: connections that live. */
guint fake_chip_channels (FakeChip *fake);
guint fake_chip_cards (FakeChip *fake);
/** fake_chip_on_request: calls @func on each request that begins with @prefix, before it is answered. */
void fake_chip_on_request (FakeChip *fake, const char *prefix, GFunc func, gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeChip, fake_chip_free)

G_END_DECLS
