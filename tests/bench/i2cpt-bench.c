/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static const struct bench *const benches[] = {
    &bench_transfer_overhead, &bench_passthrough_overhead,
    &bench_lookup_rate,       &bench_replay_rate,
    &bench_replay_memory,     &bench_ftdi_round_trips,
    &bench_ftdi_efficiency,   &bench_record_overhead,
#ifdef HAVE_PRELOAD
    &bench_shim_overhead,     &bench_shim_ioctl,
#endif
#ifdef HAVE_I2C_DEV
    &bench_i2c_dev_overhead,
#endif
};
#define N_BENCHES (sizeof(benches) / sizeof(benches[0]))

uint64_t bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void bench_fail(const char *format, ...)
{
    va_list args;

    fputs("i2cpt-bench: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

void bench_check(const char *what, int rc, const struct i2cpt_fault *fault)
{
    char text[300] = "";

    if (rc < 0) {
        if (fault && fault->code) {
            i2cpt_fault_describe(fault, text, sizeof(text));
        }
        bench_fail("%s: %s", what, *text ? text : strerror(-rc));
    }
}

uint64_t bench_fastest_ns(int rounds, void (*work)(void *user, uint32_t n),
                          void *user, uint32_t n)
{
    uint64_t fastest = UINT64_MAX;

    for (int i = 0; i < rounds; i++) {
        uint64_t begin = bench_now_ns();
        work(user, n);
        uint64_t took = bench_now_ns() - begin;
        fastest = took < fastest ? took : fastest;
    }
    return fastest;
}

char *bench_make_folder(void)
{
    static const char pattern[] = "/i2cpt-bench-XXXXXX";
    const char *base = getenv("TMPDIR");
    char *folder;

    base = base ? base : "/tmp";
    folder = malloc(strlen(base) + sizeof(pattern));
    if (!folder) {
        bench_fail("out of memory");
    }
    strcat(strcpy(folder, base), pattern);
    if (!mkdtemp(folder)) {
        bench_fail("cannot make a folder in %s", base);
    }
    return folder;
}

void bench_remove_folder(char *folder)
{
    rmdir(folder);
    free(folder);
}

static void list(void)
{
    for (size_t i = 0; i < N_BENCHES; i++) {
        printf("%-20s %s\n", benches[i]->name, benches[i]->about);
    }
}

static int run(const char *name, bool quick)
{
    for (size_t i = 0; i < N_BENCHES; i++) {
        if (!strcmp(name, benches[i]->name)) {
            double value = benches[i]->run(quick);
            printf("%s: %.6g %s\n", name, value, benches[i]->unit);
            return EXIT_SUCCESS;
        }
    }
    fprintf(stderr, "i2cpt-bench: no benchmark '%s'; --list names them\n",
            name);
    return 2;
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && !strcmp(argv[1], "--quick");
    const char *name = argv[quick ? 2 : 1];

    if (argc != (quick ? 3 : 2) || !strcmp(name, "--help")) {
        bool asked = argc == 2;
        fputs("usage: i2cpt-bench [--quick] NAME\n"
              "       i2cpt-bench --list\n\n"
              "The last line is NAME: VALUE UNIT. --quick only tries that it "
              "works.\n",
              asked ? stdout : stderr);
        return asked ? EXIT_SUCCESS : 2;
    }
    if (!strcmp(name, "--list")) {
        list();
        return EXIT_SUCCESS;
    }
    return run(name, quick);
}
