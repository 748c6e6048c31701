/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Unix socket by name, for the clients of an adapter that is served. */
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/fault.h"
#include "core/out-file.h"

#define BACKLOG 16

struct i2cpt_listener {
    int fd;
    char *path;
    dev_t dev; /* what it is there, so that nothing else is removed */
    ino_t ino;
};

static int set_path(struct sockaddr_un *addr, const char *path,
                    const char *suffix, struct i2cpt_fault *fault)
{
    size_t room = sizeof(addr->sun_path) - strlen(suffix) - 1;

    *addr = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) > room) {
        return i2cpt_fault_text(fault, ENAMETOOLONG,
                                "%s: longer than the %zu bytes that a socket's "
                                "path may have here",
                                path, room);
    }
    strcpy(addr->sun_path, path);
    strcat(addr->sun_path, suffix);
    return 0;
}

/* A socket that nobody listens at any more is in the way; anything else that
 * has this name is not ours to remove. One whose owner takes no clients just
 * now is not waited for. */
static void remove_stale(const struct sockaddr_un *addr)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct stat st;

    if (fd < 0) {
        return;
    }
    if (!lstat(addr->sun_path, &st) && S_ISSOCK(st.st_mode) &&
        connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) &&
        errno == ECONNREFUSED) {
        i2cpt_out_file_unlink(addr->sun_path, st.st_dev, st.st_ino);
    }
    close(fd);
}

/* The bus is for who may open the socket, which gets the mode that the
 * descriptor has; umask(2) would be the whole process's. */
static int bind_for_user(int fd, const struct sockaddr_un *addr)
{
    return fd < 0 || fchmod(fd, 0600) ||
                   bind(fd, (const struct sockaddr *)addr, sizeof(*addr))
               ? -1
               : 0;
}

/* By link(2), not rename(2): what is there already is not ours. */
static int listen_as(struct i2cpt_listener *l,
                     const struct sockaddr_un *temporary)
{
    struct stat st = {0};
    int ret, error;

    ret = stat(temporary->sun_path, &st) || listen(l->fd, BACKLOG) ||
                  link(temporary->sun_path, l->path)
              ? -1
              : 0;
    error = errno;
    unlink(temporary->sun_path);
    errno = error;
    l->dev = st.st_dev;
    l->ino = st.st_ino;
    return ret;
}

static struct i2cpt_listener *allocate(const char *path)
{
    struct i2cpt_listener *l = g_try_new0(struct i2cpt_listener, 1);

    if (l) {
        l->path = strdup(path);
        l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    }
    if (l && !l->path) {
        if (l->fd >= 0) {
            close(l->fd);
        }
        g_clear_pointer(&l, g_free);
    }
    return l;
}

static void release(struct i2cpt_listener *l)
{
    if (l->fd >= 0) {
        close(l->fd);
    }
    free(l->path);
    g_free(l);
}

int i2cpt_listener_new(const char *path, struct i2cpt_listener **out,
                       struct i2cpt_fault *fault)
{
    struct sockaddr_un temporary, named;
    struct i2cpt_listener *l;
    char suffix[24];
    int ret;

    if (!path || !out) {
        return i2cpt_fault_null(fault, "path or out");
    }
    *out = NULL;
    g_snprintf(suffix, sizeof(suffix), ".%ld", (long)getpid());
    ret = set_path(&temporary, path, suffix, fault);
    ret = ret ? ret : set_path(&named, path, "", fault);
    if (ret) {
        return ret;
    }
    l = allocate(path);
    if (!l) {
        return i2cpt_fault_text(fault, ENOMEM, "%s: no memory", path);
    }
    remove_stale(&named);
    if (bind_for_user(l->fd, &temporary) || listen_as(l, &temporary)) {
        ret = i2cpt_fault_text(fault, errno, "%s: %s", path, g_strerror(errno));
        release(l);
        return ret;
    }
    *out = l;
    i2cpt_fault_clear(fault);
    return 0;
}

int i2cpt_listener_fd(const struct i2cpt_listener *l)
{
    return l ? l->fd : -EINVAL;
}

void i2cpt_listener_free(struct i2cpt_listener *l)
{
    if (l) {
        i2cpt_out_file_unlink(l->path, l->dev, l->ino);
        release(l);
    }
}
