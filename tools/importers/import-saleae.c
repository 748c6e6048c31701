/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The I2C tables that Saleae's Logic exports as CSV. Logic 1 has a row a byte:
 *
 *     Time [s],Packet ID,Address,Data,Read/Write,ACK/NAK
 *     0.000135750000000,0,0x90,0x00,Write,ACK
 *
 * with no START or STOP, and rows only where there were data. Logic 2 has a row
 * for each event, in columns of any order:
 *
 *     name,type,start_time,duration,"ack","address","read","data"
 *     "I2C","address",0.000021,8.8e-05,true,0x48,false,
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "importers/import.h"
#include "common/text-in.h"

#define FIELDS_MAX      64
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* as Windows writes it */

enum column {
    TIME, /* start_time */
    ADDRESS,
    DATA,
    DIRECTION, /* Read/Write, or `read` */
    RECEIPT,   /* ACK/NAK, or `ack` */
    PACKET,    /* Logic 1 only */
    NAME,      /* Logic 2 only, and so on */
    TYPE,
    N_COLUMNS,
};

static const char *const logic1_columns[N_COLUMNS] = {
    [TIME] = "Time [s]", [PACKET] = "Packet ID",     [ADDRESS] = "Address",
    [DATA] = "Data",     [DIRECTION] = "Read/Write", [RECEIPT] = "ACK/NAK",
};
static const char *const logic2_columns[N_COLUMNS] = {
    [TIME] = "start_time", [NAME] = "name", [TYPE] = "type",
    [ADDRESS] = "address", [DATA] = "data", [DIRECTION] = "read",
    [RECEIPT] = "ack",
};

struct table {
    struct convert *convert;
    struct text_in text;
    struct import_wire *wire;
    struct i2cpt_fault *fault;
    bool logic2;
    unsigned where[N_COLUMNS]; /* of each column, its field */
    char *fields[FIELDS_MAX];
    unsigned n_fields;
    char *name; /* Logic 2: the analyzer whose rows are taken */
    uint64_t others;
    /* Logic 1: the message that is going on */
    char *packet;
    unsigned addr; /* 7 bits; of the message before, too */
    bool read, open;
    bool fresh;   /* nothing is said of the ACK of its address */
    bool missing; /* the ninth bit of its last byte */
    int64_t last_ns;
    uint64_t apart;
    bool wide; /* an address needs all eight bits */
    /* What the whole table says, where it can be read twice. Logic 2 has this
     * form too, with one Packet ID for everything. */
    bool one_id;      /* for what are several messages */
    bool above;       /* an address above 0x7f */
    bool narrow;      /* one whose last bit is not R/W */
    int64_t shortest; /* from byte to byte; 0: not known */
    uint64_t by_pause;
};

static const char *field(const struct table *t, enum column c)
{
    return t->fields[t->where[c]];
}

#define bad(t, c, ...) \
    tool_text_error(&(t)->text, field((t), (c)), (t)->fault, __VA_ARGS__)

/* --------------------------------------------------------------------- rows */

/* Take a field off *at, undo its quotes, go behind the comma. */
static int cut_field(struct table *t, char **at)
{
    char *p = *at, *to = *at;
    bool quoted = *p == '"', closed = false;

    if (t->n_fields == FIELDS_MAX) {
        return tool_text_error(&t->text, p, t->fault, "more than %u columns",
                               FIELDS_MAX);
    }
    t->fields[t->n_fields++] = p;
    for (p += quoted; *p && (quoted || *p != ','); p++) {
        if (quoted && *p == '"' && *++p != '"') {
            closed = true;
            break;
        }
        *to++ = *p;
    }
    if (quoted && !closed) {
        return tool_text_error(&t->text, p, t->fault, "the quotes do not end");
    }
    if (*p && *p != ',') {
        return tool_text_error(&t->text, p, t->fault,
                               "'%c' behind quotes; accepted is a comma", *p);
    }
    bool more = *p;
    *to = 0;
    *at = more ? p + 1 : NULL;
    return 0;
}

/* The next row that is not empty; 1, 0 at the end. */
static int next_row(struct table *t)
{
    int rc;

    do {
        rc = tool_text_next(&t->text, t->fault);
        if (rc < 1) {
            return rc;
        }
    } while (!t->text.buf[0]);
    t->n_fields = 0;
    char *at = t->text.buf;
    if (t->text.line == 1 && !strncmp(at, BYTE_ORDER_MARK, 3)) {
        at += 3;
    }
    while (at && rc > 0) {
        rc = cut_field(t, &at);
        rc = rc ? rc : 1;
    }
    return rc;
}

static bool find_columns(struct table *t, const char *const names[N_COLUMNS])
{
    for (unsigned c = 0; c < N_COLUMNS; c++) {
        unsigned i = 0;
        while (names[c] && i < t->n_fields && strcmp(t->fields[i], names[c])) {
            i++;
        }
        if (names[c] && i == t->n_fields) {
            return false;
        }
        t->where[c] = names[c] ? i : 0;
    }
    return true;
}

static int read_header(struct table *t)
{
    int rc = next_row(t);

    if (rc < 0) {
        return rc;
    }
    if (rc && find_columns(t, logic1_columns)) {
        return 0;
    }
    t->logic2 = rc && find_columns(t, logic2_columns);
    return t->logic2 ? 0
                     : tool_convert_error(
                           t->fault, EINVAL,
                           "%s:1:1: no table of Saleae; accepted is "
                           "Time [s],Packet ID,Address,Data,Read/Write,"
                           "ACK/NAK or name,type,start_time,duration,ack,"
                           "address,read,data",
                           t->text.name);
}

/* ------------------------------------------------------------------- values */

static int number(struct table *t, enum column c, unsigned *value)
{
    const char *p = field(t, c);
    uint64_t v;

    if (!tool_text_any_number(&p, false, 255, &v) || *p) {
        return bad(t, c,
                   "'%.20s' is no byte; accepted is 0x00 to 0xff or 0b... "
                   "(export with hexadecimal display)",
                   field(t, c));
    }
    *value = (unsigned)v;
    return 0;
}

static int choice(struct table *t, enum column c, const char *yes,
                  const char *no, bool *value)
{
    *value = !strcasecmp(field(t, c), yes);
    return *value || !strcasecmp(field(t, c), no)
               ? 0
               : bad(t, c, "'%.20s'; accepted is %s or %s", field(t, c), yes,
                     no);
}

static int seconds(struct table *t, int64_t *ns)
{
    const char *p = field(t, TIME);

    return tool_text_seconds(&p, ns) && !*p
               ? 0
               : bad(t, TIME, "'%.40s' is no time; accepted is seconds as 0.25",
                     field(t, TIME));
}

static int event(struct table *t, enum column c, struct import_event e)
{
    const char *why = NULL;
    int rc = import_wire_event(t->wire, &e, &why, t->fault);

    return rc && why ? bad(t, c, "%s", why) : rc;
}

/* ------------------------------------------------------------------- Logic 2
 */

/* An empty one is a byte whose ninth bit is not in the capture. */
static int receipt(struct table *t)
{
    bool ack;

    if (!*field(t, RECEIPT)) {
        return event(t, RECEIPT, (struct import_event){.kind = IMPORT_UNKNOWN});
    }
    int rc = choice(t, RECEIPT, "true", "false", &ack);
    return rc ? rc
              : event(t, RECEIPT,
                      (struct import_event){.kind = ack ? IMPORT_ACK
                                                        : IMPORT_NACK});
}

static int address_row(struct table *t)
{
    struct import_event e = {.kind = IMPORT_ADDRESS};
    unsigned value;

    int rc = number(t, ADDRESS, &value);
    if (!rc && value > 0x7f) {
        return bad(t, ADDRESS, "address 0x%02x; accepted is 0x00 to 0x7f",
                   value);
    }
    rc = rc ? rc : choice(t, DIRECTION, "true", "false", &e.read);
    e.value = rc ? 0 : (uint8_t)value;
    rc = rc ? rc : event(t, ADDRESS, e);
    return rc ? rc : receipt(t);
}

static int data_row(struct table *t)
{
    unsigned value;

    int rc = number(t, DATA, &value);
    rc = rc ? rc
            : event(t, DATA,
                    (struct import_event){.kind = IMPORT_BYTE,
                                          .value = (uint8_t)value});
    return rc ? rc : receipt(t);
}

/* Rows of other analyzers may be among them. */
static bool is_ours(struct table *t, const char *type)
{
    if (!t->name && strcmp(type, "data")) {
        t->name = strdup(field(t, NAME));
    }
    return t->name && !strcmp(t->name, field(t, NAME));
}

static int logic2_row(struct table *t)
{
    const char *type = field(t, TYPE);
    bool start = !strcmp(type, "start"), stop = !strcmp(type, "stop");
    bool address = !strcmp(type, "address"), data = !strcmp(type, "data");
    struct import_event e = {.kind = start ? IMPORT_START : IMPORT_STOP};

    if (!(t->name || start || stop || address) || !is_ours(t, type)) {
        t->others++;
        return 0;
    }
    if (address) {
        return address_row(t);
    }
    if (data) {
        return data_row(t);
    }
    if (!start && !stop) {
        return bad(t, TYPE,
                   "type '%.20s'; accepted is start, address, data or stop",
                   type);
    }
    int rc = seconds(t, &e.at_ns);
    return rc ? rc : event(t, TIME, e);
}

/* ------------------------------------------------------------------- Logic 1
 */

static int parse_address(struct table *t, bool read, unsigned *addr)
{
    unsigned value, bits = t->convert->options.address_bits;

    int rc = number(t, ADDRESS, &value);
    if (rc) {
        return rc;
    }
    if (!bits) {
        bits = !t->above && (t->narrow || t->one_id) ? 7 : 0;
    }
    if (bits == 7) {
        *addr = value;
        return value <= 0x7f ? 0
                             : bad(t, ADDRESS,
                                   "address 0x%02x; accepted with 7 bits is "
                                   "0x00 to 0x7f",
                                   value);
    }
    if ((value & 1) != read && (bits != 8 || value & 1)) {
        return bad(t, ADDRESS,
                   "address 0x%02x of a %s: the last bit of 8 is R/W; "
                   "--address-bits 7 if these have 7%s",
                   value, read ? "Read" : "Write",
                   read ? ", 8 if R/W is always 0" : "");
    }
    t->wide |= value > 0x7f || bits;
    *addr = value >> 1;
    return 0;
}

static int end_message(struct table *t)
{
    return t->open ? event(t, TIME,
                           (struct import_event){.kind = IMPORT_STOP,
                                                 .at_ns = t->last_ns})
                   : 0;
}

/* A byte follows another in as long as it takes, and behind STOP and START
 * there is an address before the next one. */
static bool is_pause(const struct table *t, int64_t at)
{
    return t->shortest && (at - t->last_ns) / 7 > t->shortest / 4;
}

/* A START and an address, where this row does not belong to the one before. */
static int begin_message(struct table *t, unsigned addr, bool read, int64_t at)
{
    bool pair = t->open && !t->read && read && addr == t->addr;
    int rc = 0;

    bool paused = t->one_id && t->open && is_pause(t, at);

    if (t->open && read == t->read && addr == t->addr &&
        !strcmp(t->packet, field(t, PACKET)) && !paused) {
        return 0;
    }
    t->by_pause += paused;
    t->apart += pair;
    if (!pair || !t->convert->options.join) {
        rc = end_message(t);
    }
    free(t->packet);
    t->packet = strdup(field(t, PACKET));
    t->addr = addr;
    t->read = read;
    t->open = t->fresh = true;
    rc = rc ? rc
            : event(t, TIME,
                    (struct import_event){.kind = IMPORT_START, .at_ns = at});
    rc = rc ? rc
            : event(t, ADDRESS,
                    (struct import_event){.kind = IMPORT_ADDRESS,
                                          .read = read,
                                          .value = (uint8_t)addr});
    return rc;
}

/* "Missing ACK/NAK" is a byte whose ninth bit is not in the capture. */
static int put_receipt(struct table *t)
{
    struct import_event e = {.kind = IMPORT_ACK};
    bool ack;

    t->missing = !strncmp(field(t, RECEIPT), "Missing", strlen("Missing"));
    if (t->missing) {
        e.kind = IMPORT_UNKNOWN;
        return event(t, RECEIPT, e);
    }
    int rc = choice(t, RECEIPT, "ACK", "NAK", &ack);
    e.kind = ack ? IMPORT_ACK : IMPORT_NACK;
    return rc ? rc : event(t, RECEIPT, e);
}

static int logic1_row(struct table *t)
{
    static const struct import_event taken = {.kind = IMPORT_ACK};
    unsigned addr = 0, value = 0;
    int64_t at_ns;
    bool read = false;

    int rc = seconds(t, &at_ns);
    rc = rc ? rc : choice(t, DIRECTION, "Read", "Write", &read);
    rc = rc ? rc : parse_address(t, read, &addr);
    bool data = !rc && *field(t, DATA);
    rc = rc || !data ? rc : number(t, DATA, &value);
    rc = rc ? rc : begin_message(t, addr, read, at_ns);
    t->last_ns = rc ? t->last_ns : at_ns;
    if (!rc && data && t->fresh) {
        rc = event(t, ADDRESS, taken); /* or there would be no data */
    }
    t->fresh = false;
    if (!rc && data) {
        rc = event(t, DATA,
                   (struct import_event){.kind = IMPORT_BYTE,
                                         .value = (uint8_t)value});
    }
    return rc ? rc : put_receipt(t);
}

static void note_logic1(struct table *t)
{
    struct convert *c = t->convert;

    if (!c->options.join) {
        tool_convert_note(
            c, t->apart, "read",
            "kept apart from the write before it: Logic 1 does not "
            "tell repeated STARTs (--join joins them)");
    }
    if (t->one_id) {
        c->note(c, "one Packet ID for all transfers: they are told apart by "
                   "address, direction and pauses of most of a byte");
    }
    if (t->open && !c->options.address_bits && !t->above &&
        (t->narrow || t->one_id)) {
        c->note(c, "addresses taken as 7 bits; --address-bits 8 if they have "
                   "8");
    } else if (t->open && !t->wide && c->options.address_bits != 7) {
        c->note(c, "addresses taken as 8 bits with R/W, as Logic 1 "
                   "exports them; --address-bits 7 if they have 7");
    }
}

/* ------------------------------------------------------------------ the file
 */

struct scan {
    bool some, read;
    bool ids;     /* more than one */
    bool several; /* messages */
    char packet[64];
    uint64_t address;
    int64_t ns, longest;
};

/* One row of the first reading; what is wrong in it is said in the second. */
static void scan_row(struct table *t, struct scan *s)
{
    const char *at = field(t, TIME), *address = field(t, ADDRESS);
    bool read = !strcasecmp(field(t, DIRECTION), "Read");
    uint64_t value;
    int64_t ns;

    if (!tool_text_seconds(&at, &ns) ||
        !tool_text_any_number(&address, false, 255, &value)) {
        return;
    }
    t->above |= value > 0x7f;
    t->narrow |= (value & 1) != read;
    if (s->some) {
        int64_t step = ns - s->ns;

        s->ids |= strcmp(s->packet, field(t, PACKET)) != 0;
        if (value == s->address && read == s->read) {
            s->longest = step > s->longest ? step : s->longest;
            t->shortest = step > 0 && (!t->shortest || step < t->shortest)
                              ? step
                              : t->shortest;
        } else {
            s->several = true;
        }
    } else {
        snprintf(s->packet, sizeof(s->packet), "%s", field(t, PACKET));
    }
    s->some = true;
    s->address = value;
    s->read = read;
    s->ns = ns;
}

/* All of the table once, and back to behind its first line; a pipe is read once
 * only. */
static int scan(struct table *t, unsigned most)
{
    struct scan s = {.some = false};
    long place = ftell(t->text.file);
    uint64_t line = t->text.line;
    int rc = 0;

    if (place < 0) {
        return 0;
    }
    while ((rc = next_row(t)) > 0) {
        if (t->n_fields > most) {
            scan_row(t, &s);
        }
    }
    if (fseek(t->text.file, place, SEEK_SET)) {
        return tool_convert_error(t->fault, errno, "%s: %s", t->text.name,
                                  strerror(errno));
    }
    clearerr(t->text.file);
    t->text.line = line;
    t->one_id =
        s.some && !s.ids && (s.several || s.longest / 7 > t->shortest / 4);
    return 0; /* what was wrong comes again */
}

static int read_rows(struct table *t)
{
    unsigned most = 0;
    int rc = read_header(t);

    for (unsigned c = 0; c < N_COLUMNS; c++) {
        most = t->where[c] > most ? t->where[c] : most;
    }
    rc = rc || t->logic2 ? rc : scan(t, most);
    while (!rc && (rc = next_row(t)) > 0) {
        if (t->n_fields <= most) {
            return tool_text_error(
                &t->text, t->text.buf, t->fault,
                "%u columns; the first line has more than %u", t->n_fields,
                most);
        }
        rc = t->logic2 ? logic2_row(t) : logic1_row(t);
    }
    if (!rc && !t->missing) {
        rc = end_message(t);
    }
    const char *why = NULL;
    rc = rc ? rc : import_wire_end(t->wire, &why, t->fault);
    return why ? tool_text_error(&t->text, t->text.buf, t->fault, "%s", why)
               : rc;
}

int import_saleae(struct convert *c, struct text_in *text,
                  struct i2cpt_fault *fault)
{
    struct table t = {.convert = c, .text = *text, .fault = fault};
    int rc = -ENOMEM;

    t.name = c->options.name ? strdup(c->options.name) : NULL;
    t.wire = import_wire_new(c);
    if (t.wire) {
        rc = read_rows(&t);
    }
    if (!rc) {
        tool_convert_note(c, t.others, "row", "of other analyzers left out");
        note_logic1(&t);
    }
    import_wire_free(t.wire);
    free(t.packet);
    free(t.name);
    *text = t.text;
    return rc;
}

static bool is_saleae(const char *head)
{
    head += !strncmp(head, BYTE_ORDER_MARK, 3) ? 3 : 0;
    return !strncmp(head, "Time [s],Packet ID,Address", 26) ||
           !strncmp(head, "name,type,start_time", 20) ||
           !strncmp(head, "\"name\",\"type\",\"start_time\"", 26);
}

const struct convert_format import_format_saleae = {
    .name = "saleae",
    .about = "I2C tables that Saleae's Logic 1 and 2 export",
    .suffix = ".csv",
    .probe = is_saleae,
    .looks_for = "rows of an I2C table with an address",
    .import = import_saleae,
};
