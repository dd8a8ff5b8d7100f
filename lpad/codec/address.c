/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "address.h"

#include <string.h>

#include "error-details.h"

#define HOST_MAX  253 /* octets, RFC 1035 2.3.4 without the root label */
#define LABEL_MAX 63
#define TEXT_MAX  (HOST_MAX + 64) /* room for white space, scheme and port */

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, message);
  return FALSE;
}

/* Octets that name a mistake by themselves; what is left over is letters, digits, ".", "-" and ":". */
static gboolean
check_octets (const char *text, GError **error)
{
  if (strchr (text, '@') != NULL)
    return refuse (error, "a server address holds no user name");
  if (strchr (text, '[') != NULL || strchr (text, ']') != NULL)
    return refuse (error, "an IP address is no server address, a host name is needed");
  if (strchr (text, '/') != NULL || strchr (text, '?') != NULL || strchr (text, '#') != NULL)
    return refuse (error, "a server address is a host name without a path");

  for (const char *p = text; *p != '\0'; p++)
    {
      guchar octet = (guchar) *p;

      if (octet >= 0x80)
        return refuse (error, "the host name has a letter outside ASCII; write it in its \"xn--\" form");
      if (g_ascii_iscntrl (octet))
        return refuse (error, "the host name has a control character in it");
      if (g_ascii_isspace (octet))
        return refuse (error, "the host name has white space in it");
      if (!g_ascii_isalnum (octet) && strchr (".-:", octet) == NULL)
        return refuse (error, "the host name has a character that is neither letter, digit nor hyphen");
    }
  return TRUE;
}

/* Whether programs would read a host that ends in @label as an IPv4 address: decimal, octal or hexadecimal.
 */
static gboolean
is_number (const char *label)
{
  if (g_str_has_prefix (label, "0x"))
    return strspn (label + 2, "0123456789abcdef") == strlen (label + 2);
  return strspn (label, "0123456789") == strlen (label);
}

/* @host: lower case; checked for its octets. RFC 1123 2.1. */
static gboolean
check_host (const char *host, GError **error)
{
  g_auto (GStrv) labels = NULL;
  guint n;

  if (*host == '\0')
    return refuse (error, "the host name is empty");
  if (strlen (host) > HOST_MAX)
    return refuse (error, "the host name is longer than 253 characters");

  labels = g_strsplit (host, ".", -1);
  n = g_strv_length (labels);
  for (guint i = 0; i < n; i++)
    {
      gsize length = strlen (labels[i]);

      if (length == 0)
        return refuse (error, "the host name has two dots side by side, or one at an end");
      if (length > LABEL_MAX)
        return refuse (error, "a part of the host name is longer than 63 characters");
      if (labels[i][0] == '-' || labels[i][length - 1] == '-')
        return refuse (error, "a part of the host name begins or ends with a hyphen");
    }
  if (is_number (labels[n - 1]))
    return refuse (error, "an IP address is no server address, a host name is needed");
  if (n < 2)
    return refuse (error, "the host name has no domain, such as in \"smdp.example.com\"");
  return TRUE;
}

static gboolean
parse_port (const char *text, guint *port, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT16, &number, NULL))
    return refuse (error, "the port is no number from 1 to 65535");

  *port = (guint) number;
  return TRUE;
}

/* Cuts what people and chips put around an address. */
static char *
trim (const char *text, gsize size)
{
  char *trimmed = g_strstrip (g_strndup (text, size));

  if (g_ascii_strncasecmp (trimmed, "https://", strlen ("https://")) == 0)
    memmove (trimmed, trimmed + strlen ("https://"), strlen (trimmed) - strlen ("https://") + 1);
  if (g_str_has_suffix (trimmed, "/"))
    trimmed[strlen (trimmed) - 1] = '\0';
  return trimmed;
}

char *
lpad_address_normalise (const char *text, gsize size, GError **error)
{
  g_autofree char *trimmed = NULL;
  g_autofree char *host = NULL;
  const char *colon;
  guint port = 0;

  g_return_val_if_fail (text != NULL || size == 0, NULL);

  if (size == 0)
    {
      refuse (error, "the host name is empty");
      return NULL;
    }
  if (size > TEXT_MAX)
    {
      refuse (error, "the address is too long");
      return NULL;
    }
  if (memchr (text, '\0', size) != NULL)
    {
      refuse (error, "the host name has a control character in it");
      return NULL;
    }

  trimmed = trim (text, size);
  if (g_ascii_strncasecmp (trimmed, "http://", strlen ("http://")) == 0)
    {
      refuse (error, "the server must be reached over https, not http");
      return NULL;
    }
  if (!check_octets (trimmed, error))
    return NULL;

  colon = strchr (trimmed, ':');
  if (colon != NULL && strchr (colon + 1, ':') != NULL)
    {
      refuse (error, "an IP address is no server address, a host name is needed");
      return NULL;
    }
  if (colon != NULL && !parse_port (colon + 1, &port, error))
    return NULL;

  host = g_ascii_strdown (trimmed, colon != NULL ? colon - trimmed : -1);
  if (!check_host (host, error))
    return NULL;
  return colon != NULL ? g_strdup_printf ("%s:%u", host, port) : g_steal_pointer (&host);
}

static gsize
host_length (const char *address)
{
  return strcspn (address, ":");
}

static const char *
port_text (const char *address)
{
  const char *colon = strchr (address, ':');

  return colon != NULL ? colon + 1 : "443";
}

gboolean
lpad_address_equal (const char *a, const char *b)
{
  gsize length;

  g_return_val_if_fail (a != NULL && b != NULL, FALSE);

  length = host_length (a);
  return length == host_length (b) && g_ascii_strncasecmp (a, b, length) == 0
         && strcmp (port_text (a), port_text (b)) == 0;
}

char *
lpad_address_host (const char *address)
{
  g_return_val_if_fail (address != NULL, NULL);

  return g_strndup (address, host_length (address));
}
