/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines on their way into the file, which several adapters may share. */
#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/log.h"
#include "record/shared-file.h"
#include "trace/irq.h"
#include "trace/line.h"

/* What may wait behind a read that was a guess. */
#define HELD_LINES      64u
#define HELD_BYTES      65536u
#define CLIENT_WORD_MAX sizeof("%client-4294967295")

/* clang-format off */
/*
 * A transfer on its way into the file. The first one that is held is a GUESS.
 *
 *   (made) -> (written)  nothing is held, and it is no guess
 *   (made) -> GUESS      how many bytes of its last read the guest takes is
 *                        still to be told, by took()
 *   (made) -> TOLD       it stands behind one that is held
 *   (made) -> (written)  there is no room to hold it: all that is held goes
 *                        before it
 *   GUESS  -> TOLD       took(), or the next guess of its owner, since of this
 *                        one nothing will be told any more
 *   GUESS  -> (written)  flush, end, the last close, or no room behind it: as
 *                        it is
 *   TOLD   -> (written)  no GUESS stands before it; or likewise
 */
/* clang-format on */
enum held_state { HELD_GUESS, HELD_TOLD };

/* Its messages and bytes follow it in one piece. */
struct held {
    struct i2cpt_trace_line line;
    size_t size;
    enum held_state state;
    const void *owner;
    char words[CLIENT_WORD_MAX];
};

/* ------------------------------------------------------------------ writing */

static void stop_recording(struct record_lines *l, int ret,
                           const struct i2cpt_fault *fault)
{
    if (!l->failed) {
        l->failed = ret;
        g_strlcpy(l->why, fault->text, sizeof(l->why));
        i2cpt_log(I2CPT_LOG_ERROR, "record=%s", fault->text);
    }
}

static void write_line(struct record_lines *l,
                       const struct i2cpt_trace_line *line)
{
    struct i2cpt_fault fault;
    int ret = l->failed ? 0 : i2cpt_trace_writer_line(l->writer, line, &fault);

    l->ended = false;
    if (ret) {
        stop_recording(l, ret, &fault);
    }
}

static void write_held(struct record_lines *l)
{
    struct held *h;

    while ((h = g_queue_pop_head(&l->held))) {
        write_line(l, &h->line);
        g_free(h);
    }
    l->held_bytes = 0;
}

/* Those that wait for nobody any more. */
static void write_told(struct record_lines *l)
{
    struct held *h;

    while ((h = g_queue_peek_head(&l->held)) && h->state == HELD_TOLD) {
        g_queue_pop_head(&l->held);
        l->held_bytes -= h->size;
        write_line(l, &h->line);
        g_free(h);
    }
}

static struct held *find_guess(struct record_lines *l, const void *owner)
{
    GList *i;

    for (i = l->held.head; i; i = i->next) {
        struct held *h = i->data;

        if (h->state == HELD_GUESS && h->owner == owner) {
            return h;
        }
    }
    return NULL;
}

/* Where the bytes of each message are, and behind all of them their kinds. */
static void place_bytes(struct i2cpt_trace_msg *msgs, const struct record *r,
                        const uint8_t *bytes)
{
    const uint8_t *kinds =
        bytes == r->bytes->data ? r->kinds->data : bytes + r->bytes->len;
    guint i;

    for (i = 0; i < r->msgs->len; i++) {
        guint start = g_array_index(r->starts, guint, i);

        msgs[i].bytes = bytes + start;
        msgs[i].kinds = r->kinds->len ? kinds + start : NULL;
    }
}

/* Behind all that is held, with room behind it for what it points to. NULL:
 * there is none, and the line has been written. */
static struct held *hold(struct record_lines *l,
                         const struct i2cpt_trace_line *line, size_t behind)
{
    size_t size = sizeof(struct held) + behind;
    struct held *h;

    if (l->held.length >= HELD_LINES || size > HELD_BYTES - l->held_bytes) {
        write_held(l);
        write_line(l, line);
        return NULL;
    }
    h = g_malloc(size); /* bounded above */
    h->line = *line;
    h->size = size;
    h->state = HELD_TOLD;
    h->owner = NULL;
    g_queue_push_tail(&l->held, h);
    l->held_bytes += size;
    return h;
}

static void hold_transfer(struct record_lines *l,
                          const struct i2cpt_trace_line *line,
                          const struct record *r)
{
    size_t msgs = r->msgs->len * sizeof(struct i2cpt_trace_msg);
    struct held *h = hold(l, line, msgs + r->bytes->len + r->kinds->len);
    struct i2cpt_trace_msg *copy;

    if (!h) {
        return;
    }
    h->state = r->guess ? HELD_GUESS : HELD_TOLD;
    h->owner = r->owner;
    copy = (struct i2cpt_trace_msg *)(h + 1);
    memcpy(copy, line->transfer.msgs, msgs);
    if (r->bytes->len) {
        memcpy(copy + r->msgs->len, r->bytes->data, r->bytes->len);
    }
    if (r->kinds->len) {
        memcpy((uint8_t *)(copy + r->msgs->len) + r->bytes->len, r->kinds->data,
               r->kinds->len);
    }
    place_bytes(copy, r, (uint8_t *)(copy + r->msgs->len));
    h->line.transfer.msgs = copy;
    if (line->transfer.words) {
        g_strlcpy(h->words, line->transfer.words, sizeof(h->words));
        h->line.transfer.words = h->words;
    }
}

/* The guess of `owner` that is held back, if any, stands now. */
static void tell_guess(struct record_lines *l, const void *owner)
{
    struct held *before = find_guess(l, owner);

    if (before) {
        before->state = HELD_TOLD;
        write_told(l);
    }
}

static void put_locked(struct record_lines *l, struct record *r)
{
    uint64_t now = i2cpt_now_ns();
    struct i2cpt_trace_msg *msgs = (struct i2cpt_trace_msg *)r->msgs->data;
    struct i2cpt_trace_line line = {
        .size = sizeof(line),
        .kind = I2CPT_TRACE_TRANSFER,
        .stamp_ns = (r->began_ns - l->base_ns) / 1000 * 1000,
        .transfer = {.duration_ns = (now - r->began_ns) / 1000 * 1000,
                     .bus = r->bus,
                     .n = r->msgs->len,
                     .mark = r->mark,
                     .msgs = msgs,
                     .code = r->fault.code,
                     .phase = r->fault.phase,
                     .fault_msg = r->fault.msg,
                     .fault_byte = r->fault.byte}};
    char word[CLIENT_WORD_MAX];
    struct i2cpt_fault fault;

    if (r->client) {
        g_snprintf(word, sizeof(word), "%%client-%u", r->client);
        line.transfer.words = word;
    }
    if (r->too_long) {
        stop_recording(l,
                       i2cpt_fault_text(&fault, EMSGSIZE,
                                        "%.4096s: a transfer is too long for a "
                                        "line; recording stopped",
                                        l->path),
                       &fault);
        return;
    }
    place_bytes(msgs, r, r->bytes->data);
    if (line.transfer.fault_msg >= (int64_t)line.transfer.n) {
        line.transfer.fault_msg = line.transfer.fault_byte = -1;
    }
    if (r->guess) {
        tell_guess(l, r->owner);
    }
    if (r->guess || l->held.length) {
        hold_transfer(l, &line, r);
    } else {
        write_line(l, &line);
    }
}

void record_lines_put(struct record_lines *l, struct record *r)
{
    pthread_mutex_lock(&l->lock);
    put_locked(l, r);
    pthread_mutex_unlock(&l->lock);
}

int record_lines_event(struct record_lines *l, const char *kind,
                       const char *text, struct i2cpt_fault *fault)
{
    struct i2cpt_trace_line line = {.size = sizeof(line),
                                    .kind = I2CPT_TRACE_EVENT,
                                    .key = kind,
                                    .text = text};
    struct i2cpt_fault local;
    int ret;

    fault = fault ? fault : &local;
    pthread_mutex_lock(&l->lock);
    line.stamp_ns = (i2cpt_now_ns() - l->base_ns) / 1000 * 1000;
    ret = l->failed ? i2cpt_fault_text(fault, -l->failed, "%s", l->why)
                    : i2cpt_trace_writer_line(l->writer, &line, fault);
    l->ended = false;
    if (ret && ret != -EINVAL) {
        stop_recording(l, ret, fault);
    }
    pthread_mutex_unlock(&l->lock);
    return ret;
}

/* Nothing stands before what it stood behind when it was made. */
static void hold_event(struct record_lines *l,
                       const struct i2cpt_trace_line *line)
{
    size_t text = strlen(line->text) + 1;
    struct held *h = hold(l, line, text);

    if (h) {
        h->line.text = memcpy(h + 1, line->text, text);
    }
}

void record_lines_irq(struct record_lines *l, const char *text,
                      uint64_t stamp_ns)
{
    struct i2cpt_trace_line line = {.size = sizeof(line),
                                    .kind = I2CPT_TRACE_EVENT,
                                    .key = TRACE_IRQ,
                                    .text = text};

    pthread_mutex_lock(&l->lock);
    /* who sets a level may have looked at the clock before this was opened */
    line.stamp_ns = (stamp_ns - MIN(stamp_ns, l->base_ns)) / 1000 * 1000;
    line.stamp_ns = MAX(line.stamp_ns, i2cpt_trace_writer_start_ns(l->writer));
    if (l->held.length) {
        hold_event(l, &line);
    } else {
        write_line(l, &line);
    }
    pthread_mutex_unlock(&l->lock);
}

char *record_lines_names(struct record_lines *l, int32_t bus)
{
    char *names;

    pthread_mutex_lock(&l->lock);
    names = g_strdup(trace_writer_lines(l->writer, bus));
    pthread_mutex_unlock(&l->lock);
    return names;
}

void record_lines_took(struct record_lines *l, const void *owner, uint32_t n)
{
    const struct i2cpt_trace_msg *last;
    struct held *h;

    pthread_mutex_lock(&l->lock);
    h = find_guess(l, owner);
    if (h) {
        h->state = HELD_TOLD;
        last = &h->line.transfer.msgs[h->line.transfer.n - 1];
        if (n < last->n_bytes) {
            h->line.transfer.mark |= I2CPT_TRACE_TOOK;
            h->line.transfer.took = n;
        }
    }
    write_told(l);
    pthread_mutex_unlock(&l->lock);
}

bool record_lines_may_wait(const struct record_lines *l)
{
    return trace_writer_may_wait(l->writer);
}

int record_lines_flush(struct record_lines *l)
{
    int ret;

    pthread_mutex_lock(&l->lock);
    write_held(l);
    ret = l->failed;
    pthread_mutex_unlock(&l->lock);
    return ret;
}

int record_lines_failed(struct record_lines *l, struct i2cpt_fault *fault)
{
    int ret;

    pthread_mutex_lock(&l->lock);
    ret = l->failed;
    if (ret) {
        i2cpt_fault_text(fault, -ret, "%s", l->why);
    }
    pthread_mutex_unlock(&l->lock);
    return ret;
}

int record_lines_header(struct record_lines *l, const char *key,
                        const char *text, struct i2cpt_fault *fault)
{
    int ret;

    pthread_mutex_lock(&l->lock);
    ret = i2cpt_trace_writer_header(l->writer, key, text, fault);
    l->ended = false;
    pthread_mutex_unlock(&l->lock);
    return ret;
}

static int end_locked(struct record_lines *l, struct i2cpt_fault *fault)
{
    int ret;

    write_held(l);
    if (!l->failed && !l->ended) {
        ret = i2cpt_trace_writer_end(l->writer, fault);
        l->ended = true;
        if (ret) {
            stop_recording(l, ret, fault);
        }
    }
    return l->failed ? i2cpt_fault_text(fault, -l->failed, "%s", l->why) : 0;
}

int record_lines_end(struct record_lines *l, struct i2cpt_fault *fault)
{
    struct i2cpt_fault local;
    int ret;

    pthread_mutex_lock(&l->lock);
    ret = end_locked(l, fault ? fault : &local);
    pthread_mutex_unlock(&l->lock);
    return ret;
}
