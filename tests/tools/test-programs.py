#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-programs.py I2CPT-REPLAY LIBI2CPT CLIENT: real programs in many languages,
recorded at the system call and replayed to the same output and exit status; by
root, and by an ordinary user."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap

TOOL, LIBRARY, CLIENT = map(os.path.abspath, sys.argv[1:4])
CACHE = os.environ.get('I2CPT_CACHE') or os.path.join(
    os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'),
    'libi2cpt')
NPM = f'{CACHE}/npm/i2c-bus/node_modules'  # by tests/cache
CANNOT = 'i2cpt-replay: --redirect=seccomp cannot be here'
NOT_USED = 'the program opened no redirected bus'
folder = tempfile.TemporaryDirectory()
os.chdir(folder.name)
os.chmod('.', 0o777)
ENV = dict(os.environ, PATH=os.environ['PATH'] + ':/usr/sbin:/sbin',
           ASAN_OPTIONS='detect_leaks=0', NODE_PATH=NPM, HOME=folder.name)
ENV.pop('LD_PRELOAD', None)
for source in (TOOL, LIBRARY, CLIENT):
    shutil.copy(source, '.')
os.symlink(os.path.basename(LIBRARY), 'libi2cpt.so.0')
TOOL, CLIENT = (f'{folder.name}/{os.path.basename(name)}'
                for name in (TOOL, CLIENT))
ENV['LD_LIBRARY_PATH'] = folder.name
with open('board', 'w', encoding='utf-8') as board:
    board.write('chip 0x50 registers\nreg 0x00 = a5\nchip 0x51 registers\n')
STUB = f'stub,load={folder.name}/board'
USER = ('setpriv', '--reuid=1000', '--regid=1000', '--clear-groups')


def run(before, *words):
    return subprocess.run([*before, TOOL, *words], text=True, timeout=120,
                          errors='replace', stdin=subprocess.DEVNULL, env=ENV,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


C = '''#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
int main(void) { unsigned char b = 0; int fd = open("/dev/i2c-0", O_RDWR);
if (fd < 0 || ioctl(fd, I2C_SLAVE, 0x50) || write(fd, &b, 1) != 1 ||
read(fd, &b, 1) != 1) { perror("i2c"); return 1; }
printf("%02x\\n", b); return 3; }
'''
GO = '''package main
import ("fmt"; "os"; "syscall")
func main() {
 f, err := os.OpenFile("/dev/i2c-0", os.O_RDWR, 0)
 if err != nil { fmt.Println(err); os.Exit(1) }
 syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), 0x703, 0x50)
 b := []byte{0}
 if _, err = f.Write(b); err != nil { fmt.Println(err) }
 if _, err = f.Read(b); err != nil { fmt.Println(err) }
 fmt.Printf("%02x\\n", b[0]); os.Exit(3)
}
'''
RUST = '''use std::io::{Read, Write};
use std::os::fd::AsRawFd;
extern "C" { fn ioctl(fd: i32, request: u64, arg: u64) -> i32; }
fn main() {
 let mut f = std::fs::OpenOptions::new().read(true).write(true)
  .open("/dev/i2c-0").unwrap();
 unsafe { ioctl(f.as_raw_fd(), 0x703, 0x50); }
 let mut b = [0u8; 1];
 f.write(&b).unwrap(); f.read(&mut b).unwrap();
 println!("{:02x}", b[0]); std::process::exit(3);
}
'''
I2C_BUS = '''const i2c = require("i2c-bus");
const show = (name, value) =>
 console.log(name, JSON.stringify(value));
const bus = i2c.openSync(0);
show("funcs", bus.i2cFuncsSync());
show("scan", bus.scanSync());
show("id", (() => { try { return bus.deviceIdSync(0x50); } catch (e) { return e.code; } })());
bus.writeByteSync(0x51, 0x10, 0x5a);
bus.writeWordSync(0x51, 0x12, 0x1234);
bus.writeI2cBlockSync(0x51, 0x20, 4, Buffer.from([1, 2, 3, 4]));
const block = Buffer.alloc(4);
show("block", [bus.readI2cBlockSync(0x51, 0x20, 4, block), [...block]]);
show("byte", [bus.readByteSync(0x51, 0x10), bus.readWordSync(0x51, 0x12)]);
bus.sendByteSync(0x50, 0);
show("receive", bus.receiveByteSync(0x50));
bus.writeQuickSync(0x50, 0);
show("written", bus.i2cWriteSync(0x50, 1, Buffer.from([0])));
show("read", [bus.i2cReadSync(0x50, 2, block), [...block]]);
try { bus.readByteSync(0x33, 0); } catch (e) { show("absent", e.code); }
try { bus.i2cReadSync(0x33, 1, block); } catch (e) { show("absent", e.code); }
bus.i2cWrite(0x51, 3, Buffer.from([0x40, 7, 8]), (error, n) => {
  show("callback", [error, n]);
  bus.closeSync();
  (async () => {
    const other = await i2c.openPromisified(0);
    show("promised write", (await other.i2cWrite(0x51, 1, Buffer.from([0x40]))).bytesWritten);
    const got = await other.i2cRead(0x51, 2, Buffer.alloc(2));
    show("promised read", [got.bytesRead, [...got.buffer]]);
    show("promised byte", await other.readByte(0x50, 0));
    await other.readWord(0x33, 0).catch((e) => show("promised absent", e.code));
    show("promised scan", await other.scan(0x50, 0x52));
    await other.close();
    process.exit(3);
  })();
});
'''
# What builds or runs each: {name: (programs needed, source, build, command)}
PROGRAMS = {
    'C': ('gcc', 'p.c', C, 'gcc -w p.c -o p', './p'),
    'C, static': ('gcc', 'p.c', C, 'gcc -w -static p.c -o p', './p'),
    'C, ASan': ('gcc', 'p.c', C, 'gcc -w -fsanitize=address p.c -o p', './p'),
    'C, 32 bits': ('gcc', 'p.c', C, 'gcc -w -m32 -idirafter '
                   '/usr/include/x86_64-linux-gnu p.c -o p', './p'),
    'musl': ('musl-gcc', 'p.c', C, 'musl-gcc -w -idirafter '
             '/usr/include -idirafter /usr/include/x86_64-linux-gnu p.c -o p',
             './p'),
    'musl, static': ('musl-gcc', 'p.c', C, 'musl-gcc -w -static -idirafter '
                     '/usr/include -idirafter /usr/include/x86_64-linux-gnu '
                     'p.c -o p', './p'),
    'Go, static': ('go', 'p.go', GO, 'CGO_ENABLED=0 go build -o p p.go', './p'),
    'Go, cgo': ('go', 'p.go', GO.replace('package main\n', 'package main\n'
                '// #include <unistd.h>\nimport "C"\n').replace(
                    'func main() {', 'func main() {\n _ = C.getpid()'),
                'CGO_ENABLED=1 go build -o p p.go', './p'),
    'Rust': ('rustc', 'p.rs', RUST, 'rustc -o p p.rs', './p'),
    'Perl': ('perl', 'p.pl', 'open(F, "+<:raw:unix", "/dev/i2c-0") or die $!;\n'
             'ioctl(F, 0x703, 0x50); syswrite(F, "\\0"); sysread(F, $b, 1);\n'
             'printf "%02x\\n", ord $b; exit 3;\n', None, 'perl p.pl'),
    'Ruby': ('ruby', 'p.rb', 'f = File.open("/dev/i2c-0", "r+b")\n'
             'f.ioctl(0x703, 0x50)\nf.syswrite("\\0")\n'
             'puts f.sysread(1).unpack1("H2")\n'
             'puts Dir.glob("/dev/i2c-*"), Dir.glob("/sys/class/i2c-dev/*")\n'
             'exit 3\n', None, 'ruby p.rb'),
    'bash': ('i2cset', 'p.sh', 'exec 3<>/dev/i2c-0\n'
             f'"{CLIENT}" /dev/i2c-0 open\nread -r -N1 -u3 a; echo $?\n'
             'exit 3\n', None, 'bash p.sh'),
    'Lua': ('lua5.4', 'p.lua', 'local f = assert(io.open("/dev/i2c-0", "rb"))\n'
            'local b = f:read(1)\nprint(b and b:byte())\n', None,
            'lua5.4 p.lua'),
    'PHP': ('php', 'p.php', '<?php $f = fopen("/dev/i2c-0", "r+b");\n'
            'var_dump(fread($f, 2)); exit(3);\n', None, 'php p.php'),
    'Tcl': ('tclsh', 'p.tcl', 'set f [open /dev/i2c-0 r+]\n'
            'fconfigure $f -translation binary -buffering none\n'
            'puts [catch {read $f 1} e]; puts $e\nexit 3\n', None,
            'tclsh p.tcl'),
    'Node': ('node', 'p.js', 'const fs = require("fs");\n'
             'const fd = fs.openSync("/dev/i2c-0", "r+");\n'
             'const b = Buffer.alloc(1);\n'
             'try { fs.writeSync(fd, b, 0, 1, 0); } catch (e) {\n'
             ' console.log(e.code); }\n'
             'console.log(fs.statSync("/dev/i2c-0").isCharacterDevice(),\n'
             ' fs.readdirSync("/dev").includes("i2c-0")); process.exit(3);\n',
             None, 'node p.js'),
    'i2c-tools': ('i2cdump', 'p.sh', 'i2cdetect -y 0; i2cdetect -l; '
                  'i2cdump -y 0 0x50 b; i2ctransfer -y 0 w1@0x50 0 r2; '
                  'i2cget -y 0 0x50 0; exit 3\n', None, 'sh p.sh'),
    'busybox, static': ('busybox', 'p.sh', 'i2cdetect -y 0; i2cget -y 0 0x50 0; '
                        'i2cdump -y 0 0x50 b; ls -l /dev/i2c-0 | cut -c1; '
                        'exit 3\n', None, 'busybox sh p.sh'),
    'toybox': ('toybox', 'p.sh', 'toybox i2cget -y 0 0x50 0; '
               'toybox i2cdetect -y 0; exit 3\n', None, 'sh p.sh'),
    'Python': ('python3', 'p.py', 'import glob, os\n'
               'fd = os.open("/dev/i2c-0", os.O_RDWR)\n'
               'import fcntl\nfcntl.ioctl(fd, 0x703, 0x50)\n'
               'os.write(fd, b"\\0")\nprint(os.read(fd, 2))\n'
               'print(os.pread(fd, 1, 5), glob.glob("/dev/i2c-*"))\n'
               'raise SystemExit(3)\n', None, '/usr/bin/python3 p.py'),
    'strace -f': ('strace', 'p.sh', 'strace -f -o /dev/null i2cget -y 0 0x50 0;'
                  ' exit 3\n', None, 'sh p.sh'),
    'gdb': ('gdb', 'p.sh', 'gdb -q -batch -ex run --args i2cget -y 0 0x50 0 '
            '2>/dev/null | grep -x 0xa5; exit 3\n', None, 'sh p.sh'),
    'valgrind': ('valgrind', 'p.sh', 'valgrind -q i2cget -y 0 0x50 0; '
                 'exit 3\n', None, 'sh p.sh'),
    'timeout, nohup, setsid': ('setsid', 'p.sh',
                               'timeout 60 nohup setsid -w i2cget -y 0 0x50 0; '
                               'exit 3\n', None, 'sh p.sh'),
    'fakeroot': ('fakeroot', 'p.sh', 'fakeroot i2cget -y 0 0x50 0; exit 3\n',
                 None, 'sh p.sh'),
    'bwrap': ('bwrap', 'p.sh', 'bwrap --bind / / --dev /dev --proc /proc '
              '--unshare-pid i2cget -y 0 0x50 0; exit 3\n', None, 'sh p.sh'),
    'faketime': ('faketime', 'p.sh', 'faketime 2001-01-01 i2cget -y 0 0x50 0; '
                 'exit 3\n', None, 'sh p.sh'),
    'get-edid': ('get-edid', 'p.sh', 'get-edid -b 0 | od -An -tx1; exit 3\n',
                 None, 'sh p.sh'),
    'stm32flash': ('stm32flash', 'p.sh', 'stm32flash -a 0x51 /dev/i2c-0; '
                   'exit 3\n', None, 'sh p.sh'),
    'nfc-list': ('nfc-list', 'p.sh', 'LIBNFC_DEVICE=pn532_i2c:/dev/i2c-0 '
                 'nfc-list; exit 3\n', None, 'sh p.sh'),
    'bmc-info': ('bmc-info', 'p.sh', 'bmc-info -D ssif --driver-device='
                 '/dev/i2c-0 --driver-address=0x50; exit 3\n', None, 'sh p.sh'),
    'periphery': ('python3', 'p.py', 'from periphery import I2C\n'
                  'bus = I2C("/dev/i2c-0")\n'
                  'messages = [I2C.Message([0]), I2C.Message([0], read=True)]\n'
                  'bus.transfer(0x50, messages)\nprint(messages[1].data)\n'
                  'raise SystemExit(3)\n',
                  '/usr/bin/python3 -c "import periphery"',
                  '/usr/bin/python3 p.py'),
    'C++': ('g++', 'p.cc', '#include <fstream>\n#include <iostream>\n'
            'int main() { std::fstream f; f.rdbuf()->pubsetbuf(nullptr, 0);\n'
            'f.open("/dev/i2c-0", std::ios::in | std::ios::out | '
            'std::ios::binary);\n'
            'std::cout << f.is_open() << f.get() << f.good() << "\\n";\n'
            'return 3; }\n', 'g++ -w p.cc -o p', './p'),
    'od': ('od', 'p.sh', 'od -An -tx1 -N2 /dev/i2c-0; dd if=/dev/i2c-0 bs=1 '
           'count=1 status=none; exit 3\n', None, 'sh p.sh'),
    'smbus2': ('python3', 'p.py', 'from smbus2 import SMBus, i2c_msg\n'
               'with SMBus(0) as bus:\n'
               ' bus.write_i2c_block_data(0x51, 0x20, [1, 2, 3])\n'
               ' print(bus.read_i2c_block_data(0x51, 0x20, 3))\n'
               ' read = i2c_msg.read(0x50, 2)\n'
               ' bus.i2c_rdwr(i2c_msg.write(0x50, [0]), read)\n'
               ' print(list(read))\nraise SystemExit(3)\n',
               '/usr/bin/python3 -c "import smbus2"', '/usr/bin/python3 p.py'),
    'luma': ('python3', 'p.py',
             'from luma.core.interface.serial import i2c\n'
             'from luma.core.render import canvas\n'
             'from luma.oled.device import ssd1306\n'
             'device = ssd1306(i2c(port=0, address=0x51), width=128, '
             'height=32)\nwith canvas(device) as draw:\n'
             ' draw.rectangle((0, 0, 127, 31), outline="white")\n'
             'device.contrast(7)\nprint(device.size)\nraise SystemExit(3)\n',
             '/usr/bin/python3 -c "import luma.oled.device"',
             '/usr/bin/python3 p.py'),
    # of its questions only those after I2C are answered with yes
    'sensors-detect': ('sensors-detect', 'p.sh', 'printf "no\\nno\\nno\\nno\\n'
                       'YES\\nYES\\n\\n\\n\\n\\n" | sensors-detect; exit 3\n',
                       None, 'sh p.sh'),
    'npm i2c-bus': ('node', 'p.js', I2C_BUS,
                    'node -e "require(\'i2c-bus\')" || { echo tests/cache npm '
                    'i2c-bus brings it >&2; false; }', 'node p.js'),
    'a filter of its own': ('qemu-system-arm', 'p.sh', 'echo quit | '
                            'qemu-system-arm -M none -sandbox on -display '
                            'none -monitor stdio >/dev/null; i2cget -y 0 0x50 0; '
                            'exit 3\n', None, 'sh p.sh'),
}


# Who has to be root, and what is in root's home.
ROOTS = {'bmc-info', 'sensors-detect', 'npm i2c-bus'}


def by(before, name, text, words):
    """Recorded and replayed: what it said."""
    for left in ('p.i2ct', 'nohup.out'):
        if os.path.exists(left):
            os.remove(left)
    recorded = run(before, 'record', '--redirect=seccomp', '-o', 'p.i2ct', '-a',
                   STUB, '--', *words)
    if recorded.stderr.startswith(CANNOT):
        raise tap.Skip(recorded.stderr.strip())
    replayed = run(before, 'replay', '--redirect=seccomp', '--match', 'strict',
                   'p.i2ct', '--', *words)
    assert (replayed.stdout, replayed.stderr, replayed.returncode) == \
        (recorded.stdout, recorded.stderr, recorded.returncode), \
        (recorded, replayed)
    assert NOT_USED not in recorded.stderr, recorded
    if any(word in text for word in ('exit 3', 'exit(3)', 'return 3', 'Exit(3)')):
        assert recorded.returncode == 3, recorded
    if '0xa5' in text or 'i2cget' in text:
        assert '0xa5' in recorded.stdout, recorded
    print('#', name, '|', ' '.join(recorded.stdout.split())[:60])


def round_trip(name):
    need, source, text, build, command = PROGRAMS[name]
    if not shutil.which(need, path=ENV['PATH']):
        raise tap.Skip(f'{need} is not installed')
    with open(source, 'w', encoding='utf-8') as file:
        file.write(text)
    if build:
        made = subprocess.run(build, shell=True, text=True,
                              stderr=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=dict(ENV, GOCACHE=f'{folder.name}/gocache',
                                       HOME=os.environ.get('HOME', '/'),
                                       GO111MODULE='off'))
        if made.returncode:
            raise tap.Skip(made.stderr.strip().splitlines()[-1])
    if '-m32' in (build or ''):
        tap.need_runnable(command.split()[0])
    by((), name, text, command.split())
    if not os.getuid() and name not in ROOTS:
        by(USER, f'{name}, an ordinary user', text, command.split())


globals().update({f'test_{name}': lambda name=name: round_trip(name)
                  for name in PROGRAMS})
tap.main(globals())
