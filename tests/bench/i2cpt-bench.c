/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs benchmarks by name, lists them, and counts their instructions. */
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
    &bench_ftdi_efficiency,   &bench_ftdi_line_overhead,
    &bench_record_overhead,   &bench_verdict_rate,
#ifdef HAVE_PRELOAD
    &bench_shim_overhead,     &bench_shim_ioctl,
#endif
#ifdef HAVE_REDIRECT
    &bench_redirect_overhead, &bench_redirect_syscall,
#endif
#ifdef VHOST_RATE
    &bench_vhost_rate,
#endif
#ifdef GUEST_STALL
    &bench_guest_stall,
#endif
#ifdef GUEST_RATE
    &bench_guest_rate,
#endif
#ifdef HAVE_I2C_DEV
    &bench_i2c_dev_overhead,
#endif
};
#define N_BENCHES (sizeof(benches) / sizeof(benches[0]))

static uint32_t asked_count; /* of --count; 0: none */

uint32_t bench_work(bool quick, uint32_t normal)
{
    return asked_count ? asked_count : quick ? 1000 : normal;
}

int bench_rounds(bool quick)
{
    return quick || asked_count ? 1 : BENCH_ROUNDS;
}

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

static const struct bench *find(const char *name)
{
    for (size_t i = 0; i < N_BENCHES; i++) {
        if (!strcmp(name, benches[i]->name)) {
            return benches[i];
        }
    }
    fprintf(stderr, "i2cpt-bench: no benchmark '%s'; --list names them\n",
            name);
    return NULL;
}

static int run(const char *name, bool quick)
{
    const struct bench *bench = find(name);

    if (!bench) {
        return 2;
    }
    double value = bench->run(quick);
    printf("%s: %.6g %s\n", name, value, bench->unit);
    return EXIT_SUCCESS;
}

static int run_instructions(const char *name)
{
    const struct bench *bench = find(name);

    if (!bench) {
        return 2;
    }
    double value = bench_instructions(bench);
    printf("%s: %.6g instructions/%s\n", name, value, bench->step);
    return EXIT_SUCCESS;
}

static int usage(int status)
{
    fputs("usage: i2cpt-bench [--quick | --count N | --instructions] NAME\n"
          "       i2cpt-bench --list\n\n"
          "The last line is NAME: VALUE UNIT.\n\n"
          "  --quick         only try that it works\n"
          "  --count N       one round of N steps\n"
          "  --instructions  count the instructions of a step, by valgrind,\n"
          "                  instead of taking the time\n\n"
          "Example: i2cpt-bench --instructions transfer-overhead\n",
          status ? stderr : stdout);
    return status;
}

/* A number of steps, or 0. */
static uint32_t parse_count(const char *text)
{
    char *end;
    unsigned long count = strtoul(text, &end, 10);

    return *end || count > 1000000000 ? 0 : (uint32_t)count;
}

int main(int argc, char **argv)
{
    const char *option = argc > 1 ? argv[1] : "";

    if (argc == 2 && !strcmp(option, "--help")) {
        return usage(EXIT_SUCCESS);
    }
    if (argc == 2 && !strcmp(option, "--list")) {
        list();
        return EXIT_SUCCESS;
    }
    if (argc == 2 && option[0] != '-') {
        return run(option, false);
    }
    if (argc == 3 && !strcmp(option, "--quick")) {
        return run(argv[2], true);
    }
    if (argc == 3 && !strcmp(option, "--instructions")) {
        return run_instructions(argv[2]);
    }
    if (argc == 4 && !strcmp(option, "--count")) {
        asked_count = parse_count(argv[2]);
        return asked_count ? run(argv[3], false) : usage(2);
    }
    return usage(2);
}
