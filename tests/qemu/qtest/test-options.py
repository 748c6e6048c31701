# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lines that are wrong: one line on stderr that names the property and the
value, and exit status 1."""
import json
import os
import subprocess

from bench import PLUGIN, device, main, path, started, write

GOOD = {"backend": "stub", "chips": "0x48", "address": "0x48"}


def refuses(groups, *words):
    status, text = started(*groups)
    assert status == 1, f"exit status {status}, stderr {text!r}"
    lines = text.splitlines()
    assert len(lines) == 1, f"{len(lines)} lines: {text}"
    # the option itself is in front; what counts comes after it
    said = lines[0].rpartition("-device")[2]
    said = said.partition(": ")[2] or lines[0]
    for word in words:
        assert word in said, f"{word!r} is not in {said!r}"


def refuses_device(settings, *words, **more):
    refuses([device(**settings, **more)], *words)


def changed(**settings):
    found = dict(GOOD)
    for key, value in settings.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = value
    return found


def test_good_line():
    status, _ = started(device(**GOOD), ["-device", "no-such-device"])
    assert status == 1  # of the other device: ours is fine
    refuses([device(**GOOD), ["-device", "no-such-device"]],
            "no-such-device")


def test_unknown_key():
    refuses_device(changed(pacing="fast"), "pacing")


def test_key_of_another_backend():
    refuses_device(changed(force="on"), "force=on", "stub", "chips")


def test_unknown_backend():
    refuses_device(changed(backend="i2c-stub"), "backend=i2c-stub", "stub",
                   "trace")


def test_no_backend():
    refuses_device(changed(backend=None, chips=None), "backend", "trace",
                   "device=/dev/i2c-N")


# A back end whose keys have names that others have; open() says what it got.
WORDS = """#include <stdio.h>
#include <string.h>
#include "i2cpt-backend.h"
#define K(name) {name, I2CPT_BACKEND_KEY_UINT, 0, 0, 9, NULL, NULL, "a digit"}
static const struct i2cpt_backend_key_def keys[] = {
    K("address"), K("probe"), K("lines"), K("log"), K("bus"), K("realized"),
    K("counters"), K("line-levels"), K("adapter"), K("device"), K("plain")};
enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };
static int transfer(void *instance, struct i2cpt_backend_xfer *x)
{
    (void)instance;
    return i2cpt_backend_fail(x->fault, 6, I2CPT_PHASE_ADDRESS, 0, -1, NULL);
}
static int open_words(void *user, const struct i2cpt_options *options,
                      void **instance, struct i2cpt_backend_info *info,
                      struct i2cpt_fault *fault)
{
    char line[400] = "got";
    (void)user, (void)instance, (void)info;
    for (size_t i = 0; i < N_KEYS; i++) {
        const char *text = i2cpt_backend_text(options, keys[i].name);
        size_t len = strlen(line);
        if (text) {
            snprintf(line + len, sizeof(line) - len, " %s=%s", keys[i].name,
                     text);
        }
    }
    return i2cpt_backend_fail(fault, 19, 0, -1, -1, line);
}
int i2cpt_backend_module(struct i2cpt_fault *fault)
{
    static const struct i2cpt_backend_ops ops = {
        .size = sizeof(ops), .name = "words", .keys = keys,
        .key_size = sizeof(keys[0]), .n_keys = N_KEYS, .open = open_words,
        .transfer = transfer};
    return i2cpt_backend_register(&ops, NULL, fault);
}
"""


def test_keys_of_a_foreign_backend_beside_others_of_that_name():
    top = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../..")
    library = os.path.join(os.path.dirname(PLUGIN), "../lib")
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-I", os.path.join(top, "include"), "-x",
         "c", "-", "-o", path("words.so"), "-L", library, "-li2cpt"],
        input=WORDS, text=True, check=True)
    os.environ["I2CPT_BACKENDS"] = path("words.so")
    try:
        good = {"backend": "words", "address": "0x48", "probe": "off"}
        refuses_device(dict(good, plain=1, device=2), "got device=2 plain=1")
        names = ("address", "probe", "lines", "log", "bus", "realized",
                 "counters", "line-levels", "adapter")
        given = {f"words-{name}": n for n, name in enumerate(names)}
        refuses_device(dict(good, **given), "got " + " ".join(
            f"{name}={n}" for n, name in enumerate(names)))
        refuses_device(dict(good, words_lines=10), "lines=10", "0 to 9")
    finally:
        del os.environ["I2CPT_BACKENDS"]


def test_smbus_passthrough():
    """A name that says why it is not there, whatever it is given."""
    for settings in (GOOD, changed(backend="nonsense"), {}):
        refuses([["-device", ",".join(
            ["smbus-passthrough", *(f"{k}={v}" for k, v in settings.items())])]],
                "neither the length", "use that one", "qemu-in-tree.md")


def test_neither_address():
    refuses_device(changed(address=None), "address=", "hostaddr=")


def test_bad_addresses():
    for value in ("0x80", "200", "0xff"):
        refuses_device(changed(address=value, hostaddr="0x48")
                       if value != "0xff" else changed(address=value),
                       "address")
    for value in ("0x80", "256", "-1", "x", "0x", "0x48 ", ""):
        refuses_device(changed(hostaddr=value), f"hostaddr={value}", "0x7f")


def test_address_that_qemu_refuses():
    # I2CSlave's own property is a byte; the line is QEMU's.
    for value in ("256", "-1", "0x1234", "yes"):
        status, text = started(device(**changed(address=value)))
        assert status == 1 and len(text.splitlines()) == 1, text
        assert "address" in text and value in text, text


def test_bad_lists_of_addresses():
    for value in ("0x48:", "0x48:0x80", "0x57-0x50", "0x48,0x49", "all",
                  "-", "0x48-"):
        refuses_device(changed(address=None, addresses=value), "addresses")


def test_addresses_together_with_address():
    refuses_device(changed(addresses="0x49"), "addresses", "address")
    refuses_device(changed(address=None, hostaddr="0x48", addresses="any"),
                   "addresses", "hostaddr")


def test_bad_values():
    for key, value, accepted in (
            ("timeout_ms", "0", "60000"), ("timeout_ms", "70000", "60000"),
            ("timeout_ms", "soon", "60000"), ("transfer", "bytes", "stream"),
            ("read_length", "0", "learn"), ("read_length", "70000", "65535"),
            ("read_ahead", "0", "65535"), ("pointer_bytes", "33", "32"),
            ("on_short", "again", "continue"), ("presence_ms", "-1", "60000"),
            ("probe", "maybe", "on"), ("hold_timeout_ms", "0", "60000"),
            ("posted_writes", "1x", "on"), ("readonly", "2", "off"),
            ("frequency", "100q", "5000000")):
        refuses_device(changed(**{key: value}),
                       f"{key.replace('_', '-')}={value}", accepted)


def test_json_of_another_kind():
    for value in ([1], {"a": 1}, None):
        words = dict(GOOD, driver="i2c-passthrough", hostaddr=value)
        status, text = started(["-device", json.dumps(words)])
        assert status == 1 and len(text.splitlines()) == 1, text
        assert "hostaddr" in text, text


def test_stream_that_is_not_there():
    refuses_device(changed(stream="off", transfer="stream"),
                   "transfer=stream", "message")


def test_missing_files():
    gone = path("gone")
    refuses_device(changed(chips=None, load=gone), f"load={gone}", "No such")
    refuses_device(changed(learn_from=gone), f"learn-from={gone}", "No such")
    refuses_device({"backend": "trace", "file": gone, "address": "0x48"},
                   gone, "No such")
    refuses_device({"backend": "i2c-dev", "device": gone, "address": "0x48"},
                   gone, "no such device")
    refuses_device({"device": gone, "address": "0x48"}, f"device={gone}",
                   "no such device")


def test_missing_key():
    refuses_device({"backend": "trace", "address": "0x48"}, "file")
    refuses_device({"backend": "i2c-dev", "address": "0x48"}, "device")


def test_device_that_is_no_adapter():
    refuses_device({"device": "/dev/null", "address": "0x48"},
                   "device=/dev/null")


def test_unreadable_trace():
    for name, text in (("empty", ""), ("other", "hello\n"),
                       ("version", "i2cpt-trace 9\n"),
                       ("line", "i2cpt-trace 1\n0.0 +0.1 x2@0x48 00\n")):
        trace = write(f"{name}.i2ct", text)
        for settings in ({"backend": "trace", "file": trace},
                         {"backend": "stub", "chips": "0x48",
                          "learn_from": trace}):
            refuses_device(settings, trace, address="0x48")


def test_truncated_trace():
    # Lengths may well be learned from one; replaying needs truncated=accept.
    for text in ("i2cpt-trace 1\n0.0 +0.1 w1@0x48 00 r2 = 1a c0\n",
                 "i2cpt-trace 1\n0.0 +0.1 w1@0x48 00 r2 = 1a c0\n0.1 +0.1 w2"):
        trace = write("short.i2ct", text)
        refuses_device({"backend": "trace", "file": trace, "address": "0x48"},
                       trace, "truncated")


def test_unreadable_stub():
    load = write("bad", "chip 0x48 sensor\nreg 0 = 1\n")
    refuses_device(changed(chips=None, load=load), f"{load}:2")


def test_two_devices_at_one_address():
    refuses([device(**GOOD), device(**GOOD)], "address=0x48",
            "i2c-passthrough")
    refuses([device(**GOOD),
             device(**changed(address=None, addresses="0x40-0x4f"))],
            "address=0x48", "i2c-passthrough")
    refuses([device(**changed(address=None, addresses="any")),
             device(**changed(address=None, addresses="any"))],
            "addresses=any")


def test_a_device_of_qemu_at_that_address():
    refuses([device(**changed(address="0x68"))], "address=0x68", "ds1338")


def test_a_later_device_of_qemu_at_that_address():
    refuses([device(**GOOD), ["-device", "tmp105,address=0x48"]],
            "address=0x48", "tmp105")


def test_one_adapter_opened_with_two_settings():
    one = changed(name="a", address="0x48")
    refuses([device(**one), device(**dict(one, address="0x49",
                                          timeout_ms=50))], "timeout-ms")


if __name__ == "__main__":
    main(globals())
