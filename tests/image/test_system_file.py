# SPDX-License-Identifier: Apache-2.0
"""What configurations and system files say of devices, channels, policy, order, colours and nodes is in the tree."""
import subprocess

import pytest

import fdt
import pc
from conftest import MIB, RAM, config
from devices import GPIO, RTC, device, devices_board, numa_board


def make(shop, system, *texts, options=()):
    shop.write("system.cfg", system)
    return shop.make(*(texts or (config(), config(name='"beta"'))), options=["--system", "system.cfg", *options])


# Req: BH-TOOL-027
def test_channels(shop):
    tree = make(shop, 'channels = [ "alpha:10,beta:12",\n "alpha:2,alpha:3" ]\n').good().tree["chosen"]
    channels = [n for n in tree["domU1"].children.values() if n.strings("compatible") == ["xen,evtchn-v1"]]
    assert len(channels) == 3
    ends = {n.cells("phandle")[0]: (name, *n.cells("xen,evtchn")) for name in ("domU1", "domU2")
            for n in tree[name].children.values() if "xen,evtchn" in n.props}
    joined = {(name, port, ends[peer][0], ends[peer][1]) for name, port, peer in ends.values()}
    assert joined == {("domU1", 10, "domU2", 12), ("domU2", 12, "domU1", 10), ("domU1", 2, "domU1", 3),
                      ("domU1", 3, "domU1", 2)}


# Req: BH-TOOL-028
def test_policy(shop):
    tree = make(shop, 'allow = [ "from=alpha,to=beta,kinds=event+grant", "from=beta,to=alpha,kinds=argo" ]\n'
                'serve = [ "server=beta,client=alpha,rings=console+xenstore" ]\n'
                'forbid = [ "from=alpha,to=beta,kinds=memory" ]\n').good().tree["chosen"]
    allow = tree["allow-1"]
    assert allow.strings("compatible") == ["bulkhead,allow"]
    assert (allow.string("from"), allow.string("to"), allow.strings("kinds")) == ("alpha", "beta", ["event", "grant"])
    assert tree["allow-2"].strings("kinds") == ["argo"]
    serve = tree["serve-1"]
    assert serve.strings("compatible") == ["bulkhead,serve"]
    assert (serve.string("server"), serve.string("client"), serve.strings("rings")) == (
        "beta", "alpha", ["console", "xenstore"])
    assert not [name for name in tree.children if "forbid" in name]


# Req: BH-TOOL-026
def test_order(shop):
    tree = make(shop, 'channels = [ "alpha:5,beta:5" ]\n', config(ready=5), config(
        name='"beta"', after='"alpha"', after_timeout=20, after_action='"halt-board"')).good().tree["chosen"]
    assert tree["domU1"].cells("bulkhead,ready") == [5]
    assert tree["domU2"].string("bulkhead,after") == "alpha"
    assert tree["domU2"].cells("bulkhead,after-timeout") == [20]
    assert tree["domU2"].string("bulkhead,after-action") == "halt-board"
    assert not [p for p in tree["domU1"].props if p.startswith("bulkhead,after")]


# Req: BH-TOOL-026
def test_a_port_that_no_channel_has_is_worth_a_remark(shop):
    result = shop.make(config(ready=5))
    assert result.status == 0 and "a.cfg:4: note: port 5 is no channel's" in result.stderr


# Req: BH-TOOL-022
def test_watchdog(shop):
    domain = shop.make(config(watchdog='"sbsa"')).good().tree["chosen/domU1"]
    assert domain.string("bulkhead,watchdog") == "sbsa"
    assert "bulkhead,watchdog" not in shop.make(config()).good().tree["chosen/domU1"].props


# Req: BH-TOOL-024
@pytest.mark.parametrize("text", ['"1-3,6"', '["1-3", "6"]', '"3,2,6,1"'])
def test_colours(shop, text):
    result = make(shop, 'llc_size = "1M"\nllc_ways = 16\nxen_llc_colors = "0"\n', config(llc_colors=text),
                  config(name='"beta"', llc_colors='"8-9"'), options=["--bootargs", "loglvl=info"]).good()
    assert result.tree["chosen/domU1"].string("llc-colors") == "1-3,6"
    assert result.tree["chosen"].string("xen,xen-bootargs") == (
        "loglvl=info llc-coloring=on llc-size=1024K llc-nr-ways=16 xen-llc-colors=0")


# Req: BH-TOOL-024
def test_colours_of_a_cache_that_is_not_known(shop):
    assert shop.make(config(llc_colors='"2-3"')).good().tree["chosen"].string("xen,xen-bootargs") == "llc-coloring=on"
    options = ["--bootargs", "llc-coloring=on llc-size=2M"]
    tree = shop.make(config(llc_colors='"0-1"'), options=options).good().tree
    assert tree["chosen"].string("xen,xen-bootargs") == options[1]


# Req: BH-TOOL-024
def test_colours_of_a_pc(shop):
    shop.write("kernel", pc.elf())
    tree = pc.make(shop, config(llc_colors='"3"')).good().tree["chosen"]
    assert tree["domU1"].string("llc-colors") == "3" and tree.string("xen,xen-bootargs") == "llc-coloring=on"


# Req: BH-TOOL-025
@pytest.mark.parametrize("text,expected", [('"1"', [1]), ("0", [0]), ('"0-1"', [0, 1]), ('["1", "0"]', [0, 1])])
def test_nodes(shop, text, expected):
    shop.write("board.dtb", numa_board())
    assert shop.make(config(nodes=text)).good().tree["chosen/domU1"].cells("bulkhead,nodes") == expected


# Req: BH-TOOL-023
def test_ports_and_interrupts_of_a_pc(shop):
    shop.write("kernel", pc.elf())
    domain = pc.make(shop, config(ioports='["2f8-2ff", "80"]', irqs="[3, 5]")).good().tree["chosen/domU1"]
    assert domain.cells("bulkhead,ioports") == [0x2F8, 8, 0x80, 1]
    assert domain.cells("bulkhead,irqs") == [3, 5]


def partial(result, name="alpha"):
    return fdt.read((result.out / f"{name}.device_tree").read_bytes())[0]


# Req: BH-TOOL-022
def test_a_device_by_its_path(shop):
    shop.write("board.dtb", devices_board())
    result = shop.make(config(dtdev=f'["{RTC}", "/soc/bus@c000000/timer@2000"]')).good()
    tree = partial(result)
    assert tree["gic"].cells("#interrupt-cells") == [3] and "interrupt-controller" in tree["gic"].props
    rtc, clock, timer = (tree["passthrough"].children[name] for name in ("rtc@9010000", "clock-1", "timer@c002000"))
    assert rtc.strings("compatible") == ["arm,pl031", "arm,primecell"]
    assert rtc.cells("reg") == [0, 0x9010000, 0, 0x1000]
    assert rtc.cells("xen,reg") == [0, 0x9010000, 0, 0x1000, 0, 0x9010000]
    assert rtc.cells("interrupts") == [0, 2, 4] and rtc.cells("interrupt-parent") == tree["gic"].cells("phandle")
    assert rtc.cells("clocks") == clock.cells("phandle") and rtc.string("clock-names") == "apb_pclk"
    assert rtc.string("xen,path") == RTC and "xen,force-assign-without-iommu" in rtc.props
    assert "pinctrl-0" not in rtc.props and clock.cells("clock-frequency") == [24000000]
    assert timer.cells("reg") == [0, 0xC002000, 0, 0x800]
    assert timer.cells("xen,reg") == [0, 0xC002000, 0, 0x1000, 0, 0xC002000]
    module = [m for m in result.tree["chosen/domU1"].children.values() if "multiboot,device-tree" in m.strings("compatible")]
    assert len(module) == 1 and module[0].cells("reg")[3] == (result.out / "alpha.device_tree").stat().st_size


# Req: BH-TOOL-022
def test_a_device_moves_out_of_the_way(shop):
    """0x38000000 is where a partition's own devices are; the next one finds the first place taken."""
    shop.write("board.dtb", devices_board())
    tree = partial(shop.make(config(dtdev='["/soc/low@38000000"]', iomem='["9030,1@10000"]')).good())
    low, registers = tree["passthrough"].children.values()
    if low.props.get("xen,path") is None:
        low, registers = registers, low
    assert low.cells("xen,reg") == [0, 0x38000000, 0, 0x1000, 0, 0x10001000]
    assert registers.cells("xen,reg") == [0, 0x9030000, 0, 0x1000, 0, 0x10000000]
    assert registers.cells("reg") == [0, 0x10000000, 0, 0x1000]


# Req: BH-TOOL-022
def test_devices_of_one_page(shop):
    """Who has all of them may have them: the page is mapped once."""
    shop.write("board.dtb", devices_board())
    tree = partial(shop.make(config(dtdev='["/soc/virtio@a000000,dma=none", "/soc/virtio@a000200,dma=none"]')).good())
    first, second = (tree["passthrough"].children[f"virtio@{at}"] for at in ("a000000", "a000200"))
    assert first.cells("xen,reg") == [0, 0xA000000, 0, 0x1000, 0, 0xA000000] and "xen,reg" not in second.props
    assert second.cells("reg") == [0, 0xA000200, 0, 0x200] and second.string("xen,path") == "/soc/virtio@a000200"


# Req: BH-TOOL-022
def test_a_device_with_dma(shop):
    """Where its partition's memory is what the device believes, or its configuration knows better."""
    shop.write("board.dtb", devices_board())
    direct = {"static_memory": '["0x60000000,64M"]', "direct_map": 1}
    assert "ethernet@a100000" in partial(shop.make(config(dtdev='["/soc/ethernet@a100000"]', **direct)).good())["passthrough"].children
    assert "thing@a200000" in partial(shop.make(config(dtdev='["/soc/thing@a200000,dma=none"]')).good())["passthrough"].children


# Req: BH-TOOL-029
def test_the_board_is_in_the_system_file(shop):
    shop.write("hv", shop.folder.joinpath("kernel").read_bytes())
    shop.write("system.cfg", 'board = "board.dtb"\nhypervisor = "hv"\nbootargs = "loglvl=info"\n')
    shop.write("a.cfg", config())
    result = shop.run("-o", "out", "--system", "system.cfg", "a.cfg").good()
    assert result.tree["chosen"].string("xen,xen-bootargs") == "loglvl=info"
    assert "board.dtb" in result.stdout
    assert shop.run("-o", "out", "--system", "system.cfg", "--bootargs", "x", "a.cfg").good().tree["chosen"].string(
        "xen,xen-bootargs") == "x"


# Req: BH-TOOL-029
def test_a_machine_in_the_system_file(shop):
    shop.write("kernel", pc.elf())
    shop.write("system.cfg", 'arch = "x86_64"\nmachine = "q35"\nsmp = 2\nram = "512"\n')
    shop.write("a.cfg", config())
    result = shop.run("-o", "out", "--system", "system.cfg", "a.cfg").good()
    assert "2 CPUs, 512 MiB" in result.stdout and result.args[result.args.index("-smp") + 1] == "2"


# Req: BH-TOOL-021, BH-TOOL-029
def test_shares_in_the_system_file(shop):
    tree = make(shop, 'shared_memory = [ "partition=alpha,id=link,at=2G,size=4K,role=owner",\n'
                '  "partition=beta,id=link,at=3G,size=4K,readonly" ]\n').good().tree["chosen"]
    (mine,) = [n for n in tree["domU1"].children.values() if "xen,shm-id" in n.props]
    (its,) = [n for n in tree["domU2"].children.values() if "xen,shm-id" in n.props]
    assert mine.string("role") == "owner" and its.cells("xen,shared-mem") == [0, 3 << 30, 0, 4096]


def test_dtc_takes_the_tree(shop):
    shop.write("board.dtb", devices_board())
    result = make(shop, 'channels = [ "alpha:10,beta:12" ]\n', config(dtdev=f'["{GPIO}"]'), config(name='"beta"'))
    for file in ("bulkhead.dtb", "alpha.device_tree"):
        subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", "-o", "/dev/null", result.out / file], check=True)


# Req: BH-TOOL-022
def test_a_console_of_another_kind_is_the_hypervisors(shop):
    """/chosen names it by an alias, with its speed."""
    uart = device("xlnx,xuartps|cdns,uart-r1p12", 0xFF000000, spi=21)
    shop.write("board.dtb", devices_board(chosen={"stdout-path": fdt.string("serial0:115200n8")}, children={
        "uart@ff000000": uart, "aliases": fdt.Node({"serial0": fdt.string("/uart@ff000000")})}))
    shop.make(config(dtdev='["/uart@ff000000"]')).refused(
        r"a\.cfg:4: registers 0xff000000 to 0xff000fff: '/uart@ff000000' is the hypervisor's console, see board\.dtb")
    assert "uart@9000000" in partial(shop.make(config(dtdev='["/soc/uart@9000000"]')).good())["passthrough"].children
