/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that knows GPIO by <linux/gpio.h> alone: `rounds N` waits for an
 * edge of line 0 and reads a sample, `edges N` makes them itself, `first` waits
 * for one, `hold` for one that does not come, `level` reads a level, `rows`
 * makes each call and says what came of it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <linux/i2c-dev.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHIP "/dev/gpiochip7"

static int chip, bus;

/* strerrorname_np() is newer than some C libraries. */
static const char *name_of(int error)
{
    static const struct {
        int error;
        const char *name;
    } names[] = {{EINVAL, "EINVAL"},
                 {EBUSY, "EBUSY"},
                 {EIO, "EIO"},
                 {EPERM, "EPERM"},
                 {EFAULT, "EFAULT"},
                 {EAGAIN, "EAGAIN"},
                 {EINTR, "EINTR"},
                 {EMFILE, "EMFILE"},
                 {ENODEV, "ENODEV"},
                 {EBADF, "EBADF"},
                 {ENOTCONN, "ENOTCONN"},
                 {ECONNABORTED, "ECONNABORTED"},
                 {EOPNOTSUPP, "EOPNOTSUPP"}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].error == error) {
            return names[i].name;
        }
    }
    return strerror(error);
}

static void say(const char *name, int ret)
{
    if (ret < 0) {
        printf("%s: %s\n", name, name_of(errno));
    } else {
        printf("%s %d\n", name, ret);
    }
    fflush(stdout);
}

/* What was asked for, or -1. */
static int request(unsigned n, uint64_t flags)
{
    struct gpio_v2_line_request r = {.num_lines = n,
                                     .offsets = {0, 1},
                                     .consumer = "client",
                                     .config.flags = flags};

    return ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &r) ? -1 : r.fd;
}

static int request_event(uint32_t handle, uint32_t events)
{
    struct gpioevent_request r = {.handleflags = handle,
                                  .eventflags = events,
                                  .consumer_label = "client"};

    return ioctl(chip, GPIO_GET_LINEEVENT_IOCTL, &r) ? -1 : r.fd;
}

static int request_handle(uint32_t n, uint32_t flags)
{
    struct gpiohandle_request r = {
        .lines = n, .lineoffsets = {0, 1}, .flags = flags};

    return ioctl(chip, GPIO_GET_LINEHANDLE_IOCTL, &r) ? -1 : r.fd;
}

static int level_of(int fd, unsigned line)
{
    struct gpio_v2_line_values v = {.mask = 1ULL << line};

    return ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &v)
               ? -1
               : (int)(v.bits >> line & 1);
}

static int get(uint8_t number)
{
    uint8_t value;

    return write(bus, &number, 1) == 1 && read(bus, &value, 1) == 1 ? value
                                                                    : -1;
}

/* Bits of the register that both lines follow. */
static void put(uint8_t value)
{
    uint8_t bytes[] = {0x10, value};

    if (write(bus, bytes, 2) != 2) {
        perror("write");
    }
}

/* A rising edge; its number of the request, 0: something is wrong. */
static uint32_t wait_edge(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct gpio_v2_line_event e;

    if (poll(&p, 1, 60000) != 1 || p.revents != POLLIN ||
        read(fd, &e, sizeof(e)) != sizeof(e) ||
        e.id != GPIO_V2_LINE_EVENT_RISING_EDGE || !e.timestamp_ns) {
        return 0;
    }
    return e.seqno;
}

#define RISING (GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING)
#define BOTH   (RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING)

/* As a driver does: while the line is active there is a sample. */
static int rounds(int n)
{
    int fd = request(1, RISING);

    for (int i = 0; i < n; i++) {
        while (!level_of(fd, 0)) {
            if (!wait_edge(fd)) {
                return 1;
            }
        }
        int sample = get(0x28);

        printf("%d %d\n", sample, get(0x27));
    }
    return 0;
}

/* By edges alone, each of which is asked for. */
static int edges(uint32_t n)
{
    int fd = request(1, RISING);

    for (uint32_t i = 1; i <= n; i++) {
        put(1);
        uint32_t seqno = wait_edge(fd);

        printf("%u %d\n", seqno, get(0x10));
        put(0);
    }
    return 0;
}

/* The first edge that comes, and then a sample. */
static int first_edge(void)
{
    int fd = request(1, RISING);

    say("level", level_of(fd, 0) < 0 ? -1 : 0);
    say("edge", (int)wait_edge(fd));
    say("sample", get(0x27));
    return 0;
}

/* `active`: a line that is so at first has had no edge. The first one comes
 * when it was served. */
static int active(void)
{
    int fd = request(1, RISING);
    struct pollfd p = {.fd = fd, .events = POLLIN};

    say("level", level_of(fd, 0));
    say("edges", poll(&p, 1, 0));
    say("sample", get(0x27));
    say("edge", (int)wait_edge(fd));
    say("more", poll(&p, 1, 0));
    return 0;
}

/* Until it is killed, or whom it is served by. */
static int hold(void)
{
    int fd = request(1, RISING);
    struct gpio_v2_line_event e;

    say("held", fd < 0 ? -1 : 0);
    say("read", (int)read(fd, &e, sizeof(e)));
    say("level", level_of(fd, 0));
    return 0;
}

/* -------------------------------------------------------------------- rows */

static void chip_rows(void)
{
    struct gpiochip_info info;
    struct gpio_v2_line_info line = {.offset = 1};
    struct gpio_v2_line_info none = {.offset = 2};
    struct gpio_v2_line_info padded = {.padding = {1}};
    struct gpioline_info old = {.line_offset = 0};
    struct stat st;

    say("chipinfo", ioctl(chip, GPIO_GET_CHIPINFO_IOCTL, &info));
    printf("%s %s %u\n", info.name, info.label, info.lines);
    say("lineinfo", ioctl(chip, GPIO_V2_GET_LINEINFO_IOCTL, &line));
    printf("%s %llu %u\n", line.name, (unsigned long long)line.flags,
           line.num_attrs);
    say("lineinfo past", ioctl(chip, GPIO_V2_GET_LINEINFO_IOCTL, &none));
    say("lineinfo padding", ioctl(chip, GPIO_V2_GET_LINEINFO_IOCTL, &padded));
    say("lineinfo nowhere", ioctl(chip, GPIO_V2_GET_LINEINFO_IOCTL, 8));
    say("lineinfo v1", ioctl(chip, GPIO_GET_LINEINFO_IOCTL, &old));
    printf("%s %u\n", old.name, old.flags);
    say("unknown", ioctl(chip, _IO(0xb4, 0x7f), 0));
    say("isatty", isatty(chip));
    fstat(chip, &st);
    say("chr", S_ISCHR(st.st_mode));
}

static void refused_rows(void)
{
    struct gpio_v2_line_request past = {.num_lines = 1, .offsets = {2}};
    struct gpio_v2_line_request twice = {.num_lines = 2};
    struct gpio_v2_line_request many = {.num_lines = 65};
    struct gpio_v2_line_request attrs = {.num_lines = 1,
                                         .config.num_attrs = 11};
    struct gpio_v2_line_request padded = {.num_lines = 1, .padding = {1}};
    struct gpio_v2_line_request debounce = {
        .num_lines = 1,
        .config = {.num_attrs = 1,
                   .attrs[0] = {.attr = {.id = GPIO_V2_LINE_ATTR_ID_DEBOUNCE},
                                .mask = 1}}};

    say("request none", request(0, GPIO_V2_LINE_FLAG_INPUT));
    say("request output", request(1, GPIO_V2_LINE_FLAG_OUTPUT));
    say("request both ways",
        request(1, GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_OUTPUT));
    say("request edges of what", request(1, GPIO_V2_LINE_FLAG_EDGE_RISING));
    say("request unknown flag", request(1, 1ULL << 40));
    say("request used", request(1, GPIO_V2_LINE_FLAG_USED));
    say("request hardware clock",
        request(1, GPIO_V2_LINE_FLAG_INPUT | 1ULL << 12));
    say("request drive",
        request(1, GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_OPEN_DRAIN));
    say("request two biases",
        request(1, GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_BIAS_PULL_UP |
                       GPIO_V2_LINE_FLAG_BIAS_DISABLED));
    say("request past", ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &past));
    say("request twice", ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &twice));
    say("request many", ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &many));
    say("request attributes", ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &attrs));
    say("request padding", ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &padded));
    say("request debounce", ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &debounce));
    say("request nowhere", ioctl(chip, GPIO_V2_GET_LINE_IOCTL, 8));
    say("request of no chip", ioctl(0, GPIO_V2_GET_LINE_IOCTL, &past) < 0);
    say("handle none", request_handle(0, GPIOHANDLE_REQUEST_INPUT));
    say("handle output", request_handle(1, GPIOHANDLE_REQUEST_OUTPUT));
    say("handle unknown", request_handle(1, 1u << 20));
    say("event output", request_event(GPIOHANDLE_REQUEST_OUTPUT, 1));
    say("event unknown", request_event(GPIOHANDLE_REQUEST_INPUT, 4));
}

static void value_rows(void)
{
    int fd = request(2, GPIO_V2_LINE_FLAG_INPUT), fds = fcntl(fd, F_GETFD);
    struct gpio_v2_line_values v = {.mask = 3};
    struct gpio_v2_line_config turned = {.flags = GPIO_V2_LINE_FLAG_INPUT |
                                                  GPIO_V2_LINE_FLAG_ACTIVE_LOW};
    struct gpio_v2_line_config out = {.flags = GPIO_V2_LINE_FLAG_OUTPUT};
    struct gpio_v2_line_config bad = {.flags = 1ULL << 40};

    say("close-on-exec", fds & FD_CLOEXEC);
    say("busy", request(1, GPIO_V2_LINE_FLAG_INPUT));
    say("busy v1", request_handle(1, GPIOHANDLE_REQUEST_INPUT));
    put(2);
    say("get", ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &v));
    printf("%llu\n", (unsigned long long)v.bits);
    say("set", ioctl(fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &v));
    say("config", ioctl(fd, GPIO_V2_LINE_SET_CONFIG_IOCTL, &turned));
    ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &v);
    printf("%llu\n", (unsigned long long)v.bits);
    say("config output", ioctl(fd, GPIO_V2_LINE_SET_CONFIG_IOCTL, &out));
    say("config bad", ioctl(fd, GPIO_V2_LINE_SET_CONFIG_IOCTL, &bad));
    v.mask = 4;
    say("get of none", ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &v));
    say("set of none", ioctl(fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &v));
    say("chip's ioctl", ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &v));
    say("write", (int)write(fd, &v, sizeof(v)));
    put(0);
    for (int i = 0; i < 500 && fd >= 0; i++) {
        close(fd);
        fd = request(1, GPIO_V2_LINE_FLAG_INPUT);
    }
    say("free again", fd > 0);
    close(fd);
}

static void event_rows(void)
{
    int fd = request(1, BOTH), flags = fcntl(fd, F_GETFL), at_once = 0;
    struct gpio_v2_line_event e[32];
    struct pollfd p = {.fd = fd, .events = POLLIN};

    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    say("read of none", (int)read(fd, e, sizeof(e)));
    say("poll of none", poll(&p, 1, 0));
    put(1);
    put(0);
    say("poll", poll(&p, 1, 60000));
    say("too small", (int)read(fd, e, sizeof(e[0]) - 1));
    say("one", (int)read(fd, e, sizeof(e[0]) + 7) / (int)sizeof(e[0]));
    printf("%u %u %u %u\n", e->id, e->offset, e->seqno, e->line_seqno);
    say("the other", (int)read(fd, e, sizeof(e)) / (int)sizeof(e[0]));
    printf("%u %u %u %u\n", e->id, e->offset, e->seqno, e->line_seqno);
    for (int i = 0; i < 200; i++) { /* told before the transfer's call ends */
        put(~i & 1);
        at_once += poll(&p, 1, 0) == 1 && read(fd, e, sizeof(e[0])) > 0;
    }
    say("at once", at_once);
    for (int i = 0; i < 20; i++) {
        put(~i & 1);
    }
    say("of 20", (int)read(fd, e, sizeof(e)) / (int)sizeof(e[0]));
    printf("from %u\n", e->seqno);
    close(fd);
}

static void event_rows_v1(void)
{
    int fd = request_event(GPIOHANDLE_REQUEST_ACTIVE_LOW,
                           GPIOEVENT_REQUEST_FALLING_EDGE);
    struct gpioevent_data e[32];
    struct gpioline_info info = {.line_offset = 0};
    struct gpiohandle_data v;

    for (int i = 0; i < 40; i++) {
        put(~i & 1);
    }
    say("v1 events", (int)read(fd, e, sizeof(e)) / (int)sizeof(e[0]));
    printf("%u\n", e->id);
    say("v1 get", ioctl(fd, GPIOHANDLE_GET_LINE_VALUES_IOCTL, &v));
    printf("%d\n", v.values[0]);
    say("v1 set", ioctl(fd, GPIOHANDLE_SET_LINE_VALUES_IOCTL, &v));
    close(fd);
    fd = request_handle(2, GPIOHANDLE_REQUEST_INPUT);
    say("handle get", ioctl(fd, GPIOHANDLE_GET_LINE_VALUES_IOCTL, &v));
    printf("%d %d\n", v.values[0], v.values[1]);
    say("handle without a name", ioctl(chip, GPIO_GET_LINEINFO_IOCTL, &info));
    printf("%s %u\n", info.consumer, info.flags);
    say("handle set", ioctl(fd, GPIOHANDLE_SET_LINE_VALUES_IOCTL, &v));
    say("handle read", (int)read(fd, e, sizeof(e)));
    close(fd);
}

static void on_signal(int sig)
{
    (void)sig;
}

/* A read that waits, epoll, a child's copy. */
static void waiting_rows(void)
{
    int fd = request(1, RISING), copy = dup(fd), status = -1,
        set = epoll_create1(0);
    struct sigaction action = {.sa_handler = on_signal};
    struct epoll_event event = {.events = EPOLLIN};
    struct gpio_v2_line_event e;
    pid_t child = fork();

    if (!child) {
        close(fd);
        _exit(read(copy, &e, sizeof(e)) == sizeof(e) ? (int)e.seqno : 99);
    }
    put(1);
    waitpid(child, &status, 0);
    say("child's edge", WEXITSTATUS(status));
    put(0);
    say("epoll_ctl", epoll_ctl(set, EPOLL_CTL_ADD, copy, &event));
    say("epoll of none", epoll_wait(set, &event, 1, 0));
    put(1);
    say("epoll", epoll_wait(set, &event, 1, 60000));
    say("edge", (int)read(fd, &e, sizeof(e)) / (int)sizeof(e));
    say("epoll of none", epoll_wait(set, &event, 1, 0));
    sigaction(SIGALRM, &action, NULL);
    ualarm(1000, 1000); /* again and again: one comes while it waits */
    say("signal", (int)read(fd, &e, sizeof(e)));
    ualarm(0, 0);
    put(0);
    close(fd);
    say("held by the copy", request(1, RISING));
    close(copy);
    close(set);
}

static int rows(void)
{
    chip_rows();
    refused_rows();
    value_rows();
    event_rows();
    event_rows_v1();
    waiting_rows();
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int n = argc > 2 ? atoi(argv[2]) : 0;

    chip = open(CHIP, O_RDWR | O_CLOEXEC);
    bus = open("/dev/i2c-0", O_RDWR | O_CLOEXEC);
    if (chip < 0 || bus < 0 || ioctl(bus, I2C_SLAVE, 0x19)) {
        perror(CHIP);
        return 1;
    }
    if (!strcmp(what, "level")) {
        int fd = request(1, GPIO_V2_LINE_FLAG_INPUT);

        say("level", fd < 0 ? fd : level_of(fd, 0));
        return 0;
    }
    return !strcmp(what, "rounds")   ? rounds(n)
           : !strcmp(what, "edges")  ? edges((uint32_t)n)
           : !strcmp(what, "first")  ? first_edge()
           : !strcmp(what, "rows")   ? rows()
           : !strcmp(what, "active") ? active()
           : !strcmp(what, "hold")   ? hold()
                                     : 2;
}
