/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transitions of the passthrough (lib/passthrough/passthrough.h) that the other
 * tests of it would not miss; transitions.txt says which test is whose. */
#include "pt-fake.h"
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

int main(void)
{
    Suite *suite = suite_create("pt-states");
    TCase *tc = tcase_create("states");

    tcase_add_test(tc, posted_write_and_the_timer);
    tcase_add_test(tc, a_pause_is_not_cut_short);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
