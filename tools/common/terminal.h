/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output to a terminal: as wide as that is, in colours where it has them. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

enum terminal_colour {
    TERMINAL_AUTO, /* on a terminal, but for NO_COLOR and TERM=dumb */
    TERMINAL_ALWAYS,
    TERMINAL_NEVER,
};

/* Columns of the terminal behind `fd`, else what COLUMNS says, else 0. */
unsigned tool_terminal_columns(int fd);
bool tool_terminal_parse_colour(const char *text, enum terminal_colour *out);
bool tool_terminal_has_colour(int fd, enum terminal_colour wish);

/* What a word is, which says its colour. */
enum terminal_look {
    LOOK_PLAIN,
    LOOK_ADDRESS,
    LOOK_WRITE,
    LOOK_READ,
    LOOK_TEXT,
    LOOK_FAULT,
    LOOK_ASIDE,
};

/* A stream of words. With `width` 0 nothing is wrapped. */
struct terminal {
    FILE *to;
    unsigned width, indent; /* of lines that go on */
    bool colour;
    unsigned column;
};

/* For `to`, which may be a file: that is not wrapped. */
void tool_terminal_init(struct terminal *t, FILE *to,
                        enum terminal_colour wish);
/* One that is not broken, on the next line where it has no room on this one;
 * one of more than a line is broken. A blank at its begin parts it from the one
 * before, and is left out at the begin of a line. */
void tool_terminal_word(struct terminal *t, enum terminal_look look,
                        const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void tool_terminal_end_line(struct terminal *t);

#endif
