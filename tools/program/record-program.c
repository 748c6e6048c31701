/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record with a PROGRAM. */
#include "common/memory.h"
#include "owner/owner.h"
#include "program/program.h"
#include "program/with-program.h"

/* Or so it looks. */
static bool did_not_start(int status)
{
    return status == PROGRAM_NOT_FOUND || status == PROGRAM_NOT_EXECUTABLE ||
           status == PROGRAM_OURS;
}

int program_record(struct buses *buses, const struct recording *recording,
                   char **argv)
{
    struct program_report report = {0};
    int ret;
    bool used;

    tool_memory_fails_with(PROGRAM_OURS);
    ret = program_buses_open(buses, recording);

    if (ret) {
        program_buses_free(buses);
        return PROGRAM_OURS;
    }
    ret = program_run(program_buses_owner(buses), program_buses_program(buses),
                      argv, &report);
    used = owner_was_used(program_buses_owner(buses));
    if (!used && did_not_start(ret)) {
        /* no file, then, and none is replaced */
    } else if (program_recording_end(recording, program_buses_adapter(buses, 0),
                                     used ? NULL : "")) {
        ret = PROGRAM_OURS;
    }
    program_report_clear(&report);
    program_buses_free(buses);
    return ret != PROGRAM_OURS && program_recording_merge(recording)
               ? PROGRAM_OURS
               : ret;
}
