/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events on a bus put together to transfers, whatever file they come from. */
#include "importers/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "importers/import-irqs.h"

#define TOTAL_MAX (4u * I2CPT_MSG_MAX) /* bytes of a transfer: of a line */

/*
 * What comes next:
 *
 *   IDLE     START -> ADDRESS; the rest began before the capture
 *   ADDRESS  an address -> ACK; START again; STOP -> IDLE
 *   ACK      ACK or NACK -> BYTES; not known which -> UNKNOWN
 *   BYTES    a byte -> ACK; START -> ADDRESS; STOP -> IDLE
 *   UNKNOWN  STOP -> IDLE; anything else -> LOST
 *   LOST     STOP -> IDLE
 */
enum state { IDLE, ADDRESS, ACK, BYTES, UNKNOWN, LOST };

struct import_wire {
    struct convert *convert;
    struct import_clock clock;
    struct import_irqs irqs;
    enum state state;
    int64_t begin_ns;
    struct i2cpt_trace_msg *msgs;
    size_t *starts; /* of each message's bytes */
    uint32_t n;
    uint8_t *bytes;
    size_t len, cap;
    bool low_next; /* the other eight bits of a 10-bit address */
    bool refused;  /* the last of all was a NACK to what was written */
    bool low_was;  /* it was those eight bits */
    bool nack;     /* of the last byte read */
    uint64_t stray, empty, split, ignored, acked, gone_on, unfinished, lost;
};

struct import_wire *import_wire_new(struct convert *c)
{
    struct import_wire *w = calloc(1, sizeof(*w));

    if (!w) {
        return NULL;
    }
    w->convert = c;
    w->irqs = (struct import_irqs){.convert = c, .clock = &w->clock};
    w->msgs = calloc(I2CPT_TRANSFER_MAX, sizeof(w->msgs[0]));
    w->starts = calloc(I2CPT_TRANSFER_MAX, sizeof(w->starts[0]));
    if (!w->msgs || !w->starts) {
        import_wire_free(w);
        return NULL;
    }
    return w;
}

void import_wire_free(struct import_wire *w)
{
    if (w) {
        import_irqs_clear(&w->irqs);
        free(w->bytes);
        free(w->starts);
        free(w->msgs);
        free(w);
    }
}

static struct i2cpt_trace_msg *last(struct import_wire *w)
{
    return &w->msgs[w->n - 1];
}

static bool is_read(const struct i2cpt_trace_msg *m)
{
    return m->flags & I2CPT_M_RD;
}

/* ----------------------------------------------------------------- writing */

static void fill_fault(struct import_wire *w, struct i2cpt_trace_transfer *t)
{
    bool address = !last(w)->n_bytes;

    t->code = address ? ENXIO : EIO;
    t->phase = address ? I2CPT_PHASE_ADDRESS : I2CPT_PHASE_DATA;
    t->fault_msg = (int32_t)w->n - 1;
    t->fault_byte = address ? -1 : (int32_t)last(w)->n_bytes - 1;
}

static int emit(struct import_wire *w, int64_t end_ns, const char **why,
                struct i2cpt_fault *fault)
{
    struct i2cpt_trace_line line = {
        .size = sizeof(line),
        .kind = I2CPT_TRACE_TRANSFER,
        .transfer = {.bus = -1, .fault_msg = -1, .fault_byte = -1},
    };

    if (!w->n) {
        w->empty++;
        return import_irqs_flush(&w->irqs, why, fault);
    }
    if (import_stamp(&w->clock, w->begin_ns, &line.stamp_ns, why) ||
        import_span(w->begin_ns, end_ns, &line.transfer.duration_ns, why)) {
        return -EINVAL;
    }
    for (uint32_t i = 0; i < w->n; i++) {
        w->msgs[i].len = w->msgs[i].n_bytes;
        w->msgs[i].bytes = w->msgs[i].len ? w->bytes + w->starts[i] : NULL;
    }
    line.transfer.n = w->n;
    line.transfer.msgs = w->msgs;
    if (w->refused) {
        fill_fault(w, &line.transfer);
    }
    int rc = w->convert->line(w->convert->user, &line, fault);
    return rc ? rc : import_irqs_flush(&w->irqs, why, fault);
}

/* ------------------------------------------------------------------ events */

static void begin(struct import_wire *w, int64_t at_ns)
{
    w->begin_ns = at_ns;
    w->n = 0;
    w->len = 0;
    w->refused = false;
}

static void end_message(struct import_wire *w)
{
    if (w->n && is_read(last(w)) && last(w)->n_bytes && !w->nack) {
        w->acked++;
    }
    w->low_next = false;
}

static int on_start(struct import_wire *w, const struct import_event *e,
                    const char **why, struct i2cpt_fault *fault)
{
    int rc = 0;

    if (w->state == IDLE) {
        begin(w, e->at_ns);
    } else if (w->state == ACK) {
        *why = "a START where ACK or NACK is due";
        return -EINVAL;
    } else if (w->refused) {
        w->split++;
        rc = emit(w, e->at_ns, why, fault);
        begin(w, e->at_ns);
    }
    end_message(w);
    w->state = ADDRESS;
    return rc;
}

static int on_stop(struct import_wire *w, const struct import_event *e,
                   const char **why, struct i2cpt_fault *fault)
{
    if (w->state == IDLE) {
        w->stray++;
        return 0;
    }
    if (w->state == ACK) {
        *why = "a STOP where ACK or NACK is due";
        return -EINVAL;
    }
    end_message(w);
    w->state = IDLE;
    return emit(w, e->at_ns, why, fault);
}

/* A read from the 10-bit address that was addressed before it. */
static bool reads_ten(struct import_wire *w, const struct import_event *e)
{
    const struct i2cpt_trace_msg *before = w->n ? last(w) : NULL;

    return e->read && before && before->flags & I2CPT_M_TEN &&
           e->value == (0x78 | before->addr >> 8);
}

static int on_address(struct import_wire *w, const struct import_event *e,
                      const char **why)
{
    struct i2cpt_trace_msg m = {.addr = e->value,
                                .flags = e->read ? I2CPT_M_RD : 0};

    if (w->state != ADDRESS) {
        *why = "an address without a START";
        return -EINVAL;
    }
    if (reads_ten(w, e)) {
        m.addr = last(w)->addr;
        m.flags |= I2CPT_M_TEN;
        if (!is_read(last(w)) && !last(w)->n_bytes) {
            w->n--; /* that was no message, only how it is addressed */
        }
    }
    if (w->n == I2CPT_TRANSFER_MAX) {
        *why = "more than 1024 messages in one transfer";
        return -EINVAL;
    }
    w->low_next = !e->read && (e->value & 0x7c) == 0x78;
    w->msgs[w->n] = m;
    w->starts[w->n] = w->len;
    w->n++;
    w->state = ACK;
    return 0;
}

static int keep_byte(struct import_wire *w, uint8_t value, const char **why,
                     struct i2cpt_fault *fault)
{
    if (last(w)->n_bytes == I2CPT_MSG_MAX || w->len == TOTAL_MAX) {
        *why = "more bytes than a trace's message has (1048576), or a transfer";
        return -EINVAL;
    }
    if (w->len == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 256;
        uint8_t *bytes = realloc(w->bytes, cap);
        if (!bytes) {
            return tool_convert_error(fault, ENOMEM,
                                      "no memory for a transfer");
        }
        w->bytes = bytes;
        w->cap = cap;
    }
    w->bytes[w->len++] = value;
    last(w)->n_bytes++;
    return 0;
}

static int on_byte(struct import_wire *w, const struct import_event *e,
                   const char **why, struct i2cpt_fault *fault)
{
    if (w->state != BYTES) {
        *why = w->state == ACK ? "a byte where ACK or NACK is due"
                               : "a byte where the address is due";
        return -EINVAL;
    }
    w->state = ACK;
    w->low_was = w->low_next && !w->refused;
    w->low_next = false;
    if (w->low_was) {
        last(w)->addr = (uint16_t)((last(w)->addr & 3) << 8 | e->value);
        last(w)->flags |= I2CPT_M_TEN;
        return 0;
    }
    if (w->refused) { /* and went on all the same */
        w->ignored++;
        w->refused = false;
        last(w)->flags |= I2CPT_M_IGNORE_NAK;
    } else if (is_read(last(w)) && last(w)->n_bytes && w->nack) {
        w->gone_on++;
    }
    return keep_byte(w, e->value, why, fault);
}

static int on_ack(struct import_wire *w, enum import_kind kind,
                  const char **why)
{
    bool ack = kind == IMPORT_ACK;

    if (w->state != ACK) {
        *why = "an ACK or NACK of nothing";
        return -EINVAL;
    }
    if (kind == IMPORT_UNKNOWN) {
        w->state = UNKNOWN;
        return 0;
    }
    w->state = BYTES;
    w->nack = !ack;
    w->refused = !ack && (!is_read(last(w)) || !last(w)->n_bytes);
    return 0;
}

/* How a transfer went is not known: nothing of it is. */
static int lose(struct import_wire *w, enum import_kind kind, const char **why,
                struct i2cpt_fault *fault)
{
    w->lost += w->state == UNKNOWN;
    w->low_next = false;
    w->state = kind == IMPORT_STOP ? IDLE : LOST;
    return w->state == IDLE ? import_irqs_flush(&w->irqs, why, fault) : 0;
}

int import_wire_event(struct import_wire *w, const struct import_event *e,
                      const char **why, struct i2cpt_fault *fault)
{
    if (w->state == IDLE && e->kind != IMPORT_START) {
        w->stray++;
        return 0;
    }
    if (w->state == UNKNOWN || w->state == LOST) {
        return lose(w, e->kind, why, fault);
    }
    switch (e->kind) {
    case IMPORT_START:
        return on_start(w, e, why, fault);
    case IMPORT_STOP:
        return on_stop(w, e, why, fault);
    case IMPORT_ADDRESS:
        return on_address(w, e, why);
    case IMPORT_BYTE:
        return on_byte(w, e, why, fault);
    default:
        return on_ack(w, e->kind, why);
    }
}

int import_wire_name_lines(struct import_wire *w, struct i2cpt_fault *fault)
{
    return import_irqs_name(&w->irqs, fault);
}

int import_wire_irq(struct import_wire *w, const char *name, bool level,
                    int64_t at_ns, const char **why, struct i2cpt_fault *fault)
{
    const struct import_irq irq = {name, level, at_ns};

    return import_irqs_put(&w->irqs, &irq, w->state != IDLE, why, fault);
}

int import_wire_end(struct import_wire *w, const char **why,
                    struct i2cpt_fault *fault)
{
    struct convert *c = w->convert;
    int rc = 0;

    if (w->state != IDLE && w->state != LOST) {
        w->unfinished++;
        rc = w->n ? emit(w, w->begin_ns, why, fault) : 0;
    }
    w->state = IDLE;
    rc = rc ? rc : import_irqs_flush(&w->irqs, why, fault);
    if (rc) {
        return rc;
    }
    tool_convert_note(c, w->irqs.early, "change",
                      "of lines written before its transfer: more than 4096 "
                      "fell in it");
    tool_convert_note(c, w->stray, "event",
                      "left out: of a transfer that began before the capture");
    tool_convert_note(c, w->empty, "START",
                      "left out: nothing but STOP behind it");
    tool_convert_note(c, w->split, "repeated START",
                      "behind a NACK: each begins a transfer of its own");
    tool_convert_note(c, w->ignored, "NACK",
                      "that did not end its write: it has the flag i");
    tool_convert_note(
        c, w->acked, "read",
        "acknowledged to its last byte, which a trace does not tell");
    tool_convert_note(
        c, w->gone_on, "read",
        "that went on behind a NACK, which a trace does not tell");
    tool_convert_note(c, w->lost, "transfer",
                      "left out: an ACK or NACK of it is not in the capture");
    tool_convert_note(c, w->unfinished, "transfer",
                      "without STOP: the capture ends in it");
    return 0;
}
