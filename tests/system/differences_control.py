# SPDX-License-Identifier: Apache-2.0
"""Where Xen's tools may say something else on Bulkhead than on Debian's Xen 4.17, and why. Everything else is a bug."""
import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Difference:
    """WHAT and KEY are regular expressions for the tool ("xl info") and the whole name of a field."""
    what: str
    key: str
    reason: str

    def covers(self, what, key):
        return re.fullmatch(self.what, what) is not None and re.fullmatch(self.key, key) is not None


DIFFERENCES = [
    Difference("xl info", "free_memory|0( #2)?",
               "What is left of memory, in all and (0) on the NUMA node: a hypervisor keeps some."),
    Difference("xl info", "xen_extra|xen_version", "4.17 is the interface; what follows names a build."),
    Difference("xl info", "xen_caps", "Kinds of guests (version.h): no AArch32 ones."),
    Difference("xl info", "virt_caps", "There is no virtual PMU, and grants have both versions."),
    Difference("xl info", "platform_params",
               "Where the hypervisor begins (version.h), which is none of a guest's business."),
    Difference("xl info", "xen_commandline", "Each hypervisor has options of its own."),
    Difference("xl info", "xen_changeset|cc_.*|build_id", "Who built it, when and by what."),
    Difference("xenhypfs cat", "/buildinfo/(compileinfo/.*|version/extra)", "Who built it, when and by what."),
    Difference("xenhypfs cat", "/buildinfo/config|/cpupool/.*|/params/(console_timestamps|crash-debug-.*|guest_loglvl)",
               "There is no such choice; nor is the configuration told."),
    Difference("xenhypfs cat", "/params/(gnttab_max_maptrack_frames|loglvl)", "Limits and levels of its own."),
    Difference("xenstore-ls", "/vm/UUID/start_time", "The time of day."),
]
