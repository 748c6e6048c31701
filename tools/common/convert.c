/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/convert.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void convert_note(struct convert *c, uint64_t n, const char *thing,
                  const char *what)
{
    char text[256];

    if (n) {
        snprintf(text, sizeof(text), "%" PRIu64 " %s%s %s", n, thing,
                 n > 1 ? "s" : "", what);
        c->note(c, text);
    }
}

int convert_error(struct i2cpt_fault *fault, int code, const char *format, ...)
{
    va_list args;

    memset(fault, 0, sizeof(*fault));
    fault->code = code;
    fault->msg = fault->byte = -1;
    va_start(args, format);
    vsnprintf(fault->text, sizeof(fault->text), format, args);
    va_end(args);
    return -code;
}

int convert_create(const char *path, FILE **out, struct i2cpt_fault *fault)
{
    *out = strcmp(path, "-") ? fopen(path, "wbe") : stdout;
    return *out ? 0
                : convert_error(fault, errno, "%s: %s", path, strerror(errno));
}

void convert_remove(const char *path)
{
    struct stat st;

    if (strcmp(path, "-") && !lstat(path, &st) && S_ISREG(st.st_mode)) {
        unlink(path);
    }
}

int convert_close(const char *path, FILE *file, int rc,
                  struct i2cpt_fault *fault)
{
    bool bad = ferror(file) || fflush(file);
    int code = bad && errno ? errno : EIO;

    if (file != stdout && fclose(file) && !bad) {
        bad = true;
        code = errno;
    }
    if (rc || bad) {
        convert_remove(path);
    }
    return rc || !bad
               ? rc
               : convert_error(fault, code, "%s: %s", path, strerror(code));
}
