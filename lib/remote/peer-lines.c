/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of a peer: their levels here, and the thread that listens for them. */
#include "remote/peer-lines.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "core/clock.h"
#include "core/threads.h"
#include "core/wake.h"
#include "lines/lines.h"

struct peer_lines {
    struct i2cpt_lines *lines;
    peer_idle_fn idle;
    void *user;
    struct i2cpt_wake *kicked;
    atomic_bool ends;
    pthread_t thread;
    pthread_mutex_t lock; /* the connection's, and all below */
    uint64_t last_ns;     /* the time of the change before */
};

static struct peer_watch look(struct peer_lines *p)
{
    struct peer_watch watch;

    remote_lines_hold(p);
    watch = p->idle(p->user);
    remote_lines_let_go(p);
    return watch;
}

static void *listen_to(void *arg)
{
    struct peer_lines *p = arg;

    while (!atomic_load(&p->ends)) {
        struct peer_watch watch = look(p);
        struct pollfd fds[] = {
            {.fd = i2cpt_wake_fd(p->kicked), .events = POLLIN},
            {.fd = watch.fd, .events = POLLIN},
        };

        poll(fds, 2, watch.wait_ms);
        if (fds[0].revents) {
            i2cpt_wake_clear(p->kicked);
        }
    }
    return NULL;
}

static void free_parts(struct peer_lines *p)
{
    lines_free(p->lines);
    i2cpt_wake_free(p->kicked, false);
    pthread_mutex_destroy(&p->lock);
    g_free(p);
}

int remote_lines_new(const struct wire_welcome *w, peer_idle_fn idle,
                     void *user, struct peer_lines **out)
{
    struct peer_lines *p;
    unsigned i;
    int ret;

    *out = NULL;
    if (!w->n_lines) {
        return 0;
    }
    p = g_new0(struct peer_lines, 1);
    p->lines = lines_new();
    p->idle = idle;
    p->user = user;
    p->kicked = i2cpt_wake_new();
    ret = p->kicked ? 0 : -errno;
    pthread_mutex_init(&p->lock, NULL);
    atomic_init(&p->ends, false);
    for (i = 0; i < w->n_lines; i++) {
        lines_add(p->lines, w->lines[i].name, w->lines[i].level);
    }
    if (!ret) {
        *out = p; /* the thread's first look finds it */
        ret = i2cpt_thread_start(&p->thread, listen_to, p);
    }
    if (ret) {
        *out = NULL;
        free_parts(p);
    }
    return ret;
}

void remote_lines_free(struct peer_lines *p)
{
    if (p) {
        atomic_store(&p->ends, true);
        i2cpt_wake_signal(p->kicked);
        pthread_join(p->thread, NULL);
        free_parts(p);
    }
}

struct i2cpt_lines *remote_lines_get(struct peer_lines *p)
{
    return p ? p->lines : NULL;
}

void remote_lines_hold(struct peer_lines *p)
{
    if (p) {
        pthread_mutex_lock(&p->lock);
    }
}

void remote_lines_let_go(struct peer_lines *p)
{
    if (p) {
        pthread_mutex_unlock(&p->lock);
    }
}

void remote_lines_kick(struct peer_lines *p)
{
    if (p) {
        i2cpt_wake_signal(p->kicked);
    }
}

bool remote_lines_are(struct peer_lines *p, const struct wire_welcome *w)
{
    unsigned i;

    if (!p) {
        return true; /* those that it did not have are nobody's */
    }
    for (i = 0; i < lines_count(p->lines); i++) {
        if (i >= w->n_lines ||
            strcmp(w->lines[i].name, lines_name(p->lines, i))) {
            return false;
        }
    }
    return w->n_lines == i;
}

void remote_lines_refresh(struct peer_lines *p, const struct wire_welcome *w)
{
    unsigned i;

    if (p) {
        p->last_ns = i2cpt_now_ns();
        for (i = 0; i < w->n_lines; i++) {
            lines_set(p->lines, i, w->lines[i].level, p->last_ns);
        }
    }
}

int remote_lines_take(struct peer_lines *p, struct wire_in *in)
{
    struct wire_change c;
    uint64_t now_ns = i2cpt_now_ns(), age_ns;
    int ret = remote_wire_get_change(in, &c);

    if (ret || c.line >= lines_count(remote_lines_get(p))) {
        return -EPROTO;
    }
    age_ns = (uint64_t)c.age_us * 1000;
    p->last_ns = MAX(p->last_ns, now_ns - MIN(age_ns, now_ns));
    lines_set(p->lines, c.line, c.level, p->last_ns);
    return 0;
}
