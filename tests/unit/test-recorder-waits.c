/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* record= into a FIFO at whose other end nobody is, or nobody reads: who opens
 * or ends that file waits, and nobody else does. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "callers.h"
#include "i2cpt-trace.h"
#include "i2cpt.h"
#include "unit.h"

static char *dir, *fifo, *plain;

static void make_files(void)
{
    dir = g_dir_make_tmp("i2cpt-XXXXXX", NULL);
    ck_assert_ptr_nonnull(dir);
    fifo = g_build_filename(dir, "fifo", NULL);
    plain = g_build_filename(dir, "plain", NULL);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
}

static void drop_files(void)
{
    g_unlink(fifo);
    g_unlink(plain);
    g_rmdir(dir);
    g_free(fifo);
    g_free(plain);
    g_free(dir);
}

static int try_open(const char *path, const char *more,
                    struct i2cpt_adapter **out)
{
    char *spec = g_strdup_printf("stub,record=%s%s", path, more);
    int ret = i2cpt_adapter_open(spec, out, NULL);

    g_free(spec);
    return ret;
}

enum act { OPEN, UNREF, TRANSFER, EVENT, END };

/* What a thread does. */
struct doer {
    enum act act;
    const char *more; /* for OPEN */
    struct i2cpt_adapter *adapter;
    int ret;
    atomic_int tid;
    pthread_t thread;
};

static void *doer_main(void *arg)
{
    struct doer *w = arg;
    uint8_t byte = 0;
    struct i2cpt_msg msg = {.addr = 0x48, .len = 1, .buf = &byte};

    atomic_store(&w->tid, (int)syscall(SYS_gettid));
    switch (w->act) {
    case OPEN:
        w->ret = try_open(fifo, w->more, &w->adapter);
        break;
    case UNREF:
        i2cpt_adapter_unref(w->adapter);
        break;
    case TRANSFER:
        w->ret = i2cpt_transfer(w->adapter, &msg, 1, NULL);
        break;
    case EVENT:
        w->ret = i2cpt_trace_record_event(w->adapter, "note", "x", NULL);
        break;
    default:
        w->ret = i2cpt_trace_record_end(w->adapter, NULL);
        break;
    }
    return NULL;
}

/* Until it waits. */
static void start(struct doer *w)
{
    ck_assert_int_eq(pthread_create(&w->thread, NULL, doer_main, w), 0);
    while (!atomic_load(&w->tid)) {
        sched_yield();
    }
    wait_asleep(atomic_load(&w->tid));
}

/* Others record and end, the process forks, and the child does so too. */
static void others_go_on(void)
{
    struct i2cpt_adapter *a;
    int status;
    pid_t pid;

    ck_assert_int_eq(try_open(plain, "", &a), 0);
    i2cpt_adapter_unref(a);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (!pid) {
        int bad = try_open(plain, "", &a);

        if (!bad) {
            i2cpt_adapter_unref(a);
        }
        _exit(bad ? 1 : 0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

/* To its end, which is where the last writer closes it. */
static char *read_all(int fd)
{
    GString *all = g_string_new("");
    char buf[4096];
    ssize_t n;

    while ((n = read(fd, buf, sizeof(buf))) > 0) {
        g_string_append_len(all, buf, n);
    }
    ck_assert_int_eq(n, 0);
    close(fd);
    return g_string_free(all, FALSE);
}

/* Who wants the same file waits, and shares it then. */
START_TEST(opening)
{
    struct doer first = {.more = ",chips=0x48,record-bus=0"};
    struct doer second = {.more = ",chips=0x49,record-bus=1"};
    char *text;
    int fd;

    start(&first);
    start(&second);
    others_go_on();
    fd = open(fifo, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    pthread_join(first.thread, NULL);
    pthread_join(second.thread, NULL);
    ck_assert_int_eq(first.ret, 0);
    ck_assert_int_eq(second.ret, 0);
    i2cpt_adapter_unref(first.adapter);
    i2cpt_adapter_unref(second.adapter);
    text = read_all(fd);
    ck_assert_msg(g_str_has_prefix(text, "i2cpt-trace 1\n"), "%s", text);
    ck_assert_msg(strstr(text, "\nbus: 0 ") && strstr(text, "\nbus: 1 "), "%s",
                  text);
    ck_assert_msg(g_str_has_suffix(text, "\nend 0\n"), "%s", text);
    g_free(text);
}
END_TEST

/* One that fails after all leaves the way free. */
START_TEST(opening_fails)
{
    struct i2cpt_adapter *a;
    struct doer w = {.more = ""};
    int fd;

    ck_assert_int_eq(g_unlink(fifo), 0);
    ck_assert_int_eq(try_open("/nowhere/at/all", "", &a), -ENOENT);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    start(&w);
    fd = open(fifo, O_RDONLY | O_CLOEXEC);
    pthread_join(w.thread, NULL);
    ck_assert_int_eq(w.ret, 0);
    i2cpt_adapter_unref(w.adapter);
    g_free(read_all(fd));
}
END_TEST

/* Nothing more goes into the FIFO. */
static void fill(int fd)
{
    char junk[512];
    size_t size = sizeof(junk);

    memset(junk, '#', sizeof(junk));
    while (size) {
        if (write(fd, junk, size) < 0) {
            ck_assert_int_eq(errno, EAGAIN);
            size /= 2;
        }
    }
}

START_TEST(ending)
{
    int in = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int out = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    struct doer first = {.act = UNREF}, second = {.more = ""};
    char *text;

    ck_assert_int_ge(in, 0);
    ck_assert_int_ge(out, 0);
    ck_assert_int_eq(try_open(fifo, "", &first.adapter), 0);
    fill(out);
    start(&first);
    start(&second); /* the same file, behind its end */
    others_go_on();
    ck_assert_int_eq(fcntl(in, F_SETFL, 0), 0);
    text = g_malloc0(1 << 20);
    while (!strstr(text, "end 0\ni2cpt-trace 1\n")) {
        size_t len = strlen(text);
        ssize_t n = read(in, text + len, (1 << 20) - 1 - len);

        ck_assert_int_gt(n, 0);
    }
    g_free(text);
    pthread_join(first.thread, NULL);
    pthread_join(second.thread, NULL);
    ck_assert_int_eq(second.ret, 0);
    close(out);
    i2cpt_adapter_unref(second.adapter);
    g_free(read_all(in));
}
END_TEST

/* What does not ask the bus for anything needs not wait for a line either. */
static const enum act lines[] = {TRANSFER, EVENT, END};

START_TEST(a_line)
{
    int in = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int out = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    struct doer w = {.act = lines[_i]};
    char junk[4096];

    ck_assert_int_eq(try_open(fifo, ",chips=0x48", &w.adapter), 0);
    fill(out);
    close(out);
    start(&w);
    ck_assert_int_ge(i2cpt_adapter_fd(w.adapter), 0);
    ck_assert_int_eq(i2cpt_dispatch(w.adapter), 0);
    while (read(in, junk, sizeof(junk)) > 0) {
    }
    pthread_join(w.thread, NULL);
    ck_assert_int_eq(w.ret, 0);
    i2cpt_adapter_unref(w.adapter);
    close(in);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recorder-waits");
    TCase *tcase = tcase_create("fifo");

    tcase_add_checked_fixture(tcase, make_files, drop_files);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, opening);
    tcase_add_test(tcase, opening_fails);
    tcase_add_test(tcase, ending);
    tcase_add_loop_test(tcase, a_line, 0,
                        (int)(sizeof(lines) / sizeof(*lines)));
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
