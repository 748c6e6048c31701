/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a fuzz target with no help from the compiler: seeds, mutated at random,
 * the same ones for the same SEED.
 *
 *     fuzz-TARGET RUNS [SEED [FOLDER]]     the files of FOLDER are seeds too
 *     fuzz-TARGET FILE...                  one input each
 *
 * Seeds of a folder are run as they are before all others.
 * An input that makes the target abort is left in fuzz.input.
 */
#include <dirent.h>
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

static void read_file(const char *folder, const char *name, struct input *in)
{
    char path[1024];

    snprintf(path, sizeof(path), "%s%s%s", folder, *folder ? "/" : "", name);
    FILE *file = fopen(path, "re");
    if (!file) {
        fuzz_fail("cannot read %s", path);
    }
    in->size = fread(in->data, 1, INPUT_MAX, file);
    fclose(file);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The files of a folder, always in the same order; none where there is none. */
static struct dirent **list_folder(const char *folder, size_t *n)
{
    struct dirent **names = NULL;
    int found = folder ? scandir(folder, &names, is_visible, alphasort) : 0;

    *n = found > 0 ? (size_t)found : 0;
    return names;
}

static void run_many(unsigned long runs, const char *folder, struct input *in)
{
    size_t own = count(fuzz_seeds), n;
    struct dirent **names = list_folder(folder, &n);

    if (!(own + n)) {
        fuzz_fail("no seeds");
    }
    for (size_t i = 0; i < n; i++) {
        read_file(folder, names[i]->d_name, in);
        LLVMFuzzerTestOneInput(in->data, in->size);
    }
    for (unsigned long i = 0; i < runs; i++) {
        size_t which = i % (own + n);
        if (which < own) {
            in->size = strlen(fuzz_seeds[which]);
            memcpy(in->data, fuzz_seeds[which], in->size);
        } else {
            read_file(folder, names[which - own]->d_name, in);
        }
        for (uint32_t k = random_below(12); k > 0; k--) {
            mutate(in);
        }
        LLVMFuzzerTestOneInput(in->data, in->size);
    }
    while (n--) {
        free(names[n]);
    }
    free(names);
}

int main(int argc, char **argv)
{
    static struct input in;
    char *end;

    if (argc < 2) {
        fprintf(stderr, "usage: %s RUNS [SEED [FOLDER]] | FILE...\n", argv[0]);
        return 2;
    }
    unsigned long runs = strtoul(argv[1], &end, 10);
    if (*end) {
        for (int i = 1; i < argc; i++) {
            read_file("", argv[i], &in);
            LLVMFuzzerTestOneInput(in.data, in.size);
        }
        return 0;
    }
    state = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    state = state ? state : 1;
    working = &in;
    signal(SIGABRT, keep_input);
    run_many(runs, argc > 3 ? argv[3] : NULL, &in);
    printf("%lu inputs\n", runs);
    return 0;
}
