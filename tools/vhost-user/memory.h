/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's memory, as a VMM shares it: regions that have a guest address and
 * an address of the VMM's own. Every access is checked against them.
 */
#ifndef VHOST_USER_MEMORY_H
#define VHOST_USER_MEMORY_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_REGIONS_MAX 8u /* as many as a message may have descriptors */

struct guest_region {
    uint64_t guest; /* first address */
    uint64_t vmm;   /* the same in the VMM */
    uint64_t size;
    uint8_t *at;
    void *mapping;
    size_t mapped;
};

struct guest_memory {
    struct guest_region regions[GUEST_REGIONS_MAX];
    size_t n;
    volatile sig_atomic_t lost; /* the VMM has cut a file of it short */
};

/*
 * One more region, `size` bytes of the file `fd` from `offset`, which stays the
 * caller's: 0, or -EINVAL for one that is empty, wraps, overlaps another or is
 * not in the file, -ENOSPC for one too many, or what mmap() says.
 */
int vhost_memory_add(struct guest_memory *m, struct guest_region region,
                     uint64_t offset, int fd);
/*
 * From here on this thread survives a VMM that cuts a mapped file short: what
 * it touches there reads as zeros, which are not to be believed, and `lost` is
 * set. NULL: not any more. SIGBUS becomes this file's, for the whole process;
 * that of other threads and addresses ends it as ever.
 */
void vhost_memory_watch(struct guest_memory *m);
void vhost_memory_clear(struct guest_memory *m);

/* `len` bytes at a guest address, or at the VMM's, in one piece; NULL where
 * they are not all in one region. */
void *vhost_memory_at(const struct guest_memory *m, uint64_t guest,
                      uint64_t len);
void *vhost_memory_at_vmm(const struct guest_memory *m, uint64_t vmm,
                          uint64_t len);
/* Whether all of it is in the guest's memory, in however many regions. */
bool vhost_memory_has(const struct guest_memory *m, uint64_t guest,
                      uint64_t len);
/* Copy out of the guest, and into it; false where not all of it is there. */
bool vhost_memory_read(const struct guest_memory *m, uint64_t guest, void *to,
                       size_t len);
bool vhost_memory_write(const struct guest_memory *m, uint64_t guest,
                        const void *from, size_t len);

#endif
