/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes between a chardev and a socket, in a thread. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "chardev/char.h"
#include "qapi/error.h"
#include "qemu/thread.h"

#include <glib-unix.h>

#include "targets/chardev-link.h"

#define BUFFER   4096
#define RETRY_MS 1 /* a chardev that takes nothing now */
/* GLib 2.58 has its own. */
#define AS_SOURCE(fn) ((GSourceFunc)(void (*)(void))(fn))

/* What one side has given and the other has not taken yet. */
typedef struct Bytes {
    uint8_t data[BUFFER];
    size_t at, end;
} Bytes;

struct ChardevLink {
    I2CPT_CHAR_FRONTEND *chr;
    Object *chardev; /* lives as long as we do */
    GMainContext *context;
    QemuThread thread;
    bool stop; /* atomic */
    QEMUBH *changed;

    /* Events come in the thread, and from who connects at first. */
    QemuMutex lock;
    int ours, theirs; /* the socket's ends; -1 */
    GSource *source;  /* that waits for `ours`, or to try again */
    Bytes to_peer, to_library;
};

/* ------------------------------------------------- under the link's lock */

static gboolean library_ready(gint fd, GIOCondition condition, gpointer opaque);
static gboolean library_takes(gint fd, GIOCondition condition, gpointer opaque);
static gboolean try_again(gpointer opaque);

/* One source at a time: what waits for a taker holds up its giver. */
static void wait_with(ChardevLink *link, GSource *source, GSourceFunc fn)
{
    if (link->source) {
        g_source_destroy(link->source);
        g_source_unref(link->source);
    }
    link->source = source;
    if (source) {
        g_source_set_callback(source, fn, link, NULL);
        g_source_attach(source, link->context);
    }
}

static void wait_for_library(ChardevLink *link)
{
    if (link->to_library.at < link->to_library.end) {
        wait_with(link, g_unix_fd_source_new(link->ours, G_IO_OUT),
                  AS_SOURCE(library_takes));
    } else if (link->to_peer.at < link->to_peer.end) {
        wait_with(link, g_timeout_source_new(RETRY_MS), try_again);
    } else {
        wait_with(link, g_unix_fd_source_new(link->ours, G_IO_IN),
                  AS_SOURCE(library_ready));
    }
}

static void drop(ChardevLink *link)
{
    wait_with(link, NULL, NULL);
    if (link->ours >= 0) {
        close(link->ours);
    }
    if (link->theirs >= 0) {
        close(link->theirs);
    }
    link->ours = link->theirs = -1;
    link->to_peer.at = link->to_peer.end = 0;
    link->to_library.at = link->to_library.end = 0;
}

static void begin(ChardevLink *link)
{
    int fds[2];

    drop(link);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
        return; /* the peer gets no answer */
    }
    link->ours = fds[0];
    link->theirs = fds[1];
    g_unix_set_fd_nonblocking(link->ours, TRUE, NULL);
    wait_for_library(link);
}

/* False where the library has closed its end. */
static bool give_library(ChardevLink *link)
{
    Bytes *b = &link->to_library;
    ssize_t n = 0;

    while (b->at < b->end) {
        n = send(link->ours, b->data + b->at, b->end - b->at,
                 MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0) {
            break;
        }
        b->at += (size_t)n;
    }
    wait_for_library(link);
    return n >= 0 || errno == EAGAIN || errno == EINTR;
}

/* ------------------------------------------- the thread, lock not held */

static void hang_up(ChardevLink *link)
{
    qemu_mutex_lock(&link->lock);
    drop(link);
    qemu_mutex_unlock(&link->lock);
    qemu_chr_fe_disconnect(link->chr);
}

/*
 * Not under the lock: writing may find that the peer has gone, and says so to
 * link_event(), which ends what we are writing for.
 */
static void give_peer(ChardevLink *link)
{
    Bytes *b = &link->to_peer;
    int n;

    while (b->at < b->end) {
        n = qemu_chr_fe_write(link->chr, b->data + b->at,
                              (int)(b->end - b->at));
        if (n <= 0) {
            break;
        }
        b->at = MIN(b->at + (size_t)n, b->end);
    }
    qemu_mutex_lock(&link->lock);
    if (link->ours >= 0) {
        wait_for_library(link);
    }
    qemu_mutex_unlock(&link->lock);
}

static gboolean try_again(gpointer opaque)
{
    give_peer(opaque);
    return G_SOURCE_REMOVE;
}

static gboolean library_ready(gint fd, GIOCondition condition, gpointer opaque)
{
    ChardevLink *link = opaque;
    Bytes *b = &link->to_peer;
    ssize_t n = recv(fd, b->data, sizeof(b->data), MSG_DONTWAIT);

    if (n > 0) {
        b->at = 0;
        b->end = (size_t)n;
        give_peer(link);
        return G_SOURCE_REMOVE;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return G_SOURCE_CONTINUE;
    }
    hang_up(link);
    return G_SOURCE_REMOVE;
}

static gboolean library_takes(gint fd, GIOCondition condition, gpointer opaque)
{
    ChardevLink *link = opaque;
    bool alive;

    qemu_mutex_lock(&link->lock);
    alive = link->ours >= 0 && give_library(link);
    qemu_mutex_unlock(&link->lock);
    if (alive) {
        qemu_chr_fe_accept_input(link->chr);
    } else {
        hang_up(link);
    }
    return G_SOURCE_REMOVE;
}

/* ------------------------------------------------ the chardev's handlers */

static int link_can_read(void *opaque)
{
    ChardevLink *link = opaque;
    Bytes *b = &link->to_library;
    int room;

    qemu_mutex_lock(&link->lock);
    room = link->ours >= 0 && b->at == b->end ? BUFFER : 0;
    qemu_mutex_unlock(&link->lock);
    return room;
}

static void link_read(void *opaque, const uint8_t *data, int size)
{
    ChardevLink *link = opaque;
    Bytes *b = &link->to_library;
    bool alive = true;

    qemu_mutex_lock(&link->lock);
    if (link->ours >= 0) {
        memcpy(b->data, data, (size_t)MIN(size, BUFFER));
        b->at = 0;
        b->end = (size_t)MIN(size, BUFFER);
        alive = give_library(link);
    }
    qemu_mutex_unlock(&link->lock);
    if (!alive) {
        hang_up(link);
    }
}

static void link_event(void *opaque, QEMUChrEvent event)
{
    ChardevLink *link = opaque;

    if (event != CHR_EVENT_OPENED && event != CHR_EVENT_CLOSED) {
        return;
    }
    qemu_mutex_lock(&link->lock);
    if (event == CHR_EVENT_OPENED) {
        begin(link);
    } else {
        drop(link);
    }
    qemu_mutex_unlock(&link->lock);
    qemu_bh_schedule(link->changed);
}

static void *link_main(void *opaque)
{
    ChardevLink *link = opaque;

    g_main_context_push_thread_default(link->context);
    while (!qatomic_read(&link->stop)) {
        g_main_context_iteration(link->context, TRUE);
    }
    g_main_context_pop_thread_default(link->context);
    return NULL;
}

/* ---------------------------------------------------- the main thread's */

ChardevLink *chardev_link_new(I2CPT_CHAR_FRONTEND *chr,
                              ChardevLinkChanged *changed, void *opaque,
                              Error **errp)
{
    Chardev *chardev = qemu_chr_fe_get_driver(chr);
    ChardevLink *link;

    if (!qemu_chr_has_feature(chardev, QEMU_CHAR_FEATURE_GCONTEXT)) {
        error_setg(errp,
                   "chardev=%s: a chardev of the kind %s cannot be waited for; "
                   "accepted are socket, pipe, pty, file descriptors and "
                   "serial lines",
                   chardev->label,
                   object_get_typename(OBJECT(chardev)) + strlen("chardev-"));
        return NULL;
    }
    link = g_new0(ChardevLink, 1);
    link->chr = chr;
    link->chardev = object_ref(OBJECT(chardev));
    link->context = g_main_context_new();
    link->changed = qemu_bh_new(changed, opaque);
    link->ours = link->theirs = -1;
    qemu_mutex_init(&link->lock);
    qemu_chr_fe_set_handlers(chr, link_can_read, link_read, link_event, NULL,
                             link, link->context, true);
    qemu_thread_create(&link->thread, "i2c-chardev", link_main, link,
                       QEMU_THREAD_JOINABLE);
    return link;
}

void chardev_link_free(ChardevLink *link)
{
    qatomic_set(&link->stop, true);
    g_main_context_wakeup(link->context);
    qemu_thread_join(&link->thread);
    qemu_chr_fe_set_handlers(link->chr, NULL, NULL, NULL, NULL, NULL, NULL,
                             true);
    drop(link);
    qemu_bh_delete(link->changed);
    object_unref(link->chardev);
    g_main_context_unref(link->context);
    qemu_mutex_destroy(&link->lock);
    g_free(link);
}

int chardev_link_take(ChardevLink *link)
{
    int fd;

    qemu_mutex_lock(&link->lock);
    fd = link->theirs;
    link->theirs = -1;
    qemu_mutex_unlock(&link->lock);
    return fd;
}
