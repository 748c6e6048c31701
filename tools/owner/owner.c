/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The owner of adapters and trace, who serves PROGRAM and its children. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "owner/owner-private.h"

int owner_new(struct owner **out)
{
    struct owner *o = g_new0(struct owner, 1);

    o->buses = g_array_new(FALSE, TRUE, sizeof(struct owner_bus));
    o->chips = g_ptr_array_new_with_free_func(g_free);
    o->files = g_hash_table_new(NULL, NULL);
    o->number = g_random_int();
    o->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    o->held = -1;
    o->listener = o->wake[0] = o->wake[1] = -1;
    pthread_mutex_init(&o->lock, NULL);
    pthread_mutex_init(&o->dispatching, NULL);
    pthread_mutex_init(&o->gpio, NULL);
    pthread_cond_init(&o->changed, NULL);
    *out = o;
    return 0;
}

int owner_add_bus(struct owner *o, uint32_t number, const char *label,
                  struct i2cpt_adapter *a)
{
    struct owner_bus bus = {number, label, a};

    if (number > OWNER_BUS_MAX || owner_find_bus(o, number)) {
        return -EINVAL;
    }
    g_array_append_val(o->buses, bus);
    return 0;
}

/* --------------------------------------------------------------- main loop */

enum { LISTENER, WAKE, CHIPS }; /* and behind them files */

static GArray *poll_set(struct owner *o, GArray *ids)
{
    GArray *set = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    struct pollfd p[] = {{o->listener, POLLIN, 0}, {o->wake[0], POLLIN, 0}};
    GHashTableIter iter;
    gpointer id, file;

    g_array_append_vals(set, p, G_N_ELEMENTS(p));
    for (guint i = 0; i < o->chips->len; i++) {
        const struct owner_chip *chip = g_ptr_array_index(o->chips, i);
        struct pollfd one = {chip->fd, POLLIN, 0};

        g_array_append_val(set, one);
    }
    g_array_set_size(ids, 0);
    pthread_mutex_lock(&o->lock);
    g_hash_table_iter_init(&iter, o->files);
    while (g_hash_table_iter_next(&iter, &id, &file)) {
        struct pollfd one = {((struct file *)file)->fd, 0, 0};
        uint32_t number = GPOINTER_TO_UINT(id);

        if (one.fd < 0) {
            continue; /* whoever holds it says when it is closed */
        }
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

static void look_at_lines(struct owner *o, const struct pollfd *p)
{
    for (guint i = 0; i < o->chips->len; i++) {
        const struct owner_chip *chip = g_ptr_array_index(o->chips, i);

        if (p[i].revents) {
            owner_dispatch_lines(o, chip->bus);
        }
    }
}

/* The loop's thread has taken what memory it begins with. */
static void tell_looping(struct owner *o)
{
    pthread_mutex_lock(&o->lock);
    o->looping = true;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
}

static void *loop_main(void *arg)
{
    GArray *ids = g_array_new(FALSE, TRUE, sizeof(uint32_t)), *set;
    struct owner *o = arg;
    char drain[64];
    guint i, files = CHIPS + o->chips->len;

    while (!closing(o)) {
        set = poll_set(o, ids);
        if (!o->looping) {
            tell_looping(o);
        }
        if (poll((struct pollfd *)set->data, set->len, -1) > 0) {
            struct pollfd *p = (struct pollfd *)set->data;

            if (p[LISTENER].revents) {
                owner_accept(o);
            }
            if (p[WAKE].revents && read(o->wake[0], drain, sizeof(drain)) < 0) {
                /* somebody else drained it */
            }
            if (o->interrupted) {
                pthread_mutex_lock(&o->lock);
                pthread_cond_broadcast(&o->changed);
                pthread_mutex_unlock(&o->lock);
            }
            look_at_lines(o, p + CHIPS);
            for (i = files; i < set->len; i++) {
                if (p[i].revents & (POLLHUP | POLLERR)) {
                    owner_close_file(o,
                                     g_array_index(ids, uint32_t, i - files));
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

/* Whoever starts PROGRAM forks, and what is forked while a thread is inside of
 * an allocator that knows nothing of forks (AddressSanitizer's) never gets
 * memory again: so the thread is at rest, in its poll(), by then. */
static void wait_looping(struct owner *o)
{
    pthread_mutex_lock(&o->lock);
    while (!o->looping) {
        pthread_cond_wait(&o->changed, &o->lock);
    }
    pthread_mutex_unlock(&o->lock);
}

int owner_start(struct owner *o, const char **error)
{
    int ret;

    o->dir = g_dir_make_tmp("i2cpt-XXXXXX", NULL); /* mode 0700 */
    *error = "a folder for temporary files";
    if (!o->dir) {
        return -errno;
    }
    o->held = owner_hold_tree(o->dir);
    owner_sweep_trees();
    /* first, as a sweep knows the folder by it */
    *error = "a socket there";
    ret = listen_at(o);
    if (ret) {
        return ret;
    }
    *error = "a folder for temporary files";
    ret = owner_make_tree(o);
    if (ret) {
        return ret;
    }
    *error = "a watch of the adapter's lines";
    ret = owner_watch_chips(o);
    if (ret) {
        return ret;
    }
    *error = "a thread";
    if (pipe2(o->wake, O_CLOEXEC | O_NONBLOCK)) {
        return -errno;
    }
    ret = -pthread_create(&o->thread, NULL, loop_main, o);
    o->running = !ret;
    if (o->running) {
        wait_looping(o);
    }
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
        g_string_append_printf(
            list, "%s%u", i ? ":" : "",
            g_array_index(o->buses, struct owner_bus, i).number);
    }
    env = g_environ_setenv(env, "LD_PRELOAD", preload, TRUE);
    env = g_environ_setenv(env, ENV_SOCKET, o->path, TRUE);
    env = g_environ_setenv(env, ENV_BUSES, list->str, TRUE);
    return g_environ_setenv(env, ENV_TREE, o->dir, TRUE);
}

void owner_wait_closed(struct owner *o)
{
    pthread_mutex_lock(&o->lock);
    while ((g_hash_table_size(o->files) || o->others) && !o->interrupted) {
        pthread_cond_wait(&o->changed, &o->lock);
    }
    pthread_mutex_unlock(&o->lock);
}

void owner_interrupt(struct owner *o)
{
    o->interrupted = true;
    owner_wake_loop(o);
}

bool owner_has_bus(struct owner *o, uint32_t number)
{
    return owner_find_bus(o, number);
}

uint32_t owner_nth_bus(struct owner *o, unsigned n)
{
    return g_array_index(o->buses, struct owner_bus, n).number;
}

unsigned owner_bus_count(struct owner *o)
{
    return o->buses->len;
}

const char *owner_folder(struct owner *o)
{
    return o->dir;
}

/* The shim leaves a folder where it is loaded. */
bool owner_was_reached(struct owner *o)
{
    g_autofree char *path = g_build_filename(o->dir, PRELOAD_LOADED, NULL);

    return g_file_test(path, G_FILE_TEST_IS_DIR);
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
    owner_free_file(file);
    return TRUE;
}

void owner_free(struct owner *o)
{
    int fds[] = {o->listener, o->wake[0], o->wake[1], o->spare, o->held};
    size_t i;

    end_connections(o);
    if (o->running) {
        owner_wake_loop(o);
        pthread_join(o->thread, NULL);
    }
    for (i = 0; i < G_N_ELEMENTS(fds); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    owner_free_chips(o);
    g_hash_table_foreach_remove(o->files, free_entry, NULL);
    g_hash_table_unref(o->files);
    if (o->dir) {
        owner_remove_tree(o->dir);
    }
    g_array_unref(o->buses);
    g_free(o->dir);
    g_free(o->path);
    pthread_cond_destroy(&o->changed);
    pthread_mutex_destroy(&o->gpio);
    pthread_mutex_destroy(&o->dispatching);
    pthread_mutex_destroy(&o->lock);
    g_free(o);
}
