/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fuzz target is a file with these two. fuzz-main.c runs it by itself;
 * clang's -fsanitize=fuzzer finds the entry point under its usual name.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Good inputs to begin with, and words worth putting in; NULL at the end. */
extern const char *const fuzz_seeds[];
extern const char *const fuzz_words[];

/* The input has shown something wrong: print what, and abort. */
void fuzz_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

#endif
