/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A vhost-user VMM and a virtqueue driver, byte by byte. */
#include <endian.h>
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ring-driver.h"

#define PATIENCE_MS 60000

void rig_put_desc(uint8_t *memory, uint32_t table, uint16_t index,
                  struct rig_desc d)
{
    d.guest = htole64(d.guest);
    d.len = htole32(d.len);
    d.flags = htole16(d.flags);
    d.next = htole16(d.next);
    memcpy(memory + table + 16u * index, &d, sizeof(d));
}

void rig_put_header(uint8_t *memory, uint32_t at, uint16_t addr, uint32_t flags)
{
    addr = htole16(addr);
    flags = htole32(flags);
    memset(memory + at, 0, 8);
    memcpy(memory + at, &addr, 2);
    memcpy(memory + at + 4, &flags, 4);
}

static uint16_t *word(uint8_t *memory, uint32_t at)
{
    return (uint16_t *)(void *)(memory + at);
}

void rig_put_available(uint8_t *memory, uint16_t head)
{
    uint16_t *idx = word(memory, RIG_AVAIL + 2);
    uint16_t n = le16toh(*idx);

    *word(memory, RIG_AVAIL + 4 + 2 * (n % RIG_NUM)) = htole16(head);
    __atomic_store_n(idx, htole16((uint16_t)(n + 1)), __ATOMIC_RELEASE);
}

uint16_t rig_used(const uint8_t *memory)
{
    return le16toh(
        __atomic_load_n((const uint16_t *)(const void *)(memory + RIG_USED + 2),
                        __ATOMIC_ACQUIRE));
}

uint32_t rig_get_used(const uint8_t *memory, uint16_t index, uint32_t *len)
{
    uint32_t e[2];

    memcpy(e, memory + RIG_USED + 4 + 8 * (index % RIG_NUM), sizeof(e));
    *len = le32toh(e[1]);
    return le32toh(e[0]);
}

void rig_open(struct rig *r, int fd, int memory_fd)
{
    r->fd = fd;
    r->memory_fd = memory_fd;
    if (memory_fd < 0) {
        r->memory_fd = memfd_create("guest", MFD_CLOEXEC);
        g_assert_cmpint(ftruncate(r->memory_fd, RIG_MEMORY), ==, 0);
    }
    r->memory = mmap(NULL, RIG_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED,
                     r->memory_fd, 0);
    g_assert(r->memory != MAP_FAILED);
    r->kick = eventfd(0, EFD_CLOEXEC);
    r->call = eventfd(0, EFD_CLOEXEC);
    r->err = eventfd(0, EFD_CLOEXEC);
}

void rig_close(struct rig *r)
{
    munmap(r->memory, RIG_MEMORY);
    close(r->kick);
    close(r->call);
    close(r->err);
    if (r->fd >= 0) {
        close(r->fd);
    }
    close(r->memory_fd);
}

void rig_say(struct rig *r, uint32_t request, uint32_t flags, const void *body,
             uint32_t size, const int *fds, size_t n)
{
    uint32_t head[3] = {request, flags, size};
    struct iovec parts[] = {{head, sizeof(head)}, {(void *)body, size}};
    char control[CMSG_SPACE(16 * sizeof(int))] = {0};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};

    if (n) {
        struct cmsghdr *c;

        m.msg_control = control;
        m.msg_controllen = CMSG_SPACE(n * sizeof(int));
        c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(c), fds, n * sizeof(int));
    }
    if (sendmsg(r->fd, &m, MSG_NOSIGNAL) < 0) {
        /* it has hung up; whoever listens will see that */
    }
}

static void say_number(struct rig *r, uint32_t request, uint64_t number)
{
    rig_say(r, request, 1, &number, sizeof(number), NULL, 0);
}

static void say_vring(struct rig *r, uint32_t request, uint32_t value)
{
    uint32_t body[2] = {0, value};

    rig_say(r, request, 1, body, sizeof(body), NULL, 0);
}

static void say_fd(struct rig *r, uint32_t request, int fd)
{
    uint64_t index = 0;

    rig_say(r, request, 1, &index, sizeof(index), &fd, 1);
}

void rig_start(struct rig *r, uint64_t features, uint16_t base)
{
    struct {
        uint32_t n, padding;
        uint64_t regions[2][4];
    } table = {2,
               0,
               {{RIG_GUEST, RIG_REGION, RIG_VMM, 0},
                {RIG_GUEST + RIG_REGION, RIG_REGION, RIG_VMM + RIG_REGION,
                 RIG_REGION}}};
    struct {
        uint32_t index, flags;
        uint64_t desc, used, avail, log;
    } address = {
        0, 0, RIG_VMM + RIG_DESC, RIG_VMM + RIG_USED, RIG_VMM + RIG_AVAIL, 0};
    int fds[2] = {r->memory_fd, r->memory_fd};

    say_number(r, 3, 0);
    say_number(r, 2, features);
    rig_say(r, 5, 1, &table, sizeof(table), fds, 2);
    say_vring(r, 8, RIG_NUM);
    say_vring(r, 10, base);
    rig_say(r, 9, 1, &address, sizeof(address), NULL, 0);
    say_fd(r, 14, r->err);
    say_fd(r, 13, r->call);
    say_fd(r, 12, r->kick);
    say_vring(r, 18, 1);
}

static bool readable(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};

    return poll(&p, 1, PATIENCE_MS) > 0;
}

bool rig_hear(struct rig *r, uint64_t *number)
{
    uint32_t head[3];

    g_assert(readable(r->fd));
    if (recv(r->fd, head, sizeof(head), MSG_WAITALL) != sizeof(head)) {
        return false;
    }
    g_assert_cmpuint(head[1], ==, 5);
    g_assert_cmpuint(head[2], ==, 8);
    return recv(r->fd, number, 8, MSG_WAITALL) == 8;
}

uint16_t rig_stop(struct rig *r)
{
    uint64_t number;

    say_vring(r, 11, 0);
    g_assert(rig_hear(r, &number));
    return (uint16_t)RIG_SECOND(number);
}

void rig_kick(struct rig *r)
{
    const uint64_t one = 1;

    g_assert_cmpint(write(r->kick, &one, 8), ==, 8);
}

void rig_await_used(struct rig *r, uint16_t n)
{
    uint64_t count;

    while (rig_used(r->memory) != n) {
        g_assert(readable(r->call));
        g_assert_cmpint(read(r->call, &count, 8), ==, 8);
    }
}

void rig_await_broken(struct rig *r)
{
    g_assert(readable(r->err));
}
