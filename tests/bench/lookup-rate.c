/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast match=lookup finds one of 100 000 different requests: half of them
 * a write of two bytes and a read, half a read alone whose answer depends on
 * the write before it. The trace is opened and indexed before. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay.h"

#define ADDRESS   0x50
#define PAIRS     50000u
#define LONELY    25000u /* a write, then a read: two requests each */
#define DIFFERENT (PAIRS + 2 * LONELY)

static void write_line(FILE *to, uint32_t i, const char *words)
{
    fprintf(to, "%u.%03u +0.000310 %s\n", i / 1000, i % 1000, words);
}

static void write_trace(FILE *to)
{
    char words[80];
    uint32_t i;

    fputs("i2cpt-trace 1\nadapter: benchmark\n", to);
    for (i = 0; i < PAIRS; i++) {
        snprintf(words, sizeof(words), "w2@0x%02x %02x %02x r2 = %02x %02x",
                 ADDRESS, i >> 8, i & 0xff, i & 0xff, i >> 8);
        write_line(to, i, words);
    }
    for (i = 0; i < LONELY; i++) {
        snprintf(words, sizeof(words), "w3@0x%02x 01 %02x %02x", ADDRESS,
                 i >> 8, i & 0xff);
        write_line(to, i, words);
        snprintf(words, sizeof(words), "r2@0x%02x = %02x %02x", ADDRESS,
                 i & 0xff, i >> 8);
        write_line(to, i, words);
    }
    fprintf(to, "end %u\n", DIFFERENT);
}

struct ask {
    struct i2cpt_adapter *adapter;
    uint32_t at; /* an order that is not the trace's */
};

static void check(int rc, const struct i2cpt_fault *fault, const uint8_t *data,
                  uint32_t i)
{
    bench_check("replay", rc, fault);
    if (data && (data[0] != (i & 0xff) || data[1] != i >> 8)) {
        bench_fail("request %u got another's answer", i);
    }
}

static void ask_pair(struct i2cpt_adapter *a, uint32_t i)
{
    uint8_t out[] = {(uint8_t)(i >> 8), (uint8_t)i}, in[2];
    struct i2cpt_msg msgs[] = {
        {.addr = ADDRESS, .len = 2, .buf = out},
        {.addr = ADDRESS, .flags = I2CPT_M_RD, .len = 2, .buf = in},
    };
    struct i2cpt_fault fault;

    check(i2cpt_transfer(a, msgs, 2, &fault), &fault, in, i);
}

static void ask_lonely(struct i2cpt_adapter *a, uint32_t i)
{
    uint8_t out[] = {1, (uint8_t)(i >> 8), (uint8_t)i}, in[2];
    struct i2cpt_msg w = {.addr = ADDRESS, .len = 3, .buf = out};
    struct i2cpt_msg r = {
        .addr = ADDRESS, .flags = I2CPT_M_RD, .len = 2, .buf = in};
    struct i2cpt_fault fault;

    check(i2cpt_transfer(a, &w, 1, &fault), &fault, NULL, i);
    check(i2cpt_transfer(a, &r, 1, &fault), &fault, in, i);
}

/* n requests, half of each kind. */
static void requests(void *user, uint32_t n)
{
    struct ask *ask = user;

    for (uint32_t k = 0; k < n; k += 4) {
        ask->at = (ask->at + 30011) % PAIRS;
        ask_pair(ask->adapter, ask->at);
        ask_pair(ask->adapter, PAIRS - 1 - ask->at);
        ask_lonely(ask->adapter, ask->at % LONELY);
    }
}

static double run(bool quick)
{
    uint32_t n = quick ? 1000 : 100000;
    char *folder = bench_make_folder();
    struct ask ask = {0};
    char path[4096];

    snprintf(path, sizeof(path), "%s/lookup.i2ct", folder);
    FILE *file = fopen(path, "we");
    if (!file) {
        bench_fail("cannot write %s", path);
    }
    write_trace(file);
    if (fclose(file)) {
        bench_fail("cannot write %s", path);
    }
    ask.adapter = replay_open(path, "lookup");
    uint64_t ns =
        bench_fastest_ns(quick ? 1 : 4 * BENCH_ROUNDS, requests, &ask, n);
    i2cpt_adapter_unref(ask.adapter);
    unlink(path);
    bench_remove_folder(folder);
    return n * 1e3 / (double)ns;
}

const struct bench bench_lookup_rate = {
    .name = "lookup-rate",
    .about = "match=lookup over 100 000 different requests, in millions a "
             "second",
    .unit = "million/s",
    .run = run,
};
