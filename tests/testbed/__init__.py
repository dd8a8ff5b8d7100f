# SPDX-License-Identifier: LGPL-2.1-or-later
"""The eSIM platform on one machine: an eUICC, an operator's SM-DP+, a network.

The package is imported as ``testbed`` with ``PYTHONPATH=tests`` and needs
nothing but Debian's own Python and python3-cryptography.  It shares no code
with the programs it tests.
"""
