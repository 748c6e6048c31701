# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# In the guest of vm-virtio: what programs and drivers make of the adapter.
run() { # a command, what it says, and its status
    echo "> $*"
    "$@" 2>&1
    echo "= $?"
}
insmod /virtio/i2c-virtio.ko
name=$(grep -l 'i2c_virtio\|[Vv]irtio' /sys/class/i2c-dev/*/name)
bus=${name#*/i2c-dev/i2c-}
bus=${bus%/name}
device=/sys/bus/i2c/devices/i2c-$bus
run i2cdetect -y -q "$bus"
run i2cdetect -y -r "$bus"
run i2cget -y "$bus" 0x49 0 w
run i2cget -y "$bus" 0x48 0
run i2cset -y "$bus" 0x1d 0x20 0x5a
run i2cget -y "$bus" 0x1d 0x20
run i2ctransfer -y "$bus" w1@0x1d 6 r8
run i2ctransfer -y "$bus" w1@0x1d 6 r2 w1@0x49 0 r2
run i2ctransfer -y "$bus" w1@0x1d 6 r3 w1@0x20 0 r1
run i2ctransfer -y "$bus" w4@0x1e 1 2 3 4 r1@0x49
run i2ctransfer -y "$bus" w1@0x50 0 r256
run i2ctransfer -y "$bus" w0@0x1d
run i2ctransfer -y "$bus" w0@0x20
echo lm75 0x49 >"$device/new_device"
run cat "$device/$bus-0049"/hwmon/hwmon*/temp1_input
echo 24c02 0x50 >"$device/new_device"
eeprom=$device/$bus-0050/eeprom
run head -c 5 "$eeprom"
run md5sum "$eeprom"
printf 'page written' >/tmp/page
run dd if=/tmp/page of="$eeprom" bs=1 seek=16 conv=notrunc 2>/dev/null
run dd if=/tmp/page of="$eeprom" bs=16 seek=2 conv=notrunc 2>/dev/null
run md5sum "$eeprom"
