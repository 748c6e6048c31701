/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between import-vcd-header.c, which finds the wires, and import-vcd.c, which
 * reads their edges. */
#ifndef IMPORT_VCD_H
#define IMPORT_VCD_H

#include "importers/import-vcd-lines.h"
#include "importers/import.h"

/* One of the two: a wire, or a bit of a vector. */
struct vcd_wire {
    char id[VCD_ID_MAX + 1];
    uint64_t bit; /* from the right */
    bool of_line; /* --line means it too */
    char next;    /* its digit in the value that is being read */
    bool level, was;
};

struct vcd_dump {
    struct convert *convert;
    struct text_in *text;
    struct i2cpt_fault *fault;
    struct import_wire *bus;
    const char *at; /* in the line */
    char word[256]; /* the last one; ours are shorter */
    size_t length;  /* of all of it */
    uint64_t hz;    /* 0: no $timescale yet */
    uint64_t time;  /* of the values that are being read */
    bool timed, begun;
    struct vcd_scope scope;
    struct vcd_names names;
    struct vcd_wire scl, sda;
    struct vcd_lines lines;

    /*
     * What the wires are doing. A bit counts when SCL falls behind it, for
     * where SDA moves before that it was none, but the way to a START or STOP.
     */
    bool open;     /* behind a START */
    bool address;  /* the byte is one */
    bool bit;      /* that SCL's rise has shown */
    bool is_bit;   /* there is one, SCL being high */
    unsigned bits; /* of the byte, the ninth is its ACK */
    unsigned byte;
    uint64_t cut, unknown;
};

/* An error where the file is being read. */
int import_vcd_bad(const struct vcd_dump *d, const char *what);
/* The next word of the file, which may be lines away; 1, 0 at the end. */
int import_vcd_next_word(struct vcd_dump *d);
/* Up to `$end`, as the above. */
int import_vcd_skip_to_end(struct vcd_dump *d);

/* Up to `$enddefinitions`: 0, and all wires are known. */
int import_vcd_header(struct vcd_dump *d);

#endif
