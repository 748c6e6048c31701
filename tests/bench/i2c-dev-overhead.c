/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What i2cpt_transfer() costs over a bare ioctl(I2C_RDWR), in processor time of
 * the whole process, on the same fake adapter. The fake stands in the place of
 * the C library's ioctl(); the node is /dev/null.
 *
 * A driver starts its controller and sleeps until an interrupt says that the
 * transfer is over. So does the fake: it sleeps for as long as the transfer is
 * on the wire at 400 kHz, and costs the system call, the interrupt and the
 * waking up. Real drivers cost more (most take several interrupts). The rows
 * with a fake that answers at once show what is added in itself.
 *
 * By default a worker makes the call, for the caller to be let go at his
 * deadline. A bare ioctl has no deadline, so like is compared with like on the
 * last line: worker=off. The rows above say what the deadline costs.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define NODE    "/dev/null"
#define SPEC    "i2c-dev,device=" NODE
#define DIRECT  SPEC ",worker=off"
#define ADDRESS 0x48
#define TURN    50 /* calls of one, then of the other */
#define ROUNDS  20
#define BIT_NS  2500
#define BITS    (9 * (2 + 3) + 3) /* w1, repeated START, r2, STOP */
#define IOCTLS  0x0700u           /* linux/i2c-dev.h's are all 0x07.. */

static bool sleeps;

static int fake_rdwr(const struct i2c_rdwr_ioctl_data *data)
{
    const struct timespec wire = {0, BITS * BIT_NS};
    uint32_t i;

    if (sleeps) {
        nanosleep(&wire, NULL);
    } else {
        syscall(SYS_getppid);
    }
    for (i = 0; i < data->nmsgs; i++) {
        if (data->msgs[i].flags & I2C_M_RD) {
            memset(data->msgs[i].buf, 0x5a, data->msgs[i].len);
        }
    }
    return (int)data->nmsgs;
}

/* In the place of the C library's, for everybody. */
int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    void *arg;

    va_start(args, request);
    arg = va_arg(args, void *);
    va_end(args);
    if (request == I2C_RDWR) {
        return fake_rdwr(arg);
    }
    if (request == I2C_FUNCS) {
        *(unsigned long *)arg = I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
        return 0;
    }
    return (request & ~0xffu) == IOCTLS
               ? 0
               : (int)syscall(SYS_ioctl, fd, request, arg);
}

/* ------------------------------------------------------------ two ways */

static uint64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t bare(int fd, uint32_t n)
{
    uint8_t pointer = 0, data[2];
    struct i2c_msg msgs[] = {
        {.addr = ADDRESS, .len = sizeof(pointer), .buf = &pointer},
        {.addr = ADDRESS, .flags = I2C_M_RD, .len = sizeof(data), .buf = data},
    };
    struct i2c_rdwr_ioctl_data rdwr = {msgs, 2};
    uint64_t begin = cpu_ns();

    while (n--) {
        if (ioctl(fd, I2C_RDWR, &rdwr) != 2) {
            bench_fail("ioctl: %s", strerror(errno));
        }
    }
    return cpu_ns() - begin;
}

static uint64_t ours(struct i2cpt_adapter *adapter, uint32_t n)
{
    uint8_t pointer = 0, data[2];
    struct i2cpt_msg msgs[] = {
        {.addr = ADDRESS, .len = sizeof(pointer), .buf = &pointer},
        {.addr = ADDRESS,
         .flags = I2CPT_M_RD,
         .len = sizeof(data),
         .buf = data},
    };
    struct i2cpt_fault fault;
    uint64_t begin = cpu_ns();

    while (n--) {
        bench_check("transfer", i2cpt_transfer(adapter, msgs, 2, &fault),
                    &fault);
        if (msgs[1].actual != sizeof(data) || data[0] != 0x5a) {
            bench_fail("a wrong read");
        }
    }
    return cpu_ns() - begin;
}

/* Ours over bare, the fastest of interleaved runs of both. Within a run they
 * take turns as well, so that both meet the same machine. */
static double compare(const char *what, struct i2cpt_adapter *adapter, int fd,
                      int rounds, uint32_t n)
{
    uint64_t least_bare = UINT64_MAX, least_ours = UINT64_MAX;

    for (int i = 0; i < rounds; i++) {
        uint64_t took_bare = 0, took_ours = 0;

        for (uint32_t at = 0; at < n; at += TURN) {
            took_bare += bare(fd, TURN);
            took_ours += ours(adapter, TURN);
        }
        least_bare = took_bare < least_bare ? took_bare : least_bare;
        least_ours = took_ours < least_ours ? took_ours : least_ours;
    }
    double ratio = (double)least_ours / (double)least_bare;
    printf("  %-28s %7.2f %14.2f %6.3f\n", what, (double)least_bare / n / 1000,
           (double)least_ours / n / 1000, ratio);
    return ratio;
}

/* The last row's ratio. */
static double table(const char *spec, int fd, bool quick)
{
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault = {0};
    int rounds = quick ? 1 : ROUNDS;
    double ratio;

    bench_check(spec, i2cpt_adapter_open(spec, &adapter, &fault), &fault);
    printf("%s\n", spec);
    sleeps = false;
    compare("a fake that answers at once", adapter, fd, rounds,
            quick ? 1000 : 20000);
    sleeps = true;
    ratio = compare("one that sleeps for the wire", adapter, fd, rounds,
                    quick ? 50 : 1000);
    i2cpt_adapter_unref(adapter);
    return ratio;
}

static double run(bool quick)
{
    int fd = open(NODE, O_RDWR | O_CLOEXEC);
    double ratio;

    printf("CPU us a transfer of w1+r2       ioctl i2cpt_transfer  ratio\n");
    table(SPEC, fd, quick);
    ratio = table(DIRECT, fd, quick);
    close(fd);
    return ratio;
}

const struct bench bench_i2c_dev_overhead = {
    .name = "i2c-dev-overhead",
    .about = "CPU of i2cpt_transfer, worker=off, over a bare ioctl(I2C_RDWR)",
    .unit = "ratio",
    .run = run,
};
