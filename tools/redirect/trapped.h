/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which system calls of PROGRAM are led to the keeper, on each architecture
 * whose numbers this kernel takes: the table that the filter is made of and by
 * which the keeper knows what it was asked. */
#ifndef REDIRECT_TRAPPED_H
#define REDIRECT_TRAPPED_H

#include <stdint.h>

/* What a call does, and where its arguments are. */
enum trapped_kind {
    TRAPPED_NONE,
    TRAPPED_OPEN,    /* path, flags */
    TRAPPED_CREAT,   /* path */
    TRAPPED_OPENAT,  /* folder, path, flags */
    TRAPPED_OPENAT2, /* folder, path, struct open_how */
    TRAPPED_STAT,    /* path, struct stat */
    TRAPPED_LSTAT,
    TRAPPED_FSTAT,      /* descriptor, struct stat */
    TRAPPED_FSTATAT,    /* folder, path, struct stat, flags */
    TRAPPED_STATX,      /* folder, path, flags, mask, struct statx */
    TRAPPED_ACCESS,     /* path, mode */
    TRAPPED_FACCESSAT,  /* folder, path, mode */
    TRAPPED_FACCESSAT2, /* folder, path, mode, flags */
    TRAPPED_READLINK,   /* path, buffer, size */
    TRAPPED_READLINKAT, /* folder, path, buffer, size */
    TRAPPED_XATTR,      /* path */
    TRAPPED_LXATTR,
    TRAPPED_EXECVE,   /* path */
    TRAPPED_EXECVEAT, /* folder, path */
    TRAPPED_ROOT,     /* changes what paths lead to, for some of PROGRAM */
    TRAPPED_REFUSED,  /* ENOSYS: it would open past the filter */
    TRAPPED_IOCTL,    /* descriptor, code, pointer: lines of a GPIO chip */
    TRAPPED_IO_URING, /* the same, unless allowed */
};

struct trapped {
    uint32_t arch; /* AUDIT_ARCH_ */
    uint32_t number;
    enum trapped_kind kind;
};

extern const struct trapped redirect_trapped_calls[];
extern const unsigned redirect_trapped_count;
/* AUDIT_ARCH_ of programs built as this one is. */
extern const uint32_t redirect_trapped_native;

enum trapped_kind redirect_trapped_find(uint32_t arch, uint32_t number);

#endif
