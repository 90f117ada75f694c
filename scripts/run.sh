#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Boots partitions on an emulated board and leaves you at their console. `make run` builds first and comes here.
#
# usage: scripts/run.sh [QEMU-ARGUMENT...]
# Environment:
#   ARCH        arm64 (the default) or x86_64
#   DOMAINS     xl configuration files ("a.cfg b.cfg"); default: alpha.cfg and beta.cfg in configs/domains (arm64) or
#               configs/domains/x86_64
#   SYSTEM      system files ("a.cfg"), for what is no partition's own: bulkhead-image's --system
#   MACHINE     the board, as QEMU's -machine takes it (virt,gic-version=3; q35); CPUS (4), MEMORY (2048, in MiB), CPU
#               (what bulkhead-image chooses: cortex-a57; max)
#   BOARD       zcu102: arm64, Xilinx' board with Debian's device tree of it instead of MACHINE; docs/boards.md
#   HYPERVISOR  the image to boot (build/ARCH/bulkhead); BOOTARGS its command line
#   ISO         x86_64: a bootable image to make instead of booting
#   SCENARIO    dom0: arm64, a control domain with Xen's tools instead of DOMAINS; docs/control-domain.md
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$top/build}
ARCH=${ARCH:-arm64}
HYPERVISOR=${HYPERVISOR:-$BUILD/$ARCH/bulkhead}
tool=$BUILD/image/bulkhead-image

fail() { echo "run: error: $*" >&2; exit 1; }

case $ARCH in
    arm64) out=$BUILD/run machine=virt,gic-version=3 examples=configs/domains ;;
    x86_64) out=$BUILD/run-x86_64 machine=q35 examples=configs/domains/x86_64 ;;
    *) fail "ARCH=$ARCH: expected arm64 or x86_64" ;;
esac

# QEMU makes the terminal raw, so that every key gets through; put it back even if QEMU is killed.
keep_terminal() {
    terminal=
    if [ -t 0 ]; then
        terminal=$(stty -g)
        trap 'stty "$terminal"' EXIT
    fi
}

# module KIND FILE ADDRESS [ARGUMENTS]: the node of a file that QEMU's loader puts there.
module() {
    echo "module@$3 { compatible = \"multiboot,$1\", \"multiboot,module\"; reg = <0 0x$3 0 $(stat -L -c %s "$2")>;" \
        "${4:+bootargs = \"$4\";} };"
}

# QEMU's device tree for this board, with a control domain and a partition beside it, by Xen's bindings. The domain's own
# files are at 0x4a000000 and 0x4e000000, the partition's at 0x52000000 and 0x56000000.
control_domain_tree() {
    mkdir -p "$out"
    qemu-system-aarch64 "$@" -machine "dumpdtb=$out/qemu.dtb" > /dev/null 2>&1
    {
        dtc -q -I dtb -O dts "$out/qemu.dtb"
        cat <<TREE
/ { chosen {
    #address-cells = <2>; #size-cells = <2>;
    xen,xen-bootargs = "${BOOTARGS-console=dtuart dom0_mem=384M dom0_max_vcpus=2}";
    $(module kernel "$BUILD/debian/arm64/linux" 4a000000 "console=hvc0 quiet")
    $(module ramdisk "$BUILD/control.cpio.gz" 4e000000)
    alpha {
        compatible = "xen,domain"; #address-cells = <2>; #size-cells = <2>;
        memory = <0 0x20000>; cpus = <1>; vpl011; xen,enhanced;
        $(module kernel "$BUILD/debian/arm64/linux" 52000000 "console=ttyAMA0 quiet hostname=alpha")
        $(module ramdisk "$BUILD/partition.cpio.gz" 56000000)
    };
}; };
TREE
    } > "$out/board.dts"
    dtc -q -f -I dts -O dtb -o "$out/board.dtb" "$out/board.dts"
}

run_control_domain() {
    "$top/scripts/control-domain.sh" "$BUILD/control.cpio.gz"
    # The drivers of PV disks and network cards are in the guest's initramfs.
    mkdir -p "$out/partition"
    rm -rf "$out/partition/drivers"
    cp -R "$BUILD/debian/arm64/control/guest-drivers" "$out/partition/drivers"
    "$top/scripts/initramfs.sh" "$BUILD/partition.cpio.gz" "$out/partition"
    cat <<'BANNER'

  A control domain with Xen's tools and a partition, alpha, on an emulated board (slower than the real thing: give it
  some seconds).

    xl list, xl info       what there is
    init-dom0less          joins alpha to the store: it gets a name, and may get disks and network cards
    xl create demo.cfg     starts a guest; xl console demo is its console, which Ctrl-] Ctrl-] leaves
    poweroff -f            ends the control domain, and the board goes off
    Ctrl-] x               leave QEMU at once

BANNER
    keep_terminal
    status=0
    set -- -nodefaults -display none -machine "${MACHINE:-$machine},virtualization=on" -cpu "${CPU:-cortex-a57}" \
        -smp "${CPUS:-2}" -m "${MEMORY:-1024}" "$@"
    control_domain_tree "$@"
    loader=loader,force-raw=on
    qemu-system-aarch64 "$@" -kernel "$HYPERVISOR" -dtb "$out/board.dtb" \
        -device "$loader,addr=0x4a000000,file=$BUILD/debian/arm64/linux" \
        -device "$loader,addr=0x4e000000,file=$BUILD/control.cpio.gz" \
        -device "$loader,addr=0x52000000,file=$BUILD/debian/arm64/linux" \
        -device "$loader,addr=0x56000000,file=$BUILD/partition.cpio.gz" \
        -chardev stdio,id=console,mux=on,signal=off -serial chardev:console -mon chardev=console -echr 0x1d \
        -no-reboot || status=$?
    exit $status
}

case ${SCENARIO-} in
    "") ;;
    dom0)
        [ "$ARCH" = arm64 ] || fail "SCENARIO=dom0 is for arm64"
        [ -s "$HYPERVISOR" ] || fail "$HYPERVISOR is not built yet: make builds it"
        run_control_domain "$@"
        ;;
    *) fail "SCENARIO=$SCENARIO: expected dom0" ;;
esac

[ -x "$tool" ] || fail "$tool is not built yet: make builds it"
[ -s "$HYPERVISOR" ] || fail "$HYPERVISOR is not built yet: make builds it"

# The paths in the example configurations start at the top folder; those in yours start where you are, as with xl.
if [ -z "${DOMAINS-}" ]; then
    cd "$top"
    DOMAINS="$examples/alpha.cfg $examples/beta.cfg"
fi

# shellcheck disable=SC2086 # DOMAINS is a list of words
if grep -qs 'debian/arm64/linux' $DOMAINS; then
    "$top/scripts/debian-fetch.sh" linux busybox
fi
# shellcheck disable=SC2086
if grep -qs 'debian/amd64/linux-cloud' $DOMAINS; then
    "$top/scripts/debian-fetch.sh" --arch amd64 linux-cloud busybox
fi
# shellcheck disable=SC2086
if grep -qs 'build/initramfs\.cpio\.gz' $DOMAINS; then
    "$top/scripts/initramfs.sh" "$BUILD/initramfs.cpio.gz"
fi
# shellcheck disable=SC2086
if grep -qs 'build/initramfs-amd64\.cpio\.gz' $DOMAINS; then
    "$top/scripts/initramfs.sh" --arch amd64 "$BUILD/initramfs-amd64.cpio.gz"
fi

# shellcheck disable=SC2086
if grep -qs 'build/guide-clock\.dtb' $DOMAINS; then
    dtc -q -O dtb -o "$BUILD/guide-clock.dtb" "$top/configs/domains/guide/clock.dts"
fi

systems=
for file in ${SYSTEM-}; do
    systems="$systems --system $file"
done

set -- "$@" -no-reboot
board="--machine ${MACHINE:-$machine} --smp ${CPUS:-4} --memory ${MEMORY:-2048}"
case ${BOARD-} in
    "") ;;
    zcu102)
        [ "$ARCH" = arm64 ] || fail "BOARD=zcu102 is for arm64"
        "$top/scripts/debian-fetch.sh" linux trees
        board="--board $BUILD/debian/arm64/trees/zynqmp-zcu102-rev1.0.dtb"
        ;;
    *) fail "BOARD=$BOARD: expected zcu102" ;;
esac
# shellcheck disable=SC2086
"$tool" -o "$out" --arch "$ARCH" $board ${CPU:+--cpu "$CPU"} --hypervisor "$HYPERVISOR" ${BOOTARGS:+--bootargs "$BOOTARGS"} ${ISO:+--iso "$ISO"} \
    $systems $DOMAINS > "$out.log" ||
    fail "bulkhead-image refused the configuration, see above"
if [ -n "${ISO-}" ]; then
    sed -n '1p; /^  module/p; / boots it, from /p' "$out.log"
    exit 0
fi

# Partitions are found in the order of the files; a line is enough for their names.
# shellcheck disable=SC2086
names=$(sed -n "s/^[[:space:]]*name[[:space:]]*=[[:space:]]*[\"']\([^\"']*\)[\"'].*/\1/p" $DOMAINS | tr '\n' ' ')
cat <<BANNER

  Partitions: $names
  on an emulated board with ${CPUS:-4} CPUs (QEMU, slower than the real thing: give Linux some seconds to start).

    Ctrl-A Ctrl-A Ctrl-A   give the keyboard to the next partition
    poweroff -f            in a partition: ends it; the board goes off with the last one
    Ctrl-] x               leave QEMU at once

  The files are in $out; $out.log says what lies where.

BANNER

# QEMU 7.2 loses state of a PC's CPUs that run at the same instant (docs/x86.md): they get one host CPU.
turns=
if [ "$ARCH" = x86_64 ]; then
    turns="taskset -c $(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')"
fi
keep_terminal
status=0
if [ "${BOARD-}" = zcu102 ]; then
    # The files, where the tool has placed them, all below 2 GiB: of that much QEMU's loader tells the board's memory right.
    while read -r address _ _ name; do
        case $name in
            *.kernel | *.ramdisk | *.dtb-*) set -- -device "loader,file=$out/$name,addr=$address,force-raw=on" "$@" ;;
        esac
    done < "$out.log"
    set -- qemu-system-aarch64 -nodefaults -display none -audiodev none,id=quiet -M xlnx-zcu102,virtualization=on -smp 4 \
        -m 2048 -kernel "$HYPERVISOR" -dtb "$out/bulkhead.dtb" \
        -chardev stdio,id=console,mux=on,signal=off -serial chardev:console -mon chardev=console -echr 0x1d "$@"
else
    set -- "$out/run-qemu.sh" "$@"
fi
# shellcheck disable=SC2086 # a command and its arguments, or nothing
$turns "$@" || status=$?
exit $status
