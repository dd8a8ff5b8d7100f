/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/socket.h>

G_BEGIN_DECLS

/**
 * lpad_address_is_public: whether @address (IPv4 or IPv6) is one of the public Internet. Names of servers
 * come from activation codes and from profiles on the chip, so whoever writes those must not make lpad talk
 * to this device or its local network. Not public: unspecified, loopback, link-local, private, shared
 * (100.64/10), multicast and reserved ones, and IPv6 addresses that carry such an IPv4 address.
 */
gboolean lpad_address_is_public (const struct sockaddr *address, gsize size);

G_END_DECLS
