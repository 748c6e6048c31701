/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory table of a vhost-user session: mapped, and looked up. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vhost-user/memory.h"

static bool overlap(uint64_t a, uint64_t b, uint64_t a_size, uint64_t b_size)
{
    return a < b ? b - a < a_size : a - b < b_size;
}

static int check(const struct guest_memory *m, const struct guest_region *r,
                 uint64_t offset, int fd)
{
    struct stat st;
    size_t i;

    if (m->n == GUEST_REGIONS_MAX) {
        return -ENOSPC;
    }
    if (!r->size || r->guest + r->size < r->size ||
        r->vmm + r->size < r->size || offset + r->size < r->size ||
        offset + r->size > SIZE_MAX / 2) {
        return -EINVAL;
    }
    for (i = 0; i < m->n; i++) {
        const struct guest_region *o = &m->regions[i];

        if (overlap(r->guest, o->guest, r->size, o->size)) {
            return -EINVAL;
        }
    }
    if (fstat(fd, &st)) {
        return -errno;
    }
    /* Pages beyond the file's end would be a SIGBUS, later. */
    return st.st_size >= 0 && (uint64_t)st.st_size >= offset + r->size
               ? 0
               : -EINVAL;
}

static _Thread_local struct guest_memory *watched;

static void on_bus_error(int sig, siginfo_t *info, void *context)
{
    struct guest_memory *m = watched;
    uintptr_t at = (uintptr_t)info->si_addr;
    size_t i;

    (void)context;
    for (i = 0; m && i < m->n; i++) {
        struct guest_region *r = &m->regions[i];

        if (at - (uintptr_t)r->mapping < r->mapped &&
            mmap(r->mapping, r->mapped, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
                 0) != MAP_FAILED) {
            m->lost = 1;
            return;
        }
    }
    signal(sig, SIG_DFL); /* and what brought us here does it again */
}

void vhost_memory_watch(struct guest_memory *m)
{
    struct sigaction action = {.sa_sigaction = on_bus_error,
                               .sa_flags = SA_SIGINFO};

    watched = m;
    if (m) {
        sigaction(SIGBUS, &action, NULL);
    }
}

int vhost_memory_add(struct guest_memory *m, struct guest_region region,
                     uint64_t offset, int fd)
{
    int ret = check(m, &region, offset, fd);

    if (ret) {
        return ret;
    }
    /* From the file's begin: huge pages want an offset that is theirs. */
    region.mapped = (size_t)(offset + region.size);
    region.mapping = mmap(NULL, region.mapped, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (region.mapping == MAP_FAILED) {
        return -errno;
    }
    region.at = (uint8_t *)region.mapping + offset;
    m->regions[m->n++] = region;
    return 0;
}

void vhost_memory_clear(struct guest_memory *m)
{
    while (m->n) {
        m->n--;
        munmap(m->regions[m->n].mapping, m->regions[m->n].mapped);
    }
}

/* What there is from `guest` on, at most *len bytes, which is set to it. */
static uint8_t *span(const struct guest_memory *m, uint64_t guest,
                     uint64_t *len)
{
    size_t i;

    for (i = 0; i < m->n; i++) {
        const struct guest_region *r = &m->regions[i];

        if (guest >= r->guest && guest - r->guest < r->size) {
            uint64_t left = r->size - (guest - r->guest);

            *len = *len < left ? *len : left;
            return r->at + (guest - r->guest);
        }
    }
    return NULL;
}

void *vhost_memory_at(const struct guest_memory *m, uint64_t guest,
                      uint64_t len)
{
    uint64_t there = len;
    uint8_t *at = span(m, guest, &there);

    return at && there == len ? at : NULL;
}

void *vhost_memory_at_vmm(const struct guest_memory *m, uint64_t vmm,
                          uint64_t len)
{
    size_t i;

    for (i = 0; i < m->n; i++) {
        const struct guest_region *r = &m->regions[i];

        if (vmm >= r->vmm && vmm - r->vmm < r->size) {
            return len <= r->size - (vmm - r->vmm) ? r->at + (vmm - r->vmm)
                                                   : NULL;
        }
    }
    return NULL;
}

bool vhost_memory_has(const struct guest_memory *m, uint64_t guest,
                      uint64_t len)
{
    while (len) {
        uint64_t there = len;

        if (!span(m, guest, &there)) {
            return false;
        }
        guest += there;
        len -= there;
    }
    return true;
}

bool vhost_memory_read(const struct guest_memory *m, uint64_t guest, void *to,
                       size_t len)
{
    uint8_t *out = to;

    while (len) {
        uint64_t there = len;
        const uint8_t *at = span(m, guest, &there);

        if (!at) {
            return false;
        }
        memcpy(out, at, (size_t)there);
        out += there;
        guest += there;
        len -= (size_t)there;
    }
    return true;
}

bool vhost_memory_write(const struct guest_memory *m, uint64_t guest,
                        const void *from, size_t len)
{
    const uint8_t *in = from;

    while (len) {
        uint64_t there = len;
        uint8_t *at = span(m, guest, &there);

        if (!at) {
            return false;
        }
        memcpy(at, in, (size_t)there);
        in += there;
        guest += there;
        len -= (size_t)there;
    }
    return true;
}
