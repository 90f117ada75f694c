#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches what Debian already builds for the machines that Bulkhead runs on, through an apt root of its own in the
# build folder: the machine's dpkg architectures, package lists and caches stay as they are, and nobody needs to be
# root.
#
# usage: scripts/debian-fetch.sh [--arch arm64|amd64] WHAT...
# Into build/debian/ARCH, where ARCH is arm64 unless it is named:
#   linux        Debian's kernel (arm64: an uncompressed Image; amd64: a bzImage)     -> linux
#   linux-cloud  amd64: the kernel for virtual machines (a bzImage)                   -> linux-cloud
#   busybox      the static busybox                                                   -> busybox
#   xen          Debian's own Xen 4.17 for comparison (amd64: unpacked, an ELF file)  -> xen
#   modules      that kernel's drivers for Xen                                        -> modules (a folder of *.ko)
#   libxen       Xen's libraries for programs                          -> libxen (a root: usr/include, lib, ...)
#   grub         arm64: GRUB's modules for EFI                                        -> grub (a folder)
#   control      arm64: Xen's tools and what they need in a control domain, and the drivers of it and of its guests
#                           -> control (a root), control.versions (each package, its version and SHA-256)
#   devices      arm64: that kernel's drivers for the devices of QEMU's board          -> devices (a folder of *.ko)
#   watchdog     arm64: that kernel's driver for the SBSA watchdog                     -> watchdog (a folder of *.ko)
#   libvirt      arm64: libvirt with its driver for Xen, for a control domain (a root)  -> libvirt
#   cards        arm64: that kernel's drivers for SD cards on Xilinx' boards           -> cards (a folder of *.ko)
#   trees        arm64: the device trees of boards that come with that kernel           -> trees (a folder of *.dtb)
# What is there already is left alone; remove the file (or build/debian) to fetch it anew.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
out=${BUILD:-$top/build}/debian
arch=arm64

say() { echo "debian-fetch: $*"; }
fail() { echo "debian-fetch: error: $*" >&2; exit 1; }

# Package sources: those of the machine, for $arch (a restriction to other architectures is taken out).
take_over_sources() {
    rm -rf "$apt/etc/sources.list" "$apt/etc/sources.list.d"
    mkdir -p "$apt/etc/sources.list.d"
    : > "$apt/etc/sources.list"
    found=no
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        [ -s "$file" ] || continue
        [ -r "$file" ] || { say "warning: $file cannot be read"; continue; }
        case $file in
            */sources.list) target=$apt/etc/sources.list ;;
            *) target=$apt/etc/sources.list.d/${file##*/} ;;
        esac
        sed -e "s/^\(deb[^[]*\[.*\)arch=[^] ]*/\1arch=$arch/" -e "s/^Architectures:.*/Architectures: $arch/" \
            "$file" > "$target"
        grep -Eq '^(deb[[:space:]]|URIs:)' "$target" && found=yes
    done
    [ $found = yes ] || fail "no package source in /etc/apt/sources.list or /etc/apt/sources.list.d"
}

# Keys, credentials and proxies stay the machine's; hooks that tidy the machine after an update are not for us.
make_root() {
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/log" "$dest"
    : > "$apt/state/status"
    cat > "$apt/apt.conf" <<CONF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Architectures;
#clear APT::Default-Release;
#clear Dir::Cache::pkgcache;
#clear Dir::Cache::srcpkgcache;
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Install-Recommends "0";
APT::Get::List-Cleanup "0";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "60";
Dir::Etc::sourcelist "$apt/etc/sources.list";
Dir::Etc::sourceparts "$apt/etc/sources.list.d";
Dir::Etc::preferencesparts "$apt/etc/preferences.d";
Dir::State "$apt/state";
Dir::State::status "$apt/state/status";
Dir::Cache "$apt/cache";
Dir::Log "$apt/log";
CONF
    mkdir -p "$apt/etc/preferences.d"
}

apt_get() { apt-get -qq -c "$apt/apt.conf" "$@"; }
apt_cache() { apt-cache -c "$apt/apt.conf" "$@"; }

prepared=no
prepare() {
    [ $prepared = no ] || return 0
    for tool in apt-get apt-cache dpkg-deb; do
        command -v $tool > /dev/null || fail "$tool is not here: this needs Debian or one of its relatives"
    done
    take_over_sources
    make_root
    say "reading the package lists of $arch into $apt (the machine's own stay as they are)"
    # A third party's source without this architecture only warns; what counts is whether the packages can be found afterwards.
    apt_get update > "$apt/update.log" 2>&1 || say "warning: $(grep -m1 '^E:' "$apt/update.log" || echo "apt-get update failed")"
    prepared=yes
}

# download PACKAGE PATTERN: fetches the archive and unpacks the files that match PATTERN into $tree.
download() {
    apt_cache show "$1" > /dev/null 2>&1 ||
        fail "package $1 ($arch) is not in the machine's package sources; see $apt/update.log"
    rm -rf "$tree"
    mkdir -p "$tree" "$apt/debs"
    say "fetching $1"
    (cd "$apt/debs" && rm -f "$1"_*.deb && apt_get download "$1") || fail "package $1 could not be downloaded"
    for deb in "$apt/debs/$1"_*.deb; do
        [ -f "$deb" ] || fail "package $1 was not downloaded"
        if [ -n "${keep_version-}" ]; then
            echo "$1 $(dpkg-deb -f "$deb" Version) $(sha256sum < "$deb" | cut -d ' ' -f 1)" >> "$dest/control.versions"
        fi
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$tree" --wildcards "$2" || fail "$deb could not be unpacked"
        rm -f "$deb"
    done
}

# install NAME FILE: puts FILE in place under its final name in one step, uncompressed.
install_as() {
    [ -f "$2" ] || fail "the package holds no ${2#"$tree"/}"
    if gzip -t "$2" 2> /dev/null; then
        gzip -dc "$2" > "$dest/$1.new"
    else
        cp "$2" "$dest/$1.new"
    fi
    mv "$dest/$1.new" "$dest/$1"
    say "$dest/$1"
}

# fetch_kernel NAME META: the kernel of the package that META depends on becomes NAME, its version NAME.version.
fetch_kernel() {
    prepare
    name=$1
    package=$(apt_cache depends "$2" 2> /dev/null |
        sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
    [ -n "$package" ] || fail "package $2 is not in the machine's package sources; see $apt/update.log"
    download "$package" './boot/*'
    set -- "$tree"/boot/vmlinuz-*
    [ $# = 1 ] || fail "$package holds $# kernels instead of one"
    echo "${1##*/vmlinuz-}" > "$dest/$name.version"
    install_as "$name" "$1"
}

# is_at FILE OFFSET TEXT: has FILE the four characters TEXT there?
is_at() { [ "$(dd if="$1" bs=1 skip="$2" count=4 2> /dev/null)" = "$3" ]; }

fetch_linux() {
    fetch_kernel linux "linux-image-$arch"
    if [ "$arch" = arm64 ]; then
        is_at "$dest/linux" 56 ARMd || fail "$dest/linux is not an arm64 Image"
    else
        is_at "$dest/linux" 514 HdrS || fail "$dest/linux is not a bzImage"
    fi
}

fetch_linux_cloud() {
    fetch_kernel linux-cloud "linux-image-cloud-$arch"
    is_at "$dest/linux-cloud" 514 HdrS || fail "$dest/linux-cloud is not a bzImage"
}

fetch_busybox() {
    prepare
    download busybox-static './bin/busybox'
    install_as busybox "$tree/bin/busybox"
    chmod 755 "$dest/busybox"
}

fetch_xen() {
    prepare
    download "xen-hypervisor-4.17-$arch" './boot/*'
    for file in "$tree"/boot/xen-*; do
        case $file in
            *.gz | *-arm64 | *-arm64.efi) install_as xen "$file"; return 0 ;;
        esac
    done
    fail "the Xen package holds no /boot/xen-*"
}

fetch_grub() {
    prepare
    download grub-efi-arm64-bin './usr/lib/grub/arm64-efi/*'
    [ -f "$tree/usr/lib/grub/arm64-efi/xen_boot.mod" ] || fail "the package holds no xen_boot.mod"
    rm -rf "$dest/grub"
    mv "$tree/usr/lib/grub/arm64-efi" "$dest/grub"
    say "$dest/grub"
}

fetch_modules() {
    [ -s "$dest/linux.version" ] || fail "the modules are those of $dest/linux: fetch linux first"
    prepare
    download "linux-image-$(cat "$dest/linux.version")" './lib/modules/*/kernel/drivers/xen/*'
    rm -rf "$dest/modules" "$dest/modules.new"
    mkdir "$dest/modules.new"
    find "$tree" -name '*.ko' -exec cp {} "$dest/modules.new/" ';'
    [ -f "$dest/modules.new/xen-gntdev.ko" ] || fail "the kernel's package holds no xen-gntdev.ko"
    mv "$dest/modules.new" "$dest/modules"
    say "$dest/modules"
}

fetch_trees() {
    [ -s "$dest/linux.version" ] || fail "the device trees are those of $dest/linux: fetch linux first"
    prepare
    download "linux-image-$(cat "$dest/linux.version")" './usr/lib/linux-image-*/xilinx/*.dtb'
    rm -rf "$dest/trees" "$dest/trees.new"
    mkdir "$dest/trees.new"
    find "$tree" -name '*.dtb' -exec cp {} "$dest/trees.new/" ';'
    [ -f "$dest/trees.new/zynqmp-zcu102-rev1.0.dtb" ] || fail "the kernel's package holds no zynqmp-zcu102-rev1.0.dtb"
    mv "$dest/trees.new" "$dest/trees"
    say "$dest/trees"
}

# The libraries, what they need to run, and what programs need to be linked with them.
fetch_libxen() {
    prepare
    rm -rf "$dest/libxen.new"
    mkdir "$dest/libxen.new"
    for package in libxen-dev libxengnttab1 libxenevtchn1 libxentoollog1 libxentoolcore1 libxenmisc4.17 \
        libxenstore4 libc6 libc6-dev linux-libc-dev; do
        case $package in
            libxen-dev) pattern='./usr/*/*xen*' ;;
            libc6) pattern='./lib*' ;;
            libc6-dev | linux-libc-dev) pattern='./usr/*' ;;
            *) pattern='./usr/lib/*' ;;
        esac
        download "$package" "$pattern"
        cp -R "$tree/." "$dest/libxen.new/"
    done
    # Links from the root, as amd64's to its loader, would lead to the files of the machine that this runs on.
    find "$dest/libxen.new" -type l -lname '/*' | while read -r link; do
        ln -srfn "$dest/libxen.new$(readlink "$link")" "$link"
    done
    rm -rf "$dest/libxen"
    mv "$dest/libxen.new" "$dest/libxen"
    say "$dest/libxen"
}

# What the root of a control domain is made of: the dependencies of xen-utils-4.17 that xl, xenstored, xenconsoled and
# the scripts for disks and networks use. Small tools are busybox's. Not taken: Python and Perl (pygrub and the like),
# udev and ucf (xl calls the scripts itself), QEMU.
control_packages="xen-utils-4.17 xen-utils-common xenstore-utils libxenmisc4.17 libxencall1 libxendevicemodel1
    libxenevtchn1 libxenforeignmemory1 libxengnttab1 libxenhypfs1 libxenstore4 libxentoolcore1 libxentoollog1 libyajl2
    libfdt1 libuuid1 zlib1g libncurses6 libtinfo6 libc6 libgcc-s1 bash mount libsmartcols1 util-linux iproute2 libbpf1
    libelf1 libmnl0 libbsd0 libmd0 libcap2"
# In the order in which they can be loaded.
control_drivers="xen-evtchn xen-privcmd xenfs xen-gntdev xen-gntalloc xen-blkback xen-netback loop llc stp bridge"
guest_drivers="xen-blkfront xen-netfront"

fetch_control() {
    [ -s "$dest/linux.version" ] || fail "the drivers are those of $dest/linux: fetch linux first"
    prepare
    new=$dest/control.new
    rm -rf "$new" "$dest/control"
    mkdir -p "$new"
    : > "$dest/control.versions"
    for package in $control_packages; do
        case $package in
            util-linux) pattern='./usr/bin/flock' ;;
            mount) pattern='./sbin/losetup' ;;
            *) pattern='./*' ;;
        esac
        keep_version=yes download "$package" "$pattern"
        cp -R "$tree/." "$new/"
    done
    # Documentation and translations, and programs without what runs them or without use here.
    (
        cd "$new"
        rm -rf usr/share usr/lib/locale usr/lib/aarch64-linux-gnu/gconv usr/lib/aarch64-linux-gnu/tc \
            usr/lib/aarch64-linux-gnu/perl5 usr/lib/xen-4.17/lib etc/init.d etc/skel
        rm -f usr/lib/xen-4.17/bin/oxenstored usr/lib/xen-4.17/bin/test-* usr/lib/xen-4.17/bin/flask-* \
            usr/lib/xen-4.17/bin/pygrub usr/bin/xenalyze bin/ss sbin/tc sbin/devlink sbin/tipc sbin/vdpa sbin/dcb \
            sbin/rt* usr/bin/rdma usr/bin/*stat usr/sbin/arpd usr/sbin/genl
    )
    version=$(cat "$dest/linux.version")
    keep_version=yes download "linux-image-$version" './lib/modules/*'
    mkdir -p "$new/drivers" "$new/guest-drivers"
    number=10
    for driver in $control_drivers; do
        cp "$(find "$tree" -name "$driver.ko" | grep .)" "$new/drivers/$number-$driver.ko" ||
            fail "the kernel's package holds no $driver.ko"
        number=$((number + 1))
    done
    for driver in $guest_drivers; do
        cp "$(find "$tree" -name "$driver.ko" | grep .)" "$new/guest-drivers/$driver.ko" ||
            fail "the kernel's package holds no $driver.ko"
    done
    mv "$new" "$dest/control"
    say "$dest/control"
}

# In the order in which they can be loaded.
device_drivers="virtio_mmio virtio_blk failover net_failover virtio_net virtio_pci_legacy_dev virtio_pci_modern_dev
    virtio_pci"

card_drivers="cqhci sdhci sdhci-pltfm sdhci-of-arasan"

# fetch_drivers NAME NUMBER DRIVER...: the folder NAME of drivers, the first one with NUMBER in front.
fetch_drivers() {
    name=$1 number=$2
    shift 2
    [ -s "$dest/linux.version" ] || fail "the drivers are those of $dest/linux: fetch linux first"
    prepare
    download "linux-image-$(cat "$dest/linux.version")" './lib/modules/*'
    rm -rf "${dest:?}/$name" "$dest/$name.new"
    mkdir "$dest/$name.new"
    for driver in "$@"; do
        cp "$(find "$tree" -name "$driver.ko" | grep .)" "$dest/$name.new/$number-$driver.ko" ||
            fail "the kernel's package holds no $driver.ko"
        number=$((number + 1))
    done
    mv "$dest/$name.new" "$dest/$name"
    say "$dest/$name"
}

# shellcheck disable=SC2086 # lists of words
fetch_devices() { fetch_drivers devices 40 $device_drivers; }
# shellcheck disable=SC2086
fetch_cards() { fetch_drivers cards 50 $card_drivers; }
fetch_watchdog() { fetch_drivers watchdog 40 sbsa_gwdt; }

# The dependencies of libvirt's daemon and client and of its driver for Xen, beside what "control" has.
libvirt_packages="libvirt-daemon libvirt-daemon-driver-xen libvirt-clients libvirt0 libacl1 libapparmor1 libaudit1 libblkid1
    libbrotli1 libbz2-1.0 libcap-ng0 libcom-err2 libcurl3-gnutls libdbus-1-3 libdevmapper1.02.1 libffi8 libgcrypt20
    libglib2.0-0 libgmp10 libgnutls30 libgpg-error0 libgssapi-krb5-2 libhogweed6 libicu72 libidn2-0 libk5crypto3
    libkeyutils1 libkrb5-3 libkrb5support0 libldap-2.5-0 liblz4-1 liblzma5 libmount1 libnettle8 libnghttp2-14
    libnl-3-200 libnuma1 libp11-kit0 libparted2 libpcap0.8 libpciaccess0 libpcre2-8-0 libpsl5 libreadline8 librtmp1
    libsasl2-2 libselinux1 libssh-4 libssh2-1 libssl3 libstdc++6 libsystemd0 libtasn1-6 libtirpc3 libudev1 libunistring2
    libxml2 libzstd1 libdb5.3 libexpat1"

fetch_libvirt() {
    prepare
    new=$dest/libvirt.new
    rm -rf "$new" "$dest/libvirt"
    mkdir -p "$new"
    for package in $libvirt_packages; do
        download "$package" './*'
        cp -R "$tree/." "$new/"
    done
    # Documentation, translations, and what starts it elsewhere.
    (
        cd "$new"
        rm -rf usr/share/doc usr/share/man usr/share/locale usr/share/lintian usr/share/bash-completion \
            usr/share/gdb usr/lib/systemd lib/systemd etc/init.d etc/apparmor.d usr/lib/aarch64-linux-gnu/libicutu* \
            usr/lib/aarch64-linux-gnu/libicutest* usr/lib/aarch64-linux-gnu/libicuio*
    )
    mv "$new" "$dest/libvirt"
    say "$dest/libvirt"
}

usage() {
    sed -n '3,23s/^# \{0,1\}//p' "$0"
    exit 2
}

if [ "${1:-}" = --arch ]; then
    [ $# -gt 1 ] || usage
    arch=$2
    shift 2
fi
[ $# -gt 0 ] || usage
case $arch in
    arm64) apt=$out/apt known="linux busybox xen grub modules libxen control devices watchdog libvirt cards trees" ;;
    amd64) apt=$out/apt-amd64 known="linux linux-cloud busybox xen modules libxen" ;;
    *) fail "unknown architecture '$arch': expected arm64 or amd64" ;;
esac
dest=$out/$arch
tree=$out/unpack.$$
trap 'rm -rf "$tree"' EXIT
mkdir -p "$dest"
# Two makes at once would fetch into the same files: the second one waits and then finds everything there.
exec 9> "$out/lock"
if command -v flock > /dev/null; then
    flock 9
fi
for what in "$@"; do
    case " $known " in
        *" $what "*) ;;
        *) fail "unknown item '$what' for $arch: expected one of $known" ;;
    esac
    case $what in
        linux-cloud) [ -s "$dest/$what" ] || fetch_linux_cloud ;;
        *) [ -s "$dest/$what" ] || "fetch_$what" ;;
    esac
done
