# SPDX-License-Identifier: Apache-2.0
"""Where a guest on x86 may see something else on Bulkhead than on Debian's Xen 4.17, whose PVH dom0 it is there, and why.
Everything else is a bug. A row whose difference no longer shows up fails test_every_explanation_is_used: it must go.
"""
from differences import Difference  # noqa: F401

DIFFERENCES = []
