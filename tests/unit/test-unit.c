/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unit.h itself: no case outlives the program that runs it. */
#include <poll.h>
#include <sys/wait.h>

#include "unit.h"

/* Where a case that takes long says that it has begun, and that it was let end;
 * held open by whoever is left. */
static int case_fd;

START_TEST(test_long)
{
    ck_assert_int_eq(write(case_fd, "", 1), 1);
    poll(NULL, 0, 20000);
    ck_assert_int_eq(write(case_fd, "", 1), 1);
}
END_TEST

static Suite *suite_of(const char *name, const TTest *test)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);

    tcase_set_timeout(cases, 0);
    tcase_add_test(cases, test);
    suite_add_tcase(suite, cases);
    return suite;
}

START_TEST(test_case_ends_with_its_program)
{
    int pipe_fds[2];
    char byte;
    pid_t program;

    ck_assert_int_eq(pipe(pipe_fds), 0);
    program = fork();
    if (!program) {
        close(pipe_fds[0]);
        case_fd = pipe_fds[1];
        _exit(unit_run(suite_of("long", test_long)));
    }
    close(pipe_fds[1]);
    ck_assert_int_eq(read(pipe_fds[0], &byte, 1), 1);
    kill(program, SIGKILL);
    ck_assert_int_eq(waitpid(program, NULL, 0), program);
    /* the end: the case had the pipe's other end too */
    ck_assert_int_eq(read(pipe_fds[0], &byte, 1), 0);
    close(pipe_fds[0]);
}
END_TEST

int main(void)
{
    return unit_run(suite_of("unit", test_case_ends_with_its_program));
}
