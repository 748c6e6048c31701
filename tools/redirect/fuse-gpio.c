/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of GPIO chips and of requests for their lines. A read that waits
 * for an edge holds no thread: it is answered when the edge comes, or when the
 * kernel says that a signal came to PROGRAM.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "redirect/fuse-private.h"
#include "redirect/fuse-server.h"
#include "redirect/lines.h"
#include "redirect/memory.h"

/* Interrupts whose read has not come to us yet. */
enum { EARLY_MAX = 64, READ_MAX = 64 * 1024 };

struct fuse_gpio {
    struct owner *owner;
    int fd;
    GList *files; /* owner's lock `gpio` for all below */
    uint64_t early[EARLY_MAX];
    unsigned next_early;
};

/*
 * An open file of a chip, or of a request for lines of it:
 *
 *   (none)  -> CHIP     the chip was opened
 *   (none)  -> EMPTY    the keeper has opened a file for a request
 *   EMPTY   -> REQUEST  it has written what PROGRAM asks for
 *   EMPTY   -> (freed)  that was refused
 *   CHIP, REQUEST -> (freed)  PROGRAM's last copy is gone, or the owner is
 */
struct gpio_file {
    struct fuse_gpio *gpio;
    struct gpiochip *chip;
    uint32_t bus;
    bool for_request;
    struct gpiochip_request *request;
    unsigned flushes; /* the keeper's, and as often as PROGRAM closed a copy */
    bool polled;
    uint64_t poll_handle;
    GArray *waiting; /* struct waiting */
};

struct waiting {
    uint64_t unique;
    size_t size;
};

static struct gpio_file *file_of(uint64_t fh)
{
    return (struct gpio_file *)(uintptr_t)fh;
}

struct fuse_gpio *redirect_fuse_gpio_new(struct owner *o, int fd)
{
    struct fuse_gpio *g = g_new0(struct fuse_gpio, 1);

    g->owner = o;
    g->fd = fd;
    return g;
}

static void free_file_locked(struct gpio_file *f)
{
    if (f->request) {
        gpiochip_request_free(f->request);
    }
    f->gpio->files = g_list_remove(f->gpio->files, f);
    g_array_unref(f->waiting);
    owner_closed_other(f->gpio->owner);
    g_free(f);
}

void redirect_fuse_gpio_free(struct fuse_gpio *g)
{
    pthread_mutex_lock(&g->owner->gpio);
    while (g->files) {
        free_file_locked(g->files->data);
    }
    pthread_mutex_unlock(&g->owner->gpio);
    g_free(g);
}

/* ------------------------------------------------------------- open, close */

int redirect_fuse_gpio_open(struct fuse_call *c)
{
    bool request = c->head->nodeid >= FUSE_SERVER_INO_LINES;
    struct owner_chip *chip = owner_find_chip(
        c->owner,
        (uint32_t)(c->head->nodeid -
                   (request ? FUSE_SERVER_INO_LINES : FUSE_SERVER_INO_CHIP)));
    struct gpio_file *f;

    if (!chip) {
        return -ENODEV;
    }
    f = g_new0(struct gpio_file, 1);
    f->gpio = c->gpio;
    f->chip = chip->chip;
    f->bus = chip->bus;
    f->for_request = request;
    f->waiting = g_array_new(FALSE, FALSE, sizeof(struct waiting));
    owner_opened_other(c->owner);
    pthread_mutex_lock(&c->owner->gpio);
    c->gpio->files = g_list_prepend(c->gpio->files, f);
    pthread_mutex_unlock(&c->owner->gpio);
    c->small.open = (struct fuse_open_out){
        .fh = (uintptr_t)f, .open_flags = FOPEN_DIRECT_IO | FOPEN_STREAM};
    c->out = &c->small.open;
    c->out_len = sizeof(c->small.open);
    return 0;
}

/* Each close() waits for this one, and the last one's RELEASE comes behind. */
int redirect_fuse_gpio_flush(struct fuse_call *c)
{
    struct fuse_flush_in in;

    if (c->len < sizeof(in)) {
        return -EPROTO;
    }
    memcpy(&in, c->data, sizeof(in));
    pthread_mutex_lock(&c->owner->gpio);
    file_of(in.fh)->flushes++;
    pthread_mutex_unlock(&c->owner->gpio);
    return 0;
}

int redirect_fuse_gpio_close(struct fuse_call *c)
{
    struct fuse_release_in in;

    if (c->len < sizeof(in)) {
        return -EPROTO;
    }
    memcpy(&in, c->data, sizeof(in));
    pthread_mutex_lock(&c->owner->gpio);
    free_file_locked(file_of(in.fh));
    pthread_mutex_unlock(&c->owner->gpio);
    return 0;
}

/* ------------------------------------------------------------------ events */

/* What nobody waits for any more is told to nobody. */
static void send(struct fuse_gpio *g, uint64_t unique, int error,
                 const void *data, size_t len)
{
    struct fuse_out_header head = {.len = (uint32_t)(sizeof(head) + len),
                                   .error = error,
                                   .unique = unique};
    struct iovec iov[] = {{&head, sizeof(head)}, {(void *)data, len}};

    if (writev(g->fd, iov, len ? 2 : 1) < 0) {
        /* ENOENT: whoever asked is gone */
    }
}

static void answer_waiting(struct gpio_file *f)
{
    uint8_t events[4096];

    while (f->waiting->len && gpiochip_request_readable(f->request)) {
        struct waiting w = g_array_index(f->waiting, struct waiting, 0);
        int n = gpiochip_request_read(f->request, events,
                                      MIN(w.size, sizeof(events)));

        g_array_remove_index(f->waiting, 0);
        send(f->gpio, w.unique, n < 0 ? n : 0, events, n < 0 ? 0 : (size_t)n);
    }
}

static void tell_event(void *user)
{
    struct gpio_file *f = user;
    struct fuse_notify_poll_wakeup_out wake = {.kh = f->poll_handle};

    answer_waiting(f);
    if (f->polled && gpiochip_request_readable(f->request)) {
        send(f->gpio, 0, FUSE_NOTIFY_POLL, &wake, sizeof(wake));
    }
}

/* ------------------------------------------------------------------- reads */

/* Whether a signal came to whoever reads before the read came to us. */
static bool was_interrupted(struct fuse_gpio *g, uint64_t unique)
{
    for (unsigned i = 0; i < EARLY_MAX; i++) {
        if (g->early[i] == unique) {
            g->early[i] = 0;
            return true;
        }
    }
    return false;
}

static int read_locked(struct fuse_call *c, const struct fuse_read_in *in)
{
    struct gpio_file *f = file_of(in->fh);
    struct waiting w = {c->head->unique, in->size};
    int n = -EAGAIN;

    if (f->request) {
        n = gpiochip_request_read(f->request, c->room->answer,
                                  MIN(in->size, sizeof(c->room->answer)));
    }
    if (n != -EAGAIN || in->flags & O_NONBLOCK) {
        return n;
    }
    if (was_interrupted(c->gpio, w.unique)) {
        return -EINTR;
    }
    g_array_append_val(f->waiting, w);
    return 0;
}

int redirect_fuse_gpio_read(struct fuse_call *c)
{
    struct fuse_read_in in;
    int n;

    if (c->len < sizeof(in)) {
        return -EPROTO;
    }
    memcpy(&in, c->data, sizeof(in));
    pthread_mutex_lock(&c->owner->gpio);
    n = read_locked(c, &in);
    pthread_mutex_unlock(&c->owner->gpio);
    c->out = c->room->answer;
    c->out_len = n > 0 ? (size_t)n : 0;
    return n > 0 ? 0 : n < 0 ? n : FUSE_ANSWERED_LATER;
}

void redirect_fuse_gpio_interrupt(struct fuse_call *c)
{
    struct fuse_interrupt_in in;
    GList *l;

    if (c->len < sizeof(in)) {
        return;
    }
    memcpy(&in, c->data, sizeof(in));
    pthread_mutex_lock(&c->owner->gpio);
    for (l = c->gpio->files; l; l = l->next) {
        GArray *waiting = ((struct gpio_file *)l->data)->waiting;

        for (guint i = 0; i < waiting->len; i++) {
            if (g_array_index(waiting, struct waiting, i).unique == in.unique) {
                g_array_remove_index(waiting, i);
                send(c->gpio, in.unique, -EINTR, NULL, 0);
                goto out;
            }
        }
    }
    c->gpio->early[c->gpio->next_early++ % EARLY_MAX] = in.unique;
out:
    pthread_mutex_unlock(&c->owner->gpio);
}

int redirect_fuse_gpio_poll(struct fuse_call *c)
{
    struct gpio_file *f;
    struct fuse_poll_in in;
    uint32_t now = 0;

    if (c->len < sizeof(in)) {
        return -EPROTO;
    }
    memcpy(&in, c->data, sizeof(in));
    f = file_of(in.fh);
    pthread_mutex_lock(&c->owner->gpio);
    if (in.flags & FUSE_POLL_SCHEDULE_NOTIFY) {
        f->polled = true;
        f->poll_handle = in.kh;
    }
    if (f->request && !gpiochip_request_has_events(f->request)) {
        now = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
    } else if (f->request && gpiochip_request_readable(f->request)) {
        now = POLLIN | POLLRDNORM;
    }
    pthread_mutex_unlock(&c->owner->gpio);
    c->small.poll = (struct fuse_poll_out){.revents = now};
    c->out = &c->small.poll;
    c->out_len = sizeof(c->small.poll);
    return 0;
}

/* ------------------------------------------------------------------ ioctls */

static int ask(struct gpio_file *f, uint32_t code, void *data)
{
    return f->request ? gpiochip_request_ioctl(f->request, code, data)
                      : gpiochip_ioctl(f->chip, code, data);
}

/* Those that make a request are the keeper's; one that comes here was let pass
 * by the filter of a run around this one. */
static int do_ioctl(struct fuse_call *c, const struct fuse_ioctl_in *in)
{
    uint8_t data[GPIOCHIP_STRUCT_MAX];
    size_t size = gpiochip_ioctl_size(in->cmd), unused;
    struct gpio_file *f = file_of(in->fh);
    pid_t tid = (pid_t)c->head->pid;
    int ret;

    if (!size || f->for_request == !f->request) {
        return -EINVAL;
    }
    if (!f->for_request && gpiochip_makes_request(in->cmd, &unused)) {
        return -EOPNOTSUPP;
    }
    ret = redirect_memory_read(tid, in->arg, data, size);
    if (ret) {
        return ret;
    }
    owner_dispatch_lines(c->owner, f->bus);
    pthread_mutex_lock(&c->owner->gpio);
    ret = ask(f, in->cmd, data);
    pthread_mutex_unlock(&c->owner->gpio);
    return ret || !gpiochip_ioctl_gives(in->cmd)
               ? ret
               : redirect_memory_write(tid, in->arg, data, size);
}

int redirect_fuse_gpio_ioctl(struct fuse_call *c)
{
    struct fuse_ioctl_in in;
    int ret;

    if (c->len < sizeof(in)) {
        return -EPROTO;
    }
    memcpy(&in, c->data, sizeof(in));
    ret = do_ioctl(c, &in);
    c->small.ioctl = (struct fuse_ioctl_out){.result = ret};
    c->out = &c->small.ioctl;
    c->out_len = sizeof(c->small.ioctl);
    return ret;
}

/* ---------------------------------------------------------------- requests */

static bool is_one_being_closed(const struct fuse_gpio *g)
{
    for (GList *l = g->files; l; l = l->next) {
        const struct gpio_file *f = l->data;

        if (f->request && f->flushes > 1) {
            return true;
        }
    }
    return false;
}

static int make_request(struct gpio_file *f, const struct lines_wish *wish)
{
    int ret;

    if (!f->for_request || f->request) {
        return -EINVAL; /* as a file without a write() of its own */
    }
    ret = gpiochip_request_new(f->chip, wish->code, wish->data, wish->compat,
                               &f->request);
    if (!ret) {
        gpiochip_request_watch(f->request, tell_event, f);
    }
    return ret == -EBUSY && wish->patient && is_one_being_closed(f->gpio)
               ? -EAGAIN
               : ret;
}

int redirect_fuse_gpio_write(struct fuse_call *c)
{
    struct fuse_write_in in;
    struct lines_wish wish;
    int ret = -EINVAL;

    if (c->len < sizeof(in)) {
        return -EPROTO;
    }
    memcpy(&in, c->data, sizeof(in));
    if (c->len - sizeof(in) == sizeof(wish)) {
        struct gpio_file *f = file_of(in.fh);

        memcpy(&wish, c->data + sizeof(in), sizeof(wish));
        owner_dispatch_lines(c->owner, f->bus);
        pthread_mutex_lock(&c->owner->gpio);
        ret = make_request(f, &wish);
        pthread_mutex_unlock(&c->owner->gpio);
    }
    c->small.write = (struct fuse_write_out){.size = sizeof(wish)};
    c->out = &c->small.write;
    c->out_len = sizeof(c->small.write);
    return ret;
}
