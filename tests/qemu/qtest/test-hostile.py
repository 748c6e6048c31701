# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-hostile.py [--operations N] [--seed N] [--only GUEST] [--round N]

Guests that do anything, before host adapters that do anything: hostile.py has
what they write, here is what they write it to. Each round is a QEMU with other
settings, all from one seed. Nothing may crash (the plugin is built with
AddressSanitizer and UBSan), no answer may fail to come, and the recordings show
what has reached the adapters: no address but the configured ones, and behind
readonly=on no write but the pointer of a read.
"""
import argparse
import glob
import os
import random
import re
import sys
import threading

import bench
from bench import VERSION, device, equal, path, write
import hostile
import qemu
import tap

ROUND = 20000  # operations; then another QEMU
CHUNK = 2000
ADDRESSES = (0x1d, 0x40, 0x41, 0x42, 0x43, 0x48)
ALL = "0x1d:0x40-0x43:0x48"
READONLY, READONLY_HOST, TRACED = 0x20, 0x30, 0x21
POINTER_BYTES = 2
TRACE = """i2cpt-trace 1
0 +0 w1@0x21 00 r2 = 1a 80
1 +0 w2@0x21 01 02
2 +0 r1@0x21 = 55
3 +0 w1@0x21 00 ! EIO phase=data msg=0 byte=0
4 +0 r4@0x21 = 01 02 03 04
end 5
"""
KINDS = ("registers", "registers increment=off", "sensor", "sensor past=ff",
         "eeprom size=256 page=16 cycle-nacks=2", "eeprom cycle-ms=1",
         "smbus pec=accept", "smbus", "measure")
REGS = {"sensor": ("reg 0 = 1a c0", "reg 1 = 00"),
        "smbus": ("reg 1 type=byte = 5a", "reg 2 type=word = 34 12",
                  "reg 3 type=block = 61 62 63", "reg 4 type=send"),
        "measure": ("reg 0x2c06 nacks=2 = 61 2b c3 6a 9f d2",),
        "registers": ("reg 0x10 type=fifo = 01 02 03",
                      "reg 0x20 type=clear-on-read = ff")}


def fault(rng):
    what = rng.choice(("nack", "nack", "nack", "stretch", "arbitration-lost",
                       "hang", "unplug"))
    at = rng.choice(("address", "address", 0, 1, 2, 5))
    line = f"fault {what} at={at} skip={rng.randrange(2000)}"
    on = rng.choice(("any", "read", "write"))
    if what == "nack" and at != "address":
        on = "write"  # bytes read are the controller's to acknowledge
    line += f" on={on}"
    if what in ("hang", "unplug"):
        # dear: it lasts until the deadline, or for good
        return line.replace("skip=", "skip=1") + " count=1"
    if what == "stretch":
        return f"{line} count={rng.randrange(1, 50)} stretch-us=200"
    return f"{line} count={rng.choice((1, 20, 200, 'always'))}"


def line(rng, name):
    """An input line of a chip's, mostly one that moves by itself."""
    when = rng.choice(("set", "set", "changed"))
    text = f"line {name} when={when} reg={rng.choice((0, 0x20))} mask=0xff"
    if rng.random() < 0.7:
        text += f" every-us={rng.choice((100, 1000, 20000))}"
    return text


def irqs(rng, text, place):
    """Where a chip's lines go; all to one input."""
    names = re.findall(r"^line (\S+)", text, re.M)
    turned = rng.choice(("", "", "~"))
    return {"irqs": ":".join(f"{name}={turned}{place}" for name in names)} \
        if names else {}


def chips(rng):
    lines = []
    for address in ADDRESSES:
        if rng.random() < 0.15:
            continue
        kind = rng.choice(KINDS)
        lines.append(f"chip {address:#x} {kind}")
        lines += REGS.get(kind.split()[0], ())
        if kind == "registers":
            lines.append(line(rng, f"l{address:x}"))
        lines += [fault(rng) for _ in range(rng.choice((0, 0, 1, 1, 3)))]
        if rng.random() < 0.1:
            lines.append("delay byte-us=5")
    return "".join(line + "\n" for line in lines)


def adapter(rng):
    """Keys of the stub."""
    keys = {"functionality": rng.choice(("all", "all", "all", "i2c", "smbus")),
            "faults": rng.choice(("exact", "exact", "hidden")),
            "arbitration_lost": rng.choice((0, 0, 3, 1000)),
            "retries": rng.randrange(3),
            "timeout_ms": rng.choice((5, 20, 200))}
    if rng.random() < 0.2:
        keys["unplug_after"] = rng.randrange(500, 5000)
    if rng.random() < 0.2:
        keys[rng.choice(("byte_us", "transfer_us"))] = rng.randrange(1, 20)
    return keys


def policy(rng):
    return {"transfer": rng.choice(("auto", "auto", "message")),
            "read_length": rng.choice(("learn", "learn", 1, 40)),
            "read_ahead": rng.choice((34, 34, 1, 7)),
            "pointer_bytes": POINTER_BYTES,
            "on_short": rng.choice(("resend", "continue")),
            "presence_ms": rng.choice((1000, 1000, 0, 1)),
            "probe": rng.choice(("on", "on", "off")),
            "busy_retry_ms": rng.choice((0, 2)),
            "hold_timeout_ms": rng.choice((1, 20, 60000)),
            "posted_writes": rng.choice(("off", "on")),
            "restarts": rng.choice(("exact", "any")),
            "stop_at_nack": rng.choice(("auto", "on"))}


def devices(rng, bus, place):
    """-device options, and for each id the file that it records to."""
    common = {"bus": bus}
    text = chips(rng)
    return [
        device(id="any", addresses=ALL, backend="stub", name="a",
               load=write("a.chips", text), record=path("any.i2ct"),
               **irqs(rng, text, place), **common, **adapter(rng), **policy(rng)),
        device(id="readonly", address=READONLY, hostaddr=READONLY_HOST,
               backend="stub", chips=READONLY_HOST, readonly="on", name="b",
               record=path("readonly.i2ct"), **common, **adapter(rng),
               **policy(rng)),
        device(id="traced", address=TRACED, backend="trace",
               file=write("replayed.i2ct", TRACE), record=path("traced.i2ct"),
               match=rng.choice(("per-address", "strict", "lookup")),
               end=rng.choice(("loop", "hold", "error")), name="c",
               **common, **policy(rng))]


# ------------------------------------------------------- what was recorded

MESSAGE = re.compile(r"[inpst]*([wr])(\d+|\?)(?:\+1)?(?:@0x([0-9a-f]+))?$")


def transfers(name):
    """(line, [(direction, length)], addresses, fault) of each."""
    with open(path(name), encoding="utf-8") as file:
        for line in file:
            if " +" not in line:
                continue
            what, _, failed = line.partition(" ! ")
            found = [MESSAGE.match(word) for word in what.split()[2:]]
            found = [m.groups() for m in found if m]
            yield (line.strip(), [m[:2] for m in found],
                   {int(m[2], 16) for m in found if m[2]}, failed)


def check_addresses(name, allowed):
    n = 0
    for line, _, addresses, _ in transfers(name):
        n += 1
        if not addresses or not addresses <= set(allowed):
            raise AssertionError(f"{name}: {line}")
    return n


def check_readonly(name):
    """Each write is a pointer, and the read that it is for follows; of what
    failed at an address nothing was written."""
    for line, messages, _, failed in transfers(name):
        for i, (direction, length) in enumerate(messages):
            last = i + 1 == len(messages)
            if direction == "r" or (last and "phase=address" in failed):
                continue
            if int(length) > POINTER_BYTES or int(length) == 0 or last or \
                    messages[i + 1][0] != "r":
                raise AssertionError(f"{name}: {line}")


# --------------------------------------------------------------- the rounds

class Round:
    """One QEMU."""

    def __init__(self, kind, binary, seed):
        rng = random.Random(seed)
        self.rng = rng
        self.guest = kind(rng, ADDRESSES + (READONLY, TRACED))
        args = [word for words in devices(rng, kind.bus, kind.input)
                for word in words]
        if kind is hostile.Nrf51:
            with open(path("wfi"), "wb") as file:
                file.write(kind.IMAGE)
            args = ["-device", f"loader,file={path('wfi')},addr=0,"
                    "force-raw=on", "-device", "nrf51-twi",
                    "-device", "nrf51-gpiote", *args]
        if kind.program == "qemu-system-x86_64" and \
                os.path.isdir("/usr/share/seabios"):
            args += ["-L", "/usr/share/seabios"]
        self.qemu = qemu.Qemu(binary, kind.machine, args, plugin=bench.PLUGIN)
        self.commands = 0
        if kind.runs:
            self.qemu.qmp("cont")

    def send(self, commands):
        """All at once, and as many answers; each has to come in a minute."""
        sock = self.qemu._qtest.sock
        data = "".join(c + "\n" for c in commands).encode()
        writer = threading.Thread(target=self.feed, args=(sock, data))
        writer.start()
        left, got = len(commands), b""
        while left:
            got = sock.recv(1 << 20)
            if not got:
                raise qemu.QemuDied("QEMU is gone")
            if b"FAIL" in got or b"ERR" in got:
                raise AssertionError(got)
            left -= got.count(b"\n")
        writer.join()
        self.commands += len(commands)

    @staticmethod
    def feed(sock, data):
        left = memoryview(data)
        try:
            while left:  # sendall() has one timeout for the whole of it
                left = left[sock.send(left):]
        except OSError:
            pass  # the reader will say it

    def chunk(self, operations):
        commands, n = [], 0
        while n < operations:
            more, count = self.guest.piece()
            commands += more
            n += count
        self.send(commands)
        return n

    def run(self, operations):
        done = 0
        self.send(self.guest.prepare())
        while done < operations:
            done += self.chunk(min(CHUNK, operations - done))
            if self.rng.random() < 0.5:
                self.qemu.reset()
                self.send(self.guest.prepare())
            if self.rng.random() < 0.3:
                self.qemu.hmp("info qtree")
            if self.guest.runs and self.rng.random() < 0.3:
                self.qemu.qmp("stop")
                self.qemu.qmp("cont")
        return done

    def end(self):
        """Counters of all devices, added up, and a clean end."""
        total = {}
        for name in ("any", "readonly", "traced"):
            for counter, value in self.qemu.counters(name).items():
                join = max if counter.startswith("longest") else sum
                total[counter] = join((total.get(counter, 0), value))
        equal(self.qemu.quit(), 0, "exit status")
        equal(self.said(), "", "stderr")
        return total

    def said(self):
        """On stderr, but what is of QEMU's own EEPROMs or of an adapter that
        was pulled; and what a sanitizer has found."""
        lines = [line for line in self.qemu.errors().splitlines(keepends=True)
                 if "smbus: error: " not in line and "libi2cpt: " not in line]
        for name in glob.glob(path("sanitizer.*")):
            with open(name, encoding="utf-8", errors="replace") as file:
                text = file.read()
            os.remove(name)
            if "ERROR" in text or "runtime error" in text:
                lines.append(text)
        return "".join(lines)[-8000:]


def play(name, operations, seed, at):
    """All rounds of one guest from `at` on; prints what it came to."""
    kind = hostile.GUESTS[name]
    binary = qemu.find(VERSION, kind.program)
    if not binary:
        raise tap.Skip(f"{kind.program} {VERSION} is not here")
    done = commands = longest = recorded = 0
    first = at
    while done < operations:
        game = Round(kind, binary, f"{name} {seed} {at}")
        try:
            done += game.run(min(ROUND, operations - done))
            counters = game.end()
            recorded += check_addresses("any.i2ct", ADDRESSES)
            recorded += check_addresses("readonly.i2ct", (READONLY_HOST,))
            recorded += check_addresses("traced.i2ct", (TRACED,))
            check_readonly("readonly.i2ct")
        except (AssertionError, qemu.QemuDied, OSError) as error:
            game.qemu.kill()
            raise AssertionError(
                f"{name}, seed {seed}, round {at}: {error}\n"
                f"{game.said()}") from error
        commands += game.commands
        longest = max(longest, counters.get("longest-wait-us", 0))
        at += 1
    print(f"# {name}: {done} operations ({commands} accesses) in {at - first} rounds, "
          f"{recorded} transfers recorded at an adapter, "
          f"longest wait {longest} us", flush=True)
    if recorded * 10 < done:
        raise AssertionError(f"{name}: only {recorded} of {done} operations "
                             "reached the adapter")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--operations", type=int, default=20000,
                        help="of each guest")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=hostile.GUESTS)
    parser.add_argument("--round", type=int, default=0,
                        help="the first one, to have again what it did")
    chosen = parser.parse_args()
    if bench.BINARY is None:
        print(f"QEMU {VERSION} is not here; tests/cache qemu fetches it")
        sys.exit(77)
    tap.main({f"test_{name}": lambda name=name: play(
        name, chosen.operations, chosen.seed, chosen.round)
        for name in hostile.GUESTS if chosen.only in (None, name)})


if __name__ == "__main__":
    main()
