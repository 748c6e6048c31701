# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2086,SC2154
# The second part of attach.sh, whose functions it has: processes that are killed,
# with a program that holds the node and without, and what their keepers do.
number() { # that the bus has now, beside the one that it had
    [ "$bus" = "$1" ] && echo "the same bus" || echo "another bus, not $1 but $bus"
}

hold() { # a program that holds the node, and is asked through 8 and 9
    mkfifo /tmp/ask /tmp/told
    attach-holder "/dev/i2c-$bus" 0x49 </tmp/ask >/tmp/told 2>&1 &
    holder=$!
    exec 8>/tmp/ask 9</tmp/told
    rm /tmp/ask /tmp/told
    read -r line <&9
}

ask_holder() {
    echo >&8
    read -r line <&9
    echo "holder: $line"
}

let_go() { # it ends
    exec 8>&- 9<&-
    wait $holder
}

crash() { # the adapter's process
    kill -9 $pid
    wait $pid
} 2>/dev/null

keepers() { # none that has ended and is still there
    pidof i2cpt-keeper
}

no_keeper() { # until there is none
    while keepers >/dev/null; do usleep 10000; done
}

in_folder() { # names, and doors of keepers
    find /run/libi2cpt -mindepth 1 ! -name .lock
}

rm /run/libi2cpt/lab # what a test has left
echo "@crash@"
exec 6</dev/null # which is no business of the keeper's
attach stub,load=/board.txt --name lab --new-device lm75@0x49 2>/dev/null
exec 6<&-
first=$bus
(cd "/proc/$(keepers)/fd" && echo "keeper has" *)
hold
ask_holder
crash
ask_holder
run i2cget -f -y "$bus" 0x49 0 w 2>&1 | plain
run cat "$device"/*-0049/hwmon/hwmon*/temp1_max | plain
run i2cpt-replay detach lab | plain | sed 's/by .*;/by WHO;/'
attach stub,load=/board.txt --name lab --new-device lm75@0x49 \
    --new-device 24c02@0x50
number "$first"
ask_holder
run cat "$device"/*-0049/hwmon/hwmon*/temp1_max | plain
run head -c 5 "$device/$bus-0050/eeprom" | plain
run readlink /run/libi2cpt/lab | plain
run i2cpt-replay attach -a stub --adopt lab
run i2cpt-replay attach -a stub --name lab
run i2cpt-replay attach -a stub --adopt other
crash
attach stub,load=/board.txt --adopt "i2c-$first"
number "$first"
ask_holder
let_go
kill $pid
wait $pid
echo "ended $? $(cat /tmp/said)"
[ -e "$device" ] && echo "still there"
in_folder
keepers

echo "@orphan@"
# nobody holds it: the keeper goes at a signal, and by itself after a minute
for how in signal minute; do
    attach stub,load=/board.txt --name lab
    crash
    [ -e "$device" ] && echo "still there"
    [ $how = signal ] && kill "$(keepers)"
    while [ -e "$device" ]; do sleep 1; done
    no_keeper
    in_folder
done
# with a holder it stays, and goes when that has closed it
attach stub,load=/board.txt
hold
crash
kill "$(keepers)"
sleep 3
ask_holder
let_go
gone
no_keeper
# by force, with a holder: it hears errors, and the bus goes with it
attach stub,load=/board.txt --name lab
hold
run i2cpt-replay detach --force lab
wait $pid
echo "ended $? $(cat /tmp/said)"
in_folder
ask_holder
let_go
gone
# the same without a process
attach stub,load=/board.txt
hold
crash
run i2cpt-replay detach --force "i2c-$bus" | plain
no_keeper
let_go
gone

echo "@stopped@"
attach stub,load=/board.txt
kill -STOP $pid
run i2cget -y "$bus" 0x49 0 w 2>&1 | plain
run i2cget -y "$bus" 0x49 0 w 2>&1 | plain
kill -CONT $pid
until i2cget -y "$bus" 0x49 0 w >/dev/null 2>&1; do :; done
run i2cget -y "$bus" 0x49 0 w | plain
kill $pid
wait $pid
# and the keeper: nobody waits for that with no end
attach stub,load=/board.txt
kill -STOP "$(keepers)"
run i2cpt-replay detach "i2c-$bus" | plain
kill -CONT "$(keepers)"
wait $pid
echo "ended $? $(cat /tmp/said)"
attach stub,load=/board.txt
kill -STOP "$(keepers)"
kill $pid
wait $pid
echo "ended $? $(cat /tmp/said)"
[ -e "$device" ] && echo "still there"
kill -CONT "$(keepers)"
gone
no_keeper

echo "@keeper@"
# the keeper killed: that is an unplugging
attach stub,load=/board.txt --name lab
kill -9 "$(keepers)"
wait $pid
echo "ended $? $(cat /tmp/said)"
gone
attach stub,load=/board.txt --name lab
hold
kill -9 "$(keepers)"
wait $pid
echo "ended $? $(cat /tmp/said)"
ask_holder
i2cpt-replay attach -a stub 7>&- 8>&- 9<&- >/tmp/attached 2>/tmp/said &
pid=$!
sleep 3
[ -s /tmp/attached ] || echo "nothing can be attached"
let_go
until [ -s /tmp/attached ]; do usleep 10000; done
kill $pid
wait $pid
echo "ended $?"
# a name whose number another bus has got
ln -sfn "/dev/i2c-0" /run/libi2cpt/lab
attach stub,load=/board.txt --name other
ln -sfn "/dev/i2c-$bus" /run/libi2cpt/lab
other=$pid
attach stub,load=/board.txt --name lab
run readlink /run/libi2cpt/lab | plain
run i2cpt-replay detach | sed 's/i2c-[0-9][0-9]*/i2c-N/g'
# two at once: one gets it
for n in 1 2; do
    i2cpt-replay attach -a stub --name both 7>&- 8>&- 9<&- >/tmp/both$n 2>&1 &
    eval "both$n=$!"
done
until grep -q both /tmp/both1 /tmp/both2 &&
    grep -q '^/dev' /tmp/both1 /tmp/both2; do usleep 10000; done
cat /tmp/both1 /tmp/both2 | sort | sed 's/i2c-[0-9]*$/i2c-N/'
kill $both1 $both2 $other $pid 2>/dev/null
wait
in_folder

kill_adapter() { # the process, while a program transfers, and a successor
    busy
    crash
    i2cget -y "$bus" 0x49 0 w || failed=$((failed + 1))
    attach stub,load=/board.txt --name lab
    [ "$bus" = "$first" ] && same=$((same + 1))
    kill $other
    wait $other
}

kill_keeper() { # while a program transfers
    busy
    kill -9 "$(keepers)"
    wait $pid
    kill $other
    wait $other
}

echo "@killed@"
attach stub,load=/board.txt --name lab
first=$bus same=0 failed=0 n=0
while [ $((n += 1)) -le "$KILLS" ]; do
    kill_adapter
    exec 7<>"/dev/i2c-$bus"
    kill_adapter
    exec 7>&-
done >/dev/null 2>&1
echo "same $same failed $failed"
run i2cget -y "$bus" 0x49 0 w | plain
kill $pid
wait $pid
echo "ended $?"
# and the keeper, with a holder and without
n=0
while [ $((n += 1)) -le "$KILLS" ]; do
    attach stub,load=/board.txt
    kill_keeper
    gone
    attach stub,load=/board.txt
    exec 7<>"/dev/i2c-$bus"
    kill_keeper
    exec 7>&-
    gone
done >/dev/null 2>&1
attach stub,load=/board.txt
run i2cget -y "$bus" 0x49 0 w | plain
kill $pid
wait $pid
echo "ended $?"
