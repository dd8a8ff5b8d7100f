/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lui-operation.h"

G_BEGIN_DECLS

/**
 * LuiOffer: a profile that an operator offers, and the user's decision on it.
 * @unanswered: (out): nobody was there to ask, so the operation was postponed; the name of the error that
 * says what was wanted, or NULL
 * @unanswered_prompt: (out): and what would have been asked; free with lui_offer_clear()
 * @shown, @agreed: the offer has been shown, and agreed to; later prompts only ask for what is missing
 */
typedef struct
{
  LuiSession *session;
  LuiTerminal *terminal;
  gboolean shown;
  gboolean agreed;
  const char *unanswered;
  GVariant *unanswered_prompt;
} LuiOffer;

void lui_offer_clear (LuiOffer *offer);

/** lui_offer_answer: shows what is offered and asks what must be asked; a #LuiPromptFunc for a #LuiOffer. */
gboolean lui_offer_answer (LuiOperation *operation, GVariant *prompt, gpointer offer, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** lui_offer_without_icon: what @prompt asks, for a program to read: "needs", "smdp-address" and "profile",
 * whose picture is left out. */
GVariant *lui_offer_without_icon (GVariant *prompt);

/** lui_offer_to_string: what @prompt (see org.lpad.Lpad1.Operation) offers, in plain words. Free with
 * g_free(). */
char *lui_offer_to_string (GVariant *prompt);

/** What the answer to the question whether to install can be. */
typedef enum
{
  LUI_DECISION_UNCLEAR,
  LUI_DECISION_INSTALL,
  LUI_DECISION_LATER,
  LUI_DECISION_REFUSE,
} LuiDecision;

/** The word that a strong consent consists of. */
#define LUI_STRONG_WORD "agree"

/** lui_decision_parse: what the user typed: y, n or r, or the whole words; nothing is "not now". @strong:
 * yes is said with LUI_STRONG_WORD alone. */
LuiDecision lui_decision_parse (const char *text, gboolean strong);

G_END_DECLS
