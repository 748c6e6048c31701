/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcap with link type 209 (LINKTYPE_I2C_LINUX), one packet a message, stamps in
 * nanoseconds. A packet: a byte with the bus, four with Linux's message flags
 * (big-endian), the address with R/W, the data.
 * Sources: www.tcpdump.org/linktypes.html, draft-ietf-opsawg-pcap.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/convert.h"
#include "common/output.h"

#define MAGIC_NS 0xa1b23c4du
#define LINKTYPE 209u
#define SNAP_MAX 262144u /* what readers of pcap take */
#define HEAD_MAX 6u
#define BUS_MAX  127 /* the top bit marks an event */

struct pcap {
    FILE *file;
    struct convert *convert;
    uint64_t ten_bit, empty, far_bus, late, cut, faults, marked, events;
};

static void put32(struct pcap *p, uint32_t value)
{
    fwrite(&value, sizeof(value), 1, p->file);
}

static void put_file_header(struct pcap *p)
{
    static const uint16_t version[2] = {2, 4};

    put32(p, MAGIC_NS);
    fwrite(version, sizeof(version), 1, p->file);
    put32(p, 0);
    put32(p, 0);
    put32(p, SNAP_MAX);
    put32(p, LINKTYPE);
}

static void put_packet(struct pcap *p, uint64_t stamp_ns, int32_t bus,
                       const struct i2cpt_trace_msg *m)
{
    uint32_t flags = m->flags;
    const uint8_t head[HEAD_MAX] = {
        (uint8_t)bus,
        0,
        0,
        (uint8_t)(flags >> 8),
        (uint8_t)flags,
        (uint8_t)(m->addr << 1 | !!(flags & I2CPT_M_RD)),
    };
    uint32_t n =
        m->n_bytes < SNAP_MAX - HEAD_MAX ? m->n_bytes : SNAP_MAX - HEAD_MAX;

    p->cut += n < m->n_bytes;
    put32(p, (uint32_t)(stamp_ns / 1000000000));
    put32(p, (uint32_t)(stamp_ns % 1000000000));
    put32(p, HEAD_MAX + n);
    put32(p, HEAD_MAX + m->n_bytes);
    fwrite(head, HEAD_MAX, 1, p->file);
    fwrite(m->bytes, 1, n, p->file);
}

static void put_message(struct pcap *p, uint64_t stamp_ns, int32_t bus,
                        const struct i2cpt_trace_msg *m)
{
    if (bus > BUS_MAX) {
        p->far_bus++;
    } else if (stamp_ns / 1000000000 > UINT32_MAX) {
        p->late++;
    } else if (m->flags & I2CPT_M_TEN) {
        p->ten_bit++;
    } else if (!m->n_bytes) {
        p->empty++; /* readers take a packet with no data for malformed */
    } else {
        put_packet(p, stamp_ns, bus < 0 ? 0 : bus, m);
    }
}

static bool is_marked(const struct i2cpt_trace_transfer *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        const struct i2cpt_trace_msg *m = &t->msgs[i];

        for (uint32_t k = 0; m->kinds && k < m->n_bytes; k++) {
            if (m->kinds[k]) {
                return true;
            }
        }
    }
    return t->mark || t->words;
}

static void put_transfer(struct pcap *p, const struct i2cpt_trace_line *line)
{
    const struct i2cpt_trace_transfer *t = &line->transfer;

    for (uint32_t i = 0; i < t->n; i++) {
        /* one after the other, so that readers that sort keep the order */
        put_message(p, line->stamp_ns + t->duration_ns * i / t->n, t->bus,
                    &t->msgs[i]);
    }
    p->faults += t->code != 0;
    p->marked += is_marked(t);
}

static void put_notes(struct pcap *p)
{
    struct convert *c = p->convert;

    tool_convert_note(c, p->ten_bit, "message",
                      "with 10-bit addresses left out: pcap has 7 bits");
    tool_convert_note(c, p->empty, "message",
                      "without data left out: pcap has none such");
    tool_convert_note(c, p->far_bus, "message",
                      "of a bus above 127 left out: pcap has 7 bits");
    tool_convert_note(c, p->late, "message",
                      "later than 4294967295 s left out: pcap has 32 bits");
    tool_convert_note(c, p->cut, "message", "cut after 262138 bytes");
    tool_convert_note(c, p->faults, "transfer",
                      "that failed: pcap has no faults and no ACKs");
    tool_convert_note(c, p->marked, "transfer",
                      "with marks (~ ?? %words): pcap has "
                      "the plain bytes, ?? as ff");
    tool_convert_note(c, p->events, "event",
                      "left out (lines that changed, clients)");
}

static int put_all(struct pcap *p, struct i2cpt_trace_reader *reader,
                   struct i2cpt_fault *fault)
{
    const struct i2cpt_trace_line *line;
    int rc;

    put_file_header(p);
    while ((rc = i2cpt_trace_reader_next(reader, &line, fault)) > 0) {
        if (line->kind == I2CPT_TRACE_TRANSFER) {
            put_transfer(p, line);
        }
        p->events += line->kind == I2CPT_TRACE_EVENT;
        if (ferror(p->file)) {
            break;
        }
    }
    return rc < 0 ? rc : 0;
}

static int write_pcap(struct convert *c, struct i2cpt_trace_reader *reader,
                      const char *path, struct i2cpt_fault *fault)
{
    struct pcap p = {.convert = c};

    struct output out;

    int rc = tool_output_open(&out, path, fault);
    if (rc < 0) {
        return rc;
    }
    p.file = out.to;
    rc = put_all(&p, reader, fault);
    rc = tool_output_close(&out, rc, fault);
    if (!rc) {
        put_notes(&p);
    }
    return rc;
}

const struct convert_format export_format_pcap = {
    .name = "pcap",
    .about = "packet capture, link type 209, for tshark and Wireshark",
    .suffix = ".pcap",
    .write = write_pcap,
};
