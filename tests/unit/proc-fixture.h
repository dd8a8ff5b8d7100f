/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "context.h"
#include "fake-chip.h"
#include "net-fixture.h"

G_BEGIN_DECLS

/* A chip, a server that it trusts, and nobody else: what the procedures that need the network stand between.
 */

#define TEST_DEAD_HOST "dead.example.test" /* refuses connections */

typedef struct
{
  FakeChip *fake;
  LpadChip *chip;
  TestCredential *ci;
  TestCredential *leaf;
  TestServer *server; /* TEST_HOST, which is FAKE_ADDRESS */
  char *folder;       /* of installed issuers */
  LpadContext context;
  LpadEuiccInfo *info;
} ProcFixture;

void proc_fixture_set_up (ProcFixture *f, gconstpointer unused);
void proc_fixture_tear_down (ProcFixture *f, gconstpointer unused);

/** proc_fixture_accept: the server takes the next @count notifications. */
void proc_fixture_accept (ProcFixture *f, guint count);

G_END_DECLS
