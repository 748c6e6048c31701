/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The passthrough as an object: its descriptors, its own pause, its fault. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <unistd.h>

#include "pt-fake.h"
#include "unit.h"
#include "wire.h"

#define SPEC "stub,chips=0x48,byte-us=1,timeout-ms=60000"

static void told(void *user, int answer, uint8_t byte)
{
    *(int *)user = answer;
}

static void ignore_timer(void *user, uint64_t when_ns)
{
}

static struct i2cpt_policy *policy_with(const char *key, const char *value)
{
    struct i2cpt_policy *policy;

    ck_assert_int_eq(i2cpt_policy_new(&policy), 0);
    ck_assert_int_eq(i2cpt_policy_set(policy, "addresses", "0x48:0x50", NULL),
                     0);
    ck_assert_int_eq(i2cpt_policy_set(policy, key, value, NULL), 0);
    return policy;
}

static unsigned descriptors(void)
{
    GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned n = 0;

    ck_assert_ptr_nonnull(dir);
    while (g_dir_read_name(dir)) {
        n++;
    }
    g_dir_close(dir);
    return n;
}

/* Made and freed, and not made: the trace to learn from is not there. The
 * number of the descriptor may be any, 0 too. */
static const struct {
    const char *key, *value;
    int ret;
    bool without_stdin;
} lives[] = {
    {"transfer", "message", 0, false},
    {"transfer", "stream", 0, false},
    {"transfer", "message", 0, true},
    {"learn-from", "/nonexistent/t.i2ct", -ENOENT, false},
};

START_TEST(descriptors_are_closed)
{
    int answer;
    struct i2cpt_hooks hooks = {
        .size = sizeof(hooks), .user = &answer, .complete = told};
    struct i2cpt_policy *policy = policy_with(lives[_i].key, lives[_i].value);
    struct i2cpt_adapter *a = wire_open(SPEC);
    struct i2cpt_passthrough *pt;
    int i, input = dup(STDIN_FILENO), fd = i2cpt_adapter_fd(a);
    unsigned before;

    ck_assert_int_ge(fd, 0);
    if (lives[_i].without_stdin) {
        close(STDIN_FILENO);
    }
    before = descriptors();
    for (i = 0; i < 3; i++) {
        ck_assert_int_eq(i2cpt_passthrough_new(a, policy, &hooks, &pt, NULL),
                         lives[_i].ret);
        if (!lives[_i].ret) {
            ck_assert_int_eq(i2cpt_passthrough_fd(pt) == STDIN_FILENO,
                             lives[_i].without_stdin);
            i2cpt_passthrough_free(pt);
        }
        ck_assert_uint_eq(descriptors(), before);
    }
    dup2(input, STDIN_FILENO);
    close(input);
    i2cpt_adapter_unref(a);
    i2cpt_policy_free(policy);
}
END_TEST

/* Who polls the passthrough's descriptor alone hears of the adapter's. */
START_TEST(its_descriptor_tells)
{
    int answer = I2CPT_PENDING;
    struct i2cpt_hooks hooks = {
        .size = sizeof(hooks),
        .user = &answer,
        .complete = told,
        .timer = ignore_timer}; /* nor does a timer find it */
    struct i2cpt_policy *policy =
        policy_with("transfer", _i ? "stream" : "message");
    struct i2cpt_adapter *a = wire_open(SPEC);
    struct i2cpt_passthrough *pt;
    struct pollfd p = {.events = POLLIN};

    ck_assert_int_eq(i2cpt_passthrough_new(a, policy, &hooks, &pt, NULL), 0);
    p.fd = i2cpt_passthrough_fd(pt);
    ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x48, I2CPT_M_RD, 1),
                     I2CPT_PENDING);
    while (answer == I2CPT_PENDING) {
        ck_assert_int_eq(poll(&p, 1, 20000), 1);
        i2cpt_passthrough_dispatch(pt);
    }
    ck_assert_int_eq(answer, I2CPT_ACK);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(a);
    i2cpt_policy_free(policy);
}
END_TEST

static void others_done(struct i2cpt_request *request, int result,
                        const struct i2cpt_fault *fault, void *user)
{
    *(int *)user = result;
}

/* And of what others have submitted on the adapter. */
START_TEST(its_descriptor_tells_of_others)
{
    int answer, result = 1;
    struct i2cpt_hooks hooks = {.size = sizeof(hooks),
                                .user = &answer,
                                .complete = told,
                                .timer = ignore_timer};
    struct i2cpt_policy *policy = policy_with("transfer", "message");
    struct i2cpt_adapter *a = wire_open(SPEC);
    struct i2cpt_passthrough *pt;
    struct pollfd p = {.events = POLLIN};
    struct i2cpt_msg m = {.addr = 0x48, .len = 1, .buf = (uint8_t[]){0}};

    ck_assert_int_eq(i2cpt_passthrough_new(a, policy, &hooks, &pt, NULL), 0);
    ck_assert_int_eq(i2cpt_submit(a, &m, 1, 0, others_done, &result, NULL), 0);
    p.fd = i2cpt_passthrough_fd(pt);
    while (result > 0) {
        ck_assert_int_eq(poll(&p, 1, 20000), 1);
        i2cpt_passthrough_dispatch(pt);
    }
    ck_assert_int_eq(result, 0);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(a);
    i2cpt_policy_free(policy);
}
END_TEST

/* An EEPROM in its write cycle is waited for, by nobody's pause but its own. */
START_TEST(its_own_pause)
{
    struct i2cpt_policy *policy = policy_with("transfer", "message");
    struct i2cpt_adapter *a =
        wire_stub("chip 0x50 eeprom size=256 page=8 cycle-nacks=3\n",
                  ",timeout-ms=60000");
    struct i2cpt_passthrough *pt;

    ck_assert_int_eq(i2cpt_policy_set(policy, "busy-retry-ms", "60000", NULL),
                     0);
    ck_assert_int_eq(i2cpt_passthrough_new(a, policy, NULL, &pt, NULL), 0);
    for (uint8_t i = 0; i < 3; i++) {
        ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x50, 0, 0), I2CPT_ACK);
        ck_assert_int_eq(i2cpt_passthrough_write(pt, i), I2CPT_ACK);
        ck_assert_int_eq(i2cpt_passthrough_write(pt, 1), I2CPT_ACK);
        ck_assert_int_eq(i2cpt_passthrough_stop(pt), I2CPT_ACK);
    }
    ck_assert_uint_ge(i2cpt_passthrough_counter(pt, I2CPT_COUNT_BUSY_RETRIES),
                      2);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(a);
    i2cpt_policy_free(policy);
}
END_TEST

/* Of the last transaction, not of one before. */
START_TEST(fault_of_the_last)
{
    struct i2cpt_policy *policy =
        policy_with("transfer", _i ? "stream" : "message");
    struct i2cpt_adapter *a = wire_open("stub,chips=0x48,timeout-ms=60000");
    struct i2cpt_passthrough *pt;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_passthrough_new(a, policy, NULL, &pt, NULL), 0);
    ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x50, I2CPT_M_RD, 1),
                     I2CPT_NACK);
    i2cpt_passthrough_stop(pt);
    i2cpt_passthrough_fault(pt, &fault);
    ck_assert_int_eq(fault.code, ENXIO);
    ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x48, I2CPT_M_RD, 1),
                     I2CPT_ACK);
    i2cpt_passthrough_fault(pt, &fault);
    ck_assert_int_eq(fault.code, 0);
    i2cpt_passthrough_stop(pt);
    i2cpt_passthrough_fault(pt, &fault);
    ck_assert_int_eq(fault.code, 0);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(a);
    i2cpt_policy_free(policy);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pt-object");
    TCase *t = tcase_create("pt-object");

    tcase_add_loop_test(t, descriptors_are_closed, 0, G_N_ELEMENTS(lives));
    tcase_add_loop_test(t, its_descriptor_tells, 0, 2);
    tcase_add_test(t, its_descriptor_tells_of_others);
    tcase_add_test(t, its_own_pause);
    tcase_add_loop_test(t, fault_of_the_last, 0, 2);
    suite_add_tcase(s, t);
    return unit_run(s);
}
