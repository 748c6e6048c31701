/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/owner: each transition of its connections, of the files that PROGRAM
 * has open, and of the owner itself; see tools/owner/owner-private.h. */
#include <dirent.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <linux/i2c-dev.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gate.h"
#include "owner/owner-private.h"
#include "unit.h"

#define BUS 7u

static struct owner *owner;
static struct i2cpt_adapter *adapter;

/*
 * Whoever waits for `changed` of the owner that is watched says so before,
 * under its lock: who has that lock afterwards finds him asleep. (The program
 * is linked with --wrap.)
 */
static _Atomic(pthread_cond_t *) watched;
static sem_t told; /* somebody waits, or has returned */

int __real_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock);
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock);

int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock)
{
    if (cond == atomic_load(&watched)) {
        sem_post(&told);
    }
    return __real_pthread_cond_wait(cond, lock);
}

struct waiter {
    void (*wait)(struct owner *o);
    atomic_bool back;
    pthread_t thread;
};

static void *waiter_main(void *arg)
{
    struct waiter *w = arg;

    w->wait(owner);
    atomic_store(&w->back, true);
    sem_post(&told);
    return NULL;
}

/* In a thread, until it waits there. */
static void begin_waiting(struct waiter *w, void (*wait)(struct owner *o))
{
    w->wait = wait;
    atomic_init(&w->back, false);
    sem_init(&told, 0, 0);
    atomic_store(&watched, &owner->changed);
    ck_assert_int_eq(pthread_create(&w->thread, NULL, waiter_main, w), 0);
    sem_wait(&told);
    ck_assert(!atomic_load(&w->back));
    pthread_mutex_lock(&owner->lock);
    pthread_mutex_unlock(&owner->lock);
}

static void end_waiting(struct waiter *w)
{
    pthread_join(w->thread, NULL);
    atomic_store(&watched, NULL);
}

static void setup(void)
{
    struct i2cpt_fault fault;
    const char *error;

    gate_install(GATE_PLAIN);
    ck_assert_int_eq(
        i2cpt_adapter_open("gate,timeout-ms=60000", &adapter, &fault), 0);
    ck_assert_int_eq(owner_new(&owner), 0);
    ck_assert_int_eq(owner_add_bus(owner, BUS, "gate", adapter), 0);
    ck_assert_int_eq(owner_start(owner, &error), 0);
}

static void teardown(void)
{
    if (owner) {
        owner_free(owner);
    }
    i2cpt_adapter_unref(adapter);
}

/* ----------------------------------------------------------- PROGRAM's side */

static int knock(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    strcpy(addr.sun_path, owner->path);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

static void say(int fd, uint32_t op, uint32_t file, uint32_t request,
                uint64_t arg)
{
    struct preload_request r = {
        .op = op, .file = file, .request = request, .arg = arg};

    ck_assert_int_eq(send(fd, &r, sizeof(r), MSG_NOSIGNAL), sizeof(r));
}

/* The result, and in `file` the descriptor that came with it, or -1. */
static int64_t hear(int fd, int *file)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct preload_reply reply = {0};
    uint8_t more[64];
    struct iovec iov[] = {{&reply, sizeof(reply)}, {more, sizeof(more)}};
    struct msghdr msg = {.msg_iov = iov,
                         .msg_iovlen = 2,
                         .msg_control = control.space,
                         .msg_controllen = sizeof(control.space)};
    struct cmsghdr *c;

    ck_assert_int_ge(recvmsg(fd, &msg, 0), (ssize_t)sizeof(reply));
    c = CMSG_FIRSTHDR(&msg);
    if (file) {
        *file = -1;
        if (c) {
            memcpy(file, CMSG_DATA(c), sizeof(int));
        }
    }
    return reply.result;
}

static int64_t call(int fd, uint32_t op, uint32_t file, uint32_t request,
                    uint64_t arg)
{
    say(fd, op, file, request, arg);
    return hear(fd, NULL);
}

/* A connection, with its thread there. */
static int connected(void)
{
    int fd = knock();

    ck_assert_int_eq(call(fd, PRELOAD_READ, UINT32_MAX, 0, 1), -EBADF);
    return fd;
}

/* A file of the bus: PROGRAM's end of it, and its id. */
static int open_file(int fd, uint32_t *id)
{
    struct preload_token token;
    struct sockaddr_un name;
    socklen_t len = sizeof(name);
    int file;

    say(fd, PRELOAD_OPEN, BUS, 0, 0);
    ck_assert_int_eq(hear(fd, &file), 0);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(getsockname(file, (struct sockaddr *)&name, &len), 0);
    memcpy(&token, name.sun_path + 1, sizeof(token));
    ck_assert_str_eq(token.magic, PRELOAD_MAGIC);
    ck_assert_uint_eq(token.bus, BUS);
    *id = token.file;
    return file;
}

static bool hung_up(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};
    char c;

    return poll(&p, 1, 20000) == 1 && recv(fd, &c, 1, 0) <= 0;
}

/* Sockets of this process: each connection has two, each file two. */
static unsigned sockets(void)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    char target[64];
    unsigned n = 0;

    while ((entry = readdir(dir))) {
        ssize_t len =
            readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

        target[len > 0 ? len : 0] = 0;
        n += g_str_has_prefix(target, "socket:");
    }
    closedir(dir);
    return n;
}

/* The test's time is what bounds it. */
static void wait_for_sockets(unsigned n)
{
    while (sockets() != n) {
        g_usleep(1000);
    }
}

static unsigned connections(void)
{
    unsigned n;

    pthread_mutex_lock(&owner->lock);
    n = owner->connections;
    pthread_mutex_unlock(&owner->lock);
    return n;
}

/* -------------------------------------------------------------------- files */

/* OPEN, calls on it, closed with nobody in it: its id is nobody's then. */
START_TEST(file_is_opened_and_closed)
{
    int fd = connected(), file, copy;
    unsigned before = sockets();
    uint32_t id;

    ck_assert(!owner_was_used(owner));
    file = open_file(fd, &id);
    ck_assert(owner_was_used(owner));
    ck_assert_int_eq(call(fd, PRELOAD_IOCTL, id, I2C_SLAVE, 0x48), 0);
    copy = dup(file);
    close(file);
    ck_assert_int_eq(call(fd, PRELOAD_READ, id, 0, 2), 2);
    ck_assert_str_eq(gate_log(), "T48 ");
    close(copy);
    owner_wait_closed(owner);
    ck_assert_int_eq(call(fd, PRELOAD_READ, id, 0, 2), -EBADF);
    wait_for_sockets(before);
    close(fd);
}
END_TEST

START_TEST(file_of_no_bus)
{
    int fd = connected(), file;
    uint32_t id;

    say(fd, PRELOAD_OPEN, BUS + 1, 0, 0);
    ck_assert_int_eq(hear(fd, &file), -ENODEV);
    ck_assert_int_eq(file, -1);
    ck_assert_int_eq(owner_new_file(owner, BUS + 1, -1, &id), -ENODEV);
    ck_assert(!owner_was_used(owner));
    close(fd);
}
END_TEST

/* As many as there may be, and one more. */
START_TEST(file_too_many)
{
    uint32_t id, first = 0;
    unsigned n = 0;
    int ret;

    while (!(ret = owner_new_file(owner, BUS, -1, &id)) && n < 1000000) {
        first = first ? first : id;
        n++;
    }
    ck_assert_int_eq(ret, -EMFILE);
    ck_assert_uint_eq(n, 65536);
    owner_close_file(owner, first);
    ck_assert_int_eq(owner_new_file(owner, BUS, -1, &id), 0);
    ck_assert_uint_ne(id, first);
}
END_TEST

/* Closed while a thread is in a call on it: the call has its answer, and then
 * nothing is left of it. */
START_TEST(file_closed_in_a_call)
{
    int fd = connected(), other = connected(), file;
    unsigned before = sockets();
    uint32_t id;

    file = open_file(fd, &id);
    ck_assert_int_eq(call(fd, PRELOAD_IOCTL, id, I2C_SLAVE, 0x48), 0);
    gate_hold(true);
    say(fd, PRELOAD_READ, id, 0, 2);
    gate_wait_entered(1);
    close(file);
    owner_wait_closed(owner);
    ck_assert_int_eq(call(other, PRELOAD_READ, id, 0, 2), -EBADF);
    ck_assert_uint_eq(sockets(), before + 1);
    gate_hold(false);
    ck_assert_int_eq(hear(fd, NULL), 2);
    wait_for_sockets(before);
    close(other);
    close(fd);
}
END_TEST

/* PROGRAM has it open yet when the owner goes. */
START_TEST(file_of_an_owner_that_goes)
{
    int fd = connected(), file;
    uint32_t id;

    file = open_file(fd, &id);
    owner_free(owner);
    owner = NULL;
    ck_assert(hung_up(fd));
    close(file);
    close(fd);
    ck_assert_uint_eq(sockets(), 0);
}
END_TEST

/* -------------------------------------------------------------- connections */

START_TEST(connection_is_served)
{
    int fd;

    fd = knock();
    /* whatever it asks */
    ck_assert_int_eq(call(fd, PRELOAD_READ, 99, 0, 1), -EBADF);
    ck_assert_int_eq(call(fd, 77, 99, 0, 1), -EBADF);
    ck_assert_uint_eq(connections(), 1);
    close(fd);
}
END_TEST

static const char too_short[sizeof(struct preload_request) - 1];

/* It ends for what is no request (0), or when the peer hangs up (1); another
 * one goes on. */
START_TEST(connection_ends)
{
    int fd = connected(), other = connected();
    unsigned before = sockets();

    if (_i) {
        close(fd);
    } else {
        ck_assert_int_gt(send(fd, too_short, sizeof(too_short), 0), 0);
        ck_assert(hung_up(fd));
        close(fd);
    }
    while (connections() > 1) { /* the test's time is its bound */
        ck_assert_int_eq(call(other, PRELOAD_READ, 99, 0, 1), -EBADF);
    }
    wait_for_sockets(before - 2);
    close(other);
}
END_TEST

/* The owner is closing, and its loop has not seen it yet: who knocks now is not
 * served, and hears of it. */
START_TEST(connection_comes_too_late)
{
    int fd;

    pthread_mutex_lock(&owner->lock);
    owner->closing = true;
    pthread_mutex_unlock(&owner->lock);
    owner_wake_loop(owner);
    pthread_join(owner->thread, NULL);
    owner->running = false;
    fd = knock();
    owner_accept(owner);
    ck_assert(hung_up(fd));
    ck_assert_uint_eq(connections(), 0);
    close(fd);
}
END_TEST

/* The owner goes while one is in a call: it is seen through first. */
START_TEST(owner_sees_calls_through)
{
    int fd = connected(), file;
    struct waiter w;
    uint32_t id;

    file = open_file(fd, &id);
    ck_assert_int_eq(call(fd, PRELOAD_IOCTL, id, I2C_SLAVE, 0x48), 0);
    gate_hold(true);
    say(fd, PRELOAD_READ, id, 0, 2);
    gate_wait_entered(1);
    begin_waiting(&w, owner_free);
    ck_assert(hung_up(fd)); /* shut down: it is closing */
    gate_hold(false);
    end_waiting(&w);
    owner = NULL;
    ck_assert_str_eq(gate_log(), "T48 ");
    close(file);
    close(fd);
    ck_assert_uint_eq(sockets(), 0);
}
END_TEST

/* ---------------------------------------------------------------- the owner */

START_TEST(owner_never_started)
{
    struct owner *o;

    ck_assert_int_eq(owner_new(&o), 0);
    owner_free(o);
    ck_assert_uint_eq(sockets(), 1); /* the other one's listener */
}
END_TEST

/* Half started: its folder is there, the socket in it has too long a name. */
START_TEST(owner_not_all_started)
{
    char base[] = "/tmp/i2cpt-test-XXXXXX";
    g_autofree char *name = g_strnfill(120, 'x');
    g_autofree char *folder = NULL;
    const char *error;
    struct owner *o;

    ck_assert_ptr_nonnull(g_mkdtemp(base));
    folder = g_build_filename(base, name, NULL);
    ck_assert_int_eq(g_mkdir(folder, 0700), 0);
    g_setenv("TMPDIR", folder, TRUE);
    ck_assert_int_eq(owner_new(&o), 0);
    ck_assert_int_eq(owner_start(o, &error), -ENAMETOOLONG);
    ck_assert_str_eq(error, "a socket there");
    owner_free(o);
    ck_assert_int_eq(g_rmdir(folder), 0); /* nothing is left in it */
    g_rmdir(base);
}
END_TEST

/* Its thread is seen to its end, though it has just begun. */
START_TEST(owner_goes_at_once)
{
    const char *error;
    struct owner *o;
    int i;

    for (i = 0; i < 20; i++) {
        ck_assert_int_eq(owner_new(&o), 0);
        ck_assert_int_eq(owner_start(o, &error), 0);
        owner_free(o);
    }
}
END_TEST

static void interrupt(int signal)
{
    owner_interrupt(owner);
}

/* A signal ends the wait for files, and nothing else. */
START_TEST(owner_is_interrupted)
{
    int fd = connected(), file;
    uint32_t id;

    file = open_file(fd, &id);
    signal(SIGUSR1, interrupt);
    raise(SIGUSR1);
    owner_wait_closed(owner);
    ck_assert_int_eq(call(fd, PRELOAD_IOCTL, id, I2C_SLAVE, 0x48), 0);
    close(file);
    close(fd);
}
END_TEST

/* Who waits for files hears of the last one. */
START_TEST(owner_sees_the_last_file_closed)
{
    int fd = connected(), file;
    struct waiter w;
    uint32_t id;

    file = open_file(fd, &id);
    begin_waiting(&w, owner_wait_closed);
    close(file);
    end_waiting(&w);
    close(fd);
}
END_TEST

/* And of a signal. */
START_TEST(owner_is_interrupted_while_it_waits)
{
    int fd = connected(), file;
    struct waiter w;
    uint32_t id;

    file = open_file(fd, &id);
    begin_waiting(&w, owner_wait_closed);
    owner_interrupt(owner);
    end_waiting(&w);
    close(file);
    close(fd);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("owner");
    TCase *c = tcase_create("states");

    tcase_set_timeout(c, 30);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, file_is_opened_and_closed);
    tcase_add_test(c, file_of_no_bus);
    tcase_add_test(c, file_too_many);
    tcase_add_test(c, file_closed_in_a_call);
    tcase_add_test(c, file_of_an_owner_that_goes);
    tcase_add_test(c, connection_is_served);
    tcase_add_loop_test(c, connection_ends, 0, 2);
    tcase_add_test(c, connection_comes_too_late);
    tcase_add_test(c, owner_sees_calls_through);
    tcase_add_test(c, owner_never_started);
    tcase_add_test(c, owner_goes_at_once);
    tcase_add_test(c, owner_is_interrupted);
    tcase_add_test(c, owner_is_interrupted_while_it_waits);
    tcase_add_test(c, owner_sees_the_last_file_closed);
    suite_add_tcase(s, c);
    c = tcase_create("nothing started");
    tcase_add_test(c, owner_not_all_started);
    suite_add_tcase(s, c);
    return unit_run(s);
}
