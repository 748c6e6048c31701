/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter: for each architecture a chain of comparisons with the numbers
 * of the calls that are trapped. What is not in the table leaves without its
 * arguments being looked at, so that the kernel remembers that such a number is
 * allowed and does not run the filter for it at all (since 5.11). */
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/gpio.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "redirect/filter.h"
#include "redirect/trapped.h"

#define X32_BIT 0x40000000u
enum { PROGRAM_MAX = 256, CODES = 3 /* of ioctl() that are trapped */ };

struct program {
    struct sock_filter code[PROGRAM_MAX];
    unsigned n;
};

static void add(struct program *p, unsigned short code, uint32_t k, uint8_t yes,
                uint8_t no)
{
    if (p->n < PROGRAM_MAX) {
        p->code[p->n] = (struct sock_filter){code, yes, no, k};
    }
    p->n++;
}

static void load(struct program *p, size_t offset)
{
    add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void end(struct program *p, uint32_t what)
{
    add(p, BPF_RET | BPF_K, what, 0, 0);
}

static uint32_t answer_to(enum trapped_kind kind,
                          const struct filter_options *o)
{
    switch (kind) {
    case TRAPPED_IO_URING:
        return o->io_uring ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | ENOSYS;
    case TRAPPED_REFUSED:
        return SECCOMP_RET_ERRNO | ENOSYS;
    case TRAPPED_IOCTL:
        return o->gpio ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW;
    case TRAPPED_EXECVE:
    case TRAPPED_EXECVEAT:
        return o->execve ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW;
    default:
        return SECCOMP_RET_USER_NOTIF;
    }
}

/* Behind the number of ioctl(): only these of its codes are trapped. With no
 * chip none is, so that its arguments are not looked at. */
static void add_codes(struct program *p)
{
    static const uint32_t codes[CODES] = {GPIO_V2_GET_LINE_IOCTL,
                                          GPIO_GET_LINEHANDLE_IOCTL,
                                          GPIO_GET_LINEEVENT_IOCTL};

    load(p, offsetof(struct seccomp_data, args[1])); /* low half first */
    for (unsigned i = 0; i < CODES; i++) {
        add(p, BPF_JMP | BPF_JEQ | BPF_K, codes[i], (uint8_t)(CODES - i), 0);
    }
    end(p, SECCOMP_RET_ALLOW);
}

static void add_calls(struct program *p, uint32_t arch,
                      const struct filter_options *o)
{
    for (unsigned i = 0; i < redirect_trapped_count; i++) {
        const struct trapped *t = &redirect_trapped_calls[i];

        if (t->arch != arch) {
            continue;
        }
        if (t->kind == TRAPPED_IOCTL && o->gpio) {
            add(p, BPF_JMP | BPF_JEQ | BPF_K, t->number, 0, CODES + 3);
            add_codes(p);
        } else {
            add(p, BPF_JMP | BPF_JEQ | BPF_K, t->number, 0, 1);
        }
        end(p, answer_to(t->kind, o));
    }
    end(p, SECCOMP_RET_ALLOW);
}

/* "arch is this one": behind it what is done then, up to where `at` is told. */
static unsigned begin_arch(struct program *p, uint32_t arch)
{
    unsigned at;

    load(p, offsetof(struct seccomp_data, arch));
    add(p, BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0);
    at = p->n;
    add(p, BPF_JMP | BPF_JA, 0, 0, 0);
    load(p, offsetof(struct seccomp_data, nr));
    return at;
}

static void end_arch(struct program *p, unsigned at)
{
    if (at < PROGRAM_MAX) {
        p->code[at].k = p->n - at - 1;
    }
}

static void make(struct program *p, const struct filter_options *o)
{
    unsigned at = begin_arch(p, redirect_trapped_native);

#ifdef __x86_64__
    /* x32 numbers: kernels that take them are rare, programs more so */
    add(p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
    end(p, SECCOMP_RET_ERRNO | ENOSYS);
#endif
    add_calls(p, redirect_trapped_native, o);
    end_arch(p, at);
#if defined(__x86_64__)
    at = begin_arch(p, AUDIT_ARCH_I386);
    add_calls(p, AUDIT_ARCH_I386, o);
    end_arch(p, at);
#elif defined(__aarch64__)
    at = begin_arch(p, AUDIT_ARCH_ARM);
    add_calls(p, AUDIT_ARCH_ARM, o);
    end_arch(p, at);
#endif
    end(p, SECCOMP_RET_ERRNO | ENOSYS);
}

bool redirect_filter_needs_no_new_privs(void)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];

    return syscall(SYS_capget, &head, data) ||
           !(data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective &
             CAP_TO_MASK(CAP_SYS_ADMIN));
}

int redirect_filter_install(const struct filter_options *options)
{
    struct program p = {.n = 0};
    struct sock_fprog prog = {.filter = p.code};
    long listener;

    make(&p, options);
    if (p.n > PROGRAM_MAX) {
        return -E2BIG;
    }
    prog.len = (unsigned short)p.n;
    if (redirect_filter_needs_no_new_privs() &&
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
        return -errno;
    }
    /* 5.19 and later do not restart a call that a signal interrupts */
    listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                       SECCOMP_FILTER_FLAG_NEW_LISTENER |
                           SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
                       &prog);
    if (listener < 0 && errno == EINVAL) {
        listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                           SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
    }
    return listener < 0 ? -errno : (int)listener;
}
