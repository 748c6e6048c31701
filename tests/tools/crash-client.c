/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash-client DEVICE PROGRESS: transfers without end, each with its number in
 * it, some of them longer than a page; PROGRESS says how many have completed,
 * and what stopped them. It is shared memory, so what is in it stays true
 * whoever is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

struct progress {
    uint32_t pid;
    uint32_t done;
    uint32_t error;    /* errno of the first that failed */
    uint32_t failures; /* that one, and those tried after it */
};

static int transfer(int fd, uint32_t number)
{
    static uint8_t out[8000], in[2];
    struct i2c_msg msgs[] = {
        {0x50, 0, 0, out},
        {0x50, I2C_M_RD, sizeof(in), in},
    };
    struct i2c_rdwr_ioctl_data both = {msgs, 2};
    int i;

    for (i = 0; i < 4; i++) {
        out[1 + i] = (uint8_t)(number >> 8 * (3 - i));
    }
    msgs[0].len = (uint16_t)(number % 7 == 6 ? 2000 + number * 13 % 6000
                                             : 5 + number % 9);
    return ioctl(fd, I2C_RDWR, &both) == 2 ? 0 : -1;
}

int main(int argc, char **argv)
{
    int device = argc == 3 ? open(argv[1], O_RDWR) : -1;
    int file = argc == 3 ? open(argv[2], O_RDWR) : -1;
    struct progress *p =
        mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    uint32_t number = 0;

    if (device < 0 || p == MAP_FAILED) {
        return 99;
    }
    p->pid = (uint32_t)getpid();
    while (!transfer(device, number)) {
        __atomic_store_n(&p->done, ++number, __ATOMIC_SEQ_CST);
    }
    p->error = (uint32_t)errno;
    do {
        p->failures++;
    } while (p->failures < 5 && transfer(device, number));
    return 3;
}
