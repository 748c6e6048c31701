/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An input as a file, for what reads a path: one a process, gone at its end. */
#ifndef FILE_H
#define FILE_H

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz.h"

static char file_path[] = "/tmp/i2cpt-fuzz-XXXXXX";

static void file_remove(void)
{
    unlink(file_path);
}

/* Its path. */
static inline const char *file_with(const uint8_t *data, size_t size)
{
    static int fd = -1;

    if (fd < 0) {
        fd = mkstemp(file_path);
        atexit(file_remove);
    }
    if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size) {
        fuzz_fail("cannot write %s", file_path);
    }
    return file_path;
}

#endif
