/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* i2ctransfer's syntax: a line is refused with one line, or is a transfer that
 * an adapter may carry out or refuse. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "i2cpt-trace.h"

const char *const fuzz_seeds[] = {
    "w2@0x50 0x00 0x10 r16",
    "w17@0x50 0x42 0xff-",
    "w8@0x50 0x00 1+ r?",
    "w3@0x50 0 0xaap irs2@0x51 nt1",
    NULL,
};
const char *const fuzz_words[] = {
    "w", "r", "@0x", "?", "=",  "+",     "-",          "p",       "i",
    "n", "s", "t",   " ", "0x", "65536", "4294967297", "1048577", NULL,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault = {0};
    char *text = malloc(size + 1);
    struct i2cpt_msg *msgs;
    size_t n;

    if (!adapter &&
        i2cpt_adapter_open("stub,chips=0x50", &adapter, &fault) < 0) {
        fuzz_fail("%s", fault.text);
    }
    memcpy(text, data, size);
    text[size] = 0;
    if (i2cpt_transfer_parse(text, &msgs, &n, &fault) < 0) {
        if (!fault.text[0] || strchr(fault.text, '\n')) {
            fuzz_fail("'%s' is refused with '%s'", text, fault.text);
        }
    } else {
        i2cpt_transfer(adapter, msgs, n, &fault);
        i2cpt_free(msgs);
    }
    free(text);
    return 0;
}
