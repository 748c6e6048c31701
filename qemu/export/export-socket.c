/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making and removing the socket of an export. */
#include "qemu/osdep.h"
#include "qapi/error.h"

#include <sys/un.h>

#include "export/export-socket.h"

static bool set_path(struct sockaddr_un *addr, const char *path,
                     const char *suffix, Error **errp)
{
    size_t room = sizeof(addr->sun_path) - strlen(suffix) - 1;

    *addr = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) > room) {
        error_setg(errp,
                   "socket=%s: longer than the %zu bytes that a socket's path "
                   "may have here",
                   path, room);
        return false;
    }
    snprintf(addr->sun_path, sizeof(addr->sun_path), "%s%s", path, suffix);
    return true;
}

static void remove_stale(const struct sockaddr_un *addr)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat st;

    if (fd < 0) {
        return;
    }
    if (!lstat(addr->sun_path, &st) && S_ISSOCK(st.st_mode) &&
        connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) &&
        errno == ECONNREFUSED) {
        unlink(addr->sun_path);
    }
    close(fd);
}

/* bind(2) gives the socket the mode that the descriptor had. */
static int bind_for_user(int fd, const struct sockaddr_un *addr)
{
    return fd < 0 || fchmod(fd, 0600) ||
                   bind(fd, (const struct sockaddr *)addr, sizeof(*addr))
               ? -1
               : 0;
}

/* By link(2), which replaces nothing, from a name of our own. */
static int listen_as(ExportSocket *s, const struct sockaddr_un *temporary,
                     const char *path)
{
    struct stat st;
    int ret, error;

    ret = stat(temporary->sun_path, &st) || listen(s->fd, 16) ||
                  link(temporary->sun_path, path)
              ? -1
              : 0;
    error = errno;
    unlink(temporary->sun_path);
    errno = error;
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    return ret;
}

bool export_socket_listen(ExportSocket *s, const char *path, Error **errp)
{
    g_autofree char *suffix = g_strdup_printf(".%ld", (long)getpid());
    struct sockaddr_un temporary, named;

    if (!set_path(&temporary, path, suffix, errp) ||
        !set_path(&named, path, "", errp)) {
        return false;
    }
    remove_stale(&named);
    s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind_for_user(s->fd, &temporary) || listen_as(s, &temporary, path)) {
        error_setg(errp, "socket=%s: %s", path, strerror(errno));
        if (s->fd >= 0) {
            close(s->fd);
        }
        return false;
    }
    s->path = g_strdup(path);
    return true;
}

void export_socket_close(ExportSocket *s)
{
    struct stat st;

    if (!s->path) {
        return;
    }
    if (!lstat(s->path, &st) && st.st_dev == s->dev && st.st_ino == s->ino) {
        unlink(s->path);
    }
    close(s->fd);
    g_clear_pointer(&s->path, g_free);
}
