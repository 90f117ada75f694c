# SPDX-License-Identifier: Apache-2.0
"""Where a guest may see something else on Bulkhead than on Debian's Xen 4.17, and why. Everything else is a bug."""
import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Difference:
    """GUEST and KEY are regular expressions for the program and the whole name of a result line; OURS, if given, for
    the whole value on Bulkhead; GIC restricts the row to a version."""
    guest: str
    key: str
    reason: str
    ours: str = None
    gic: int = None

    def covers(self, guest, gic, key, xen, ours):
        del xen
        return (re.fullmatch(self.guest, guest) is not None and re.fullmatch(self.key, key) is not None
                and (self.gic is None or self.gic == gic)
                and (self.ours is None or (ours is not None and re.fullmatch(self.ours, ours) is not None)))


DIFFERENCES = [
    Difference("xenabi", "hypervisor node", ours="yes",
               reason="Xen 4.17 adds the node only with xen,enhanced, which needs a dom0; here Linux sees Xen always."),
]
