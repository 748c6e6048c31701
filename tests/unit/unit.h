/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every unit test program shares: Check, and how a program runs. */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef WITHOUT_PRCTL
#include <sys/prctl.h>
#endif

/* Check puts each case into a process group of its own: a case is ended with
 * the program, whoever kills that, and does not run on as a child of init. */
static pid_t unit_runner, unit_forked_by;

static inline void unit_note_fork(void)
{
    unit_forked_by = getpid();
}

static inline void unit_end_with_runner(void)
{
    if (unit_forked_by != unit_runner) {
        return; /* what a case forks is the case's own */
    }
#ifndef WITHOUT_PRCTL
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (getppid() != unit_runner) {
        _exit(EXIT_FAILURE); /* it was quicker */
    }
}

/* Run a suite to its end, free it, and say how main() shall exit. */
static inline int unit_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);

    unit_runner = getpid();
    pthread_atfork(unit_note_fork, NULL, unit_end_with_runner);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
