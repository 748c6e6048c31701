/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's trace events of i2c and smbus as text, from tracefs or from
 * `trace-cmd report`. TASK-PID [CPU] FLAGS SECONDS: EVENT: and then:
 *
 *     i2c_write:    i2c-1 #0 a=048 f=0000 l=1 [00]
 *     i2c_read:     i2c-1 #1 a=048 f=0001 l=2
 *     i2c_reply:    i2c-1 #1 a=048 f=0001 l=2 [1a-c0]
 *     i2c_result:   i2c-1 n=2 ret=2
 *     smbus_write:  i2c-0 a=050 f=0000 c=21 BYTE_DATA l=1 [12]
 *     smbus_read:   i2c-0 a=050 f=0000 c=20 WORD_DATA
 *     smbus_reply:  i2c-0 a=050 f=0000 c=20 WORD_DATA l=2 [00-12]
 *     smbus_result: i2c-0 a=050 f=0000 c=20 WORD_DATA rd res=0
 *
 * Other events and comments may stand between them.
 */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "importers/import-ftrace.h"
#include "common/text-in.h"

struct ftrace {
    struct text_in *text;
    struct i2cpt_fault *fault;
    struct ftrace_buses *buses;
    uint64_t lost; /* [LOST N EVENTS] */
    uint8_t bytes[FTRACE_DATA_MAX];
};

static const char *const event_names[] = {
    [FTRACE_I2C_WRITE] = "i2c_write:",
    [FTRACE_I2C_READ] = "i2c_read:",
    [FTRACE_I2C_REPLY] = "i2c_reply:",
    [FTRACE_I2C_RESULT] = "i2c_result:",
    [FTRACE_SMBUS_WRITE] = "smbus_write:",
    [FTRACE_SMBUS_READ] = "smbus_read:",
    [FTRACE_SMBUS_REPLY] = "smbus_reply:",
    [FTRACE_SMBUS_RESULT] = "smbus_result:",
};
#define N_EVENTS (sizeof(event_names) / sizeof(event_names[0]))

/* ------------------------------------------------------------------- fields */

/* Goes on with *p where `before` is 0. */
static int number(struct ftrace *f, int before, const char **p,
                  const char *label, unsigned base, uint64_t most,
                  uint64_t *value)
{
    *value = 0;
    if (before) {
        return before;
    }
    tool_text_skip_space(p);
    if (tool_text_take(p, label) && tool_text_number(p, base, most, value) &&
        (*value || (*p)[-1] == '0')) {
        return 0;
    }
    return tool_text_error(f->text, *p, f->fault,
                           base == 16 ? "accepted is %s0 to %llx"
                                      : "accepted is %s0 to %llu",
                           label, (unsigned long long)most);
}

/* "[1a-c0]", at most e->len bytes: the kernel prints no more than 64. */
static int data(struct ftrace *f, const char **p, struct ftrace_event *e)
{
    uint64_t byte;

    tool_text_skip_space(p);
    e->bytes = f->bytes;
    if (!tool_text_take(p, "[")) {
        return tool_text_error(f->text, *p, f->fault,
                               "no data; accepted is as [00-1f]");
    }
    while (!tool_text_take(p, "]")) {
        if (e->n == e->len) {
            return tool_text_error(f->text, *p, f->fault,
                                   "more bytes than l=%u", e->len);
        }
        if ((e->n && !tool_text_take(p, "-")) ||
            !tool_text_number(p, 16, 255, &byte)) {
            return tool_text_error(
                f->text, *p, f->fault,
                "accepted is 00 to ff with - between, and ]");
        }
        f->bytes[e->n++] = (uint8_t)byte;
    }
    return 0;
}

/* As tool_text_take(), where no more of a word follows. */
static bool take_word(const char **p, const char *word)
{
    const char *at = *p;

    if (!tool_text_take(&at, word) || g_ascii_isalnum(*at) || *at == '_') {
        return false;
    }
    *p = at;
    return true;
}

static int take_protocol(struct ftrace *f, const char **p,
                         struct ftrace_event *e)
{
    const struct i2cpt_smbus_protocol_info *protocol;
    g_autoptr(GString) names = g_string_new("I2C_BLOCK_BROKEN");

    tool_text_skip_space(p);
    e->protocol = NULL;
    if (take_word(p, names->str)) {
        return 0;
    }
    for (unsigned i = 0; i < I2CPT_SMBUS_PROTOCOLS; i++) {
        protocol = i2cpt_smbus_protocol(i);
        if (protocol && take_word(p, protocol->name)) {
            e->protocol = protocol;
            return 0;
        }
        if (protocol) {
            g_string_append_printf(names, ", %s", protocol->name);
        }
    }
    return tool_text_error(f->text, *p, f->fault, "'%.20s'; accepted is %s", *p,
                           names->str);
}

static int result(struct ftrace *f, int rc, const char **p, const char *label,
                  struct ftrace_event *e)
{
    uint64_t value;

    if (rc) {
        return rc;
    }
    tool_text_skip_space(p);
    const char *at = *p;
    bool negative = tool_text_take(&at, label) && tool_text_take(&at, "-");
    if (negative) {
        *p = at;
        label = "";
    }
    rc = number(f, 0, p, label, 10, 4095, &value);
    e->result = negative ? -(int32_t)value : (int32_t)value;
    return rc;
}

/* a= and f=, and what hangs on them. */
static int address(struct ftrace *f, int rc, const char **p,
                   struct ftrace_event *e)
{
    uint64_t addr, flags;
    const char *at;

    if (rc) {
        return rc;
    }
    tool_text_skip_space(p);
    at = *p;
    rc = number(f, 0, p, "a=", 16, 0x3ff, &addr);
    rc = number(f, rc, p, "f=", 16, 0xffff, &flags);
    if (!rc && addr > 0x7f && !(flags & I2CPT_M_TEN)) {
        return tool_text_error(
            f->text, at, f->fault,
            "address 0x%x; accepted without TEN in f= is 000 to "
            "07f",
            (unsigned)addr);
    }
    e->addr = (uint16_t)addr;
    e->flags = (uint16_t)flags;
    return rc;
}

static int parse_i2c(struct ftrace *f, const char **p, struct ftrace_event *e)
{
    uint64_t value;
    int rc;

    if (e->kind == FTRACE_I2C_RESULT) {
        rc = number(f, 0, p, "n=", 10, I2CPT_TRANSFER_MAX, &value);
        e->msg = (uint32_t)value;
        return result(f, rc, p, "ret=", e);
    }
    rc = number(f, 0, p, "#", 10, I2CPT_TRANSFER_MAX - 1, &value);
    e->msg = (uint32_t)value;
    rc = address(f, rc, p, e);
    rc = number(f, rc, p, "l=", 10, FTRACE_DATA_MAX - 1, &value);
    e->len = (uint32_t)value;
    return rc || e->kind == FTRACE_I2C_READ ? rc : data(f, p, e);
}

static int parse_smbus(struct ftrace *f, const char **p, struct ftrace_event *e)
{
    uint64_t value;

    int rc = address(f, 0, p, e);
    rc = number(f, rc, p, "c=", 16, 0xff, &value);
    e->command = (uint8_t)value;
    rc = rc ? rc : take_protocol(f, p, e);
    if (rc || e->kind == FTRACE_SMBUS_READ) {
        return rc;
    }
    tool_text_skip_space(p);
    if (e->kind == FTRACE_SMBUS_RESULT) {
        e->read = tool_text_take(p, "rd");
        if (!e->read && !tool_text_take(p, "wr")) {
            return tool_text_error(f->text, *p, f->fault,
                                   "accepted is rd or wr");
        }
        return result(f, 0, p, "res=", e);
    }
    rc = number(f, 0, p, "l=", 10, 34, &value);
    e->len = (uint32_t)value;
    return rc ? rc : data(f, p, e);
}

/* -------------------------------------------------------------------- lines */

/* "SECONDS: " right before `end`. */
static bool find_time(const char *begin, const char *end, int64_t *ns)
{
    const char *p = end;

    while (p > begin && (p[-1] == ' ' || p[-1] == '\t')) {
        p--;
    }
    if (p == begin || p[-1] != ':') {
        return false;
    }
    const char *colon = --p;
    while (p > begin && (p[-1] == '.' || (p[-1] >= '0' && p[-1] <= '9'))) {
        p--;
    }
    return memchr(p, '.', (size_t)(colon - p)) && tool_text_seconds(&p, ns) &&
           p == colon;
}

/* Some event's time stands before `end`. */
static bool has_time(const char *begin, const char *end)
{
    int64_t ns;

    for (const char *p = begin; (p = strchr(p, ':')) && p < end; p++) {
        if (find_time(begin, p + 1, &ns)) {
            return true;
        }
    }
    return false;
}

/* The event of a line: 1 and what stands behind its name; 0: another's. */
static int find_event(const struct ftrace *f, struct ftrace_event *e,
                      const char **behind)
{
    const char *begin = f->text->buf;

    for (size_t i = 0; i < N_EVENTS; i++) {
        const char *at = begin;

        for (; (at = strstr(at, event_names[i])); at++) {
            e->kind = (enum ftrace_kind)i;
            *behind = at + strlen(event_names[i]);
            if (find_time(begin, at, &e->at_ns)) {
                return 1;
            }
            tool_text_skip_space(behind);
            if (tool_text_take(behind, "i2c-") && !has_time(begin, at)) {
                return tool_text_error(
                    f->text, at, f->fault,
                    "no time before it; accepted is seconds as "
                    "9.483527: (not a counter's clock)");
            }
        }
    }
    return 0;
}

/* "CPU:0 [LOST 12 EVENTS]" */
static void count_lost(struct ftrace *f)
{
    const char *p = strstr(f->text->buf, "[LOST ");
    uint64_t n;

    if (p && tool_text_take(&p, "[LOST ") &&
        tool_text_number(&p, 10, UINT32_MAX, &n) &&
        tool_text_take(&p, " EVENTS]")) {
        f->lost += n;
    }
}

static int read_line(struct ftrace *f, uint64_t *events)
{
    struct ftrace_event e = {0};
    const char *why = NULL;
    uint64_t bus;

    if (f->text->buf[0] == '#') {
        return 0;
    }
    const char *p;
    int rc = find_event(f, &e, &p);
    if (rc < 1) {
        count_lost(f);
        return rc;
    }
    ++*events;
    rc = number(f, 0, &p, "i2c-", 10, I2CPT_TRACE_BUS_MAX, &bus);
    e.bus = (int32_t)bus;
    if (!rc) {
        rc = e.kind < FTRACE_SMBUS_WRITE ? parse_i2c(f, &p, &e)
                                         : parse_smbus(f, &p, &e);
    }
    tool_text_skip_space(&p);
    if (!rc && *p) {
        return tool_text_error(f->text, p, f->fault, "'%.20s' behind the end",
                               p);
    }
    rc = rc ? rc : import_ftrace_event(f->buses, &e, &why, f->fault);
    return rc && why
               ? tool_text_error(f->text, f->text->buf, f->fault, "%s", why)
               : rc;
}

static int read_all(struct ftrace *f, struct convert *c)
{
    uint64_t events = 0;
    int rc = 0;

    while (!rc && (rc = tool_text_next(f->text, f->fault)) > 0) {
        rc = read_line(f, &events);
    }
    if (rc) {
        return rc;
    }
    import_ftrace_buses_end(f->buses);
    tool_convert_note(c, f->lost, "event", "lost by the kernel's ring buffer");
    return 0;
}

int import_ftrace(struct convert *c, struct text_in *text,
                  struct i2cpt_fault *fault)
{
    struct ftrace *f = g_try_new0(struct ftrace, 1);
    int rc = -ENOMEM;

    if (f) {
        f->text = text;
        f->fault = fault;
        f->buses = import_ftrace_buses_new(c);
        rc = f->buses ? read_all(f, c) : -ENOMEM;
        import_ftrace_buses_free(f->buses);
    }
    g_free(f);
    return rc;
}

static bool is_ftrace(const char *head)
{
    return strstr(head, "# tracer: ") || strstr(head, ": i2c_") ||
           strstr(head, ": smbus_");
}

const struct convert_format import_format_ftrace = {
    .name = "ftrace",
    .about = "the kernel's i2c and smbus events, from tracefs or trace-cmd",
    .suffix = ".ftrace",
    .probe = is_ftrace,
    .looks_for = "lines with i2c_write:, i2c_read:, i2c_reply:, "
                 "i2c_result: or smbus_...: and their fields, as trace-cmd"
                 " report and /sys/kernel/tracing/trace have them",
    .import = import_ftrace,
};
