/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "buffer.h"

#include "error-details.h"

struct _LpadBuffer
{
  GByteArray *bytes;
  gsize maximum;
};

LpadBuffer *
lpad_buffer_new (gsize maximum)
{
  LpadBuffer *buffer;

  g_return_val_if_fail (maximum <= G_MAXUINT, NULL); /* GByteArray counts with guint */

  buffer = g_new0 (LpadBuffer, 1);
  buffer->bytes = g_byte_array_new ();
  buffer->maximum = maximum;
  return buffer;
}

void
lpad_buffer_free (LpadBuffer *buffer)
{
  if (buffer == NULL)
    return;

  g_byte_array_unref (buffer->bytes);
  g_free (buffer);
}

gboolean
lpad_buffer_append (LpadBuffer *buffer, const void *data, gsize size, GError **error)
{
  g_return_val_if_fail (buffer != NULL, FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);

  if (size > buffer->maximum - buffer->bytes->len)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_PROTOCOL_ERROR,
                   "more data than the %" G_GSIZE_FORMAT " octets that are accepted",
                   buffer->maximum);
      return FALSE;
    }

  if (size > 0)
    g_byte_array_append (buffer->bytes, data, (guint) size);
  return TRUE;
}

const guint8 *
lpad_buffer_data (LpadBuffer *buffer, gsize *size)
{
  g_return_val_if_fail (buffer != NULL, NULL);

  if (size != NULL)
    *size = buffer->bytes->len;
  return buffer->bytes->data;
}

gsize
lpad_buffer_size (LpadBuffer *buffer)
{
  g_return_val_if_fail (buffer != NULL, 0);

  return buffer->bytes->len;
}

GBytes *
lpad_buffer_steal (LpadBuffer *buffer)
{
  GByteArray *bytes;

  g_return_val_if_fail (buffer != NULL, NULL);

  bytes = g_steal_pointer (&buffer->bytes);
  buffer->bytes = g_byte_array_new ();
  return g_byte_array_free_to_bytes (bytes);
}
