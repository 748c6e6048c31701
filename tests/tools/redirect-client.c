/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ways in which programs reach /dev/i2c-N, and what its calls answer: a
 * line for each, "NAME: RESULT". There is a chip at 0x50 whose register 0 is
 * 0xa5; a read that brings it is "ours". Built dynamic, static, for 32 bits and
 * with ASan. argv: NODE [NAME]; without NAME all, a process for each.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "redirect-client.h"

const char *node, *base;
static void *volatile nowhere = (void *)8;

const char *name_of(int error)
{
    const char *name = strerrorname_np(error);

    return name ? name : "?";
}

void value(long ret)
{
    if (ret < 0) {
        printf("%s\n", name_of(errno));
    } else {
        printf("%ld\n", ret);
    }
}

int set(int fd)
{
    return ioctl(fd, I2C_SLAVE, 0x50);
}

void whose(int fd)
{
    unsigned char reg = 0, in = 0;
    struct i2c_msg msgs[] = {{.addr = 0x50, .len = 1, .buf = &reg},
                             {.addr = 0x50, .flags = 1, .len = 1, .buf = &in}};
    struct i2c_rdwr_ioctl_data data = {msgs, 2};

    if (fd < 0 || ioctl(fd, I2C_RDWR, &data) != 2) {
        printf("%s\n", name_of(errno));
    } else {
        printf("%s\n", in == 0xa5 ? "ours" : "another");
    }
}

int opened(void)
{
    int fd = open(node, O_RDWR);

    set(fd);
    return fd;
}

int at_zero(void)
{
    unsigned char reg = 0;
    int fd = opened();

    if (write(fd, &reg, 1) != 1) {
        printf("write: ");
    }
    return fd;
}

/* --------------------------------------------------------------- ways there */

static void way_open(void)
{
    whose(open(node, O_RDWR));
}

static void way_open_rdonly(void)
{
    whose(open(node, O_RDONLY));
}

static void way_open_wronly(void)
{
    whose(open(node, O_WRONLY));
}

static void way_creat(void)
{
    whose(creat(node, 0600));
}

static void way_syscall(void)
{
    whose((int)syscall(SYS_openat, AT_FDCWD, node, O_RDWR));
}

static void way_openat2(void)
{
    unsigned long long how[3] = {O_RDWR, 0, 0};

    whose((int)syscall(437, AT_FDCWD, node, how, sizeof(how)));
}

static void way_slashes(void)
{
    char path[64];

    snprintf(path, sizeof(path), "/dev//./../dev/%s", base);
    whose(open(path, O_RDWR));
}

static void way_cwd(void)
{
    if (chdir("/dev")) {
        perror("/dev");
    }
    whose(open(base, O_RDWR));
}

static void way_dirfd(void)
{
    whose(openat(open("/dev", O_RDONLY | O_DIRECTORY), base, O_RDWR));
}

static void way_dirfd_path(void)
{
    whose(openat(open("/dev", O_PATH), base, O_RDWR));
}

static void way_symlink(void)
{
    char path[] = "/tmp/redirect-XXXXXX", link[64];

    if (!mkdtemp(path)) {
        perror(path);
    }
    snprintf(link, sizeof(link), "%s/sensor", path);
    if (symlink(node, link)) {
        perror(link);
    }
    whose(open(link, O_RDWR));
    unlink(link);
    rmdir(path);
}

static void way_symlink_to_dev(void)
{
    char path[] = "/tmp/redirect-XXXXXX", link[64], name[128];

    if (!mkdtemp(path)) {
        perror(path);
    }
    snprintf(link, sizeof(link), "%s/d", path);
    if (symlink("/dev", link)) {
        perror(link);
    }
    snprintf(name, sizeof(name), "%s/%s", link, base);
    whose(open(name, O_RDWR));
    unlink(link);
    rmdir(path);
}

static void way_proc_fd(void)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", open(node, O_RDWR));
    whose(open(path, O_RDWR));
}

static void way_fopen(void)
{
    FILE *f = fopen(node, "r+");
    int c;

    if (!f) {
        value(-1);
        return;
    }
    setvbuf(f, NULL, _IONBF, 0);
    set(fileno(f));
    fputc(0, f);
    fflush(f);
    c = fgetc(f);
    printf("%s\n", c == 0xa5 ? "ours" : c == EOF ? name_of(errno) : "another");
}

static void way_fdopen(void)
{
    FILE *f = fdopen(at_zero(), "r");
    unsigned char b = 0;

    setvbuf(f, NULL, _IONBF, 0);
    if (fread(&b, 1, 1, f) != 1) {
        value(-1);
    } else {
        printf("%s\n", b == 0xa5 ? "ours" : "another");
    }
}

static void way_freopen(void)
{
    FILE *f = freopen(node, "r+", stdin);

    whose(f ? fileno(f) : -1);
}

static void way_spawn(void)
{
    char *argv[] = {(char *)"/proc/self/exe", (char *)node, (char *)"use_0",
                    NULL};
    posix_spawn_file_actions_t actions;
    extern char **environ;
    char self[PATH_MAX];
    ssize_t n = readlink(argv[0], self, sizeof(self) - 1);
    pid_t pid;
    int err;

    self[n < 0 ? 0 : n] = 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, node, O_RDWR, 0);
    fflush(stdout);
    err = posix_spawn(&pid, self, &actions, NULL, argv, environ);
    if (err) {
        printf("%s\n", name_of(err));
    } else {
        waitpid(pid, NULL, 0);
    }
}

static void use_0(void)
{
    whose(0);
}

static void way_clearenv(void)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    self[n < 0 ? 0 : n] = 0;
    fflush(stdout);
    clearenv();
    execl(self, self, node, "open_", (char *)NULL);
    value(-1);
}

static void *in_thread(void *unused)
{
    (void)unused;
    whose(open(node, O_RDWR));
    return NULL;
}

static void way_setuid(void)
{
    pthread_t t;

    if (!getuid() && setuid(1)) {
        perror("setuid");
    }
    pthread_create(&t, NULL, in_thread, NULL);
    pthread_join(t, NULL);
}

static void way_close_all(void)
{
    int fd = open(node, O_RDWR), out = dup(1);

    (void)fd;
    for (int i = 3; i < 1024; i++) {
        if (i != out) {
            close(i);
        }
    }
    whose(open(node, O_RDWR));
}

static void way_close_range(void)
{
    syscall(436, 3, ~0u, 0);
    whose(open(node, O_RDWR));
}

static void way_vfork(void)
{
    int status;

    fflush(stdout);
    if (!vfork()) {
        _exit(open(node, O_RDWR) < 0);
    }
    wait(&status);
    whose(open(node, O_RDWR));
}

static void way_raw_fork(void)
{
    fflush(stdout);
#ifdef SYS_fork
    if (!syscall(SYS_fork)) {
#else
    if (!fork()) {
#endif
        whose(open(node, O_RDWR));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
}

static void way_700(void)
{
    int fd = open(node, O_RDWR);

    if (dup2(0, 700) != 700 || dup2(fd, 701) != 701) {
        value(-1);
        return;
    }
    close(fd);
    whose(701);
}

static void way_low_limit(void)
{
    whose(dup2(open(node, O_RDWR), 9));
}

static void way_scm_rights(void)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.space = {0}};
    char c = 0;
    struct iovec iov = {&c, 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.space,
                         .msg_controllen = sizeof(control.space)};
    struct cmsghdr *h = CMSG_FIRSTHDR(&msg);
    int s[2], fd = open(node, O_RDWR);

    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(h), &fd, sizeof(int));
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, s) || sendmsg(s[0], &msg, 0) < 0) {
        value(-1);
        return;
    }
    close(fd);
    fflush(stdout);
    if (!fork()) {
        if (recvmsg(s[1], &msg, 0) >= 0) {
            memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
            whose(fd);
            fflush(stdout);
        }
        _exit(0);
    }
    wait(NULL);
}

static void way_handle(void)
{
    /* EFAULT: it would look at what it is given */
    value(syscall(SYS_open_by_handle_at, -1, NULL, 0));
}

/* ------------------------------------------------------------- what it says */

static void call_pread(void)
{
    unsigned char b = 0;
    int fd = at_zero();
    ssize_t n = pread(fd, &b, 1, 4711);

    printf("%ld %02x\n", n < 0 ? (long)-errno : (long)n, b);
}

static void call_pwrite(void)
{
    unsigned char out[] = {0x11, 0x22};

    value(pwrite(opened(), out, 2, 99));
}

static void call_readv(void)
{
    unsigned char a = 0, b = 0;
    struct iovec v[] = {{&a, 1}, {&b, 1}};
    int fd = at_zero();
    ssize_t n = readv(fd, v, 2);

    printf("%ld %02x\n", n < 0 ? (long)-errno : (long)n, a);
}

static void call_writev(void)
{
    unsigned char a = 0, b = 0xa5;
    struct iovec v[] = {{&a, 1}, {&b, 1}};

    value(writev(opened(), v, 2));
}

static void call_lseek(void)
{
    value(lseek(opened(), 0, SEEK_SET));
}

static void call_mmap(void)
{
    void *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, opened(), 0);

    value(p == MAP_FAILED ? -1 : 0);
}

static void call_poll(void)
{
    struct pollfd p = {opened(), POLLIN | POLLOUT, 0};
    int n = poll(&p, 1, 0);

    printf("%d %x\n", n, (unsigned)p.revents);
}

static void call_epoll(void)
{
    struct epoll_event e = {.events = EPOLLIN};

    value(epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, opened(), &e));
}

static void call_fsync(void)
{
    value(fsync(opened()));
}

static void call_ftruncate(void)
{
    value(ftruncate(opened(), 10));
}

static void call_fstat(void)
{
    struct stat st = {.st_mode = 0};
    int ret = fstat(opened(), &st);

    printf("%d %s %u\n", ret, S_ISCHR(st.st_mode) ? "chr" : "other",
           major(st.st_rdev));
}

static void call_statx_fd(void)
{
    struct statx st = {.stx_mode = 0};
    int ret = statx(opened(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st);

    printf("%d %s %u\n", ret, S_ISCHR(st.stx_mode) ? "chr" : "other",
           st.stx_rdev_major);
}

static void call_stat(void)
{
    struct stat st = {.st_mode = 0};
    int ret = stat(node, &st);

    printf("%d %s %u\n", ret, S_ISCHR(st.st_mode) ? "chr" : "other",
           major(st.st_rdev));
}

static void call_stat_is_fstat(void)
{
    struct stat a = {.st_ino = 1}, b = {.st_ino = 2};

    printf("%d\n", !stat(node, &a) && !fstat(opened(), &b) &&
                       a.st_ino == b.st_ino && a.st_dev == b.st_dev);
}

static void call_access(void)
{
    value(access(node, R_OK | W_OK));
}

static void call_readlink(void)
{
    char text[16];

    value(readlink(node, text, sizeof(text)));
}

static void call_readdir(void)
{
    DIR *dir = opendir("/dev");
    struct dirent *e;
    int n = 0, type = 0;

    while (dir && (e = readdir(dir))) {
        if (!strcmp(e->d_name, base)) {
            n++;
            type = e->d_type;
        }
    }
    printf("%d %s\n", n, type == DT_CHR ? "chr" : "other");
}

static void call_readdir_stat(void)
{
    DIR *dir = opendir("/dev");
    struct stat st = {.st_mode = 0};
    int ours = fstatat(dirfd(dir), base, &st, 0), chr = S_ISCHR(st.st_mode);

    printf("%d %d %d\n", ours, chr, fstatat(dirfd(dir), "null", &st, 0));
}

static void call_glob(void)
{
    glob_t g = {.gl_pathc = 0};
    char pattern[] = "/dev/i2c-[0-9]*";
    size_t i, n = 0;

    glob(pattern, 0, NULL, &g);
    for (i = 0; i < g.gl_pathc; i++) {
        n += !strcmp(g.gl_pathv[i], node);
    }
    printf("%zu\n", n);
}

static void call_getfl(void)
{
    int rd = fcntl(open(node, O_RDONLY), F_GETFL),
        wr = fcntl(open(node, O_WRONLY | O_NONBLOCK), F_GETFL);

    printf("%d %d %d\n", rd & O_ACCMODE, wr & O_ACCMODE, !!(wr & O_NONBLOCK));
}

static void call_write_rdonly(void)
{
    unsigned char reg = 0;

    value(write(open(node, O_RDONLY), &reg, 1));
}

static void call_read_wronly(void)
{
    unsigned char b;

    value(read(open(node, O_WRONLY), &b, 1));
}

static void call_excl(void)
{
    value(open(node, O_RDWR | O_CREAT | O_EXCL, 0600));
}

static void call_directory(void)
{
    value(open(node, O_RDONLY | O_DIRECTORY));
}

static void call_cloexec(void)
{
    printf("%d %d\n", fcntl(open(node, O_RDWR), F_GETFD),
           fcntl(open(node, O_RDWR | O_CLOEXEC), F_GETFD));
}

static void call_flock(void)
{
    int a = open(node, O_RDWR), b = open(node, O_RDWR);

    printf("%d ", flock(a, LOCK_EX | LOCK_NB));
    value(flock(b, LOCK_EX | LOCK_NB));
}

static void call_read_efault(void)
{
    value(read(at_zero(), nowhere, 1));
}

static void call_write_efault(void)
{
    value(write(opened(), nowhere, 1));
}

static void call_rdwr_efault(void)
{
    struct i2c_msg msg = {.addr = 0x50, .len = 1, .buf = nowhere};
    struct i2c_rdwr_ioctl_data data = {&msg, 1}, no_msgs = {nowhere, 1};
    int fd = opened();

    printf("%d ", ioctl(fd, I2C_RDWR, &data) < 0 ? errno == EFAULT : 0);
    printf("%d ", ioctl(fd, I2C_RDWR, &no_msgs) < 0 ? errno == EFAULT : 0);
    printf("%d\n", ioctl(fd, I2C_RDWR, nowhere) < 0 ? errno == EFAULT : 0);
}

static void call_funcs_efault(void)
{
    value(ioctl(opened(), I2C_FUNCS, nowhere));
}

static void call_smbus_efault(void)
{
    struct i2c_smbus_ioctl_data data = {.read_write = I2C_SMBUS_READ,
                                        .size = I2C_SMBUS_BYTE_DATA,
                                        .data = nowhere};

    value(ioctl(opened(), I2C_SMBUS, &data));
}

static void call_rdwr_large(void)
{
    static unsigned char bytes[42][8192];
    struct i2c_msg msgs[42];
    struct i2c_rdwr_ioctl_data data = {msgs, 42};

    for (int i = 0; i < 42; i++) {
        msgs[i] = (struct i2c_msg){.addr = 0x50,
                                   .flags = i % 2 ? I2C_M_RD : 0,
                                   .len = 8192,
                                   .buf = bytes[i]};
    }
    value(ioctl(opened(), I2C_RDWR, &data));
}

static void call_long_read(void)
{
    static unsigned char bytes[200000];

    value(read(at_zero(), bytes, sizeof(bytes)));
}

static void call_long_write(void)
{
    static unsigned char bytes[200000];

    value(write(opened(), bytes, sizeof(bytes)));
}

static void call_read_0(void)
{
    char c;

    value(read(opened(), &c, 0));
}

static void call_write_0(void)
{
    value(write(opened(), "", 0));
}

static void call_block_0(void)
{
    union i2c_smbus_data block = {.block = {0}};
    struct i2c_smbus_ioctl_data data = {.read_write = I2C_SMBUS_WRITE,
                                        .command = 0x30,
                                        .size = I2C_SMBUS_BLOCK_DATA,
                                        .data = &block};

    value(ioctl(opened(), I2C_SMBUS, &data));
}

static void call_i2c_block_0(void)
{
    union i2c_smbus_data block = {.block = {0}};
    struct i2c_smbus_ioctl_data data = {.read_write = I2C_SMBUS_WRITE,
                                        .command = 0x30,
                                        .size = I2C_SMBUS_I2C_BLOCK_DATA,
                                        .data = &block};

    value(ioctl(opened(), I2C_SMBUS, &data));
}

static void call_tcgets(void)
{
    int is = isatty(opened());

    printf("%d %s\n", is, name_of(errno));
}

static void call_signals(void)
{
    /* a call that a signal meets is not made twice, and does not fail */
    unsigned char in[2], reg = 0;
    struct i2c_msg msgs[] = {{.addr = 0x50, .len = 1, .buf = &reg},
                             {.addr = 0x50, .flags = 1, .len = 2, .buf = in}};
    struct i2c_rdwr_ioctl_data data = {msgs, 2};
    int fd = opened(), bad = 0;
    pid_t pid, self = getpid();

    fflush(stdout);
    pid = fork();
    if (!pid) {
        for (;;) {
            kill(self, SIGUSR2);
        }
    }
    for (int i = 0; i < 200; i++) {
        bad += ioctl(fd, I2C_RDWR, &data) != 2;
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    printf("%d\n", bad);
}

static void handler(int sig)
{
    (void)sig;
}

static const struct row rows[] = {
    ROW(way, open),           ROW(way, open_rdonly),
    ROW(way, open_wronly),    ROW(way, creat),
    ROW(way, syscall),        ROW(way, openat2),
    ROW(way, slashes),        ROW(way, cwd),
    ROW(way, dirfd),          ROW(way, dirfd_path),
    ROW(way, symlink),        ROW(way, symlink_to_dev),
    ROW(way, proc_fd),        ROW(way, fopen),
    ROW(way, fdopen),         ROW(way, freopen),
    ROW(way, spawn),          ROW(way, clearenv),
    ROW(way, setuid),         ROW(way, close_all),
    ROW(way, close_range),    ROW(way, vfork),
    ROW(way, raw_fork),       ROW(way, 700),
    ROW(way, low_limit),      ROW(way, scm_rights),
    ROW(way, handle),         ROW(call, pread),
    ROW(call, pwrite),        ROW(call, readv),
    ROW(call, writev),        ROW(call, lseek),
    ROW(call, mmap),          ROW(call, poll),
    ROW(call, epoll),         ROW(call, fsync),
    ROW(call, ftruncate),     ROW(call, fstat),
    ROW(call, statx_fd),      ROW(call, stat),
    ROW(call, stat_is_fstat), ROW(call, access),
    ROW(call, readlink),      ROW(call, readdir),
    ROW(call, readdir_stat),  ROW(call, glob),
    ROW(call, getfl),         ROW(call, write_rdonly),
    ROW(call, read_wronly),   ROW(call, excl),
    ROW(call, directory),     ROW(call, cloexec),
    ROW(call, flock),         ROW(call, read_efault),
    ROW(call, write_efault),  ROW(call, rdwr_efault),
    ROW(call, funcs_efault),  ROW(call, smbus_efault),
    ROW(call, rdwr_large),    ROW(call, long_read),
    ROW(call, long_write),    ROW(call, read_0),
    ROW(call, write_0),       ROW(call, block_0),
    ROW(call, i2c_block_0),   ROW(call, tcgets),
    ROW(call, signals),
};

/* A row in a process of its own: what it does to itself ends with it. */
static void run(const struct row *row)
{
    printf("%s: ", row->name);
    fflush(stdout);
    if (!fork()) {
        alarm(20);
        row->run();
        fflush(stdout);
        _exit(0);
    }
    int status;
    wait(&status);
    if (WIFSIGNALED(status)) {
        printf("signal %d\n", WTERMSIG(status));
    }
}

/* All, or the one of this name. */
static void run_those(const struct row *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (!name || !strcmp(name, list[i].name)) {
            run(&list[i]);
        }
    }
}

int main(int argc, char **argv)
{
    node = argv[1];
    base = strrchr(node, '/') + 1;
    signal(SIGUSR2, handler);
    if (argc > 2 && !strcmp(argv[2], "use_0")) {
        use_0();
        return 0;
    }
    if (argc > 2 && !strcmp(argv[2], "open_")) {
        way_open();
        return 0;
    }
    /* these leave register 0 as it is */
    run_those(other_rows, other_count, argv[2]);
    run_those(rows, sizeof(rows) / sizeof(rows[0]), argv[2]);
    return 0;
}
