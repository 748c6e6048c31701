/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two traces, transfer by transfer and change of a line by change; times do not
 * count. */
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "verbs/edits.h"
#include "common/json.h"
#include "common/text.h"
#include "common/tool.h"

#define CHUNK   1048576 /* of texts */
#define CONTEXT 3       /* the same, around what differs */
#define NEAR    64      /* so far a changed transfer is looked for */

/* Or a change of a line, which is its own request. */
struct transfer {
    uint64_t line;
    const char *text; /* in one of the chunks */
    guint hash, request;
    bool special; /* has bytes that are not compared */
};

/* Texts of a whole trace are kept, and little besides. */
struct side {
    const char *path;
    struct transfer *transfers;
    guint n, room;
    GSList *chunks;
    size_t left; /* of the first one */
    bool complete;
    bool irqs; /* some are changes of lines */
};

/* Once paired: '=', '-', '+' and '~', in both but with another outcome. */
struct diff {
    struct side a, b;
    GArray *edits;
    uint64_t same, changed, removed, added;
    uint64_t same_irqs; /* of `same` */
};

/* ----------------------------------------------------------------- reading */

static void free_side(struct side *s)
{
    g_slist_free_full(s->chunks, g_free);
    g_free(s->transfers);
}

/* A copy that stays; NULL where there is no memory. */
static const char *keep(struct side *s, const char *text)
{
    size_t size = strlen(text) + 1;
    char *chunk;

    if (size > s->left) {
        s->left = MAX(size, CHUNK);
        chunk = g_try_malloc(s->left);
        if (!chunk) {
            return NULL;
        }
        s->chunks = g_slist_prepend(s->chunks, chunk);
    }
    s->left -= size;
    chunk = s->chunks->data;
    chunk += size > CHUNK ? 0 : CHUNK - s->left - size;
    return memcpy(chunk, text, size);
}

static bool add(struct side *s, uint64_t line, const char *text,
                const char *request)
{
    struct transfer *more, *t;

    if (s->n == s->room) {
        s->room = s->room ? s->room + s->room / 2 : 1024;
        more = g_try_renew(struct transfer, s->transfers, s->room);
        if (!more) {
            return false;
        }
        s->transfers = more;
    }
    t = &s->transfers[s->n];
    *t = (struct transfer){
        .line = line,
        .text = keep(s, text),
        .hash = g_str_hash(text),
        .request = g_str_hash(request),
        .special = strpbrk(text, "~?") != NULL,
    };
    s->n += t->text != NULL;
    return t->text;
}

static bool add_transfer(struct side *s, const struct i2cpt_trace_line *line)
{
    g_autofree char *text = tool_text_transfer(&line->transfer);
    g_autofree char *request = tool_text_request(&line->transfer);

    return add(s, line->line, text, request);
}

/* True too where the line is neither a transfer nor a change. */
static bool add_line(struct side *s, const struct i2cpt_trace_line *line)
{
    struct i2cpt_trace_irq irq = {.size = sizeof(irq)};
    g_autofree char *text = NULL;

    if (line->kind == I2CPT_TRACE_TRANSFER) {
        return add_transfer(s, line);
    }
    if (i2cpt_trace_irq_is(line, &irq) != 1) {
        return true;
    }
    text = irq.bus > 0
               ? g_strdup_printf("irq i2c-%" PRId32 ": %s %" PRId32, irq.bus,
                                 irq.name, irq.level)
               : g_strdup_printf("irq %s %" PRId32, irq.name, irq.level);
    s->irqs = true;
    return add(s, line->line, text, text);
}

static int load(struct side *s)
{
    struct tool_progress progress = {.what = "lines"};
    const struct i2cpt_trace_line *line;
    struct i2cpt_trace_reader *reader;
    struct i2cpt_fault fault = {0};
    int ret = i2cpt_trace_reader_open(s->path, &reader, &fault);
    bool full = false;

    if (ret) {
        return tool_fault(ret, &fault);
    }
    while ((ret = i2cpt_trace_reader_next(reader, &line, &fault)) == 1) {
        if (!add_line(s, line)) {
            full = true;
            tool_complain("%s: no memory to compare more than %u transfers",
                          s->path, s->n);
            break;
        }
        tool_progress_step(&progress);
    }
    tool_progress_clear(&progress);
    s->complete = i2cpt_trace_reader_complete(reader);
    i2cpt_trace_reader_free(reader);
    return full ? TOOL_BROKEN : ret < 0 ? tool_fault(ret, &fault) : 0;
}

/* --------------------------------------------------------------- comparing */

static const struct transfer *nth(const struct side *s, guint i)
{
    return &s->transfers[i];
}

static bool is_same(guint a, guint b, void *user)
{
    const struct diff *d = user;
    const struct transfer *x = nth(&d->a, a), *y = nth(&d->b, b);

    if (x->hash == y->hash && !strcmp(x->text, y->text)) {
        return true;
    }
    return (x->special || y->special) && tool_text_same(x->text, y->text);
}

static void put(GArray *out, char kind, guint a, guint b)
{
    struct edit e = {kind, a, b};

    g_array_append_val(out, e);
}

/* In a run of '-' and '+': what was asked for in both, with another outcome,
 * belongs together. */
static void pair_run(const struct diff *d, const struct edit *run, guint n,
                     GArray *out)
{
    guint removed = 0, added, i, k, a = run[0].a, b = run[0].b;

    for (i = 0; i < n; i++) {
        removed += run[i].kind == '-';
    }
    added = n - removed;
    for (i = 0; i < removed; i++) {
        guint request = nth(&d->a, a + i)->request;

        for (k = 0; k < added && k < NEAR; k++) {
            if (request == nth(&d->b, b + k)->request) {
                break;
            }
        }
        if (k == added || k == NEAR) {
            put(out, '-', a + i, b);
            continue;
        }
        for (; k; k--, b++, added--) {
            put(out, '+', a + i, b);
        }
        put(out, '~', a + i, b++);
        added--;
    }
    for (; added; b++, added--) {
        put(out, '+', a + removed, b);
    }
}

static void count(struct diff *d)
{
    for (guint i = 0; i < d->edits->len; i++) {
        const struct edit *e = &g_array_index(d->edits, struct edit, i);
        char kind = e->kind;

        d->same += kind == '=';
        d->same_irqs +=
            kind == '=' && g_str_has_prefix(nth(&d->a, e->a)->text, "irq ");
        d->changed += kind == '~';
        d->removed += kind == '-';
        d->added += kind == '+';
    }
}

static void compare(struct diff *d)
{
    g_autoptr(GArray) raw = verb_edits_find(d->a.n, d->b.n, is_same, d);
    const struct edit *e = (const struct edit *)(void *)raw->data;
    guint i, n;

    d->edits = g_array_new(FALSE, FALSE, sizeof(struct edit));
    for (i = 0; i < raw->len; i += n) {
        for (n = 0; i + n < raw->len && e[i + n].kind != '='; n++) {
        }
        if (n) {
            pair_run(d, e + i, n, d->edits);
        } else {
            g_array_append_val(d->edits, e[i]);
            n = 1;
        }
    }
    count(d);
}

/* ---------------------------------------------------------------- printing */

static bool is_near(const struct diff *d, guint i)
{
    guint from = i > CONTEXT ? i - CONTEXT : 0;

    for (guint k = from; k < d->edits->len && k <= i + CONTEXT; k++) {
        if (g_array_index(d->edits, struct edit, k).kind != '=') {
            return true;
        }
    }
    return false;
}

static void print_edit(const struct diff *d, const struct edit *e)
{
    switch (e->kind) {
    case '=':
        printf("  %s\n", nth(&d->b, e->b)->text);
        break;
    case '-':
        printf("- %s\n", nth(&d->a, e->a)->text);
        break;
    case '+':
        printf("+ %s\n", nth(&d->b, e->b)->text);
        break;
    default:
        tool_text_aligned(stdout, "-", nth(&d->a, e->a)->text, "+",
                          nth(&d->b, e->b)->text);
        break;
    }
}

static uint64_t line_of(const struct side *s, guint i)
{
    return i < s->n ? nth(s, i)->line : 0;
}

/* Where a part begins; behind the last transfer: at its end. */
static void print_place(const char *sign, const struct side *s, guint i)
{
    g_autofree char *path = tool_text_plain(s->path);

    if (line_of(s, i)) {
        printf("%s%s:%" PRIu64, sign, path, line_of(s, i));
    } else {
        printf("%s%s:end", sign, path);
    }
}

static void print_all(const struct diff *d)
{
    g_autofree char *a = tool_text_plain(d->a.path);
    g_autofree char *b = tool_text_plain(d->b.path);
    bool open = false;

    for (guint i = 0; i < d->edits->len; i++) {
        const struct edit *e = &g_array_index(d->edits, struct edit, i);

        if (!is_near(d, i)) {
            open = false;
            continue;
        }
        if (!open) {
            print_place("@@ ", &d->a, e->a);
            print_place(" ", &d->b, e->b);
            puts(" @@");
            open = true;
        }
        print_edit(d, e);
    }
    printf("%" PRIu64 " transfer%s the same, ", d->same - d->same_irqs,
           tool_text_s(d->same - d->same_irqs));
    if (d->a.irqs || d->b.irqs) {
        printf("%" PRIu64 " change%s of lines too, ", d->same_irqs,
               tool_text_s(d->same_irqs));
    }
    printf("%" PRIu64 " changed, %" PRIu64 " only in %s, %" PRIu64
           " only in %s\n",
           d->changed, d->removed, a, d->added, b);
}

static void json_side(struct json *j, const char *key, const struct side *s,
                      guint i)
{
    tool_json_open(j, key, '{');
    tool_json_uint(j, "line", nth(s, i)->line);
    tool_json_string(j, "text", nth(s, i)->text);
    tool_json_close(j, '}');
}

static void json_all(const struct diff *d)
{
    struct json j = {.to = stdout};

    tool_json_open(&j, NULL, '{');
    tool_json_string(&j, "a", d->a.path);
    tool_json_string(&j, "b", d->b.path);
    tool_json_uint(&j, "same", d->same);
    tool_json_uint(&j, "changed", d->changed);
    tool_json_uint(&j, "removed", d->removed);
    tool_json_uint(&j, "added", d->added);
    tool_json_open(&j, "differences", '[');
    for (guint i = 0; i < d->edits->len; i++) {
        const struct edit *e = &g_array_index(d->edits, struct edit, i);

        if (e->kind == '=') {
            continue;
        }
        tool_json_open(&j, NULL, '{');
        tool_json_string(&j, "kind",
                         e->kind == '~'   ? "changed"
                         : e->kind == '-' ? "removed"
                                          : "added");
        if (e->kind != '+') {
            json_side(&j, "a", &d->a, e->a);
        }
        if (e->kind != '-') {
            json_side(&j, "b", &d->b, e->b);
        }
        tool_json_close(&j, '}');
    }
    tool_json_close(&j, ']');
    tool_json_close(&j, '}');
}

/* -------------------------------------------------------------------- verb */

static int diff(struct diff *d, bool json)
{
    int status = load(&d->a);

    status = status ? status : load(&d->b);
    if (!status) {
        compare(d);
        (json ? json_all : print_all)(d);
        g_array_unref(d->edits);
        if (!d->a.complete) {
            tool_complain("%s: truncated, no `end` line", d->a.path);
        }
        if (!d->b.complete) {
            tool_complain("%s: truncated, no `end` line", d->b.path);
        }
        status =
            d->changed || d->removed || d->added ? TOOL_DIFFERS : TOOL_FINE;
    }
    free_side(&d->a);
    free_side(&d->b);
    return status;
}

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct diff d = {.same = 0};
    bool json = false;

    while (tool_option(verb, argc, argv, ":h", options) != -1) {
        json = true;
    }
    if (argc - optind < 2) {
        tool_usage(verb, "diff needs two traces, A and B");
    }
    d.a.path = argv[optind++];
    d.b.path = tool_operand(verb, argc, argv, "a second trace");
    return diff(&d, json);
}

const struct verb verb_diff = {
    .name = "diff",
    .synopsis = "[--json] A B",
    .about = "Compare two traces transfer by transfer",
    .help =
        "  --json  every difference and the counts as one JSON document\n\n"
        "Changes of lines (irq) are compared with the transfers. "
        "Times do not count, nor do bytes that are ~ or ?? in one of them. - "
        "is only in\n"
        "A, + only in B; where both asked for the same and something else came "
        "of it,\n"
        "the two stand below each other with what differs underlined.\n\n"
        "Exit status: 0 the same, 1 different, 3 one cannot be read.\n\n"
        "Example:\n"
        "  i2cpt-replay diff monday.i2ct tuesday.i2ct\n",
    .run = run,
};
