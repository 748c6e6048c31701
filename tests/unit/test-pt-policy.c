/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys of the policy, which addresses they make, and what is refused. */
#include <errno.h>
#include <string.h>

#include "core/key.h"
#include "passthrough/passthrough.h"
#include "unit.h"

static struct i2cpt_policy *policy;

static void setup(void)
{
    i2cpt_policy_new(&policy);
}

static void teardown(void)
{
    i2cpt_policy_free(policy);
}

static const struct {
    const char *key, *value;
} good[] = {
    {"transfer", "auto"},     {"transfer", "stream"},
    {"transfer", "message"},  {"read-length", "learn"},
    {"read-length", "1"},     {"read-length", "65535"},
    {"read-length", "0x10"},  {"read-ahead", "1"},
    {"read-ahead", "65535"},  {"pointer-bytes", "0"},
    {"pointer-bytes", "32"},  {"on-short", "resend"},
    {"on-short", "continue"}, {"learn-from", "a file, with a comma"},
    {"presence-ms", "0"},     {"presence-ms", "60000"},
    {"probe", "on"},          {"probe", "off"},
    {"busy-retry-ms", "0"},   {"busy-retry-ms", "60000"},
    {"hold-timeout-ms", "1"}, {"hold-timeout-ms", "60000"},
    {"posted-writes", "on"},  {"posted-writes", "off"},
    {"readonly", "on"},       {"readonly", "off"},
    {"address", "0"},         {"address", "0x7f"},
    {"hostaddr", "0"},        {"hostaddr", "127"},
    {"addresses", "0x48"},    {"addresses", "0x0e:0x1d:0x50-0x57"},
    {"addresses", "any"},
};

START_TEST(accepts)
{
    struct i2cpt_fault fault;

    ck_assert_msg(
        !i2cpt_policy_set(policy, good[_i].key, good[_i].value, &fault),
        "%s=%s: %s", good[_i].key, good[_i].value, fault.text);
    ck_assert_int_eq(fault.code, 0);
    /* a second set of the same key replaces the first */
    ck_assert_int_eq(
        i2cpt_policy_set(policy, good[_i].key, good[_i].value, NULL), 0);
}
END_TEST

static const struct {
    const char *key, *value;
    const char *accepted; /* must be in the line, as key and value must */
} bad[] = {
    {"transfer", "bytes", "auto|stream|message"},
    {"transfer", "", "auto|stream|message"},
    {"read-length", "0", "learn, or 1 to 65535"},
    {"read-length", "65536", "learn, or 1 to 65535"},
    {"read-length", "lots", "learn, or 1 to 65535"},
    {"read-length", "-1", "learn, or 1 to 65535"},
    {"read-ahead", "0", "1 to 65535"},
    {"read-ahead", "65536", "1 to 65535"},
    {"read-ahead", "34x", "1 to 65535"},
    {"pointer-bytes", "33", "0 to 32"},
    {"on-short", "retry", "resend|continue"},
    {"learn-from", "", "a trace file"},
    {"presence-ms", "60001", "0 to 60000"},
    {"presence-ms", "1s", "0 to 60000"},
    {"probe", "1", "on|off"},
    {"busy-retry-ms", "60001", "0 to 60000"},
    {"hold-timeout-ms", "0", "1 to 60000"},
    {"posted-writes", "yes", "on|off"},
    {"readonly", "true", "on|off"},
    {"address", "0x80", "0x00 to 0x7f"},
    {"address", "48h", "0x00 to 0x7f"},
    {"address", "", "0x00 to 0x7f"},
    {"hostaddr", "128", "0x00 to 0x7f"},
    {"hostaddr", "-1", "0x00 to 0x7f"},
    {"addresses", "0x80", "0x00 to 0x7f"},
    {"addresses", "0x10:", "0x00 to 0x7f"},
    {"addresses", "0x57-0x50", "0x00 to 0x7f"},
    {"addresses", "0x0e,0x1d", "joined by ':'"},
    {"addresses", "any:0x10", "0x00 to 0x7f"},
    {"wibble", "1", "read-length"},
};

START_TEST(refuses)
{
    struct i2cpt_fault fault;

    ck_assert_int_eq(
        i2cpt_policy_set(policy, bad[_i].key, bad[_i].value, &fault), -EINVAL);
    ck_assert_int_eq(fault.code, EINVAL);
    ck_assert_msg(strstr(fault.text, bad[_i].key) &&
                      strstr(fault.text, bad[_i].accepted) &&
                      (!strcmp(bad[_i].key, "wibble") ||
                       strstr(fault.text, bad[_i].value)),
                  "%s=%s: '%s'", bad[_i].key, bad[_i].value, fault.text);
    ck_assert_ptr_null(strchr(fault.text, '\n'));
    ck_assert_int_eq(i2cpt_policy_set(policy, bad[_i].key, bad[_i].value, NULL),
                     -EINVAL);
}
END_TEST

START_TEST(defaults)
{
    ck_assert_uint_eq(policy->transfer, PT_TRANSFER_AUTO);
    ck_assert_uint_eq(policy->read_length, 0);
    ck_assert_uint_eq(policy->read_ahead, 34);
    ck_assert_uint_eq(policy->pointer_bytes, 2);
    ck_assert_uint_eq(policy->on_short, PT_SHORT_RESEND);
    ck_assert_uint_eq(policy->presence_ms, 1000);
    ck_assert_uint_eq(policy->probe, 1);
    ck_assert_uint_eq(policy->busy_retry_ms, 30);
    ck_assert_uint_eq(policy->hold_timeout_ms, 20);
    ck_assert_uint_eq(policy->posted_writes, 0);
    ck_assert_uint_eq(policy->readonly, 0);
    ck_assert_ptr_null(policy->learn_from);
}
END_TEST

/* What i2cpt_policy_key() lists can be set to its own default. */
START_TEST(listing)
{
    struct i2cpt_key_info info = {.size = sizeof(info)};
    size_t i;

    for (i = 0; !i2cpt_policy_key(i, &info); i++) {
        ck_assert_ptr_nonnull(info.name);
        ck_assert_ptr_nonnull(info.accepts);
        ck_assert_ptr_nonnull(info.help);
        if (!strcmp(info.name, "transfer")) {
            ck_assert_str_eq(info.accepts, "auto|stream|message");
        }
        if (info.def) {
            ck_assert_int_eq(
                i2cpt_policy_set(policy, info.name, info.def, NULL), 0);
        }
    }
    ck_assert_uint_eq(i, 15);
    ck_assert_int_eq(i2cpt_policy_key(i, &info), -ENOENT);
}
END_TEST

static const struct {
    const char *key[2], *value[2];
    int guest, host; /* one pair that must be there; -1: an error */
    int count;
    const char *text;
} addressings[] = {
    {{"address"}, {"0x49"}, 0x49, 0x49, 1, NULL},
    {{"hostaddr"}, {"0x48"}, 0x48, 0x48, 1, NULL},
    {{"address", "hostaddr"}, {"0x49", "0x48"}, 0x49, 0x48, 1, NULL},
    {{"address"}, {"0"}, 0, 0, 1, NULL},
    {{"hostaddr"}, {"0"}, 0, 0, 1, NULL},
    {{"address", "hostaddr"}, {"0x49", "0"}, 0x49, 0, 1, NULL},
    {{"address", "hostaddr"}, {"0", "0x48"}, 0, 0x48, 1, NULL},
    {{"addresses"}, {"0x0e:0x50-0x57"}, 0x57, 0x57, 9, NULL},
    {{"addresses"}, {"any"}, 0x08, 0x08, 112, NULL},
    {{"addresses"}, {"any"}, 0x77, 0x77, 112, NULL},
    {{"addresses"}, {"0x00-0x7f"}, 0x7f, 0x7f, 128, NULL},
    {{NULL}, {NULL}, -1, 0, 0, "no address given"},
    {{"addresses", "address"}, {"any", "0x10"}, -1, 0, 0, "address="},
    {{"addresses", "hostaddr"}, {"0x11", "0x10"}, -1, 0, 0, "hostaddr="},
};

START_TEST(addressing)
{
    struct i2cpt_fault fault;
    int16_t host[129];
    int i, ret, count = 0;

    host[128] = 0x55aa; /* not the table's */
    for (i = 0; i < 2 && addressings[_i].key[i]; i++) {
        i2cpt_policy_set(policy, addressings[_i].key[i],
                         addressings[_i].value[i], NULL);
    }
    ret = pt_policy_addresses(policy, host, &fault);
    ck_assert_int_eq(host[128], 0x55aa);
    if (addressings[_i].guest < 0) {
        ck_assert_int_eq(ret, -EINVAL);
        ck_assert_ptr_nonnull(strstr(fault.text, addressings[_i].text));
        return;
    }
    ck_assert_int_eq(ret, 0);
    for (i = 0; i < 128; i++) {
        count += host[i] >= 0;
    }
    ck_assert_int_eq(count, addressings[_i].count);
    ck_assert_int_eq(host[addressings[_i].guest], addressings[_i].host);
}
END_TEST

/* ------------------------------------------------ openings that must fail */

static struct i2cpt_adapter *stub(const char *spec)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_msg(!i2cpt_adapter_open(spec, &a, &fault), "%s", fault.text);
    return a;
}

static const struct {
    const char *spec, *key, *value;
    uint32_t hooks_size; /* 0: no hooks */
    int ret;
    const char *text;
} openings[] = {
    {"stub", NULL, NULL, 0, -EINVAL, "no address given"},
    {"stub,stream=off", "transfer", "stream", 0, -EINVAL, "no address given"},
    {"stub,stream=off", "transfer", "stream", 0, -EINVAL, NULL},
    {"stub", "learn-from", "/nonexistent/trace", 0, -ENOENT,
     "/nonexistent/trace"},
    {"stub", "probe", "on", 4, -EINVAL, "size"},
};

START_TEST(opening)
{
    struct i2cpt_adapter *a = stub(openings[_i].spec);
    struct i2cpt_hooks hooks = {.size = openings[_i].hooks_size};
    struct i2cpt_passthrough *pt;
    struct i2cpt_fault fault;

    if (_i > 1) {
        i2cpt_policy_set(policy, "address", "0x48", NULL);
    }
    if (openings[_i].key) {
        i2cpt_policy_set(policy, openings[_i].key, openings[_i].value, NULL);
    }
    ck_assert_int_eq(i2cpt_passthrough_new(
                         a, policy, hooks.size ? &hooks : NULL, &pt, &fault),
                     openings[_i].ret);
    ck_assert_ptr_null(pt);
    ck_assert_msg(strstr(fault.text, openings[_i].text ? openings[_i].text
                                                       : "transfer=stream"),
                  "'%s'", fault.text);
    ck_assert_int_ne(
        i2cpt_passthrough_new(a, policy, hooks.size ? &hooks : NULL, &pt, NULL),
        0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(has_address)
{
    struct i2cpt_adapter *a = stub("stub");
    struct i2cpt_passthrough *pt;
    struct i2cpt_fault fault;
    int i;

    i2cpt_policy_set(policy, "addresses", "any", NULL);
    ck_assert_int_eq(i2cpt_passthrough_new(a, policy, NULL, &pt, &fault), 0);
    i2cpt_policy_set(policy, "addresses", "0x00", NULL); /* was copied */
    for (i = 0; i < 300; i++) {
        ck_assert_int_eq(i2cpt_passthrough_has_address(pt, (uint16_t)i),
                         i >= 0x08 && i <= 0x77);
    }
    ck_assert_int_eq(i2cpt_passthrough_fd(pt), -EINVAL);
    ck_assert_int_eq(i2cpt_passthrough_dispatch(pt), -EINVAL);
    ck_assert_int_eq(i2cpt_passthrough_wait(pt, 0), -EINVAL);
    i2cpt_passthrough_free(pt);
    i2cpt_passthrough_free(NULL);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(counter_names)
{
    size_t i;

    for (i = 0; i < I2CPT_COUNTERS; i++) {
        ck_assert_ptr_nonnull(i2cpt_counter_name(i));
    }
    ck_assert_ptr_null(i2cpt_counter_name(I2CPT_COUNTERS));
    ck_assert_str_eq(i2cpt_counter_name(I2CPT_COUNT_OVER_READ), "over-read");
    ck_assert_str_eq(i2cpt_counter_name(I2CPT_COUNT_MISMATCHES), "mismatches");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pt-policy");
    TCase *tc = tcase_create("policy");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, accepts, 0, sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(tc, refuses, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(tc, defaults);
    tcase_add_test(tc, listing);
    tcase_add_loop_test(tc, addressing, 0,
                        sizeof(addressings) / sizeof(addressings[0]));
    tcase_add_loop_test(tc, opening, 0, sizeof(openings) / sizeof(openings[0]));
    tcase_add_test(tc, has_address);
    tcase_add_test(tc, counter_names);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
