/* SPDX-License-Identifier: GPL-2.0-or-later */
/* read(2), write(2) and their kin. A position is ignored, as i2c-dev does, and
 * each buffer of several is a transfer, as in the kernel. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "preload/shim.h"

/* TYPE NAME(parameters): ours by `mine`, else the next one. */
#define TRANSFER(name, parameters, arguments, mine)          \
    SHIM_EXPORT ssize_t name parameters;                     \
    SHIM_EXPORT ssize_t name parameters                      \
    {                                                        \
        struct preload_token token;                          \
                                                             \
        if (shim_file_is_ours(fd, &token)) {                 \
            return mine;                                     \
        }                                                    \
        return NEXT(ssize_t(*) parameters, #name) arguments; \
    }

#define READS(name, parameters, arguments) \
    TRANSFER(name, parameters, arguments, shim_file_read(&token, buf, count))
#define WRITES(name, parameters, arguments) \
    TRANSFER(name, parameters, arguments, shim_file_write(&token, buf, count))

READS(read, (int fd, void *buf, size_t count), (fd, buf, count))
READS(pread, (int fd, void *buf, size_t count, off_t at), (fd, buf, count, at))
READS(pread64, (int fd, void *buf, size_t count, off64_t at),
      (fd, buf, count, at))
WRITES(write, (int fd, const void *buf, size_t count), (fd, buf, count))
WRITES(pwrite, (int fd, const void *buf, size_t count, off_t at),
       (fd, buf, count, at))
WRITES(pwrite64, (int fd, const void *buf, size_t count, off64_t at),
       (fd, buf, count, at))

#define CHECKED(name, plain, parameters, arguments) \
    SHIM_EXPORT ssize_t name parameters;            \
    SHIM_EXPORT ssize_t name parameters             \
    {                                               \
        if (count > room) {                         \
            abort();                                \
        }                                           \
        return plain arguments;                     \
    }

CHECKED(__read_chk, read, (int fd, void *buf, size_t count, size_t room),
        (fd, buf, count))
CHECKED(__pread_chk, pread,
        (int fd, void *buf, size_t count, off_t at, size_t room),
        (fd, buf, count, at))
CHECKED(__pread64_chk, pread64,
        (int fd, void *buf, size_t count, off64_t at, size_t room),
        (fd, buf, count, at))

/* -------------------------------------------------------- several buffers */

/* Up to the first that is short or fails, which counts where it is the first
 * of all. */
static ssize_t each(const struct preload_token *token, const struct iovec *v,
                    int n, bool out)
{
    ssize_t sum = 0, one;

    if (n < 0 || n > IOV_MAX) {
        errno = EINVAL;
        return -1;
    }
    for (int i = 0; i < n; i++) {
        if (!v[i].iov_len) {
            continue;
        }
        one = out ? shim_file_write(token, v[i].iov_base, v[i].iov_len)
                  : shim_file_read(token, v[i].iov_base, v[i].iov_len);
        if (one < 0) {
            return sum ? sum : -1;
        }
        sum += one;
        if ((size_t)one != v[i].iov_len) {
            break;
        }
    }
    return sum;
}

#define VECTOR(name, out, parameters, arguments) \
    TRANSFER(name, parameters, arguments, each(&token, v, n, out))

VECTOR(readv, false, (int fd, const struct iovec *v, int n), (fd, v, n))
VECTOR(preadv, false, (int fd, const struct iovec *v, int n, off_t at),
       (fd, v, n, at))
VECTOR(preadv64, false, (int fd, const struct iovec *v, int n, off64_t at),
       (fd, v, n, at))
VECTOR(preadv2, false,
       (int fd, const struct iovec *v, int n, off_t at, int flags),
       (fd, v, n, at, flags))
VECTOR(preadv64v2, false,
       (int fd, const struct iovec *v, int n, off64_t at, int flags),
       (fd, v, n, at, flags))
VECTOR(writev, true, (int fd, const struct iovec *v, int n), (fd, v, n))
VECTOR(pwritev, true, (int fd, const struct iovec *v, int n, off_t at),
       (fd, v, n, at))
VECTOR(pwritev64, true, (int fd, const struct iovec *v, int n, off64_t at),
       (fd, v, n, at))
VECTOR(pwritev2, true,
       (int fd, const struct iovec *v, int n, off_t at, int flags),
       (fd, v, n, at, flags))
VECTOR(pwritev64v2, true,
       (int fd, const struct iovec *v, int n, off64_t at, int flags),
       (fd, v, n, at, flags))

/* ----------------------------------------------------------------- dprintf */

static int print(const struct preload_token *token, const char *format,
                 va_list ap)
{
    char *text = NULL;
    int n = vasprintf(&text, format, ap);
    ssize_t done = n < 0 ? -1 : shim_file_write(token, text, (size_t)n);

    free(text);
    return done < 0 ? -1 : n;
}

SHIM_EXPORT int vdprintf(int fd, const char *format, va_list ap)
{
    struct preload_token token;

    if (shim_file_is_ours(fd, &token)) {
        return print(&token, format, ap);
    }
    return NEXT(int (*)(int, const char *, va_list), "vdprintf")(fd, format,
                                                                 ap);
}

SHIM_EXPORT int dprintf(int fd, const char *format, ...)
{
    va_list ap;
    int n;

    va_start(ap, format);
    n = vdprintf(fd, format, ap);
    va_end(ap);
    return n;
}

SHIM_EXPORT int __vdprintf_chk(int fd, int flag, const char *format,
                               va_list ap);
SHIM_EXPORT int __vdprintf_chk(int fd, int flag, const char *format, va_list ap)
{
    typedef int (*fn)(int, int, const char *, va_list);
    struct preload_token token;

    if (shim_file_is_ours(fd, &token)) {
        return print(&token, format, ap);
    }
    return NEXT(fn, "__vdprintf_chk")(fd, flag, format, ap);
}

SHIM_EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...);
SHIM_EXPORT int __dprintf_chk(int fd, int flag, const char *format, ...)
{
    va_list ap;
    int n;

    va_start(ap, format);
    n = __vdprintf_chk(fd, flag, format, ap);
    va_end(ap);
    return n;
}
