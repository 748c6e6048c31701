/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Traces: whatever the bytes are, they are read to the end or refused with a
 * line that says where; and a line that was read means the same when it is
 * written as the writer would and read again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "i2cpt-trace.h"

#define MAGIC "i2cpt-trace 1\n"

const char *const fuzz_seeds[] = {
    MAGIC "adapter: by hand\nbus: 1 stub,,chips=0x48\n# comment\n"
          "0.000000 +0.000310 w1@0x48 00 r2 = 1a c0~\n"
          "0.001200 +0.000120 w3@0x77 f4 2e 01 ! EIO phase=data msg=0 byte=1\n"
          "end 2\n",
    MAGIC "0.002000 +0.000090 i2c-1: w0@0x1d ! ENXIO phase=address msg=0 "
          "%probe\n0.003 +0.0007 w1@0x0b 20 r? = 02 61 62\nend 2\n",
    MAGIC "0.004 +0.0042 r4@0x148/10 = 1a c0 ff ?? %took-2 %later\n"
          "0.005500 irq int1 1\n0 irq i2c-9: a-b 0\n1 +0 ipr?+1@0x0b = 01 61 "
          "ff\nend 2\n",
    MAGIC "bus: 1 stub\nlines: drdy a-b\nlines-1: x_2\n0 irq drdy 0\n"
          "0.1 irq i2c-1: x_2 1\n0.2 +0.0002 w1@0x48 00\n0.3 irq a-b 1\n"
          "end 1\n",
    NULL,
};
const char *const fuzz_words[] = {
    "\n",       " ",        "+",       "@0x",        "/10",
    " = ",      " ! ",      " r? ",    "+1",         "~",
    "??",       "%",        "%probe",  "%took-",     "end ",
    "i2c-",     "phase=",   "byte=",   "4294967296", "18446744073709551616",
    "w1048577", "r1048576", "stop",    "EMISMATCH",  "lines: ",
    "irq ",     " 1",       "i2c-1: ", NULL,
};

static struct i2cpt_trace_reader *open_text(const void *text, size_t size)
{
    struct i2cpt_trace_reader *reader;
    struct i2cpt_fault fault;

    int rc =
        i2cpt_trace_reader_open_memory(text, size, "input", &reader, &fault);
    if (rc < 0 && strncmp(fault.text, "input:", 6)) {
        fuzz_fail("refused with '%s'", fault.text);
    }
    return rc < 0 ? NULL : reader;
}

/* The line as the writer would write it, after `before`. */
static char *format(const struct i2cpt_trace_line *line, const char *before)
{
    size_t skip = strlen(before);
    int length = i2cpt_trace_line_format(line, NULL, 0);

    if (length < 0) {
        fuzz_fail("line %llu has no text", (unsigned long long)line->line);
    }
    char *text = malloc(skip + (size_t)length + 2);
    memcpy(text, before, skip);
    i2cpt_trace_line_format(line, text + skip, (size_t)length + 1);
    return text;
}

static void check_again(const struct i2cpt_trace_line *line)
{
    const struct i2cpt_trace_line *same;
    struct i2cpt_fault fault;
    char *once = format(line, MAGIC);
    size_t length = strlen(once);

    once[length] = '\n';
    struct i2cpt_trace_reader *reader = open_text(once, length + 1);
    int rc = reader ? i2cpt_trace_reader_next(reader, &same, &fault) : -1;
    if (rc != 1) {
        fuzz_fail("'%s': %s", once, reader ? fault.text : "");
    }
    char *twice = format(same, MAGIC);
    once[length] = 0;
    if (same->kind != line->kind || strcmp(once, twice)) {
        fuzz_fail("'%s' becomes '%s'", once, twice);
    }
    free(twice);
    free(once);
    i2cpt_trace_reader_free(reader);
}

/* A change of a line is one where the reader let it be one, and is written as
 * it was read. */
static void check_change(const struct i2cpt_trace_line *line)
{
    struct i2cpt_trace_irq irq = {.size = sizeof(irq)};
    int is_one = i2cpt_trace_irq_is(line, &irq);
    char text[128];

    if (is_one != !strcmp(line->key, "irq")) {
        fuzz_fail("'%s %s' is read as %d", line->key, line->text, is_one);
    }
    if (!is_one) {
        return;
    }
    /* with zeros before it, the number of a bus is the same */
    snprintf(text, sizeof(text), "%s%s %d", irq.bus < 0 ? "" : ": ", irq.name,
             (int)irq.level);
    if (irq.bus < 0 ? strcmp(line->text, text) : !strstr(line->text, text)) {
        fuzz_fail("'%s' becomes '%s'", line->text, text);
    }
}

static void check_request(const struct i2cpt_trace_transfer *t)
{
    struct i2cpt_msg *msgs;
    char text[256];
    size_t n;

    if (i2cpt_trace_request(t, &msgs, &n) == 0) {
        i2cpt_trace_compare(t, msgs, n, 0, NULL, text, sizeof(text));
        i2cpt_free(msgs);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct i2cpt_trace_reader *reader = open_text(data, size);
    const struct i2cpt_trace_line *line;
    struct i2cpt_fault fault = {0};
    int rc;

    if (!reader) {
        return 0;
    }
    while ((rc = i2cpt_trace_reader_next(reader, &line, &fault)) > 0) {
        /* `end` counts the lines before it, and is right only after them. */
        if (line->kind != I2CPT_TRACE_END) {
            check_again(line);
        }
        if (line->kind == I2CPT_TRACE_TRANSFER) {
            check_request(&line->transfer);
        } else if (line->kind == I2CPT_TRACE_EVENT) {
            check_change(line);
        }
    }
    if (rc < 0 && strncmp(fault.text, "input:", 6)) {
        fuzz_fail("refused with '%s'", fault.text);
    }
    i2cpt_trace_reader_free(reader);
    return 0;
}
