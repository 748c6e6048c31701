/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queue and the worker that takes jobs out of it: one by one, or where the
 * backend can (begin, collect) the next one while the last is on the wire. */
#include <errno.h>
#include <glib.h>

#include "bus/bus.h"
#include "core/clock.h"
#include "core/fault.h"
#include "core/threads.h"

static void *worker_main(void *arg);

static int start_worker_locked(struct i2cpt_bus *bus)
{
    int ret;

    if (bus->worker_started) {
        return 0;
    }
    ret = i2cpt_thread_start(&bus->worker, worker_main, bus);
    bus->worker_started = !ret;
    return ret;
}

int bus_enqueue_locked(struct i2cpt_bus *bus, struct job *job)
{
    int ret = start_worker_locked(bus);

    if (ret) {
        return ret;
    }
    job->state = JOB_QUEUED;
    job->next = NULL;
    job->prev = bus->tail;
    *(bus->tail ? &bus->tail->next : &bus->head) = job;
    bus->tail = job;
    pthread_cond_signal(&bus->work);
    return 0;
}

/* Nobody waits for this job any more; the caller's pointer is void. */
void bus_abandon_locked(struct i2cpt_bus *bus, struct job *job)
{
    job->request = NULL;
    job->complete_locked = NULL;
    if (job->state == JOB_RUNNING) {
        job->abandoned = true;
    } else if (job->state == JOB_QUEUED &&
               job->call.op == I2CPT_OP_STREAM_STOP) {
        job->abandoned = true; /* the wire needs it all the same */
    } else {
        if (job->state == JOB_QUEUED) {
            bus_dequeue_locked(bus, job);
        }
        g_free(job);
    }
}

static struct job *next_job_locked(struct i2cpt_bus *bus)
{
    struct job *job = bus->head;

    while (job && bus->owner && job->call.owner != bus->owner) {
        job = job->next;
    }
    return job;
}

static void finish_locked(struct i2cpt_bus *bus, struct job *job, int result)
{
    job->state = JOB_FINISHED;
    job->result = result;
    if (job->abandoned) {
        g_free(job);
    } else if (job->complete_locked) {
        job->complete_locked(job);
    }
    pthread_cond_broadcast(&bus->done);
}

static void run_locked(struct i2cpt_bus *bus, struct job *job)
{
    bool stop = job->call.op == I2CPT_OP_STREAM_STOP;
    int ret;

    bus_dequeue_locked(bus, job);
    ret = bus->dead ? bus_check_locked(bus, job->call.op, &job->fault) : 0;
    if (!ret && !stop && i2cpt_now_ns() >= job->call.deadline_ns) {
        ret = i2cpt_fault_set(&job->fault, ETIMEDOUT, I2CPT_PHASE_UNKNOWN, -1,
                              -1);
    }
    if (!ret) {
        i2cpt_fault_clear(&job->fault);
        ret = bus_begin_locked(bus, &job->call, &job->fault);
    }
    if (ret) {
        finish_locked(bus, job, MIN(ret, 0));
        return;
    }
    job->state = JOB_RUNNING;
    bus->busy = true;
    bus->running = job;
    pthread_mutex_unlock(&bus->lock);
    ret = bus_execute(bus, &job->call, &job->fault);
    if (ret == -ENODEV) {
        bus_opened_forget_dead(bus);
    }
    pthread_mutex_lock(&bus->lock);
    bus->busy = false;
    bus->running = NULL;
    bus_after_locked(bus, &job->call, ret);
    finish_locked(bus, job, ret);
}

/* ---------------------------------------------------------------- pipeline */

/* Jobs that were begun and not collected, oldest first. */
struct pipeline {
    struct job *first, *last;
};

/* The queue's first job, unless it has to have the bus to itself. A repeated
 * attempt would overtake those behind. */
static struct job *next_to_begin_locked(struct i2cpt_bus *bus)
{
    struct job *job = bus->head;
    struct i2cpt_fault fault;

    if (!job || !bus->ops->begin || bus->owner || bus->dead || bus->closing ||
        (bus->retries && !(bus->ops->flags & I2CPT_OPS_RETRIES)) ||
        !(bus->info.functionality & I2CPT_FUNC_I2C) ||
        job->call.op != I2CPT_OP_TRANSFER ||
        i2cpt_now_ns() >= job->call.deadline_ns ||
        bus_check_functionality(bus, &job->call, &fault)) {
        return NULL;
    }
    return job;
}

/* The backend did not want it: as if it had not been asked. */
static void put_back_locked(struct i2cpt_bus *bus, struct job *job)
{
    if (job->abandoned) {
        g_free(job);
    } else {
        job->state = JOB_QUEUED;
        job->next = bus->head;
        *(bus->head ? &bus->head->prev : &bus->tail) = job;
        bus->head = job;
    }
    pthread_cond_broadcast(&bus->done);
}

/* The oldest one begun is the one that counts as running. */
static bool begin_locked(struct i2cpt_bus *bus, struct pipeline *p)
{
    struct job *job = next_to_begin_locked(bus);
    size_t i;
    bool begun;

    if (!job) {
        return false;
    }
    bus_dequeue_locked(bus, job);
    job->state = JOB_RUNNING;
    bus->running = p->first ? p->first : job;
    pthread_mutex_unlock(&bus->lock);
    i2cpt_fault_clear(&job->fault);
    for (i = 0; i < job->call.n; i++) {
        job->call.msgs[i].actual = 0;
    }
    job->xfer =
        (struct i2cpt_xfer){job->call.msgs, job->call.n, job->call.deadline_ns,
                            job->call.marks, &job->fault};
    begun = bus->ops->begin(bus->priv, &job->xfer);
    pthread_mutex_lock(&bus->lock);
    if (!begun) {
        put_back_locked(bus, job);
        return false;
    }
    *(p->last ? &p->last->next : &p->first) = job;
    p->last = job;
    return true;
}

static void collect_locked(struct i2cpt_bus *bus, struct pipeline *p)
{
    struct job *job = p->first;
    int ret;

    bus->running = job;
    if (bus->dead) { /* nothing but close() is called after that */
        ret = bus_check_locked(bus, job->call.op, &job->fault);
    } else {
        pthread_mutex_unlock(&bus->lock);
        ret = bus->ops->collect(bus->priv, &job->xfer);
        if (ret < 0 && !job->fault.code) {
            job->fault.code = -ret;
        }
        if (ret == -ENODEV) {
            bus_opened_forget_dead(bus);
        }
        pthread_mutex_lock(&bus->lock);
    }
    p->first = job->next;
    p->last = p->first ? p->last : NULL;
    bus->running = p->first;
    job->next = NULL;
    bus_after_locked(bus, &job->call, ret);
    finish_locked(bus, job, ret);
}

/* Whether there was something to do. */
static bool pipeline_locked(struct i2cpt_bus *bus)
{
    struct pipeline p = {0};
    bool any = false;

    bus->busy = true;
    do {
        while (begin_locked(bus, &p)) {
        }
        if (p.first) {
            any = true;
            collect_locked(bus, &p);
        }
    } while (p.first);
    bus->busy = false;
    bus->running = NULL;
    pthread_cond_broadcast(&bus->done);
    return any;
}

/* ------------------------------------------------------------------ worker */

/* One job alone is not worth a pipeline. */
static void work_locked(struct i2cpt_bus *bus, struct job *job)
{
    if (job->next && next_to_begin_locked(bus) == job) {
        if (pipeline_locked(bus)) {
            return;
        }
        job = next_job_locked(bus); /* the lock was given up */
    }
    if (job) {
        run_locked(bus, job);
    }
}

static void *worker_main(void *arg)
{
    struct i2cpt_bus *bus = arg;
    struct job *job;
    bool detached = false;

    pthread_mutex_lock(&bus->lock);
    for (;;) {
        detached = bus->closing && !bus->worker_started;
        job = bus->busy || detached ? NULL : next_job_locked(bus);
        if (job) {
            work_locked(bus, job);
        } else if (bus->closing) {
            break;
        } else {
            pthread_cond_wait(&bus->work, &bus->lock);
        }
    }
    pthread_mutex_unlock(&bus->lock);
    if (detached) {
        bus_free(bus); /* nobody joins: see bus_close() */
    }
    return NULL;
}
