/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input lines among the signals of a value change dump: those that --line
 * names. */
#ifndef IMPORT_VCD_LINES_H
#define IMPORT_VCD_LINES_H

#include "importers/import-vcd-var.h"
#include "importers/import.h"

struct vcd_line {
    char id[VCD_ID_MAX + 1]; /* empty: not found yet */
    uint64_t bit;
    char path[sizeof(((struct vcd_var *)0)->path)];
    uint64_t bits, low; /* of a signal of several, which no bit of was chosen */
    char next;          /* its digit in the value that is being read */
    char value;         /* at this time, so far */
    bool changed;       /* at this time: it is in `order` */
    bool level;         /* 1 is active */
};

struct vcd_lines {
    const struct convert_options *options;
    struct vcd_line lines[CONVERT_LINES_MAX];
    uint8_t order[CONVERT_LINES_MAX]; /* those that this time has a value of */
    unsigned n_order;
    bool begun;
    uint64_t unknown;
};

/* Whether it is, or has, one of them: then it is not SCL by its name alone. */
bool import_vcd_lines_mean(const struct vcd_lines *l, const struct vcd_var *v);
/* A `$var`: NULL, or what is wrong with it, in `why`. */
#define VCD_LINES_WHY (2 * VCD_SCOPE_MAX)
const char *import_vcd_lines_var(struct vcd_lines *l, const struct vcd_var *v,
                                 char why[VCD_LINES_WHY]);
/* All that are asked for are there, and none is this wire of the bus; or the
 * error of `file`. */
int import_vcd_lines_found(const struct vcd_lines *l, const char *file,
                           const struct vcd_names *names,
                           struct i2cpt_fault *fault);
int import_vcd_lines_other(const struct vcd_lines *l, const char *file,
                           const char *id, uint64_t bit, const char *wire,
                           struct i2cpt_fault *fault);

/* A value, and then whose it is. */
void import_vcd_lines_digits(struct vcd_lines *l, const char *digits, size_t n);
void import_vcd_lines_value(struct vcd_lines *l, const char *id);
/* All values of a time are known: those that are changes go to the bus, the
 * first ones as the levels that it begins with, and the header before them. As
 * import_wire_event(). */
int import_vcd_lines_settle(struct vcd_lines *l, struct import_wire *bus,
                            int64_t at_ns, const char **why,
                            struct i2cpt_fault *fault);

#endif
