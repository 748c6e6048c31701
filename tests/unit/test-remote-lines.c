/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of a remote adapter: what crosses the connection and when, what becomes
 * of them when the peer goes, and peers that lie about them. */
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "i2cpt-backend.h"
#include "i2cpt-lines.h"
#include "remote-peer.h"
#include "session.h"
#include "unit.h"
#include "wire.h"

#define CHIPS                                                     \
    "chip 0x48 registers\nreg 0 type=clear-on-read\nreg 1 = 01\n" \
    "line drdy reg=0\nline alert reg=1\n"

static void hear(struct i2cpt_adapter *a, unsigned line, int level,
                 uint64_t stamp_ns, void *user)
{
    ck_assert(stamp_ns);
    g_string_append_printf(user, "%s%d ", i2cpt_adapter_line_name(a, line),
                           level);
}

static void hear_until(struct i2cpt_adapter *a, GString *told,
                       const char *expected)
{
    while (strcmp(told->str, expected)) {
        struct pollfd p = {.fd = i2cpt_adapter_fd(a), .events = POLLIN};

        ck_assert_msg(poll(&p, 1, 60000) == 1, "%s", told->str);
        i2cpt_dispatch(a);
    }
}

static void start(struct server *s, const char *chips, int clients)
{
    g_autofree char *spec =
        g_strdup_printf("stub,timeout-ms=60000,load=%s", wire_file(chips));

    server_start(s, spec, clients);
    wire_unlink();
}

/* ------------------------------------------------------------ what crosses */

START_TEST(they_are_there)
{
    struct server s = {0};
    struct i2cpt_adapter *a;

    start(&s, CHIPS, 1);
    a = server_client(&s, "");
    ck_assert_int_eq(i2cpt_adapter_lines(a), 2);
    ck_assert_str_eq(i2cpt_adapter_line_name(a, 0), "drdy");
    ck_assert_str_eq(i2cpt_adapter_line_name(a, 1), "alert");
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 0);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 1), 1);
    i2cpt_adapter_unref(a);
    server_end(&s);
    ck_assert_int_eq(s.results[0], 0);
}
END_TEST

/* What a transfer does to a line is known when it returns, not later. */
START_TEST(levels_are_there_with_the_reply)
{
    struct server s = {0};
    struct i2cpt_adapter *a;
    g_autoptr(GString) told = g_string_new(NULL);
    int i;

    start(&s, CHIPS, 1);
    a = server_client(&s, "");
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, told), 0);
    for (i = 0; i < 100; i++) {
        ck_assert_str_eq(_i ? wire_stream(a, "w 00 01") : wire(a, "w 00 01"),
                         "ok");
        ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 1);
        _i ? wire_stream(a, "w 00 r1") : wire(a, "w 00 r1");
        ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 0);
        i2cpt_dispatch(a);
        ck_assert_str_eq(told->str, "drdy1 drdy0 ");
        g_string_truncate(told, 0);
    }
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

/* Another client's transfer, while this one asks for nothing. */
START_TEST(changes_come_by_themselves)
{
    struct server s = {0};
    struct i2cpt_adapter *a;
    g_autoptr(GString) told = g_string_new(NULL);

    start(&s, CHIPS, 1);
    a = server_client(&s, ",line.int=remote:drdy,line.int.active-low=on");
    ck_assert_int_eq(i2cpt_adapter_lines(a), 1);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 1);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, told), 0);
    wire(s.adapter, "w 00 01 00 p w 00 r1");
    hear_until(a, told, "int0 int1 ");
    wire(s.adapter, "w 00 01");
    hear_until(a, told, "int0 int1 int0 ");
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

static void count(struct i2cpt_adapter *a, unsigned line, int level,
                  uint64_t stamp_ns, void *user)
{
    uint64_t *seen = user; /* how many, the last stamp */

    ck_assert_int_eq(level, seen[0] % 2 == 0);
    ck_assert_uint_ge(stamp_ns, seen[1]);
    seen[0]++;
    seen[1] = stamp_ns;
}

/* None lost, none twice, in order, while requests of its own go back and
 * forth. */
START_TEST(many_beside_requests)
{
    struct server s = {0};
    struct i2cpt_adapter *a;
    uint64_t seen[2] = {0};
    unsigned i;

    start(&s, CHIPS, 1);
    a = server_client(&s, "");
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, count, seen), 0);
    for (i = 0; i < 500; i++) {
        wire(s.adapter, "w 00 01");
        ck_assert_str_eq(wire(a, "@48 w 01 r1"), "= 01");
        wire(s.adapter, "w 00 00");
        i2cpt_dispatch(a);
    }
    while (seen[0] < 1000) {
        struct pollfd p = {.fd = i2cpt_adapter_fd(a), .events = POLLIN};

        ck_assert_int_eq(poll(&p, 1, 60000), 1);
        i2cpt_dispatch(a);
    }
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(seen[0], 1000);
    server_end(&s);
}
END_TEST

/* The file of a client has what its own adapter would have. */
START_TEST(recorded_by_the_client)
{
    struct server s = {0};
    struct session_files files;
    struct i2cpt_adapter *a;
    g_autofree char *keys = NULL, *text = NULL;
    const char *set, *cleared;

    session_begin(&files, NULL);
    keys = g_strdup_printf(",record=%s", files.trace);
    start(&s, CHIPS, 1);
    a = server_client(&s, keys);
    wire(a, "w 00 01 p w 00 r1");
    i2cpt_adapter_unref(a);
    server_end(&s);
    ck_assert(g_file_get_contents(files.trace, &text, NULL, NULL));
    set = strstr(text, "w2@0x48 00 01\n");
    ck_assert_ptr_nonnull(set);
    ck_assert_ptr_nonnull(strstr(text, "irq drdy 0\n"));
    set = strstr(set, "irq drdy 1\n");
    ck_assert_ptr_nonnull(set);
    cleared = strstr(set, "r1 = 01\n");
    ck_assert_ptr_nonnull(cleared);
    ck_assert_ptr_nonnull(strstr(cleared, "irq drdy 0\n"));
    session_end(&files);
}
END_TEST

static struct i2cpt_adapter *served;

static void *serve(void *arg)
{
    int fd = *(int *)arg;

    i2cpt_serve(served, fd, fd);
    close(fd);
    return NULL;
}

static int open_old(void *user, const struct i2cpt_options *options,
                    void **instance, struct i2cpt_backend_info *info,
                    struct i2cpt_fault *fault)
{
    *(struct i2cpt_backend_lines **)user = info->lines;
    info->functionality = I2CPT_FUNC_I2C;
    return i2cpt_backend_line_add(info->lines, "int", 0);
}

static int transfer_nothing(void *instance, struct i2cpt_backend_xfer *x)
{
    return 0;
}

static void keep_stamp(struct i2cpt_adapter *a, unsigned line, int level,
                       uint64_t stamp_ns, void *user)
{
    *(uint64_t *)user = stamp_ns;
}

/* A change is told as of when it was, not as of when it came. */
START_TEST(a_change_of_long_ago)
{
    static const struct i2cpt_backend_ops ops = {.size = sizeof(ops),
                                                 .name = "old",
                                                 .open = open_old,
                                                 .transfer = transfer_nothing};
    struct i2cpt_backend_lines *lines = NULL;
    uint64_t told_ns = 0, now_ns = i2cpt_backend_now_ns();
    uint64_t then_ns = now_ns - MIN(now_ns - 1, 30000000000u);
    g_autofree char *spec = NULL;
    struct i2cpt_adapter *a;
    pthread_t thread;
    int fds[2];

    ck_assert_int_eq(i2cpt_adapter_new(&ops, &lines, NULL, &served, NULL), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    pthread_create(&thread, NULL, serve, &fds[1]);
    spec = g_strdup_printf("remote,timeout-ms=60000,fd=%d", fds[0]);
    a = wire_open(spec);
    close(fds[0]);
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, keep_stamp, &told_ns), 0);
    ck_assert_int_eq(i2cpt_backend_line_set(lines, 0, 1, then_ns), 0);
    while (!told_ns) {
        struct pollfd p = {.fd = i2cpt_adapter_fd(a), .events = POLLIN};

        ck_assert_int_eq(poll(&p, 1, 60000), 1);
        i2cpt_dispatch(a);
    }
    ck_assert_uint_ge(told_ns, then_ns);
    ck_assert_uint_lt(told_ns, now_ns);
    i2cpt_adapter_unref(a);
    pthread_join(thread, NULL);
    i2cpt_adapter_unref(served);
}
END_TEST

/* ----------------------------------------------------- a peer of our making */

struct peer {
    uint16_t version;
    uint32_t offered; /* capabilities of the client's HELLO */
    struct wire_out welcome, then;
    int go[2]; /* a byte: on */
    bool asked, floods;
};

static void await(const struct peer *p)
{
    char c;

    ck_assert_int_eq(read(p->go[0], &c, 1), 1);
}

static void go_on(const struct peer *p)
{
    ck_assert_int_eq(write(p->go[1], "", 1), 1);
}

/* What a peer says is another thing as soon as it was heard. */
static pthread_mutex_t saying = PTHREAD_MUTEX_INITIALIZER;

static void put(int fd, const struct wire_out *o)
{
    pthread_mutex_lock(&saying);
    if (o->len) {
        ck_assert_int_eq(write(fd, o->data, o->len), (int)o->len);
    }
    pthread_mutex_unlock(&saying);
}

/* WELCOME; on a byte what comes then; on another one it goes. */
static void talk(void *user, int fd)
{
    struct peer *p = user;
    uint8_t buf[200];
    struct wire_in in = {.data = buf + WIRE_HEAD};
    ssize_t n = read(fd, buf, sizeof(buf));

    ck_assert_int_gt(n, WIRE_HEAD);
    in.len = (size_t)n - WIRE_HEAD;
    ck_assert_int_eq(remote_wire_get_hello(&in, &p->version, &p->offered), 0);
    put(fd, &p->welcome);
    await(p);
    put(fd, &p->then);
    while (p->floods && send(fd, p->then.data, p->then.len, MSG_NOSIGNAL) > 0) {
    }
    await(p);
}

static void welcome(struct peer *p, const struct wire_welcome *w)
{
    pthread_mutex_lock(&saying);
    remote_wire_begin(&p->welcome, WIRE_WELCOME, 1);
    remote_wire_put_welcome(&p->welcome, w);
    ck_assert_int_eq(remote_wire_end(&p->welcome), 0);
    pthread_mutex_unlock(&saying);
}

static struct wire_welcome one_line(void)
{
    return (struct wire_welcome){.version = WIRE_VERSION,
                                 .functionality = I2CPT_FUNC_I2C,
                                 .stream = true,
                                 .timeout_ms = 200,
                                 .n_lines = 1,
                                 .lines = {{"int", false}}};
}

static void start_peer(struct server *s, struct peer *p)
{
    ck_assert_int_eq(pipe(p->go), 0);
    s->talk = talk;
    s->user = p;
    server_start(s, NULL, 4);
}

static void end_peer(struct server *s, struct peer *p)
{
    server_end(s);
    remote_wire_clear(&p->welcome);
    remote_wire_clear(&p->then);
    close(p->go[0]);
    close(p->go[1]);
}

static void change(struct wire_out *o, uint8_t line, uint8_t level)
{
    remote_wire_begin(o, WIRE_LINE, 0);
    remote_wire_put_u8(o, line);
    remote_wire_put_u8(o, level);
    remote_wire_put_u32(o, 7);
    ck_assert_int_eq(remote_wire_end(o), 0);
}

static GString *logged;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void keep_log(int level, const char *text, void *user)
{
    pthread_mutex_lock(&log_lock);
    g_string_append_printf(logged, "%s\n", text);
    pthread_mutex_unlock(&log_lock);
}

static char *read_log(void)
{
    char *text;

    pthread_mutex_lock(&log_lock);
    text = g_strdup(logged->str);
    pthread_mutex_unlock(&log_lock);
    return text;
}

static unsigned times(const char *text, const char *part)
{
    unsigned n = 0;

    while ((text = strstr(text, part))) {
        n++;
        text++;
    }
    return n;
}

static void await_log(const char *part)
{
    for (;;) {
        g_autofree char *text = read_log();

        if (strstr(text, part)) {
            return;
        }
        g_usleep(1000);
    }
}

/* The line stays as it was, that is said once, and requests say ENODEV. */
START_TEST(a_peer_goes)
{
    struct wire_welcome w = one_line();
    struct server s = {0};
    struct peer p = {0};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    g_autoptr(GString) told = g_string_new(NULL);
    uint8_t in[1];

    logged = g_string_new(NULL);
    i2cpt_set_log(keep_log, NULL);
    welcome(&p, &w);
    change(&p.then, 0, 1);
    start_peer(&s, &p);
    a = server_client(&s, "");
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, told), 0);
    go_on(&p);
    hear_until(a, told, "int1 ");
    go_on(&p);
    await_log("the peer is gone; its lines stay as they are");
    ck_assert_int_eq(remote_read(a, 0x48, 0, in, 1, &fault), -ENODEV);
    ck_assert_int_eq(remote_read(a, 0x48, 0, in, 1, &fault), -ENODEV);
    ck_assert_int_eq(i2cpt_dispatch(a), 0);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 1);
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(p.offered, WIRE_LINES);
    ck_assert_uint_eq(times(logged->str, "the peer is gone"), 1);
    i2cpt_set_log(NULL, NULL);
    end_peer(&s, &p);
    g_string_free(logged, TRUE);
}
END_TEST

/* With reconnect=on it is called again though nobody asks for anything, and its
 * line is as it says by then. */
START_TEST(a_peer_comes_back)
{
    struct wire_welcome w = one_line();
    struct server s = {0};
    struct peer p = {0};
    struct i2cpt_adapter *a;
    g_autoptr(GString) told = g_string_new(NULL);

    welcome(&p, &w);
    start_peer(&s, &p);
    a = server_client(&s, ",reconnect=on");
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, told), 0);
    w.lines[0].level = true;
    welcome(&p, &w);
    go_on(&p);
    go_on(&p);
    hear_until(a, told, "int1 ");
    i2cpt_adapter_unref(a);
    go_on(&p);
    go_on(&p);
    end_peer(&s, &p);
}
END_TEST

/* ... where it is the one that it was. */
static const struct {
    const char *name;
    unsigned n_lines;
    uint32_t functionality, capabilities;
} others[] = {
    {"other", 1, I2CPT_FUNC_I2C, 0},
    {"int", 2, I2CPT_FUNC_I2C, 0},
    {"int", 0, I2CPT_FUNC_I2C, 0},
    {"int", 1, I2CPT_FUNC_I2C | I2CPT_FUNC_10BIT_ADDR, 0},
    {"int", 1, I2CPT_FUNC_I2C, WIRE_TELLS_PHASE},
    {"int", 1, I2CPT_FUNC_I2C, WIRE_HIDES_PHASE},
};

START_TEST(another_peer_comes_back)
{
    struct wire_welcome w = one_line();
    struct server s = {0};
    struct peer p = {0};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    uint8_t in[1];
    int ret;

    welcome(&p, &w);
    start_peer(&s, &p);
    a = server_client(&s, ",reconnect=on");
    w = (struct wire_welcome){
        .version = w.version,
        .functionality = others[_i].functionality,
        .capabilities = others[_i].capabilities,
        .stream = true,
        .timeout_ms = w.timeout_ms,
        .n_lines = others[_i].n_lines,
        .lines = {{"", true}, {"more", true}},
    };
    strcpy(w.lines[0].name, others[_i].name);
    welcome(&p, &w);
    go_on(&p);
    go_on(&p);
    go_on(&p);
    go_on(&p);
    go_on(&p);
    go_on(&p);
    do {
        ret = remote_read(a, 0x48, 0, in, 1, &fault);
    } while (ret == -ECANCELED);
    ck_assert_int_eq(ret, -ENODEV);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 0);
    w = one_line(); /* the old one would be too late */
    welcome(&p, &w);
    ck_assert_int_eq(remote_read(a, 0x48, 0, in, 1, &fault), -ENODEV);
    i2cpt_adapter_unref(a);
    go_on(&p);
    go_on(&p);
    end_peer(&s, &p);
}
END_TEST

static atomic_int serving; /* the descriptor */

static void serve_or_be_cut(void *user, int fd)
{
    serving = fd;
    i2cpt_serve(user, fd, fd);
}

/* Cut in the middle of a stream, and connected again before anybody asks: the
 * rest of the stream is not for the new connection, the next one is. */
START_TEST(a_stream_is_cut)
{
    struct server s = {.talk = serve_or_be_cut};
    struct i2cpt_adapter *a;
    g_autoptr(GString) told = g_string_new(NULL);

    served = wire_stub(CHIPS, ",timeout-ms=60000");
    s.user = served;
    server_start(&s, NULL, 2);
    a = server_client(&s, ",reconnect=on");
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, told), 0);
    ck_assert_int_eq(remote_op(a, I2CPT_OP_STREAM_START, 0x48, NULL), 0);
    ck_assert_int_eq(shutdown(serving, SHUT_RDWR), 0);
    wire(served, "w 00 01");
    hear_until(a, told, "drdy1 ");
    ck_assert_int_eq(remote_op(a, I2CPT_OP_STREAM_START, 0x48, NULL),
                     -ECANCELED); /* a repeated one, not the first */
    remote_op(a, I2CPT_OP_STREAM_STOP, 0, NULL);
    ck_assert_str_eq(wire(a, "w 01 r1"), "= 01");
    i2cpt_adapter_unref(a);
    server_end(&s);
    i2cpt_adapter_unref(served);
}
END_TEST

/* It had none, comes back with some, and is not asked to tell of them. */
START_TEST(lines_that_were_not_there)
{
    struct wire_welcome w = one_line();
    struct server s = {0};
    struct peer p = {0};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    uint8_t in[1];

    w.n_lines = 0;
    welcome(&p, &w);
    start_peer(&s, &p);
    a = server_client(&s, ",reconnect=on");
    w.n_lines = 1;
    welcome(&p, &w);
    go_on(&p);
    go_on(&p);
    do {
        ck_assert_int_ne(remote_read(a, 0x48, 0, in, 1, &fault), -ENODEV);
    } while (!strstr(fault.text, "made again"));
    i2cpt_adapter_unref(a);
    go_on(&p);
    go_on(&p);
    end_peer(&s, &p);
    ck_assert_uint_eq(p.offered, 0);
}
END_TEST

/* One that never stops: a request ends at its deadline all the same, and so
 * does the adapter. */
START_TEST(a_flood)
{
    struct wire_welcome w = one_line();
    struct server s = {0};
    struct peer p = {.floods = true};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    uint8_t in[1];
    struct wire_out one = {0};
    g_autoptr(GString) told = g_string_new(NULL);
    int i;

    welcome(&p, &w);
    change(&one, 0, 1);
    for (i = 0; i < 4096; i++) { /* in one piece, faster than it is read */
        remote_wire_put_bytes(&p.then, one.data, one.len);
    }
    remote_wire_clear(&one);
    start_peer(&s, &p);
    a = server_client(&s, ",timeout-ms=50");
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, told), 0);
    go_on(&p);
    hear_until(a, told, "int1 "); /* by who hears of lines, at its work */
    ck_assert_int_eq(remote_read(a, 0x48, 0, in, 1, &fault), -ETIMEDOUT);
    go_on(&p);
    i2cpt_adapter_unref(a);
    end_peer(&s, &p);
}
END_TEST

/* ------------------------------------------------------------------- liars */

static const struct {
    uint8_t line, level, more;
} lies[] = {{1, 0, 0}, {255, 0, 0}, {0, 2, 0}, {0, 1, 1}};

START_TEST(lying_changes)
{
    struct wire_welcome w = one_line();
    struct server s = {0};
    struct peer p = {0};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    uint8_t in[1];

    logged = g_string_new(NULL);
    i2cpt_set_log(keep_log, NULL);
    welcome(&p, &w);
    change(&p.then, lies[_i].line, lies[_i].level);
    if (lies[_i].more) {
        remote_wire_put_u8(&p.then, 0);
        ck_assert_int_eq(remote_wire_end(&p.then), 0);
    }
    start_peer(&s, &p);
    a = server_client(&s, "");
    go_on(&p);
    await_log("the peer broke the protocol");
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 0);
    ck_assert_int_eq(remote_read(a, 0x48, 0, in, 1, &fault), -ENODEV);
    i2cpt_adapter_unref(a);
    go_on(&p);
    i2cpt_set_log(NULL, NULL);
    end_peer(&s, &p);
    g_string_free(logged, TRUE);
}
END_TEST

/* What follows the name of a WELCOME: capabilities, count, names, levels. */
static const struct {
    const char *hex;
    int ret, lines;
} welcomes[] = {
    {"00000000", 0, 0},
    {"04000000 01 0100 61 01", 0, 1},
    {"05000000 01 0100 61 01", 0, 1},
    {"02000000", 0, 0},
    {"", 0, 0},
    {"04000000", -EPROTO, 0},
    {"04000000 00", -EPROTO, 0},
    {"04000000 21 0100 61 01", -EPROTO, 0},
    {"04000000 02 0100 61 01", -EPROTO, 0},
    {"04000000 02 0100 61 01 0100 61 00", -EPROTO, 0},
    {"04000000 01 0100 2e 01", -EPROTO, 0},
    {"04000000 01 0000 01", -EPROTO, 0},
    {"04000000 01 0100 61 02", -EPROTO, 0},
    {"04000000 01 2000 "
     "6161616161616161616161616161616161616161616161616161616161"
     "616161 01",
     -EPROTO, 0},
};

START_TEST(welcomes_with_lines)
{
    struct wire_welcome w = {.version = WIRE_VERSION,
                             .functionality = I2CPT_FUNC_I2C};
    struct server s = {0};
    struct peer p = {0};
    struct i2cpt_adapter *a = NULL;
    struct i2cpt_fault fault;
    const char *c;
    int ret;

    welcome(&p, &w);
    p.welcome.len -= 4;
    for (c = welcomes[_i].hex; *c; c += 2) {
        c += *c == ' ';
        remote_wire_put_u8(&p.welcome,
                           (uint8_t)(g_ascii_xdigit_value(c[0]) * 16 +
                                     g_ascii_xdigit_value(c[1])));
    }
    ck_assert_int_eq(remote_wire_end(&p.welcome), 0);
    start_peer(&s, &p);
    ret = i2cpt_adapter_open(s.spec, &a, &fault);
    ck_assert_int_eq(ret, welcomes[_i].ret);
    if (!ret) {
        ck_assert_int_eq(i2cpt_adapter_lines(a), welcomes[_i].lines);
        i2cpt_adapter_unref(a);
    }
    go_on(&p);
    go_on(&p);
    end_peer(&s, &p);
}
END_TEST

/* ------------------------------------------- those who do not know of lines */

/* A client whose HELLO says nothing of lines, or has no such field, is told
 * nothing of them. */
START_TEST(an_older_client)
{
    static const uint8_t hello[] = {0,   0,   0,   0,   WIRE_HELLO, 1, 0, 0, 0,
                                    'i', '2', 'c', 'p', 't',        1, 0, 2, 0};
    uint8_t bytes[sizeof(hello) + 4] = {0}, got[400];
    size_t n = _i ? sizeof(bytes) : sizeof(hello), at = 0;
    pthread_t thread;
    int fds[2];
    ssize_t more;

    memcpy(bytes, hello, sizeof(hello));
    bytes[0] = (uint8_t)(n - 4);
    served = wire_stub(CHIPS, ",timeout-ms=60000");
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    pthread_create(&thread, NULL, serve, &fds[1]);
    ck_assert_int_eq(write(fds[0], bytes, n), (ssize_t)n);
    ck_assert_int_gt(read(fds[0], got, sizeof(got)), WIRE_HEAD);
    ck_assert_uint_eq(got[4], WIRE_WELCOME);
    wire(served, "w 00 01");
    shutdown(fds[0], SHUT_WR);
    while ((more = read(fds[0], got + at, sizeof(got) - at)) > 0) {
        at += (size_t)more;
    }
    ck_assert_uint_eq(at, 0);
    pthread_join(thread, NULL);
    close(fds[0]);
    i2cpt_adapter_unref(served);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("remote-lines");
    TCase *tc = tcase_create("remote-lines");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, they_are_there);
    tcase_add_loop_test(tc, levels_are_there_with_the_reply, 0, 2);
    tcase_add_test(tc, changes_come_by_themselves);
    tcase_add_test(tc, many_beside_requests);
    tcase_add_test(tc, recorded_by_the_client);
    tcase_add_test(tc, a_change_of_long_ago);
    tcase_add_test(tc, a_peer_goes);
    tcase_add_test(tc, a_peer_comes_back);
    tcase_add_loop_test(tc, another_peer_comes_back, 0, G_N_ELEMENTS(others));
    tcase_add_test(tc, a_stream_is_cut);
    tcase_add_test(tc, lines_that_were_not_there);
    tcase_add_test(tc, a_flood);
    tcase_add_loop_test(tc, lying_changes, 0, G_N_ELEMENTS(lies));
    tcase_add_loop_test(tc, welcomes_with_lines, 0, G_N_ELEMENTS(welcomes));
    tcase_add_loop_test(tc, an_older_client, 0, 2);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
