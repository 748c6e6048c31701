# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# In the guest of vm-gpio: lines of a real gpiochip, gpio-toggle's, by the library
# with libgpiod 1 and 2 (vm-lines, in /gpiod-1 and /gpiod-2), and by gpiomon.
toggler=/sys/module/gpio_toggle/parameters

toggle() { # LINES EDGES PERIOD_NS: so many, and wait until they are over
    echo "$1" >$toggler/lines
    echo "$3" >$toggler/period_ns
    echo "$2" >$toggler/edges
    until [ "$(cat $toggler/edges)" = 0 ]; do usleep 50000; done
}

hear() { # NAME VERSION KEYS: $pid, until the lines are watched
    : >"/tmp/$1.said"
    LD_LIBRARY_PATH=/gpiod-$2 vm-lines "stub,chips=0x48,$3" "/tmp/$1.heard" \
        >"/tmp/$1.said" 2>&1 &
    pid=$!
    until grep -q '^ready\|^refused' "/tmp/$1.said"; do usleep 10000; done
}

end() { # NAME PID: what it said
    kill "$2" 2>/dev/null
    wait "$2"
    echo "$1 ended $?: $(tr '\n' ' ' <"/tmp/$1.said")"
}

# Of lines "LEVEL STAMP": how many changes, how many up, to the level that was,
# back in time, and not within the period that the tick of their number began.
judge() { # NAME FIRST-LEVEL
    awk -v name="$1" -v level="$2" -v start="$(cat $toggler/start_ns)" \
        -v period="$(cat $toggler/period_ns)" '
        {
            up += $1; same += $1 == level; back += $2 < last
            late = $2 - start - period * (NR - 1)
            out += late < 0 || late >= period
            level = $1; last = $2
        }
        END {
            printf "%s: %d changes, %d up, %d same, %d back, %d out of time\n",
                name, NR, up, same, back, out
        }'
}

line() { # NAME LINE: what was heard of it
    awk -v line="$2" '$1 == line { print $2, $3 }' "/tmp/$1.heard"
}

# gpiomon's line changes in the same tick, behind ours and with no interrupt
# between: their stamps are as near as those of two interrupts can be.
beside() { # NAME
    line "$1" int | paste - /tmp/gpiomon.stamps | awk -v name="$1" '
        { off = $4 - $2; n += off >= 0 && off < 50000 }
        END { print name, "beside gpiomon:", n, "of", NR }'
}

recorded() { # NAME: each change of int, with its time, is in the trace too
    awk '$2 == "irq" && $3 == "int" && $1 > 0 { print $4, $1 }' \
        "/tmp/$1.i2ct" >/tmp/recorded
    line "$1" int | paste - /tmp/recorded | awk -v name="$1" '
        NR == 1 { began = $2 - $4 * 1e9 }
        { off = $2 - $4 * 1e9 - began; n += $1 == $3 && off * off < 4e6 }
        END { print name, "recorded:", n, "of", NR }'
    LD_LIBRARY_PATH=/gpiod-1 i2cpt-replay check "/tmp/$1.i2ct" 2>/dev/null
    LD_LIBRARY_PATH=/gpiod-1 i2cpt-replay stats "/tmp/$1.i2ct" 2>/dev/null
}

# TOOL WORD...: of libgpiod 2, with the C library that it wants
cat >/bin/gpiod-2 <<'EOF'
#!/bin/sh
tool=$1
shift
exec /gpiod-tools-2/ld-linux-x86-64.so.2 --library-path /gpiod-tools-2 \
    "/gpiod-tools-2/$tool" "$@"
EOF
chmod +x /bin/gpiod-2

until_used() { # LINE, by gpiomon
    until gpioinfo gpiochip0 | grep -q "line *$1:.*gpiomon"; do usleep 10000; done
}

echo "@steady@"
toggle 2 1 1000000
hear one 1 line.int=gpiochip0/0,line.low=sensor-int,line.low.active-low=on,record=/tmp/one.i2ct
one=$pid
hear two 2 line.int=gpiochip0/1,line.low=gpio:sensor-alert,line.low.active-low=on,record=/tmp/two.i2ct
two=$pid
gpiomon --format '%e %s %n' gpiochip0 2 >/tmp/gpiomon.heard &
gpiomon=$!
until_used 2
gpiod-2 gpiomon -c gpiochip0 -F '%e %S' 3 >/tmp/gpiomon-2.heard &
gpiomon_2=$!
until_used 3
gpioinfo gpiochip0 | sed 's/  */ /g'
toggle 15 20000 500000
end one $one
end two $two
kill $gpiomon $gpiomon_2
wait $gpiomon $gpiomon_2
line one int | judge "one int" 0
line one low | judge "one low" 1
line two int | judge "two int" 1
line two low | judge "two low" 0
# gpiomon writes no leading zeros of the nanoseconds
awk '{ printf "%d %d%09d\n", $1, $2, $3 }' /tmp/gpiomon.heard >/tmp/gpiomon.stamps
judge gpiomon 0 </tmp/gpiomon.stamps
# a falling edge is 2
awk '{ sub(/\./, ""); print $1 % 2, $2 }' /tmp/gpiomon-2.heard |
    judge "gpiomon of 2" 0
beside one
beside two
recorded one
recorded two
toggle 2 1 1000000

# The reader does not run while they come.
echo "@burst@"
for version in 1 2; do
    for edges in 101 2001; do
        hear burst $version line.int=sensor-int
        kill -STOP $pid
        toggle 1 $edges 200000
        kill -CONT $pid
        usleep 100000
        # as usual behind it
        echo 1 >$toggler/lines
        toggle 1 1 1000000
        end burst $pid
        line burst int | judge "$version $edges" 0 | sed 's/, [0-9]* out.*//'
    done
done

# There and back before the kernel has made an edge of it, and while it does.
echo "@short@"
for version in 1 2; do
    hear short $version line.int=sensor-int
    usleep 200000
    toggle 1 2 1
    toggle 1 2 1
    usleep 200000
    end short $pid
    cut -d ' ' -f 1,2 /tmp/short.heard | tr '\n' ' '
    echo
    hear late $version line.int=sensor-int
    usleep 200000
    echo 1 >$toggler/glitch
    toggle 1 1 1000000
    end late $pid
    cut -d ' ' -f 1,2 /tmp/late.heard | tr '\n' ' '
    echo
done

echo "@refused@"
gpiomon gpiochip0 2 >/dev/null &
gpiomon=$!
until_used 2
for version in 1 2; do
    for source in gpiochip0/2 gpiochip0/7 gpiochip0/8 gpiochip1/0 nobody; do
        hear refused $version line.int=$source
        cat /tmp/refused.said
        wait $pid
    done
done
kill $gpiomon
wait $gpiomon

# PROGRAM's chip has the number of a real one.
echo "@hidden@"
printf 'chip 0x19 registers\nreg 0x10 = 00\nline drdy reg=0x10 mask=0x01\n' \
    >/tmp/board
mknod /tmp/node c "$(cut -d : -f 1 /sys/bus/gpio/devices/gpiochip0/dev)" 0
ln -s /dev/gpiochip0 /tmp/link
cat >/tmp/looks <<'EOF'
gpiodetect
for path in /dev/../dev/gpiochip0 /tmp/link /tmp/node; do
    gpiod-2 gpioinfo -c $path | head -n 1
done
i2cset -y 0 0x19 0x10 1 2>/dev/null
gpioget gpiochip0 0
gpiofind sensor-int
for path in /dev/gpiochip* /sys/bus/gpio/devices/*/d* /sys/class/gpio/*port; do
    [ ! -e "$path" ] || echo "$path"
done
EOF
within() { # VERB [WORD...]: what PROGRAM, and the tool, say
    echo "> $1"
    LD_LIBRARY_PATH=/gpiod-1 i2cpt-replay "$@" 2>&1
}
echo "> outside"
sh /tmp/looks
chip='--redirect=seccomp --gpiochip 0'
# shellcheck disable=SC2086
{
    within run $chip -a stub,load=/tmp/board -- sh /tmp/looks
    within record $chip -a stub,load=/tmp/board -o /tmp/board.i2ct -- sh /tmp/looks
    within replay $chip /tmp/board.i2ct -- sh /tmp/looks
    # its line is one of the real chip, active
    within run $chip -a stub,chips=0x19,line.int=gpiochip0/0,line.int.active-low=on \
        -- sh /tmp/looks
}
# another number, the lowest that is free
within run --redirect=seccomp -a stub,load=/tmp/board -- sh /tmp/looks
within run --redirect=preload --gpiochip 0 -a stub,load=/tmp/board -- gpiodetect
echo "> outside"
sh /tmp/looks

# (6.1 itself complains of a chip that goes while its lines are in use.)
echo "@kernel@"
dmesg | grep -E 'BUG|Oops|WARNING|general protection'

echo "@gone@"
toggle 3 1 1000000
hear one 1 line.int=gpiochip0/0
one=$pid
hear two 2 line.int=gpiochip0/1
two=$pid
toggle 3 2 1000000
echo gpio-toggle.0 >/sys/bus/platform/drivers/gpio-toggle/unbind
usleep 3000000
end one $one
end two $two
cut -d ' ' -f 1,2 /tmp/one.heard /tmp/two.heard
