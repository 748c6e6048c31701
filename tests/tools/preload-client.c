/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that knows nothing of libi2cpt and does with /dev/i2c-N what
 * programs do: prints one line for each thing and what came of it. The stub
 * has register files at 0x50 and 0x51; the kernel's rules are i2c-dev's.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *what, long result)
{
    printf("%s: %ld%s%s\n", what, result, result < 0 ? " " : "",
           result < 0 ? strerrorname_np(errno) : "");
    fflush(stdout);
}

static long set_address(int fd, unsigned long address)
{
    return ioctl(fd, I2C_SLAVE, address);
}

static long put(int fd, unsigned char reg, unsigned char value)
{
    unsigned char bytes[] = {reg, value};

    return write(fd, bytes, 2);
}

static long get(int fd, unsigned char reg)
{
    unsigned char value = 0xee;
    long ret = write(fd, &reg, 1);

    ret = ret < 0 ? ret : read(fd, &value, 1);
    return ret < 0 ? ret : value;
}

static long rdwr(int fd, struct i2c_msg *msgs, unsigned n)
{
    struct i2c_rdwr_ioctl_data data = {msgs, n};

    return ioctl(fd, I2C_RDWR, &data);
}

static long smbus(int fd, int read_write, int command, int size,
                  union i2c_smbus_data *data)
{
    struct i2c_smbus_ioctl_data args = {.read_write = (unsigned char)read_write,
                                        .command = (unsigned char)command,
                                        .size = (unsigned)size,
                                        .data = data};

    return ioctl(fd, I2C_SMBUS, &args);
}

static void plain(const char *node)
{
    int fd = open(node, O_RDWR);

    say("open", fd >= 0);
    say("read before an address", get(fd, 0));
    say("address", set_address(fd, 0x50));
    say("write", put(fd, 0x10, 0x42));
    say("read", get(fd, 0x10));
    say("address 0x400", set_address(fd, 0x400));
    say("address 0x80", set_address(fd, 0x80));
    say("absent", set_address(fd, 0x33));
    say("read absent", get(fd, 0));
    say("unknown ioctl", ioctl(fd, 0x07ff, 0));
    say("retries -1", ioctl(fd, I2C_RETRIES, -1L));
    say("close", close(fd));
    say("read closed", get(fd, 0));
}

/* What is kept per open file: shared by dup and fork, not by another open. */
static void per_open(const char *node)
{
    int a = open(node, O_RDWR), b = dup(a), c = open(node, O_RDWR), d;

    put(a, 0, 0);
    set_address(a, 0x50);
    put(a, 0x20, 0x50);
    set_address(a, 0x51);
    put(a, 0x20, 0x51);
    set_address(a, 0x50);
    say("dup shares the address", get(b, 0x20));
    set_address(c, 0x51);
    say("another open has its own", get(c, 0x20));
    say("and leaves the first alone", get(a, 0x20));
    fflush(stdout);
    if (!fork()) {
        say("child shares", get(a, 0x20));
        set_address(a, 0x51);
        _exit(0);
    }
    wait(NULL);
    say("the child's address is ours", get(a, 0x20));
    set_address(a, 0x50);
    close(a);
    say("the copy outlives it", get(b, 0x20));
    d = fcntl(b, F_DUPFD, 100);
    say("F_DUPFD", d >= 100);
    close(b);
    say("and F_DUPFD's copy", get(d, 0x20));
    dup2(d, 9);
    close(d);
    close(c);
    /* through exec: descriptor 9 stays, one with close-on-exec does not */
    d = open(node, O_RDWR | O_CLOEXEC);
    dup3(d, 8, O_CLOEXEC);
    fflush(stdout);
}

/* A USB adapter's driver waits for 100 ms, which a busy machine may need. */
static long failed(int good)
{
    return !good && errno != ETIMEDOUT;
}

static void *thread_main(void *arg)
{
    const char *node = arg;
    int fd = open(node, O_RDWR), i;
    long bad = 0;

    set_address(fd, 0x50);
    for (i = 0; i < 200; i++) {
        bad += failed(put(fd, 0x30, 0x33) == 2);
        bad += failed(get(fd, 0x31) >= 0);
    }
    close(fd);
    return (void *)bad;
}

static void threads(const char *node)
{
    pthread_t t[4];
    long bad = 0;
    void *ret;
    int i;

    for (i = 0; i < 4; i++) {
        pthread_create(&t[i], NULL, thread_main, (void *)node);
    }
    for (i = 0; i < 4; i++) {
        pthread_join(t[i], &ret);
        bad += (long)ret;
    }
    say("failures in four threads", bad);
}

static void transfers(const char *node)
{
    int fd = open(node, O_RDWR), i;
    unsigned char reg = 0x40, in[64] = {0}, out[] = {0x40, 1, 2, 3};
    struct i2c_msg msgs[43] = {
        {.addr = 0x50, .len = 4, .buf = out},
        {.addr = 0x50, .len = 1, .buf = &reg},
        {.addr = 0x50, .flags = I2C_M_RD, .len = 3, .buf = in},
    };
    unsigned long functionality = 0;

    say("functions", ioctl(fd, I2C_FUNCS, &functionality));
    say("has I2C", functionality & I2C_FUNC_I2C);
    say("three messages", rdwr(fd, msgs, 3));
    say("read back", in[0] << 16 | in[1] << 8 | in[2]);
    say("no messages", rdwr(fd, msgs, 0));
    for (i = 3; i < 43; i++) {
        msgs[i] = msgs[1];
    }
    say("42 messages", rdwr(fd, msgs, 42));
    say("43 messages", rdwr(fd, msgs, 43));
    msgs[2].len = 8193;
    say("8193 bytes", rdwr(fd, msgs, 3));
    msgs[2].len = 3;
    msgs[1].addr = 0x33;
    in[0] = 0xee;
    say("absent in the middle", rdwr(fd, msgs, 3));
    say("nothing is copied then", in[0]);
    msgs[0].flags = I2C_M_RD | I2C_M_RECV_LEN;
    msgs[0].buf = in;
    msgs[0].len = 33;
    in[0] = 0;
    say("block read, no count", rdwr(fd, msgs, 1));
    in[0] = 2;
    say("block read, too short", rdwr(fd, msgs, 1));
    close(fd);
}

static void smbus_calls(const char *node)
{
    int fd = open(node, O_RDWR);
    union i2c_smbus_data data = {.byte = 0x77};

    set_address(fd, 0x50);
    say("quick", smbus(fd, I2C_SMBUS_WRITE, 0, I2C_SMBUS_QUICK, NULL));
    say("byte data",
        smbus(fd, I2C_SMBUS_WRITE, 0x60, I2C_SMBUS_BYTE_DATA, &data));
    data.byte = 0;
    say("read it", smbus(fd, I2C_SMBUS_READ, 0x60, I2C_SMBUS_BYTE_DATA, &data));
    say("value", data.byte);
    data.word = 0x1234;
    say("word", smbus(fd, I2C_SMBUS_WRITE, 0x62, I2C_SMBUS_WORD_DATA, &data));
    data.word = 0;
    smbus(fd, I2C_SMBUS_READ, 0x62, I2C_SMBUS_WORD_DATA, &data);
    say("value", data.word);
    data.block[0] = 3;
    memcpy(data.block + 1, "abc", 3);
    say("I2C block",
        smbus(fd, I2C_SMBUS_WRITE, 0x68, I2C_SMBUS_I2C_BLOCK_DATA, &data));
    memset(&data, 0, sizeof(data));
    data.block[0] = 3;
    say("read it",
        smbus(fd, I2C_SMBUS_READ, 0x68, I2C_SMBUS_I2C_BLOCK_DATA, &data));
    printf("value: %d %.3s\n", data.block[0], (char *)data.block + 1);
    data.block[0] = 33;
    say("33 bytes",
        smbus(fd, I2C_SMBUS_WRITE, 0x68, I2C_SMBUS_I2C_BLOCK_DATA, &data));
    say("unknown size", smbus(fd, I2C_SMBUS_READ, 0, 9, &data));
    say("direction 2", smbus(fd, 2, 0, I2C_SMBUS_BYTE, &data));
    say("no data", smbus(fd, I2C_SMBUS_READ, 0, I2C_SMBUS_BYTE_DATA, NULL));
    set_address(fd, 0x33);
    say("absent", smbus(fd, I2C_SMBUS_READ, 0, I2C_SMBUS_BYTE, &data));
    close(fd);
}

static void paths(const char *node)
{
    struct stat st;
    char real[4096];
    int fd = open(node, O_RDWR);

    say("stat", stat(node, &st));
    say("character device", S_ISCHR(st.st_mode) && major(st.st_rdev) == 89);
    say("fstat", fstat(fd, &st));
    say("character device", S_ISCHR(st.st_mode) && major(st.st_rdev) == 89);
    say("access", access(node, R_OK | W_OK));
    say("realpath", realpath(node, real) && !strcmp(real, node));
    say("not redirected", open("/dev/i2c-1048000", O_RDWR));
    say("other files", access("/dev/null", R_OK));
    close(fd);
}

/* The second life of this program, with descriptor 9 from the first. */
static void after_exec(void)
{
    say("inherited through exec", get(9, 0x20));
    say("close-on-exec", fcntl(8, F_GETFD));
    if (!fork()) {
        /* a grandchild that outlives its parent */
        if (!fork()) {
            int pipe_fd = atoi(getenv("CLIENT_WAIT_FD"));
            char c;

            /* until the parent has gone: its end of the pipe closes */
            close(atoi(getenv("CLIENT_HOLD_FD")));
            while (read(pipe_fd, &c, 1) > 0) {
            }
            say("a child that outlives its parent", get(9, 0x20));
        }
        _exit(0);
    }
    wait(NULL);
}

int main(int argc, char **argv)
{
    const char *node = argc > 1 ? argv[1] : "/dev/i2c-0";
    char number[16];
    int fds[2];

    if (argc > 2) {
        after_exec();
        return 0;
    }
    plain(node);
    transfers(node);
    smbus_calls(node);
    paths(node);
    if (!getenv("CLIENT_ONE_THREAD")) {
        threads(node);
    }
    per_open(node);
    if (pipe(fds)) {
        return 1;
    }
    snprintf(number, sizeof(number), "%d", fds[0]);
    setenv("CLIENT_WAIT_FD", number, 1);
    snprintf(number, sizeof(number), "%d", fds[1]);
    setenv("CLIENT_HOLD_FD", number, 1);
    execl("/proc/self/exe", argv[0], node, "again", (char *)NULL);
    return 1;
}
