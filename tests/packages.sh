# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Debian packages, and how to install them. Sourced by tests/run and
# examples/quickstart.

# To build the library, the tools and the plugin for the distribution's QEMU.
# shellcheck disable=SC2034
build_packages=(
    gcc libc6-dev meson ninja-build pkg-config
    libglib2.0-dev libftdi1-dev libi2c-dev libgpiod-dev
    qemu-system-arm firmware-microbit-micropython
    dpkg-dev python3 zlib1g-dev libpixman-1-dev
)
# For the tests as well.
# shellcheck disable=SC2034
test_packages=(
    "${build_packages[@]}"
    g++ check umockdev libumockdev-dev i2c-tools python3-smbus2 python3-smbus
    ddcutil python3-pytest flashrom openocd ftdi-eeprom
    # for 32 bits these, not gcc-multilib: it removes the cross compilers
    lib32gcc-12-dev libc6-dev-i386 musl-tools golang-go ruby lua5.4 php-cli tcl
    nodejs busybox-static toybox gdb bubblewrap fakeroot faketime read-edid
    stm32flash libnfc-bin freeipmi-tools python3-periphery python3-luma.oled
    lm-sensors libcap2-bin
    gcc-arm-none-eabi clang-format shellcheck git
    qemu-system-x86 strace sigrok-cli tshark valgrind
    clang llvm groff-base man-db mandoc pandoc make xz-utils zstd
    python3-venv bzip2 python3-pip python3-setuptools python3-wheel libfdt-dev
    device-tree-compiler
    gcc-arm-linux-gnueabihf libc6-dev-armhf-cross
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross
    gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user
    debhelper dh-python lintian debootstrap abigail-tools
    libsimavr-dev libelf-dev gcc-avr avr-libc libunicorn-dev
    mono-mcs mono-runtime
    gpiod python3-libgpiod
)

# i2cpt_install PACKAGE... installs those that are missing, as root or by sudo.
i2cpt_install()
{
    local missing=() package as_root=()
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" \
            2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "not root and no sudo: cannot install ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y
        -o DPkg::Lock::Timeout=600)
    "${as_root[@]}" "${apt[@]}" update &&
        "${as_root[@]}" "${apt[@]}" install --no-install-recommends \
            "${missing[@]}"
}
