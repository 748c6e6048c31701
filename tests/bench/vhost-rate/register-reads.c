/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * register-reads MS ROUNDS NAME=BUS:ADDRESS...: in a Linux guest, how many byte
 * registers are read in MS milliseconds, of each target in turn, ROUNDS times.
 * Prints `NAME READS NANOSECONDS`.
 */
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* What register 1 of every target holds. */
#define VALUE 0x5a

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int target(const char *word, int *name_len)
{
    int bus, address, fd;
    char path[32];

    *name_len = (int)strcspn(word, "=");
    if (sscanf(word + *name_len, "=%d:%i", &bus, &address) != 2) {
        fprintf(stderr, "'%s' is not NAME=BUS:ADDRESS\n", word);
        exit(2);
    }
    snprintf(path, sizeof(path), "/dev/i2c-%d", bus);
    fd = open(path, O_RDWR);
    if (fd < 0 || ioctl(fd, I2C_SLAVE, (long)address)) {
        perror(word);
        exit(1);
    }
    return fd;
}

static void read_register(int fd, const char *word)
{
    union i2c_smbus_data data = {.byte = 0};
    struct i2c_smbus_ioctl_data call = {.read_write = I2C_SMBUS_READ,
                                        .command = 1,
                                        .size = I2C_SMBUS_BYTE_DATA,
                                        .data = &data};

    if (ioctl(fd, I2C_SMBUS, &call)) {
        perror(word);
        exit(1);
    }
    if (data.byte != VALUE) {
        fprintf(stderr, "%s: something else than was put there: 0x%02x\n", word,
                data.byte);
        exit(1);
    }
}

static void round_of(const char *word, uint64_t ms)
{
    int name_len, fd = target(word, &name_len);
    uint64_t begin, end, reads = 0;

    read_register(fd, word); /* the code is translated by then */
    begin = now_ns();
    do {
        read_register(fd, word);
        reads++;
        end = now_ns();
    } while (end - begin < ms * 1000000);
    printf("%.*s %llu %llu\n", name_len, word, (unsigned long long)reads,
           (unsigned long long)(end - begin));
    close(fd);
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[2]) : 0;

    while (rounds-- > 0) {
        for (int i = 3; i < argc; i++) {
            round_of(argv[i], strtoull(argv[1], NULL, 10));
        }
    }
    return 0;
}
