/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "owner.h"
#include "program.h"
#include "with-program.h"

int record_program(struct buses *buses, const char *output, char **argv)
{
    int ret = buses_open(buses, output), rc;

    if (ret) {
        buses_free(buses);
        return PROGRAM_OURS;
    }
    ret = program_run(buses_owner(buses), argv);
    rc = i2cpt_trace_record_flush(buses_adapter(buses, 0));
    if (rc) {
        tool_complain("%s: the recording stopped: %s", output, strerror(-rc));
        ret = PROGRAM_OURS;
    } else if (!owner_was_used(buses_owner(buses))) {
        tool_complain("%s: the program opened no redirected bus", output);
    }
    buses_free(buses);
    return ret;
}
