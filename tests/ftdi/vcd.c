/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Value change dump (IEEE 1364, 18) of the two lines, a nanosecond a step. */
#include <errno.h>
#include <glib.h>
#include <stdio.h>

#include "wire.h"

static const char ids[WIRE_LINES] = {'c', 'd'};

static void write_edges(FILE *f, const struct wire_edge *edges, size_t n,
                        uint64_t max_gap_ns)
{
    uint64_t at_ns = 0, gap_ns;
    bool level[WIRE_LINES] = {true, true};
    size_t i;

    fputs("#0\n$dumpvars\n1c\n1d\n$end\n", f);
    for (i = 0; i < n; i++) {
        gap_ns = i ? edges[i].at_ns - edges[i - 1].at_ns : max_gap_ns;
        at_ns += MIN(gap_ns, max_gap_ns);
        if (edges[i].level == level[edges[i].line]) {
            continue; /* after wire_forget() with a line low */
        }
        level[edges[i].line] = edges[i].level;
        fprintf(f, "#%" G_GUINT64_FORMAT "\n%d%c\n", at_ns, edges[i].level,
                ids[edges[i].line]);
    }
    fprintf(f, "#%" G_GUINT64_FORMAT "\n", at_ns + max_gap_ns);
}

int wire_write_vcd(const struct wire *w, const char *path, uint64_t max_gap_ns)
{
    size_t n;
    const struct wire_edge *edges = wire_edges(w, &n);
    FILE *f = fopen(path, "we");
    int ret;

    if (!f) {
        return -errno;
    }
    fputs("$timescale 1 ns $end\n$scope module bus $end\n"
          "$var wire 1 c SCL $end\n$var wire 1 d SDA $end\n"
          "$upscope $end\n$enddefinitions $end\n",
          f);
    write_edges(f, edges, n, max_gap_ns);
    ret = ferror(f) ? -EIO : 0;
    return fclose(f) ? -errno : ret;
}
