/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "devfile.h"
#include "owner.h"

#define FILES_MAX 65536u

struct bus {
    uint32_t number;
    struct i2cpt_adapter *adapter;
};

/* An open file: kept from PRELOAD_OPEN until PROGRAM's last copy is closed. */
struct file {
    struct devfile dev;
    pthread_mutex_t lock;
    uint32_t id;
    int fd;         /* the other end of PROGRAM's */
    unsigned users; /* threads in a call on it, under the owner's lock */
    bool closed;
};

struct owner {
    GArray *buses;
    char *dir, *path;
    int listener, wake[2]; /* wake: something for the main loop */
    bool running;
    pthread_t thread;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    GHashTable *files; /* by id */
    uint32_t next_id;
    unsigned connections;
    GList *sockets; /* of connections, as GINT_TO_POINTER */
    bool used, closing;
};

struct connection {
    struct owner *owner;
    int fd;
    uint8_t in[PRELOAD_PACKET_MAX], out[PRELOAD_PACKET_MAX];
};

int owner_new(struct owner **out)
{
    struct owner *o = g_new0(struct owner, 1);

    o->buses = g_array_new(FALSE, TRUE, sizeof(struct bus));
    o->files = g_hash_table_new(NULL, NULL);
    o->listener = o->wake[0] = o->wake[1] = -1;
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->changed, NULL);
    *out = o;
    return 0;
}

static struct bus *find_bus(struct owner *o, uint32_t number)
{
    guint i;

    for (i = 0; i < o->buses->len; i++) {
        struct bus *b = &g_array_index(o->buses, struct bus, i);

        if (b->number == number) {
            return b;
        }
    }
    return NULL;
}

int owner_add_bus(struct owner *o, uint32_t number, struct i2cpt_adapter *a)
{
    struct bus bus = {number, a};

    if (number > OWNER_BUS_MAX || find_bus(o, number)) {
        return -EINVAL;
    }
    g_array_append_val(o->buses, bus);
    return 0;
}

/* -------------------------------------------------------------------- tree */

static int put_file(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    FILE *f = fopen(path, "we");

    if (!f) {
        return -errno;
    }
    fputs(text, f);
    return fclose(f) ? -errno : 0;
}

static int link_to(const char *dir, const char *name, const char *target)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return symlink(target, path) && errno != EEXIST ? -errno : 0;
}

/* As the kernel has it: the device in /sys/devices-like place, the classes
 * link to it. Below DIR/sys/bus/i2c/devices the real folders stand. */
static int add_to_tree(struct owner *o, const struct bus *bus)
{
    g_autofree char *name = g_strdup_printf("i2c-%u", bus->number);
    g_autofree char *label =
        g_strdup_printf("%s\n", i2cpt_adapter_name(bus->adapter));
    g_autofree char *dev = g_strdup_printf("89:%u\n", bus->number);
    g_autofree char *device =
        g_build_filename(o->dir, "sys/bus/i2c/devices", name, NULL);
    g_autofree char *cdev = g_build_filename(device, "i2c-dev", name, NULL);
    g_autofree char *class_dir =
        g_build_filename(o->dir, "sys/class/i2c-dev", NULL);
    g_autofree char *adapters =
        g_build_filename(o->dir, "sys/class/i2c-adapter", NULL);
    g_autofree char *nodes = g_build_filename(o->dir, "dev", NULL);
    g_autofree char *to_cdev =
        g_strdup_printf("../../bus/i2c/devices/%s/i2c-dev/%s", name, name);
    g_autofree char *to_device =
        g_strdup_printf("../../bus/i2c/devices/%s", name);
    int ret = 0;

    if (g_mkdir_with_parents(cdev, 0700) ||
        g_mkdir_with_parents(class_dir, 0700) ||
        g_mkdir_with_parents(adapters, 0700) ||
        g_mkdir_with_parents(nodes, 0700)) {
        return -errno;
    }
    ret = ret ? ret : put_file(device, "name", label);
    ret = ret ? ret : put_file(cdev, "name", label);
    ret = ret ? ret : put_file(cdev, "dev", dev);
    ret = ret ? ret : link_to(cdev, "device", "../..");
    ret = ret ? ret : link_to(class_dir, name, to_cdev);
    ret = ret ? ret : link_to(adapters, name, to_device);
    return ret ? ret : put_file(nodes, name, "");
}

/* Real buses that are not redirected stay to be seen. */
static void add_real(struct owner *o, const char *folder)
{
    g_autofree char *dir = g_strdup_printf("%s%s", o->dir, folder);
    GDir *real = g_dir_open(folder, 0, NULL);
    const char *name;

    while (real && (name = g_dir_read_name(real))) {
        g_autofree char *target = g_build_filename(folder, name, NULL);

        link_to(dir, name, target); /* ours, made before, stay */
    }
    if (real) {
        g_dir_close(real);
    }
}

static int make_tree(struct owner *o)
{
    guint i;
    int ret = 0;

    for (i = 0; !ret && i < o->buses->len; i++) {
        ret = add_to_tree(o, &g_array_index(o->buses, struct bus, i));
    }
    if (!ret) {
        add_real(o, "/sys/class/i2c-dev");
        add_real(o, "/sys/class/i2c-adapter");
        add_real(o, "/sys/bus/i2c/devices");
    }
    return ret;
}

static void remove_tree(const char *path)
{
    GDir *dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK)
                    ? NULL
                    : g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *below = g_build_filename(path, name, NULL);

        remove_tree(below);
    }
    if (dir) {
        g_dir_close(dir);
    }
    g_remove(path);
}

/* ------------------------------------------------------------------- files */

static void free_file(struct file *f)
{
    close(f->fd);
    pthread_mutex_destroy(&f->lock);
    g_free(f);
}

static struct file *take_file(struct owner *o, uint32_t id)
{
    struct file *f;

    pthread_mutex_lock(&o->lock);
    f = g_hash_table_lookup(o->files, GUINT_TO_POINTER(id));
    if (f) {
        f->users++;
    }
    pthread_mutex_unlock(&o->lock);
    return f;
}

static void put_taken(struct owner *o, struct file *f)
{
    bool last;

    pthread_mutex_lock(&o->lock);
    last = !--f->users && f->closed;
    pthread_mutex_unlock(&o->lock);
    if (last) {
        free_file(f);
    }
}

static void wake_loop(struct owner *o)
{
    char c = 0;

    if (write(o->wake[1], &c, 1) < 0) {
        /* full: it is awake already */
    }
}

/* PROGRAM's end of a new file, with the token in it; or -errno. */
static int open_file(struct owner *o, uint32_t number)
{
    struct preload_token token = {.magic = PRELOAD_MAGIC, .bus = number};
    struct bus *bus = find_bus(o, number);
    struct file *f;
    int fds[2];

    if (!bus) {
        return -ENODEV;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
        return -errno;
    }
    f = g_new0(struct file, 1);
    f->dev.adapter = bus->adapter;
    f->dev.bus = number;
    f->fd = fds[0];
    pthread_mutex_init(&f->lock, NULL);
    pthread_mutex_lock(&o->lock);
    do {
        f->id = ++o->next_id;
    } while (g_hash_table_contains(o->files, GUINT_TO_POINTER(f->id)));
    token.file = f->id;
    if (g_hash_table_size(o->files) >= FILES_MAX ||
        send(fds[0], &token, sizeof(token), MSG_NOSIGNAL) < 0) {
        pthread_mutex_unlock(&o->lock);
        close(fds[1]);
        free_file(f);
        return -EMFILE;
    }
    g_hash_table_insert(o->files, GUINT_TO_POINTER(f->id), f);
    pthread_mutex_unlock(&o->lock);
    wake_loop(o);
    return fds[1];
}

/* The main loop saw that PROGRAM has no copy left. */
static void close_file(struct owner *o, uint32_t id)
{
    struct file *f;
    bool last;

    pthread_mutex_lock(&o->lock);
    f = g_hash_table_lookup(o->files, GUINT_TO_POINTER(id));
    g_hash_table_remove(o->files, GUINT_TO_POINTER(id));
    f->closed = true;
    last = !f->users;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
    if (last) {
        free_file(f);
    }
}

/* ------------------------------------------------------------- connections */

static bool send_reply(int fd, const void *data, size_t len, int pass)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec iov = {(void *)data, len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    struct cmsghdr *c;

    if (pass >= 0) {
        msg.msg_control = control.space;
        msg.msg_controllen = sizeof(control.space);
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &pass, sizeof(int));
    }
    return sendmsg(fd, &msg, MSG_NOSIGNAL) >= 0;
}

static bool do_open(struct connection *c, const struct preload_request *r)
{
    struct preload_reply reply = {0};
    int fd = open_file(c->owner, r->file);
    bool ok;

    reply.result = fd < 0 ? fd : 0;
    ok = send_reply(c->fd, &reply, sizeof(reply), fd);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static bool do_call(struct connection *c, const struct preload_request *r,
                    size_t len)
{
    struct preload_reply reply = {.result = -EBADF};
    struct file *f = take_file(c->owner, r->file);
    size_t n;

    if (!f) {
        return send_reply(c->fd, &reply, sizeof(reply), -1);
    }
    pthread_mutex_lock(&f->lock);
    n = devfile_handle(&f->dev, c->in, len, c->out);
    pthread_mutex_unlock(&f->lock);
    put_taken(c->owner, f);
    return send_reply(c->fd, c->out, n, -1);
}

static void *connection_main(void *arg)
{
    struct connection *c = arg;
    struct owner *o = c->owner;
    struct preload_request request;
    bool ok = true;
    ssize_t n;

    while (ok) {
        do {
            n = recv(c->fd, c->in, sizeof(c->in), 0);
        } while (n < 0 && errno == EINTR);
        if (n < (ssize_t)sizeof(request)) {
            break;
        }
        memcpy(&request, c->in, sizeof(request));
        ok = request.op == PRELOAD_OPEN ? do_open(c, &request)
                                        : do_call(c, &request, (size_t)n);
    }
    pthread_mutex_lock(&o->lock);
    o->sockets = g_list_remove(o->sockets, GINT_TO_POINTER(c->fd));
    close(c->fd);
    g_free(c);
    o->connections--;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

/* A packet is bounded by the sender's buffer. */
static void size_buffers(int fd)
{
    int size = PRELOAD_PACKET_MAX;

    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static void accept_one(struct owner *o)
{
    struct connection *c;
    pthread_t thread;
    int fd = accept4(o->listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0) {
        return;
    }
    size_buffers(fd);
    c = g_try_malloc(sizeof(*c));
    if (!c) {
        close(fd);
        return;
    }
    c->owner = o;
    c->fd = fd;
    pthread_mutex_lock(&o->lock);
    if (o->closing || pthread_create(&thread, NULL, connection_main, c)) {
        close(fd);
        g_free(c);
    } else {
        pthread_detach(thread);
        o->used = true;
        o->connections++;
        o->sockets = g_list_prepend(o->sockets, GINT_TO_POINTER(fd));
    }
    pthread_mutex_unlock(&o->lock);
}

/* --------------------------------------------------------------- main loop */

enum { LISTENER, WAKE, FILES };

static GArray *poll_set(struct owner *o, GArray *ids)
{
    GArray *set = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    struct pollfd p[] = {{o->listener, POLLIN, 0}, {o->wake[0], POLLIN, 0}};
    GHashTableIter iter;
    gpointer id, file;

    g_array_append_vals(set, p, G_N_ELEMENTS(p));
    g_array_set_size(ids, 0);
    pthread_mutex_lock(&o->lock);
    g_hash_table_iter_init(&iter, o->files);
    while (g_hash_table_iter_next(&iter, &id, &file)) {
        struct pollfd one = {((struct file *)file)->fd, 0, 0};
        uint32_t number = GPOINTER_TO_UINT(id);

        g_array_append_val(set, one);
        g_array_append_val(ids, number);
    }
    pthread_mutex_unlock(&o->lock);
    return set;
}

static bool closing(struct owner *o)
{
    bool yes;

    pthread_mutex_lock(&o->lock);
    yes = o->closing;
    pthread_mutex_unlock(&o->lock);
    return yes;
}

static void *loop_main(void *arg)
{
    GArray *ids = g_array_new(FALSE, TRUE, sizeof(uint32_t)), *set;
    struct owner *o = arg;
    char drain[64];
    guint i;

    while (!closing(o)) {
        set = poll_set(o, ids);
        if (poll((struct pollfd *)set->data, set->len, -1) > 0) {
            struct pollfd *p = (struct pollfd *)set->data;

            if (p[LISTENER].revents) {
                accept_one(o);
            }
            if (p[WAKE].revents && read(o->wake[0], drain, sizeof(drain)) < 0) {
                /* somebody else drained it */
            }
            for (i = FILES; i < set->len; i++) {
                if (p[i].revents & (POLLHUP | POLLERR)) {
                    close_file(o, g_array_index(ids, uint32_t, i - FILES));
                }
            }
        }
        g_array_unref(set);
    }
    g_array_unref(ids);
    return NULL;
}

/* ------------------------------------------------------------- start, stop */

static int listen_at(struct owner *o)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    o->path = g_build_filename(o->dir, "owner", NULL);
    if (strlen(o->path) >= sizeof(addr.sun_path)) {
        return -ENAMETOOLONG;
    }
    strcpy(addr.sun_path, o->path);
    o->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (o->listener < 0 ||
        bind(o->listener, (struct sockaddr *)&addr, sizeof(addr)) ||
        listen(o->listener, 64)) {
        return -errno;
    }
    return 0;
}

int owner_start(struct owner *o, const char **error)
{
    int ret;

    o->dir = g_dir_make_tmp("i2cpt-XXXXXX", NULL); /* mode 0700 */
    *error = "a folder for temporary files";
    if (!o->dir) {
        return -errno;
    }
    ret = make_tree(o);
    if (ret) {
        return ret;
    }
    *error = "a socket there";
    ret = listen_at(o);
    if (ret) {
        return ret;
    }
    *error = "a thread";
    if (pipe2(o->wake, O_CLOEXEC | O_NONBLOCK)) {
        return -errno;
    }
    ret = -pthread_create(&o->thread, NULL, loop_main, o);
    o->running = !ret;
    return ret;
}

char **owner_environment(struct owner *o, const char *shim)
{
    g_autoptr(GString) list = g_string_new(NULL);
    char **env = g_get_environ();
    const char *before = g_environ_getenv(env, "LD_PRELOAD");
    g_autofree char *preload =
        before ? g_strdup_printf("%s:%s", shim, before) : g_strdup(shim);
    guint i;

    for (i = 0; i < o->buses->len; i++) {
        g_string_append_printf(list, "%s%u", i ? ":" : "",
                               g_array_index(o->buses, struct bus, i).number);
    }
    env = g_environ_setenv(env, "LD_PRELOAD", preload, TRUE);
    env = g_environ_setenv(env, ENV_SOCKET, o->path, TRUE);
    env = g_environ_setenv(env, ENV_BUSES, list->str, TRUE);
    return g_environ_setenv(env, ENV_TREE, o->dir, TRUE);
}

void owner_wait_closed(struct owner *o)
{
    pthread_mutex_lock(&o->lock);
    while (g_hash_table_size(o->files)) {
        pthread_cond_wait(&o->changed, &o->lock);
    }
    pthread_mutex_unlock(&o->lock);
}

int owner_was_used(struct owner *o)
{
    int used;

    pthread_mutex_lock(&o->lock);
    used = o->used;
    pthread_mutex_unlock(&o->lock);
    return used;
}

static void end_connections(struct owner *o)
{
    GList *l;

    pthread_mutex_lock(&o->lock);
    o->closing = true;
    for (l = o->sockets; l; l = l->next) {
        shutdown(GPOINTER_TO_INT(l->data), SHUT_RDWR);
    }
    while (o->connections) {
        pthread_cond_wait(&o->changed, &o->lock);
    }
    pthread_mutex_unlock(&o->lock);
}

static gboolean free_entry(gpointer id, gpointer file, gpointer unused)
{
    free_file(file);
    return TRUE;
}

void owner_free(struct owner *o)
{
    int fds[] = {o->listener, o->wake[0], o->wake[1]};
    size_t i;

    end_connections(o);
    if (o->running) {
        wake_loop(o);
        pthread_join(o->thread, NULL);
    }
    for (i = 0; i < G_N_ELEMENTS(fds); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    g_hash_table_foreach_remove(o->files, free_entry, NULL);
    g_hash_table_unref(o->files);
    if (o->dir) {
        remove_tree(o->dir);
    }
    g_array_unref(o->buses);
    g_free(o->dir);
    g_free(o->path);
    pthread_cond_destroy(&o->changed);
    pthread_mutex_destroy(&o->lock);
    g_free(o);
}
