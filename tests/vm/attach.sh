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

drivers() { # what they make of what is there
    for file in 0049/temp1_input 0049/temp1_max 0049/temp1_max_hyst \
        0018/temp1_input 0018/temp1_crit 0018/temp1_max 0018/temp1_min \
        004a/temp1_input 004a/temp1_max; do
        chip=$device/$bus-${file%/*}
        [ -e "$chip" ] || continue
        # a TMP102 that has just been set says EAGAIN for a while
        n=0
        until cat "$chip"/hwmon/hwmon*/${file#*/} >/dev/null 2>&1 ||
            [ $((n += 1)) = 1000 ]; do usleep 1000; done
        run cat "$chip"/hwmon/hwmon*/${file#*/}
    done
    for file in date time; do
        echo "rtc $(cat "$device/$bus-0068"/rtc/rtc*/$file)"
    done
    eeprom=$device/$bus-0050/eeprom
    run head -c 5 "$eeprom"
    run md5sum "$eeprom"
    printf 'page written' >/tmp/page
    dd if=/tmp/page of="$eeprom" bs=16 seek=2 conv=notrunc 2>/dev/null
    echo "= $?"
    run md5sum "$eeprom"
    run i2ctransfer -f -y "$bus" w1@0x49 0 r2 w1@0x4a 0 r2
} 2>&1

plain() { # numbers that the kernel gives
    sed "s/i2c-$bus/i2c-BUS/g; s/$bus-00/BUS-00/g; s/-y $bus/-y BUS/; s/hwmon[0-9]/hwmonN/g"
}

busy() { # a program that does not stop
    while :; do i2cget -y "$bus" 0x49 0 w; done >/dev/null 2>&1 &
    other=$!
    usleep 100000
}

on() { # a part of the test: what the drivers say on this adapter
    echo "@$1@"
    shift
    attach "$@"
    drivers | plain
    kill -$signal $pid
    wait $pid
    echo "ended $? $(cat /tmp/said)"
    [ -e "$device" ] && echo "still there"
}

insmod /rtc-ds1307.ko
DEVICES='--new-device lm75@0x49 --new-device tmp102@0x4a --new-device 24c02@0x50
    --new-device ds1307@0x68'
signal=TERM
on stub stub,load=/board.txt,record=/tmp/stub.i2ct $DEVICES --new-device jc42@0x18
signal=INT
on trace trace,file=/tmp/stub.i2ct,match=lookup $DEVICES --new-device jc42@0x18
i2cpt-replay serve -a stub,load=/board.txt --socket /tmp/remote.sock &
server=$!
until [ -e /tmp/remote.sock ]; do usleep 10000; done
on remote remote,socket=/tmp/remote.sock $DEVICES --new-device jc42@0x18
kill $server
wait $server
if [ -e /bin/dongle-board ]; then
    mkfifo /tmp/plugged
    dongle-board >/tmp/plugged 2>&1 &
    dongle=$!
    read -r line </tmp/plugged
    [ "$line" = plugged ] || echo "$line"
    on ftdi ftdi,timeout-ms=1800 $DEVICES
    kill $dongle
    wait $dongle
fi 2>/dev/null
echo "@recorded@"
cat /tmp/stub.i2ct
echo "@named@"
attach stub,load=/board.txt --name lab --new-device lm75@0x49 \
    --new-device 24c02@0x50
run readlink /run/libi2cpt/lab | plain
run cat "$(realpath "$device")/../../serial" | sed 's/^> .*/> cat serial/'
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
# at a second signal it ends whoever holds it
attach stub,load=/board.txt
exec 7<>"/dev/i2c-$bus"
kill $pid
said
kill $pid
wait $pid
echo "second $?"
i2cget -y "$bus" 0x49 0 w 2>/dev/null && echo "still works"
exec 7>&-
gone
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
# shellcheck disable=SC1091
. /attach-keeper.sh
echo "@kernel@"
n=0
while grep -q '^State:.D' /proc/[0-9]*/status && [ $((n += 1)) -lt 500 ]; do
    usleep 10000
done
grep -l '^State:.D' /proc/[0-9]*/status
dmesg | grep -E 'BUG|Oops|WARNING|blocked for more|general protection'
true
