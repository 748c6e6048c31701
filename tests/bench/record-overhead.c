/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CPU time of recording: transfers on a stub with record=, less the same
 * without, over write(2) of the lines that it wrote, one call each. The three
 * alternate, the least of each counts. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define ADDRESS 0x48
#define SPEC    "stub,chips=0x48"

static uint64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t transfers(const char *spec, uint32_t n)
{
    uint8_t pointer = 0, data[2];
    struct i2cpt_msg msgs[] = {
        {.addr = ADDRESS, .len = 1, .buf = &pointer},
        {.addr = ADDRESS, .flags = I2CPT_M_RD, .len = 2, .buf = data},
    };
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault = {0};

    bench_check(spec, i2cpt_adapter_open(spec, &adapter, &fault), &fault);
    uint64_t begin = cpu_ns();
    for (uint32_t i = 0; i < n; i++) {
        int rc = i2cpt_transfer(adapter, msgs, 2, &fault);
        if (rc) {
            bench_check("transfer", rc, &fault);
        }
    }
    i2cpt_adapter_unref(adapter);
    return cpu_ns() - begin;
}

/* What was recorded, read into memory. */
static char *slurp(const char *path, size_t *len)
{
    FILE *file = fopen(path, "re");
    char *text;

    if (!file || fseek(file, 0, SEEK_END)) {
        bench_fail("cannot read %s", path);
    }
    *len = (size_t)ftell(file);
    rewind(file);
    text = malloc(*len + 1);
    if (!text || fread(text, 1, *len, file) != *len) {
        bench_fail("cannot read %s", path);
    }
    fclose(file);
    return text;
}

static uint64_t bare(const char *recorded, const char *path)
{
    size_t len;
    char *text = slurp(recorded, &len), *at = text, *newline;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0) {
        bench_fail("cannot write %s", path);
    }
    uint64_t begin = cpu_ns();
    while (at < text + len) {
        newline = memchr(at, '\n', (size_t)(text + len - at));
        size_t n = (size_t)(newline + 1 - at);
        if (write(fd, at, n) != (ssize_t)n) {
            bench_fail("cannot write %s", path);
        }
        at += n;
    }
    close(fd);
    uint64_t took = cpu_ns() - begin;
    free(text);
    unlink(path);
    return took;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a && a < b ? a : b;
}

static double run(bool quick)
{
    uint32_t n = quick ? 1000 : 10000;
    uint64_t with = 0, without = 0, lines = 0;
    char *folder = bench_make_folder();
    char spec[4200], path[4096], copy[4096];

    snprintf(path, sizeof(path), "%s/recorded.i2ct", folder);
    snprintf(copy, sizeof(copy), "%s/copy", folder);
    snprintf(spec, sizeof(spec), SPEC ",record=%s", path);
    for (int i = 0; i < (quick ? 1 : 10 * BENCH_ROUNDS); i++) {
        without = least(without, transfers(SPEC, n));
        with = least(with, transfers(spec, n));
        lines = least(lines, bare(path, copy));
        unlink(path);
    }
    bench_remove_folder(folder);
    printf("a transfer %.0f ns, recorded %.0f ns, write(2) of its line %.0f "
           "ns\n",
           (double)without / n, (double)with / n, (double)lines / n);
    return ((double)with - (double)without) / (double)lines;
}

const struct bench bench_record_overhead = {
    .name = "record-overhead",
    .about = "CPU time that recording costs over write(2) of the same lines",
    .unit = "times",
    .run = run,
};
