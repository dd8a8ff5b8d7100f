/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "record.h"

#include "apdu.h"
#include "error-details.h"
#include "fault.h"
#include "hex.h"

#define OCTETS_MAX 512 /* of a line: more than any short APDU has */

typedef struct
{
  char mark; /* as in the trace: > < O C R ! */
  GBytes *octets;
  guint number;
  char *word;
} Step;

struct _LpadCardReplay
{
  GObject parent;

  GPtrArray *steps;
  guint next;
  gboolean no_le;
  gboolean broken; /* something differed: no later step can fit */
};

static void lpad_card_replay_card_init (LpadCardInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LpadCardReplay,
                               lpad_card_replay,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LPAD_TYPE_CARD, lpad_card_replay_card_init))

static void
step_free (Step *step)
{
  g_clear_pointer (&step->octets, g_bytes_unref);
  g_free (step->word);
  g_free (step);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Step, step_free)

static gboolean
parse_number (const char *text, guint64 maximum, guint *number, GError **error)
{
  guint64 value = 0;

  if (!g_ascii_string_to_unsigned (text, 10, 0, maximum, &value, NULL))
    {
      g_set_error (
          error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, "Not a number a trace can have: %s", text);
      return FALSE;
    }
  *number = (guint) value;
  return TRUE;
}

/* The step that the fields of a line make. Channel 0 stands for an opening that failed. */
static Step *
parse_step (char **fields, GError **error)
{
  g_autoptr (Step) step = g_new0 (Step, 1);
  guint count = g_strv_length (fields);

  step->mark = fields[0][0];
  if (fields[0][1] == '\0' && strchr (">O<", step->mark) != NULL && count >= 2
      && count <= (step->mark == 'O' ? 3 : 2))
    {
      step->octets = lpad_hex_decode (fields[1], OCTETS_MAX, error);
      if (step->octets == NULL
          || (count == 3 && !parse_number (fields[2], LPAD_CHANNEL_MAX, &step->number, error)))
        return NULL;
      return g_steal_pointer (&step);
    }
  if (g_str_equal (fields[0], "R") && count == 1)
    return g_steal_pointer (&step);
  if (g_str_equal (fields[0], "!") && count == 2)
    {
      step->word = g_strdup (fields[1]);
      return g_steal_pointer (&step);
    }
  if ((g_str_equal (fields[0], "C") || g_str_equal (fields[0], "L")) && count == 2)
    return parse_number (fields[1], LPAD_CHANNEL_MAX, &step->number, error) ? g_steal_pointer (&step) : NULL;

  g_set_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, "Not a line of a trace");
  return NULL;
}

static gboolean
parse_line (LpadCardReplay *self, char *line, GError **error)
{
  g_strstrip (line);
  if (line[0] == '\0' || line[0] == '#')
    return TRUE;

  g_auto (GStrv) fields = g_strsplit (line, " ", -1);
  g_autoptr (Step) step = parse_step (fields, error);
  if (step == NULL)
    return FALSE;
  if (step->mark == 'L')
    self->no_le = step->number == 0;
  else
    g_ptr_array_add (self->steps, g_steal_pointer (&step));
  return TRUE;
}

/* The next step if it has @mark. */
static const Step *
take (LpadCardReplay *self, char mark)
{
  const Step *step = !self->broken && self->next < self->steps->len ? self->steps->pdata[self->next] : NULL;

  if (step == NULL || step->mark != mark)
    return NULL;
  self->next++;
  return step;
}

static void
set_mismatch (LpadCardReplay *self, GError **error)
{
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_CARD_ERROR,
               "What is sent differs from the recorded trace at step %u of %u",
               self->next,
               self->steps->len);
  self->broken = TRUE;
}

/* Consumes a fault if the trace has one here. Returns: whether there was one */
static gboolean
take_fault (LpadCardReplay *self, GError **error)
{
  const Step *step = take (self, '!');

  if (step == NULL)
    return FALSE;
  if (!lpad_fault_set_error (error, step->word))
    g_set_error (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR, "The trace has an unknown fault: %s", step->word);
  return TRUE;
}

static gboolean
replay_open_channel (LpadCard *card, GBytes *aid, guint *channel, GCancellable *cancellable, GError **error)
{
  LpadCardReplay *self = LPAD_CARD_REPLAY (card);

  if (!lpad_check_cancelled (cancellable, error))
    return FALSE;
  const Step *step = take (self, 'O');
  if (step != NULL && g_bytes_equal (step->octets, aid))
    {
      if (step->number > 0)
        {
          *channel = step->number;
          return TRUE;
        }
      if (take_fault (self, error))
        return FALSE;
    }
  set_mismatch (self, error);
  return FALSE;
}

static GBytes *
replay_transmit (LpadCard *card, GBytes *command, GError **error)
{
  LpadCardReplay *self = LPAD_CARD_REPLAY (card);

  const Step *step = take (self, '>');
  if (step != NULL && g_bytes_equal (step->octets, command))
    {
      const Step *response = take (self, '<');
      if (response != NULL)
        return g_bytes_ref (response->octets);
      if (take_fault (self, error))
        return NULL;
    }
  set_mismatch (self, error);
  return NULL;
}

static void
replay_close_channel (LpadCard *card, guint channel)
{
  LpadCardReplay *self = LPAD_CARD_REPLAY (card);
  g_autoptr (GError) error = NULL;

  const Step *step = take (self, 'C');
  if (step == NULL || step->number != channel)
    set_mismatch (self, &error);
}

static gboolean
replay_reset (LpadCard *card, GError **error)
{
  LpadCardReplay *self = LPAD_CARD_REPLAY (card);

  if (take (self, 'R') != NULL)
    return !take_fault (self, error);
  set_mismatch (self, error);
  return FALSE;
}

static gboolean
replay_wants_le (LpadCard *card)
{
  return !LPAD_CARD_REPLAY (card)->no_le;
}

static void
lpad_card_replay_card_init (LpadCardInterface *iface)
{
  iface->open_channel = replay_open_channel;
  iface->transmit = replay_transmit;
  iface->close_channel = replay_close_channel;
  iface->reset = replay_reset;
  iface->wants_le = replay_wants_le;
}

static void
lpad_card_replay_finalize (GObject *object)
{
  g_ptr_array_unref (LPAD_CARD_REPLAY (object)->steps);
  G_OBJECT_CLASS (lpad_card_replay_parent_class)->finalize (object);
}

static void
lpad_card_replay_class_init (LpadCardReplayClass *class)
{
  G_OBJECT_CLASS (class)->finalize = lpad_card_replay_finalize;
}

static void
lpad_card_replay_init (LpadCardReplay *self)
{
  self->steps = g_ptr_array_new_with_free_func ((GDestroyNotify) step_free);
}

LpadCard *
lpad_card_replay_new (const char *text, GError **error)
{
  g_autoptr (LpadCardReplay) self = g_object_new (LPAD_TYPE_CARD_REPLAY, NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (!parse_line (self, lines[i], error))
      {
        lpad_error_wrap (error, "Line %u of the trace", i + 1);
        return NULL;
      }
  return LPAD_CARD (g_steal_pointer (&self));
}

gboolean
lpad_card_replay_finished (LpadCardReplay *self)
{
  return !self->broken && self->next == self->steps->len;
}
