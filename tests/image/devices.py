# SPDX-License-Identifier: Apache-2.0
"""A board with devices of all kinds, as arm64 boards have them."""
import fdt
from conftest import MIB, RAM, board

GIC, CLOCK, OTHER = 1, 2, 3
RTC, GPIO, ETHERNET, THING = "/soc/rtc@9010000", "/soc/gpio@9030000", "/soc/ethernet@a100000", "/soc/thing@a200000"


def device(compatible, start, size=0x1000, spi=None, **props):
    """A node by its name in the tree; properties' underscores are dashes."""
    node = fdt.Node({"compatible": fdt.string(*compatible.split("|")), "reg": fdt.u64(start, size)})
    if spi is not None:
        node.props["interrupts"] = fdt.u32(0, spi, 4)
    node.props.update({name.replace("_", "-"): value for name, value in props.items()})
    return node


def devices_board(**changes):
    """What board() takes, and the devices."""
    soc = {
        "uart@9000000": device("arm,pl011|arm,primecell", 0x9000000, spi=1),
        "rtc@9010000": device("arm,pl031|arm,primecell", 0x9010000, spi=2, clocks=fdt.u32(CLOCK),
                              clock_names=fdt.string("apb_pclk"), pinctrl_0=fdt.u32(9)),
        "gpio@9030000": device("arm,pl061|arm,primecell", 0x9030000, spi=7, gpio_controller=b"",
                               **{"#gpio-cells": fdt.u32(2)}),
        "virtio@a000000": device("virtio,mmio", 0xA000000, 0x200, spi=16),
        "virtio@a000200": device("virtio,mmio", 0xA000200, 0x200, spi=17),
        "ethernet@a100000": device("vendor,ethernet", 0xA100000, 0x2000, spi=20, dma_coherent=b""),
        "thing@a200000": device("vendor,thing", 0xA200000, spi=21),
        "twin@a201000": device("arm,pl031", 0xA201000, spi=21),
        "far@a300000": device("arm,pl031", 0xA300000, spi=990),
        "last@a600000": device("arm,pl031", 0xA600000, spi=63),
        "off@a400000": device("arm,pl031", 0xA400000, spi=30, status=fdt.string("disabled")),
        "msi@a500000": device("arm,pl031", 0xA500000, interrupts_extended=fdt.u32(OTHER, 1)),
        "low@38000000": device("arm,pl031", 0x38000000, spi=31),
        "hidden@1": device("arm,pl031", 1 << 60, spi=32),
        "smmu@b000000": device("arm,smmu-v3", 0xB000000, 0x20000, spi=40),
    }
    bus = fdt.Node({"compatible": fdt.string("simple-bus"), "#address-cells": fdt.u32(1), "#size-cells": fdt.u32(1),
                    "ranges": fdt.u32(0, 0, 0xC000000, 0x10000)},
                   {"timer@2000": fdt.Node({"compatible": fdt.string("arm,sp804"), "reg": fdt.u32(0x2000, 0x800),
                                            "interrupts": fdt.u32(0, 50, 4)})})
    children = {
        "soc": fdt.Node({"compatible": fdt.string("simple-bus"), "#address-cells": fdt.u32(2), "#size-cells": fdt.u32(2),
                         "ranges": b"", "interrupt-parent": fdt.u32(GIC)}, soc | {"bus@c000000": bus}),
        "clk": fdt.Node({"compatible": fdt.string("fixed-clock"), "#clock-cells": fdt.u32(0),
                         "clock-frequency": fdt.u32(24000000), "phandle": fdt.u32(CLOCK)}),
        "intc@8000000": fdt.Node({"compatible": fdt.string("arm,gic-v3"), "interrupt-controller": b"",
                                  "#interrupt-cells": fdt.u32(3), "phandle": fdt.u32(GIC),
                                  "reg": fdt.u64(0x8000000, 0x10000, 0x80A0000, 0xF60000)}),
    }
    return board(children=children | changes.pop("children", {}), **changes)


def numa_board():
    """Two nodes of 512 MiB."""
    nodes = {f"memory@{start:x}": fdt.Node({"device_type": fdt.string("memory"), "reg": fdt.u64(start, 512 * MIB),
                                            "numa-node-id": fdt.u32(i)})
             for i, start in enumerate((RAM, RAM + 512 * MIB))}
    return board(memory=(), children=nodes)
