/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines of the stub: each follows a register of its chip. The registers change
 * on the wire, and, with every-us=, by time, as a sensor's do that has a new
 * sample, or an expander's inputs.
 */
#include <errno.h>
#include <string.h>

#include <glib.h>

#include "core/clock.h"
#include "core/fault.h"
#include "lines/lines.h"
#include "core/threads.h"
#include "stub/stub.h"

enum when {
    WHEN_SET,   /* a bit of the mask is set: data ready */
    WHEN_ABOVE, /* a register is above (below) another: an alert */
    WHEN_BELOW,
    WHEN_CHANGED, /* masked bits are not as they were last read: an expander */
};

/* One `line` line. */
struct stub_line {
    unsigned number; /* of lines/lines.h */
    struct stub_chip *chip;
    enum when when;
    uint32_t reg, limit;
    size_t width; /* bytes of what is compared */
    uint8_t mask;
    uint8_t seen;   /* CHANGED: what was read last, */
    uint32_t reads; /* and how often anything had been by then */
    bool counts;
    uint32_t count_reg;
    uint64_t every_ns; /* 0: nothing by itself */
    uint64_t left;     /* samples; STUB_ALWAYS */
    uint64_t next_ns;
};

struct stub_lines {
    struct i2cpt_lines *lines;
    GArray *all;          /* of struct stub_line */
    bool timed;           /* some have every-us= */
    pthread_mutex_t lock; /* the chips, where they are */
    pthread_cond_t ending;
    bool ends;
    bool running;
    pthread_t thread;
};

enum {
    LINE_WHEN,
    LINE_REG,
    LINE_MASK,
    LINE_LIMIT,
    LINE_BYTES,
    LINE_EVERY,
    LINE_SAMPLES,
    LINE_COUNTER,
};

const struct i2cpt_key stub_line_keys[] = {
    [LINE_WHEN] = {.name = "when",
                   .kind = I2CPT_KEY_CHOICE,
                   .choices = "set|above|below|changed",
                   .def = "set",
                   .help = "what makes it active"},
    [LINE_REG] = {.name = "reg",
                  .kind = I2CPT_KEY_UINT,
                  .max = 255,
                  .def = "0",
                  .help = "the register that it follows"},
    [LINE_MASK] = {.name = "mask",
                   .kind = I2CPT_KEY_UINT,
                   .min = 1,
                   .max = 255,
                   .def = "1",
                   .help = "set, changed: the bits that count"},
    [LINE_LIMIT] = {.name = "limit",
                    .kind = I2CPT_KEY_UINT,
                    .max = 255,
                    .help = "above, below: the register of the limit"},
    [LINE_BYTES] = {.name = "bytes",
                    .kind = I2CPT_KEY_UINT,
                    .min = 1,
                    .max = 2,
                    .def = "1",
                    .help = "above, below: how wide they are, with a sign, "
                            "high byte first"},
    [LINE_EVERY] = {.name = "every-us",
                    .kind = I2CPT_KEY_UINT,
                    .max = 60000000,
                    .def = "0",
                    .help = "a sample so often: the bits are set, or changed"},
    [LINE_SAMPLES] = {.name = "samples",
                      .kind = I2CPT_KEY_UINT,
                      .max = UINT32_MAX,
                      .help = "so many, then no more"},
    [LINE_COUNTER] = {.name = "counter",
                      .kind = I2CPT_KEY_UINT,
                      .max = 255,
                      .help = "a register that each sample makes one more"},
    {.name = NULL},
};

struct stub_lines *stub_lines_new(void)
{
    struct stub_lines *l = g_new0(struct stub_lines, 1);

    l->lines = lines_new();
    l->all = g_array_new(FALSE, TRUE, sizeof(struct stub_line));
    pthread_mutex_init(&l->lock, NULL);
    i2cpt_cond_init(&l->ending);
    return l;
}

void stub_lines_free(struct stub_lines *l)
{
    if (!l)
        return;
    if (l->running) {
        pthread_mutex_lock(&l->lock);
        l->ends = true;
        pthread_cond_signal(&l->ending);
        pthread_mutex_unlock(&l->lock);
        pthread_join(l->thread, NULL);
    }
    pthread_cond_destroy(&l->ending);
    pthread_mutex_destroy(&l->lock);
    g_array_unref(l->all);
    lines_free(l->lines);
    g_free(l);
}

struct i2cpt_lines *stub_lines_get(struct stub_lines *l)
{
    return l ? l->lines : NULL;
}

static int add_name(struct stub_lines *l, const char *name,
                    struct i2cpt_fault *fault)
{
    int number = lines_add(l->lines, name, false);

    if (number == -EEXIST)
        return i2cpt_fault_text(fault, EINVAL, "line \"%s\": there is one",
                                name);
    if (number == -ENOSPC)
        return i2cpt_fault_text(fault, EINVAL,
                                "line \"%s\": an adapter has at most %u", name,
                                LINES_MAX);
    if (number < 0)
        return i2cpt_fault_text(fault, EINVAL,
                                "line \"%s\": a name has 1 to %u letters, "
                                "digits, '_' and '-'",
                                name, LINES_NAME_MAX);
    return number;
}

static uint8_t value_of(const struct stub_chip *chip, uint32_t reg)
{
    uint8_t byte = 0;

    return chip->kind->peek(chip, reg, &byte, 1) ? byte : 0;
}

static int number_of(const struct stub_line *line, uint32_t reg)
{
    uint8_t b[2] = {0};

    line->chip->kind->peek(line->chip, reg, b, line->width);
    return line->width == 1 ? (int8_t)b[0] : (int16_t)(b[0] << 8 | b[1]);
}

/* CHANGED: when the register has been read, what it had is known. */
static void note_reads(struct stub_line *line)
{
    uint32_t reads = line->chip->kind->reads(line->chip, line->reg);

    if (reads != line->reads) {
        line->reads = reads;
        line->seen = value_of(line->chip, line->reg);
    }
}

static bool is_active(struct stub_line *line)
{
    switch (line->when) {
    case WHEN_ABOVE:
        return number_of(line, line->reg) > number_of(line, line->limit);
    case WHEN_BELOW:
        return number_of(line, line->reg) < number_of(line, line->limit);
    case WHEN_CHANGED:
        note_reads(line);
        return (value_of(line->chip, line->reg) ^ line->seen) & line->mask;
    default:
        return value_of(line->chip, line->reg) & line->mask;
    }
}

/* What goes with what: NULL, or why not. */
static const char *why_not(const struct stub_line *line,
                           const struct stub_values *v)
{
    const struct stub_kind *kind = line->chip->kind;
    bool compares = line->when == WHEN_ABOVE || line->when == WHEN_BELOW;

    if (!kind->peek)
        return "this kind of chip has no registers";
    if (compares != v->given[LINE_LIMIT])
        return "limit= goes with when=above and when=below, and they with it";
    if (line->when == WHEN_CHANGED && !kind->reads)
        return "when=changed goes with chips of kind registers";
    if (line->every_ns && (!kind->poke || compares))
        return "every-us= goes with when=set and when=changed, of chips of "
               "kind registers";
    if (!line->every_ns && (line->counts || v->given[LINE_SAMPLES]))
        return "samples= and counter= go with every-us=";
    return NULL;
}

int stub_lines_add(struct stub_lines *l, const char *name,
                   struct stub_chip *chip, const struct stub_values *v,
                   struct i2cpt_fault *fault)
{
    struct stub_line line = {.chip = chip,
                             .when = (enum when)v->number[LINE_WHEN],
                             .reg = (uint32_t)v->number[LINE_REG],
                             .limit = (uint32_t)v->number[LINE_LIMIT],
                             .width = (size_t)v->number[LINE_BYTES],
                             .mask = (uint8_t)v->number[LINE_MASK],
                             .counts = v->given[LINE_COUNTER],
                             .count_reg = (uint32_t)v->number[LINE_COUNTER],
                             .every_ns = v->number[LINE_EVERY] * 1000};
    const char *why = why_not(&line, v);
    int number;

    if (why)
        return i2cpt_fault_text(fault, EINVAL, "line \"%s\": %s", name, why);
    number = add_name(l, name, fault);
    if (number < 0)
        return number;
    line.number = (unsigned)number;
    line.left = v->given[LINE_SAMPLES] ? v->number[LINE_SAMPLES] : STUB_ALWAYS;
    l->timed |= line.every_ns != 0;
    g_array_append_val(l->all, line);
    return 0;
}

static void show(struct stub_lines *l)
{
    for (guint i = 0; i < l->all->len; i++) {
        struct stub_line *line = &g_array_index(l->all, struct stub_line, i);

        lines_set(l->lines, line->number, is_active(line), i2cpt_now_ns());
    }
}

/* A sample: only where the one before it was fetched, or it would be lost. */
static void sample(struct stub_line *line)
{
    uint8_t status = value_of(line->chip, line->reg);

    if (!line->left || is_active(line))
        return;
    if (line->left != STUB_ALWAYS)
        line->left--;
    if (line->counts)
        line->chip->kind->poke(
            line->chip, line->count_reg,
            (uint8_t)(value_of(line->chip, line->count_reg) + 1));
    line->chip->kind->poke(line->chip, line->reg,
                           line->when == WHEN_SET ? status | line->mask
                                                  : status ^ line->mask);
}

/* What is due; the next time at which something is. */
static uint64_t run_samples(struct stub_lines *l, uint64_t now_ns)
{
    uint64_t next_ns = UINT64_MAX;

    for (guint i = 0; i < l->all->len; i++) {
        struct stub_line *line = &g_array_index(l->all, struct stub_line, i);

        if (!line->every_ns)
            continue;
        if (now_ns >= line->next_ns) {
            sample(line);
            line->next_ns = now_ns + line->every_ns;
        }
        next_ns = MIN(next_ns, line->next_ns);
    }
    return next_ns;
}

static void *run(void *arg)
{
    struct stub_lines *l = arg;

    pthread_mutex_lock(&l->lock);
    while (!l->ends) {
        uint64_t next_ns = run_samples(l, i2cpt_now_ns());

        show(l);
        i2cpt_cond_wait_until(&l->ending, &l->lock, next_ns);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

int stub_lines_start(struct stub_lines *l, struct i2cpt_fault *fault)
{
    uint64_t now_ns = i2cpt_now_ns();
    int ret = 0;

    for (guint i = 0; i < l->all->len; i++) {
        struct stub_line *line = &g_array_index(l->all, struct stub_line, i);

        line->next_ns = now_ns + line->every_ns;
        if (line->when == WHEN_CHANGED) {
            line->reads = line->chip->kind->reads(line->chip, line->reg);
            line->seen = value_of(line->chip, line->reg);
        }
    }
    show(l);
    if (l->timed) {
        ret = i2cpt_thread_start(&l->thread, run, l);
        l->running = !ret;
    }
    return ret ? i2cpt_fault_text(fault, -ret, "line: no thread: %s",
                                  g_strerror(-ret))
               : 0;
}

void stub_lines_begin(struct stub_lines *l)
{
    if (l && l->timed)
        pthread_mutex_lock(&l->lock);
}

void stub_lines_end(struct stub_lines *l)
{
    if (!l)
        return;
    show(l);
    if (l->timed)
        pthread_mutex_unlock(&l->lock);
}
