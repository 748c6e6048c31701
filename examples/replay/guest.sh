#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# guest.sh: MicroPython on a micro:bit reads the sensor; the bus is this
# machine's /dev/i2c-1. I2CPT_PLUGIN names libi2cpt-qemu.so. Presence is asked
# about only once, and the deadline has room for a read of any length, so that
# every run does the same transfers however long it takes.
exec ../microbit-run ../tmp102.py -plugin "$I2CPT_PLUGIN" -device nrf51-twi \
    -device i2c-passthrough,device=/dev/i2c-1,addresses=0x48:0x50,presence-ms=60000,timeout-ms=20000
