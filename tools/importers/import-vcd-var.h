/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals of a value change dump: what a `$var` declares, and which of them a
 * person means. */
#ifndef IMPORT_VCD_VAR_H
#define IMPORT_VCD_VAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VCD_NAME_MAX  100
#define VCD_ID_MAX    31  /* bytes of an identifier code; two are usual */
#define VCD_SCOPE_MAX 511 /* names of scopes, one inside the other */

/* The scopes that a `$var` stands in. */
struct vcd_scope {
    char path[VCD_SCOPE_MAX + 1]; /* "top.dut." */
    uint16_t ends[64];            /* of `path` where each began */
    unsigned depth;
    unsigned beyond; /* more than fit: what is in them has no scope */
};

void import_vcd_scope_enter(struct vcd_scope *s, const char *name);
void import_vcd_scope_leave(struct vcd_scope *s);

/* SCOPE TYPE SIZE ID NAME [RANGE]. */
struct vcd_var {
    uint64_t size, low; /* bits, and the number of the last one */
    char id[VCD_ID_MAX + 1], name[VCD_NAME_MAX + 1];
    bool fits; /* ID and NAME were short enough */
    char range[64];
    char path[VCD_SCOPE_MAX + VCD_NAME_MAX + 1]; /* "top.dut.NAME" */
};

/* Where the name is known: its range, which may be glued to it, and its path.
 */
void import_vcd_var_finish(struct vcd_var *v, const struct vcd_scope *scope);

enum vcd_match { VCD_OTHER, VCD_BIT, VCD_SEVERAL_BITS };
/* Whether `asked` names a bit of it, and which from the right; "NAME",
 * "NAME[5]", "dut.NAME", "top.dut.NAME[5]"; or all of its several bits. */
enum vcd_match import_vcd_var_match(const struct vcd_var *v, const char *asked,
                                    uint64_t *bit);

/* Digit `bit` from the right of a vector's value; what is left out on the left
 * is 0 for 0 and 1. */
char import_vcd_digit(const char *digits, size_t n, uint64_t bit);
/* What is released is pulled up. */
enum vcd_level { VCD_LOW, VCD_HIGH, VCD_UNKNOWN };
enum vcd_level import_vcd_level(char value);

/* What there is, for a person: the first names, and how many others. */
struct vcd_names {
    char text[600];
    unsigned left_out;
};

void import_vcd_names_add(struct vcd_names *n, const struct vcd_var *v);
/* "SCL, SDA, PORTC[7:0] and 3 more". */
#define VCD_NAMES_TEXT 640
const char *import_vcd_names_text(const struct vcd_names *n,
                                  char text[VCD_NAMES_TEXT]);

#endif
