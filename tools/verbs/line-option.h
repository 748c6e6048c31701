/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --line of `convert`. */
#ifndef LINE_OPTION_H
#define LINE_OPTION_H

#include "common/convert.h"
#include "common/tool.h"

/* NAME, NAME=SIGNAL, or NAME.active-low=on|off: what an adapter's keys have
 * behind `line.`. Ends the program with TOOL_USAGE where it is none. */
void verb_line_option(const struct verb *verb, struct convert_options *o,
                      const char *text);

#endif
