/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-code.h"

#include "lpad-error.h"

#ifdef HAVE_QR

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <zbar.h>

/* Larger pictures are scaled down: a QR code stays readable, and memory stays small. */
#define PICTURE_MAX_PIXELS 2000

/* Luminance of each pixel (ITU-R BT.601, integer), the only thing that zbar looks at. */
static guint8 *
to_grey (GdkPixbuf *picture)
{
  const guint8 *pixels = gdk_pixbuf_read_pixels (picture);
  gsize width = (gsize) gdk_pixbuf_get_width (picture);
  gsize height = (gsize) gdk_pixbuf_get_height (picture);
  gsize stride = (gsize) gdk_pixbuf_get_rowstride (picture);
  gsize channels = (gsize) gdk_pixbuf_get_n_channels (picture);
  guint8 *grey = g_malloc_n (width, height);

  for (gsize y = 0; y < height; y++)
    {
      for (gsize x = 0; x < width; x++)
        {
          const guint8 *p = pixels + y * stride + x * channels;
          guint light = (299u * p[0] + 587u * p[1] + 114u * p[2]) / 1000u;
          guint opacity = channels == 4 ? p[3] : 255u; /* transparent is white */

          grey[y * width + x] = (guint8) ((light * opacity + 255u * (255u - opacity)) / 255u);
        }
    }
  return grey;
}

/* The one activation code among the symbols of a picture. */
static char *
choose (const zbar_image_t *image, GError **error)
{
  const char *found = NULL;

  for (const zbar_symbol_t *s = zbar_image_first_symbol (image); s != NULL; s = zbar_symbol_next (s))
    {
      const char *text = zbar_symbol_get_data (s);

      if (text == NULL || g_ascii_strncasecmp (text, "LPA:", 4) != 0)
        continue;
      if (found != NULL && !g_str_equal (found, text))
        {
          g_set_error (error,
                       LPAD_ERROR,
                       LPAD_ERROR_INVALID_ACTIVATION_CODE,
                       "The picture holds several activation codes: cut out the one that is meant.");
          return NULL;
        }
      found = text;
    }
  if (found == NULL || strlen (found) > LUI_CODE_MAX || !g_utf8_validate (found, -1, NULL))
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_INVALID_ACTIVATION_CODE,
                   "No QR code with an activation code (“LPA:1$…”) was found in the picture.");
      return NULL;
    }
  return g_strdup (found);
}

static char *
scan (GdkPixbuf *picture, GError **error)
{
  g_autofree guint8 *grey = to_grey (picture);
  guint width = (guint) gdk_pixbuf_get_width (picture);
  guint height = (guint) gdk_pixbuf_get_height (picture);
  zbar_image_scanner_t *scanner = zbar_image_scanner_create ();
  zbar_image_t *image = zbar_image_create ();
  char *code;

  zbar_image_scanner_set_config (scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
  zbar_image_scanner_set_config (scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
  zbar_image_set_format (image, zbar_fourcc ('Y', '8', '0', '0'));
  zbar_image_set_size (image, width, height);
  zbar_image_set_data (image, grey, (gulong) width * height, NULL);
  zbar_scan_image (scanner, image);
  code = choose (image, error);
  zbar_image_destroy (image);
  zbar_image_scanner_destroy (scanner);
  return code;
}

char *
lui_qr_read (const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GdkPixbuf) picture = NULL;
  int width = 0, height = 0;

  if (gdk_pixbuf_get_file_info (path, &width, &height) != NULL && MAX (width, height) > PICTURE_MAX_PIXELS)
    picture = gdk_pixbuf_new_from_file_at_size (path, PICTURE_MAX_PIXELS, PICTURE_MAX_PIXELS, &local);
  else
    picture = gdk_pixbuf_new_from_file (path, &local);
  if (picture == NULL)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_INVALID_ACTIVATION_CODE,
                   "The picture cannot be read: %s",
                   local->message);
      return NULL;
    }
  return scan (picture, error);
}

#else

char *
lui_qr_read (const char *path, GError **error)
{
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_NOT_SUPPORTED,
               "“%s” is a picture, and this build of lui-cli cannot read QR codes.",
               path);
  return NULL;
}

#endif
