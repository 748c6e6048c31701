/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A socket by name: what may stand there, and what is there afterwards. */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "i2cpt.h"
#include "unit.h"

static char *folder, *path;

static void begin(void)
{
    folder = g_dir_make_tmp("listener-XXXXXX", NULL);
    path = g_build_filename(folder, "bus", NULL);
}

static void end(void)
{
    g_unlink(path);
    ck_assert_int_eq(g_rmdir(folder), 0); /* nothing else is left there */
    g_free(path);
    g_free(folder);
}

static struct sockaddr_un named(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    g_strlcpy(addr.sun_path, path, sizeof(addr.sun_path));
    return addr;
}

static int bound(void)
{
    struct sockaddr_un addr = named();
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

static int connected(void)
{
    struct sockaddr_un addr = named();
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
        close(fd);
        return -errno;
    }
    return fd;
}

static void nothing(void)
{
}

static void left_behind(void)
{
    close(bound());
}

static int other = -1;

static void somebody_elses(void)
{
    other = bound();
    ck_assert_int_eq(listen(other, 1), 0);
}

/* ... who takes none of those that come. */
static void a_busy_ones(void)
{
    struct sockaddr_un addr = named();
    int fd;

    other = bound();
    ck_assert_int_eq(listen(other, 0), 0);
    do {
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    } while (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
    ck_assert_int_eq(errno, EAGAIN);
}

static void file(void)
{
    ck_assert(g_file_set_contents(path, "mine", -1, NULL));
}

static void link_to_a_file(void)
{
    ck_assert_int_eq(symlink("/dev/null", path), 0);
}

static const struct {
    const char *name;
    void (*there)(void);
    int ret;
} rows[] = {
    {"nothing is there", nothing, 0},
    {"a socket that was left behind", left_behind, 0},
    {"a socket that is in use", somebody_elses, -EEXIST},
    {"a socket whose owner is busy", a_busy_ones, -EEXIST},
    {"a file", file, -EEXIST},
    {"a link", link_to_a_file, -EEXIST},
};

START_TEST(what_is_there)
{
    const char *name = rows[_i].name;
    struct i2cpt_listener *l;
    struct stat before = {0}, st;
    struct i2cpt_fault fault;
    int client, ret;

    rows[_i].there();
    ret = lstat(path, &before);
    ck_assert_msg(ret == (rows[_i].there == nothing ? -1 : 0), "%s", name);
    ck_assert_msg((ret = i2cpt_listener_new(path, &l, &fault)) == rows[_i].ret,
                  "%s: %d, %s", name, ret, fault.text);
    ck_assert_int_eq(lstat(path, &st), 0);
    if (ret) {
        ck_assert_ptr_null(l);
        ck_assert_msg(g_str_has_prefix(fault.text, path), "%s", fault.text);
        ck_assert_msg(st.st_ino == before.st_ino, "%s: it stays", name);
        if (other >= 0) {
            close(other);
        }
        return;
    }
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    client = connected();
    ck_assert_msg(client >= 0, "%s", strerror(-client));
    ret = accept(i2cpt_listener_fd(l), NULL, NULL);
    ck_assert_int_ge(ret, 0);
    ck_assert_int_eq(accept(i2cpt_listener_fd(l), NULL, NULL), -1);
    ck_assert_msg(errno == EAGAIN, "it does not wait: %s", strerror(errno));
    i2cpt_listener_free(l);
    ck_assert_int_eq(lstat(path, &st), -1);
    ck_assert_int_eq((int)send(client, "x", 1, MSG_NOSIGNAL), 1);
    close(ret);
    close(client);
}
END_TEST

/* What has come to stand there since is not removed. */
START_TEST(anothers_name)
{
    struct i2cpt_listener *l;

    ck_assert_int_eq(i2cpt_listener_new(path, &l, NULL), 0);
    ck_assert_int_eq(g_unlink(path), 0);
    file();
    i2cpt_listener_free(l);
    ck_assert(g_file_test(path, G_FILE_TEST_IS_REGULAR));
}
END_TEST

/* The longest name there may be, and one more; a folder that is not there. */
START_TEST(names)
{
    size_t room = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
    g_autofree char *suffix = g_strdup_printf(".%ld", (long)getpid());
    size_t len = room - strlen(suffix) - strlen(folder) - 1;
    g_autofree char *last = g_strnfill(len + 1, 'x');
    g_autofree char *nowhere = g_build_filename(folder, "no", "bus", NULL);
    struct i2cpt_listener *l;
    struct i2cpt_fault fault;

    g_free(path);
    path = g_build_filename(folder, last, NULL);
    ck_assert_int_eq(i2cpt_listener_new(path, &l, &fault), -ENAMETOOLONG);
    ck_assert_msg(strstr(fault.text, ": longer than the ") != NULL, "%s",
                  fault.text);
    path[strlen(path) - 1] = 0;
    ck_assert_msg(!i2cpt_listener_new(path, &l, &fault), "%s", fault.text);
    i2cpt_listener_free(l);
    ck_assert_int_eq(i2cpt_listener_new(nowhere, &l, &fault), -ENOENT);
    ck_assert_msg(g_str_has_prefix(fault.text, nowhere), "%s", fault.text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("listener");
    TCase *c = tcase_create("listener");

    tcase_add_checked_fixture(c, begin, end);
    tcase_add_loop_test(c, what_is_there, 0, G_N_ELEMENTS(rows));
    tcase_add_test(c, anothers_name);
    tcase_add_test(c, names);
    suite_add_tcase(s, c);
    return unit_run(s);
}
