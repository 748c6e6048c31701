/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program as others are, for shim-overhead.c, redirect-overhead.c and
 * vm-redirect: it times what it is told to and prints nanoseconds for one, the
 * fastest of ROUNDS.
 *
 * transfers NODE N: I2C_RDWR of w1+r2. bytes NODE N, words NODE N: I2C_SMBUS
 * reads of a register.
 *
 * echo N: a round trip of as many bytes between two processes. ioctls N: one on
 * a pipe. reads N: read() of /dev/zero, allowed N: the same under a seccomp
 * filter that allows everything. opens N, absent N, stats N, fstats N.
 *
 * programs N: /bin/true. make FOLDER N: make -B -j2 there; one round.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

static void smbus(int fd, uint32_t size)
{
    union i2c_smbus_data value;
    struct i2c_smbus_ioctl_data data = {
        .read_write = I2C_SMBUS_READ, .size = size, .data = &value};

    if (ioctl(fd, I2C_SMBUS, &data)) {
        perror("shim-client: I2C_SMBUS");
        exit(1);
    }
}

static void byte(int fd)
{
    smbus(fd, I2C_SMBUS_BYTE_DATA);
}

static void word(int fd)
{
    smbus(fd, I2C_SMBUS_WORD_DATA);
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

static void check(bool good, const char *what)
{
    if (!good) {
        perror(what);
        exit(1);
    }
}

static void read_one(int fd)
{
    char c;

    check(read(fd, &c, 1) == 1, "shim-client: read");
}

static void open_one(int fd)
{
    int opened = open("/etc/passwd", O_RDONLY);

    (void)fd;
    check(opened >= 0 && !close(opened), "shim-client: open");
}

static void open_absent(int fd)
{
    (void)fd;
    check(open("/etc/absent-for-shim-client", O_RDONLY) < 0, "shim-client");
}

static void stat_one(int fd)
{
    struct stat st;

    (void)fd;
    check(!stat("/etc/passwd", &st), "shim-client: stat");
}

static void fstat_one(int fd)
{
    struct stat st;

    check(!fstat(fd, &st), "shim-client: fstat");
}

static void run_program(int fd)
{
    int status = 0;
    pid_t pid = fork();

    (void)fd;
    if (!pid) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    check(pid > 0 && waitpid(pid, &status, 0) == pid && !status, "/bin/true");
}

static void once(void (*what)(int), unsigned n)
{
    uint64_t begin = now_ns();

    for (unsigned i = 0; i < n; i++) {
        what(-1);
    }
    printf("%.1f\n", (double)(now_ns() - begin) / n);
}

static const char *folder;

static void make_tree(int fd)
{
    char command[4200];

    (void)fd;
    snprintf(command, sizeof(command), "make -B -s -j2 -C '%s'", folder);
    check(!system(command), "shim-client: make");
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

/* The calls that need no descriptor, or one of /dev/zero. */
static const struct {
    const char *name;
    void (*run)(int fd);
} calls[] = {
    {"reads", read_one}, {"opens", open_one},   {"absent", open_absent},
    {"stats", stat_one}, {"fstats", fstat_one},
};

static int measure_call(const char *name, unsigned n)
{
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (!strcmp(calls[i].name, name)) {
            measure(calls[i].run, open("/dev/zero", O_RDONLY), n);
            return 0;
        }
    }
    return 2;
}

/* What any filter costs a call, be it as short as this one. */
static void allow_all(void)
{
    struct sock_filter code = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    struct sock_fprog filter = {1, &code};

    check(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
              !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter),
          "shim-client: seccomp");
}

/* Those of a node. */
static int measure_node(const char *name, const char *node, unsigned n)
{
    int fd = open(node, O_RDWR);

    check(fd >= 0, node);
    if (!strcmp(name, "transfers")) {
        measure(transfer, fd, n);
        return 0;
    }
    check(!ioctl(fd, I2C_SLAVE, ADDRESS), node);
    if (!strcmp(name, "bytes")) {
        measure(byte, fd, n);
    } else if (!strcmp(name, "words")) {
        measure(word, fd, n);
    } else {
        return 2;
    }
    return 0;
}

static void measure_echo(unsigned n)
{
    int fds[2];

    check(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), "socketpair");
    if (!fork()) {
        close(fds[0]);
        answer(fds[1]);
    }
    close(fds[1]);
    measure(ask, fds[0], n);
    close(fds[0]);
    wait(NULL);
}

int main(int argc, char **argv)
{
    unsigned n = (unsigned)atoi(argv[argc - 1]);
    int fds[2];

    if (argc == 4 && !strcmp(argv[1], "make")) {
        folder = argv[2];
        once(make_tree, n);
    } else if (argc == 4) {
        return measure_node(argv[1], argv[2], n);
    } else if (argc != 3) {
        return 2;
    } else if (!strcmp(argv[1], "echo")) {
        measure_echo(n);
    } else if (!strcmp(argv[1], "ioctls") && !pipe(fds)) {
        measure(unrelated, fds[0], n);
    } else if (!strcmp(argv[1], "programs")) {
        measure(run_program, -1, n);
    } else if (!strcmp(argv[1], "allowed")) {
        allow_all();
        return measure_call("reads", n);
    } else {
        return measure_call(argv[1], n);
    }
    return 0;
}
