/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of i2cpt_passthrough. passthrough.c has the object and the
 * guest's events, engine.c makes calls on the bus for it,
 * async-api.c is for who waits or dispatches, and the two modes say
 * which calls: stream-mode.c and message-mode.c with
 * message-read.c and message-transfers.c. What they lean on: policy.c,
 * learn.c, targets.c.
 */
#ifndef I2CPT_PASSTHROUGH_H
#define I2CPT_PASSTHROUGH_H

#include <pthread.h>
#include <stdatomic.h>

#include "bus/calls.h"
#include "core/clock.h"
#include "passthrough/learn.h"
#include "passthrough/policy.h"
#include "passthrough/targets.h"

#define PT_NS_PER_MS 1000000ull

/*
 * One guest event is answered by zero or more calls on the bus and pauses
 * between them. A mode's functions say what is next; engine.c does
 * it, at once or by submitting, and hands the result to step().
 */
enum pt_next {
    PT_DONE,  /* pt->answer, pt->byte */
    PT_CALL,  /* pt->call is filled in */
    PT_PAUSE, /* come back in PT_PAUSE_NS */
    PT_WAIT,  /* one of those is under way already */
};

/* Between two tries of a busy target. */
#define PT_PAUSE_NS 500000ull
/* How often the blocking form looks after a posted write by itself. */
#define PT_PUMP_NS 1000000ull

struct pt_mode {
    /* pt->event has the START; pt->open tells whether it is a repeated one */
    enum pt_next (*start)(struct i2cpt_passthrough *pt);
    enum pt_next (*write)(struct i2cpt_passthrough *pt, uint8_t byte);
    enum pt_next (*read)(struct i2cpt_passthrough *pt);
    enum pt_next (*stop)(struct i2cpt_passthrough *pt);
    /* a call has ended with `result` and pt->fault, or a pause with 0 */
    enum pt_next (*step)(struct i2cpt_passthrough *pt, int result);
    void (*nack)(struct i2cpt_passthrough *pt);
    /* Forget the transaction; the wire is seen to by the caller. */
    void (*reset)(struct i2cpt_passthrough *pt);
};
extern const struct pt_mode pt_stream;
extern const struct pt_mode pt_message;

/* Which guest event the machine works for. */
enum pt_goal {
    PT_GOAL_NONE, /* none: a posted write goes out behind the guest's back */
    PT_GOAL_START,
    PT_GOAL_WRITE,
    PT_GOAL_READ,
    PT_GOAL_STOP,
};

/* Bytes that can be moved with no lock and no call on the bus. */
enum pt_lane {
    PT_LANE_NONE,
    PT_LANE_KEEP, /* writes: append to message.out */
    PT_LANE_GIVE, /* reads: take from message.in */
    PT_LANE_USED, /* one is being moved, in the thread of the event */
};

struct pt_buffer {
    uint8_t *data;
    uint32_t len, size;
};
/* Room for `size` bytes; false where memory is short. */
bool pt_room(struct pt_buffer *buffer, uint32_t size);

struct pt_event {
    uint16_t addr; /* the host's */
    uint16_t flags;
    uint32_t expect;
};

/* Stream mode: what the guest's transaction is on the wire. */
enum pt_stream_state {
    STREAM_IDLE,
    STREAM_OPEN,    /* addressed */
    STREAM_REFUSED, /* NACK or fault; until repeated START or STOP */
    STREAM_HELD,    /* readonly=on: a pointer write, not on the wire yet */
};
struct pt_stream {
    enum pt_stream_state state;
    bool read; /* a byte of this message */
    bool last; /* nack() has come: nothing more is clocked, but the first */
};

/* Message mode: what the guest is told, and what the wire does for it. Their
 * transitions are in message-mode.c. */
enum pt_guest {
    GUEST_IDLE,
    GUEST_REFUSED,
    GUEST_WRITE,
    GUEST_READ_DUE,
    GUEST_READ,
    GUEST_READ_ENDED,
};
enum pt_wire {
    WIRE_IDLE,
    WIRE_PROBE,
    WIRE_PROBE_PAUSE,
    WIRE_READY,
    WIRE_READY_PAUSE,
    WIRE_SEND,
    WIRE_SEND_PAUSE,
};
enum pt_job {
    JOB_WRITE,       /* a guest's write */
    JOB_QUICK_WRITE, /* messages without data */
    JOB_QUICK_READ,
    JOB_READ,     /* a guest's read, perhaps joined to a write */
    JOB_RESEND,   /* the same with a longer read */
    JOB_CONTINUE, /* one more byte where the read ended */
};
struct pt_message {
    enum pt_guest guest;
    enum pt_wire wire;
    enum pt_job job;
    bool open;             /* the guest's next START is a repeated one ... */
    bool repeated;         /* ... as that of this message was */
    bool quick_sent;       /* START was probed by a quick write: that was it */
    bool probed;           /* START was probed at all */
    struct pt_buffer out;  /* what the guest writes */
    struct pt_buffer sent; /* what is going out */
    struct pt_buffer in;
    uint32_t taken; /* bytes of `in` that the guest has */
    uint32_t fetch; /* length of the read that goes out */
    uint8_t first;  /* byte of this read */
    bool writes;    /* it goes out joined to a write of the guest's */
    uint8_t block;  /* it is a block read, see struct learned */
    bool last;      /* nack() came before its first byte: that one alone */
    bool guess;     /* its length is; took() is owed */
    bool owes_took;
    struct learn_key key; /* of this read; its bytes are key_bytes */
    uint8_t key_bytes[LEARN_KEY_MAX];
    uint16_t addr; /* host address of the job */
    bool trying;   /* retry_ns and paused_ns count */
    bool again;    /* this transfer or probe is sent again */
    uint64_t retry_ns, paused_ns;
    uint64_t now_ns; /* hook's clock at the last START */
    uint8_t probe_byte;
};

/* readonly=on: a pointer that waits for its read. */
struct pt_pointer {
    bool held;
    uint16_t addr;
    uint32_t len;
    uint8_t bytes[PT_POINTER_MAX];
};

/* clang-format off */
/*
 * A passthrough, under its lock. Four things change apart.
 *
 * What the machine is at (`busy`, `request`, `resume_ns`, `calling`), for the
 * event `goal`; what it does next is what the mode's step() says:
 *   IDLE      -> CALLING    a call or a pause, where the embedder blocks: made
 *                           here, with the lock given up
 *   CALLING   -> IDLE, ..   it has come back: step()
 *   IDLE      -> SUBMITTED  a call, where the embedder can wait, or of a posted
 *                           write
 *   SUBMITTED -> IDLE, ..   its request has ended: step(), by dispatch or wait;
 *                           of a posted write also by the timer
 *   IDLE      -> PAUSED     a pause, likewise
 *   PAUSED    -> IDLE, ..   resume_ns has come: step(), by timer or wait
 *   SUBMITTED, PAUSED -> IDLE  reset: the request is an orphan
 *
 * What the guest is owed (`pending`, `deferred`, `joined`):
 *   NOTHING   -> PENDING    an event whose answer is not there yet
 *   PENDING   -> NOTHING    dispatch or wait has found it: complete()
 *   PENDING   -> DEFERRED   the timer has found it: dispatch is signalled
 *   DEFERRED  -> NOTHING    dispatch or wait: complete()
 *   NOTHING   -> JOINED     START behind a posted write, which is SUBMITTED or
 *                           PAUSED still; the blocking form waits at once
 *   JOINED    -> PENDING    that has ended: the START begins, its deadline is
 *                           what is left of its own
 *   JOINED    -> NOTHING    it has not by that deadline (blocking form): NACK,
 *                           and the posted write is given up
 *   any       -> NOTHING    reset: no complete() any more
 *
 * The guest's transaction (`open`, `released`):
 *   CLOSED    -> OPEN       START
 *   OPEN      -> RELEASED   hold-timeout-ms without an event, or drain: the bus
 *                           has had a STOP, the guest is told NACK until its own
 *   OPEN, RELEASED -> CLOSED  STOP, a START to another target, reset
 *
 * The wire in stream mode (`on_wire`, `stop_request`):
 *   FREE      -> TAKEN      a START goes out
 *   TAKEN     -> FREE       STOP, the guest's or (blocking form) one of ours
 *   TAKEN     -> STOPPING   one of ours, where the embedder can wait
 *   STOPPING  -> FREE       it has ended: taken in by dispatch or wait
 *   STOPPING  -> FREE       reset: nobody asks for it any more
 */
/* clang-format on */
struct i2cpt_passthrough {
    /* never changes */
    struct i2cpt_adapter *adapter;
    struct i2cpt_policy policy;
    struct i2cpt_hooks hooks;
    const struct pt_mode *mode;
    uint32_t functionality;
    bool instant;
    int16_t host[128];
    unsigned generation; /* of forks */
    struct i2cpt_timer *timer;
    struct i2cpt_wake *wake; /* with a complete hook; else NULL */
    bool timeless;           /* never asks for the time */

    /* what bytes on the fast path need; see enum pt_lane */
    atomic_int lane;
    atomic_bool pending; /* complete() is owed */
    _Atomic uint64_t counters[I2CPT_COUNTERS];

    pthread_mutex_t lock; /* all below, but for the fast path */
    pthread_cond_t idle;  /* `calling` has ended, or `visitors` have gone */
    bool calling;         /* a thread is on the bus, or asleep, for an event */
    unsigned waiting;     /* threads that wait for `calling` to end */
    unsigned visitors;    /* threads in dispatch, wait or timer */
    uint64_t now_ns;      /* the hook's clock, as of the last look at it */
    uint64_t event_ns;    /* when the guest's event came */
    bool open;            /* between the guest's START and STOP */
    bool reading;
    bool released; /* the bus was taken away; until the guest's STOP */
    uint16_t addr; /* the host's, of the current message */
    uint64_t txn;
    struct pt_event event;
    enum pt_goal goal;
    int answer;
    uint8_t byte;

    bool busy;            /* a call or a pause is under way */
    bool joined;          /* a START waits for a posted write to end */
    bool deferred;        /* an answer that dispatch shall deliver */
    bool blocking;        /* drain: wait, whatever the embedder's form */
    uint64_t timeout_ns;  /* the adapter's */
    uint64_t byte_ns;     /* of a byte at its frequency; 0: not known */
    uint64_t call_ns;     /* hook's clock when the call began */
    uint64_t deadline_ns; /* of the event; CLOCK_MONOTONIC, 0: not begun */
    uint64_t join_ns;     /* that of the START that is `joined` */
    uint64_t resume_ns;   /* end of a pause, hook's clock; 0: none */
    struct i2cpt_call call;
    struct i2cpt_msg msgs[2];
    struct i2cpt_fault fault;
    struct i2cpt_fault wire_fault; /* the latest of this transaction */
    struct i2cpt_request *request;
    bool on_wire;                       /* stream mode: START without STOP */
    struct i2cpt_request *stop_request; /* a STOP of ours, and its call */
    struct i2cpt_call stop_call;
    uint64_t last_ns;   /* the last event's end, hook's clock */
    uint64_t armed_ns;  /* what the timer is set to; 0: it is not */
    uint64_t arm_ns;    /* what it is to be set to; 0: leave it */
    bool phase_known;   /* this host tells what was not acknowledged */
    bool phase_unknown; /* it does not */
    struct pt_pointer pointer;
    struct pt_target targets[128];
    struct pt_stream stream;
    struct pt_message message;
    struct i2cpt_learn *learn;

    /* tests put their own here */
    void (*pause)(void *user, uint64_t ns);
    void *pause_user;
};

static inline void pt_count(struct i2cpt_passthrough *pt,
                            enum i2cpt_counter which, uint64_t n)
{
    /* one writer at a time, so no need for a locked instruction */
    atomic_store_explicit(
        &pt->counters[which],
        atomic_load_explicit(&pt->counters[which], memory_order_relaxed) + n,
        memory_order_relaxed);
}

/* What time it is by the embedder's clock; with the lock not held. */
static inline uint64_t pt_clock(const struct i2cpt_passthrough *pt)
{
    return pt->timeless       ? 0
           : pt->hooks.now_ns ? pt->hooks.now_ns(pt->hooks.user)
                              : i2cpt_now_ns();
}

/* What time it was when this event came in, or when the bus last answered. */
static inline uint64_t pt_now(const struct i2cpt_passthrough *pt)
{
    return pt->now_ns;
}

/* The child of a fork may only free it. */
static inline bool pt_forked(const struct i2cpt_passthrough *pt)
{
    return pt->generation !=
           atomic_load_explicit(&bus_fork_generation, memory_order_relaxed);
}

static inline bool pt_async(const struct i2cpt_passthrough *pt)
{
    return pt->hooks.complete;
}

static inline enum pt_next pt_done(struct i2cpt_passthrough *pt, int answer)
{
    pt->answer = answer;
    return PT_DONE;
}

/* The guest hears of a fault at this STOP, so not again at a START. */
static inline bool pt_stop_tells(const struct i2cpt_passthrough *pt)
{
    return pt_async(pt) && pt->goal == PT_GOAL_STOP && !pt->blocking;
}

/* -------------------------------------- faults-and-counters.c, for the modes
 */

/* Count and log what pt->fault says: timeouts, mismatches, known phases. */
void pt_account(struct i2cpt_passthrough *pt, uint16_t addr);
/* pt->fault came after the guest was told ACK: count, log; `tell` also makes
 * the next START to that address a NACK. */
void pt_late(struct i2cpt_passthrough *pt, uint16_t addr, bool tell);
/* Whether a START to `addr` has to report such a fault; forgets it. */
bool pt_take_late(struct i2cpt_passthrough *pt, uint16_t addr);
/* readonly=on: keep a pointer for the read that may follow. */
void pt_hold_pointer(struct i2cpt_passthrough *pt);
/* A START comes: drop the pointer that is held unless it reads from there. */
void pt_check_pointer(struct i2cpt_passthrough *pt);
/* Fill in pt->call; pt->msgs are `n` messages. */
enum pt_next pt_transfer(struct i2cpt_passthrough *pt, size_t n,
                         uint32_t marks);
enum pt_next pt_stream_call(struct i2cpt_passthrough *pt, enum i2cpt_op op);

/*
 * -------------------------------------- engine.c; all with the lock held
 *
 * Where the embedder blocks, the lock is given up for the time of a call or a
 * pause, which `calling` stands for: whoever would change anything waits for
 * its end (pt_lock()), and what only looks (timer, dispatch) goes away.
 */

/* Take the lock when nobody is `calling`, with pt->now_ns put right. */
void pt_lock(struct i2cpt_passthrough *pt);
/* Carry `next` as far as it goes without waiting for somebody else; PT_DONE
 * where the machine has come to its end. */
enum pt_next pt_drive(struct i2cpt_passthrough *pt, enum pt_next next);
/* Blocking form: see a posted write to its end, until `until_ns` of
 * CLOCK_MONOTONIC. False where it was not reached. */
bool pt_settle(struct i2cpt_passthrough *pt, uint64_t until_ns);
/* Give up what is under way. */
void pt_abandon(struct i2cpt_passthrough *pt);
/* STOP where a stream is open; asynchronous embedders do not wait for it. */
void pt_release_wire(struct i2cpt_passthrough *pt);
/* That STOP, asynchronous: nobody asks for it any more. */
void pt_forget_stop(struct i2cpt_passthrough *pt);
/* Have i2cpt_passthrough_timer() called then, or before. */
void pt_arm(struct i2cpt_passthrough *pt, uint64_t when_ns);
/* With the lock held: from here on no byte is moved without it. */
void pt_close_lane(struct i2cpt_passthrough *pt);
/* The guest's event is answered: put lane and hold timer right. */
void pt_answered(struct i2cpt_passthrough *pt);
/* Unlock, then call the hooks that are due; `complete`: that one too. */
void pt_leave(struct i2cpt_passthrough *pt, bool complete);
/* The machine goes on from `next`, outside of any event's call; unlocks. The
 * answer is delivered here, or with `deferred` by the next dispatch. */
void pt_go_on(struct i2cpt_passthrough *pt, enum pt_next next, bool deferred);

/* With the lock not held. What the timer is for; `deferred`: not in the thread
 * that may be told answers. */
void pt_timer_due(struct i2cpt_passthrough *pt, bool deferred);
/* Asynchronous form: take in what has ended, and tell it; whether there was. */
bool pt_look(struct i2cpt_passthrough *pt);
/* Around what may come from any thread: free waits for it. */
void pt_visit(struct i2cpt_passthrough *pt);
void pt_part(struct i2cpt_passthrough *pt);

/* message-read.c: the reading half of message mode */
enum pt_next pt_read_start(struct i2cpt_passthrough *pt, bool joined);
enum pt_next pt_read_byte(struct i2cpt_passthrough *pt);
enum pt_next pt_read_done(struct i2cpt_passthrough *pt, int result);
void pt_read_end(struct i2cpt_passthrough *pt);
/* nack() has come before the first byte. */
void pt_read_one(struct i2cpt_passthrough *pt);

/* message-transfers.c. A job is what `message.sent` holds (perhaps nothing),
 * then what the job reads. */
enum pt_next pt_send(struct i2cpt_passthrough *pt, enum pt_job job);
/* The job's transfer, now or again. */
enum pt_next pt_transmit(struct i2cpt_passthrough *pt);
/* A probe, with the wire in `state`; `again`: it repeats the one before. */
enum pt_next pt_probe(struct i2cpt_passthrough *pt, uint16_t addr,
                      enum pt_wire state, bool again);
/* Whether there is time for another try; then a pause must follow. */
bool pt_may_retry(struct i2cpt_passthrough *pt);

/*
 * -------------------------------------- whole.c; with the lock not held, for
 * services/whole-smbus.c
 */

/* A transaction that comes as a whole, to the guest's `address`: what is open
 * ends, what is posted goes out. The wire's address, or a negative errno. */
int pt_whole_begin(struct i2cpt_passthrough *pt, uint16_t address,
                   uint16_t *host, struct i2cpt_fault *fault);
/* readonly=on: it was not sent; `byte` is a pointer for a read, or lost. */
void pt_whole_held(struct i2cpt_passthrough *pt, bool is_pointer, uint8_t byte);
/* Such a pointer, or one that came in bytes, where there is one for this read:
 * its length, else 0; it is taken. */
uint32_t pt_whole_pointer(struct i2cpt_passthrough *pt,
                          uint8_t bytes[PT_POINTER_MAX]);
/* It was sent: `ret` bytes came back, or a negative errno. */
void pt_whole_sent(struct i2cpt_passthrough *pt, int ret, uint32_t written,
                   const struct i2cpt_fault *fault);

/* For tests: what waits between two tries of a busy target. */
void pt_set_pause(struct i2cpt_passthrough *pt,
                  void (*pause)(void *user, uint64_t ns), void *user);

#endif
