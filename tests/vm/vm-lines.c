/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In the guest of vm-gpio: vm-lines SPEC FILE opens an adapter, prints the
 * level of each of its lines and "ready", and writes each change that it is
 * told of into FILE, "NAME LEVEL STAMP", until it is terminated and nothing has
 * come for a while; then it prints the levels again. What the library has to
 * log is printed as well.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "i2cpt-lines.h"
#include "i2cpt.h"

/* Of the guest's time, in which the load of the host is not. */
#define QUIET_MS 300

static volatile sig_atomic_t terminated;

static void terminate(int number)
{
    terminated = 1;
}

static void hear(struct i2cpt_adapter *a, unsigned line, int level,
                 uint64_t stamp_ns, void *user)
{
    fprintf(user, "%s %d %llu\n", i2cpt_adapter_line_name(a, line), level,
            (unsigned long long)stamp_ns);
}

static void print_levels(struct i2cpt_adapter *a)
{
    int n = i2cpt_adapter_lines(a), i;

    for (i = 0; i < n; i++) {
        printf("%s %d\n", i2cpt_adapter_line_name(a, (unsigned)i),
               i2cpt_adapter_line_level(a, (unsigned)i));
    }
}

static void say(int level, const char *text, void *user)
{
    printf("log: %s\n", text);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = terminate};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    struct pollfd p = {.events = POLLIN};
    FILE *file = argc > 2 ? fopen(argv[2], "w") : NULL;

    sigaction(SIGTERM, &action, NULL);
    i2cpt_set_log(say, NULL);
    if (!file || i2cpt_adapter_open(argv[1], &a, &fault) ||
        i2cpt_adapter_watch_lines(a, hear, file)) {
        printf("refused: %s\n", file ? fault.text : "no FILE");
        return 1;
    }
    print_levels(a);
    printf("ready\n");
    fflush(stdout);
    p.fd = i2cpt_adapter_fd(a);
    while (poll(&p, 1, QUIET_MS) || !terminated) {
        i2cpt_dispatch(a);
    }
    print_levels(a);
    i2cpt_adapter_unref(a);
    return fclose(file) != 0;
}
