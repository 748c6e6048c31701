/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The other side of tools/vhost-user: a VMM and its guest's driver, raw, which
 * can say what no driver does. Two regions of memory that are neighbours in the
 * guest; the queue is at the begin of the first one.
 */
#ifndef RING_DRIVER_H
#define RING_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RIG_NUM    8u
#define RIG_GUEST  0x10000u /* first guest address */
#define RIG_VMM    0x7000000000u
#define RIG_REGION 0x10000u
#define RIG_MEMORY (2 * RIG_REGION)
#define RIG_DESC   0x0000u /* where all is, from the first address on */
#define RIG_AVAIL  0x1000u
#define RIG_USED   0x2000u
#define RIG_DATA   0x3000u

enum { D_NEXT = 1, D_WRITE = 2, D_INDIRECT = 4 };
enum { R_FAIL_NEXT = 1, R_READ = 2 };

/* Two numbers of 32 bits as they stand in a message, which is in the machine's
 * own byte order. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define RIG_PAIR(first, second) ((uint64_t)(second) << 32 | (first))
#define RIG_SECOND(pair)        ((uint32_t)((pair) >> 32))
#else
#define RIG_PAIR(first, second) ((uint64_t)(first) << 32 | (second))
#define RIG_SECOND(pair)        ((uint32_t)(pair))
#endif

struct rig_desc {
    uint64_t guest;
    uint32_t len;
    uint16_t flags, next;
};

/* In the rig's memory, wherever it is mapped. */
void rig_put_desc(uint8_t *memory, uint32_t table, uint16_t index,
                  struct rig_desc d);
void rig_put_header(uint8_t *memory, uint32_t at, uint16_t addr,
                    uint32_t flags);
/* Make a chain available, and tell how many have been used. */
void rig_put_available(uint8_t *memory, uint16_t head);
uint16_t rig_used(const uint8_t *memory);
/* Element number `index` of the used ring: its head, and *len. */
uint32_t rig_get_used(const uint8_t *memory, uint16_t index, uint32_t *len);

/* ------------------------------------------------------------ a whole VMM */

struct rig {
    int fd, memory_fd;
    int kick, call, err;
    uint8_t *memory;
};

/* A VMM whose guest has this memory (-1: new). Nothing has been said yet. */
void rig_open(struct rig *r, int fd, int memory_fd);
void rig_close(struct rig *r);
/* Say something, with `n` descriptors. */
void rig_say(struct rig *r, uint32_t request, uint32_t flags, const void *body,
             uint32_t size, const int *fds, size_t n);
/* All that comes before a queue runs, and that. */
void rig_start(struct rig *r, uint64_t features, uint16_t base);
/* The answer: its number, in *number; false where the peer has hung up. */
bool rig_hear(struct rig *r, uint64_t *number);
uint16_t rig_stop(struct rig *r); /* GET_VRING_BASE */
void rig_kick(struct rig *r);
/* Wait until so many have been used. */
void rig_await_used(struct rig *r, uint16_t n);
/* Whether the queue has been called broken; waits for it. */
void rig_await_broken(struct rig *r);

#endif
