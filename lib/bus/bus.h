/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of adapters: the shared bus (bus.c), its queue (queue.c) and
 * worker (worker.c), which of them are open (open-buses.c), the handles on them
 * (adapter.c) and what these are polled by (handle-wake.c), their lines
 * (adapter-lines.c), the last word on a replay (told-verdict.c), the
 * asynchronous requests (request.c, and those whose handle stays,
 * kept-request.c) and their way back (dispatch.c).
 */
#ifndef I2CPT_BUS_H
#define I2CPT_BUS_H

#include <pthread.h>
#include <stdatomic.h>

#include "bus/calls.h"
#include "core/backend.h"

/* How long past its deadline a backend that keeps deadlines by itself may
 * come back before it counts as stuck. */
#define I2CPT_GRACE_NS 100000000u

/*
 * A job is what the queue holds: a private copy of a call, so that a worker
 * never touches memory of a caller that has given up.
 *
 *   QUEUED   -> RUNNING    the worker takes it
 *   QUEUED   -> FINISHED   deadline passed or bus gone before it began
 *   QUEUED   -> (freed)    its request was cancelled or orphaned
 *   QUEUED   -> QUEUED     likewise, but it is a stream's STOP: abandoned
 *   RUNNING  -> FINISHED   the backend returned
 *   RUNNING  -> QUEUED     it could not be begun behind others
 *   RUNNING  -> (abandoned, freed by the worker)  nobody waits any more
 *   FINISHED -> (freed)    by who waited for it
 */
enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_FINISHED };

struct job {
    struct job *next, *prev;
    enum job_state state;
    bool abandoned;
    struct i2cpt_call call; /* deadline_ns always set */
    struct i2cpt_smbus_call smbus;
    struct i2cpt_xfer xfer;        /* while it is begun and not collected */
    struct i2cpt_request *request; /* NULL: a thread waits, or nobody */
    /* what is called when it has finished; NULL: nothing */
    void (*complete_locked)(struct job *job);
    struct i2cpt_fault fault;
    int result;
    /* copies of messages and bytes follow */
};

/*
 * A bus, under its lock. Three things change apart.
 *
 * Who is in the back end (`busy`, `running`):
 *   FREE   -> TAKEN     a caller's thread (sync-call.c) or the worker begins
 *   TAKEN  -> FREE      the back end has returned
 *   TAKEN  -> STUCK     who waited has given up, deadline and grace are past:
 *                       further calls are EBUSY
 *   STUCK  -> FREE      it has returned after all, and nobody hears what
 *
 * Whose stream is open (`owner`), past whom nobody else's call goes:
 *   nobody -> owner     that owner's START begins, on a bus that has streams
 *   owner  -> nobody    its STOP has returned, whatever it says
 *   owner  -> nobody    a call said ENODEV
 *
 * Whether it lives (`dead`, `closing`, `worker_started`):
 *   OPEN    -> DEAD     a call said ENODEV: each further one does, and a later
 *                       opening begins anew
 *   OPEN    -> (closed) the last handle has gone, and nobody is in the back end
 *   DEAD    -> (closed) likewise
 *   OPEN    -> DETACHED likewise, but the worker is STUCK in it
 *   DETACHED -> (closed) the worker comes back, and closes it
 */
struct i2cpt_bus {
    const struct i2cpt_ops *ops;
    void *priv;
    struct i2cpt_options *options;
    char *identity;
    struct i2cpt_bus_info info;
    struct chosen_lines *chosen; /* info.lines, where keys say so; or NULL */
    uint32_t timeout_ms;
    uint32_t retries;
    bool instant;
    unsigned handles; /* under the registry's lock */

    pthread_mutex_t lock; /* all below */
    pthread_cond_t work;  /* something for the worker */
    pthread_cond_t done;  /* something finished, or the bus came free */
    struct job *head, *tail;
    struct job *running; /* by the worker; of several, the oldest */
    bool busy;           /* somebody is in a backend call */
    bool dead;           /* said ENODEV */
    bool closing;
    bool worker_started;
    pthread_t worker;
    const void *owner; /* of the open stream */
    char *verdict_as;  /* its verdict is told by this name; NULL: it is not */
};

/*
 * A request, as i2cpt.h has it, or one of the library's own (`internal`), which
 * has no done(): who submitted it harvests it, and dispatch leaves it alone.
 *
 *   PENDING    -> COMPLETE    its job has finished, or it was given up
 *   COMPLETE   -> DELIVERING  dispatch or a wait has taken it: done() runs
 *   DELIVERING -> ENDED       done() has returned
 *   PENDING, COMPLETE -> ENDED  orphaned, harvested, or its handle has gone
 *
 * It is in its handle's list while it is PENDING or COMPLETE. Its memory lives
 * while `refs` counts somebody: until ENDED the library; besides, who keeps it
 * (i2cpt_submit_kept()) and who waits for it.
 */
enum request_state {
    REQUEST_PENDING,
    REQUEST_COMPLETE,
    REQUEST_DELIVERING,
    REQUEST_ENDED,
};

struct i2cpt_request {
    struct i2cpt_request *next, *prev; /* in the handle's list */
    struct i2cpt_adapter *adapter;
    struct job *job; /* NULL: done at once, or given up */
    struct i2cpt_call *call;
    struct i2cpt_call transfer; /* i2cpt_submit()'s own */
    i2cpt_done_fn done;
    void *user;
    bool internal, kept;
    struct i2cpt_wake *signal; /* internal: is told of the end, or NULL */
    /* under bus->lock */
    enum request_state state;
    unsigned refs;
    bool claimed;        /* by a wait: nobody else takes it */
    pthread_t deliverer; /* while DELIVERING */
    int result;
    struct i2cpt_fault fault;
};

struct i2cpt_adapter {
    atomic_uint refs;
    struct i2cpt_bus *bus;
    unsigned generation; /* of forks, at opening */
    char *name;
    uint32_t client; /* in a recording; 0: not marked */

    /* under bus->lock */
    struct i2cpt_request *requests; /* pending and complete, oldest first */
    struct i2cpt_request *last;
    unsigned complete;       /* how many of them dispatch may take */
    struct i2cpt_wake *wake; /* signalled while complete > 0, or at the nearest
                              * expiry; NULL until asked for */
    uint64_t timer_ns;       /* what it is set to; UINT64_MAX: off */

    /* adapter-lines.c; NULL until somebody watches */
    _Atomic(struct adapter_lines *) lines;
};

/* bus.c; `locked` ones with bus->lock held */
int bus_new(const struct i2cpt_options *o, char *identity,
            struct i2cpt_bus **out, struct i2cpt_fault *fault);
void bus_close(struct i2cpt_bus *bus);
bool bus_wait_locked(struct i2cpt_bus *bus, uint64_t until_ns);
uint64_t bus_expiry(const struct i2cpt_bus *bus, const struct job *job);
uint64_t bus_deadline(struct i2cpt_bus *bus, uint32_t timeout_ms);
int bus_check_locked(struct i2cpt_bus *bus, enum i2cpt_op op,
                     struct i2cpt_fault *fault);
bool bus_has_stream(const struct i2cpt_bus *bus);
bool bus_idle_for_locked(struct i2cpt_bus *bus, const void *owner);
int bus_begin_locked(struct i2cpt_bus *bus, const struct i2cpt_call *call,
                     struct i2cpt_fault *fault);
int bus_execute(struct i2cpt_bus *bus, struct i2cpt_call *call,
                struct i2cpt_fault *fault);
void bus_after_locked(struct i2cpt_bus *bus, const struct i2cpt_call *call,
                      int result);
int bus_check_functionality(struct i2cpt_bus *bus,
                            const struct i2cpt_call *call,
                            struct i2cpt_fault *fault);
void bus_free(struct i2cpt_bus *bus);

/* told-verdict.c: before the backend is closed, where somebody has asked. */
void bus_tell_verdict(struct i2cpt_bus *bus);

/* worker.c */
int bus_enqueue_locked(struct i2cpt_bus *bus, struct job *job);
void bus_abandon_locked(struct i2cpt_bus *bus, struct job *job);

/* queue.c */
void bus_dequeue_locked(struct i2cpt_bus *bus, struct job *job);
struct job *bus_job_new(const struct i2cpt_call *call, uint64_t deadline_ns);
void bus_job_copy_back(const struct job *job, struct i2cpt_call *call);

/* request.c */
/* i2cpt_submit(), and _kept() but for the reference on `a`. */
int bus_request_submit(struct i2cpt_adapter *a, struct i2cpt_msg *msgs,
                       size_t n, uint32_t timeout_ms, i2cpt_done_fn done,
                       void *user, bool kept, struct i2cpt_request **out);
/* Give a pending request up: its job goes on without it, or not at all. */
void bus_request_end_locked(struct i2cpt_request *r, int code);
/* When nobody waits for it any longer. */
uint64_t bus_request_expiry(const struct i2cpt_request *r);
/* Whether dispatch may take it. */
bool bus_request_is_ready(const struct i2cpt_request *r);
/* A complete one, out of its handle's list, to be delivered in this thread. */
void bus_request_take_locked(struct i2cpt_request *r);
/* From here to bus_request_unclaim_locked() or _take_ nobody else takes it. */
void bus_request_claim_locked(struct i2cpt_request *r);
void bus_request_unclaim_locked(struct i2cpt_request *r);
/* Nobody asks for it any more, whatever became of it. */
void bus_request_ended_locked(struct i2cpt_request *r);
void bus_request_unref_locked(struct i2cpt_request *r);
/* Wait until it is complete, or has ended: then true; false at `until_ns`. */
bool bus_request_await_locked(struct i2cpt_request *r, uint64_t until_ns);
void bus_requests_expire_locked(struct i2cpt_adapter *a);
void bus_requests_drop_locked(struct i2cpt_adapter *a);

/* open-buses.c */
static inline bool adapter_forked(const struct i2cpt_adapter *a)
{
    return a->generation !=
           atomic_load_explicit(&bus_fork_generation, memory_order_relaxed);
}
/* The bus of these options, opened or shared, for one more handle; and one
 * handle less. */
int bus_opened_get(const struct i2cpt_options *o, struct i2cpt_bus **out,
                   struct i2cpt_fault *fault);
void bus_opened_put(struct i2cpt_bus *bus);
/* One more handle on a bus that has one. */
void bus_opened_again(struct i2cpt_bus *bus);
/* A later opening begins anew; whoever still has it gets ENODEV. */
void bus_opened_forget_dead(struct i2cpt_bus *bus);

#endif
