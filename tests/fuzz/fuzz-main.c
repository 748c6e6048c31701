/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a fuzz target with no help from the compiler: seeds, mutated at random,
 * the same ones for the same SEED.
 *
 *     fuzz-TARGET RUNS [SEED]      fuzz-TARGET FILE...      (one input each)
 *
 * An input that makes the target abort is left in fuzz.input.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define INPUT_MAX 4096

struct input {
    size_t size;
    uint8_t data[INPUT_MAX];
};

static uint64_t state;
static const struct input *working;

void fuzz_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

/* Sanitizers and fuzz_fail() abort: leave the input for another run. */
static void keep_input(int number)
{
    static const char said[] = "input kept in fuzz.input\n";
    int fd = open("fuzz.input", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd >= 0 && write(fd, working->data, working->size) >= 0) {
        fd = write(STDERR_FILENO, said, sizeof(said) - 1) < 0;
    }
    signal(number, SIG_DFL);
    raise(number);
}

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift
 * generators, scrambled" (2016). */
static uint32_t random_below(size_t n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545f4914f6cdd1dULL >> 33) % (n ? n : 1));
}

static size_t count(const char *const *list)
{
    size_t n = 0;

    while (list[n]) {
        n++;
    }
    return n;
}

/* Put len bytes in place of `gone` ones. */
static void put(struct input *in, size_t at, size_t gone, const void *bytes,
                size_t len)
{
    size_t tail = in->size - at - gone;

    if (at + len + tail > INPUT_MAX) {
        return;
    }
    memmove(in->data + at + len, in->data + at + gone, tail);
    memmove(in->data + at, bytes, len);
    in->size = at + len + tail;
}

static void mutate(struct input *in)
{
    size_t at = random_below(in->size + 1), left = in->size - at;
    uint8_t byte = (uint8_t)random_below(256);
    uint8_t piece[64];
    const char *word;

    switch (random_below(6)) {
    case 0: /* another byte */
        put(in, at, left ? 1 : 0, &byte, 1);
        break;
    case 1: /* another character that a text may have */
        byte = (uint8_t)(' ' + random_below(95));
        put(in, at, left ? 1 : 0, &byte, 1);
        break;
    case 2: /* one more */
        put(in, at, 0, &byte, 1);
        break;
    case 3: /* a piece less */
        put(in, at, random_below(left + 1 > 17 ? 17 : left + 1), "", 0);
        break;
    case 4: /* a piece twice */
        left = left > sizeof(piece) ? sizeof(piece) : left;
        memcpy(piece, in->data + at, left);
        put(in, random_below(in->size + 1), 0, piece, left);
        break;
    case 5: /* a word */
        word = fuzz_words[random_below(count(fuzz_words))];
        put(in, at, random_below(2) && left ? 1 : 0, word, strlen(word));
        break;
    }
}

static void run_many(unsigned long runs, struct input *in)
{
    size_t n_seeds = count(fuzz_seeds);

    for (unsigned long i = 0; i < runs; i++) {
        const char *seed = fuzz_seeds[i % n_seeds];
        in->size = strlen(seed);
        memcpy(in->data, seed, in->size);
        for (uint32_t k = random_below(12); k > 0; k--) {
            mutate(in);
        }
        LLVMFuzzerTestOneInput(in->data, in->size);
    }
}

static void run_file(const char *path, struct input *in)
{
    FILE *file = fopen(path, "re");

    if (!file) {
        fuzz_fail("cannot read %s", path);
    }
    in->size = fread(in->data, 1, INPUT_MAX, file);
    fclose(file);
    LLVMFuzzerTestOneInput(in->data, in->size);
}

int main(int argc, char **argv)
{
    static struct input in;
    char *end;

    if (argc < 2) {
        fprintf(stderr, "usage: %s RUNS [SEED] | FILE...\n", argv[0]);
        return 2;
    }
    unsigned long runs = strtoul(argv[1], &end, 10);
    if (*end) {
        for (int i = 1; i < argc; i++) {
            run_file(argv[i], &in);
        }
        return 0;
    }
    state = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    state = state ? state : 1;
    working = &in;
    signal(SIGABRT, keep_input);
    run_many(runs, &in);
    printf("%lu inputs\n", runs);
    return 0;
}
