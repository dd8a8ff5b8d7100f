/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "operation.h"

G_BEGIN_DECLS

/**
 * LpadDetour: the part of a download that leads over a provisioning profile: there before it, and back
 * afterwards, whatever became of it. The operation's record of the detour is on disk before the chip is told
 * anything. Main thread only.
 */
typedef struct _LpadDetour LpadDetour;

/** LpadDetourFunc: by the main loop or at once. @error: (nullable) (transfer none) */
typedef void (*LpadDetourFunc) (LpadOperation *operation, GError *error);

/**
 * LpadDetourEnd: where a detour has led to.
 */
typedef enum
{
  LPAD_DETOUR_AHEAD,    /* it has not ended */
  LPAD_DETOUR_ARRIVED,  /* another profile is enabled: the new one */
  LPAD_DETOUR_RETURNED, /* what was enabled before is so again, or still */
  LPAD_DETOUR_STUCK,    /* not, or nobody knows; lpad tries again, see LpadWayBack */
} LpadDetourEnd;

/** lpad_detour_new: @operation owns the detour. @address: of the server to be reached */
LpadDetour *lpad_detour_new (LpadOperation *operation, const char *address);
void lpad_detour_free (LpadDetour *detour);

/**
 * lpad_detour_begin: enables the provisioning profile and waits until the server can be reached; then @done.
 * Errors: see lpad_provisioning_find(); %LPAD_ERROR_SERVER_UNREACHABLE when it took too long; those of a
 * switch. lpad_detour_end() is needed after errors, too.
 */
void lpad_detour_begin (LpadDetour *detour, LpadDetourFunc done);

/** lpad_detour_wait_again: the server, once reached, was not to be reached for the download: waits again, as
 * long as there is time, and then calls what lpad_detour_begin() was told. FALSE: @error stands */
gboolean lpad_detour_wait_again (LpadDetour *detour, const GError *error);

/** lpad_detour_end: brings back what was enabled before, unless another profile is; then @done, with the
 * error that holds it up. */
void lpad_detour_end (LpadDetour *detour, LpadDetourFunc done);

/** lpad_detour_where: where it has led to; known when lpad_detour_end() has called. */
LpadDetourEnd lpad_detour_where (LpadDetour *detour);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadDetour, lpad_detour_free)

G_END_DECLS
