/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two lines during a transfer, drawn with characters. */
#ifndef WAVE_H
#define WAVE_H

#include <stdbool.h>
#include <stdio.h>

#include "i2cpt-trace.h"

#define WAVE_WIDTH_MIN 40
#define WAVE_WIDTH_MAX 1000

struct wave_style {
    unsigned width; /* columns */
    bool utf8;      /* box characters; else / \ and _ */
};

/* What the terminal has: its width (else COLUMNS, else 80), its locale. */
void verb_wave_style_of_terminal(struct wave_style *style);
void verb_wave_draw(FILE *to, const struct wave_style *style,
                    const struct i2cpt_trace_line *line, uint64_t number);

#endif
