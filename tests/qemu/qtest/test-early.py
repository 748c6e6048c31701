# SPDX-License-Identifier: LGPL-2.1-or-later
"""The early library: -chardev linux-i2c and -device TYPE,help in a QEMU that
knows neither, and nothing at all in other programs."""
import contextlib
import errno
import os
import shutil
import subprocess
import time

from bench import (BINARY, PATIENCE, PLUGIN, REPLAY, VERSION, Bench, BitBang,
                   device, equal, main, path, patient, read, write)
import qemu
import remote

EARLY = PLUGIN.replace("libi2cpt-qemu.so", "libi2cpt-qemu-early.so")
os.environ["LD_PRELOAD"] = EARLY

STUB = "stub,chips=0x48:0x50"
SLOW = "timeout-ms=20000"  # for a machine that is loaded
# The seed's spelling, with the devices' own patience.
TARGET = {**PATIENCE, "id": "chip", "chardev": "x", "address": "0x49"}


def chardev(adapter=STUB, **settings):
    words = dict({"id": "x", "address": "0x48"}, **settings)
    if adapter:
        words["adapter"] = f"{adapter},{SLOW}"
    text = ",".join(f"{key}={str(value).replace(',', ',,')}"
                    for key, value in words.items() if value is not None)
    return ["-chardev", "linux-i2c," + text]


class Early(Bench):
    """A board with no -plugin, in front of the early library alone."""

    def __init__(self, machine, *devices, binary=BINARY):
        # pylint: disable=super-init-not-called
        args = [word for words in devices for word in words]
        self.qemu = qemu.Qemu(binary, machine, args)
        self.bus = BitBang(self.qemu, machine)


@contextlib.contextmanager
def preloaded(libraries, **more):
    """QEMUs that are started inside, with these in place of ours."""
    before = dict(os.environ)
    os.environ.update(more, LD_PRELOAD=libraries)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_interrupt_lines_without_a_plugin():
    chip = write("lines", "chip 0x19 registers\nline drdy reg=0x20\n")
    with Early("versatilepb", device(
            **PATIENCE, id="d", backend="stub", load=chip, address="0x19",
            irqs="drdy=0x10140000[28]")) as b:
        for level in (1, 0):
            b.bus.put(0x19, [0x20, level])
            raw = int(b.qemu.qtest(["readl 0x10140008"])[0], 16)
            equal(raw >> 28 & 1, level)


def works(bench):
    equal(bench.bus.put(0x49, b"\x10\xaa\xbb\xcc"), 4)
    equal(bench.bus.put_get(0x49, b"\x10", 3), b"\xaa\xbb\xcc")


def check(name, *lines):
    """The trace is whole, and has these."""
    subprocess.run([REPLAY, "check", path(name)], check=True,
                   stdout=subprocess.DEVNULL)
    for line in lines:
        assert line in read(name), f"{line!r} is not in\n{read(name)}"


def test_a_recording_has_its_verdict():
    trace = write("two.i2ct", "i2cpt-trace 1\n0 +0 r1@0x48 = 05\n"
                              "1 +0 r1@0x48 = 06\nend 2\n")
    b = Early("versatilepb", chardev(f"trace,file={trace}"), device(**TARGET))
    b.qemu.qtest(["writel 0 0xeafffffe"])  # b .
    b.qemu.qmp("cont")
    equal(b.bus.get(0x49, 1), b"\x05")
    equal(b.qemu.quit(), 0)
    said = b.qemu.errors().splitlines()
    equal(len(said), 1, said)
    assert said[0].endswith("1 of 2 transfers was not asked for, the first in "
                            "line 3"), said


def test_the_spelling(machine):
    for mode in ("stream", "message"):
        record = f"{STUB},record={path(mode + '.i2ct')}"
        with Early(machine, chardev(record),
                   device(**TARGET, transfer=mode)) as bench:
            works(bench)
            equal(bench.bus.scan(0x46, 0x4f), [0x49])
            equal(bench.bus.put(0x50, b"\x00"),
                  1 if machine == "vexpress-a9" else -1, "the board's own")
        check(mode + ".i2ct", "w4@0x48 10 aa bb cc")
        assert "@0x49" not in read(mode + ".i2ct")


def test_beside_the_plugin(machine):
    with Bench(machine, chardev(), device(**TARGET)) as bench:
        works(bench)


def test_device_i2c_n():
    """As /dev/i2c-7, which i2cpt-replay run gives to this QEMU."""
    program = write("redirected", f'#!/bin/sh\nexec "{REPLAY}" run --bus 7 -a '
                    f'{STUB},{SLOW} -- "{BINARY}" "$@"\n')
    os.chmod(program, 0o755)
    with Early("versatilepb", chardev(None, device="/dev/i2c-7"),
               device(**TARGET), binary=program) as bench:
        works(bench)


def test_address_is_the_devices_too():
    target = {**TARGET, "address": None}
    settings = {key: value for key, value in target.items() if value}
    with Early("versatilepb", chardev(), device(**settings)) as bench:
        equal(bench.bus.put(0x48, b"\x10\x01"), 2)


def test_no_address_is_all():
    with Early("versatilepb", chardev(address=None),
               patient(chardev="x", addresses="0x48:0x50")) as bench:
        equal(bench.bus.put(0x48, b"\x10\x01"), 2)
        equal(bench.bus.put(0x50, b"\x10\x01"), 2)


def test_named_adapter():
    patience = {key: value for key, value in PATIENCE.items()
                if key != "timeout_ms"}
    with Early("versatilepb", chardev(),
               ["-device", f"i2c-adapter,id=lab,chardev=x,{SLOW}"],
               device(**patience, adapter="lab", address="0x49")) as bench:
        works(bench)


def test_comes_and_goes():
    with Early("versatilepb") as bench:
        record = path("late.i2ct")
        equal(bench.qemu.hmp("chardev-add linux-i2c,id=y,adapter=stub,,"
                             f"chips=0x48,,record={record}").strip(), "")
        assert "linux-i2c" in bench.qemu.hmp("info chardev")
        equal(bench.qemu.hmp("chardev-remove y").strip(), "")
        assert "linux-i2c" not in bench.qemu.hmp("info chardev")
        check("late.i2ct")  # whole, with QEMU still there


class Uart:
    """The guest's first serial port (a PL011), with the methods of a socket
    that remote.Client needs."""
    DATA, FLAGS, EMPTY = 0x101f1000, 0x101f1018, 0x10

    def __init__(self, qemu_):
        self.qtest = qemu_.qtest

    def sendall(self, data):
        self.qtest([f"writel {self.DATA:#x} {byte:#x}" for byte in data])

    def recv(self, _n):
        end = time.monotonic() + 60
        while int(self.qtest([f"readl {self.FLAGS:#x}"])[0], 0) & self.EMPTY:
            assert time.monotonic() < end, "nothing comes"
        return bytes([int(self.qtest([f"readl {self.DATA:#x}"])[0], 0) & 0xff])


def test_address_is_all_that_may_be_reached():
    """By whoever has the chardev, here a serial port: no device of ours stands
    between, and what is refused is so at the adapter itself."""
    for keys, address, reached in (("", "0x48", [0x48]),
                                   (",allow=0x50", "0x48", [0x50]),
                                   ("", None, [0x48, 0x50])):
        with Early("versatilepb", chardev(STUB + keys, address=address),
                   ["-serial", "chardev:x"]) as bench:
            client = remote.Client(Uart(bench.qemu))
            for target in (0x48, 0x50):
                got = [client.transfer(*messages, ms=20000) for messages in (
                    [(target, b"\x10\x5a")],
                    [(target, b"\x10"), (target, 1)])]
                equal(got, [b"", b"\x5a"] if target in reached
                      else [-errno.EACCES] * 2,
                      f"{keys} {address} {target:#x}")


def test_in_use():
    with Early("versatilepb", chardev(), device(**TARGET)) as bench:
        assert "busy" in bench.qemu.hmp("chardev-remove x")
        works(bench)


def test_one_client():
    said = refused(chardev(), device(**TARGET),
                   patient(chardev="x", address="0x4a"))
    assert "'x'" in said or "in use" in said, said


def run(*args, early=EARLY):
    done = subprocess.run([BINARY, "-M", "versatilepb", "-display", "none",
                           *args], env=dict(qemu.environment(),
                                            LD_PRELOAD=early),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_help():
    for name, word in (("i2c-passthrough", "hostaddr="), ("i2c-adapter",
                       "backend="), ("i2c-export", "socket="),
                       ("nrf51-twi", "poll-wait-us=")):
        status, said, errors = run("-device", f"{name},help")
        equal((status, errors), (0, ""), name)
        assert f"{name} options:" in said and word in said, said
    assert '"i2c-passthrough"' in run("-device", "help")[1]
    assert "\n  linux-i2c\n" in run("-chardev", "help")[1]


def test_the_example():
    """examples/qemu-early, with and without another library to preload."""
    wrapper = os.path.join(os.path.dirname(__file__), "..", "..", "..",
                           "examples", "qemu-early")
    for before in ("", EARLY):
        done = subprocess.run(
            [wrapper, BINARY, "-device", "i2c-passthrough,help"], check=True,
            env=dict(qemu.environment(), I2CPT_EARLY=EARLY, LD_PRELOAD=before),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert b"i2c-passthrough options:" in done.stdout, done
        equal(done.stderr, b"")
    done = subprocess.run([wrapper, BINARY], stderr=subprocess.PIPE,
                          env=dict(qemu.environment(), I2CPT_EARLY="/no.so"),
                          check=False)
    assert done.returncode == 3 and b"no /no.so" in done.stderr, done


def refused(*groups):
    args = [word for group in groups for word in group]
    status, said = qemu.run_to_exit(BINARY, "versatilepb", args)
    assert status == 1, f"exit status {status}, stderr {said!r}"
    equal(len(said.splitlines()), 1, said)
    return said


WRONG = [
    (chardev(None), "neither device= nor adapter=", "/dev/i2c-N"),
    (chardev(device="/dev/i2c-1"), "two adapters", "adapter=BACKEND"),
    (chardev(address="0x80"), "address=0x80", "0x00 to 0x7f"),
    (chardev(address="chip"), "address=chip", "0x00 to 0x7f"),
    # which C makes 72 of
    (chardev(address="-4294967224"), "address=-4294967224", "0x00 to 0x7f"),
    (chardev("nothing"), "nothing", "stub", "trace"),
    (chardev("stub,chips=0x99"), "chips=0x99"),
    (chardev("stub,force=on"), "force=on", "stub"),
    (chardev("trace,file=/nowhere.i2ct"), "/nowhere.i2ct", "No such file"),
    (chardev(None, device="/dev/nowhere"), "/dev/nowhere"),
    (chardev(path="/tmp/x"), "path=/tmp/x", "linux-i2c", "adapter"),
    (chardev(mux="on"), "mux=on", "linux-i2c"),
    (chardev(pacing="fast"), "pacing"),
    # and of QEMU's own kinds, which have our keys now
    (["-chardev", "socket,id=x,path=/nowhere/socket,nonsense=1"], "nonsense"),
]


def test_wrong():
    for words, *said in WRONG:
        text = refused(words)
        for word in said:
            assert word in text, f"{word!r} is not in {text!r}"


def test_wrong_target():
    for settings, *words in (
            ({"hostaddr": "0x50"}, "hostaddr=0x50", "'x' reaches one target, "
             "0x48: accepted is hostaddr=0x48"),
            # 72 to who reads octal, and 110 to the library
            ({"hostaddr": "0110"}, "hostaddr=0110", "one target, 0x48"),
            ({"hostaddr": "0x80"}, "hostaddr=0x80: accepted is 0x00 to 0x7f"),
            ({"addresses": "0x48"}, "addresses=0x48", "one target, 0x48",
             "neither hostaddr nor addresses"),
            ({"addresses": "0x48:0x50"}, "addresses=0x48:0x50", "0x48")):
        text = refused(chardev(), patient(chardev="x", **settings))
        for word in words:
            assert word in text, f"{word!r} is not in {text!r}"


def test_children_are_left_alone():
    """What QEMU starts is not started with the library, but with all others
    that are preloaded, however the linker came to it."""
    script = write("serve", f'echo "${{LD_PRELOAD-none}}" >{path("seen")}\n'
                   f'exec "{REPLAY}" serve -a {STUB} --stdio\n')
    folder, name = os.path.split(EARLY)
    for preload, left in ((EARLY, "none"), (f"libm.so.6 {EARLY}", "libm.so.6"),
                          (f"{name}:libm.so.6:libdl.so.2",
                           "libm.so.6:libdl.so.2")):
        with preloaded(preload, LD_LIBRARY_PATH=folder), \
                Early("versatilepb", chardev(f"remote,command=sh {script}"),
                      device(**TARGET)) as bench:
            works(bench)
        equal(read("seen"), left + "\n", preload)


def test_another_copy():
    """Of another build, whose types are as ours: one of the two is enough, and
    QEMU would abort at the second."""
    folder = os.path.dirname(EARLY)
    other = shutil.copytree(folder, path("other"), symlinks=True,
                            ignore=lambda _, names: [
                                name for name in names
                                if not name.startswith("libi2cpt-qemu")
                                or not name.endswith(".so")])
    libraries = subprocess.run(["ldd", PLUGIN.replace(
        ".so", f"-{VERSION}.so")], check=True, stdout=subprocess.PIPE)
    library, = [os.path.dirname(line.split()[2])
                for line in libraries.stdout.decode().splitlines()
                if "libi2cpt.so" in line]
    said = "its devices are there already"
    with preloaded(EARLY, LD_LIBRARY_PATH=library):
        text = refused(["-plugin", os.path.join(other, "libi2cpt-qemu.so")])
        assert said in text, text
    both = f"{EARLY}:{os.path.join(other, os.path.basename(EARLY))}"
    with preloaded(both, LD_LIBRARY_PATH=library):
        bench = Early("versatilepb", chardev(), device(**TARGET))
        works(bench)
        equal(bench.qemu.quit(), 0)
        assert said in bench.qemu.errors(), bench.qemu.errors()


def test_backends_that_are_not_there():
    with preloaded(EARLY, I2CPT_BACKENDS="/nowhere.so"):
        status, said, errors = run("-device", "tmp105,help")
    equal(status, 0, "QEMU goes on")
    assert "tmp105 options" in said, said
    assert errors.startswith("libi2cpt-qemu-early: I2CPT_BACKENDS: "), errors
    assert "/nowhere.so" in errors, errors


def test_other_programs():
    done = subprocess.run(["sh", "-c", "echo $LD_PRELOAD; exec cat"],
                          input=b"its input", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=True)
    equal(done.stdout, EARLY.encode() + b"\nits input")


def test_no_module():
    """QEMU goes on, and says what it does not know."""
    alone = shutil.copy(EARLY, path("libi2cpt-qemu-early.so"))
    status, said, errors = run("-device", "tmp105,help", early=alone)
    equal(status, 0)
    assert "tmp105 options" in said, said
    assert errors.startswith(f"libi2cpt-qemu-early: no module for QEMU "
                             f"{qemu.version(BINARY)[0]}."), errors
    status, _, errors = run("-chardev", "linux-i2c,id=x,device=/dev/i2c-0",
                            early=alone)
    equal(status, 1)
    assert "no module" in errors and "linux-i2c" in errors, errors


if __name__ == "__main__":
    main(globals())
