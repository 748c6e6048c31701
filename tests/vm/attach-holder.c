/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In the guest of vm-attach: attach-holder NODE ADDRESS holds a node open, and
 * at each line of its input says what a word of register 0 is, or the errno, by
 * the descriptor that it has had from the beginning.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static int word(int fd)
{
    union i2c_smbus_data data;
    struct i2c_smbus_ioctl_data ask = {.read_write = I2C_SMBUS_READ,
                                       .size = I2C_SMBUS_WORD_DATA,
                                       .data = &data};

    return ioctl(fd, I2C_SMBUS, &ask) ? -errno : data.word;
}

int main(int argc, char **argv)
{
    int fd = argc > 2 ? open(argv[1], O_RDWR) : -1, ret;
    char line[16];

    if (fd < 0 || ioctl(fd, I2C_SLAVE_FORCE, strtoul(argv[2], NULL, 0))) {
        perror(argv[0]);
        return 1;
    }
    printf("holds\n");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        ret = word(fd);
        if (ret < 0) {
            printf("%s\n", strerror(-ret));
        } else {
            printf("%#06x\n", (unsigned)ret);
        }
        fflush(stdout);
    }
    return 0;
}
