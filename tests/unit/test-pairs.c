/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each pair of public calls on one adapter, or on a passthrough of it, from two
 * threads at once; under TSan and ASan a race or a use after free fails. What
 * must hold besides: every request is told its end once, a guest reads what the
 * chip has, a kept request can be waited for beside any dispatcher.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include <stdio.h>
#include <string.h>

#include "gate.h"
#include "i2cpt-lines.h"
#include "unit.h"

#define ROUNDS 40

struct shared {
    struct i2cpt_adapter *adapter;
    struct i2cpt_passthrough *pt; /* with a complete hook */
    struct i2cpt_passthrough *blocking;
    const char *spec;
    atomic_uint submitted, done, events;
};

static void count_done(struct i2cpt_request *request, int result,
                       const struct i2cpt_fault *fault, void *user)
{
    struct shared *s = user;

    ck_assert(result == 0 || result == -ECANCELED || result == -ETIMEDOUT);
    atomic_fetch_add(&s->done, 1);
}

/* ------------------------------------------------------- calls on adapters */

struct read_2 {
    uint8_t pointer, data[2];
    struct i2cpt_msg msgs[2];
};

static void read_2_init(struct read_2 *r)
{
    *r = (struct read_2){0};
    r->msgs[0] = (struct i2cpt_msg){.addr = 0x48, .len = 1, .buf = &r->pointer};
    r->msgs[1] = (struct i2cpt_msg){
        .addr = 0x48, .flags = I2CPT_M_RD, .len = 2, .buf = r->data};
}

static void do_dispatch(struct shared *s)
{
    ck_assert_int_ge(i2cpt_dispatch(s->adapter), 0);
}

static void do_transfer(struct shared *s)
{
    struct read_2 r;

    read_2_init(&r);
    ck_assert_int_eq(i2cpt_transfer(s->adapter, r.msgs, 2, NULL), 0);
    ck_assert_uint_eq(r.data[1], 0);
}

static void do_smbus(struct shared *s)
{
    ck_assert_int_eq(i2cpt_smbus_read_word_data(s->adapter, 0x48, 0, 0, NULL),
                     0);
}

static void do_look(struct shared *s)
{
    ck_assert_int_ge(i2cpt_adapter_fd(s->adapter), 0);
    ck_assert_uint_ne(i2cpt_adapter_functionality(s->adapter), 0);
    ck_assert_ptr_eq(i2cpt_adapter_ref(s->adapter), s->adapter);
    i2cpt_adapter_unref(s->adapter);
}

static void do_open(struct shared *s)
{
    struct i2cpt_adapter *a;

    ck_assert_int_eq(i2cpt_adapter_open(s->spec, &a, NULL), 0);
    i2cpt_adapter_unref(a);
}

/* The handle outlives done(), so waiting is safe beside a dispatcher. */
static void do_kept(struct shared *s)
{
    struct i2cpt_request *request;
    struct read_2 r;

    read_2_init(&r);
    atomic_fetch_add(&s->submitted, 1);
    ck_assert_int_eq(i2cpt_submit_kept(s->adapter, r.msgs, 2, 60000, count_done,
                                       s, &request),
                     0);
    ck_assert_int_eq(i2cpt_request_wait(request, 60000000), 0);
    ck_assert_int_eq(i2cpt_request_wait(request, 0), 0);
    ck_assert_int_eq(i2cpt_request_cancel(request), -EALREADY);
    ck_assert_uint_eq(r.msgs[1].actual, 2);
    i2cpt_request_free(request);
}

static void do_cancel(struct shared *s)
{
    struct i2cpt_request *request;
    struct read_2 r;
    int ret;

    read_2_init(&r);
    atomic_fetch_add(&s->submitted, 1);
    ck_assert_int_eq(i2cpt_submit_kept(s->adapter, r.msgs, 2, 60000, count_done,
                                       s, &request),
                     0);
    ret = i2cpt_request_cancel(request);
    ck_assert(ret == 0 || ret == -EALREADY);
    ck_assert_int_eq(i2cpt_request_wait(request, 60000000), 0);
    i2cpt_request_free(request);
}

/* Given up at once: done() is called all the same, by whoever comes. */
static void do_free_early(struct shared *s)
{
    struct i2cpt_request *request;
    static struct read_2 r[2]; /* one per thread at most: see below */
    static atomic_uint next;
    static _Thread_local unsigned mine;

    mine = mine ? mine : 1 + (atomic_fetch_add(&next, 1) & 1);
    read_2_init(&r[mine - 1]);
    atomic_fetch_add(&s->submitted, 1);
    ck_assert_int_eq(i2cpt_submit_kept(s->adapter, r[mine - 1].msgs, 2, 60000,
                                       count_done, s, &request),
                     0);
    i2cpt_request_free(request);
    while (atomic_load(&s->done) < atomic_load(&s->submitted)) {
        i2cpt_dispatch(s->adapter);
    }
}

static void changed(struct i2cpt_adapter *a, unsigned line, int level,
                    uint64_t stamp_ns, void *user)
{
    struct shared *s = user;

    ck_assert_uint_eq(line, 0);
    atomic_fetch_add(&s->events, 1);
}

/* Watching begins and ends beside whoever dispatches. */
static void do_watch(struct shared *s)
{
    int ret = i2cpt_adapter_watch_lines(s->adapter, changed, s);

    ck_assert_int_eq(ret, i2cpt_adapter_lines(s->adapter) ? 0 : -EOPNOTSUPP);
    if (!ret) {
        i2cpt_dispatch(s->adapter);
        ck_assert_int_eq(i2cpt_adapter_watch_lines(s->adapter, NULL, NULL), 0);
    }
}

/* What the line follows is read, so that it changes again. */
static void do_serve(struct shared *s)
{
    ck_assert_int_ge(
        i2cpt_smbus_read_byte_data(s->adapter, 0x48, 0, 0x10, NULL), 0);
    if (i2cpt_adapter_lines(s->adapter)) {
        ck_assert_int_ge(i2cpt_adapter_line_level(s->adapter, 0), 0);
    }
}

/* ----------------------------------------------------- calls on passthroughs
 */

static void told(void *user, int answer, uint8_t byte)
{
    struct shared *s = user;

    atomic_fetch_add(&s->events, 1);
}

static void pt_dispatch(struct shared *s)
{
    ck_assert_int_ge(i2cpt_passthrough_dispatch(s->pt), 0);
}

static void pt_wait(struct shared *s)
{
    int ret = i2cpt_passthrough_wait(s->pt, 50);

    ck_assert(ret == 0 || ret == -ETIMEDOUT);
}

static void pt_reset(struct shared *s)
{
    i2cpt_passthrough_reset(s->pt);
}

static void pt_timer(struct shared *s)
{
    i2cpt_passthrough_timer(s->pt);
    i2cpt_passthrough_timer(s->blocking);
}

static void pt_look(struct shared *s)
{
    struct i2cpt_fault fault;

    i2cpt_passthrough_fault(s->pt, &fault);
    i2cpt_passthrough_fault(s->blocking, &fault);
    i2cpt_passthrough_counter(s->pt, 0);
    ck_assert_int_ge(i2cpt_passthrough_fd(s->pt), 0);
}

static void pt_drain(struct shared *s)
{
    i2cpt_passthrough_drain(s->pt);
}

/* The guest of `pt`: its events come from one thread; a reset in another one
 * may take the answer away. */
static void settle(struct shared *s, int answer)
{
    ck_assert(answer == I2CPT_PENDING || answer == I2CPT_ACK ||
              answer == I2CPT_NACK || answer == -EBUSY || answer == -EINVAL);
    if (answer == I2CPT_PENDING) {
        i2cpt_passthrough_wait(s->pt, 60000000);
    }
}

static void pt_guest(struct shared *s)
{
    uint8_t byte;

    settle(s, i2cpt_passthrough_start(s->pt, 0x48, 0, 0));
    /* those behind the first may be moved without the lock */
    for (int i = 0; i < 8; i++) {
        settle(s, i2cpt_passthrough_write(s->pt, 0));
    }
    settle(s, i2cpt_passthrough_start(s->pt, 0x48, I2CPT_M_RD, 8));
    for (int i = 0; i < 8; i++) {
        settle(s, i2cpt_passthrough_read(s->pt, &byte));
    }
    i2cpt_passthrough_nack(s->pt);
    settle(s, i2cpt_passthrough_stop(s->pt));
}

/* The guest of `blocking`, whose writes are posted. */
static void blocking_guest(struct shared *s)
{
    uint8_t byte;

    ck_assert_int_eq(i2cpt_passthrough_start(s->blocking, 0x48, 0, 0),
                     I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_write(s->blocking, 0), I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_write(s->blocking, 0), I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_stop(s->blocking), I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_start(s->blocking, 0x48, I2CPT_M_RD, 1),
                     I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_read(s->blocking, &byte), I2CPT_ACK);
    i2cpt_passthrough_nack(s->blocking);
    ck_assert_int_eq(i2cpt_passthrough_stop(s->blocking), I2CPT_ACK);
}

/* ------------------------------------------------------------------ the table
 */

static const struct {
    const char *name;
    void (*call)(struct shared *s);
    bool once;  /* from one thread at a time */
    bool lines; /* also on an adapter that has one */
} calls[] = {
    {"dispatch", do_dispatch},
    {"transfer", do_transfer},
    {"smbus", do_smbus},
    {"look", do_look},
    {"open", do_open},
    {"submit_kept, wait", do_kept},
    {"submit_kept, cancel", do_cancel},
    {"submit_kept, free", do_free_early},
    {"watch lines", do_watch, true, true},
    {"serve a line", do_serve, false, true},
    {"passthrough dispatch", pt_dispatch},
    {"passthrough wait", pt_wait},
    {"passthrough reset", pt_reset},
    {"passthrough timer", pt_timer},
    {"passthrough look", pt_look},
    {"passthrough drain", pt_drain},
    {"passthrough events", pt_guest, true},
    {"blocking passthrough's events", blocking_guest, true},
};
#define CALLS ((int)(sizeof(calls) / sizeof(calls[0])))

static char with_line[4200]; /* main() fills it in */

static const char *const specs[] = {
    "stub,chips=0x48,name=pairs,timeout-ms=60000",
    "stub,chips=0x48,name=pairs,timeout-ms=60000,byte-us=20",
    with_line,
};

struct side {
    struct shared *shared;
    void (*call)(struct shared *s);
    pthread_barrier_t *start;
};

static void *side_main(void *arg)
{
    struct side *side = arg;

    pthread_barrier_wait(side->start);
    for (int i = 0; i < ROUNDS; i++) {
        side->call(side->shared);
    }
    return NULL;
}

static struct i2cpt_passthrough *make(struct shared *s,
                                      const struct i2cpt_hooks *hooks,
                                      const char *posted)
{
    struct i2cpt_passthrough *pt;
    struct i2cpt_policy *policy;

    i2cpt_policy_new(&policy);
    i2cpt_policy_set(policy, "address", "0x48", NULL);
    i2cpt_policy_set(policy, "transfer", "message", NULL);
    i2cpt_policy_set(policy, "posted-writes", posted, NULL);
    ck_assert_int_eq(
        i2cpt_passthrough_new(s->adapter, policy, hooks, &pt, NULL), 0);
    i2cpt_policy_free(policy);
    return pt;
}

static void run_pair(const char *spec, int a, int b)
{
    struct shared s = {.spec = spec};
    struct i2cpt_hooks hooks = {
        .size = sizeof(hooks), .user = &s, .complete = told};
    pthread_barrier_t start;
    struct side sides[] = {{&s, calls[a].call, &start},
                           {&s, calls[b].call, &start}};
    pthread_t threads[2];

    ck_assert_int_eq(i2cpt_adapter_open(spec, &s.adapter, NULL), 0);
    s.pt = make(&s, &hooks, "off");
    s.blocking = make(&s, NULL, "on");
    pthread_barrier_init(&start, NULL, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, side_main, &sides[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&start);
    i2cpt_passthrough_free(s.pt);
    i2cpt_passthrough_free(s.blocking);
    while (atomic_load(&s.done) < atomic_load(&s.submitted)) {
        i2cpt_dispatch(s.adapter);
    }
    i2cpt_adapter_unref(s.adapter);
    ck_assert_msg(atomic_load(&s.done) == atomic_load(&s.submitted),
                  "%s beside %s: told %u of %u", calls[a].name, calls[b].name,
                  atomic_load(&s.done), atomic_load(&s.submitted));
}

START_TEST(pairs)
{
    int a = _i / CALLS, b = _i % CALLS;

    if (b < a || (a == b && calls[a].once)) {
        return;
    }
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        if (specs[i] != with_line || calls[a].lines || calls[b].lines) {
            run_pair(specs[i], a, b);
        }
    }
}
END_TEST

/* ------------------------------------------------- one rule after the other */

struct inner {
    struct i2cpt_request *request;
    int waited, cancelled;
};

static void wait_inside(struct i2cpt_request *request, int result,
                        const struct i2cpt_fault *fault, void *user)
{
    struct inner *inner = user;

    inner->waited = i2cpt_request_wait(inner->request, 0);
    inner->cancelled = i2cpt_request_cancel(inner->request);
}

START_TEST(a_wait_inside_its_own_done)
{
    struct i2cpt_adapter *a;
    struct inner inner;
    struct read_2 r;

    read_2_init(&r);
    ck_assert_int_eq(i2cpt_adapter_open(specs[_i], &a, NULL), 0);
    ck_assert_int_eq(
        i2cpt_submit_kept(a, r.msgs, 2, 0, wait_inside, &inner, &inner.request),
        0);
    ck_assert_int_eq(i2cpt_request_wait(inner.request, 60000000), 0);
    ck_assert_int_eq(inner.waited, -EDEADLK);
    ck_assert_int_eq(inner.cancelled, -EALREADY);
    i2cpt_request_free(inner.request);
    i2cpt_adapter_unref(a);
}
END_TEST

static void free_inside(struct i2cpt_request *request, int result,
                        const struct i2cpt_fault *fault, void *user)
{
    i2cpt_request_free(request);
}

START_TEST(a_kept_one_is_freed_in_its_done)
{
    struct i2cpt_request *request;
    struct i2cpt_adapter *a;
    struct read_2 r;

    read_2_init(&r);
    ck_assert_int_eq(i2cpt_adapter_open(specs[0], &a, NULL), 0);
    ck_assert_int_eq(
        i2cpt_submit_kept(a, r.msgs, 2, 0, free_inside, NULL, &request), 0);
    i2cpt_adapter_unref(a); /* the request keeps it */
    ck_assert_int_eq(i2cpt_dispatch(a), 1);
}
END_TEST

/* Until it is this thread's turn. */
static void *wait_long(void *arg)
{
    int ret;

    do {
        ret = i2cpt_request_wait(arg, 60000000);
    } while (ret == -EBUSY);
    return (void *)(intptr_t)ret;
}

/* A second wait is refused while the first one has it, and a dispatcher leaves
 * it alone. */
START_TEST(a_claimed_one_is_nobody_elses)
{
    struct i2cpt_request *request;
    struct i2cpt_adapter *a;
    struct shared s = {0};
    struct read_2 r;
    pthread_t thread;
    void *ret;

    gate_install(GATE_OUTLIVES);
    gate_hold(true);
    read_2_init(&r);
    ck_assert_int_eq(
        i2cpt_adapter_open("gate,id=claim,timeout-ms=60000", &a, NULL), 0);
    ck_assert_int_eq(
        i2cpt_submit_kept(a, r.msgs, 2, 0, count_done, &s, &request), 0);
    gate_wait_entered(1);
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_long, request), 0);
    while (i2cpt_request_wait(request, 0) != -EBUSY) {
        sched_yield();
    }
    ck_assert_int_eq(i2cpt_dispatch(a), 0);
    gate_hold(false);
    gate_open(1);
    while (!atomic_load(&s.done)) {
        ck_assert_int_eq(i2cpt_dispatch(a), 0);
    }
    pthread_join(thread, &ret);
    ck_assert_int_eq((int)(intptr_t)ret, 0);
    ck_assert_int_eq(i2cpt_request_wait(request, 0), 0);
    i2cpt_request_free(request);
    i2cpt_adapter_unref(a);
}
END_TEST

/* What a passthrough has submitted, its embedder's dispatch does not take. */
START_TEST(a_passthroughs_requests_are_its_own)
{
    struct shared s = {0};
    struct i2cpt_hooks hooks = {
        .size = sizeof(hooks), .user = &s, .complete = told};

    gate_install(GATE_OUTLIVES);
    ck_assert_int_eq(
        i2cpt_adapter_open("gate,id=own,timeout-ms=60000", &s.adapter, NULL),
        0);
    s.pt = make(&s, &hooks, "off");
    ck_assert_int_eq(i2cpt_passthrough_start(s.pt, 0x48, I2CPT_M_RD, 1),
                     I2CPT_PENDING);
    gate_wait_entered(1);
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(i2cpt_dispatch(s.adapter), 0);
    }
    ck_assert_uint_eq(atomic_load(&s.events), 0);
    ck_assert_int_eq(i2cpt_passthrough_wait(s.pt, 60000000), 0);
    ck_assert_uint_eq(atomic_load(&s.events), 1);
    i2cpt_passthrough_free(s.pt);
    i2cpt_adapter_unref(s.adapter);
}
END_TEST

/* complete() is in another thread while the passthrough is freed: free()
 * returns after it. */
struct late {
    struct i2cpt_passthrough *pt;
    atomic_bool entered, freeing, left;
};

static void look_late(void *user, int answer, uint8_t byte)
{
    struct late *late = user;

    atomic_store(&late->entered, true);
    while (!atomic_load(&late->freeing)) {
        sched_yield();
    }
    for (int i = 0; i < 2000; i++) {
        sched_yield();
        i2cpt_passthrough_counter(late->pt, 0);
    }
    atomic_store(&late->left, true);
}

static void *dispatch_late(void *arg)
{
    struct late *late = arg;

    while (!atomic_load(&late->entered)) {
        i2cpt_passthrough_dispatch(late->pt);
    }
    return NULL;
}

START_TEST(free_waits_for_a_dispatch)
{
    struct late late = {0};
    struct i2cpt_hooks hooks = {
        .size = sizeof(hooks), .user = &late, .complete = look_late};
    struct shared s = {0};
    pthread_t thread;

    gate_install(GATE_OUTLIVES);
    ck_assert_int_eq(
        i2cpt_adapter_open("gate,id=late,timeout-ms=60000", &s.adapter, NULL),
        0);
    late.pt = make(&s, &hooks, "off");
    ck_assert_int_eq(i2cpt_passthrough_start(late.pt, 0x48, I2CPT_M_RD, 1),
                     I2CPT_PENDING);
    ck_assert_int_eq(pthread_create(&thread, NULL, dispatch_late, &late), 0);
    while (!atomic_load(&late.entered)) {
        sched_yield();
    }
    atomic_store(&late.freeing, true);
    i2cpt_passthrough_free(late.pt);
    ck_assert(atomic_load(&late.left));
    pthread_join(thread, NULL);
    i2cpt_adapter_unref(s.adapter);
}
END_TEST

/* Check's asserts are for cases alone. */
static int write_chips(char *path)
{
    static const char chips[] = "chip 0x48 registers\n"
                                "line int when=changed reg=0x10 every-us=50\n";
    int fd = mkstemp(path);

    if (fd < 0 || write(fd, chips, strlen(chips)) != (ssize_t)strlen(chips)) {
        perror(path);
        return EXIT_FAILURE;
    }
    close(fd);
    snprintf(with_line, sizeof(with_line),
             "stub,name=pairs,timeout-ms=60000,load=%s", path);
    return 0;
}

int main(void)
{
    Suite *suite = suite_create("pairs");
    TCase *tc = tcase_create("pairs");
    char path[] = "pairs-XXXXXX";
    int failed;

    if (write_chips(path)) {
        return EXIT_FAILURE;
    }
    tcase_add_loop_test(tc, pairs, 0, CALLS * CALLS);
    tcase_add_loop_test(tc, a_wait_inside_its_own_done, 0, 2);
    tcase_add_test(tc, a_kept_one_is_freed_in_its_done);
    tcase_add_test(tc, a_claimed_one_is_nobody_elses);
    tcase_add_test(tc, a_passthroughs_requests_are_its_own);
    tcase_add_test(tc, free_waits_for_a_dispatch);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    failed = unit_run(suite);
    unlink(path);
    return failed;
}
