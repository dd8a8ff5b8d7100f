/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The applications that are an ISD-R, in the order in which they are tried: that of SGP.02 2.2.3, and those
 * of removable eUICCs that have one of their own. lpad looks for them when its configuration names no others;
 * lpad-modem lets them be selected. */
#define LPAD_ISDR_AIDS                                                                                       \
  {                                                                                                          \
    "a0000005591010ffffffff8900000100", "a0000005591010000000008900000300",                                  \
        "a0000005591010ffffffff8900050500", "a0000005591010ffffffff8900000177",                              \
        "a000000559104c696e6b736669656c64", "a06573746b6d65ffff4953442d522030",                              \
        "a06573746b6d65ffff4953442d522031", "a06573746b6d65ffffffff4953442d52"                               \
  }
