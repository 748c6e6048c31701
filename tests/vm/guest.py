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
OURS = ('libi2cpt.so.0', 'libgpiod.so.3')  # brought along by the test
TOOLS = ('i2cdetect', 'i2cget', 'i2cset', 'i2cdump', 'i2ctransfer', 'strace')

# The release whose kernel X86 has.
KERNEL = os.environ.get('I2CPT_KERNEL', 'bookworm')


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


def built_modules(armhf=False):
    """The folder with the modules of `kernel-modules`, or of that for armhf."""
    command = ['kernel-modules-armhf'] if armhf else ['kernel-modules', KERNEL]
    run = subprocess.run([os.path.join(HERE, *command[:1]), '--offline',
                          *command[1:]],
                         text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    if run.returncode:
        raise Missing(run.stderr.strip().splitlines()[-1])
    return run.stdout.strip()


def decompressed(data):
    """What is in an .xz or .zst file, whatever stands behind it; else None."""
    if data.startswith(b'\xfd7zXZ\0'):
        return lzma.LZMADecompressor().decompress(data)
    if data.startswith(b'\x28\xb5\x2f\xfd'):
        run = subprocess.run(['zstd', '-dcq'], input=data,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return run.stdout  # its status is of what stands behind
    return None


def decompressed_kernel(image):
    """The ELF image inside a bzImage, for booting through PVH: it saves five
    seconds of unpacking in the guest. Documentation/arch/x86/boot.rst."""
    with open(image, 'rb') as file:
        data = file.read()
    if data[0x202:0x206] != b'HdrS':
        raise Missing(f'{image} is no bzImage')
    setup = (data[0x1f1] or 4) + 1
    offset, length = struct.unpack_from('<II', data, 0x248)
    # The last four bytes are the unpacked size.
    kernel = decompressed(data[setup * 512 + offset:
                               setup * 512 + offset + length - 4])
    if not kernel:
        raise Missing(f'{image} is packed in a way that is not known here')
    return kernel


def kernel_of(tree):
    """The image of an unpacked kernel, and the folder of its modules. Debian 13
    has them in /usr, and its backports the image beside the modules."""
    usr = '' if os.path.isdir(f'{tree}/lib/modules') else 'usr/'
    folder = one(f'{tree}/{usr}lib/modules/*')
    image = f'{folder}/vmlinuz'
    return (image if os.path.exists(image) else one(f'{tree}/boot/vmlinuz-*'),
            folder)


def modules_for(tree, names):
    """Kernel modules, {name: contents}, in the order in which to load them;
    those that are built into that kernel are not among them."""
    folder = kernel_of(tree)[1]
    paths = {os.path.basename(p).split('.')[0].replace('-', '_'): p
             for p in glob.glob(f'{folder}/kernel/**/*.ko*', recursive=True)}
    with open(f'{folder}/modules.builtin', encoding='utf-8') as file:
        built_in = {os.path.basename(line).split('.')[0].replace('-', '_')
                    for line in file}
    order = {}

    def add(name):
        name = name.replace('-', '_')
        if name in order or name in built_in:
            return
        if name not in paths:
            raise Missing(f'no module {name}')
        with open(paths[name], 'rb') as file:
            data = file.read()
        data = decompressed(data) or data
        info = re.search(rb'depends=([^\0]*)\0', data)
        for other in (info.group(1).decode().split(',') if info else []):
            if other:
                add(other)
        order[name] = data

    for name in names:
        add(name)
    return {os.path.basename(paths[name]).split('.')[0]: data
            for name, data in order.items()}


def by_name(root, is_64):
    """Shared libraries by name: where they are in the guest, and here."""
    if root:
        return {os.path.basename(path): (f'/lib/{os.path.basename(path)}', path)
                for path in glob.glob(f'{root}/lib/*/*.so*') +
                glob.glob(f'{root}/usr/lib/*/*.so*')}
    text = subprocess.run(['/sbin/ldconfig', '-p'], text=True,
                          stdout=subprocess.PIPE, check=True).stdout
    found = re.findall(r'^\s*(\S+) \((?:libc6|ELF)(,x86-64)?.*\) => (\S+)$',
                       text, re.M)
    return {name: (path, path) for name, tag, path in found
            if bool(tag) == is_64}


def libraries_of(program, root=''):
    """Shared libraries, and the loader, that a program needs: (where they are
    in the guest, where they are here). `root` has those of another machine.
    The program is looked at, not run: the guest may run what this kernel does
    not, a 32-bit one."""
    found, left, known = {}, [program], None
    while left:
        text = subprocess.run(['readelf', '-hld', left.pop()], text=True,
                              stdout=subprocess.PIPE, check=True).stdout
        known = known or by_name(root, 'ELF64' in text)
        for path in re.findall(r'interpreter: (/\S+?)\]', text):
            found[path] = (path, f'{root}{path}')
        for name in re.findall(r'\(NEEDED\).*\[(.*)\]', text):
            if name in found or name in OURS:
                continue
            if name not in known:
                raise Missing(f'no {name} for {program}')
            found[name] = known[name]
            left.append(known[name][1])
    return [(inside, os.path.realpath(path)) for inside, path in found.values()]


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

    def program(self, name, path, root=''):
        """A file, and where it is an ELF one, the libraries that it needs."""
        self.file(name, path)
        with open(path, 'rb') as file:
            if file.read(4) != b'\x7fELF':
                return
        for inside, library in libraries_of(path, root):
            self.file(inside, library)

    def pack(self):
        self._entry('TRAILER!!!', 0)
        return gzip.compress(b''.join(self.parts), 1)


def tables(lines):
    """Rows `ADAPTER | [KIND: ]NAME | OUTCOME` as tables, name x adapter: the
    outcome of each in a few words. For people, behind the cases."""
    found = {'protocols': {}, 'message mode': {}, 'faults': {}}
    for line in lines:
        match = re.match(r'(not )?ok( \d+)? - (\S+) \| (.*?) \| (.*)', line)
        if not match:
            continue
        bad, _, adapter, name, said = match.groups()
        if name.startswith('fault: '):
            table, name = 'faults', name[7:]
        elif name.endswith((', present', ', absent')):
            table = 'protocols'
            said = re.match(r'same|unsupported|differs|', said).group()
        elif re.match(r'same|the documented', said) and '(over-read' in said:
            table = 'message mode'
            said = said.split(' (')[0].replace('the documented difference',
                                               'as documented')
        else:
            continue
        rows = found[table].setdefault(name, {})
        rows[adapter] = ('FAILED: ' if bad else '') + said
    for table, rows in found.items():
        adapters = list(dict.fromkeys(a for row in rows.values() for a in row))
        cells = [[table, *adapters]]
        cells += [[name, *(row.get(a, '') for a in adapters)]
                  for name, row in rows.items()]
        if len(cells) < 2:
            continue
        widths = [max(map(len, column)) for column in zip(*cells)]
        print('#')
        for row in cells:
            line = ' | '.join(c.ljust(w) for c, w in zip(row, widths))
            print(f'# {line}'.rstrip())


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


class X86:
    """q35: PVH boot, tools and libraries of this machine, the kernel that
    I2CPT_KERNEL names. With `icount` time goes by instructions: nothing times
    out because the machine is busy."""

    root = ''

    def __init__(self, icount=False):
        self.icount = icount
        first = unpacked('linux-image-amd64', 'busybox-static')
        self.busybox = f'{first}/bin/busybox'
        self.kernel_tree = first if KERNEL == 'bookworm' else unpacked(
            'linux-image-amd64', suite=KERNEL)

    @staticmethod
    def tool(name):
        path = shutil.which(name, path='/usr/sbin:/usr/bin:/sbin:/bin')
        if not path:
            raise Missing(f'no {name} on this machine')
        return path

    def command(self, work):
        kernel = os.path.join(work, 'vmlinux')
        image = kernel_of(self.kernel_tree)[0]
        with open(kernel, 'wb') as file:
            file.write(decompressed_kernel(image))
        return ['qemu-system-x86_64', '-M', 'q35', '-m', '256',
                *(['-icount', 'shift=3,sleep=off'] if self.icount else []),
                '-kernel', kernel, '-append', 'console=ttyS0 quiet loglevel=1 '
                'panic=-1 mitigations=off nokaslr '
                'tsc=reliable no_timer_check']


class Arm:
    """vexpress-a9, a bit-banged adapter; all of Debian's armhf."""

    PACKAGES = ('libglib2.0-dev', 'busybox-static', 'i2c-tools', 'strace')

    def __init__(self, devices):
        self.kernel_tree = unpacked('linux-image-armmp', arch='armhf')
        self.root = unpacked(*self.PACKAGES, arch='armhf', deps=True)
        self.busybox = f'{self.root}/bin/busybox'
        self.devices = devices

    def tool(self, name):
        return one(f'{self.root}/usr/*bin/{name}')

    def command(self, _work):
        devices = [word for d in self.devices for word in ('-device', d)]
        return ['qemu-system-arm', '-M', 'vexpress-a9', '-m', '256',
                '-audiodev', 'none,id=none',
                '-kernel', one(f'{self.kernel_tree}/boot/vmlinuz-*'),
                '-dtb', one(f'{self.kernel_tree}/usr/lib/linux-image-*/'
                            'vexpress-v2p-ca9.dtb'),
                '-append', 'console=ttyAMA0 quiet loglevel=1 panic=-1',
                *devices]


def boot(command, initrd, timeout=1500):
    """Run a guest; the lines between the marks, and what its script said."""
    command = [command[0], '-accel', 'tcg', '-nodefaults', '-no-reboot',
               '-display', 'none', '-serial', 'stdio', '-initrd', initrd,
               *command[1:]]
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             timeout=timeout, errors='replace')
    except subprocess.TimeoutExpired as late:
        tail = (late.stdout or b'').decode(errors='replace').splitlines()[-30:]
        raise Missing('\n# '.join([f'the guest took more than {timeout} s:',
                                   *tail])) from late
    text = run.stdout.replace('\r', '')
    match = re.search(f'{BEGIN}\n(.*){END} (\\d+)\n', text, re.S)
    if not match:
        tail = '\n# '.join(text.splitlines()[-30:])
        raise Missing('the guest did not come to its end, QEMU said '
                      f'{run.returncode}:\n# {tail}')
    return match.group(1), int(match.group(2))


def initramfs(machine, modules, script, programs=(), later=(), files=None,
              tools=TOOLS):
    """What a guest starts with, packed. Modules of `later` are there for the
    script to load; `files` maps names in the guest to files."""
    image = Initramfs()
    for name in ('proc', 'sys', 'dev', 'tmp', 'run', 'bin'):
        image.directory(name)
    image.file('bin/busybox', machine.busybox)
    names = []
    for name, data in modules_for(machine.kernel_tree,
                                  [*modules, *later]).items():
        image.data(f'lib/modules/{name}.ko', data)
        if name not in later:
            names.append(f'{name}.ko')
    image.data('modules', '\n'.join(names).encode())
    for name, path in (files or {}).items():
        image.program(name, path, machine.root)
    for tool in tools:
        image.program(f'usr/sbin/{tool}', machine.tool(tool), machine.root)
    for path in programs:
        image.program(f'bin/{os.path.basename(path)}', path, machine.root)
    image.data('init', INIT.format(begin=BEGIN, end=END,
                                   script=script).encode())
    return image.pack()


def collect(modules, script, programs, machine=None, later=(), files=None):
    """Boot a guest: what it says, and its status. The rest is initramfs()'s."""
    machine = machine or X86()
    packed = initramfs(machine, modules, script, programs, later, files)
    with tempfile.TemporaryDirectory(prefix='i2cpt-vm.') as work:
        initrd = os.path.join(work, 'initrd.gz')
        with open(initrd, 'wb') as file:
            file.write(packed)
        return boot(machine.command(work), initrd)


def run(*arguments, **keys):
    """The same, and print it; its status."""
    text, status = collect(*arguments, **keys)
    report(text)
    return status


def report(text):
    """Print what guests said as one run's TAP."""
    number = 0
    for line in text.splitlines():
        if re.match('(not )?ok ', line):
            number += 1
            line = re.sub(r'^((?:not )?ok)( \d+)?', f'\\1 {number}', line)
        if not re.fullmatch(r'1\.\.\d+', line):  # the plan is of all
            print(line)
    print(f'1..{number}')
    tables(text.splitlines())


def main(function):
    """Exit as TAP's readers want it: 77 skips, with the reason last."""
    try:
        sys.exit(function())
    except Missing as reason:
        print(f'Bail out! {reason}')
        sys.exit(1)
