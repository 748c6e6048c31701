/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stream mode: every event as it is, readonly=on, and guests gone quiet;
 * lib/passthrough/stream-mode.c and the timers of passthrough/engine.c. */
#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <unistd.h>

#include "pt-table.h"

#define S "transfer=stream"

static const struct pt_row events[] = {
    {"a write", S, "W48 10 20 P", "AAAA", "S48w b10 b20 P",
     "transactions=1 transfers=1 bytes-written=2"},
    {"a read", S, "R48 r3 P", "A a0a1a2 A", "S48r r r r P",
     "bytes-read=3 over-read=0"},
    {"write and read", S, "W48 10 R48 r2 P", "AAA a0a1 A",
     "S48w b10 S48r r r P", "transactions=1 transfers=1"},
    {"repeated START to another address", S, "W48 10 R49 r P", "AAA a0 A",
     "S48w b10 S49r r P", NULL},
    {"one behind another", S, "W48 P R49 r P", "AA A a0 A", "S48w P S49r r P",
     "transactions=2 transfers=2"},
    {"quick write", S, "W48 P", "AA", "S48w P", NULL},
    {"quick read", S, "R48 P", "AA", "S48r P", NULL},
    {"never a probe, never a retry", S, "!x W48 P W48 10 P", "NA AAA",
     "S48w!x P S48w b10 P", "probes=0 nacks=1"},
    {"NACK at the address", S, "!x W48 10 20 P", "NNNA", "S48w!x P",
     "nacks=3 late-faults=0"},
    {"NACK at byte 1", S, "!ood W48 10 20 30 P", "AANNA", "S48w b10 b20!d P",
     "nacks=2 bytes-written=1 host-errors=0"},
    {"a repeated START after that", S, "!od W48 10 W48 20 P", "AN AAA",
     "S48w b10!d S48w b20 P", NULL},
    {"refused read", S, "!x R48 r2 P", "N ---- A", "S48r!x P", NULL},
    {"a read that fails", S, "!oot R48 r3 P R48 r P", "A a0---- A A a0 A",
     "S48r r r!t P S48r r P", "timeouts=1 nacks=2"},
    {"nack ends a read", S, "R48 r n r P", "A a0-- A", "S48r r P", NULL},
    {"nack before the first byte: that one alone", S, "R48 n r r n r P",
     "A a0---- A", "S48r r P", NULL},
    {"nack and no byte", S, "R48 n P R48 r r P", "A A A a0a1 A",
     "S48r P S48r r r P", NULL},
    {"nack is for that read alone", S, "R48 n r R48 r r P", "A a0 A a0a1 A",
     "S48r r S48r r r P", NULL},
    {"STOP without a transaction", S, "P n P W48 10 P P", "AA AA AA",
     "S48w b10 P", "transactions=1 transfers=1"},
    {"a START to somebody else is a STOP", S, "W48 10 W33 20 r P W48 P",
     "AA E E E A AA", "S48w b10 P S48w P", "transactions=2"},
    {"its fault is told at the next START there", S,
     "!oot W48 10 W33 W49 P "
     "W48 P W48 P",
     "AA E AA NA AA", "S48w b10 P!t S49w P S48w P", "late-faults=1"},
    {"it differs from the trace", S, "!om W48 10 20 P", "ANN A", "S48w b10!m P",
     "mismatches=1 host-errors=0"},
    {"STOP fails: told at the next START", S, "!oot W48 10 P W49 P W48 P W48 P",
     "AAA AA NA AA", "S48w b10 P!t S49w P S48w P",
     "late-faults=1 timeouts=1 host-errors=1", BLOCKING},
    {"STOP fails: told there", S, "!oot W48 10 P W48 P", "AAN AA",
     "S48w b10 P!t S48w P", "late-faults=1", ASYNC},
    {"reset is a STOP", S, "W48 10 Z W48 20 P", "AA AAA",
     "S48w b10 P S48w b20 P", "transactions=2 transfers=2"},
    {"drain is a STOP", S, "W48 10 D 20 P W48 P", "AA N A AA",
     "S48w b10 P flush S48w P", NULL},
    {"auto is stream where it can", "transfer=auto", "W48 10 P", "AAA",
     "S48w b10 P", NULL},
    {"auto is message where it cannot", "transfer=auto,probe=off", "W48 10 P",
     "AAA", "w48:10", NULL, .config = {.no_stream = true}},
    {"the host's address", S ",address=0x10,hostaddr=0x48", "W10 7 R10 r P",
     "AAAa0A", "S48w b07 S48r r P", NULL},
    {"posted writes: STOP does not wait", S ",posted-writes=on",
     "W48 10 P W49 20 P", "AAA AAA", "S48w b10 P S49w b20 P", NULL},
    {"posted: its fault is told at the next START there", S ",posted-writes=on",
     "!oot W48 10 P W49 20 P W48 P", "AAA AAA NA", "S48w b10 P!t S49w b20 P",
     "late-faults=1"},
};
PT_ROWS_TEST(event_row, events)

#define RO S ",readonly=on"

static const struct pt_row readonlys[] = {
    {"the pointer goes out with its read", RO, "W48 10 R48 r2 P", "AAA a0a1 A",
     "S48w b10 S48r r r P", "blocked=0"},
    {"also after a STOP", RO, "W48 10 20 P R48 r P", "AAAA A a0 A",
     "S48w b10 b20 S48r r P", "blocked=0 transfers=1"},
    {"not by itself", RO, "W48 10 P W48 11 P R49 r P", "AAA AAA A a0 A",
     "S49r r P", "blocked=2"},
    {"a longer write never", RO, "W48 10 11 12 13 P R48 r P", "AAANNA A a0 A",
     "S48r r P", "blocked=1"},
    {"quick writes never", RO, "W48 P", "AA", "", "blocked=1"},
    {"plain reads do", RO, "R48 r P", "A a0 A", "S48r r P", NULL},
    {"absent: told at the read's START", RO, "!x W48 10 R48 r P", "AAN -- A",
     "S48w!x P", "nacks=2"},
    {"pointer refused: what a STOP ends is a read all the same", RO,
     "!od W48 10 R48 r P", "AAN -- A", "S48w b10!d S48r r P", NULL},
    {"its second byte", RO, "!ood W48 10 20 R48 r P", "AAAN -- A",
     "S48w b10 b20!d S48r r P", NULL},
    {"and the read is refused too", RO, "!ody W48 10 R48 r P", "AAN -- A",
     "S48w b10!d S48r!y P", NULL},
    {"within a transaction", RO, "R48 r W48 10 R48 r P", "A a0 AAA a0 A",
     "S48r r S48w b10 S48r r P", "transfers=1"},
    {"read refused", RO, "!ooy W48 10 R48 r P", "AAN -- A", "S48w b10 S48r!y P",
     NULL},
    {"the next one is no pointer of that", RO, "!x W48 10 R48 r P R48 r P",
     "AAN -- A A a0 A", "S48w!x P S48r r P", NULL},
    {"reset drops it", RO, "W48 10 P Z R48 r P", "AAA A a0 A", "S48r r P",
     NULL},
};
PT_ROWS_TEST(readonly_row, readonlys)

#define H S ",hold-timeout-ms=20"
static const struct pt_row holds[] = {
    {"20 ms: STOP, then NACK and 0xff until the guest's STOP", H,
     "W48 10 +20 20 W48 R48 r P W48 30 P", "AA NNN -- A AAA",
     "S48w b10 P S48w b30 P", "hold-timeouts=1"},
    {"not before", H, "W48 10 +19 20 +19 30 P", "AAAAA", "S48w b10 b20 b30 P",
     "hold-timeouts=0"},
    {"hold-timeout-ms=N", S ",hold-timeout-ms=5", "W48 +4 10 +5 20 P", "AANA",
     "S48w b10 P", "hold-timeouts=1"},
    {"in a read", H, "R48 r +20 r P", "A a0 -- A", "S48r r P",
     "hold-timeouts=1"},
    {"after a NACK", H, "!x W48 +20 P W48 P", "NA AA", "S48w!x P S48w P",
     "hold-timeouts=1"},
    {"not when idle", H, "W48 10 P +100 W48 20 P", "AAA AAA",
     "S48w b10 P S48w b20 P", "hold-timeouts=0"},
    {"not in message mode", "probe=off", "W48 10 +100 20 P", "AAAA", "w48:1020",
     "hold-timeouts=0"},
    {"nothing is held by a held pointer", RO, "W48 10 +100 R48 r P", "AAA a0 A",
     "S48w b10 S48r r P", "hold-timeouts=0"},
    {"once in a transaction", H, "W48 +20 +20 +20 P W48 +20 P", "AA AA",
     "S48w P S48w P", "hold-timeouts=2 transfers=2"},
    {"once, whatever the guest goes on with", H, "W48 +20 10 +20 20 +20 P",
     "ANNA", "S48w P", "hold-timeouts=1"},
    {"reset then", H, "W48 +20 Z W48 10 P", "A AAA", "S48w P S48w b10 P",
     "transfers=2"},
    {"a START to somebody else then", H, "W48 +20 W33 10 P W48 P", "A EE A AA",
     "S48w P S48w P", NULL},
    {"drain then", H, "W48 +20 D 10 P W48 P", "A NA AA", "S48w P flush S48w P",
     NULL},
};
PT_ROWS_TEST(hold_row, holds)

/*
 * readonly=on, and the guest's transaction ends behind each call that its
 * pointer and read are made of, in each way in which it can: whatever goes out,
 * bytes of the pointer are followed by a repeated START for reading.
 */
static void end_reset(void *user)
{
    i2cpt_passthrough_reset(((struct fake_guest *)user)->pt);
}

static void end_deadline(void *user)
{
    struct fake_guest *g = user;

    while (i2cpt_passthrough_wait(g->pt, 1000000) == -ETIMEDOUT) {
    }
}

static void end_quiet(void *user)
{
    struct fake_guest *g = user;

    g->now_ns += 1000 * PT_NS_PER_MS;
    i2cpt_passthrough_timer(g->pt);
}

static void (*const endings[])(void *user) = {end_reset, end_deadline,
                                              end_quiet};

static void check_pointers(const char *log)
{
    g_auto(GStrv) words = g_strsplit(log, " ", 0);
    bool open = false;
    int i;

    for (i = 0; words[i]; i++) {
        if (words[i][0] == 'b') {
            open = true;
        } else if (g_str_has_prefix(words[i], "S48r")) {
            open = false;
        }
        ck_assert_msg(!open || words[i][0] == 'b', "%s", log);
    }
    ck_assert_msg(!open, "%s", log);
}

/* Behind everything that is on its way, the STOP too. */
static void wait_for_bus(struct fake_guest *g)
{
    struct i2cpt_msg msg = {.addr = 0x20};

    while (i2cpt_transfer(g->adapter, &msg, 1, NULL)) {
        usleep(100);
    }
}

START_TEST(nothing_ends_a_pointer)
{
    static const char *const scripts[] = {"", "!od", "!ood", "!ooo"};
    enum { CALLS = 6 };
    size_t ending = (size_t)_i / CALLS % G_N_ELEMENTS(endings);
    int call = _i % CALLS;
    bool blocking = endings[ending] == end_quiet;
    struct fake_config config = {0};
    struct fake_guest g;
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(scripts); i++) {
        pt_guest_open_config(&g, blocking ? FORM_BLOCKING : FORM_WORKER,
                             &config, "fake,timeout-ms=20",
                             RO ",hold-timeout-ms=20");
        g.threads = true;
        pt_guest_run(&g, "W48 10 aa");
        fake_then(call, endings[ending], &g);
        if (scripts[i][0]) {
            fake_script(scripts[i] + 1);
        }
        i2cpt_passthrough_start(g.pt, 0x48, I2CPT_M_RD, 0);
        i2cpt_passthrough_wait(g.pt, 10000000);
        i2cpt_passthrough_stop(g.pt);
        i2cpt_passthrough_wait(g.pt, 10000000);
        wait_for_bus(&g);
        pt_guest_close(&g);
        check_pointers(fake_log());
        ck_assert_msg(!strstr(fake_log(), "S48") || strstr(fake_log(), " P "),
                      "%s", fake_log());
    }
}
END_TEST

/* The same where a byte takes longer than the deadline: the cell that a STOP
 * behind the pointer would write is what it was. */
START_TEST(slow_pointer)
{
    static const char chips[] = "chip 0x50 eeprom size=256 page=8\n"
                                "delay byte-us=3000\n";
    char path[] = "/tmp/i2cpt-XXXXXX", spec[80];
    int fd = g_mkstemp(path);
    struct i2cpt_adapter *a;
    struct fake_guest g;

    close(fd);
    ck_assert(g_file_set_contents(path, chips, -1, NULL));
    snprintf(spec, sizeof(spec), "stub,name=slow,load=%s,timeout-ms=4", path);
    pt_guest_open_spec(&g, _i ? FORM_WORKER : FORM_BLOCKING, spec, RO);
    pt_guest_run(&g, "W50 10 aa");
    i2cpt_passthrough_start(g.pt, 0x50, I2CPT_M_RD, 0);
    i2cpt_passthrough_wait(g.pt, 10000000);
    i2cpt_passthrough_stop(g.pt);
    i2cpt_passthrough_wait(g.pt, 10000000);
    a = g.adapter;
    do { /* bounded by the same 4 ms, so what is read is the chip's bytes */
        struct i2cpt_call call = {.op = I2CPT_OP_SMBUS,
                                  .deadline_ns = UINT64_MAX / 2,
                                  .smbus = &(struct i2cpt_smbus_call){
                                      .addr = 0x50,
                                      .read = 1,
                                      .protocol = I2CPT_SMBUS_BYTE_DATA,
                                      .command = 0x10}};
        int ret = bus_call_run(a, &call, NULL);

        if (!ret) {
            ck_assert_uint_eq(call.smbus->block[0], 0xff);
            break;
        }
    } while (true);
    pt_guest_close(&g);
    g_unlink(path);
}
END_TEST

/* A call on the bus that is not back until the test lets it go; one that the
 * test's own thread makes would never be. */
struct hang {
    pthread_t test;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool over, in_test;
};

static void hang(void *user)
{
    struct hang *h = user;

    if (pthread_equal(h->test, pthread_self())) {
        h->in_test = true;
        return;
    }
    pthread_mutex_lock(&h->lock);
    while (!h->over) {
        pthread_cond_wait(&h->changed, &h->lock);
    }
    pthread_mutex_unlock(&h->lock);
}

static void hang_at(struct hang *h, int call)
{
    memset(h, 0, sizeof(*h));
    h->test = pthread_self();
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, NULL);
    fake_then(call, hang, h);
}

static void let_go(struct hang *h)
{
    pthread_mutex_lock(&h->lock);
    h->over = true;
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

/* A posted STOP that hangs is given up by the next START at that one's
 * deadline, which the test makes the nearer one; and the wire is the guest's no
 * more: there is nothing to hold, or to release. */
START_TEST(a_stop_that_was_given_up)
{
    struct fake_config config = {0};
    struct fake_guest g;
    struct hang h;

    pt_guest_open(&g, FORM_BLOCKING, &config,
                  S ",posted-writes=on,hold-timeout-ms=20");
    hang_at(&h, 2);
    pt_guest_run(&g, "W48 10 P");
    g.pt->timeout_ns = 30 * PT_NS_PER_MS;
    pt_guest_run(&g, "W48 +100 P");
    ck_assert_str_eq(g.answers, "AAANA");
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_HOLD_TIMEOUTS), 0);
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_TIMEOUTS), 1);
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_LATE_FAULTS), 0);
    let_go(&h);
    pt_guest_close(&g);
    ck_assert_ptr_eq(strstr(fake_log(), "P"), strrchr(fake_log(), 'P'));
}
END_TEST

/* A STOP without a transaction leaves a posted one alone: its end is taken in,
 * and its fault told. */
START_TEST(a_stop_behind_a_posted_one)
{
    struct fake_config config = {0};
    struct fake_guest g;
    struct hang h;

    pt_guest_open(&g, _i, &config, S ",posted-writes=on");
    hang_at(&h, 2);
    pt_guest_run(&g, "!oot W48 10 P P");
    let_go(&h);
    pt_guest_run(&g, "W49 P W48 P W48 P");
    ck_assert_str_eq(g.answers, "AAAAAANAAA");
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_LATE_FAULTS), 1);
    pt_guest_close(&g);
}
END_TEST

/* Whoever frees it with an event pending is told its end, once: how it went, or
 * where that is not known by the deadline, NACK. */
START_TEST(freed_with_an_event_pending)
{
    struct fake_config config = {0};
    struct fake_guest g;
    struct hang h;

    pt_guest_open_config(&g, FORM_WORKER, &config,
                         _i ? "fake,timeout-ms=30" : "fake,timeout-ms=60000",
                         S);
    hang_at(&h, 0);
    ck_assert_int_eq(i2cpt_passthrough_start(g.pt, 0x48, 0, 0), I2CPT_PENDING);
    if (!_i) {
        let_go(&h);
    }
    i2cpt_passthrough_free(g.pt);
    ck_assert_int_eq(g.completions, 1);
    ck_assert_int_eq(g.answer, _i ? I2CPT_NACK : I2CPT_ACK);
    let_go(&h);
    i2cpt_adapter_unref(g.adapter);
}
END_TEST

/*
 * An embedder that can wait does not wait for a STOP of ours: not the timer
 * that sends it, nor what comes behind. It is taken in when it has ended, or
 * nobody's after a reset.
 */
static void taken_in_by_dispatch(struct fake_guest *g, struct hang *h)
{
    struct pollfd p = {i2cpt_passthrough_fd(g->pt), POLLIN, 0};

    let_go(h);
    while (g->pt->stop_request) {
        ck_assert_int_eq(poll(&p, 1, 20000), 1);
        i2cpt_passthrough_dispatch(g->pt);
    }
    pt_guest_run(g, "P");
}

static void taken_in_by_the_wait_for_a_start(struct fake_guest *g,
                                             struct hang *h)
{
    pt_guest_run(g, "P");
    ck_assert_int_eq(i2cpt_passthrough_start(g->pt, 0x49, 0, 0), I2CPT_PENDING);
    let_go(h);
    ck_assert_int_eq(i2cpt_passthrough_wait(g->pt, 20000000), 0);
    ck_assert_int_eq(g->answer, I2CPT_ACK);
    ck_assert_ptr_null(g->pt->stop_request);
    pt_guest_run(g, "P");
}

static void forgotten_by_reset(struct fake_guest *g, struct hang *h)
{
    i2cpt_passthrough_reset(g->pt);
    ck_assert_ptr_null(g->pt->stop_request);
    let_go(h);
    ck_assert_int_eq(i2cpt_passthrough_stop(g->pt), I2CPT_ACK);
}

static const struct {
    void (*end)(struct fake_guest *g, struct hang *h);
    const char *wire;
} stops_of_ours[] = {
    {taken_in_by_dispatch, "S48w P S48w b10 P flush"},
    {taken_in_by_the_wait_for_a_start, "S48w P S49w P S48w b10 P flush"},
    {forgotten_by_reset, "S48w P S48w b10 P flush"},
};

START_TEST(a_stop_of_ours)
{
    struct fake_config config = {0};
    struct fake_guest g;
    struct hang h;

    pt_guest_open(&g, FORM_WORKER, &config, H);
    hang_at(&h, 1);
    pt_guest_run(&g, "W48 +20");
    ck_assert(!h.in_test);
    ck_assert_ptr_nonnull(g.pt->stop_request);
    stops_of_ours[_i].end(&g, &h);
    g.answers[0] = 0;
    pt_guest_run(&g, "W48 10 P");
    ck_assert_str_eq(g.answers, "AAA");
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_HOLD_TIMEOUTS), 1);
    pt_guest_close(&g);
    ck_assert_str_eq(fake_log(), stops_of_ours[_i].wire);
}
END_TEST

/* The embedder's timer is told to forget at the end. */
START_TEST(timer_is_forgotten)
{
    struct fake_config config = {0};
    struct fake_guest g;

    pt_guest_open(&g, FORM_BLOCKING, &config, S);
    ck_assert(g.timer_ns == UINT64_MAX);
    pt_guest_run(&g, "W48");
    ck_assert_uint_eq(g.timer_ns, g.now_ns + 20 * PT_NS_PER_MS);
    pt_guest_run(&g, "P");
    pt_guest_close(&g);
    ck_assert(g.timer_ns == UINT64_MAX);
}
END_TEST

/* Memory holds no real bus: there the default is for ever. */
START_TEST(nothing_is_held_in_memory)
{
    struct fake_config config = {0};
    struct fake_guest g;

    pt_guest_open(&g, FORM_INSTANT, &config, S);
    pt_guest_run(&g, "W48 +60000 10");
    ck_assert(g.timer_ns == UINT64_MAX);
    pt_guest_run(&g, "P");
    ck_assert_str_eq(g.answers, "AAA");
    pt_guest_close(&g);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pt-stream");
    TCase *tc = tcase_create("tables");

    PT_ROWS_ADD(tc, event_row, events);
    PT_ROWS_ADD(tc, readonly_row, readonlys);
    PT_ROWS_ADD(tc, hold_row, holds);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    tc = tcase_create("others");
    tcase_add_test(tc, timer_is_forgotten);
    tcase_add_test(tc, nothing_is_held_in_memory);
    tcase_add_loop_test(tc, nothing_ends_a_pointer, 0,
                        6 * (int)G_N_ELEMENTS(endings));
    tcase_add_loop_test(tc, slow_pointer, 0, 2);
    tcase_add_test(tc, a_stop_that_was_given_up);
    tcase_add_loop_test(tc, freed_with_an_event_pending, 0, 2);
    tcase_add_loop_test(tc, a_stop_behind_a_posted_one, FORM_BLOCKING,
                        FORM_INSTANT);
    tcase_add_loop_test(tc, a_stop_of_ours, 0, G_N_ELEMENTS(stops_of_ours));
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
