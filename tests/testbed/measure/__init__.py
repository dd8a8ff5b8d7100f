# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every number that a document names: counted, timed and weighed against the running stack."""
