# SPDX-License-Identifier: Apache-2.0
# What the self-tests of a control domain share. Each fact is a line "control: NAME: VALUE"; the first failed one ends
# nothing, so that one run says all.

cd /root || exit 1
guest=demo
console=console
log=/var/log/xen/console/guest-$guest.log

say() { echo "control: $1: $2"; }

# does NAME COMMAND...: the fact NAME is "ok", or the status and what the command said.
does() {
    local name=$1 text status=0
    shift
    text=$("$@" 2>&1) || status=$?
    if [ $status = 0 ]; then
        say "$name" ok
    else
        say "$name" "failed, status $status: $(echo "$text" | tr '\n' ' ')"
    fi
    return $status
}

# shows NAME COMMAND...: each line of what the command says is a fact NAME.
shows() {
    local name=$1 text status=0
    shift
    text=$("$@" 2>&1) || status=$?
    [ $status = 0 ] || say "$name" "failed, status $status"
    echo "$text" | while IFS= read -r line; do say "$name" "$line"; done
}

# until_true SECONDS COMMAND...
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@" > /dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        usleep 100000
    done
}

domid() { xl domid "$guest" 2> /dev/null; }
# The letters of a domain's state as xl list shows them, without those of this moment (running, blocked).
state() { xl list "$1" 2> /dev/null | awk 'NR == 2 { gsub(/[rb-]/, "", $5); print $5 == "" ? "alive" : $5 }'; }
column() { xl list "$1" | awk -v column="$2" 'NR == 2 { print $column }'; }
is_gone() { ! xl domid "$1" > /dev/null 2>&1; }
is_in_log() { grep -q "$1" "$log"; }
is_up() { [ "$(grep -c 'bulkhead-init: up' "$log")" -ge "${1-1}" ]; }
free_memory() { xl info free_memory; }

# create NAME [KEY=VALUE...]: the guest of demo.cfg, until its first process runs.
create() {
    local name=$1
    shift
    rm -f "$log"
    does "$name" xl create demo.cfg "$@" || return 1
    until_true 120 is_up || { say "$name, up" "failed: $(tail -n 5 "$log" | tr '\n' ' ')"; return 1; }
    say "$name, up" yes
    until_true 60 is_in_log "root# "
}

# on_guest SECONDS COMMAND: types COMMAND on the guest's console; what it said, one line for each. For use in $( ),
# which makes BASHPID a number of its own.
on_guest() {
    local tty number=$BASHPID
    tty=$(xenstore-read "/local/domain/$(domid)/$console/tty")
    echo "echo begin-\$(($number)); $2; echo end-\$(($number))" > "$tty"
    until_true "$1" grep -q "^end-$number" "$log" || { echo "no answer within $1 s"; return 1; }
    tr -d '\r' < "$log" | sed -n "/^begin-$number\$/,/^end-$number\$/p" | sed '1d;$d'
}

# left_over NAME: what a guest that is gone has left behind; nothing, if all is well.
left_over() {
    until_true 30 eval '[ -z "$(losetup -a)" ]'
    until_true 10 eval '[ -z "$(ls -d /sys/class/net/vif* 2> /dev/null)" ]'
    say "$1, domains" "$(xl list | awk 'NR > 1 { print $1 }' | tr '\n' ' ')"
    say "$1, store" "$(for folder in /local/domain /vm /libxl /local/domain/0/backend/vbd \
        /local/domain/0/backend/vif /local/domain/0/backend/console; do
        xenstore-list $folder 2> /dev/null | grep -v '^0$' | sed "s,^,$folder/,"
    done | tr '\n' ' ')"
    say "$1, loop devices" "$(losetup -a | wc -l)"
    say "$1, network devices" "$(ls -d /sys/class/net/vif* 2> /dev/null | wc -l)"
    say "$1, block devices" "$(ls /sys/bus/xen-backend/devices | wc -l)"
}

# What arrives on standard input, as one number; that of a MiB of the disk's file.
sum() { sha256sum | cut -d ' ' -f 1; }
sum_of_disk() { dd if=/root/disk.img bs=1M skip="$1" count=1 2> /dev/null | sum; }
same() { if [ "$1" = "$2" ]; then echo same; else echo "$1 instead of $2"; fi; }

# A word NAME=VALUE of the kernel's command line, or else DEFAULT.
option() {
    local word
    for word in $(cat /proc/cmdline); do
        case $word in
            "$1"=*) echo "${word#*=}"; return ;;
        esac
    done
    echo "$2"
}
