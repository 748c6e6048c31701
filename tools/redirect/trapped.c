/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of the calls that are trapped. */
#include <linux/audit.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "redirect/trapped.h"

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined(__i386__)
#define NATIVE AUDIT_ARCH_I386
#elif defined(__arm__)
#define NATIVE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE AUDIT_ARCH_RISCV64
#else
#error "which AUDIT_ARCH_ has this machine?"
#endif

const uint32_t redirect_trapped_native = NATIVE;

#define OWN(name, kind)          \
    {                            \
        NATIVE, SYS_##name, kind \
    }

/* clang-format off */
const struct trapped redirect_trapped_calls[] = {
    OWN(openat, TRAPPED_OPENAT),
    OWN(openat2, TRAPPED_OPENAT2),
    OWN(statx, TRAPPED_STATX),
    OWN(faccessat, TRAPPED_FACCESSAT),
    OWN(faccessat2, TRAPPED_FACCESSAT2),
    OWN(readlinkat, TRAPPED_READLINKAT),
    OWN(getxattr, TRAPPED_XATTR),
    OWN(lgetxattr, TRAPPED_LXATTR),
    OWN(listxattr, TRAPPED_XATTR),
    OWN(llistxattr, TRAPPED_LXATTR),
    OWN(execve, TRAPPED_EXECVE),
    OWN(execveat, TRAPPED_EXECVEAT),
    OWN(chroot, TRAPPED_ROOT),
    OWN(pivot_root, TRAPPED_ROOT),
    OWN(setns, TRAPPED_ROOT),
    OWN(mount, TRAPPED_ROOT),
    OWN(umount2, TRAPPED_ROOT),
    OWN(move_mount, TRAPPED_ROOT),
    OWN(open_by_handle_at, TRAPPED_REFUSED),
    OWN(ioctl, TRAPPED_IOCTL),
    OWN(io_uring_setup, TRAPPED_IO_URING),
#ifdef SYS_open
    OWN(open, TRAPPED_OPEN),
    OWN(creat, TRAPPED_CREAT),
    OWN(access, TRAPPED_ACCESS),
    OWN(readlink, TRAPPED_READLINK),
#endif
#if defined(SYS_newfstatat)
    OWN(newfstatat, TRAPPED_FSTATAT),
    OWN(fstat, TRAPPED_FSTAT),
#elif defined(SYS_fstatat64)
    OWN(fstatat64, TRAPPED_FSTATAT),
    OWN(fstat64, TRAPPED_FSTAT),
#endif
#if defined(SYS_stat) && !defined(SYS_stat64)
    OWN(stat, TRAPPED_STAT),
    OWN(lstat, TRAPPED_LSTAT),
#elif defined(SYS_stat64)
    OWN(stat64, TRAPPED_STAT),
    OWN(lstat64, TRAPPED_LSTAT),
#endif
#if defined(__x86_64__)
    /* arch/x86/entry/syscalls/syscall_32.tbl */
    {AUDIT_ARCH_I386, 5, TRAPPED_OPEN},
    {AUDIT_ARCH_I386, 8, TRAPPED_CREAT},
    {AUDIT_ARCH_I386, 11, TRAPPED_EXECVE},
    {AUDIT_ARCH_I386, 21, TRAPPED_ROOT},
    {AUDIT_ARCH_I386, 33, TRAPPED_ACCESS},
    {AUDIT_ARCH_I386, 52, TRAPPED_ROOT},
    {AUDIT_ARCH_I386, 54, TRAPPED_IOCTL},
    {AUDIT_ARCH_I386, 61, TRAPPED_ROOT},
    {AUDIT_ARCH_I386, 85, TRAPPED_READLINK},
    {AUDIT_ARCH_I386, 195, TRAPPED_STAT},
    {AUDIT_ARCH_I386, 196, TRAPPED_LSTAT},
    {AUDIT_ARCH_I386, 197, TRAPPED_FSTAT},
    {AUDIT_ARCH_I386, 217, TRAPPED_ROOT},
    {AUDIT_ARCH_I386, 229, TRAPPED_XATTR},
    {AUDIT_ARCH_I386, 230, TRAPPED_LXATTR},
    {AUDIT_ARCH_I386, 232, TRAPPED_XATTR},
    {AUDIT_ARCH_I386, 233, TRAPPED_LXATTR},
    {AUDIT_ARCH_I386, 295, TRAPPED_OPENAT},
    {AUDIT_ARCH_I386, 300, TRAPPED_FSTATAT},
    {AUDIT_ARCH_I386, 305, TRAPPED_READLINKAT},
    {AUDIT_ARCH_I386, 307, TRAPPED_FACCESSAT},
    {AUDIT_ARCH_I386, 342, TRAPPED_REFUSED}, /* open_by_handle_at */
    {AUDIT_ARCH_I386, 346, TRAPPED_ROOT},
    {AUDIT_ARCH_I386, 358, TRAPPED_EXECVEAT},
    {AUDIT_ARCH_I386, 383, TRAPPED_STATX},
    {AUDIT_ARCH_I386, 425, TRAPPED_IO_URING},
    {AUDIT_ARCH_I386, 429, TRAPPED_ROOT},
    {AUDIT_ARCH_I386, 437, TRAPPED_OPENAT2},
    {AUDIT_ARCH_I386, 439, TRAPPED_FACCESSAT2},
#elif defined(__aarch64__)
    /* arch/arm/tools/syscall.tbl */
    {AUDIT_ARCH_ARM, 5, TRAPPED_OPEN},
    {AUDIT_ARCH_ARM, 8, TRAPPED_CREAT},
    {AUDIT_ARCH_ARM, 11, TRAPPED_EXECVE},
    {AUDIT_ARCH_ARM, 54, TRAPPED_IOCTL},
    {AUDIT_ARCH_ARM, 61, TRAPPED_ROOT},
    {AUDIT_ARCH_ARM, 218, TRAPPED_ROOT}, /* pivot_root */
    {AUDIT_ARCH_ARM, 322, TRAPPED_OPENAT},
    {AUDIT_ARCH_ARM, 371, TRAPPED_REFUSED}, /* open_by_handle_at */
    {AUDIT_ARCH_ARM, 375, TRAPPED_ROOT}, /* setns */
    {AUDIT_ARCH_ARM, 387, TRAPPED_EXECVEAT},
    {AUDIT_ARCH_ARM, 425, TRAPPED_IO_URING},
    {AUDIT_ARCH_ARM, 437, TRAPPED_OPENAT2},
#endif
};
/* clang-format on */
const unsigned redirect_trapped_count =
    sizeof(redirect_trapped_calls) / sizeof(redirect_trapped_calls[0]);

enum trapped_kind redirect_trapped_find(uint32_t arch, uint32_t number)
{
    for (unsigned i = 0; i < redirect_trapped_count; i++) {
        if (redirect_trapped_calls[i].arch == arch &&
            redirect_trapped_calls[i].number == number) {
            return redirect_trapped_calls[i].kind;
        }
    }
    return TRAPPED_NONE;
}
