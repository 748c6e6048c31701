/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a trace consists of, by bus and address. */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"
#include "common/tool.h"

#define BUCKETS 32 /* of times: up to 1, 2, 4, 8 ... us */

struct fault_count {
    int32_t code;
    uint64_t count;
};

/* Of one address of one bus. Transfers and times count where the first message
 * goes, bytes where they went. */
struct target {
    uint32_t bus;
    uint16_t addr;
    bool ten;
    uint64_t transfers, own, read, written, failed;
    uint64_t total_ns, longest_ns, wire_bits;
    uint64_t buckets[BUCKETS];
    GArray *faults; /* of struct fault_count */
};

/* An input line of one bus. */
struct line {
    uint32_t bus;
    char name[36];
    uint64_t changes; /* without the level that it began with */
    bool level;
    uint64_t since_ns, active_ns;
};

struct stats {
    const char *path;
    GArray *lines;       /* of struct line, as they come */
    GHashTable *targets; /* struct target by its own number */
    GHashTable *hz;      /* frequency by bus + 1; 0: of all */
    uint64_t transfers, events, first_ns, end_ns;
    char *seen_as; /* N of the /dev/i2c-N that it was for PROGRAM, or NULL */
    bool complete, json, histogram;
};

/* ---------------------------------------------------------------- counting */

static void free_target(gpointer p)
{
    struct target *t = p;

    g_array_unref(t->faults);
    g_free(t);
}

static struct target *target_of(struct stats *s, int32_t bus,
                                const struct i2cpt_trace_msg *m)
{
    uint32_t number = bus < 0 ? 0 : (uint32_t)bus;
    bool ten = m->flags & I2CPT_M_TEN;
    guint key = number << 11 | (guint)ten << 10 | m->addr; /* 20 + 11 bits */
    struct target *t = g_hash_table_lookup(s->targets, GUINT_TO_POINTER(key));

    if (!t) {
        t = g_new0(struct target, 1);
        t->bus = number;
        t->addr = m->addr;
        t->ten = ten;
        t->faults = g_array_new(FALSE, TRUE, sizeof(struct fault_count));
        g_hash_table_insert(s->targets, GUINT_TO_POINTER(key), t);
    }
    return t;
}

static void count_fault(struct target *t, int32_t code)
{
    struct fault_count fresh = {code, 1};

    t->failed++;
    for (guint i = 0; i < t->faults->len; i++) {
        struct fault_count *f =
            &g_array_index(t->faults, struct fault_count, i);

        if (f->code == code) {
            f->count++;
            return;
        }
    }
    g_array_append_val(t->faults, fresh);
}

/* START, the address with its acknowledge bit, and bytes with theirs. */
static uint64_t bits_of(const struct i2cpt_trace_msg *m)
{
    uint64_t address = m->flags & I2CPT_M_NOSTART ? 0
                       : m->flags & I2CPT_M_TEN   ? 19
                                                  : 10;

    return address + 9 * (uint64_t)m->n_bytes;
}

static guint bucket_of(uint64_t ns)
{
    guint bits = 0;

    for (uint64_t us = ns ? (ns - 1) / 1000 : 0; us; us >>= 1) {
        bits++;
    }
    return MIN(bits, BUCKETS - 1);
}

static void count_transfer(struct stats *s, const struct i2cpt_trace_line *line)
{
    const struct i2cpt_trace_transfer *x = &line->transfer;
    struct target *first = target_of(s, x->bus, &x->msgs[0]);
    uint32_t at = x->fault_msg >= 0 ? (uint32_t)x->fault_msg : 0;

    first->transfers++;
    first->own += (x->mark & (I2CPT_TRACE_PROBE | I2CPT_TRACE_RESEND |
                              I2CPT_TRACE_CONTINUE)) != 0;
    first->total_ns += x->duration_ns;
    first->longest_ns = MAX(first->longest_ns, x->duration_ns);
    first->buckets[bucket_of(x->duration_ns)]++;
    first->wire_bits++; /* STOP */
    for (uint32_t i = 0; i < x->n; i++) {
        const struct i2cpt_trace_msg *m = &x->msgs[i];
        struct target *t = target_of(s, x->bus, m);

        *(m->flags & I2CPT_M_RD ? &t->read : &t->written) += m->n_bytes;
        t->wire_bits += bits_of(m);
    }
    if (x->code) {
        count_fault(target_of(s, x->bus, &x->msgs[at]), x->code);
    }
    s->first_ns =
        s->transfers ? MIN(s->first_ns, line->stamp_ns) : line->stamp_ns;
    s->end_ns = MAX(s->end_ns, line->stamp_ns + x->duration_ns);
    s->transfers++;
}

static void note_frequency(struct stats *s, const struct i2cpt_trace_line *line)
{
    int32_t bus;
    uint64_t hz;

    if (i2cpt_trace_header_number(line, "frequency", UINT32_MAX, &bus, &hz) ==
            1 &&
        hz) {
        g_hash_table_insert(s->hz, GUINT_TO_POINTER((guint)(bus + 1)),
                            GUINT_TO_POINTER((guint)hz));
    }
}

static struct line *line_of(struct stats *s, const struct i2cpt_trace_irq *irq)
{
    struct line fresh = {.bus = irq->bus < 0 ? 0 : (uint32_t)irq->bus};
    guint i;

    for (i = 0; i < s->lines->len; i++) {
        struct line *l = &g_array_index(s->lines, struct line, i);

        if (l->bus == fresh.bus && !strcmp(l->name, irq->name)) {
            return l;
        }
    }
    g_strlcpy(fresh.name, irq->name, sizeof(fresh.name));
    g_array_append_val(s->lines, fresh);
    return &g_array_index(s->lines, struct line, i);
}

static void pass_time(struct line *l, uint64_t now_ns)
{
    if (now_ns > l->since_ns) {
        l->active_ns += l->level ? now_ns - l->since_ns : 0;
        l->since_ns = now_ns;
    }
}

static void count_irq(struct stats *s, const struct i2cpt_trace_line *line)
{
    struct i2cpt_trace_irq irq = {.size = sizeof(irq)};
    struct line *l;

    if (i2cpt_trace_irq_is(line, &irq) == 1) {
        l = line_of(s, &irq);
        pass_time(l, line->stamp_ns);
        l->changes += l->level != irq.level;
        l->level = irq.level;
        if (!line->stamp_ns) {
            l->changes = 0; /* what it was when the recording began */
        }
    }
}

static int count(struct stats *s, struct i2cpt_trace_reader *reader,
                 struct i2cpt_fault *fault)
{
    struct tool_progress progress = {.what = "lines"};
    const struct i2cpt_trace_line *line;
    int ret;

    while ((ret = i2cpt_trace_reader_next(reader, &line, fault)) == 1) {
        if (line->kind == I2CPT_TRACE_TRANSFER) {
            count_transfer(s, line);
        } else if (line->kind == I2CPT_TRACE_HEADER) {
            note_frequency(s, line);
            if (!strcmp(line->key, "seen-as") && !s->seen_as) {
                s->seen_as = g_strdup(line->text);
            }
        }
        s->events += line->kind == I2CPT_TRACE_EVENT;
        count_irq(s, line);
        tool_progress_step(&progress);
    }
    tool_progress_clear(&progress);
    s->complete = !ret && i2cpt_trace_reader_complete(reader);
    return ret;
}

/* ---------------------------------------------------------------- printing */

/* What its bits take on the wire; 0 where the frequency is not known. */
static uint64_t wire_ns(const struct stats *s, const struct target *t)
{
    gpointer hz = g_hash_table_lookup(s->hz, GUINT_TO_POINTER(t->bus + 1));

    hz = hz ? hz : g_hash_table_lookup(s->hz, NULL);
    return hz ? t->wire_bits * 1000000000 / GPOINTER_TO_UINT(hz) : 0;
}

static int by_number(gconstpointer a, gconstpointer b)
{
    const struct target *x = a, *y = b;

    return x->bus != y->bus   ? (x->bus < y->bus ? -1 : 1)
           : x->ten != y->ten ? (x->ten ? 1 : -1)
                              : (int)x->addr - (int)y->addr;
}

static void print_faults(const struct target *t)
{
    for (guint i = 0; i < t->faults->len; i++) {
        const struct fault_count *f =
            &g_array_index(t->faults, struct fault_count, i);
        const char *name = i2cpt_error_name(f->code);

        printf("%s%s %" PRIu64, i ? ", " : "  ", name ? name : "other",
               f->count);
    }
}

static void print_histogram(const struct target *t)
{
    uint64_t most = 1;

    for (guint i = 0; i < BUCKETS; i++) {
        most = MAX(most, t->buckets[i]);
    }
    for (guint i = 0; i < BUCKETS; i++) {
        if (t->buckets[i]) {
            g_autofree char *bar = g_strnfill(
                (gsize)((t->buckets[i] * 40 + most - 1) / most), '#');

            /* the last one has all that took longer than the one before */
            printf("      %s %9" PRIu64 " us %9" PRIu64 " %s\n",
                   i < BUCKETS - 1 ? "<=" : " >",
                   UINT64_C(1) << MIN(i, BUCKETS - 2), t->buckets[i], bar);
        }
    }
}

/* In a column of that width: with fewer decimals, or as 5e+07, where it is
 * large. */
static void print_number(double value, int width, int decimals)
{
    char text[32];

    while (snprintf(text, sizeof(text), "%.*f", decimals, value) > width &&
           decimals) {
        decimals--;
    }
    if (strlen(text) > (size_t)width) {
        snprintf(text, sizeof(text), "%.0e", value);
    }
    printf(" %*s", width, text);
}

static void print_target(const struct stats *s, const struct target *t)
{
    uint64_t wire = wire_ns(s, t);
    char address[16];

    snprintf(address, sizeof(address), t->ten ? "0x%03x/10" : "0x%02x",
             t->addr);
    printf("%3" PRIu32 " %-8s %8" PRIu64 " %7" PRIu64 " %7" PRIu64 " %6" PRIu64,
           t->bus, address, t->transfers, t->read, t->written, t->failed);
    print_number((double)t->total_ns / 1e6, 9, 3);
    if (wire) {
        print_number((double)wire / 1e6, 9, 3);
    } else {
        printf(" %9s", "-");
    }
    print_number(t->transfers ? (double)t->total_ns / 1e3 / (double)t->transfers
                              : 0,
                 6, 0);
    print_number((double)t->longest_ns / 1e3, 6, 0);
    if (t->faults->len) {
        printf("\n             ");
    }
    print_faults(t);
    putchar('\n');
    if (s->histogram) {
        print_histogram(t);
    }
}

/* Nobody has ever answered there, as a scan finds. */
static bool is_absent(const struct target *t)
{
    return t->failed && t->failed == t->transfers && t->faults->len == 1 &&
           g_array_index(t->faults, struct fault_count, 0).code == ENXIO;
}

static bool follows(const struct target *t, const struct target *before)
{
    return before && t->bus == before->bus && t->ten == before->ten &&
           t->addr == before->addr + 1;
}

/* "absent: 0x03-0x47 0x49-0x77", a line for each bus. */
static void print_absent(GList *targets)
{
    const struct target *before = NULL;
    uint32_t bus = 0;
    int column = 0;

    for (; targets; targets = targets->next) {
        const struct target *t = targets->data;
        const struct target *next = targets->next ? targets->next->data : NULL;
        bool goes_on = next && is_absent(next) && follows(next, t);

        if (!is_absent(t)) {
            before = NULL;
            continue;
        }
        if (follows(t, before) && goes_on) {
            before = t;
            continue;
        }
        if (!column || column > 70 || bus != t->bus) {
            column =
                printf("%s%3" PRIu32 " absent:", column ? "\n" : "", t->bus);
            bus = t->bus;
        }
        column += printf(follows(t, before) ? "-0x%02x" : " 0x%02x", t->addr);
        before = t;
    }
    if (column) {
        putchar('\n');
    }
}

static void print_lines(const struct stats *s)
{
    for (guint i = 0; i < s->lines->len; i++) {
        struct line *l = &g_array_index(s->lines, struct line, i);

        pass_time(l, s->end_ns);
        printf("%3" PRIu32 " line %s: %" PRIu64
               " change%s, active for %.6f s\n",
               l->bus, l->name, l->changes, tool_text_s(l->changes),
               (double)l->active_ns / 1e9);
    }
}

static void print_all(const struct stats *s, GList *targets)
{
    g_autofree char *path = tool_text_plain(s->path);

    printf("%s: %" PRIu64 " transfer%s", path, s->transfers,
           tool_text_s(s->transfers));
    if (s->events) {
        printf(", %" PRIu64 " event%s", s->events, tool_text_s(s->events));
    }
    printf(" in %.6f s%s\n", (double)(s->end_ns - s->first_ns) / 1e9,
           s->complete ? "" : " (truncated)");
    if (s->seen_as) {
        printf("recorded as /dev/i2c-%s\n", s->seen_as);
    }
    if (targets) {
        puts("bus address  transfers    read written failed   took ms"
             "   wire ms   mean us max");
    }
    for (GList *i = targets; i; i = i->next) {
        if (!is_absent(i->data)) {
            print_target(s, i->data);
        }
    }
    print_absent(targets);
    print_lines(s);
}

static void json_target(const struct stats *s, const struct target *t,
                        struct json *j)
{
    tool_json_open(j, NULL, '{');
    tool_json_uint(j, "bus", t->bus);
    tool_json_uint(j, "address", t->addr);
    tool_json_bool(j, "ten_bit", t->ten);
    tool_json_uint(j, "transfers", t->transfers);
    tool_json_uint(j, "own", t->own);
    tool_json_uint(j, "read", t->read);
    tool_json_uint(j, "written", t->written);
    tool_json_uint(j, "failed", t->failed);
    tool_json_open(j, "faults", '{');
    for (guint i = 0; i < t->faults->len; i++) {
        const struct fault_count *f =
            &g_array_index(t->faults, struct fault_count, i);
        g_autofree char *number = g_strdup_printf("E%d", f->code);
        const char *name = i2cpt_error_name(f->code);

        tool_json_uint(j, name ? name : number, f->count);
    }
    tool_json_close(j, '}');
    tool_json_seconds(j, "took", t->total_ns);
    tool_json_seconds(j, "longest", t->longest_ns);
    if (wire_ns(s, t)) {
        tool_json_seconds(j, "wire", wire_ns(s, t));
    }
    tool_json_open(j, "histogram", '[');
    for (guint i = 0; i < BUCKETS; i++) {
        if (t->buckets[i]) {
            tool_json_open(j, NULL, '{');
            tool_json_uint(j, i < BUCKETS - 1 ? "at_most_us" : "more_than_us",
                           UINT64_C(1) << MIN(i, BUCKETS - 2));
            tool_json_uint(j, "transfers", t->buckets[i]);
            tool_json_close(j, '}');
        }
    }
    tool_json_close(j, ']');
    tool_json_close(j, '}');
}

static void json_lines(const struct stats *s, struct json *j)
{
    tool_json_open(j, "lines", '[');
    for (guint i = 0; i < s->lines->len; i++) {
        struct line *l = &g_array_index(s->lines, struct line, i);

        pass_time(l, s->end_ns);
        tool_json_open(j, NULL, '{');
        tool_json_uint(j, "bus", l->bus);
        tool_json_string(j, "line", l->name);
        tool_json_uint(j, "changes", l->changes);
        tool_json_seconds(j, "active", l->active_ns);
        tool_json_close(j, '}');
    }
    tool_json_close(j, ']');
}

static void json_all(const struct stats *s, GList *targets)
{
    struct json j = {.to = stdout};

    tool_json_open(&j, NULL, '{');
    tool_json_string(&j, "trace", s->path);
    if (s->seen_as) {
        tool_json_string(&j, "seen_as", s->seen_as);
    }
    tool_json_bool(&j, "complete", s->complete);
    tool_json_uint(&j, "transfers", s->transfers);
    tool_json_uint(&j, "events", s->events);
    tool_json_seconds(&j, "span", s->end_ns - s->first_ns);
    tool_json_open(&j, "targets", '[');
    for (; targets; targets = targets->next) {
        json_target(s, targets->data, &j);
    }
    tool_json_close(&j, ']');
    json_lines(s, &j);
    tool_json_close(&j, '}');
}

/* -------------------------------------------------------------------- verb */

static int stats(struct stats *s)
{
    struct i2cpt_fault fault = {0};
    struct i2cpt_trace_reader *reader;
    g_autoptr(GList) targets = NULL;
    int ret = i2cpt_trace_reader_open(s->path, &reader, &fault);

    if (ret) {
        return tool_fault(ret, &fault);
    }
    ret = count(s, reader, &fault);
    i2cpt_trace_reader_free(reader);
    if (ret) {
        return tool_fault(ret, &fault);
    }
    targets = g_list_sort(g_hash_table_get_values(s->targets), by_number);
    (s->json ? json_all : print_all)(s, targets);
    return TOOL_FINE;
}

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"histogram", no_argument, NULL, 'g'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct stats s = {.json = false};
    int letter, status;

    while ((letter = tool_option(verb, argc, argv, ":h", options)) != -1) {
        s.json |= letter == 'j';
        s.histogram |= letter == 'g';
    }
    s.path = tool_operand(verb, argc, argv, "a TRACE");
    s.targets = g_hash_table_new_full(NULL, NULL, NULL, free_target);
    s.hz = g_hash_table_new(NULL, NULL);
    s.lines = g_array_new(FALSE, FALSE, sizeof(struct line));
    status = stats(&s);
    g_array_unref(s.lines);
    g_hash_table_unref(s.hz);
    g_hash_table_unref(s.targets);
    g_free(s.seen_as);
    return status;
}

const struct verb verb_stats = {
    .name = "stats",
    .synopsis = "[--histogram] [--json] TRACE",
    .about = "Count a trace's transfers, bytes, faults and times by address",
    .help =
        "  --histogram  how long transfers took, in powers of two\n"
        "  --json       all of it as one JSON document\n\n"
        "TRACE may be - for the standard input. A line for each address of "
        "each bus:\n"
        "transfers that begin with it, bytes read from and written to it, how "
        "many\n"
        "transfers failed there and with what; the time they took (ms), what "
        "their bits\n"
        "take on the wire where the trace says the frequency, the mean and the "
        "longest.\n\n"
        "Example:\n"
        "  i2cpt-replay stats session.i2ct\n",
    .run = run,
};
