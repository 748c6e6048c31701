/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of PROGRAM, where owner/no-owner.c has refused before. */
#include "program/program.h"

bool program_redirect_parse(const char *text, enum program_redirect *out)
{
    *out = PROGRAM_AUTO;
    return true;
}

int program_run(struct owner *o, const struct program_options *options,
                char **argv, struct program_report *report)
{
    return PROGRAM_OURS;
}

void program_report_clear(struct program_report *r)
{
}
