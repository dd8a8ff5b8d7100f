# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpad installed on a machine that boots: tests/boot."""
