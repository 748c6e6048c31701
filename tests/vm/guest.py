# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Linux guest for tests: a Debian kernel that is unpacked into the cache and
never installed, an initramfs of busybox, i2c-tools and what a test brings, TCG.

The guest's own output comes between two marks on its serial line; what it
prints there is the test's (TAP)."""
import glob
import gzip
import lzma
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
BEGIN, END = '@@begin', '@@end'


class Missing(Exception):
    """Something that has to be there is not."""


def unpacked(*packages, arch=None, suite='bookworm', deps=False):
    """The tree of Debian packages in the cache."""
    command = [os.path.join(HERE, '../cache'), 'deb', '--offline']
    command += ['--arch', arch] if arch else []
    command += ['--deps'] if deps else []
    run = subprocess.run(command + [suite, *packages], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode:
        raise Missing(run.stderr.strip().splitlines()[-1])
    return run.stdout.strip()


def one(pattern):
    found = sorted(glob.glob(pattern))
    if not found:
        raise Missing(f'no {pattern}')
    return found[-1]


def decompressed_kernel(image):
    """The ELF image inside a bzImage, for booting through PVH: it saves five
    seconds of unpacking in the guest. Documentation/arch/x86/boot.rst."""
    with open(image, 'rb') as file:
        data = file.read()
    if data[0x202:0x206] != b'HdrS':
        raise Missing(f'{image} is no bzImage')
    setup = (data[0x1f1] or 4) + 1
    offset, length = struct.unpack_from('<II', data, 0x248)
    payload = data[setup * 512 + offset:setup * 512 + offset + length]
    # The last four bytes are the unpacked size.
    return lzma.LZMADecompressor().decompress(payload)


def modules_for(tree, names):
    """Paths of kernel modules in the order in which to load them."""
    paths = {os.path.basename(p).split('.')[0].replace('-', '_'): p
             for p in glob.glob(f'{tree}/lib/modules/*/kernel/**/*.ko*',
                                recursive=True)}
    order = []

    def add(name):
        path = paths.get(name.replace('-', '_'))
        if not path:
            raise Missing(f'no module {name}')
        if path in order:
            return
        with open(path, 'rb') as file:
            info = re.search(rb'depends=([^\0]*)\0', file.read())
        for other in (info.group(1).decode().split(',') if info else []):
            if other:
                add(other)
        order.append(path)

    for name in names:
        add(name)
    return order


def libraries_of(program):
    """Shared libraries, and the loader, that a program of this machine needs."""
    lines = subprocess.run(['ldd', program], text=True,
                           stdout=subprocess.PIPE, check=False).stdout
    return re.findall(r'(/\S+) \(0x', lines)


class Initramfs:
    """newc cpio: Documentation/driver-api/early-userspace/buffer-format.rst."""

    def __init__(self):
        self.parts, self.names = [], set()

    def _entry(self, name, mode, data=b''):
        fields = [len(self.names) + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0,
                  len(name) + 1, 0]
        head = b'070701' + b''.join(b'%08x' % f for f in fields)
        head += name.encode() + b'\0'
        self.parts += [head, b'\0' * (-len(head) % 4), data,
                       b'\0' * (-len(data) % 4)]

    def directory(self, name):
        if name and name not in self.names:
            self.directory(os.path.dirname(name))
            self.names.add(name)
            self._entry(name, 0o40755)

    def data(self, name, data, mode=0o100755):
        name = name.lstrip('/')
        if name in self.names:
            return
        self.directory(os.path.dirname(name))
        self.names.add(name)
        self._entry(name, mode, data)

    def link(self, name, target):
        self.data(name, target.encode(), 0o120777)

    def file(self, name, path):
        with open(path, 'rb') as file:
            self.data(name, file.read())

    def program(self, name, path):
        self.file(name, path)
        for library in libraries_of(path):
            self.file(library, os.path.realpath(library))

    def pack(self):
        self._entry('TRAILER!!!', 0)
        return gzip.compress(b''.join(self.parts), 1)


INIT = '''#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /run
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
export PATH=/usr/sbin:/sbin:/usr/bin:/bin
for m in $(cat /modules); do insmod /lib/modules/$m; done
echo {begin}
(
{script}
)
echo {end} $?
poweroff -f
'''


def x86_command(tree, initrd, machine_args, work):
    kernel = os.path.join(work, 'vmlinux')
    with open(kernel, 'wb') as file:
        file.write(decompressed_kernel(one(f'{tree}/boot/vmlinuz-*')))
    return ['qemu-system-x86_64', '-M', 'q35', '-m', '256', '-kernel', kernel,
            '-append', 'console=ttyS0 quiet loglevel=1 panic=-1 '
            'mitigations=off nokaslr'] + machine_args


def boot(command, initrd, timeout=240):
    """Run a guest; the lines between the marks, and what its script said."""
    command = [command[0], '-accel', 'tcg', '-nodefaults', '-no-reboot',
               '-display', 'none', '-serial', 'stdio', '-initrd', initrd,
               *command[1:]]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         timeout=timeout, errors='replace')
    text = run.stdout.replace('\r', '')
    match = re.search(f'{BEGIN}\n(.*){END} (\\d+)\n', text, re.S)
    if not match:
        tail = '\n# '.join(text.splitlines()[-30:])
        raise Missing(f'the guest did not come to its end:\n# {tail}')
    return match.group(1), int(match.group(2))


def run(modules, script, programs, machine_args=(), later=(), files=None):
    """Boot an x86-64 guest and print what it says; its status. Modules of
    `later` are there for the script to load."""
    tree = unpacked('linux-image-amd64', 'busybox-static')
    image = Initramfs()
    for name in ('proc', 'sys', 'dev', 'tmp', 'run', 'bin'):
        image.directory(name)
    image.file('bin/busybox', f'{tree}/bin/busybox')
    names = []
    for path in modules_for(tree, [*modules, *later]):
        name = os.path.basename(path)
        image.file(f'lib/modules/{name}', path)
        if name.split('.')[0] not in later:
            names.append(name)
    image.data('modules', '\n'.join(names).encode())
    for tool in ('i2cdetect', 'i2cget', 'i2cset', 'i2cdump', 'i2ctransfer',
                 'strace'):
        path = shutil.which(tool, path='/usr/sbin:/usr/bin:/sbin:/bin')
        if not path:
            raise Missing(f'no {tool} on this machine')
        image.program(f'usr/sbin/{tool}', path)
    for path in programs:
        image.program(f'bin/{os.path.basename(path)}', path)
    for name, path in (files or {}).items():
        image.file(name, path)
    image.data('init', INIT.format(begin=BEGIN, end=END,
                                   script=script).encode())
    with tempfile.TemporaryDirectory(prefix='i2cpt-vm.') as work:
        initrd = os.path.join(work, 'initrd.gz')
        with open(initrd, 'wb') as file:
            file.write(image.pack())
        text, status = boot(x86_command(tree, initrd, list(machine_args), work),
                            initrd)
    number = 0
    for line in text.splitlines():
        if re.match('(not )?ok ', line):
            number += 1
            line = re.sub(r'^((?:not )?ok)( \d+)?', f'\\1 {number}', line)
        print(line)
    print(f'1..{number}')
    return status


def main(function):
    """Exit as TAP's readers want it: 77 skips, with the reason last."""
    try:
        sys.exit(function())
    except Missing as reason:
        print(f'Bail out! {reason}')
        sys.exit(1)
