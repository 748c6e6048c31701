/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program whose transfers can be counted, under what upsets programs. Each
 * writes its number, in four bytes, to register 0 of 0x50.
 *   storm NODE N     N of them by write(), I2C_RDWR and I2C_SMBUS in turn,
 * while signals arrive forks NODE N     N children at once, each with one of
 * its own threads NODE N   N threads at once, that all have theirs on one
 * descriptor ever NODE        for ever; the numbers of those done go to stdout
 *   signals NODE     which of the usual signals are ignored
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *node;
static volatile sig_atomic_t arrived;

static int opened(void)
{
    int fd;

    do { /* before 5.19 a signal may end an open() */
        fd = open(node, O_RDWR);
    } while (fd < 0 && errno == EINTR);
    if (fd >= 0) {
        ioctl(fd, I2C_SLAVE, 0x50);
    }
    return fd;
}

static int by_write(int fd, uint8_t *bytes)
{
    return write(fd, bytes, 5) == 5 ? 0 : -1;
}

static int by_rdwr(int fd, uint8_t *bytes)
{
    struct i2c_msg msg = {.addr = 0x50, .len = 5, .buf = bytes};
    struct i2c_rdwr_ioctl_data data = {&msg, 1};

    return ioctl(fd, I2C_RDWR, &data) == 1 ? 0 : -1;
}

static int by_smbus(int fd, uint8_t *bytes)
{
    union i2c_smbus_data block = {
        .block = {4, bytes[1], bytes[2], bytes[3], bytes[4]}};
    struct i2c_smbus_ioctl_data data = {.read_write = I2C_SMBUS_WRITE,
                                        .command = 0,
                                        .size = I2C_SMBUS_I2C_BLOCK_DATA,
                                        .data = &block};

    return ioctl(fd, I2C_SMBUS, &data);
}

static int transfer(int fd, uint32_t number)
{
    static int (*const ways[])(int, uint8_t *) = {by_write, by_rdwr, by_smbus};
    uint8_t bytes[5] = {0, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
                        (uint8_t)(number >> 8), (uint8_t)number};

    return ways[number % 3](fd, bytes);
}

static void arrive(int sig)
{
    (void)sig;
    arrived++;
}

static int storm(uint32_t n)
{
    struct itimerval often = {{0, 150}, {0, 150}}, never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = arrive};
    int fd = opened(), failed = 0;

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (uint32_t i = 0; i < n; i++) {
        failed += transfer(fd, i) != 0;
        if (i % 50 == 49) { /* and others that come and go */
            close(fd);
            fd = opened();
        }
    }
    setitimer(ITIMER_REAL, &never, NULL);
    printf("%d failed, %s\n", failed, arrived ? "signals came" : "no signal");
    return 0;
}

static int forks(uint32_t n)
{
    int shared = opened(), status, failed = 0;

    for (uint32_t i = 0; i < n; i++) {
        pid_t pid = fork();

        if (!pid) {
            _exit(transfer(i % 2 ? shared : opened(), i) != 0);
        }
        failed += pid < 0;
    }
    while (wait(&status) > 0) {
        failed += status != 0;
    }
    printf("%d failed\n", failed);
    return 0;
}

static pthread_barrier_t all;
static int one_for_all;
static unsigned refused;

static void *in_thread(void *number)
{
    pthread_barrier_wait(&all);
    if (transfer(one_for_all, (uint32_t)(uintptr_t)number)) {
        __atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
    }
    pthread_barrier_wait(&all); /* nobody leaves before the last has come */
    return NULL;
}

static int threads(uint32_t n)
{
    pthread_t *list = calloc(n, sizeof(*list));
    pthread_attr_t small;

    one_for_all = opened();
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 128 * 1024);
    pthread_barrier_init(&all, NULL, n);
    for (uint32_t i = 0; list && i < n; i++) {
        if (pthread_create(&list[i], &small, in_thread, (void *)(uintptr_t)i)) {
            perror("pthread_create");
            return 77;
        }
    }
    for (uint32_t i = 0; list && i < n; i++) {
        pthread_join(list[i], NULL);
    }
    free(list);
    printf("%u refused\n", refused);
    return 0;
}

static int for_ever(void)
{
    int fd = opened();

    for (uint32_t i = 0;; i++) {
        if (transfer(fd, i)) {
            perror("transfer");
            return 1;
        }
        printf("%u\n", i);
        fflush(stdout);
    }
}

static int signals(void)
{
    static const int list[] = {SIGHUP,  SIGINT,  SIGQUIT,
                               SIGPIPE, SIGTERM, SIGXFSZ};
    struct sigaction now;

    opened();
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        sigaction(list[i], NULL, &now);
        printf("%s%s", i ? " " : "", now.sa_handler == SIG_IGN ? "ign" : "dfl");
    }
    putchar('\n');
    return 0;
}

int main(int argc, char **argv)
{
    uint32_t n = argc > 3 ? (uint32_t)atoi(argv[3]) : 0;

    if (argc < 3) {
        return 2;
    }
    node = argv[2];
    return !strcmp(argv[1], "storm")     ? storm(n)
           : !strcmp(argv[1], "forks")   ? forks(n)
           : !strcmp(argv[1], "threads") ? threads(n)
           : !strcmp(argv[1], "signals") ? signals()
                                         : for_ever();
}
