/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A big lock whose order the test decides: one thread runs at a time, and the
 * test says who is next of those that could. */
#include <stdio.h>
#include <stdlib.h>

#include "fake-lock.h"

enum state { READY, WANTS_LOCK, WAITS, ENDED };

struct actor {
    enum state state;
    const QemuCond *cond; /* that it waits for */
    bool is_cpu;
    void (*body)(void *opaque);
    void *opaque;
    pthread_t thread;
    pthread_cond_t turn;
};

const TypeInfo *fake_type;

static pthread_mutex_t baton = PTHREAD_MUTEX_INITIALIZER;
static struct actor actors[FAKE_ACTORS];
static unsigned n_actors;
static int running, holder; /* -1: nobody */
static bool stuck;
static pthread_cond_t end = PTHREAD_COND_INITIALIZER;
static fake_choice *choose;
static void *choose_opaque;
static __thread int self = -1;

/* Whoever could go on now; the choice is the test's. */
static void pass_baton(void)
{
    unsigned able = 0, live = 0, i;

    for (i = 0; i < n_actors; i++) {
        live += actors[i].state != ENDED;
        if (actors[i].state == READY ||
            (actors[i].state == WANTS_LOCK && holder < 0)) {
            able |= 1u << i;
        }
    }
    stuck = live && !able;
    if (!able) {
        running = -1;
        pthread_cond_signal(&end);
        return;
    }
    running = (int)choose(able, choose_opaque);
    if (actors[running].state == WANTS_LOCK) {
        holder = running;
    }
    actors[running].state = READY;
    pthread_cond_signal(&actors[running].turn);
}

static void wait_for_turn(void)
{
    while (running != self) {
        pthread_cond_wait(&actors[self].turn, &baton);
    }
}

static void give_way(enum state state)
{
    actors[self].state = state;
    pass_baton();
    wait_for_turn();
}

void fake_yield(void)
{
    give_way(READY);
}

void bql_lock(void)
{
    give_way(WANTS_LOCK);
}

void bql_unlock(void)
{
    holder = -1;
    give_way(READY);
}

void qemu_cond_wait_bql(QemuCond *cond)
{
    holder = -1;
    actors[self].cond = cond;
    give_way(WAITS);
}

static void wake(const QemuCond *cond, bool all)
{
    unsigned i;

    for (i = 0; i < n_actors; i++) {
        if (actors[i].state == WAITS && actors[i].cond == cond) {
            actors[i].state = WANTS_LOCK;
            if (!all) {
                return;
            }
        }
    }
}

void qemu_cond_signal(QemuCond *cond)
{
    wake(cond, false);
}

void qemu_cond_broadcast(QemuCond *cond)
{
    wake(cond, true);
}

bool qemu_in_vcpu_thread(void)
{
    return actors[self].is_cpu;
}

static void *actor_main(void *opaque)
{
    struct actor *actor = opaque;

    self = (int)(actor - actors);
    pthread_mutex_lock(&baton);
    wait_for_turn();
    actor->body(actor->opaque);
    actor->state = ENDED;
    pass_baton();
    pthread_mutex_unlock(&baton);
    return NULL;
}

void fake_actor(bool is_cpu, void (*body)(void *opaque), void *opaque)
{
    actors[n_actors++] = (struct actor){.is_cpu = is_cpu,
                                        .body = body,
                                        .opaque = opaque,
                                        .turn = PTHREAD_COND_INITIALIZER};
}

bool fake_run(fake_choice *choice, void *opaque)
{
    unsigned i;

    choose = choice;
    choose_opaque = opaque;
    running = holder = -1;
    for (i = 0; i < n_actors; i++) {
        pthread_create(&actors[i].thread, NULL, actor_main, &actors[i]);
    }
    pthread_mutex_lock(&baton);
    pass_baton();
    while (running >= 0) {
        pthread_cond_wait(&end, &baton);
    }
    pthread_mutex_unlock(&baton);
    if (stuck) {
        return false; /* their threads stay where they are */
    }
    for (i = 0; i < n_actors; i++) {
        pthread_join(actors[i].thread, NULL);
    }
    n_actors = 0;
    return true;
}
