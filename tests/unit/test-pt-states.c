/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transitions of the passthrough (lib/passthrough/passthrough.h) that the other
 * tests of it would not miss; transitions.txt says which test is whose. */
#include <sched.h>
#include <string.h>

#include "pt-fake.h"
#include "replay.h"
#include "session.h"
#include "unit.h"

/* Until all that was begun on the bus before has ended there. */
static void wait_for_bus(struct fake_guest *g)
{
    struct i2cpt_msg msg = {.addr = 0x20};

    ck_assert_int_eq(i2cpt_transfer(g->adapter, &msg, 1, NULL), 0);
}

/* ------------------------------------------------------------- posted writes
 */

/* Where the embedder blocks, the timer alone sees a posted write through: its
 * NACK, the pause behind that, and what comes of the second try. */
START_TEST(posted_write_and_the_timer)
{
    struct fake_config config = {0};
    struct fake_guest g;

    pt_guest_open(&g, FORM_BLOCKING, &config, "posted-writes=on");
    pt_guest_run(&g, "!oxod W48 1 2 P");
    ck_assert(g.pt->busy);
    wait_for_bus(&g);
    pt_guest_pass(&g, PT_PUMP_NS);
    ck_assert_uint_eq(g.pt->resume_ns, g.now_ns + PT_PAUSE_NS);
    pt_guest_pass(&g, PT_PAUSE_NS);
    ck_assert_uint_eq(g.pt->resume_ns, 0);
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_BUSY_RETRIES), 1);
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_LATE_FAULTS), 0);
    wait_for_bus(&g);
    pt_guest_pass(&g, PT_PUMP_NS);
    ck_assert_uint_eq(pt_guest_count(&g, I2CPT_COUNT_LATE_FAULTS), 1);
    ck_assert(!g.pt->busy);
    ck_assert(g.timer_ns == UINT64_MAX);
    pt_guest_close(&g);
    ck_assert_str_eq(fake_log(),
                     "w48:? w48:0102!x w20: w48:0102&!d w20: flush");
}
END_TEST

/* A START behind one has what is left of its own time. */
START_TEST(posted_write_and_a_start)
{
    struct fake_config config = {0};
    struct fake_guest g;
    uint64_t until_ns;

    pt_guest_open(&g, FORM_WORKER, &config, "posted-writes=on,probe=off");
    pt_guest_run(&g, "W48 1 P");
    ck_assert_int_eq(i2cpt_passthrough_start(g.pt, 0x49, I2CPT_M_RD, 0),
                     I2CPT_PENDING);
    ck_assert(g.pt->joined);
    until_ns = g.pt->join_ns;
    wait_for_bus(&g);
    ck_assert_int_eq(i2cpt_passthrough_dispatch(g.pt), 1);
    ck_assert(!g.pt->joined);
    ck_assert_uint_eq(g.pt->call.deadline_ns, until_ns);
    ck_assert_int_eq(i2cpt_passthrough_wait(g.pt, 20000000), 0);
    ck_assert_int_eq(g.answer, I2CPT_ACK);
    pt_guest_close(&g);
}
END_TEST

/* In the worker, until the START waits. */
struct held_stop {
    struct fake_guest guest;
    uint64_t go_ns;
};

static void hold_until_waited(void *user)
{
    struct held_stop *h = user;
    bool waited;

    do {
        sched_yield();
        pthread_mutex_lock(&h->guest.pt->lock);
        waited = h->guest.pt->calling;
        pthread_mutex_unlock(&h->guest.pt->lock);
    } while (!waited);
    h->go_ns = i2cpt_now_ns();
}

START_TEST(posted_write_and_a_start_that_blocks)
{
    struct fake_config config = {0};
    struct held_stop h = {0};

    pt_guest_open(&h.guest, FORM_BLOCKING, &config,
                  "transfer=stream,posted-writes=on");
    h.guest.threads = true;
    fake_then(1, hold_until_waited, &h);
    pt_guest_run(&h.guest, "W48 P R49");
    ck_assert_str_eq(h.guest.answers, "AAA");
    ck_assert_uint_ne(h.go_ns, 0);
    ck_assert_uint_le(h.guest.pt->call.deadline_ns,
                      h.go_ns + h.guest.pt->timeout_ns);
    pt_guest_run(&h.guest, "P");
    pt_guest_close(&h.guest);
}
END_TEST

/* ----------------------------------------------------------------- the timer
 */

/* A pause has the length that it has, whoever's timer comes before. */
START_TEST(a_pause_is_not_cut_short)
{
    struct fake_config config = {0};
    struct fake_guest g;
    uint64_t resume_ns;

    pt_guest_open(&g, FORM_WORKER, &config, "probe=off");
    pt_guest_run(&g, "!xoo W48 1");
    ck_assert_int_eq(i2cpt_passthrough_stop(g.pt), I2CPT_PENDING);
    wait_for_bus(&g);
    ck_assert_int_eq(i2cpt_passthrough_dispatch(g.pt), 1);
    resume_ns = g.now_ns + PT_PAUSE_NS;
    ck_assert_uint_eq(g.timer_ns, resume_ns);
    pt_guest_pass(&g, PT_PAUSE_NS - 1);
    i2cpt_passthrough_timer(g.pt);
    ck_assert_uint_eq(g.pt->resume_ns, resume_ns);
    ck_assert_uint_eq(g.timer_ns, resume_ns);
    ck_assert_int_eq(g.completions, 0);
    pt_guest_pass(&g, 1);
    wait_for_bus(&g);
    ck_assert_int_eq(i2cpt_passthrough_dispatch(g.pt), 1);
    ck_assert_int_eq(g.completions, 1);
    ck_assert_int_eq(g.answer, I2CPT_ACK);
    pt_guest_close(&g);
    ck_assert_str_eq(fake_log(), "w48:01!x w20: w48:01& w20: flush");
}
END_TEST

/* Nor does it come back for what follows a reset. */
START_TEST(no_pause_after_a_reset)
{
    struct fake_config config = {0};
    struct fake_guest g;

    pt_guest_open(&g, FORM_WORKER, &config, "probe=off");
    pt_guest_run(&g, "!xoo W48 1");
    ck_assert_int_eq(i2cpt_passthrough_stop(g.pt), I2CPT_PENDING);
    wait_for_bus(&g);
    i2cpt_passthrough_dispatch(g.pt);
    ck_assert_uint_ne(g.pt->resume_ns, 0);
    i2cpt_passthrough_reset(g.pt);
    ck_assert_int_eq(i2cpt_passthrough_start(g.pt, 0x49, I2CPT_M_RD, 0),
                     I2CPT_PENDING);
    pt_guest_pass(&g, PT_PAUSE_NS);
    ck_assert_ptr_nonnull(g.pt->request);
    ck_assert(!g.pt->deferred);
    ck_assert_int_eq(i2cpt_passthrough_wait(g.pt, 20000000), 0);
    ck_assert_int_eq(g.answer, I2CPT_ACK);
    pt_guest_run(&g, "r P");
    pt_guest_close(&g);
    ck_assert_str_eq(g.answers, "AAa0A");
}
END_TEST

/* -------------------------------------------------------------------- resets
 */

/* A START that waited for a posted write is forgotten: the next posted write's
 * end begins nothing. */
START_TEST(no_start_after_a_reset)
{
    struct fake_config config = {0};
    struct fake_guest g;

    pt_guest_open(&g, FORM_WORKER, &config, "posted-writes=on,probe=off");
    pt_guest_run(&g, "W48 1 P");
    ck_assert_int_eq(i2cpt_passthrough_start(g.pt, 0x49, I2CPT_M_RD, 0),
                     I2CPT_PENDING);
    i2cpt_passthrough_reset(g.pt);
    pt_guest_run(&g, "W20 2 P");
    wait_for_bus(&g);
    i2cpt_passthrough_dispatch(g.pt);
    ck_assert_int_eq(g.completions, 0);
    ck_assert(!g.pt->busy);
    pt_guest_close(&g);
    ck_assert_ptr_null(strstr(fake_log(), "r49"));
}
END_TEST

/* What a request of before has come to is nobody's either. */
START_TEST(no_result_after_a_reset)
{
    struct fake_config config = {0};
    struct fake_guest g;

    pt_guest_open(&g, FORM_WORKER, &config, "probe=off");
    ck_assert_int_eq(i2cpt_passthrough_start(g.pt, 0x49, I2CPT_M_RD, 0),
                     I2CPT_PENDING);
    i2cpt_passthrough_reset(g.pt);
    ck_assert_ptr_null(g.pt->request);
    wait_for_bus(&g);
    i2cpt_passthrough_dispatch(g.pt);
    ck_assert_int_eq(g.pt->message.guest, GUEST_IDLE);
    ck_assert_int_eq(g.completions, 0);
    pt_guest_run(&g, "W48 1 P");
    pt_guest_close(&g);
    ck_assert_str_eq(g.answers, "AAA");
}
END_TEST

/* An answer that the timer has found is told by dispatch, once. */
START_TEST(told_once)
{
    struct fake_config config = {0};
    struct fake_guest g;

    pt_guest_open(&g, FORM_INSTANT, &config, "probe=off");
    pt_guest_run(&g, "!xo W48 1");
    ck_assert_int_eq(i2cpt_passthrough_stop(g.pt), I2CPT_PENDING);
    pt_guest_pass(&g, PT_PAUSE_NS);
    ck_assert_int_eq(g.completions, 0);
    ck_assert_int_eq(i2cpt_passthrough_dispatch(g.pt), 1);
    ck_assert_int_eq(i2cpt_passthrough_dispatch(g.pt), 0);
    ck_assert_int_eq(g.completions, 1);
    ck_assert_int_eq(g.answer, I2CPT_ACK);
    pt_guest_close(&g);
}
END_TEST

/* And not at all after a reset. */
START_TEST(no_answer_after_a_reset)
{
    struct fake_config config = {0};
    struct fake_guest g;

    pt_guest_open(&g, FORM_INSTANT, &config, "probe=off");
    pt_guest_run(&g, "!xo W48 1");
    ck_assert_int_eq(i2cpt_passthrough_stop(g.pt), I2CPT_PENDING);
    pt_guest_pass(&g, PT_PAUSE_NS);
    ck_assert(g.pt->deferred);
    i2cpt_passthrough_reset(g.pt);
    ck_assert_int_eq(i2cpt_passthrough_dispatch(g.pt), 0);
    ck_assert_int_eq(g.completions, 0);
    pt_guest_close(&g);
}
END_TEST

/* ---------------------------------------------------------- what ends a write
 */

/* Where the trace goes on with a repeated START, a write that the guest's own
 * one ended is its first part; one that a STOP ended is another write. */
static const struct {
    bool repeated;
    const char *verdict;
} ended[] = {
    {true, "1/1 split=1"},
    {false, "0/1 mismatches=1 next=2"},
};

START_TEST(what_ended_a_write)
{
    static const char *const keys[] = {"transfer", "message", "probe", "off",
                                       NULL};
    char *path = replay_write("w1@0x48 00 w1 01 r1 = 60"), out[256];
    struct i2cpt_adapter *a = replay_open(path, "match=per-address");
    uint64_t clock_ns = 0;
    struct i2cpt_passthrough *pt = session_guest(a, "0x48", keys, &clock_ns);
    uint8_t byte;

    i2cpt_passthrough_start(pt, 0x48, 0, 0);
    i2cpt_passthrough_write(pt, 0);
    if (ended[_i].repeated) {
        i2cpt_passthrough_start(pt, 0x48, 0, 0);
        i2cpt_passthrough_write(pt, 1);
        i2cpt_passthrough_start(pt, 0x48, I2CPT_M_RD, 1);
        ck_assert_int_eq(i2cpt_passthrough_read(pt, &byte), I2CPT_ACK);
        ck_assert_uint_eq(byte, 0x60);
    }
    i2cpt_passthrough_stop(pt);
    i2cpt_passthrough_free(pt);
    replay_verdict(a, out);
    ck_assert_str_eq(out, ended[_i].verdict);
    i2cpt_adapter_unref(a);
    replay_drop(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pt-states");
    TCase *tc = tcase_create("states");

    tcase_add_test(tc, posted_write_and_the_timer);
    tcase_add_test(tc, posted_write_and_a_start);
    tcase_add_test(tc, posted_write_and_a_start_that_blocks);
    tcase_add_test(tc, a_pause_is_not_cut_short);
    tcase_add_test(tc, no_pause_after_a_reset);
    tcase_add_test(tc, no_start_after_a_reset);
    tcase_add_test(tc, no_result_after_a_reset);
    tcase_add_test(tc, told_once);
    tcase_add_test(tc, no_answer_after_a_reset);
    tcase_add_loop_test(tc, what_ended_a_write, 0, 2);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
