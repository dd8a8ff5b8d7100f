/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "address-check.h"

#include <netinet/in.h>
#include <string.h>

typedef struct
{
  guint8 octets[8];
  guint bits;
} Prefix;

/* IANA's registry of special-purpose addresses (RFC 6890), those that are no destination on the Internet. */
static const Prefix local_v4[] = {
  { { 0 }, 8 },         { { 10 }, 8 },       { { 100, 64 }, 10 },   { { 127 }, 8 },
  { { 169, 254 }, 16 }, { { 172, 16 }, 12 }, { { 192, 0, 0 }, 24 }, { { 192, 168 }, 16 },
  { { 198, 18 }, 15 },  { { 224 }, 4 },      { { 240 }, 4 },
};

/* ::/96 holds the unspecified, the loopback and the IPv4-compatible addresses. */
static const Prefix local_v6[] = {
  { { 0xfc }, 7 },
  { { 0xfe, 0x80 }, 10 },
  { { 0xfe, 0xc0 }, 10 },
  { { 0xff }, 8 },
  { { 0x01 }, 64 },                         /* discard-only, 100::/64 */
  { { 0x00, 0x64, 0xff, 0x9b, 0, 1 }, 48 }, /* translation to local IPv4 addresses */
};

static gboolean
has_prefix (const guint8 *address, const Prefix *prefix)
{
  guint whole = prefix->bits / 8;
  guint rest = prefix->bits % 8;
  guint8 mask = (guint8) (0xff00 >> rest);

  if (memcmp (address, prefix->octets, whole) != 0)
    return FALSE;
  return rest == 0 || (address[whole] & mask) == prefix->octets[whole];
}

static gboolean
is_public_v4 (const guint8 *address)
{
  for (gsize i = 0; i < G_N_ELEMENTS (local_v4); i++)
    if (has_prefix (address, &local_v4[i]))
      return FALSE;
  return TRUE;
}

static gboolean
is_public_v6 (const guint8 *address)
{
  static const guint8 zero[12] = { 0 };
  static const guint8 mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  static const guint8 translated[12] = { 0, 0x64, 0xff, 0x9b };

  if (memcmp (address, zero, sizeof zero) == 0)
    return FALSE;
  if (memcmp (address, mapped, sizeof mapped) == 0 || memcmp (address, translated, sizeof translated) == 0)
    return is_public_v4 (address + 12);
  if (address[0] == 0x20 && address[1] == 0x02) /* 6to4 */
    return is_public_v4 (address + 2);
  for (gsize i = 0; i < G_N_ELEMENTS (local_v6); i++)
    if (has_prefix (address, &local_v6[i]))
      return FALSE;
  return TRUE;
}

gboolean
lpad_address_is_public (const struct sockaddr *address, gsize size)
{
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;

  if (address->sa_family == AF_INET && size >= sizeof v4)
    {
      memcpy (&v4, address, sizeof v4);
      return is_public_v4 ((const guint8 *) &v4.sin_addr);
    }
  if (address->sa_family == AF_INET6 && size >= sizeof v6)
    {
      memcpy (&v6, address, sizeof v6);
      return is_public_v6 (v6.sin6_addr.s6_addr);
    }
  return FALSE;
}
