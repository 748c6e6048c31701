/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a fuzz target lacks where clang's libFuzzer runs it. With
 * `--write-seeds DIR` for its only arguments it leaves its seeds in DIR, its
 * words as libFuzzer's dictionary in DIR.dict, and ends.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

void fuzz_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

static FILE *open_new(const char *format, const char *folder, unsigned number)
{
    char path[1024];
    FILE *file;

    snprintf(path, sizeof(path), format, folder, number);
    file = fopen(path, "we");
    if (!file) {
        fuzz_fail("cannot write %s", path);
    }
    return file;
}

static void write_seeds(const char *folder)
{
    FILE *file;

    for (unsigned i = 0; fuzz_seeds[i]; i++) {
        file = open_new("%s/seed-%u", folder, i);
        fputs(fuzz_seeds[i], file);
        fclose(file);
    }
    file = open_new("%s.dict", folder, 0);
    for (unsigned i = 0; fuzz_words[i]; i++) {
        fputc('"', file);
        for (const char *c = fuzz_words[i]; *c; c++) {
            fprintf(file, "\\x%02x", (unsigned char)*c);
        }
        fputs("\"\n", file);
    }
    fclose(file);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    if (*argc == 3 && !strcmp((*argv)[1], "--write-seeds")) {
        write_seeds((*argv)[2]);
        exit(EXIT_SUCCESS);
    }
    return 0;
}
