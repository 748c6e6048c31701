/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads that read /dev/fuse. */
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "redirect/fuse-private.h"
#include "redirect/fuse-server.h"

enum { IDLE_MAX = 8, THREADS_MAX = 1024 };
/* What a transfer takes that is quick, and how often a guard looks. */
enum { QUICK_NS = 50 * 1000, GUARD_NS = 5 * 1000 * 1000 };

struct fuse_server {
    struct owner *owner;
    struct fuse_gpio *gpio;
    int fd;
    /* atomic, all four */
    unsigned idle;  /* threads that wait for requests */
    unsigned taken; /* transfers that began */
    bool guarded;   /* a thread rests, see rest() */
    bool quick[16]; /* the latest transfer of a bus, by number modulo */

    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    unsigned arrived; /* threads that have come to their first request */
    GList *threads;   /* pthread_t in boxes */
    unsigned count;
    bool stopping;
};

static bool has_no_reply(uint32_t opcode)
{
    return opcode == FUSE_FORGET || opcode == FUSE_BATCH_FORGET ||
           opcode == FUSE_INTERRUPT;
}

static bool is_transfer(uint32_t opcode)
{
    return opcode == FUSE_READ || opcode == FUSE_WRITE || opcode == FUSE_IOCTL;
}

static void answer(int fd, struct fuse_call *c, int ret)
{
    bool data = !ret && c->out_len;
    size_t len = sizeof(c->reply) + (data ? c->out_len : 0);
    struct iovec iov[] = {{&c->reply, sizeof(c->reply)},
                          {(void *)c->out, c->out_len}};
    bool follows = !data || c->out == &c->small; /* one buffer costs less */

    c->reply = (struct fuse_out_header){
        .len = (uint32_t)len, .error = ret, .unique = c->head->unique};
    if ((follows ? write(fd, &c->reply, len) : writev(fd, iov, 2)) < 0) {
        /* ENOENT: whoever asked was killed */
    }
}

/* ----------------------------------------------------------------- threads */

static void *thread_main(void *arg);

static bool start_thread_locked(struct fuse_server *s)
{
    pthread_t *box = g_new(pthread_t, 1);
    sigset_t all, before;
    int ret = EAGAIN;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (s->count < THREADS_MAX) {
        ret = pthread_create(box, NULL, thread_main, s);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ret) {
        g_free(box);
        return false;
    }
    s->threads = g_list_prepend(s->threads, box);
    s->count++;
    __atomic_add_fetch(&s->idle, 1, __ATOMIC_RELAXED);
    return true;
}

/*
 * A transfer may last, so somebody else has to wait for requests by then.
 * But two threads that wait take turns, and the one that has slept costs a
 * request some 2 us; so while transfers are quick one thread makes them all,
 * and another rests as its guard. It goes back to waiting when no transfer has
 * begun for a while: because there is none, or because one lasts.
 */
static void rest(struct fuse_server *s)
{
    const struct timespec while_ns = {.tv_nsec = GUARD_NS};
    unsigned before;

    do {
        before = __atomic_load_n(&s->taken, __ATOMIC_RELAXED);
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
        nanosleep(&while_ns, NULL);
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    } while (before != __atomic_load_n(&s->taken, __ATOMIC_RELAXED));
    __atomic_add_fetch(&s->idle, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&s->guarded, false, __ATOMIC_SEQ_CST);
}

/* Before a transfer. Without the lock where somebody waits or will soon. */
static bool leave_idle(struct fuse_server *s, bool quick)
{
    bool ok;

    __atomic_add_fetch(&s->taken, 1, __ATOMIC_RELAXED);
    if (__atomic_sub_fetch(&s->idle, 1, __ATOMIC_SEQ_CST) ||
        (quick && __atomic_load_n(&s->guarded, __ATOMIC_SEQ_CST))) {
        return true;
    }
    pthread_mutex_lock(&s->lock);
    ok = !s->stopping && start_thread_locked(s);
    pthread_mutex_unlock(&s->lock);
    if (!ok) {
        __atomic_add_fetch(&s->idle, 1, __ATOMIC_RELAXED);
    }
    return ok;
}

/* false: enough others are. */
static bool be_idle(struct fuse_server *s, bool quick)
{
    unsigned enough = quick ? 1 : IDLE_MAX;

    if (__atomic_fetch_add(&s->idle, 1, __ATOMIC_RELAXED) < enough) {
        return true;
    }
    __atomic_sub_fetch(&s->idle, 1, __ATOMIC_RELAXED);
    if (!quick || __atomic_exchange_n(&s->guarded, true, __ATOMIC_SEQ_CST)) {
        return false;
    }
    rest(s);
    return true;
}

/* false: this thread is not needed any more. */
static bool transfer(struct fuse_server *s, struct fuse_call *c)
{
    bool *quick =
        &s->quick[redirect_fuse_bus(c->head->nodeid) % G_N_ELEMENTS(s->quick)];
    bool was = __atomic_load_n(quick, __ATOMIC_RELAXED), left, is;
    uint64_t begin = i2cpt_now_ns();
    int ret;

    /* where there are no more threads to be had, the rest waits its turn */
    left = leave_idle(s, was);
    ret = redirect_fuse_handle(c);
    is = i2cpt_now_ns() - begin < QUICK_NS;
    answer(s->fd, c, ret);
    if (is != was) {
        __atomic_store_n(quick, is, __ATOMIC_RELAXED);
    }
    return !left || be_idle(s, is);
}

static bool serve(struct fuse_server *s, struct fuse_room *room, size_t n)
{
    struct fuse_call c = {.owner = s->owner,
                          .gpio = s->gpio,
                          .room = room,
                          .head = (const struct fuse_in_header *)room->in,
                          .data = room->in + sizeof(*c.head),
                          .len = n - sizeof(*c.head)};

    int ret;

    if (c.head->opcode == FUSE_INTERRUPT) {
        redirect_fuse_gpio_interrupt(&c);
    }
    if (has_no_reply(c.head->opcode)) {
        return true;
    }
    if (redirect_fuse_is_gpio(c.head->nodeid)) { /* none of them waits */
        ret = redirect_fuse_handle(&c);
        if (ret != FUSE_ANSWERED_LATER) {
            answer(s->fd, &c, ret);
        }
        return true;
    }
    if (!is_transfer(c.head->opcode)) {
        answer(s->fd, &c, redirect_fuse_handle(&c));
        return true;
    }
    return transfer(s, &c);
}

/* Only while it waits may it be cancelled. */
static ssize_t next_request(struct fuse_server *s, struct fuse_room *room)
{
    ssize_t n;

    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    n = read(s->fd, room->in, sizeof(room->in));
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    return n;
}

static void forget_thread(struct fuse_server *s)
{
    GList *l;

    pthread_mutex_lock(&s->lock);
    for (l = s->threads; l; l = l->next) {
        if (pthread_equal(*(pthread_t *)l->data, pthread_self())) {
            if (!s->stopping) { /* else it is being joined */
                pthread_detach(pthread_self());
                g_free(l->data);
                s->threads = g_list_delete_link(s->threads, l);
            }
            break;
        }
    }
    s->count--;
    pthread_mutex_unlock(&s->lock);
}

static void tell_arrived(struct fuse_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->arrived++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void *thread_main(void *arg)
{
    struct fuse_server *s = arg;
    struct fuse_room *room = g_try_malloc(sizeof(*room));
    bool go_on = room != NULL;
    ssize_t n;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_cleanup_push(g_free, room);
    tell_arrived(s);
    while (go_on) {
        n = next_request(s, room);
        if (n < 0 && errno == ENODEV) {
            break; /* the mount is gone */
        }
        if (n >= (ssize_t)sizeof(struct fuse_in_header)) {
            go_on = serve(s, room, (size_t)n);
        }
    }
    forget_thread(s);
    pthread_cleanup_pop(1);
    return NULL;
}

int redirect_fuse_server_new(struct fuse_server **out, struct owner *owner,
                             int fd)
{
    struct fuse_server *s = g_new0(struct fuse_server, 1);
    bool ok;

    s->owner = owner;
    s->fd = fd;
    s->gpio = redirect_fuse_gpio_new(owner, fd);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    pthread_mutex_lock(&s->lock);
    ok = start_thread_locked(s) && start_thread_locked(s);
    /* as with the owner's own thread: a fork is next */
    while (ok && s->arrived < 2) {
        pthread_cond_wait(&s->changed, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    *out = s;
    if (!ok) {
        redirect_fuse_server_free(s);
        return -EAGAIN;
    }
    return 0;
}

void redirect_fuse_server_free(struct fuse_server *s)
{
    GList *l;

    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_mutex_unlock(&s->lock);
    for (l = s->threads; l; l = l->next) {
        pthread_cancel(*(pthread_t *)l->data);
    }
    for (l = s->threads; l; l = l->next) {
        pthread_join(*(pthread_t *)l->data, NULL);
        g_free(l->data);
    }
    g_list_free(s->threads);
    redirect_fuse_gpio_free(s->gpio);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    g_free(s);
}
