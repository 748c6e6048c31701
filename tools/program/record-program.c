/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "program/owner.h"
#include "program/program.h"
#include "program/with-program.h"

int record_program(struct buses *buses, const struct recording *recording,
                   char **argv)
{
    int ret = buses_open(buses, recording);

    if (ret) {
        buses_free(buses);
        return PROGRAM_OURS;
    }
    ret = program_run(buses_owner(buses), argv);
    if (recording_end(buses_adapter(buses, 0))) {
        ret = PROGRAM_OURS;
    } else if (!owner_was_used(buses_owner(buses))) {
        tool_complain("%s: the program opened no redirected bus",
                      recording->path);
    }
    buses_free(buses);
    return ret != PROGRAM_OURS && recording_merge(recording) ? PROGRAM_OURS
                                                             : ret;
}
