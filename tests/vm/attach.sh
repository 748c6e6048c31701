# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2086
# In the guest of vm-attach: kernel drivers on what i2cpt-replay attach gives, and
# how it ends. attach-keeper.sh goes on.
run() { # a command, what it says, and its status
    echo "> $*"
    "$@" 2>&1
    echo "= $?"
}

attach() { # SPEC [OPTION...]: $pid, $bus and $device of it
    : >/tmp/attached
    # what holds a node in this shell is none of its
    i2cpt-replay attach -a "$@" 7>&- 8>&- 9<&- >/tmp/attached 2>/tmp/said &
    pid=$!
    until [ -s /tmp/attached ]; do
        kill -0 $pid 2>/dev/null || { cat /tmp/said; exit 1; }
        usleep 10000
    done
    bus=$(sed 's/.*-//' /tmp/attached)
    device=/sys/bus/i2c/devices/i2c-$bus
}

said() { # until it has said something, or is no more
    until [ -s /tmp/said ] || ! kill -0 "$pid" 2>/dev/null; do
        usleep 10000
    done
}

gone() { # until the kernel has taken the bus away
    while [ -e "$device" ]; do usleep 10000; done
}

drivers() {
    for file in temp1_input temp1_max temp1_max_hyst; do
        run cat "$device"/*-0049/hwmon/hwmon*/$file
    done
    for file in temp1_input temp1_crit temp1_max temp1_min; do
        run cat "$device"/*-0018/hwmon/hwmon*/$file
    done
    eeprom=$device/$bus-0050/eeprom
    run head -c 5 "$eeprom"
    run md5sum "$eeprom"
    printf 'page written' >/tmp/page
    dd if=/tmp/page of="$eeprom" bs=16 seek=2 conv=notrunc 2>/dev/null
    echo "= $?"
    run md5sum "$eeprom"
    run i2ctransfer -f -y "$bus" w1@0x49 0 r2 w1@0x18 5 r2
} 2>&1

plain() { # numbers that the kernel gives
    sed "s/i2c-$bus/i2c-BUS/g; s/$bus-00/BUS-00/g; s/-y $bus/-y BUS/; s/hwmon[0-9]/hwmonN/g"
}

busy() { # a program that does not stop
    while :; do i2cget -y "$bus" 0x49 0 w; done >/dev/null 2>&1 &
    other=$!
    usleep 100000
}

echo "@stub@"
DEVICES='--new-device lm75@0x49 --new-device jc42@0x18 --new-device 24c02@0x50'
attach stub,load=/board.txt,record=/tmp/stub.i2ct $DEVICES
drivers | plain
kill $pid
wait $pid
echo "ended $? $(cat /tmp/said)"
[ -e "$device" ] && echo "still there"
echo "@trace@"
attach trace,file=/tmp/stub.i2ct,match=lookup $DEVICES
drivers | plain
kill -INT $pid
wait $pid
echo "ended $? $(cat /tmp/said)"
[ -e "$device" ] && echo "still there"
echo "@recorded@"
cat /tmp/stub.i2ct
echo "@named@"
attach stub,load=/board.txt --name lab --new-device lm75@0x49 \
    --new-device 24c02@0x50
run readlink /run/libi2cpt/lab | plain
run cat "$device"/*-0049/hwmon/hwmon*/temp1_input | plain
run head -c 5 "$device/$bus-0050/eeprom" | plain
run i2cpt-replay attach -a stub,load=/board.txt --name lab
run i2cpt-replay attach -a stub,load=/board.txt --new-device lm75@0x49 \
    --new-device jc42@0x49 | plain
run i2cpt-replay detach i2c-99
run i2cpt-replay detach lab
wait $pid
echo "ended $? $(cat /tmp/said)"
[ -e "$device" ] && echo "still there"
ls /run/libi2cpt
attach stub,load=/board.txt --name lab
rm /run/libi2cpt/lab
ln -s /dev/null /run/libi2cpt/lab
run i2cpt-replay detach
wait $pid
run readlink /run/libi2cpt/lab
run i2cpt-replay detach
echo "@held@"
attach stub,load=/board.txt
exec 7<>"/dev/i2c-$bus"
run i2cpt-replay detach "i2c-$bus" | plain | sed 's/by .*;/by WHO;/'
kill $pid
said
run i2cget -y "$bus" 0x49 0 w | plain
plain </tmp/said | sed 's/by .*;/by WHO;/'
exec 7>&-
wait $pid
echo "ended $?"
[ -e "$device" ] && echo "still there"
# a driver whose transfers go on all the time
attach stub,load=/board.txt --new-device lm75@0x49
while cat "$device"/*-0049/hwmon/hwmon*/temp1_input; do :; done >/dev/null 2>&1 &
other=$!
exec 7<>"/dev/i2c-$bus"
kill -HUP $pid
said
exec 7>&-
wait $pid
echo "ended $?"
kill $other 2>/dev/null
wait $other
[ -e "$device" ] && echo "still there"
. /attach-keeper.sh
echo "@kernel@"
n=0
while grep -q '^State:.D' /proc/[0-9]*/status && [ $((n += 1)) -lt 500 ]; do
    usleep 10000
done
grep -l '^State:.D' /proc/[0-9]*/status
dmesg | grep -E 'BUG|Oops|WARNING|blocked for more|general protection'
true
