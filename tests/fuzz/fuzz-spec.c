/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Specification strings: taken apart and put together again, a string that was
 * accepted is one that is accepted again and means the same. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "i2cpt.h"

const char *const fuzz_seeds[] = {
    "stub,chips=0x48:0x50-0x57,timeout-ms=100",
    "trace,file=a,,b.i2ct,match=strict,end=hold",
    "i2c-dev,device=/dev/i2c-1,force=on,retries=3,name=bus",
    "stub,line.int=stub:drdy,line.int.active-low=on,line.b=gpiochip0/17",
    NULL,
};
const char *const fuzz_words[] = {
    ",",
    ",,",
    "=",
    "stub",
    "trace",
    "chips=",
    "timeout-ms=",
    "record=",
    "0x",
    "-",
    ":",
    "4294967296",
    "18446744073709551616",
    "on",
    "k",
    "line.",
    ".active-low=on",
    "gpiochip0/",
    "stub:",
    NULL,
};

static char *again(const char *text)
{
    struct i2cpt_options *options;
    struct i2cpt_fault fault;
    char *out;

    if (i2cpt_options_parse(text, &options, &fault) < 0) {
        if (!fault.text[0] || strchr(fault.text, '\n')) {
            fuzz_fail("'%s' is refused with '%s'", text, fault.text);
        }
        return NULL;
    }
    out = i2cpt_options_format(options);
    i2cpt_options_free(options);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    memcpy(text, data, size);
    text[size] = 0;
    char *once = again(text);
    if (once) {
        char *twice = again(once);
        if (!twice || strcmp(once, twice)) {
            fuzz_fail("'%s' becomes '%s' becomes '%s'", text, once,
                      twice ? twice : "nothing");
        }
        i2cpt_free(twice);
    }
    i2cpt_free(once);
    free(text);
    return 0;
}
