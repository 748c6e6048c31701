/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests of a replay and their answers as one line of text each. */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus/calls.h"
#include "replay.h"
#include "unit.h"

static const char *where(int n)
{
    static char text[2][16];
    static int i;

    i = !i;
    snprintf(text[i], sizeof(text[i]), "%d", n);
    return n < 0 ? "-" : text[i];
}

static void describe(int ret, const struct i2cpt_fault *fault, char *out)
{
    static const char *const phases[] = {"-", "address", "data", "stop"};

    if (ret == -I2CPT_EMISMATCH) {
        strcpy(out, "mismatch");
        return;
    }
    snprintf(out, 256, "%s %s %s %s", i2cpt_error_name(ret),
             phases[fault->phase], where(fault->msg), where(fault->byte));
}

static void transfer(struct i2cpt_adapter *a, uint32_t marks, const char *text,
                     char *out)
{
    struct i2cpt_fault fault;
    struct i2cpt_msg *msgs;
    size_t n, i;
    uint32_t k;
    int ret = i2cpt_transfer_parse(text, &msgs, &n, &fault);

    ck_assert_msg(!ret, "%s: %s", text, fault.text);
    if (marks) {
        struct i2cpt_call call = {
            .op = I2CPT_OP_TRANSFER, .marks = marks, .msgs = msgs, .n = n};

        ret = bus_call_run(a, &call, &fault);
    } else {
        ret = i2cpt_transfer(a, msgs, n, &fault);
    }
    ck_assert_int_eq(fault.code, -ret);
    if (ret) {
        describe(ret, &fault, out);
    } else {
        out += sprintf(out, "ok");
        for (i = 0; i < n; i++) {
            for (k = 0;
                 msgs[i].flags & I2CPT_M_RD && k < MIN(msgs[i].actual, 64);
                 k++) {
                out += sprintf(out, " %02x", msgs[i].buf[k]);
            }
        }
    }
    i2cpt_free(msgs);
}

static void stream_call(struct i2cpt_adapter *a, struct i2cpt_call *call,
                        char *out)
{
    struct i2cpt_fault fault;
    int ret = bus_call_run(a, call, &fault);

    if (ret) {
        const char *name = i2cpt_error_name(ret);

        ck_assert_ptr_nonnull(name);
        strcpy(out, ret == -I2CPT_EMISMATCH ? "mismatch" : name);
    } else if (call->op == I2CPT_OP_STREAM_READ) {
        g_snprintf(out, 4, "%02x", call->byte);
    } else {
        strcpy(out, "a");
    }
}

static void stream(struct i2cpt_adapter *a, const char *text, char *out)
{
    gchar **word = g_strsplit(text, " ", -1);
    size_t i;

    out[0] = 0;
    for (i = 0; word[i]; i++) {
        struct i2cpt_call call = {.owner = "test"};

        if (*word[i] == 'W' || *word[i] == 'R') {
            call.op = I2CPT_OP_STREAM_START;
            call.addr = (uint16_t)strtoul(word[i] + 1, NULL, 16);
            call.flags = *word[i] == 'R' ? I2CPT_M_RD : 0;
        } else if (*word[i] == 'P') {
            call.op = I2CPT_OP_STREAM_STOP;
        } else if (*word[i] == '.') {
            call.op = I2CPT_OP_STREAM_READ;
        } else {
            call.op = I2CPT_OP_STREAM_WRITE;
            call.byte = (uint8_t)strtoul(word[i], NULL, 16);
        }
        stream_call(a, &call, out);
        out += strlen(out);
        if (word[i + 1]) {
            *out++ = ' ';
        }
    }
    g_strfreev(word);
}

void replay_step(struct i2cpt_adapter *a, const char *step, char *out)
{
    uint32_t marks = 0;

    switch (*step) {
    case 'k':
        bus_adapter_took(a, NULL, (uint32_t)atoi(step + 2));
        *out = 0;
        return;
    case 's':
        stream(a, step + 2, out);
        return;
    case 'g':
        marks = I2CPT_MARK_TOOK_FOLLOWS;
        break;
    case 'p':
        marks = I2CPT_MARK_PROBE;
        break;
    case 'P':
        marks = I2CPT_MARK_PROBE | I2CPT_MARK_RESEND;
        break;
    case 'R':
        marks = I2CPT_MARK_RESEND;
        break;
    case 'G':
        marks = I2CPT_MARK_RESEND | I2CPT_MARK_TOOK_FOLLOWS;
        break;
    case 'C':
        marks = I2CPT_MARK_CONTINUE;
        break;
    case 'e':
        marks = I2CPT_MARK_SPLIT;
        break;
    case 'b':
        marks = I2CPT_MARK_RESTART;
        break;
    case 'x':
        marks = I2CPT_MARK_RESTART | I2CPT_MARK_SPLIT;
        break;
    default:
        break;
    }
    transfer(a, marks, step + 2, out);
}

void replay_verdict(struct i2cpt_adapter *a, char *out)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_fault fault;

    ck_assert_msg(!i2cpt_trace_adapter_verdict(a, &v, &fault), "%s",
                  fault.text);
    out += sprintf(out, "%d", (int)v.consumed);
    out += v.remaining == I2CPT_TRACE_UNKNOWN
               ? sprintf(out, "/?")
               : sprintf(out, "/%d", (int)(v.consumed + v.remaining));
    if (v.mismatches) {
        out += sprintf(out, " mismatches=%d", (int)v.mismatches);
    }
    if (v.absent) {
        out += sprintf(out, " absent=%d", (int)v.absent);
    }
    if (v.redacted) {
        out += sprintf(out, " redacted=%d", (int)v.redacted);
    }
    if (v.split) {
        out += sprintf(out, " split=%d", (int)v.split);
    }
    if (v.joined) {
        out += sprintf(out, " joined=%d", (int)v.joined);
    }
    if (v.next_line) {
        sprintf(out, " next=%d", (int)v.next_line);
    }
    ck_assert_int_eq(!v.mismatches, !v.text[0]);
}

/* --------------------------------------------------------------- scenarios */

char *replay_write(const char *lines)
{
    GString *text = g_string_new("i2cpt-trace 1\n");
    gchar **line = g_strsplit(lines, "\n", -1);
    char *path;
    int i, n = 0, fd = g_file_open_tmp("i2cpt-XXXXXX.i2ct", &path, NULL);

    ck_assert_int_ge(fd, 0);
    close(fd);
    for (i = 0; line[i] && *line[i]; i++) {
        if (g_str_has_prefix(line[i], "restarts: ")) {
            g_string_append_printf(text, "%s\n", line[i]);
        } else {
            g_string_append_printf(text, "%d.5 +0.000100 %s\n", n++, line[i]);
        }
    }
    g_string_append_printf(text, "end %d\n", n);
    ck_assert(g_file_set_contents(path, text->str, -1, NULL));
    g_strfreev(line);
    g_string_free(text, TRUE);
    return path;
}

void replay_drop(char *path)
{
    g_unlink(path);
    g_free(path);
}

struct i2cpt_adapter *replay_open(const char *path, const char *keys)
{
    char *spec = g_strdup_printf("trace,file=%s,%s", path, keys);
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_msg(!i2cpt_adapter_open(spec, &a, &fault), "%s: %s", spec,
                  fault.text);
    g_free(spec);
    return a;
}

void replay_scenario(const struct replay_scenario *s)
{
    char *path = replay_write(s->lines), out[256];
    struct i2cpt_adapter *a = replay_open(path, s->keys);
    int i;

    for (i = 0; i < REPLAY_STEPS && s->steps[i][0]; i++) {
        replay_step(a, s->steps[i][0], out);
        ck_assert_msg(!strcmp(out, s->steps[i][1]),
                      "%s: step %d, %s: expected %s, got %s", s->name, i,
                      s->steps[i][0], s->steps[i][1], out);
    }
    replay_verdict(a, out);
    ck_assert_msg(!strcmp(out, s->verdict), "%s: expected %s, got %s", s->name,
                  s->verdict, out);
    i2cpt_adapter_unref(a);
    replay_drop(path);
}
