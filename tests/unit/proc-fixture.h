/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "context.h"
#include "fake-chip.h"
#include "net-fixture.h"

G_BEGIN_DECLS

/* A chip, a server that it trusts, and nobody else: what the procedures that need the network stand between.
 */

#define TEST_TRANSACTION "00112233445566778899aabbccddeeff"
#define TEST_DEAD_HOST   "dead.example.test" /* refuses connections */

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

/* The objects of a download. Nothing in them is signed: neither lpad nor this chip would know. */

/** test_metadata_new: StoreMetadata (BF25) of FAKE_ICCID. @extra: TLVs to add in hexadecimal, or NULL */
GBytes *test_metadata_new (const char *extra);
/** test_package_new: a BF36 in seven segments, the last of which begins with 8618. */
GBytes *test_package_new (const char *transaction_id, GBytes *metadata);
/** test_take_segments: @fake takes all segments and gives no result. */
void test_take_segments (FakeChip *fake);

/** proc_fixture_agree: the chip agrees to every step of a session with TEST_TRANSACTION. */
void proc_fixture_agree (ProcFixture *f);

/** TestOffer: how the server's answers differ from good ones; NULL: not at all. */
typedef struct
{
  const char *key;      /* of the issuer whose certificate the chip shall use, hexadecimal */
  const char *metadata; /* as for test_metadata_new() */
  const char *txid;     /* in the answer to AuthenticateClient */
  gboolean code_required;
  const char *policies; /* of the server's certificate, as in TestCertificate; NULL: it is no certificate */
} TestOffer;

/** proc_fixture_add_initiate, proc_fixture_add_client, proc_fixture_add_package: the server's next answer. */
void proc_fixture_add_initiate (ProcFixture *f, const TestOffer *offer);
void proc_fixture_add_client (ProcFixture *f, const TestOffer *offer);
void proc_fixture_add_package (ProcFixture *f, GBytes *package);
/** proc_fixture_add_events: an SM-DS's next answer: pairs of event identifier and address, then NULL. */
void proc_fixture_add_events (ProcFixture *f, ...) G_GNUC_NULL_TERMINATED;
/** proc_fixture_add_success: an answer without content, as to CancelSession. */
void proc_fixture_add_success (ProcFixture *f);
/** proc_fixture_add_refusal: a functionExecutionStatus "Failed". */
void proc_fixture_add_refusal (ProcFixture *f, const char *subject, const char *reason);

/** proc_fixture_assert_cancelled: chip and server were told @reason, once, and the server last; -1: neither.
 */
void proc_fixture_assert_cancelled (ProcFixture *f, int reason);

G_END_DECLS
