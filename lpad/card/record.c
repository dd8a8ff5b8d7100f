/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "error-details.h"
#include "fault.h"
#include "hex.h"

struct _LpadCardRecord
{
  GObject parent;

  LpadCard *card;
  int fd;
};

static void lpad_card_record_card_init (LpadCardInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LpadCardRecord,
                               lpad_card_record,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LPAD_TYPE_CARD, lpad_card_record_card_init))

/* Appends @line, which ends in a line feed. A full disk costs the trace, not the operation. */
static void
write_line (LpadCardRecord *self, const char *line)
{
  gsize left = strlen (line);

  while (left > 0)
    {
      gssize written = write (self->fd, line, left);

      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        {
          g_warning ("the trace of the card is incomplete: %s", g_strerror (errno));
          return;
        }
      line += written;
      left -= (gsize) written;
    }
}

static void G_GNUC_PRINTF (2, 3) write_format (LpadCardRecord *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *line = g_strdup_vprintf (format, args);
  va_end (args);
  write_line (self, line);
}

static void
write_hex (LpadCardRecord *self, const char *mark, GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autofree char *hex = lpad_hex_encode (data, size);

  write_format (self, "%s %s\n", mark, hex);
}

static void
write_fault (LpadCardRecord *self, GError **error, GError *fault)
{
  write_format (self, "! %s\n", lpad_fault_to_word (fault));
  g_propagate_error (error, fault);
}

static gboolean
record_open_channel (LpadCard *card, GBytes *aid, guint *channel, GCancellable *cancellable, GError **error)
{
  LpadCardRecord *self = LPAD_CARD_RECORD (card);
  gsize size;
  const guint8 *data = g_bytes_get_data (aid, &size);
  g_autofree char *hex = lpad_hex_encode (data, size);
  GError *fault = NULL;

  if (lpad_card_open_channel (self->card, aid, channel, cancellable, &fault))
    {
      write_format (self, "O %s %u\n", hex, *channel);
      return TRUE;
    }
  write_format (self, "O %s\n", hex);
  write_fault (self, error, fault);
  return FALSE;
}

static GBytes *
record_transmit (LpadCard *card, GBytes *command, GError **error)
{
  LpadCardRecord *self = LPAD_CARD_RECORD (card);
  GError *fault = NULL;

  write_hex (self, ">", command);
  GBytes *response = lpad_card_transmit (self->card, command, &fault);
  if (response != NULL)
    write_hex (self, "<", response);
  else
    write_fault (self, error, fault);
  return response;
}

static void
record_close_channel (LpadCard *card, guint channel)
{
  LpadCardRecord *self = LPAD_CARD_RECORD (card);

  write_format (self, "C %u\n", channel);
  lpad_card_close_channel (self->card, channel);
}

static gboolean
record_reset (LpadCard *card, GError **error)
{
  LpadCardRecord *self = LPAD_CARD_RECORD (card);
  GError *fault = NULL;

  write_line (self, "R\n");
  if (lpad_card_reset (self->card, &fault))
    return TRUE;
  write_fault (self, error, fault);
  return FALSE;
}

static gboolean
record_wants_le (LpadCard *card)
{
  return lpad_card_wants_le (LPAD_CARD_RECORD (card)->card);
}

static void
lpad_card_record_card_init (LpadCardInterface *iface)
{
  iface->open_channel = record_open_channel;
  iface->transmit = record_transmit;
  iface->close_channel = record_close_channel;
  iface->reset = record_reset;
  iface->wants_le = record_wants_le;
}

static void
lpad_card_record_finalize (GObject *object)
{
  LpadCardRecord *self = LPAD_CARD_RECORD (object);

  g_clear_object (&self->card);
  if (self->fd >= 0)
    close (self->fd);
  G_OBJECT_CLASS (lpad_card_record_parent_class)->finalize (object);
}

static void
lpad_card_record_class_init (LpadCardRecordClass *class)
{
  G_OBJECT_CLASS (class)->finalize = lpad_card_record_finalize;
}

static void
lpad_card_record_init (LpadCardRecord *self)
{
  self->fd = -1;
}

LpadCard *
lpad_card_record_new (LpadCard *card, const char *path, GError **error)
{
  g_return_val_if_fail (LPAD_IS_CARD (card), NULL);

  g_autoptr (LpadCardRecord) self = g_object_new (LPAD_TYPE_CARD_RECORD, NULL);
  self->card = g_object_ref (card);
  self->fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (self->fd < 0)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_FAILED,
                   "The trace of the card cannot be written to %s: %s",
                   path,
                   g_strerror (errno));
      return NULL;
    }
  if (!lpad_card_wants_le (card))
    write_line (self, "L 0\n");
  return LPAD_CARD (g_steal_pointer (&self));
}
