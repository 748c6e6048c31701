# SPDX-License-Identifier: LGPL-2.1-or-later
"""The adapter's lines as GPIO outputs of i2c-passthrough: where they go, when
the machine sees a change, and what reset and VM stop do to them."""
import contextlib
import os
import subprocess
import sys
import time

from bench import (BINARY, REPLAY, Bench, equal, main, patient, read, path,
                   started, device, write)
import qemu
import tap

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "ftdi"))
import preload  # noqa: E402

CHIP = """\
chip 0x19 registers
reg 0x28 = 11 22
line drdy reg=0x20
line alert reg=0x21 mask=0x80
"""
ACTIVE = CHIP + "reg 0x20 = 01\nreg 0x21 = 80\n"

# versatilepb's interrupt controller: its inputs as they are
VIC, RAW = 0x10140000, 0x10140008
PLACES = f"drdy={VIC:#x}[28]:alert={VIC:#x}[29]"
# the micro:bit's pins as they are
GPIO_IN = 0x50000510


def chip(text=CHIP, name="chip"):
    return write(name, text)


def target(irqs=PLACES, text=CHIP, **more):
    return patient(**{"id": "d", "backend": "stub", "load": chip(text),
                      "address": "0x19", "irqs": irqs, **more})


def levels(b):
    raw = int(b.qemu.qtest([f"readl {RAW:#x}"])[0], 16)
    return raw >> 28 & 1, raw >> 29 & 1


def said(b, device="d"):
    return b.qemu.qmp("qom-get", path=f"/machine/peripheral/{device}",
                      property="line-levels")


def counts(b, device="d"):
    counters = b.qemu.counters(device)
    return tuple(counters[f"line-{name}"]
                 for name in ("changes", "deliveries", "coalesced"))


def intercept(b):
    vic = next(f"/machine/unattached/{child['name']}" for child in b.qemu.qmp(
        "qom-list", path="/machine/unattached")
        if child["type"] == "child<pl190>")
    b.qemu.qtest([f"irq_intercept_in {vic}"])
    return vic


def test_levels_follow_the_chip():
    with Bench("versatilepb", target()) as b:
        equal(levels(b), (0, 0))
        for bytes_, expected in (([0x20, 1], (1, 0)), ([0x21, 0x80], (1, 1)),
                                 ([0x20, 0], (0, 1)), ([0x21, 0x7f], (0, 0))):
            b.bus.put(0x19, bytes_)
            equal(levels(b), expected, bytes_)
        equal(counts(b), (4, 4, 0))


def test_level_at_start():
    with Bench("versatilepb", target(text=ACTIVE)) as b:
        equal(levels(b), (1, 1))
        equal(said(b), {"drdy": 1, "alert": 1})
        equal(counts(b), (0, 2, 0))


def test_told_the_other_way():
    with Bench("versatilepb", target(
            irqs=f"drdy=~{VIC:#x}[28]:alert={VIC:#x}[29]")) as b:
        equal((levels(b), said(b)), ((1, 0), {"drdy": 0, "alert": 0}))
        b.bus.put(0x19, [0x20, 1])
        equal((levels(b), said(b)), ((0, 0), {"drdy": 1, "alert": 0}))
        b.bus.put(0x19, [0x20, 0])
        equal(levels(b), (1, 0))


def test_a_line_is_down_before_the_transfer_that_lets_go_of_it_ends():
    text = CHIP + "reg 0x20 type=clear-on-read\n"
    for mode in ("stream", "message"):
        with Bench("versatilepb", target(text=text, transfer=mode)) as b:
            intercept(b)
            for _ in range(50):
                b.qemu.irqs.clear()
                b.bus.put(0x19, [0x20, 1])
                equal(b.qemu.irqs, [(28, 1)], mode)
                equal(b.bus.put_get(0x19, [0x20], 1), b"\x01")
                equal(b.qemu.irqs, [(28, 1), (28, 0)], mode)


def test_by_itself():
    text = ("chip 0x19 registers\nreg 0x20 type=clear-on-read\n"
            "line drdy reg=0x20 every-us=2000 samples=20 counter=0x28\n")
    with Bench("versatilepb", target(irqs=f"drdy={VIC:#x}[28]",
                                     text=text)) as b:
        for sample in range(1, 21):
            while not levels(b)[0]:
                time.sleep(0.001)
            equal(b.bus.put_get(0x19, [0x28], 1), bytes([sample]))
            equal(b.bus.put_get(0x19, [0x20], 1), b"\x01")
        equal(levels(b), (0, 0))
        # the first sample may be there before anybody watches
        equal(counts(b)[1:], (40, 0))
        assert counts(b)[0] in (39, 40), counts(b)


def test_another_device_of_the_adapter_moves_it():
    text = CHIP + "chip 0x1a registers\nline other reg=0\n"
    with Bench("versatilepb",
               target(irqs=f"other={VIC:#x}[28]", text=text, name="lab"),
               target(irqs=f"drdy={VIC:#x}[29]", text=text, name="lab",
                      id="e", address="0x1a")) as b:
        intercept(b)
        b.bus.put(0x1a, [0, 1])
        b.bus.put(0x19, [0x20, 1])
        equal(b.qemu.irqs, [(28, 1), (29, 1)])
        equal(levels(b), (1, 1))


def test_an_adapter_of_a_name():
    with Bench("versatilepb",
               ["-device", f"i2c-adapter,id=lab,backend=stub,load={chip()},"
                           "timeout-ms=20000"],
               device(id="d", adapter="lab", address="0x19", irqs=PLACES,
                      hold_timeout_ms=60000)) as b:
        b.bus.put(0x19, [0x21, 0x80])
        equal((levels(b), said(b)), ((0, 1), {"drdy": 0, "alert": 1}))


def test_names_of_ones_own():
    for lines, irqs, expected in (
            ("int=stub:drdy", f"int={VIC:#x}[28]", {"int": 1}),
            ("int=stub:drdy:int.active-low=on:b=stub:alert",
             f"int=~{VIC:#x}[28]", {"int": 0, "b": 1}),
            ("drdy.active-low=on", f"drdy=~{VIC:#x}[28]",
             {"drdy": 0, "alert": 1})):
        with Bench("versatilepb", target(lines=lines, irqs=irqs,
                                         text=ACTIVE)) as b:
            equal((said(b), levels(b)), (expected, (1, 0)), lines)
    for lines, word in (("int", "lines=int"), ("i nt=stub", "line.i nt"),
                        ("int=stub:none", "none"), ("", "alert")):
        status, said_ = started(target(lines=lines,
                                       irqs="int=0x10140000[2]"))
        assert status == 1 and word in said_, (lines, said_)


@contextlib.contextmanager
def dongle(moves):
    """QEMU has the virtual dongle of tests/ftdi plugged in, on whose pins there
    are `moves`: tests/ftdi/preload-dongle.c."""
    library = os.environ.get("I2CPT_DONGLE")
    if not library:
        raise tap.Skip("no virtual dongle in this build")
    kept = dict(os.environ)
    os.environ.update(preload.environment(library, path("wave.vcd"), BINARY),
                      I2CPT_FAKE_MOVES=moves)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def test_pins_of_a_dongle():
    puts = []
    with dongle("11:0:400 11:1:910 11:0:910"), Bench(
            "versatilepb", patient(
                id="d", backend="ftdi", frequency="400k", address="0x50",
                lines="int=ftdi:C3:int.active-low=on:up=ftdi:D6",
                line_poll_us=1000000,
                irqs=f"int={VIC:#x}[28]:up={VIC:#x}[29]")) as b:
        equal(levels(b), (0, 1))
        for level in (1, 0, 1):
            puts.append(0)
            while levels(b)[0] != level:
                puts[-1] += 1
                assert puts[-1] < 30, (level, puts, said(b))
                equal(b.bus.put(0x50, [0x20, *range(8)]), 9)
            equal(said(b), {"int": level, "up": 1})
        equal(counts(b), (3, 4, 0))
    # each in the transfer that moved it
    equal(puts[1], puts[2])


def test_of_an_adapter_that_is_to_come():
    where = ["-chardev",
             f"socket,id=x,path={path('peer')},server=on,wait=off"]
    with Bench("versatilepb", where,
               device(id="d", chardev="x", address="0x19",
                      irqs=f"drdy={VIC:#x}[28]:alert=~{VIC:#x}[29]")) as b:
        equal((levels(b), said(b)), ((0, 1), {"drdy": 0, "alert": 0}))
        b.qemu.reset()
        equal(levels(b), (0, 1))


PEER = path("peer")


def peer_bench():
    word = ("reconnect-ms=100" if qemu.version(BINARY) >= (9, 2, 0)
            else "reconnect=1")
    return Bench("versatilepb",
                 ["-chardev", f"socket,id=x,path={PEER},{word}"],
                 patient(id="d", chardev="x", address="0x19", irqs=PLACES))


@contextlib.contextmanager
def peer(text):
    with subprocess.Popen([REPLAY, "serve", "-a",
                           f"stub,load={chip(text, 'served')}",
                           "--socket", PEER], stdin=subprocess.DEVNULL) as it:
        try:
            yield
        finally:
            it.kill()
            it.wait()
            os.unlink(PEER)


def wait_for(b, expected):
    while levels(b) != expected:
        time.sleep(0.001)


def test_of_peers_that_come():
    peers = ((ACTIVE, (1, 1)), (CHIP, (0, 0)),
             ("chip 0x19 registers\nline alert reg=0x30\nline drdy reg=0x20\n"
              "reg 0x20 = 01\n", (1, 0)))
    with peer_bench() as b:
        for text, expected in peers:
            with peer(text):
                while b.bus.put(0x19, [0x28, 1]) < 0:
                    time.sleep(0.01)
                equal(levels(b), expected, text)
                for level in (0, 1):
                    b.bus.put(0x19, [0x20, level])
                    wait_for(b, (level, expected[1]))
            equal(b.bus.put(0x19, [0x20, 0]), -1)
            equal(levels(b), (1, expected[1]), "as it was")


def test_of_a_peer_that_comes_while_the_machine_is_stopped():
    with peer_bench() as b:
        b.qemu.qmp("cont")
        b.qemu.qmp("stop")
        with peer(ACTIVE):
            while not said(b)["drdy"]:
                time.sleep(0.01)
            equal(levels(b), (0, 0))
            b.qemu.qmp("cont")
            equal(levels(b), (1, 1))
            b.qemu.qmp("stop")


def test_of_an_adapter_that_is_gone():
    text = ACTIVE + "fault unplug at=0 on=read count=1\n"
    with Bench("versatilepb", target(text=text)) as b:
        b.bus.put_get(0x19, [0x28], 1)
        equal((levels(b), said(b)), ((1, 1), {"drdy": 1, "alert": 1}))
        b.qemu.reset()
        equal(levels(b), (1, 1))


def test_from_a_recording():
    trace = path("lines.i2ct")
    for source in ({"record": trace}, {"backend": "trace", "load": None,
                                       "file": trace, "match": "strict"}):
        settings = {key: value for key, value in {
            "backend": "stub", "load": chip(), "id": "d", "address": "0x19",
            "irqs": PLACES, **source}.items() if value}
        with Bench("versatilepb", patient(**settings)) as b:
            for bytes_, expected in (([0x20, 1], (1, 0)), ([0x20, 0], (0, 0)),
                                     ([0x21, 0x80], (0, 1))):
                b.bus.put(0x19, bytes_)
                while levels(b) != expected:
                    time.sleep(0.001)
            equal(counts(b), (3, 3, 0))
    assert "irq drdy 1" in read("lines.i2ct")


def test_realized_again():
    def realized(value):
        b.qemu.qmp("qom-set", path="/machine/peripheral/d",
                   property="realized", value=value)

    with Bench("versatilepb", target(
            irqs=f"drdy={VIC:#x}[28]:alert=~{VIC:#x}[29]", text=ACTIVE)) as b:
        for _ in range(2):
            equal(levels(b), (1, 0))
            realized(False)
            equal(levels(b), (0, 1))
            realized(True)
        equal(levels(b), (1, 0))
        b.bus.put(0x19, [0x20, 0])
        equal(levels(b), (0, 0))


def test_reset_of_the_machine_keeps_the_level():
    with Bench("versatilepb", target(text=ACTIVE)) as b:
        b.qemu.reset()
        equal(levels(b), (1, 1))
        b.bus.put(0x19, [0x20, 0])
        equal(levels(b), (0, 1))


def test_reset_of_a_receiver_that_forgets():
    # QEMU's GPIO of the nRF51 takes all its pins for undriven then
    with Bench("microbit", ["-device", "nrf51-twi"],
               target(irqs="drdy=pin8:alert=~P0.29", text=ACTIVE)) as b:
        def pins():
            value = int(b.qemu.qtest([f"readl {GPIO_IN:#x}"])[0], 16)
            return value >> 18 & 1, value >> 29 & 1

        equal(pins(), (1, 0))
        b.qemu.reset()
        equal(pins(), (1, 0))


EDGE = {"pin0": 3, "pin1": 2, "pin2": 1, "pin3": 4, "pin4": 5, "pin5": 17,
        "pin6": 12, "pin7": 11, "pin8": 18, "pin9": 10, "pin10": 6,
        "pin11": 26, "pin12": 20, "pin13": 23, "pin14": 22, "pin15": 21,
        "pin16": 16, "pin19": 0, "pin20": 30}
BOARD = {"button-a": 17, "button-b": 26, "accel-int1": 28, "accel-int2": 27,
         "mag-int1": 29, "P0.0": 0, "P0.7": 7, "P0.31": 31}


def test_pins_of_a_microbit():
    # each is active in rounds of its own, by the bits of its number and 1
    for pins in (EDGE, BOARD):
        text = "chip 0x19 registers\n" + "".join(
            f"line l{n} reg={n}\n" for n in range(len(pins)))
        irqs = ":".join(f"l{n}={name}" for n, name in enumerate(pins))
        for bit in range(6):
            active = [pin + 1 >> bit & 1 for pin in pins.values()]
            values = "".join(f"reg {n} = {is_active:02x}\n"
                             for n, is_active in enumerate(active))
            with Bench("microbit", ["-device", "nrf51-twi"],
                       target(irqs=irqs, text=text + values)) as b:
                equal(int(b.qemu.qtest([f"readl {GPIO_IN:#x}"])[0], 16),
                      sum(is_active << pin for pin, is_active in
                          zip(pins.values(), active)), (irqs, bit))


def test_a_stopped_machine_hears_of_it_as_it_goes_on():
    with Bench("versatilepb", target()) as b:
        b.qemu.qmp("cont")
        b.qemu.qmp("stop")
        for byte in (1, 0, 1):
            b.bus.put(0x19, [0x20, byte])
        for byte in (0x80, 0):
            b.bus.put(0x19, [0x21, byte])
        equal((levels(b), said(b)), ((0, 0), {"drdy": 1, "alert": 0}))
        equal(counts(b), (5, 0, 5))
        b.qemu.qmp("cont")
        equal(levels(b), (1, 0))
        equal(counts(b), (5, 1, 4))
        b.qemu.qmp("stop")


def test_places():
    vic = ["-device", "i2c-adapter,id=x,backend=stub,chips=0x48"]
    with Bench("versatilepb", vic) as b:
        pl190 = intercept(b)
    end = pl190.rpartition("/")[2]
    for place in (f"{VIC:#x}[28]", f"{pl190}[28]", f"{end}[28]",
                  f"{pl190}/unnamed-gpio-in[28]",
                  f"{VIC:#x}/unnamed-gpio-in[28]", f"{VIC}[28]"):
        with Bench("versatilepb", target(irqs=f"drdy={place}",
                                         text=ACTIVE)) as b:
            equal(levels(b), (1, 0), place)
    # the LCD controller has one input, the multiplexer
    with Bench("versatilepb", target(irqs="drdy=0x10120000")):
        pass


def test_errors():
    for irqs, words in (
            ("drdi=0x10140000[1]", ("irqs=drdi", "drdy, alert")),
            ("drdy", ("irqs=drdy", "LINE=PLACE")),
            ("=0x10140000[1]", ("LINE=PLACE",)),
            ("drdy=", ("LINE=PLACE",)),
            ("drdy=0x10140000[32]", ("0x10140000[32]", "[0] to [31]")),
            ("drdy=0x10140000", ("no such GPIO input", "[0] to [31]")),
            ("drdy=0x10140000/reset[0]", ("reset[0]", "[0] to [31]")),
            ("drdy=0x10140000[x]", ("no device", "pl190 at 0x10140000")),
            ("drdy=0x10140000[-1]", ("no device", "pl190 at 0x10140000")),
            ("drdy=here[1]", ("no device", "pl190 at 0x10140000")),
            ("drdy=/machine[1]", ("/machine has no GPIO input", "pl190")),
            ("drdy=pin8", ("pin8", "no device")),
            (PLACES + ":drdy=0x10140000[2]", ("irqs=drdy", "twice")),
            ("drdy=0x10140000[2]:alert=~0x10140000[2]",
             ("irqs=alert=~0x10140000[2]", "another line"))):
        status, said_ = started(target(irqs=irqs))
        equal(status, 1, irqs)
        for word in words:
            assert word in said_, (irqs, word, said_)
    status, said_ = started(device(backend="stub", chips="0x48", address="0x48",
                                   irqs="drdy=0x10140000[2]"))
    assert status == 1 and "has no lines" in said_, said_
    status, said_ = started(target(), target(irqs=PLACES.split(":")[1], id="e",
                                             address="0x1a"))
    assert status == 1 and "another line goes there" in said_, said_


if __name__ == "__main__":
    main(globals())
