/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An importer under random input: each line that it makes must be writable. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "fuzz-import.h"
#include "importers/import.h"

#define MAGIC "i2cpt-trace 1\n"

/* The line as the writer would write it, behind `MAGIC`, with its newline. */
static char *format(const struct i2cpt_trace_line *line)
{
    int length = i2cpt_trace_line_format(line, NULL, 0);

    if (length < 0) {
        fuzz_fail("a line that cannot be written");
    }
    char *text = malloc(strlen(MAGIC) + (size_t)length + 2);
    strcpy(text, MAGIC);
    i2cpt_trace_line_format(line, text + strlen(MAGIC), (size_t)length + 1);
    strcat(text, "\n");
    return text;
}

/* What convert's --line asks for, and what was said of them so far. */
static const struct convert_line lines[] = {
    {.name = "int", .signal = "INT", .active_low = true},
    {.name = "bus", .signal = "bus[3]"},
    {.name = "again", .signal = "top.INT"},
};
#define N_LINES (sizeof(lines) / sizeof(lines[0]))

struct told {
    bool asked, named;
    unsigned changes[N_LINES];
    int32_t levels[N_LINES];
};

/* Levels of all come first, and then each is another than the one before. */
static void check_irq(struct told *told, const struct i2cpt_trace_line *line)
{
    struct i2cpt_trace_irq irq = {.size = sizeof(irq)};
    size_t i = 0;

    if (!told->asked || !told->named || i2cpt_trace_irq_is(line, &irq) != 1) {
        fuzz_fail("an event '%s %s'", line->key, line->text);
    }
    while (i < N_LINES && strcmp(lines[i].name, irq.name)) {
        i++;
    }
    if (i == N_LINES || irq.bus >= 0 ||
        (told->changes[i] ? irq.level == told->levels[i]
                          : line->stamp_ns != 0)) {
        fuzz_fail("a change '%s' behind %d", line->text,
                  i < N_LINES ? told->levels[i] : -1);
    }
    told->changes[i]++;
    told->levels[i] = irq.level;
}

static void check_header(struct told *told, const struct i2cpt_trace_line *line)
{
    if (!told->asked || told->named || strcmp(line->key, "lines") ||
        strcmp(line->text, "int bus again")) {
        fuzz_fail("a header '%s: %s'", line->key, line->text);
    }
    told->named = true;
}

static void check_kind(struct told *told, const struct i2cpt_trace_line *line)
{
    switch (line->kind) {
    case I2CPT_TRACE_EVENT:
        check_irq(told, line);
        return;
    case I2CPT_TRACE_HEADER:
        check_header(told, line);
        return;
    case I2CPT_TRACE_TRANSFER:
        for (size_t i = 0; told->asked && i < N_LINES; i++) {
            if (!told->changes[i]) {
                fuzz_fail("a transfer before the level of a line");
            }
        }
        return;
    default:
        fuzz_fail("a line of kind %d", (int)line->kind);
    }
}

static int check_line(void *user, const struct i2cpt_trace_line *line,
                      struct i2cpt_fault *fault)
{
    const struct i2cpt_trace_line *same;
    struct i2cpt_trace_reader *reader;
    char *once = format(line);

    check_kind(user, line);
    if (i2cpt_trace_reader_open_memory(once, strlen(once), "line", &reader,
                                       fault) < 0 ||
        i2cpt_trace_reader_next(reader, &same, fault) != 1) {
        fuzz_fail("'%s': %s", once, fault->text);
    }
    char *twice = format(same);
    if (strcmp(once, twice)) {
        fuzz_fail("'%s' becomes '%s'", once, twice);
    }
    free(twice);
    free(once);
    i2cpt_trace_reader_free(reader);
    return 0;
}

static void drop_note(struct convert *c, const char *text)
{
    if (!*text || strlen(text) > 250) {
        fuzz_fail("a note '%s'", text);
    }
}

static void choose_options(struct convert_options *o, uint8_t letter,
                           bool has_lines)
{
    *o = (struct convert_options){
        .bus = letter & 1 ? 1 : -1,
        .join = letter & 1,
        .address_bits = letter & 2   ? 7
                        : letter & 4 ? 8
                                     : 0,
        .sample_rate_hz = letter & 2   ? 24000000
                          : letter & 4 ? UINT64_C(1000000000000)
                                       : 0,
        .name = letter & 8 ? "i2c-1" : NULL,
        .n_lines = has_lines && letter & 0x40 ? N_LINES : 0,
    };
    memcpy(o->lines, lines, sizeof(lines));
}

void fuzz_import(import_fn import, const uint8_t *data, size_t size)
{
    struct told told = {false};
    struct convert c = {.line = check_line, .user = &told, .note = drop_note};
    struct i2cpt_fault fault = {0};
    struct text_in text;

    if (size < 2) {
        return;
    }
    choose_options(&c.options, data[0], import == import_vcd);
    told.asked = c.options.n_lines;
    FILE *file = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r");
    if (!file) {
        fuzz_fail("no file of %zu bytes", size - 1);
    }
    tool_text_over(&text, file, "input");
    int rc = import(&c, &text, &fault);
    if (rc != 0 && (rc != -EINVAL || strncmp(fault.text, "input:", 6))) {
        fuzz_fail("refused with %d '%s'", rc, fault.text);
    }
    tool_text_close(&text);
    fclose(file);
}
