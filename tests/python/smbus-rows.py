# SPDX-License-Identifier: LGPL-2.1-or-later
"""smbus-rows.py MODULE BUS: every documented call of smbus2, by smbus2 or by a
module that has its interface; a line a row, what it returned or raised."""
import importlib
import sys

MODULE = importlib.import_module(sys.argv[1])
BUS = int(sys.argv[2]) if sys.argv[2].isdigit() else sys.argv[2]
SMBus, i2c_msg = MODULE.SMBus, MODULE.i2c_msg


def rdwr(bus, *messages):
    bus.i2c_rdwr(*messages)
    return [list(m) for m in messages]


def rdwr_twice(bus, message):
    bus.i2c_rdwr(message)
    return rdwr(bus, message)


def about(message):
    return [len(message), bytes(message), str(message), list(message),
            message.addr, message.flags, message.len]


def with_pec(bus, call):
    bus.enable_pec()
    try:
        return bus.pec, call(bus)
    finally:
        bus.enable_pec(False)


def opened_later(_):
    bus = SMBus()
    bus.open(BUS)
    try:
        return bus.read_byte_data(0x20, 0x0a)
    finally:
        bus.close()


def kind_of_error(call):
    """Where the texts differ, being about the insides."""
    try:
        return call()
    except Exception as error:
        return type(error).__name__


def builtin(error):
    """What an except clause of a driver would say of it."""
    return next(kind.__name__ for kind in type(error).__mro__
                if kind.__module__ == "builtins")


READ, WRITE = i2c_msg.read, i2c_msg.write
ROWS = [
    ("write_quick there", lambda b: b.write_quick(0x20)),
    ("write_quick absent", lambda b: b.write_quick(0x21)),
    ("write_quick force", lambda b: b.write_quick(0x20, force=True)),
    ("write_byte", lambda b: b.write_byte(0x20, 0x03)),
    ("read_byte", lambda b: b.read_byte(0x20)),
    ("read_byte absent", lambda b: b.read_byte(0x21)),
    ("read_byte address 0x80", lambda b: b.read_byte(0x80)),
    ("read_byte address -1", lambda b: b.read_byte(-1)),
    ("read_byte address 0x10020", lambda b: b.read_byte(0x10020)),
    ("read_byte address a float", lambda b: kind_of_error(
        lambda: b.read_byte(32.0))),
    ("write_byte send", lambda b: b.write_byte(0x0b, 0x04)),
    ("read_byte_data", lambda b: b.read_byte_data(0x20, 0x0a)),
    ("read_byte_data absent", lambda b: b.read_byte_data(0x7f, 0)),
    ("read_byte_data command 0x1ff", lambda b: b.read_byte_data(0x20, 0x1ff)),
    ("write_byte_data", lambda b: b.write_byte_data(0x20, 0x10, 0xa5)),
    ("write_byte_data 0x1a6", lambda b: b.write_byte_data(0x20, 0x11, 0x1a6)),
    ("... read back", lambda b: b.read_word_data(0x20, 0x10)),
    ("read_word_data", lambda b: b.read_word_data(0x48, 0)),
    ("read_word_data SMBus", lambda b: b.read_word_data(0x0b, 2)),
    ("read_word_data unknown command", lambda b: b.read_word_data(0x0b, 9)),
    ("write_word_data", lambda b: b.write_word_data(0x20, 0x12, 0xbeef)),
    ("write_word_data refused", lambda b: b.write_word_data(0x0b, 9, 1)),
    ("process_call", lambda b: b.process_call(0x0b, 5, 0x1234)),
    ("process_call absent", lambda b: b.process_call(0x21, 5, 0x1234)),
    ("read_block_data", lambda b: b.read_block_data(0x0b, 3)),
    ("read_block_data count 0", lambda b: b.read_block_data(0x20, 0)),
    ("read_block_data absent", lambda b: b.read_block_data(0x21, 3)),
    ("write_block_data", lambda b: b.write_block_data(0x0b, 3, [9, 8, 7])),
    ("... read back", lambda b: b.read_block_data(0x0b, 3)),
    ("write_block_data of 0", lambda b: b.write_block_data(0x20, 0x20, [])),
    ("write_block_data of 32",
     lambda b: b.write_block_data(0x20, 0x20, list(range(32)))),
    ("write_block_data of 33",
     lambda b: b.write_block_data(0x20, 0x20, list(range(33)))),
    ("write_block_data values", lambda b: b.write_block_data(
        0x20, 0x20, [0x1a6, -1, 3])),
    ("... read back", lambda b: b.read_i2c_block_data(0x20, 0x20, 4)),
    ("write_block_data bytes",
     lambda b: b.write_block_data(0x0b, 3, b"\x09\x08")),
    ("write_block_data text", lambda b: kind_of_error(
        lambda: b.write_block_data(0x0b, 3, "ab"))),
    ("write_block_data a number", lambda b: kind_of_error(
        lambda: b.write_block_data(0x0b, 3, 2))),
    ("block_process_call",
     lambda b: b.block_process_call(0x0b, 6, [1, 2, 3])),
    ("block_process_call of 33",
     lambda b: b.block_process_call(0x0b, 6, [0] * 33)),
    ("read_i2c_block_data", lambda b: b.read_i2c_block_data(0x20, 4, 6)),
    ("read_i2c_block_data of 32", lambda b: b.read_i2c_block_data(0x20, 0, 32)),
    ("read_i2c_block_data of 33", lambda b: b.read_i2c_block_data(0x20, 0, 33)),
    ("read_i2c_block_data of 0", lambda b: b.read_i2c_block_data(0x20, 0, 0)),
    ("read_i2c_block_data of -1",
     lambda b: b.read_i2c_block_data(0x20, 0, -1)),
    ("read_i2c_block_data absent", lambda b: b.read_i2c_block_data(0x21, 0, 2)),
    ("write_i2c_block_data",
     lambda b: b.write_i2c_block_data(0x20, 0x30, [5, 6, 7])),
    ("... read back", lambda b: b.read_i2c_block_data(0x20, 0x30, 3)),
    ("write_i2c_block_data of 0",
     lambda b: b.write_i2c_block_data(0x20, 0x02, [])),
    ("... has set the pointer", lambda b: b.read_byte(0x20)),
    ("write_i2c_block_data of 33",
     lambda b: b.write_i2c_block_data(0x20, 0, [0] * 33)),
    ("pec byte", lambda b: with_pec(b, lambda b: b.read_byte_data(0x0b, 1))),
    ("pec word", lambda b: with_pec(b, lambda b: b.read_word_data(0x0b, 2))),
    ("pec write",
     lambda b: with_pec(b, lambda b: b.write_byte_data(0x0b, 1, 0x2b))),
    ("pec where the chip has none",
     lambda b: with_pec(b, lambda b: b.read_byte_data(0x20, 0))),
    ("i2c_rdwr write", lambda b: rdwr(b, WRITE(0x20, [0x40, 1, 2, 3]))),
    ("i2c_rdwr text", lambda b: rdwr(b, WRITE(0x20, "\x41\x07"))),
    ("i2c_rdwr write, read",
     lambda b: rdwr(b, WRITE(0x20, [0x40]), READ(0x20, 4))),
    ("i2c_rdwr two targets",
     lambda b: rdwr(b, WRITE(0x50, [0]), READ(0x50, 5), READ(0x48, 2))),
    ("i2c_rdwr absent", lambda b: rdwr(b, READ(0x21, 1))),
    ("i2c_rdwr second absent",
     lambda b: rdwr(b, WRITE(0x20, [0]), READ(0x21, 1))),
    ("i2c_rdwr nothing to write", lambda b: rdwr(b, WRITE(0x20, []))),
    ("i2c_msg read", lambda b: about(READ(0x20, 3))),
    ("i2c_msg write", lambda b: about(WRITE(0x20, [65, 66]))),
    ("i2c_msg of nothing", lambda b: about(i2c_msg())),
    ("i2c_msg repr", lambda b: repr(WRITE(0x20, [65, 66]))),
    ("i2c_msg slice", lambda b: WRITE(0x20, [65, 66, 67]).buf[1:3]),
    ("i2c_msg of a number", lambda b: list(WRITE(0x20, 3))),
    ("i2c_msg of 256", lambda b: kind_of_error(lambda: WRITE(0x20, [256]))),
    ("i2c_rdwr no message", lambda b: b.i2c_rdwr()),
    ("i2c_rdwr the same twice", lambda b: rdwr_twice(b, READ(0x48, 2))),
    ("i2c_msg buf", lambda b: WRITE(0x20, [65, 66]).buf[1]),
    ("funcs", lambda b: int(b.funcs)),
    ("open a float", lambda b: SMBus(1.5)),
    ("open a bus that is not there", lambda b: SMBus(99)),
    ("open a path that is not there", lambda b: SMBus("/dev/i2c-99")),
    ("open later", opened_later),
    ("not open", lambda b: kind_of_error(lambda: SMBus().read_byte(0x20))),
    ("I2cFunc", lambda b: sorted((int(f), f.name) for f in MODULE.I2cFunc)),
    ("funcs, what it is", lambda b: type(b.funcs).__name__),
    ("funcs by name",
     lambda b: bool(b.funcs & MODULE.I2cFunc.SMBUS_READ_BYTE_DATA)),
    ("with", lambda b: b.__enter__() is b),
    ("closed twice", lambda b: (b.close(), b.close())),
    ("closed", lambda b: (b.close(), b.pec)),
    ("pec of a closed one", lambda b: kind_of_error(b.enable_pec)),
]


def main():
    bus = SMBus(BUS)
    for name, row in ROWS:
        try:
            said = repr(row(bus))
        except OSError as error:
            said = f"{builtin(error)} {error.errno} {error.strerror}"
        except Exception as error:  # compared as it is
            said = f"{type(error).__name__} {error}"
        print(f"{name}: {said}")


main()
