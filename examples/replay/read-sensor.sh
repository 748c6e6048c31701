#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# read-sensor.sh BUS: what is on the bus, and what an LM75 at 0x48 says, with
# i2c-tools.
set -e
i2cdetect -y "$1" 0x40 0x57
printf 'raw temperature: %s\n' "$(i2cget -y "$1" 0x48 0x00 w)"
printf 'limits: %s\n' "$(i2ctransfer -y "$1" w1@0x48 0x02 r2 w1 0x03 r2 |
    tr '\n' ' ')"
i2cget -y "$1" 0x33 0x00 || echo 'nobody at 0x33'
