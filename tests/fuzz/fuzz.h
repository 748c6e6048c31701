/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fuzz target is a file fuzz-NAME.c with these, and a line in `targets`.
 * fuzz-main.c runs it by itself; with clang, libFuzzer finds the entry point
 * under its usual name, and fuzz-clang.c hands on the rest.
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
