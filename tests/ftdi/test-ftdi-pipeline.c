/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests of the asynchronous form through the public API, the worker, the
 * real libftdi1 and libusb, and the virtual chip. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "../unit/unit.h"
#include "fake-dongle.h"
#include "i2cpt.h"

#define MOST 16

static struct fake_dongle *dongle;

static const struct dongle_config ft232h = {
    .kind = VCHIP_FT232H,
    .bus = 1,
    .address = 5,
    .serial = "FT1",
    .description = "C232HM",
};

static void setup_with(bool slow_hub)
{
    struct dongle_config config = ft232h;

    config.slow_hub = slow_hub;
    fake_dongle_setup();
    dongle = fake_dongle_new(&config);
}

static void setup(void)
{
    setup_with(false);
}

/* Unplugged, URBs only fail: the hub has not noticed. */
static void setup_slow_hub(void)
{
    setup_with(true);
}

static void teardown(void)
{
    fake_dongle_free(dongle);
    fake_dongle_teardown();
}

/* A register read of the EEPROM, whose byte i is 11 i + 1. */
struct read {
    uint8_t at, in[2];
    struct i2cpt_msg msgs[2];
    struct i2cpt_request *request;
    int calls, result;
    struct i2cpt_fault fault;
};

static struct read reads[MOST];

static void read_done(struct i2cpt_request *r, int result,
                      const struct i2cpt_fault *fault, void *user)
{
    struct read *read = user;

    read->calls++;
    read->result = result;
    read->fault = *fault;
}

static void submit(struct i2cpt_adapter *a, unsigned i, uint16_t addr)
{
    struct read *read = &reads[i];

    memset(read, 0, sizeof(*read));
    read->at = (uint8_t)(3 * i);
    read->msgs[0] = (struct i2cpt_msg){addr, 0, 1, 0, &read->at};
    read->msgs[1] = (struct i2cpt_msg){addr, I2CPT_M_RD, 2, 0, read->in};
    read->result =
        i2cpt_submit(a, read->msgs, 2, 5000, read_done, read, &read->request);
    if (read->result) { /* not taken: gone */
        read->calls = 1;
    }
}

static unsigned pending(unsigned n)
{
    unsigned left = 0, i;

    for (i = 0; i < n; i++) {
        left += !reads[i].calls;
    }
    return left;
}

static void dispatch_all(struct i2cpt_adapter *a, unsigned n)
{
    struct pollfd p = {i2cpt_adapter_fd(a), POLLIN, 0};

    while (pending(n)) {
        ck_assert_int_eq(poll(&p, 1, 20000), 1);
        ck_assert_int_ge(i2cpt_dispatch(a), 0);
    }
}

static void expect_data(unsigned i)
{
    uint8_t first = (uint8_t)(11 * reads[i].at + 1);

    ck_assert_uint_eq(reads[i].in[0], first);
    ck_assert_uint_eq(reads[i].in[1], (uint8_t)(first + 11));
}

static const struct {
    const char *spec;
    bool pipelined;
} specs[] = {
    {"ftdi,frequency=10k,batch=on", true},
    {"ftdi,frequency=400k", false},
    {"ftdi,frequency=1M,batch=on", true},
    {"ftdi,frequency=400k,batch=on,encoding=bytewise", true},
};

/* Right, in their order, each once; one in the middle has nobody there. */
START_TEST(requests)
{
    struct bench *b = fake_dongle_bench(dongle, 0);
    struct i2cpt_fault fault = {0};
    struct i2cpt_adapter *a;
    unsigned i, ahead;
    char *wire, *at;

    ck_assert_msg(!i2cpt_adapter_open(specs[_i].spec, &a, &fault), "%s",
                  fault.text);
    ahead = fake_dongle_counts(dongle).ahead;
    for (i = 0; i < MOST; i++) {
        submit(a, i, i == 7 ? 0x51 : BENCH_EEPROM_ADDR);
    }
    dispatch_all(a, MOST);
    ahead = fake_dongle_counts(dongle).ahead - ahead;
    ck_assert_msg(specs[_i].pipelined == !!ahead, "%s: %u ahead",
                  specs[_i].spec, ahead);
    i2cpt_adapter_unref(a);
    for (i = 0; i < MOST; i++) {
        ck_assert_int_eq(reads[i].calls, 1);
        if (i == 7) {
            ck_assert_int_eq(reads[i].result, -ENXIO);
            ck_assert_int_eq(reads[i].fault.msg, 0);
        } else {
            ck_assert_int_eq(reads[i].result, 0);
            expect_data(i);
        }
    }
    wire = bench_text(b);
    for (i = 0, at = wire; i < MOST; i++) {
        char *begin = g_strdup_printf(i == 7 ? "S a2- " : "S a0+ %02x+ Sr a1+ ",
                                      reads[i].at);

        at = strstr(at, begin);
        ck_assert_msg(at, "'%s' is not in its place: %s", begin, wire);
        g_free(begin);
    }
    g_free(wire);
}
END_TEST

/* What was asked to end either did not begin or ran to its end. */
START_TEST(cancelled)
{
    struct bench *b = fake_dongle_bench(dongle, 0);
    unsigned i, done = 0, starts = 0;
    struct i2cpt_adapter *a;
    char *wire, *at;

    ck_assert_int_eq(i2cpt_adapter_open(specs[0].spec, &a, NULL), 0);
    for (i = 0; i < MOST; i++) {
        submit(a, i, BENCH_EEPROM_ADDR);
    }
    for (i = 0; i < MOST; i += 2) {
        ck_assert_int_eq(i2cpt_request_cancel(reads[i].request), 0);
    }
    dispatch_all(a, MOST);
    i2cpt_adapter_unref(a);
    for (i = 0; i < MOST; i++) {
        ck_assert_int_eq(reads[i].calls, 1);
        ck_assert(!reads[i].result ||
                  (!(i % 2) && reads[i].result == -ECANCELED));
        done += !reads[i].result;
    }
    wire = bench_text(b);
    for (at = wire; (at = strstr(at, "S a0+")); at++) {
        starts++;
    }
    ck_assert_uint_eq(starts, done);
    g_free(wire);
}
END_TEST

/* Closed with requests on the wire: those end, the others are forgotten. */
START_TEST(closed)
{
    struct i2cpt_adapter *a;
    unsigned i;

    ck_assert_int_eq(i2cpt_adapter_open(specs[0].spec, &a, NULL), 0);
    for (i = 0; i < MOST; i++) {
        submit(a, i, BENCH_EEPROM_ADDR);
    }
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(pending(MOST), MOST);
    ck_assert_str_ne(fake_dongle_driver(dongle, 0), "usbfs");
}
END_TEST

/* After each URB of opening, a pipeline and closing. */
START_TEST(unplugged_after_each_urb)
{
    enum { REQUESTS = 5 };
    struct i2cpt_fault fault;
    struct i2cpt_adapter *a;
    bool gone = true;
    unsigned k, i;
    int ret;

    for (k = 0; gone; k++) {
        fake_dongle_plug(dongle);
        fake_dongle_unplug_after(dongle, k);
        ret = i2cpt_adapter_open("ftdi,frequency=400k,batch=on", &a, &fault);
        gone = fake_dongle_unplugged(dongle);
        if (ret) {
            ck_assert_msg(gone && ret == -ENODEV, "URB %u: %d", k, ret);
            continue;
        }
        for (i = 0; i < REQUESTS; i++) {
            submit(a, i, BENCH_EEPROM_ADDR);
        }
        dispatch_all(a, REQUESTS);
        gone = fake_dongle_unplugged(dongle);
        for (i = 0; i < REQUESTS && !reads[i].result; i++) {
            expect_data(i);
        }
        ck_assert_msg(gone || i == REQUESTS, "URB %u: %u", k, i);
        for (; i < REQUESTS; i++) {
            ck_assert_msg(reads[i].result == -ENODEV && reads[i].calls == 1,
                          "URB %u: %u: %d", k, i, reads[i].result);
        }
        i2cpt_adapter_unref(a);
    }
    ck_assert_uint_gt(k, 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ftdi-pipeline");
    TCase *tcase = tcase_create("ftdi-pipeline");
    TCase *slow_hub = tcase_create("slow-hub");

    tcase_set_timeout(tcase, 200);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, requests, 0, 4);
    tcase_add_test(tcase, cancelled);
    tcase_add_test(tcase, closed);
    tcase_add_test(tcase, unplugged_after_each_urb);
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(slow_hub, 200);
    tcase_add_checked_fixture(slow_hub, setup_slow_hub, teardown);
    tcase_add_test(slow_hub, unplugged_after_each_urb);
    suite_add_tcase(suite, slow_hub);
    return unit_run(suite);
}
