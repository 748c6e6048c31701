/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of lines as `irq` events. */
#include "record/irqs.h"

#include <glib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "lines/lines.h"
#include "trace/irq.h"

#define WAITING_MAX 4096u

struct change {
    unsigned line;
    bool level;
    uint64_t stamp_ns;
};

/*
 * What becomes of a change.
 *
 *   (made) -> (written)  no transfer is under way, and writing waits for nobody
 *   (made) -> WAITING    within a transfer, whose line comes first; or the file
 *                        is a pipe, and who sets a level does not wait
 *   WAITING -> (written) the transfer has ended; flush, end, close; or too many
 *                        wait for a file that is no pipe
 *   WAITING -> (left out) too many wait for a pipe: of each line the last one
 *                        stays, where it is another level than was written
 *
 * The levels that the recording begins with are written before its first line,
 * of a transfer or a change.
 */
struct record_irqs {
    struct lines_listener listener;
    struct i2cpt_lines *lines;
    struct record_lines *file;
    int32_t bus;
    bool named[LINES_MAX]; /* in the header */
    pthread_mutex_t lock;  /* all below; behind that of the lines */
    bool first[LINES_MAX]; /* the levels when it began */
    bool begun;            /* ... which are written */
    bool in_transfer;
    bool left_out;           /* some were, which has been said */
    bool written[LINES_MAX]; /* the last level of each */
    GArray *waiting;         /* of struct change */
};

static void write_change(struct record_irqs *q, unsigned line, bool level,
                         uint64_t stamp_ns)
{
    struct i2cpt_trace_irq irq = {.bus = q->bus, .level = level};
    char text[TRACE_IRQ_TEXT];

    q->written[line] = level;
    g_strlcpy(irq.name, lines_name(q->lines, line), sizeof(irq.name));
    trace_irq_format(&irq, text);
    record_lines_irq(q->file, text, stamp_ns);
}

static void begin_locked(struct record_irqs *q)
{
    unsigned i;

    for (i = 0; !q->begun && i < lines_count(q->lines); i++) {
        if (q->named[i]) {
            write_change(q, i, q->first[i], 0);
        }
    }
    q->begun = true;
}

static void write_waiting_locked(struct record_irqs *q)
{
    guint i;

    if (!q->waiting->len) {
        return;
    }
    begin_locked(q);
    for (i = 0; i < q->waiting->len; i++) {
        const struct change *c = &g_array_index(q->waiting, struct change, i);

        write_change(q, c->line, c->level, c->stamp_ns);
    }
    g_array_set_size(q->waiting, 0);
}

static bool last_level_locked(const struct record_irqs *q, unsigned line)
{
    return q->begun ? q->written[line] : q->first[line];
}

/* Who sets a level does not wait for who reads the pipe. */
static void leave_out_locked(struct record_irqs *q)
{
    struct change *c = &g_array_index(q->waiting, struct change, 0);
    guint last[LINES_MAX] = {0}, left = 0, i;

    for (i = 0; i < q->waiting->len; i++) {
        last[c[i].line] = i;
    }
    for (i = 0; i < q->waiting->len; i++) {
        if (i == last[c[i].line] &&
            c[i].level != last_level_locked(q, c[i].line)) {
            c[left++] = c[i];
        }
    }
    if (!q->left_out) {
        i2cpt_log(I2CPT_LOG_WARNING,
                  "record=: more than %u changes of lines between two "
                  "transfers, into a pipe: some are left out",
                  WAITING_MAX);
    }
    q->left_out = true;
    g_array_set_size(q->waiting, left);
}

static void on_change(unsigned line, bool level, uint64_t stamp_ns, void *user)
{
    struct record_irqs *q = user;
    struct change c = {line, level, stamp_ns};

    if (!q->named[line]) {
        return;
    }
    pthread_mutex_lock(&q->lock);
    g_array_append_val(q->waiting, c);
    if (record_lines_may_wait(q->file)) {
        if (q->waiting->len == WAITING_MAX) {
            leave_out_locked(q);
        }
    } else if (!q->in_transfer || q->waiting->len == WAITING_MAX) {
        write_waiting_locked(q);
    }
    pthread_mutex_unlock(&q->lock);
}

static unsigned take_names(struct record_irqs *q, const char *names)
{
    unsigned n = 0;
    char *name;
    int line;

    while (names && (name = trace_lines_next(&names))) {
        line = lines_find(q->lines, name);
        if (line >= 0) {
            n += !q->named[line];
            q->named[line] = true;
        }
        g_free(name);
    }
    return n;
}

struct record_irqs *record_irqs_new(struct i2cpt_lines *lines,
                                    struct record_lines *file, int32_t bus,
                                    const char *names)
{
    struct record_irqs *q;
    unsigned n;

    if (!lines_count(lines)) {
        return NULL;
    }
    q = g_new0(struct record_irqs, 1);
    q->lines = lines;
    q->file = file;
    q->bus = bus;
    n = take_names(q, names);
    if (n < lines_count(lines)) {
        i2cpt_log(I2CPT_LOG_WARNING,
                  "record=: what is there names %u of the adapter's %u lines; "
                  "changes of the others are not recorded",
                  n, lines_count(lines));
    }
    q->waiting = g_array_new(FALSE, FALSE, sizeof(struct change));
    q->listener = (struct lines_listener){on_change, q, NULL};
    pthread_mutex_init(&q->lock, NULL);
    lines_listen(lines, &q->listener, q->first);
    return q;
}

void record_irqs_begin(struct record_irqs *q)
{
    if (q) {
        pthread_mutex_lock(&q->lock);
        q->in_transfer = true;
        pthread_mutex_unlock(&q->lock);
    }
}

void record_irqs_before_line(struct record_irqs *q)
{
    if (q) {
        pthread_mutex_lock(&q->lock);
        begin_locked(q);
        pthread_mutex_unlock(&q->lock);
    }
}

void record_irqs_end(struct record_irqs *q)
{
    if (q) {
        pthread_mutex_lock(&q->lock);
        q->in_transfer = false;
        write_waiting_locked(q);
        pthread_mutex_unlock(&q->lock);
    }
}

void record_irqs_free(struct record_irqs *q)
{
    if (!q) {
        return;
    }
    lines_forget(q->lines, &q->listener);
    record_irqs_end(q);
    g_array_unref(q->waiting);
    pthread_mutex_destroy(&q->lock);
    g_free(q);
}
