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

int record_program(struct buses *buses, const struct recording *recording,
                   char **argv)
{
    struct program_report report = {0};
    int ret;
    bool used;

    memory_fails_with(PROGRAM_OURS);
    ret = buses_open(buses, recording);

    if (ret) {
        buses_free(buses);
        return PROGRAM_OURS;
    }
    ret = program_run(buses_owner(buses), buses_program(buses), argv, &report);
    used = owner_was_used(buses_owner(buses));
    if (!used && did_not_start(ret)) {
        /* no file, then, and none is replaced */
    } else if (recording_end(recording, buses_adapter(buses, 0),
                             used ? NULL : "")) {
        ret = PROGRAM_OURS;
    }
    program_report_clear(&report);
    buses_free(buses);
    return ret != PROGRAM_OURS && recording_merge(recording) ? PROGRAM_OURS
                                                             : ret;
}
