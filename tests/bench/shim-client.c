/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program as others are, for shim-overhead.c: it times what it is told to and
 * prints nanoseconds for one, the fastest of ROUNDS.
 *   transfers NODE N   I2C_RDWR of w1+r2
 *   echo N             a round trip of as many bytes between two processes
 *   ioctls N           an ioctl on a pipe
 */
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS  25
#define ADDRESS 0x48

/* The shim's packets for w1+r2: its head, two messages and a byte; back come
 * the result and two bytes. */
enum { REQUEST = 24 + 2 * 8 + 1, REPLY = 8 + 2 };

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void transfer(int fd)
{
    uint8_t reg = 0, in[2];
    struct i2c_msg msgs[] = {
        {.addr = ADDRESS, .len = 1, .buf = &reg},
        {.addr = ADDRESS, .flags = I2C_M_RD, .len = 2, .buf = in},
    };
    struct i2c_rdwr_ioctl_data data = {msgs, 2};

    if (ioctl(fd, I2C_RDWR, &data) != 2) {
        perror("shim-client: I2C_RDWR");
        exit(1);
    }
}

static void ask(int fd)
{
    uint8_t request[REQUEST] = {0}, reply[REPLY];

    if (send(fd, request, REQUEST, 0) != REQUEST ||
        recv(fd, reply, REPLY, 0) != REPLY) {
        perror("shim-client: echo");
        exit(1);
    }
}

static void answer(int fd)
{
    uint8_t request[REQUEST], reply[REPLY] = {0};

    while (recv(fd, request, REQUEST, 0) == REQUEST) {
        send(fd, reply, REPLY, 0);
    }
    _exit(0);
}

static void unrelated(int fd)
{
    int waiting;

    if (ioctl(fd, FIONREAD, &waiting)) {
        perror("shim-client: FIONREAD");
        exit(1);
    }
}

static void measure(void (*what)(int), int fd, unsigned n)
{
    uint64_t fastest = UINT64_MAX, begin, took;
    unsigned round, i;

    for (round = 0; round < ROUNDS; round++) {
        begin = now_ns();
        for (i = 0; i < n; i++) {
            what(fd);
        }
        took = now_ns() - begin;
        fastest = took < fastest ? took : fastest;
    }
    printf("%.1f\n", (double)fastest / n);
}

int main(int argc, char **argv)
{
    unsigned n = (unsigned)atoi(argv[argc - 1]);
    int fds[2];

    if (argc == 4 && !strcmp(argv[1], "transfers")) {
        fds[0] = open(argv[2], O_RDWR);
        measure(transfer, fds[0], n);
    } else if (argc == 3 && !strcmp(argv[1], "echo")) {
        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds)) {
            return 1;
        }
        if (!fork()) {
            close(fds[0]);
            answer(fds[1]);
        }
        close(fds[1]);
        measure(ask, fds[0], n);
        close(fds[0]);
        wait(NULL);
    } else if (argc == 3 && !strcmp(argv[1], "ioctls") && !pipe(fds)) {
        measure(unrelated, fds[0], n);
    } else {
        return 2;
    }
    return 0;
}
