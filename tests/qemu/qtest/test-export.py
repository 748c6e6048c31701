# SPDX-License-Identifier: LGPL-2.1-or-later
"""i2c-export: what QEMU has on a bus, seen by the host's i2c-tools and by the
guest, one after the other and at once."""
import contextlib
import errno
import os
import resource
import socket
import subprocess
import threading
import time

from bench import REPLAY, Bench, equal, main, path, started
from remote import Client

SOCKET = path("bus")
TMP105, EEPROM, RTC, MUX = 0x48, 0x50, 0x68, 0x70
MODELS = ["-device", f"tmp105,address={TMP105:#x}",
          "-device", f"at24c-eeprom,address={EEPROM:#x},rom-size=4096"]
# On the first channel of a multiplexer.
BEHIND = ["-device", f"pca9548,address={MUX:#x},id=mux",
          "-device", "tmp105,bus=i2c.0,address=0x4a"]


def export(**settings):
    words = ["i2c-export"]
    for key, value in dict({"id": "export", "socket": SOCKET,
                            "timeout_ms": 20000}, **settings).items():
        text = str(value).replace(",", ",,")
        words.append(f"{key.replace('_', '-')}={text}")
    return ["-device", ",".join(words)]


def exporting(machine="versatilepb", models=MODELS, **settings):
    return Bench(machine, models, export(**settings))


def run(command, spec=f"remote,socket={SOCKET},timeout-ms=60000"):
    """A program of the host's, with the bus as its /dev/i2c-0. The machine may
    be busy: the default deadline is for people's buses."""
    return subprocess.run([REPLAY, "run", "-a", spec, "--", "sh", "-c",
                           command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=120)


def host(command, **more):
    done = run(command, **more)
    assert done.returncode == 0, (done.returncode, done.stdout)
    return done.stdout.decode()


def refused(command):
    done = run(command)
    assert done.returncode, done.stdout
    return done.stdout.decode()


def words(text):
    return bytes(int(word, 16) for word in text.split())


def found(text):
    """Addresses in a table of i2cdetect's."""
    cells = [line.split(":")[1].split() for line in text.splitlines()[1:]]
    return [int(cell, 16) for row in cells for cell in row if cell != "--"]


def test_i2cdetect_sees_what_the_guest_sees(machine):
    with exporting(machine) as bench:
        here = bench.bus.scan()
        assert TMP105 in here and EEPROM in here, here
        equal(found(host("i2cdetect -y 0")), here, "i2cdetect")
        equal(found(host("i2cdetect -y -q 0")), here, "by quick writes")


def test_host_reads_what_the_guest_wrote(machine):
    with exporting(machine) as bench:
        bench.bus.put(TMP105, b"\x03\x4b\x80")
        bench.bus.put(EEPROM, b"\x00\x10" + b"written by the guest")
        equal(host("i2cget -y 0 0x48 3 w"), "0x804b\n")
        equal(words(host("i2ctransfer -y 0 w2@0x50 0 0x10 r20")),
              b"written by the guest")


def test_guest_reads_what_the_host_wrote(machine):
    with exporting(machine) as bench:
        host("i2cset -y 0 0x48 2 0x2080 w; "
             "i2ctransfer -y 0 w6@0x50 0x01 0x00 0xde 0xad 0xbe 0xef")
        equal(bench.bus.put_get(TMP105, b"\x02", 2), b"\x80\x20")
        equal(bench.bus.put_get(EEPROM, b"\x01\x00", 4), b"\xde\xad\xbe\xef")


def test_i2cdump():
    with exporting() as bench:
        bench.bus.put(RTC, b"\x08" + bytes(range(0xa0, 0xb0)))
        text = host("i2cdump -y -r 0x08-0x17 0 0x68 b").splitlines()[1:]
        text = " ".join(line[4:52] for line in text)
        equal(words(text), bytes(range(0xa0, 0xb0)), "i2cdump")


def test_through_a_multiplexer():
    with exporting(models=MODELS + BEHIND) as bench:
        equal(found(host("i2cdetect -y 0")), [TMP105, EEPROM, RTC, MUX])
        equal(found(host("i2cset -y 0 0x70 1; i2cdetect -y 0")),
              [TMP105, 0x4a, EEPROM, RTC, MUX])
        host("i2cset -y 0 0x4a 3 0x6000 w")
        equal(bench.bus.put_get(0x4a, b"\x03", 2), b"\x00\x60")
        bench.bus.put(MUX, b"\x00")
        equal(bench.bus.put(0x4a, b""), -1, "the channel is off for both")


def test_messages_to_two_addresses():
    with exporting() as bench:
        bench.bus.put(EEPROM, b"\x00\x00\x11\x22")
        with contextlib.closing(Client(SOCKET)) as client:
            equal(client.transfer((TMP105, b"\x03"), (TMP105, 2),
                                  (EEPROM, b"\x00\x00"), (EEPROM, 2)),
                  b"\x50\x00\x11\x22")


def test_who_does_not_answer():
    with exporting():
        with contextlib.closing(Client(SOCKET)) as client:
            equal(client.transfer((0x33, b"\x00")), -errno.ENXIO)
            equal(client.transfer((TMP105, b"\x03"), (TMP105, 2)), b"\x50\x00")


def until_waiting(bench):
    """A transfer has come, and found the bus in use."""
    end = time.monotonic() + 60
    while not bench.qemu.counters("export")["waited"]:
        assert time.monotonic() < end, "it does not wait"


def test_guest_in_a_transaction(machine):
    with exporting(machine) as bench:
        with contextlib.closing(Client(SOCKET)) as client:
            assert bench.bus.start(TMP105)
            assert bench.bus.write(3)
            client.ask((TMP105, b"\x02"), (TMP105, 2))
            until_waiting(bench)
            # the pointer is the guest's until its STOP
            equal(bench.bus.message(TMP105, length=2).data, b"\x50\x00")
            assert client.silent()
            assert bench.bus.start(TMP105)
            assert bench.bus.write(3)
            assert client.silent()
            bench.bus.stop()
            equal(client.answer(), b"\x4b\x00")
            equal(bench.bus.get(TMP105, 2), b"\x4b\x00", "its pointer now")


def test_guest_that_holds_the_bus(machine):
    with exporting(machine) as bench:
        with contextlib.closing(Client(SOCKET)) as client:
            assert bench.bus.start(TMP105)
            # the client's own time may be over first on a busy machine
            assert client.transfer((TMP105, 1), ms=2000) in (
                -errno.EBUSY, -errno.ETIMEDOUT)
            bench.bus.stop()
            equal(client.transfer((TMP105, b"\x03"), (TMP105, 2)), b"\x50\x00")
            equal(bench.qemu.counters("export")["given-up"], 1)


def test_guest_and_host_at_once(machine):
    """Neither sees a byte of the other's transactions, and none is lost."""
    with exporting(machine) as bench:
        answers = []

        def many():
            with contextlib.closing(Client(SOCKET)) as client:
                for _ in range(200):
                    answers.append(client.transfer((TMP105, b"\x02"),
                                                   (TMP105, 2)))

        thread = threading.Thread(target=many)
        thread.start()
        turns = 0
        while thread.is_alive() or turns < 20:
            equal(bench.bus.put_get(TMP105, b"\x03", 2), b"\x50\x00")
            turns += 1
        thread.join()
        equal(answers, [b"\x4b\x00"] * 200, "what the host read")


def test_clients_at_once():
    with exporting(max_clients=2) as bench:
        clients = [Client(SOCKET) for _ in range(2)]
        third = threading.Thread(
            target=lambda: Client(SOCKET).close())
        for client in clients:
            equal(client.transfer((TMP105, b"\x03"), (TMP105, 2)), b"\x50\x00")
        third.start()
        clients[0].close()
        third.join(60)
        assert not third.is_alive(), "the third was not served"
        equal(clients[1].transfer((TMP105, 2)), b"\x50\x00")
        clients[1].close()
        equal(bench.qemu.counters("export")["given-up"], 0)


def test_reset_in_a_transaction():
    """QEMU's core would give the next transfer to the target of before."""
    with exporting() as bench:
        assert bench.bus.start(TMP105)
        bench.bus.write(3)
        bench.qemu.reset()
        with contextlib.closing(Client(SOCKET)) as client:
            equal(client.transfer((EEPROM, b"\x00\x00"), (EEPROM, 1)), b"\x00")
            equal(client.transfer((TMP105, b"\x03"), (TMP105, 2)), b"\x50\x00")


def test_reset_while_the_host_waits():
    with exporting() as bench:
        with contextlib.closing(Client(SOCKET)) as client:
            assert bench.bus.start(TMP105)
            client.ask((EEPROM, b"\x00\x00"), (EEPROM, 1))
            until_waiting(bench)
            bench.qemu.reset()
            equal(client.answer(), b"\x00")


def test_reset_is_all_at_once():
    """The passthrough ends its transaction in the reset, before the clock chip
    is reset: what the host waits for comes after both."""
    stub = ["-device", "i2c-passthrough,backend=stub,chips=0x30,address=0x30,"
            "timeout-ms=20000,hold-timeout-ms=60000"]
    with Bench("versatilepb", export(), stub) as bench:
        with contextlib.closing(Client(SOCKET)) as client:
            assert bench.bus.start(0x30)
            client.ask((RTC, b"\x10\x77"))
            until_waiting(bench)
            bench.qemu.reset()
            client.answer()
            equal(client.transfer((RTC, b"\x10"), (RTC, 1)), b"\x77")


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def test_no_descriptor_left():
    """Who connects then waits, and costs nothing, until there is one."""
    with exporting() as bench:
        pid = bench.qemu.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = set(map(int, os.listdir(f"/proc/{pid}/fd")))
        n = min(set(range(len(used) + 1)) - used)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (n, before[1]))
        clients = [Client(SOCKET, hello=False) for _ in range(3)]
        bench.qemu.qmp("query-status")
        spent, until = cpu_s(pid), time.process_time() + 0.5
        while time.process_time() < until:
            pass  # who spins as well has about as much of the processor
        spent = cpu_s(pid) - spent
        assert spent < 0.1, f"{spent} s of processor time beside our 0.5"
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        for client in clients:
            client.hello()
            equal(client.transfer((TMP105, b"\x03"), (TMP105, 2)), b"\x50\x00")
        for client in clients:
            client.close()


def test_quit_while_the_host_waits():
    bench = exporting()
    client = Client(SOCKET)
    assert bench.bus.start(TMP105)
    client.ask((TMP105, 1))
    until_waiting(bench)
    equal(bench.qemu.quit(), 0, "exit status")
    # the end of the connection is this too, to backend remote
    with contextlib.suppress(EOFError, ConnectionResetError):
        equal(client.answer(), -errno.ENODEV)
    assert not os.path.exists(SOCKET), "the socket is still there"
    client.close()


def test_allow_and_readonly():
    with exporting(allow="0x48:0x68", allow_writes="pointer") as bench:
        equal(found(host("i2cdetect -y -r 0")), [TMP105, RTC])
        refused("i2cset -y 0 0x48 2 0x2a80 w")
        refused("i2cget -y 0 0x50 0")
        equal(host("i2cget -y 0 0x48 3 w"), "0x0050\n")
        equal(bench.bus.put_get(TMP105, b"\x02", 2), b"\x4b\x00")


def test_recording():
    trace = path("models.i2ct")
    with exporting(record=trace):
        host("i2cget -y 0 0x48 3 w")
    subprocess.run([REPLAY, "check", trace], check=True,
                   stdout=subprocess.DEVNULL)
    equal(host("i2cget -y 0 0x48 3 w", spec=f"trace,file={trace}"), "0x0050\n")


def test_a_host_target_behind_a_qemu_controller():
    stub = ["-device", "i2c-passthrough,backend=stub,chips=0x30,address=0x30,"
            "timeout-ms=20000,hold-timeout-ms=60000"]
    with exporting(models=MODELS + stub) as bench:
        host("i2ctransfer -y 0 w3@0x30 5 0x66 0x77")
        equal(bench.bus.put_get(0x30, b"\x05", 2), b"\x66\x77")


def test_microbit():
    """Behind a controller that waits: QEMU's models, and not the host's."""
    models = ["-device", "nrf51-twi", "-device", "tmp105,address=0x48",
              "-device", "i2c-passthrough,backend=stub,chips=0x30,address=0x30"]
    with exporting("microbit", models=models, bus="twi0"):
        with contextlib.closing(Client(SOCKET)) as client:
            equal(client.transfer((TMP105, b"\x03"), (TMP105, 2)), b"\x50\x00")
            equal(client.transfer((0x30, b"\x00")), -errno.EBUSY)


def refuses(groups, *said):
    status, text = started(*groups)
    assert status == 1, f"exit status {status}, stderr {text!r}"
    assert len(text.splitlines()) == 1, text
    for word in said:
        assert word in text, f"{word!r} is not in {text!r}"


def test_lines_that_are_wrong():
    there = path("there")
    with open(there, "w", encoding="utf-8") as file:
        file.write("not a socket")
    refuses([["-device", "i2c-export"]], "socket", "path")
    refuses([export(socket=there)], f"socket={there}", "exists")
    refuses([export(socket=path("x" * 120))], "socket=", "longer than")
    refuses([export(socket=path("no/folder"))], "no/folder", "No such")
    refuses([export(max_clients=0)], "max-clients=0", "1 to 1000")
    refuses([export(address="0x48")], "address=0x48")
    refuses([export(timeout_ms="soon")], "timeout-ms=soon", "60000")
    refuses([export(allow="0x80")], "allow=0x80")
    refuses([export(controller="0x1")], "controller=0x1", "versatile_i2c")
    refuses([export(backend="stub")], "backend")
    with open(there, encoding="utf-8") as file:
        equal(file.read(), "not a socket")


def test_two_exports_at_one_path():
    refuses([export(id="a"), export(id="b")], f"socket={SOCKET}", "exists")


def test_a_socket_that_was_left_behind():
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(SOCKET)
    stale.close()
    with exporting():
        equal(host("i2cget -y 0 0x48 3 w"), "0x0050\n")
        equal(os.stat(SOCKET).st_mode & 0o777, 0o600, "mode")


if __name__ == "__main__":
    main(globals())
