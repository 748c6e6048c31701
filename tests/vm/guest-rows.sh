# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash disable=SC2034,SC2154
# Runs guest-rows.txt in a Linux guest, once for each line of /sets: a name, the
# kinds of row (`smbus,i2c`), and assignments (`T=0x48 N=0x1d`). Prints
# `@@row SET NUMBER` before what a row says and `@@status N` behind it.
# B, the bus, is set by who calls this.
bus=/sys/bus/i2c/devices/i2c-$B

new() # DRIVER ADDRESS: binds, and sets dev
{
    dev=/sys/bus/i2c/devices/$B-00${2#0x}
    echo "$1 $2" >"$bus/new_device"
}

delete()
{
    echo "$1" >"$bus/delete_device"
}

hw() # ATTRIBUTE [VALUE]
{
    file=$(echo "$dev"/hwmon/hwmon*/"$1")
    [ $# -eq 1 ] || echo "$2" >"$file"
    cat "$file"
}

peek() # OFFSET LENGTH
{
    dd if="$dev/eeprom" bs="$2" count=1 skip="$1" iflag=skip_bytes 2>/dev/null |
        hexdump -ve '16/1 "%02x " "\n"'
}

poke() # OFFSET TEXT
{
    printf %s "$2" | dd of="$dev/eeprom" bs=4096 seek="$1" oflag=seek_bytes \
        conv=notrunc 2>/dev/null
}

there() # ADDRESS -q|-r
{
    i2cdetect -y "$2" "$B" "$1" "$1" | grep -q ": .*[0-9a-f][0-9a-f]" &&
        echo there || echo nobody
}

rows() # SET KINDS ASSIGNMENT...
{
    set=$1 kinds=$2
    shift 2
    for word; do
        eval "$word"
    done
    number=0
    while IFS='|' read -r driver kind command; do
        case $driver in '#'* | '') continue ;; esac
        number=$((number + 1))
        kind=${kind% } kind=${kind# }
        case ",$kinds," in *",$kind,"*) ;; *) continue ;; esac
        echo "@@row $set $number"
        eval "$command" 2>&1 </dev/null
        echo "@@status $?"
    done </rows.txt
}

while read -r words; do
    # shellcheck disable=SC2086
    rows $words
done </sets
