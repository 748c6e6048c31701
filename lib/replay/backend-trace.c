/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backend `trace`: answers out of a recorded file. */
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/key.h"
#include "core/options.h"
#include "replay/backend-trace.h"
#include "replay/match.h"
#include "replay/replayed-lines.h"
#include "smbus/smbus-msgs.h"

struct trace {
    struct trace_match match;
    struct replayed_lines *lines; /* NULL: none */
    bool recorded_timing;
    uint64_t began_ns;   /* of the stream that is open */
    const void *guesser; /* who last asked for a read of a guessed length */
};

static const struct i2cpt_key keys[] = {
    {.name = "file",
     .kind = I2CPT_KEY_STRING,
     .help = "the trace, or a FIFO",
     .reads_file = true},
    {.name = "match",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "per-address|strict|lookup",
     .def = "per-address",
     .help = "in order within each address, in order over all, or by request"},
    {.name = "mux",
     .kind = I2CPT_KEY_STRING,
     .help = "match=lookup: multiplexers, 0x70[:0x71]; what was last written "
             "to each is part of every other request"},
    {.name = "end",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "error|hold|loop",
     .def = "error",
     .help = "behind the last transfer: mismatch, the last again, or anew"},
    {.name = "timing",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "off|recorded",
     .def = "off",
     .help = "answer at once, or after as long as the wire took"},
    {.name = "bus",
     .kind = I2CPT_KEY_UINT,
     .max = I2CPT_TRACE_BUS_MAX,
     .def = "0",
     .help = "of a trace of several: the transfers of i2c-N (0: those without "
             "a prefix too)"},
    {.name = "line-stall-ms",
     .kind = I2CPT_KEY_UINT,
     .max = 3600000,
     .def = "1000",
     .help = "without a transfer for so long, a change of a line that waits "
             "for one is told; 0: never"},
    {.name = "truncated",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "refuse|accept",
     .def = "refuse",
     .help =
         "a trace without its \"end N\": an error, or replay what is there"},
    {NULL},
};

/* What was too late is recorded as such; a replay on a busy machine adds none,
 * and what took longer than the default of timeout-ms= is no fault of it. */
#define RECORDED_TIMEOUT_MS 60000u

enum truncated { TRUNCATED_REFUSE, TRUNCATED_ACCEPT };

static int identify(const struct i2cpt_options *o, char **identity,
                    struct i2cpt_fault *fault)
{
    const char *file = i2cpt_options_string(o, "file");
    unsigned bus = (unsigned)i2cpt_options_number(o, "bus");
    char *path;

    if (!file) {
        return i2cpt_fault_text(fault, EINVAL, "trace: no file= given");
    }
    path = realpath(file, NULL);
    if (!path) {
        return i2cpt_fault_text(fault, errno, "file=%.4096s: %s", file,
                                g_strerror(errno));
    }
    *identity = bus ? g_strdup_printf("trace:%s:i2c-%u", path, bus)
                    : g_strdup_printf("trace:%s", path);
    free(path);
    return 0;
}

/* Errors of the reader begin with the file's name: put the key before it. */
static int name_key(struct i2cpt_fault *fault, int ret)
{
    if (fault) {
        i2cpt_fault_prefix(fault, "file=");
    }
    return ret;
}

static int parse_mux(const struct i2cpt_options *o, enum trace_mode mode,
                     uint8_t *set, struct i2cpt_fault *fault)
{
    const char *list = i2cpt_options_string(o, "mux");

    if (!list) {
        return 0;
    }
    return mode == TRACE_LOOKUP
               ? i2cpt_parse_addresses("mux", list, set, fault)
               : i2cpt_fault_text(fault, EINVAL,
                                  "mux=%.4096s: only match=lookup looks at it",
                                  list);
}

static void close_trace(void *priv)
{
    struct trace *t = priv;

    replay_lines_close(t->lines);
    replay_history_clear(&t->match.history);
    replay_view_clear(&t->match.left);
    replay_view_clear(&t->match.view);
    g_ptr_array_unref(t->match.ranked);
    g_byte_array_unref(t->match.chain);
    replay_source_close(&t->match.source);
    g_free(t);
}

static int open_trace(const struct i2cpt_options *o, void **priv,
                      struct i2cpt_bus_info *info, struct i2cpt_fault *fault)
{
    struct trace *t = g_new0(struct trace, 1);
    struct trace_match *m = &t->match;
    uint8_t mux[128];
    int ret;

    info->functionality =
        I2CPT_FUNC_I2C | I2CPT_FUNC_10BIT_ADDR | I2CPT_FUNC_NOSTART |
        I2CPT_FUNC_PROTOCOL_MANGLING | I2CPT_FUNC_SMBUS_EMUL_ALL |
        I2CPT_FUNC_SMBUS_READ_BLOCK_DATA | I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL;
    m->mode = (enum trace_mode)i2cpt_options_number(o, "match");
    m->end = (enum trace_end)i2cpt_options_number(o, "end");
    t->recorded_timing = i2cpt_options_number(o, "timing");
    info->timeout_ms = t->recorded_timing ? RECORDED_TIMEOUT_MS : 0;
    ret = parse_mux(o, m->mode, mux, fault);
    if (ret) {
        g_free(t);
        return ret;
    }
    ret = replay_source_open(
        &m->source, i2cpt_options_string(o, "file"), m->mode,
        i2cpt_options_string(o, "mux") ? mux : NULL,
        (uint32_t)i2cpt_options_number(o, "bus"),
        i2cpt_options_number(o, "truncated") == TRUNCATED_ACCEPT, info, fault);
    if (ret) {
        g_free(t);
        return name_key(fault, ret);
    }
    if (m->end == TRACE_END_LOOP && !trace_reader_seekable(m->source.reader)) {
        replay_source_close(&m->source);
        g_free(t);
        return i2cpt_fault_text(fault, EINVAL,
                                "end=loop: file=%.4096s is no file that can be "
                                "read again",
                                i2cpt_options_string(o, "file"));
    }
    m->ranked = g_ptr_array_new();
    replay_view_init(&m->view);
    replay_view_init(&m->left);
    m->source.any = i2cpt_options_number(o, "restarts") == RESTARTS_ANY;
    m->chain = g_byte_array_sized_new(64); /* its data is never NULL */
    replay_history_init(&m->history,
                        m->mode == TRACE_LOOKUP ? I2CPT_MSG_MAX : 64);
    ret = replay_lines_open(m, t->recorded_timing,
                            (uint32_t)i2cpt_options_number(o, "line-stall-ms"),
                            &t->lines, fault);
    if (ret) {
        close_trace(t);
        return ret;
    }
    info->lines = replay_lines_get(t->lines);
    *priv = t;
    return 0;
}

/* A pipe has to be waited for, and so has the time that the wire took. */
static bool instant(void *priv)
{
    struct trace *t = priv;

    return !t->recorded_timing && trace_reader_seekable(t->match.source.reader);
}

/* ------------------------------------------------------------------ timing */

/* Until the transfer has taken as long as it once did, or the deadline. */
static int wait_recorded(struct trace *t, uint64_t began_ns,
                         uint64_t deadline_ns, int result,
                         struct i2cpt_fault *fault)
{
    uint64_t until = began_ns + t->match.duration_ns;
    bool late = until > deadline_ns;

    i2cpt_sleep_until(MIN(until, deadline_ns));
    return late ? i2cpt_fault_set(fault, ETIMEDOUT, I2CPT_PHASE_UNKNOWN, -1, -1)
                : result;
}

static int match_transfer(struct trace *t, struct i2cpt_xfer *x)
{
    uint64_t began_ns;

    if (x->marks & I2CPT_MARK_TOOK_FOLLOWS) {
        t->guesser = x->owner;
    }
    if (!t->recorded_timing) {
        return replay_match_transfer(&t->match, x);
    }
    began_ns = i2cpt_now_ns();
    return wait_recorded(t, began_ns, x->deadline_ns,
                         replay_match_transfer(&t->match, x), x->fault);
}

static int transfer(void *priv, struct i2cpt_xfer *x)
{
    struct trace *t = priv;
    int ret = match_transfer(t, x);

    replay_lines_asked(t->lines);
    return ret;
}

/* A trace of a host that has SMBus commands only. */
static int smbus(void *priv, struct i2cpt_smbus_call *call,
                 uint64_t deadline_ns, uint32_t marks,
                 struct i2cpt_fault *fault)
{
    struct i2cpt_smbus_msgs msgs;
    struct i2cpt_xfer x = {msgs.msgs, 0,     deadline_ns,
                           marks,     fault, call->owner};
    int ret;

    smbus_to_msgs(call, &msgs);
    x.n = msgs.n;
    ret = transfer(priv, &x);
    return ret ? ret : smbus_from_msgs(call, &msgs, fault);
}

/* ------------------------------------------------------------------ stream */

static int stream_start(void *priv, uint16_t addr, uint16_t flags,
                        uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct trace *t = priv;

    t->match.source.deadline_ns = deadline_ns;
    if (t->recorded_timing && t->match.state == MATCH_IDLE) {
        t->began_ns = i2cpt_now_ns();
    }
    return replay_match_start(&t->match, addr, flags, fault);
}

static int stream_write(void *priv, uint8_t byte, uint64_t deadline_ns,
                        struct i2cpt_fault *fault)
{
    struct trace *t = priv;

    t->match.source.deadline_ns = deadline_ns;
    return replay_match_write(&t->match, byte, fault);
}

static int stream_read(void *priv, uint8_t *byte, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    struct trace *t = priv;

    t->match.source.deadline_ns = deadline_ns;
    return replay_match_read(&t->match, byte, fault);
}

static int stream_stop(void *priv, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    struct trace *t = priv;
    int ret;

    t->match.source.deadline_ns = deadline_ns;
    ret = replay_match_stop(&t->match, fault);
    if (t->recorded_timing) {
        ret = wait_recorded(t, t->began_ns, deadline_ns, ret, fault);
    }
    replay_lines_asked(t->lines);
    return ret;
}

static void took(void *priv, const void *owner, uint32_t n)
{
    struct trace *t = priv;

    if (owner == t->guesser) {
        replay_match_took(&t->match, n);
    }
}

static int verdict(void *priv, struct i2cpt_trace_verdict *out,
                   struct i2cpt_fault *fault)
{
    struct trace *t = priv;

    return replay_match_verdict(&t->match, t->lines, out, fault);
}

const struct i2cpt_ops replay_ops = {
    .name = "trace",
    .help = "answers from a recorded trace",
    .keys = keys,
    .identify = identify,
    .open = open_trace,
    .close = close_trace,
    .transfer = transfer,
    .smbus = smbus,
    .stream_start = stream_start,
    .stream_write = stream_write,
    .stream_read = stream_read,
    .stream_stop = stream_stop,
    .instant = instant,
    .took = took,
    .verdict = verdict,
};
