/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ring-garbage ROUNDS SEED: a driver of a virtio I2C adapter (virtio 1.2,
 * sections 2.7, 4.1 and 5.16) in a guest whose rings hold anything at all, and
 * change while the device reads them. All that it owns is memory that the
 * kernel does not know of: the kernel is told `mem=` less than there is.
 *
 * Whatever the device makes of it, it must use every chain that it is given,
 * and no more; answer a right request afterwards; and, where an index was
 * written that cannot be, do so once it was reset.
 */
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* The memory: its first page begins the rings, the next has indirect tables. */
#define MEMORY   0x0c000000u /* 192 MiB, the kernel's mem= */
#define END      0x10000000u /* the guest's 256 MiB */
#define AVAIL    0x1000u
#define USED     0x2000u
#define INDIRECT 0x3000u
#define BUFFERS  0x10000u

#define PATIENCE_S 60

/* virtio 1.2, 2.7.5 */
#define F_NEXT     1u
#define F_WRITE    2u
#define F_INDIRECT 4u
/* 5.16.6 */
#define I2C_FAIL_NEXT 1u
#define I2C_M_RD      2u
/* 2.1 and 6 */
#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER      2u
#define STATUS_DRIVER_OK   4u
#define STATUS_FEATURES_OK 8u
#define F_ZERO_LENGTH      (1u << 0)
#define F_INDIRECT_DESC    (1u << 28)
#define F_EVENT_IDX        (1u << 29)
#define F_VERSION_1        (1u << 0) /* of the second word */

struct descriptor {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
};

struct ring {
    uint16_t flags, idx;
    union {
        uint16_t avail[0x400];
        struct {
            uint32_t id, len;
        } used[0x400];
    };
};

/* 4.1.4.3 */
struct common {
    uint32_t device_feature_select, device_feature;
    uint32_t driver_feature_select, driver_feature;
    uint16_t config_msix_vector, num_queues;
    uint8_t device_status, config_generation;
    uint16_t queue_select, queue_size, queue_msix_vector, queue_enable,
        queue_notify_off;
    uint32_t queue_desc[2], queue_driver[2], queue_device[2];
};

static uint8_t *memory;
static volatile struct descriptor *table;
static volatile struct ring *avail, *used;
static volatile struct common *common;
static volatile uint16_t *doorbell;
static uint16_t num, given;
static bool spoilt; /* an index that cannot be was written */
static uint64_t state;
static uint64_t offered, broken;

static _Noreturn void fail(const char *what)
{
    puts(what);
    exit(1);
}

static uint32_t any(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 20) % n;
}

/* --- the PCI device ----------------------------------------------------- */

static uint32_t config_long(int config, off_t at)
{
    uint32_t value = 0;

    if (pread(config, &value, 4, at) != 4) {
        fail("the device's configuration cannot be read");
    }
    return value;
}

static void *bar(const char *folder, unsigned n, uint32_t offset)
{
    char path[300];
    int fd;
    uint8_t *at;

    snprintf(path, sizeof(path), "%s/resource%u", folder, n);
    fd = open(path, O_RDWR | O_SYNC);
    at = mmap(NULL, 0x4000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at == MAP_FAILED) {
        fail("a BAR cannot be mapped");
    }
    return at + offset;
}

/* The capabilities of 4.1.4: type 1 is the common configuration, 2 the
 * doorbell of queue 0. */
static void find(const char *folder)
{
    char path[300];
    int config;
    uint8_t at;

    snprintf(path, sizeof(path), "%s/config", folder);
    config = open(path, O_RDWR);
    /* memory space, bus master */
    if (pwrite(config, &(uint16_t){6}, 2, 4) != 2) {
        fail("the device cannot be enabled");
    }
    for (at = (uint8_t)config_long(config, 0x34); at;
         at = (uint8_t)(config_long(config, at) >> 8)) {
        uint32_t head = config_long(config, at);
        unsigned type = head >> 24, n = config_long(config, at + 4) & 0xff;
        uint32_t offset = config_long(config, at + 8);

        if ((head & 0xff) == 9 && type == 1) {
            common = bar(folder, n, offset);
        } else if ((head & 0xff) == 9 && type == 2) {
            doorbell = bar(folder, n, offset);
        }
    }
    close(config);
    if (!common || !doorbell) {
        fail("the device is no virtio 1 one");
    }
}

static void open_device(void)
{
    glob_t found;
    int fd = open("/dev/mem", O_RDWR);

    memory = mmap(NULL, END - MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                  MEMORY);
    if (memory == MAP_FAILED) {
        fail("/dev/mem cannot be mapped: is the kernel told mem=192M?");
    }
    table = (void *)memory;
    avail = (void *)(memory + AVAIL);
    used = (void *)(memory + USED);
    if (glob("/sys/bus/pci/devices/*", 0, NULL, &found)) {
        fail("no PCI here");
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char path[300];
        int config;

        snprintf(path, sizeof(path), "%s/config", found.gl_pathv[i]);
        config = open(path, O_RDONLY);
        if (config_long(config, 0) == 0x10621af4) { /* 0x1040 + 34 */
            find(found.gl_pathv[i]);
        }
        close(config);
    }
    globfree(&found);
    if (!common) {
        fail("no virtio I2C adapter here");
    }
}

static void features(void)
{
    uint32_t offered;

    common->device_feature_select = 0;
    offered = common->device_feature;
    common->driver_feature_select = 0;
    common->driver_feature = offered & (F_ZERO_LENGTH | F_INDIRECT_DESC |
                                        (any(2) ? F_EVENT_IDX : 0));
    common->driver_feature_select = 1;
    common->driver_feature = F_VERSION_1;
    common->device_status |= STATUS_FEATURES_OK;
    if (!(common->device_status & STATUS_FEATURES_OK)) {
        fail("the device refuses its own features");
    }
}

/* A ring address is two words, and so written. */
static void put_address(volatile uint32_t *to, uint32_t offset)
{
    to[0] = MEMORY + offset;
    to[1] = 0;
}

static void start(void)
{
    common->device_status = 0;
    while (common->device_status) {
    }
    memset(memory, 0, INDIRECT);
    given = 0;
    spoilt = false;
    common->device_status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
    features();
    common->queue_select = 0;
    num = common->queue_size;
    if (!num || num > 0x100) {
        fail("a queue size that cannot be");
    }
    put_address(common->queue_desc, 0);
    put_address(common->queue_driver, AVAIL);
    put_address(common->queue_device, USED);
    common->queue_enable = 1;
    common->device_status |= STATUS_DRIVER_OK;
}

/* --- rings --------------------------------------------------------------- */

static void offer(uint16_t head)
{
    avail->avail[given % num] = head;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    avail->idx = ++given;
    offered++;
}

static uint16_t waiting(void)
{
    uint16_t n = (uint16_t)(given - used->idx);

    if (n > num && !spoilt) {
        fail("more chains used than given");
    }
    return n;
}

/* Until no more than `left` of what the device was given is unused. */
static void wait_used(uint16_t left)
{
    time_t end = time(NULL) + PATIENCE_S;

    for (unsigned long i = 1; waiting() > left; i++) {
        if (i % 256 == 0 && time(NULL) > end) {
            fail("what the device was given it does not use");
        }
        if (i % 256 == 0) {
            usleep(50);
        }
    }
}

static void put(volatile struct descriptor *d, uint64_t addr, uint32_t len,
                uint16_t flags, uint16_t next)
{
    d->addr = addr;
    d->len = len;
    d->flags = flags;
    d->next = next;
}

static void header(uint32_t offset, uint16_t address, uint32_t flags)
{
    memcpy(memory + offset, (uint16_t[2]){(uint16_t)(address << 1), 0}, 4);
    memcpy(memory + offset + 4, &flags, 4);
}

/* A read of two bytes at 0x49, as a driver does it: whether it was answered OK.
 */
static bool answers(void)
{
    volatile uint8_t *status = memory + BUFFERS + 0x200;

    header(BUFFERS, 0x49, I2C_M_RD);
    *status = 0xff;
    put(&table[0], MEMORY + BUFFERS, 8, F_NEXT, 1);
    put(&table[1], MEMORY + BUFFERS + 0x100, 2, F_NEXT | F_WRITE, 2);
    put(&table[2], MEMORY + BUFFERS + 0x200, 1, F_WRITE, 0);
    offer(0);
    *doorbell = 0;
    wait_used(0);
    return *status == 0;
}

/* No chain breaks the queue; an index that cannot be does. */
static void check(void)
{
    if (spoilt) {
        broken++;
        start();
    } else {
        /* The first ends a group that waits for its last request; answers to
         * others may still be written into it, and then it is one of a group
         * without an end itself, with which the second fails. */
        wait_used(num - 1);
        answers();
        answers();
    }
    if (!answers()) {
        fail("a right request is not answered OK");
    }
}

/* --- anything at all ----------------------------------------------------- */

static uint64_t any_address(void)
{
    switch (any(12)) {
    case 0:
        return END - any(16); /* across the end */
    case 1:
        return END + any(0x10000000); /* beyond it */
    case 2:
        return UINT64_MAX - any(64); /* wraps */
    case 3:
        return (uint64_t)any(UINT32_MAX) << 32 | END;
    default:
        return MEMORY + BUFFERS + any(0x1000);
    }
}

static uint32_t any_length(void)
{
    switch (any(8)) {
    case 0:
        return 0;
    case 1:
        return UINT32_MAX - any(16);
    case 2:
        return any(0x200000);
    default:
        return any(300);
    }
}

static void any_descriptor(volatile struct descriptor *d, uint16_t n)
{
    put(d, any(6) ? any_address() : MEMORY + INDIRECT, any_length(),
        (uint16_t)(any(4) ? any(4) : any(0x10000)),
        (uint16_t)(any(8) ? any(n) : any(0x10000)));
}

/* A request that is nearly right, in a table of its own or in the queue's. */
static void near_request(volatile struct descriptor *t, uint16_t n,
                         uint32_t buffer)
{
    static const uint16_t addresses[] = {0x49, 0x1d, 0x20, 0x50, 0x1e, 0x3ff};
    uint32_t flags = any(4);
    uint16_t write = flags & I2C_M_RD ? F_WRITE : 0;

    header(buffer, any(8) ? addresses[any(6)] : (uint16_t)any(0x8000),
           any(16) ? flags : any(UINT32_MAX));
    put(&t[0], MEMORY + buffer, 8, F_NEXT, 1);
    put(&t[1], MEMORY + buffer + 0x100, any_length(), F_NEXT | write, 2);
    put(&t[2], MEMORY + buffer + 0x200, 1, F_WRITE, 0);
    for (uint32_t changed = any(2) * any(4); changed--;) {
        any_descriptor(&t[any(n < 3 ? n : 3)], n);
    }
}

/* Writes a chain, or what might be one, and says where it begins. */
static uint16_t one(uint32_t buffer)
{
    uint16_t head = (uint16_t)any(num);
    uint32_t at = INDIRECT + any(16) * 0x400;
    uint16_t parts = (uint16_t)(3 + any(61));

    switch (any(8)) {
    case 0:
        for (uint16_t i = 0; i < num; i++) {
            any_descriptor(&table[i], num);
        }
        return head;
    case 1:
    case 2:
        near_request(table, num < 3 ? num : 3, buffer);
        return 0;
    default:
        near_request((void *)(memory + at), parts, buffer);
        put(&table[head], MEMORY + at, any(16) ? parts * 16u : any_length(),
            F_INDIRECT, 0);
        return head;
    }
}

static void change(void)
{
    for (uint32_t i = any(64); i--;) {
        any_descriptor(&table[any(num)], num);
        any_descriptor((void *)(memory + INDIRECT + any(0x400) * 16), 64);
    }
}

static void one_round(void)
{
    wait_used(num - 1);
    for (uint32_t i = 1 + any(num - waiting()); i--;) {
        uint16_t head = one(BUFFERS + i * 0x400);

        if (!any(5000)) {
            spoilt = true;
            head = (uint16_t)(num + any(0x10000u - num));
        }
        offer(head);
    }
    if (!any(5000)) {
        spoilt = true;
        avail->idx = (uint16_t)(given + num + 1 + any(0x8000));
    }
    *doorbell = 0;
    if (!any(3)) {
        change();
    }
    for (uint32_t i = any(200); i-- && waiting();) {
    }
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000;

    state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    state = state * 0x9e3779b97f4a7c15u | 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    open_device();
    start();
    if (!answers()) {
        fail("the device does not answer at all");
    }
    for (unsigned long i = 0; i < rounds; i++) {
        one_round();
        if (spoilt || i % 16 == 15) {
            check();
        }
        if (!any(5000)) {
            start();
        }
    }
    check();
    printf("%lu rounds, %" PRIu64 " chains, %" PRIu64
           " queues broken by an index\n",
           rounds, offered, broken);
    return 0;
}
