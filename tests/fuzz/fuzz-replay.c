/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Traces that are replayed, whatever is in them, to a guest that asks for what
 * is recorded, for something else, or sleeps; with the lines of the trace. Time
 * is the input's, and so is when the thread of the lines has its turn: there is
 * one thread, and nothing waits.
 *
 * Input: one byte of how it is opened; what the guest does, up to the first i;
 * and from there on the trace.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus/calls.h"
#include "core/check-msgs.h"
#include "core/deadline-thread.h"
#include "file.h"
#include "fuzz.h"
#include "i2cpt-lines.h"
#include "i2cpt-trace.h"
#include "input.h"

#define MODES    3u /* of match=, in the lowest two bits */
#define END      0x04u
#define RECORDED 0x10u
#define BUS_1    0x20u
#define NO_STALL 0x40u
#define RENAMED  0x80u

#define MAGIC "i2cpt-trace 1\n"

/* In order: every transfer as it stands, in messages. */
#define FAITHFUL "@\x01\x01\x01\x01\x01\x01\x01\x01"

const char *const fuzz_seeds[] = {
    FAITHFUL MAGIC "lines: a b\n0 irq a 1\n1 +0 w1@0x48 00 r2 = 1a c0\n"
                   "1.5 irq a 0\n1.5001 irq a 1\n2 +0.1 w1@0x50 01\n",
    NULL,
};
const char *const fuzz_words[] = {
    "\n",     " ",          " +0 ",       "w1@0x48 01",    "r1@0x48 = 00",
    " irq ",  " irq a 1",   " irq b 0",   "lines: ",       "lines-1: a",
    "i2c-1:", "%probe",     "bus: 1 x\n", "line-stall-ms", "end ",
    "0.001",  "r? = 01 00", NULL,
};

/* --------------------------------------------------------------------- time */

static uint64_t now_ns = 1;
static struct {
    i2cpt_timer_fn fire;
    void *user;
    uint64_t when_ns;
} timer = {.when_ns = UINT64_MAX};

uint64_t __wrap_i2cpt_now_ns(void);
void __wrap_i2cpt_sleep_until(uint64_t until_ns);
struct i2cpt_timer *__wrap_i2cpt_timer_new(i2cpt_timer_fn fire,
                                           uint64_t (*now)(void *user),
                                           void *user);
void __wrap_i2cpt_timer_set(struct i2cpt_timer *t, uint64_t when_ns);
void __wrap_i2cpt_timer_free(struct i2cpt_timer *t, bool forked);

uint64_t __wrap_i2cpt_now_ns(void)
{
    return now_ns;
}

void __wrap_i2cpt_sleep_until(uint64_t until_ns)
{
    now_ns = until_ns > now_ns ? until_ns : now_ns;
}

struct i2cpt_timer *__wrap_i2cpt_timer_new(i2cpt_timer_fn fire,
                                           uint64_t (*now)(void *user),
                                           void *user)
{
    timer.fire = fire;
    timer.user = user;
    timer.when_ns = UINT64_MAX;
    return (struct i2cpt_timer *)&timer;
}

void __wrap_i2cpt_timer_set(struct i2cpt_timer *t, uint64_t when_ns)
{
    timer.when_ns = when_ns;
}

void __wrap_i2cpt_timer_free(struct i2cpt_timer *t, bool forked)
{
    timer.fire = NULL;
}

/* The guest sleeps; the thread has its turn whenever it is due meanwhile. */
static void sleep_ms(unsigned ms)
{
    uint64_t until_ns = now_ns + (uint64_t)ms * 1000000u, last_ns = 0;

    while (timer.fire && timer.when_ns <= until_ns) {
        now_ns = timer.when_ns > now_ns ? timer.when_ns : now_ns;
        if (last_ns == timer.when_ns) {
            fuzz_fail("a deadline that stays");
        }
        last_ns = timer.when_ns;
        timer.when_ns = UINT64_MAX;
        timer.fire(timer.user);
    }
    now_ns = until_ns;
}

/* ---------------------------------------------------------------- the lines */

static struct {
    int n;
    bool renamed; /* not every line of the trace has a name here */
    int levels[32];
    uint64_t told, stamp_ns;
} heard;

static void hear(struct i2cpt_adapter *a, unsigned line, int level,
                 uint64_t stamp_ns, void *user)
{
    if (line >= (unsigned)heard.n || level == heard.levels[line] ||
        level != !heard.levels[line]) {
        fuzz_fail("line %u becomes %d", line, level);
    }
    if (stamp_ns < heard.stamp_ns || stamp_ns > now_ns) {
        fuzz_fail("a change that is older than the one before it, or to come");
    }
    heard.levels[line] = level;
    heard.stamp_ns = stamp_ns;
    heard.told++;
}

static void watch(struct i2cpt_adapter *a, bool renamed)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};

    i2cpt_trace_adapter_verdict(a, &v, NULL);
    heard.told = v.changes; /* those that were due when it was opened */
    heard.n = i2cpt_adapter_lines(a);
    heard.renamed = renamed;
    heard.stamp_ns = 0;
    for (int i = 0; i < heard.n; i++) {
        heard.levels[i] = i2cpt_adapter_line_level(a, (unsigned)i);
    }
    if (heard.n && i2cpt_adapter_watch_lines(a, hear, NULL)) {
        fuzz_fail("lines that are not watched");
    }
}

/* What was told, and what the verdict says of it. */
static void check_verdict(struct i2cpt_adapter *a)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    uint64_t told = 0, left = 0;

    i2cpt_dispatch(a);
    for (int i = 0; i < heard.n; i++) {
        if (heard.levels[i] != i2cpt_adapter_line_level(a, (unsigned)i)) {
            fuzz_fail("a level that was not told");
        }
    }
    if (i2cpt_trace_adapter_verdict(a, &v, NULL)) {
        return; /* a line behind the last request is bad */
    }
    for (size_t i = 0; i < 32 && *v.lines[i].name; i++) {
        told += v.lines[i].changes;
        left += v.lines[i].changes_left;
    }
    if (told != v.changes || left != v.changes_left ||
        (!heard.renamed && told != heard.told)) {
        fuzz_fail("%llu changes, by line %llu, of which %llu were told",
                  (unsigned long long)v.changes, (unsigned long long)told,
                  (unsigned long long)heard.told);
    }
    if (!v.held_line != !v.held_for || v.held_line < v.held_for ||
        !v.stalled_line != !v.stalled_for || !v.stalls != !*v.stalled ||
        (v.held_line && !v.changes_left)) {
        fuzz_fail("held %llu for %llu", (unsigned long long)v.held_line,
                  (unsigned long long)v.held_for);
    }
}

/* ---------------------------------------------------------------- the guest */

struct guest {
    struct i2cpt_adapter *adapter;
    struct i2cpt_trace_reader *reader; /* what it means to ask for */
    int32_t bus;
};

static const struct i2cpt_trace_transfer *next_recorded(struct guest *g)
{
    const struct i2cpt_trace_line *line;

    while (i2cpt_trace_reader_next(g->reader, &line, NULL) == 1) {
        if (line->kind == I2CPT_TRACE_TRANSFER &&
            (line->transfer.bus < 0 ? 0 : line->transfer.bus) == g->bus &&
            !(line->transfer.mark & (I2CPT_TRACE_PROBE | I2CPT_TRACE_RESEND))) {
            return &line->transfer;
        }
    }
    return NULL;
}

static void step(struct guest *g, struct i2cpt_call *call)
{
    struct i2cpt_fault fault;
    int ret = bus_call_run(g->adapter, call, &fault);

    if (ret > 0 || fault.code != -ret) {
        fuzz_fail("%d with fault %d", ret, fault.code);
    }
}

static void by_bytes(struct guest *g, const struct i2cpt_msg *msgs, size_t n)
{
    struct i2cpt_call call = {.owner = g};

    for (size_t i = 0; i < n; i++) {
        call.op = I2CPT_OP_STREAM_START;
        call.addr = msgs[i].addr;
        call.flags = msgs[i].flags & (I2CPT_M_RD | I2CPT_M_TEN);
        step(g, &call);
        for (uint32_t k = 0; k < msgs[i].len && k < 64; k++) {
            call.op = call.flags & I2CPT_M_RD ? I2CPT_OP_STREAM_READ
                                              : I2CPT_OP_STREAM_WRITE;
            call.byte = call.flags & I2CPT_M_RD ? 0 : msgs[i].buf[k];
            step(g, &call);
        }
    }
    call.op = I2CPT_OP_STREAM_STOP;
    step(g, &call);
}

static void ask_for(struct guest *g, struct i2cpt_msg *msgs, size_t n,
                    bool bytewise)
{
    struct i2cpt_fault fault;
    int ret;

    if (i2cpt_check_msgs(msgs, n, NULL)) {
        return;
    }
    if (bytewise) {
        by_bytes(g, msgs, n);
        return;
    }
    ret = i2cpt_transfer(g->adapter, msgs, n, &fault);
    if (ret > 0 || fault.code != -ret) {
        fuzz_fail("%d with fault %d", ret, fault.code);
    }
}

static void ask_for_recorded(struct guest *g, bool bytewise)
{
    const struct i2cpt_trace_transfer *t = next_recorded(g);
    struct i2cpt_msg *msgs;
    size_t n;

    if (t && !i2cpt_trace_request(t, &msgs, &n)) {
        ask_for(g, msgs, n, bytewise);
        i2cpt_free(msgs);
    }
}

static void ask_for_another(struct guest *g, uint8_t what)
{
    uint8_t bytes[2] = {what, 0};
    struct i2cpt_msg msgs[2] = {
        {.addr = 0x48, .len = 1, .buf = bytes},
        {.addr = 0x48, .flags = I2CPT_M_RD, .len = 1, .buf = bytes + 1},
    };

    ask_for(g, msgs, what & 0x40 ? 2 : 1, what & 0x20);
}

static void do_one(struct guest *g, uint8_t what)
{
    switch (what % 8) {
    case 1:
    case 2:
        ask_for_recorded(g, what % 8 == 2);
        break;
    case 3:
        next_recorded(g);
        break;
    case 4:
        ask_for_another(g, what);
        break;
    case 5:
        sleep_ms(what);
        break;
    case 6:
        sleep_ms(what * 16u);
        break;
    case 7:
        check_verdict(g->adapter);
        break;
    default:
        i2cpt_dispatch(g->adapter);
    }
}

/* ------------------------------------------------------------------ opening */

static struct i2cpt_adapter *open_trace(const char *path, uint8_t flags)
{
    static const char *const modes[] = {"per-address", "strict", "lookup",
                                        "lookup,mux=0x70"};
    static const char *const ends[] = {"error", "hold", "loop", "hold"};
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault;
    char spec[256];

    snprintf(spec, sizeof(spec),
             "trace,file=%s,truncated=accept,match=%s,end=%s,timing=%s,bus=%d%s"
             "%s",
             path, modes[flags & MODES], ends[flags / END & 3],
             flags & RECORDED ? "recorded" : "off", !!(flags & BUS_1),
             flags & NO_STALL ? ",line-stall-ms=0" : "",
             flags & RENAMED ? ",line.z=trace:a,line.a=trace:b,"
                               "line.a.active-low=on"
                             : "");
    if (i2cpt_adapter_open(spec, &adapter, &fault)) {
        if (!fault.code || !*fault.text || strchr(fault.text, '\n')) {
            fuzz_fail("refused with '%s'", fault.text);
        }
        return NULL;
    }
    return adapter;
}

static void quiet(int level, const char *text, void *user)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    uint8_t flags = next(&in);
    const uint8_t *text = memchr(in.at, 'i', in.left);
    struct input todo = {in.at, text ? (size_t)(text - in.at) : in.left};
    size_t left = in.left - todo.left;
    struct guest g = {.bus = !!(flags & BUS_1)};

    now_ns = 1;
    i2cpt_set_log(quiet, NULL);
    text = todo.at + todo.left;
    /* the backend reads a file, and the lines a second time */
    g.adapter = open_trace(file_with(text, left), flags);
    if (!g.adapter) {
        return 0;
    }
    watch(g.adapter, flags & RENAMED);
    if (i2cpt_trace_reader_open_memory(text, left, "input", &g.reader, NULL)) {
        fuzz_fail("a trace that is replayed and cannot be read");
    }
    while (todo.left) {
        do_one(&g, next(&todo));
    }
    check_verdict(g.adapter);
    i2cpt_trace_reader_free(g.reader);
    i2cpt_adapter_unref(g.adapter);
    return 0;
}
