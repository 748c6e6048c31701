/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the head of i2cpt.h promises of every function: NULL where a pointer is
 * required is -EINVAL (or nothing), what frees takes NULL, a fault is cleared
 * by success, structs that begin with `size` may be of another version.
 * tests/headers/contracts looks that every function with a pointer is here.
 */
#include <errno.h>
#include <stdatomic.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "i2cpt-backend.h"
#include "i2cpt-lines.h"
#include "i2cpt-trace.h"
#include "i2cpt.h"
#include "unit.h"

/* Refused: -EINVAL, and where there is a fault it says so, and which argument.
 */
#define BAD(call) ck_assert_int_eq((call), -EINVAL)
#define BAD_FAULT(call)                                \
    do {                                               \
        spoil(&f);                                     \
        ck_assert_int_eq((call), -EINVAL);             \
        ck_assert_int_eq(f.code, EINVAL);              \
        ck_assert_ptr_nonnull(strstr(f.text, "NULL")); \
    } while (0)
/* Success: nothing is left of what the fault had. */
#define GOOD(call)                                      \
    do {                                                \
        spoil(&f);                                      \
        ck_assert_int_ge((call), 0);                    \
        ck_assert_int_eq(f.code, 0);                    \
        ck_assert_int_eq(f.phase, I2CPT_PHASE_UNKNOWN); \
        ck_assert_int_eq(f.msg, -1);                    \
        ck_assert_int_eq(f.byte, -1);                   \
        ck_assert_str_eq(f.text, "");                   \
    } while (0)

static struct i2cpt_fault f;
static struct i2cpt_adapter *a;
static char *folder, *trace;
static uint8_t bytes[4] = {1, 2, 3, 4};

static void spoil(struct i2cpt_fault *fault)
{
    *fault = (struct i2cpt_fault){EIO, I2CPT_PHASE_DATA, 3, 7, "left over"};
}

static void done(struct i2cpt_request *request, int result,
                 const struct i2cpt_fault *fault, void *user)
{
}

static void one_line(const char *text, void *user)
{
}

static struct i2cpt_msg message(uint16_t flags)
{
    return (struct i2cpt_msg){
        .addr = 0x48, .flags = flags, .len = 1, .buf = bytes};
}

static void record(void)
{
    g_autofree char *spec = g_strdup_printf("stub,chips=0x48,record=%s", trace);
    struct i2cpt_adapter *recorded;
    struct i2cpt_msg msg = message(0);

    ck_assert_int_eq(i2cpt_adapter_open(spec, &recorded, &f), 0);
    ck_assert_int_eq(i2cpt_transfer(recorded, &msg, 1, &f), 0);
    i2cpt_adapter_unref(recorded);
}

static void begin(void)
{
    folder = g_dir_make_tmp("contracts-XXXXXX", NULL);
    trace = g_build_filename(folder, "one.i2ct", NULL);
    record();
    ck_assert_int_eq(i2cpt_adapter_open("stub,chips=0x48", &a, NULL), 0);
}

static void end(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    i2cpt_adapter_unref(a);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
    g_free(trace);
}

/* --------------------------------------------------------------------- NULL */

START_TEST(what_frees_takes_null)
{
    i2cpt_set_log(NULL, NULL);
    i2cpt_free(NULL);
    i2cpt_options_free(NULL);
    i2cpt_adapter_unref(NULL);
    i2cpt_request_free(NULL);
    i2cpt_policy_free(NULL);
    i2cpt_listener_free(NULL);
    i2cpt_passthrough_free(NULL);
    i2cpt_trace_reader_free(NULL);
    i2cpt_trace_writer_free(NULL);
}
END_TEST

START_TEST(null_and_options)
{
    struct i2cpt_key_info info = {.size = sizeof(info)};
    struct i2cpt_options *o;

    BAD(i2cpt_error_from_name(NULL));
    BAD(i2cpt_fault_describe(NULL, NULL, 0));
    BAD(i2cpt_fault_describe(&f, NULL, 8));
    BAD(i2cpt_backend_key(NULL, 0, NULL));
    ck_assert_int_eq(i2cpt_backend_key(NULL, 0, &info), 0);
    BAD(i2cpt_options_new(NULL));
    BAD_FAULT(i2cpt_options_parse(NULL, &o, &f));
    BAD_FAULT(i2cpt_options_parse("stub", NULL, &f));
    BAD_FAULT(i2cpt_options_set(NULL, "backend", "stub", &f));
    ck_assert_int_eq(i2cpt_options_new(&o), 0);
    BAD_FAULT(i2cpt_options_set(o, NULL, "stub", &f));
    BAD_FAULT(i2cpt_options_set(o, "backend", NULL, &f));
    ck_assert_ptr_null(i2cpt_options_get(NULL, "backend"));
    ck_assert_ptr_null(i2cpt_options_get(o, NULL));
    ck_assert_ptr_null(i2cpt_options_format(NULL));
    ck_assert_ptr_null(i2cpt_options_host_name(NULL));
    i2cpt_options_free(o);
}
END_TEST

START_TEST(null_and_adapters)
{
    struct i2cpt_adapter *other;
    struct i2cpt_options *o;
    struct i2cpt_listener *listener;

    BAD_FAULT(i2cpt_adapter_open(NULL, &other, &f));
    BAD_FAULT(i2cpt_adapter_open("stub", NULL, &f));
    ck_assert_int_eq(i2cpt_options_parse("stub", &o, NULL), 0);
    BAD_FAULT(i2cpt_adapter_open_options(NULL, &other, &f));
    BAD_FAULT(i2cpt_adapter_open_options(o, NULL, &f));
    i2cpt_options_free(o);
    BAD(i2cpt_adapter_as_client(NULL, 1, &other));
    BAD(i2cpt_adapter_as_client(a, 1, NULL));
    ck_assert_ptr_null(i2cpt_adapter_ref(NULL));
    ck_assert_ptr_null(i2cpt_adapter_name(NULL));
    ck_assert_uint_eq(i2cpt_adapter_functionality(NULL), 0);
    ck_assert_uint_eq(i2cpt_adapter_frequency_hz(NULL), 0);
    ck_assert_int_eq(i2cpt_adapter_has_stream(NULL), 0);
    BAD(i2cpt_adapter_lines(NULL));
    ck_assert_ptr_null(i2cpt_adapter_line_name(NULL, 0));
    BAD(i2cpt_adapter_line_find(NULL, "int"));
    BAD(i2cpt_adapter_line_find(a, NULL));
    BAD(i2cpt_adapter_line_level(NULL, 0));
    BAD(i2cpt_adapter_line_level_at_opening(NULL, 0));
    BAD(i2cpt_adapter_watch_lines(NULL, NULL, NULL));
    BAD(i2cpt_list(NULL, NULL));
    BAD_FAULT(i2cpt_examine(NULL, one_line, NULL, &f));
    BAD_FAULT(i2cpt_examine("stub", NULL, NULL, &f));
    BAD(i2cpt_serve(NULL, 0, 1));
    BAD_FAULT(i2cpt_listener_new(NULL, &listener, &f));
    BAD_FAULT(i2cpt_listener_new(trace, NULL, &f));
    BAD(i2cpt_listener_fd(NULL));
    BAD_FAULT(i2cpt_address_parse(NULL, "0x48", &f));
    BAD_FAULT(i2cpt_address_parse("address", NULL, &f));
}
END_TEST

START_TEST(null_and_transfers)
{
    struct i2cpt_msg msg = message(0);
    struct i2cpt_request *request;

    BAD_FAULT(i2cpt_transfer(NULL, &msg, 1, &f));
    BAD_FAULT(i2cpt_transfer(a, NULL, 1, &f));
    msg.buf = NULL;
    BAD(i2cpt_transfer(a, &msg, 1, NULL));
    msg.buf = bytes;
    BAD(i2cpt_submit(NULL, &msg, 1, 0, done, NULL, NULL));
    BAD(i2cpt_submit(a, NULL, 1, 0, done, NULL, NULL));
    BAD(i2cpt_submit(a, &msg, 1, 0, NULL, NULL, NULL));
    BAD(i2cpt_submit_kept(NULL, &msg, 1, 0, done, NULL, &request));
    ck_assert_ptr_null(request);
    BAD(i2cpt_submit_kept(a, NULL, 1, 0, done, NULL, &request));
    BAD(i2cpt_submit_kept(a, &msg, 1, 0, NULL, NULL, &request));
    BAD(i2cpt_submit_kept(a, &msg, 1, 0, done, NULL, NULL));
    BAD(i2cpt_adapter_fd(NULL));
    BAD(i2cpt_dispatch(NULL));
    BAD(i2cpt_request_cancel(NULL));
    BAD(i2cpt_request_wait(NULL, 0));
}
END_TEST

START_TEST(null_and_smbus)
{
    int16_t result[128];

    BAD_FAULT(i2cpt_smbus_quick(NULL, 0x48, 0, 0, &f));
    BAD_FAULT(i2cpt_smbus_receive_byte(NULL, 0x48, 0, &f));
    BAD_FAULT(i2cpt_smbus_send_byte(NULL, 0x48, 0, 1, &f));
    BAD_FAULT(i2cpt_smbus_read_byte_data(NULL, 0x48, 0, 1, &f));
    BAD_FAULT(i2cpt_smbus_write_byte_data(NULL, 0x48, 0, 1, 2, &f));
    BAD_FAULT(i2cpt_smbus_read_word_data(NULL, 0x48, 0, 1, &f));
    BAD_FAULT(i2cpt_smbus_write_word_data(NULL, 0x48, 0, 1, 2, &f));
    BAD_FAULT(i2cpt_smbus_process_call(NULL, 0x48, 0, 1, 2, &f));
    BAD_FAULT(i2cpt_smbus_read_block_data(NULL, 0x48, 0, 1, bytes, 4, &f));
    BAD_FAULT(i2cpt_smbus_read_block_data(a, 0x48, 0, 1, NULL, 4, &f));
    BAD_FAULT(i2cpt_smbus_write_block_data(NULL, 0x48, 0, 1, bytes, 4, &f));
    BAD_FAULT(i2cpt_smbus_write_block_data(a, 0x48, 0, 1, NULL, 4, &f));
    BAD_FAULT(i2cpt_smbus_block_process_call(NULL, 0x48, 0, 1, bytes, 4, bytes,
                                             4, &f));
    BAD_FAULT(
        i2cpt_smbus_block_process_call(a, 0x48, 0, 1, NULL, 4, bytes, 4, &f));
    BAD_FAULT(
        i2cpt_smbus_block_process_call(a, 0x48, 0, 1, bytes, 4, NULL, 4, &f));
    BAD_FAULT(i2cpt_smbus_read_i2c_block(NULL, 0x48, 0, 1, bytes, 4, &f));
    BAD_FAULT(i2cpt_smbus_read_i2c_block(a, 0x48, 0, 1, NULL, 4, &f));
    BAD_FAULT(i2cpt_smbus_write_i2c_block(NULL, 0x48, 0, 1, bytes, 4, &f));
    BAD_FAULT(i2cpt_smbus_write_i2c_block(a, 0x48, 0, 1, NULL, 4, &f));
    ck_assert_uint_eq(i2cpt_smbus_pec(7, NULL, 0), 7);
    BAD_FAULT(i2cpt_adapter_claim(NULL, 0x48, 0, &f));
    BAD_FAULT(i2cpt_probe(NULL, 0x48, I2CPT_PROBE_AUTO, &f));
    BAD_FAULT(i2cpt_scan(NULL, 8, 0x77, I2CPT_PROBE_AUTO, result, &f));
    BAD_FAULT(i2cpt_scan(a, 8, 0x77, I2CPT_PROBE_AUTO, NULL, &f));
}
END_TEST

START_TEST(null_and_passthroughs)
{
    struct i2cpt_key_info info = {.size = sizeof(info)};
    struct i2cpt_passthrough *pt;
    struct i2cpt_policy *p;
    struct i2cpt_smbus_transaction whole = {
        .size = sizeof(whole), .address = 0x48, .read = 1};
    uint8_t byte = 0;

    BAD(i2cpt_policy_new(NULL));
    ck_assert_int_eq(i2cpt_policy_new(&p), 0);
    BAD_FAULT(i2cpt_policy_set(NULL, "address", "0x48", &f));
    BAD_FAULT(i2cpt_policy_set(p, NULL, "0x48", &f));
    BAD_FAULT(i2cpt_policy_set(p, "address", NULL, &f));
    BAD(i2cpt_policy_key(0, NULL));
    ck_assert_int_eq(i2cpt_policy_key(0, &info), 0);
    ck_assert_int_eq(i2cpt_policy_set(p, "address", "0x48", NULL), 0);
    BAD_FAULT(i2cpt_passthrough_new(NULL, p, NULL, &pt, &f));
    BAD_FAULT(i2cpt_passthrough_new(a, p, NULL, NULL, &f));
    /* no policy has no address */
    ck_assert_int_eq(i2cpt_passthrough_new(a, NULL, NULL, &pt, &f), -EINVAL);
    ck_assert_int_eq(i2cpt_passthrough_new(a, p, NULL, &pt, &f), 0);
    i2cpt_policy_free(p);

    ck_assert_int_eq(i2cpt_passthrough_has_address(NULL, 0x48), 0);
    BAD(i2cpt_passthrough_start(NULL, 0x48, 0, 0));
    BAD(i2cpt_passthrough_write(NULL, 1));
    BAD(i2cpt_passthrough_read(NULL, &byte));
    ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x48, I2CPT_M_RD, 0),
                     I2CPT_ACK);
    BAD(i2cpt_passthrough_read(pt, NULL));
    ck_assert_int_eq(i2cpt_passthrough_read(pt, &byte), I2CPT_ACK);
    i2cpt_passthrough_nack(NULL);
    BAD(i2cpt_passthrough_stop(NULL));
    BAD_FAULT(i2cpt_passthrough_smbus(NULL, &whole, &f));
    BAD_FAULT(i2cpt_passthrough_smbus(pt, NULL, &f));
    GOOD(i2cpt_passthrough_smbus(pt, &whole, &f));
    i2cpt_passthrough_fault(NULL, &f);
    ck_assert_int_eq(f.code, EINVAL);
    i2cpt_passthrough_fault(pt, NULL);
    BAD(i2cpt_passthrough_fd(NULL));
    BAD(i2cpt_passthrough_dispatch(NULL));
    BAD(i2cpt_passthrough_wait(NULL, 0));
    i2cpt_passthrough_timer(NULL);
    i2cpt_passthrough_reset(NULL);
    i2cpt_passthrough_drain(NULL);
    ck_assert_uint_eq(i2cpt_passthrough_counter(NULL, 0), 0);
    i2cpt_passthrough_free(pt);
}
END_TEST

START_TEST(null_and_readers)
{
    static const char text[] = "i2cpt-trace 1\nend 0\n";
    const struct i2cpt_trace_line *line;
    struct i2cpt_trace_irq irq = {.size = sizeof(irq)};
    struct i2cpt_trace_reader *r;
    uint64_t value;
    int32_t bus;

    BAD_FAULT(i2cpt_trace_reader_open(NULL, &r, &f));
    BAD_FAULT(i2cpt_trace_reader_open(trace, NULL, &f));
    BAD_FAULT(i2cpt_trace_reader_open_memory(NULL, 3, "x", &r, &f));
    BAD_FAULT(i2cpt_trace_reader_open_memory(text, 3, NULL, &r, &f));
    BAD_FAULT(i2cpt_trace_reader_open_memory(text, 3, "x", NULL, &f));
    ck_assert_int_eq(
        i2cpt_trace_reader_open_memory(text, strlen(text), "x", &r, NULL), 0);
    BAD_FAULT(i2cpt_trace_reader_next(NULL, &line, &f));
    BAD_FAULT(i2cpt_trace_reader_next(r, NULL, &f));
    ck_assert_int_eq(i2cpt_trace_reader_next(r, &line, &f), 1);
    ck_assert_int_eq(i2cpt_trace_reader_complete(NULL), 0);
    ck_assert_uint_eq(i2cpt_trace_reader_transfers(NULL), 0);
    ck_assert_int_eq(i2cpt_trace_header_is(NULL, "adapter", &bus), 0);
    BAD(i2cpt_trace_irq_is(NULL, &irq));
    BAD(i2cpt_trace_irq_is(line, NULL));
    ck_assert_int_eq(i2cpt_trace_irq_is(line, &irq), 0);
    irq.size = 4;
    BAD(i2cpt_trace_irq_is(line, &irq));
    ck_assert_int_eq(i2cpt_trace_header_is(line, NULL, &bus), 0);
    ck_assert_int_eq(i2cpt_trace_header_is(line, "adapter", NULL), 0);
    BAD(i2cpt_trace_header_number(NULL, "x", 1, &bus, &value));
    BAD(i2cpt_trace_header_number(line, NULL, 1, &bus, &value));
    BAD(i2cpt_trace_header_number(line, "x", 1, &bus, NULL));
    BAD(i2cpt_trace_line_format(NULL, NULL, 0));
    i2cpt_trace_reader_free(r);
}
END_TEST

START_TEST(null_and_writers)
{
    g_autofree char *path = g_build_filename(folder, "two.i2ct", NULL);
    struct i2cpt_trace_line line = {.size = sizeof(line),
                                    .kind = I2CPT_TRACE_BLANK};
    struct i2cpt_trace_writer *w;
    struct i2cpt_msg msg = message(0);

    BAD_FAULT(i2cpt_trace_writer_open(NULL, 0, &w, &f));
    BAD_FAULT(i2cpt_trace_writer_open(path, 0, NULL, &f));
    ck_assert_int_eq(i2cpt_trace_writer_open(path, 0, &w, NULL), 0);
    ck_assert_uint_eq(i2cpt_trace_writer_start_ns(NULL), 0);
    BAD_FAULT(i2cpt_trace_writer_line(NULL, &line, &f));
    BAD_FAULT(i2cpt_trace_writer_line(w, NULL, &f));
    BAD_FAULT(i2cpt_trace_writer_header(NULL, "a", "b", &f));
    BAD_FAULT(i2cpt_trace_writer_header(w, NULL, "b", &f));
    BAD_FAULT(i2cpt_trace_writer_header(w, "a", NULL, &f));
    BAD_FAULT(i2cpt_trace_writer_comment(NULL, "a", &f));
    BAD_FAULT(i2cpt_trace_writer_comment(w, NULL, &f));
    BAD_FAULT(
        i2cpt_trace_writer_transfer(NULL, 0, 0, -1, &msg, 1, NULL, 0, 0, &f));
    BAD_FAULT(
        i2cpt_trace_writer_transfer(w, 0, 0, -1, NULL, 1, NULL, 0, 0, &f));
    BAD_FAULT(i2cpt_trace_writer_end(NULL, &f));
    ck_assert_int_eq(i2cpt_trace_writer_end(w, NULL), 0);
    i2cpt_trace_writer_free(w);
}
END_TEST

START_TEST(null_and_reruns)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_trace_transfer t = {0};
    struct i2cpt_msg msg = message(0), *msgs;
    char text[8];
    size_t n;

    BAD(i2cpt_trace_request(NULL, &msgs, &n));
    BAD(i2cpt_trace_request(&t, NULL, &n));
    BAD(i2cpt_trace_request(&t, &msgs, NULL));
    BAD(i2cpt_trace_compare(NULL, &msg, 1, 0, NULL, text, sizeof(text)));
    BAD(i2cpt_trace_compare(&t, NULL, 1, 0, NULL, text, sizeof(text)));
    BAD(i2cpt_trace_compare(&t, &msg, 1, 0, NULL, NULL, 8));
    BAD_FAULT(i2cpt_trace_merge(NULL, trace, "x", &f));
    BAD_FAULT(i2cpt_trace_merge(trace, NULL, "x", &f));
    BAD_FAULT(i2cpt_trace_merge(trace, trace, NULL, &f));
    BAD_FAULT(i2cpt_transfer_parse(NULL, &msgs, &n, &f));
    BAD_FAULT(i2cpt_transfer_parse("r1@0x48", NULL, &n, &f));
    BAD_FAULT(i2cpt_transfer_parse("r1@0x48", &msgs, NULL, &f));
    BAD_FAULT(i2cpt_trace_adapter_verdict(NULL, &v, &f));
    BAD_FAULT(i2cpt_trace_adapter_verdict(a, NULL, &f));
    BAD_FAULT(i2cpt_trace_adapter_tell_verdict(NULL, &f));
    BAD(i2cpt_trace_verdict_describe(NULL, I2CPT_VERDICT_ALL, text, 8));
    BAD(i2cpt_trace_verdict_describe(&v, I2CPT_VERDICT_ALL, NULL, 8));
    BAD(i2cpt_trace_verdict_describe(&v, 99, text, 8));
    BAD(i2cpt_trace_verdict_failed(NULL));
    BAD(i2cpt_trace_record_flush(NULL));
    BAD_FAULT(i2cpt_trace_record_event(NULL, "client", "x", &f));
    BAD_FAULT(i2cpt_trace_record_event(a, NULL, "x", &f));
    BAD_FAULT(i2cpt_trace_record_event(a, "client", NULL, &f));
    BAD_FAULT(i2cpt_trace_record_end(NULL, &f));
}
END_TEST

static int null_open(void *user, const struct i2cpt_options *options,
                     void **instance, struct i2cpt_backend_info *info,
                     struct i2cpt_fault *fault)
{
    ck_assert_ptr_null(i2cpt_backend_text(options, NULL));
    ck_assert_uint_eq(i2cpt_backend_number(options, NULL), 0);
    BAD(i2cpt_backend_line_add(info->lines, NULL, 0));
    info->functionality = I2CPT_FUNC_I2C;
    return 0;
}

static int null_transfer(void *instance, struct i2cpt_backend_xfer *x)
{
    size_t i;

    for (i = 0; i < x->n; i++) {
        i2cpt_backend_msg(x, i)->actual = i2cpt_backend_msg(x, i)->len;
    }
    return 0;
}

static const struct i2cpt_backend_ops ops = {
    .size = sizeof(ops),
    .name = "null",
    .open = null_open,
    .transfer = null_transfer,
};

START_TEST(null_and_foreign_back_ends)
{
    struct i2cpt_adapter *own;

    BAD_FAULT(i2cpt_adapter_new(NULL, NULL, NULL, &own, &f));
    BAD_FAULT(i2cpt_adapter_new(&ops, NULL, NULL, NULL, &f));
    BAD_FAULT(i2cpt_backend_register(NULL, NULL, &f));
    GOOD(i2cpt_adapter_new(&ops, NULL, NULL, &own, &f));
    i2cpt_adapter_unref(own);
    GOOD(i2cpt_backend_register(&ops, NULL, &f));
    GOOD(i2cpt_backend_load(NULL, &f));
    ck_assert_ptr_null(i2cpt_backend_text(NULL, "x"));
    ck_assert_uint_eq(i2cpt_backend_number(NULL, "x"), 0);
    ck_assert_int_eq(i2cpt_backend_fail(NULL, EIO, 0, -1, -1, NULL), -EIO);
    BAD(i2cpt_backend_line_add(NULL, "int", 0));
    BAD(i2cpt_backend_line_set(NULL, 0, 0, 0));
}
END_TEST

/* -------------------------------------------------------- fault after success
 */

START_TEST(success_clears_the_fault)
{
    g_autofree char *path = g_build_filename(folder, "socket", NULL);
    struct i2cpt_listener *listener;
    struct i2cpt_msg msg = message(0), *msgs;
    struct i2cpt_passthrough *pt;
    struct i2cpt_adapter *other;
    struct i2cpt_options *o;
    struct i2cpt_policy *p;
    int16_t result[128];
    size_t n;

    GOOD(i2cpt_options_parse("stub", &o, &f));
    GOOD(i2cpt_options_set(o, "chips", "0x48", &f));
    GOOD(i2cpt_adapter_open_options(o, &other, &f));
    i2cpt_options_free(o);
    i2cpt_adapter_unref(other);
    GOOD(i2cpt_adapter_open("stub", &other, &f));
    i2cpt_adapter_unref(other);
    GOOD(i2cpt_transfer(a, &msg, 1, &f));
    GOOD(i2cpt_smbus_quick(a, 0x48, 0, 0, &f));
    GOOD(i2cpt_smbus_receive_byte(a, 0x48, 0, &f));
    GOOD(i2cpt_smbus_send_byte(a, 0x48, 0, 1, &f));
    GOOD(i2cpt_smbus_write_byte_data(a, 0x48, 0, 1, 2, &f));
    GOOD(i2cpt_smbus_read_byte_data(a, 0x48, 0, 1, &f));
    GOOD(i2cpt_smbus_write_word_data(a, 0x48, 0, 1, 2, &f));
    GOOD(i2cpt_smbus_read_word_data(a, 0x48, 0, 1, &f));
    GOOD(i2cpt_smbus_process_call(a, 0x48, 0, 1, 2, &f));
    GOOD(i2cpt_smbus_write_block_data(a, 0x48, 0, 1, bytes, 4, &f));
    GOOD(i2cpt_smbus_write_i2c_block(a, 0x48, 0, 1, bytes, 4, &f));
    GOOD(i2cpt_smbus_read_i2c_block(a, 0x48, 0, 1, bytes, 4, &f));
    GOOD(i2cpt_smbus_read_block_data(a, 0x48, 0, 1, bytes, 4, &f));
    GOOD(i2cpt_adapter_claim(a, 0x48, 0, &f));
    GOOD(i2cpt_probe(a, 0x48, I2CPT_PROBE_AUTO, &f));
    GOOD(i2cpt_probe(a, 0x49, I2CPT_PROBE_AUTO, &f)); /* nobody: no fault */
    GOOD(i2cpt_scan(a, 8, 0x77, I2CPT_PROBE_AUTO, result, &f));
    GOOD(i2cpt_transfer_parse("r1@0x48", &msgs, &n, &f));
    i2cpt_free(msgs);
    ck_assert_int_eq(i2cpt_policy_new(&p), 0);
    GOOD(i2cpt_policy_set(p, "address", "0x48", &f));
    GOOD(i2cpt_address_parse("address", "0x48", &f));
    GOOD(i2cpt_listener_new(path, &listener, &f));
    i2cpt_listener_free(listener);
    GOOD(i2cpt_passthrough_new(a, p, NULL, &pt, &f));
    i2cpt_passthrough_free(pt);
    i2cpt_policy_free(p);
}
END_TEST

START_TEST(success_clears_the_fault_of_traces)
{
    g_autofree char *path = g_build_filename(folder, "two.i2ct", NULL);
    g_autofree char *spec = g_strdup_printf("trace,file=%s", trace);
    struct i2cpt_trace_line own = {.size = sizeof(own),
                                   .kind = I2CPT_TRACE_BLANK};
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    const struct i2cpt_trace_line *line;
    struct i2cpt_msg msg = message(0);
    struct i2cpt_trace_reader *r;
    struct i2cpt_trace_writer *w;
    struct i2cpt_adapter *replay;

    GOOD(i2cpt_trace_reader_open(trace, &r, &f));
    GOOD(i2cpt_trace_reader_next(r, &line, &f));
    i2cpt_trace_reader_free(r);
    GOOD(i2cpt_trace_reader_open_memory("i2cpt-trace 1\n", 14, "x", &r, &f));
    GOOD(i2cpt_trace_reader_next(r, &line, &f));
    i2cpt_trace_reader_free(r);
    GOOD(i2cpt_trace_writer_open(path, 0, &w, &f));
    GOOD(i2cpt_trace_writer_header(w, "adapter", "x", &f));
    GOOD(i2cpt_trace_writer_comment(w, "x", &f));
    GOOD(i2cpt_trace_writer_line(w, &own, &f));
    GOOD(i2cpt_trace_writer_transfer(w, 0, 0, -1, &msg, 1, NULL, 0, 0, &f));
    GOOD(i2cpt_trace_writer_end(w, &f));
    i2cpt_trace_writer_free(w);
    g_unlink(path);
    GOOD(i2cpt_trace_merge(trace, trace, path, &f));
    ck_assert_int_eq(i2cpt_adapter_open(spec, &replay, NULL), 0);
    GOOD(i2cpt_trace_adapter_verdict(replay, &v, &f));
    ck_assert_uint_eq(v.remaining, 1);
    GOOD(i2cpt_trace_adapter_tell_verdict(replay, &f));
    GOOD(i2cpt_trace_record_event(replay, "client", "x", &f));
    GOOD(i2cpt_trace_record_end(replay, &f));
    i2cpt_adapter_unref(replay);
}
END_TEST

/* ------------------------------------------------------ of another version */

static int completions;

static void complete(void *user, int answer, uint8_t byte)
{
    completions++;
}

/* As a later version's, with members of which this one knows nothing. */
struct later_hooks {
    struct i2cpt_hooks hooks;
    void (*unknown[4])(void);
};

static int new_with(const struct i2cpt_hooks *hooks,
                    struct i2cpt_passthrough **pt)
{
    struct i2cpt_policy *p;
    int ret;

    ck_assert_int_eq(i2cpt_policy_new(&p), 0);
    ck_assert_int_eq(i2cpt_policy_set(p, "address", "0x48", NULL), 0);
    ck_assert_int_eq(i2cpt_policy_set(p, "hold-timeout-ms", "60000", NULL), 0);
    ret = i2cpt_passthrough_new(a, p, hooks, pt, &f);
    i2cpt_policy_free(p);
    return ret;
}

START_TEST(hooks_of_a_later_version)
{
    struct later_hooks later = {
        .hooks = {.size = sizeof(later), .complete = complete}};
    struct i2cpt_passthrough *pt;

    memset(later.unknown, 0x5a, sizeof(later.unknown));
    ck_assert_int_eq(new_with(&later.hooks, &pt), 0);
    ck_assert_int_ge(i2cpt_passthrough_fd(pt), 0); /* the hook was taken */
    i2cpt_passthrough_free(pt);
}
END_TEST

/* With a `complete` hook, what is in memory answers at once all the same. */
START_TEST(answers_at_once)
{
    struct i2cpt_hooks hooks = {.size = sizeof(hooks), .complete = complete};
    struct i2cpt_passthrough *pt;

    completions = 0;
    ck_assert_int_eq(new_with(&hooks, &pt), 0);
    ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x48, 0, 0), I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_write(pt, 1), I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_stop(pt), I2CPT_ACK);
    i2cpt_passthrough_free(pt);
    ck_assert_int_eq(completions, 0);
}
END_TEST

/* Told in turn that an event begins to wait and that it has. */
struct turns {
    int begun, ended;
};

static void blocks(void *user, int begins)
{
    struct turns *turns = user;

    ck_assert_int_eq(turns->begun - turns->ended, !begins);
    *(begins ? &turns->begun : &turns->ended) += 1;
}

static void write_once(const char *spec, struct turns *turns,
                       uint64_t *longest_us)
{
    struct i2cpt_hooks hooks = {
        .size = sizeof(hooks), .user = turns, .blocks = blocks};
    struct i2cpt_passthrough *pt;
    struct i2cpt_policy *p;
    struct i2cpt_adapter *slow;

    ck_assert_int_eq(i2cpt_adapter_open(spec, &slow, &f), 0);
    ck_assert_int_eq(i2cpt_policy_new(&p), 0);
    ck_assert_int_eq(i2cpt_policy_set(p, "address", "0x48", NULL), 0);
    ck_assert_int_eq(i2cpt_policy_set(p, "hold-timeout-ms", "60000", NULL), 0);
    ck_assert_int_eq(i2cpt_passthrough_new(slow, p, &hooks, &pt, &f), 0);
    ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x48, 0, 0), I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_write(pt, 1), I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_stop(pt), I2CPT_ACK);
    ck_assert_int_eq(turns->begun, turns->ended);
    *longest_us = i2cpt_passthrough_counter(pt, I2CPT_COUNT_LONGEST_WAIT_US);
    i2cpt_passthrough_free(pt);
    i2cpt_policy_free(p);
    i2cpt_adapter_unref(slow);
}

/* As a thread's that has looked at the clock and is late with it. */
static uint64_t backwards(void *user)
{
    atomic_uint_fast64_t *now_ns = user;

    return atomic_fetch_sub(now_ns, 1000000);
}

START_TEST(late_with_the_time)
{
    atomic_uint_fast64_t now_ns = UINT64_C(1) << 50;
    struct i2cpt_hooks hooks = {
        .size = sizeof(hooks), .user = &now_ns, .now_ns = backwards};
    struct i2cpt_passthrough *pt;
    struct i2cpt_policy *p;
    struct i2cpt_adapter *slow;

    ck_assert_int_eq(i2cpt_adapter_open("stub,chips=0x48,byte-us=1", &slow, &f),
                     0);
    ck_assert_int_eq(i2cpt_policy_new(&p), 0);
    ck_assert_int_eq(i2cpt_policy_set(p, "address", "0x48", NULL), 0);
    ck_assert_int_eq(i2cpt_policy_set(p, "hold-timeout-ms", "60000", NULL), 0);
    ck_assert_int_eq(i2cpt_passthrough_new(slow, p, &hooks, &pt, &f), 0);
    i2cpt_passthrough_start(pt, 0x48, 0, 0);
    i2cpt_passthrough_stop(pt);
    ck_assert_uint_eq(
        i2cpt_passthrough_counter(pt, I2CPT_COUNT_LONGEST_WAIT_US), 0);
    i2cpt_passthrough_free(pt);
    i2cpt_policy_free(p);
    i2cpt_adapter_unref(slow);
}
END_TEST

START_TEST(who_blocks_is_told)
{
    struct turns turns = {0}, none = {0};
    uint64_t longest_us;

    write_once("stub,chips=0x48,byte-us=3000,timeout-ms=60000", &turns,
               &longest_us);
    ck_assert_int_eq(turns.begun, 3); /* START, byte, STOP */
    ck_assert_uint_ge(longest_us, 3000);
    write_once("stub,chips=0x48", &none, &longest_us);
    ck_assert_int_eq(none.begun, 0);
    ck_assert_uint_eq(longest_us, 0);
}
END_TEST

/* `size` is where a member ends, behind the first two. */
START_TEST(hooks_of_an_earlier_version)
{
    struct i2cpt_hooks hooks = {.complete = complete};
    struct i2cpt_passthrough *pt;
    uint32_t size;

    for (size = 0; size < sizeof(hooks); size++) {
        bool whole = size >= offsetof(struct i2cpt_hooks, complete) &&
                     size % sizeof(void *) == 0;

        hooks.size = size;
        ck_assert_int_eq(new_with(&hooks, &pt), whole ? 0 : -EINVAL);
        if (whole) {
            ck_assert_int_eq(i2cpt_passthrough_fd(pt) >= 0,
                             size >= offsetof(struct i2cpt_hooks, now_ns));
            i2cpt_passthrough_free(pt);
        } else {
            ck_assert_ptr_nonnull(strstr(f.text, "size"));
        }
    }
}
END_TEST

/* What lies behind an earlier version's struct is not written to. */
START_TEST(keys_of_an_earlier_version)
{
    struct i2cpt_key_info info;

    memset(&info, 0x5a, sizeof(info));
    info.size = offsetof(struct i2cpt_key_info, help);
    ck_assert_int_eq(i2cpt_policy_key(0, &info), 0);
    ck_assert_ptr_nonnull(info.name);
    ck_assert_int_eq(((unsigned char *)&info.help)[0], 0x5a);
    ck_assert_uint_eq(info.size, offsetof(struct i2cpt_key_info, help));
    info.size = 0;
    BAD(i2cpt_policy_key(0, &info));
    BAD(i2cpt_backend_key("stub", 0, &info));
    info.size = 2 * sizeof(info);
    ck_assert_int_eq(i2cpt_backend_key("stub", 0, &info), 0);
    ck_assert_ptr_nonnull(info.help);
}
END_TEST

START_TEST(lines_of_no_version)
{
    g_autofree char *path = g_build_filename(folder, "two.i2ct", NULL);
    struct i2cpt_trace_line line = {.kind = I2CPT_TRACE_BLANK};
    struct i2cpt_trace_writer *w;

    ck_assert_int_eq(i2cpt_trace_writer_open(path, 0, &w, NULL), 0);
    ck_assert_int_eq(i2cpt_trace_writer_line(w, &line, &f), -EINVAL);
    ck_assert_ptr_nonnull(strstr(f.text, "size"));
    ck_assert_int_eq(i2cpt_trace_line_format(&line, NULL, 0), -EINVAL);
    line.size = sizeof(line);
    ck_assert_int_eq(i2cpt_trace_writer_line(w, &line, &f), 0);
    i2cpt_trace_writer_free(w);
}
END_TEST

/* Who was built before `bus` and `spec`, and who will be later: what lies past
 * its end is not looked at. */
static const struct {
    size_t size;
    int ret; /* the line's length, or an error */
} line_sizes[] = {
    {0, -EINVAL},
    {4, -EINVAL},
    {offsetof(struct i2cpt_trace_line, transfer), -EINVAL},
    {offsetof(struct i2cpt_trace_line, bus) - sizeof(void *), -EINVAL},
    {offsetof(struct i2cpt_trace_line, bus), 9},
    {offsetof(struct i2cpt_trace_line, bus) + 1, -EINVAL},
    {sizeof(struct i2cpt_trace_line), 9},
    {sizeof(struct i2cpt_trace_line) + 64, 9},
};

START_TEST(lines_of_any_version)
{
    g_autofree char *path = g_build_filename(folder, "two.i2ct", NULL);
    size_t size = line_sizes[_i].size;
    struct i2cpt_trace_line *line = g_malloc0(MAX(size, 4));
    int ret = line_sizes[_i].ret;
    struct i2cpt_trace_writer *w;
    char text[16] = "";

    line->size = (uint32_t)size;
    if (size >= offsetof(struct i2cpt_trace_line, transfer)) {
        line->kind = I2CPT_TRACE_HEADER;
        line->key = "key";
        line->text = "text";
    }
    ck_assert_int_eq(i2cpt_trace_line_format(line, text, sizeof(text)), ret);
    ck_assert_str_eq(text, ret < 0 ? "" : "key: text");
    ck_assert_int_eq(i2cpt_trace_writer_open(path, 0, &w, NULL), 0);
    ck_assert_int_eq(i2cpt_trace_writer_line(w, line, &f), MIN(ret, 0));
    i2cpt_trace_writer_free(w);
    g_free(line);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("contracts");
    TCase *c = tcase_create("contracts");

    tcase_add_checked_fixture(c, begin, end);
    tcase_add_test(c, what_frees_takes_null);
    tcase_add_test(c, null_and_options);
    tcase_add_test(c, null_and_adapters);
    tcase_add_test(c, null_and_transfers);
    tcase_add_test(c, null_and_smbus);
    tcase_add_test(c, null_and_passthroughs);
    tcase_add_test(c, null_and_readers);
    tcase_add_test(c, null_and_writers);
    tcase_add_test(c, null_and_reruns);
    tcase_add_test(c, null_and_foreign_back_ends);
    tcase_add_test(c, success_clears_the_fault);
    tcase_add_test(c, success_clears_the_fault_of_traces);
    tcase_add_test(c, hooks_of_a_later_version);
    tcase_add_test(c, hooks_of_an_earlier_version);
    tcase_add_test(c, answers_at_once);
    tcase_add_test(c, who_blocks_is_told);
    tcase_add_test(c, late_with_the_time);
    tcase_add_test(c, keys_of_an_earlier_version);
    tcase_add_test(c, lines_of_no_version);
    tcase_add_loop_test(c, lines_of_any_version, 0, G_N_ELEMENTS(line_sizes));
    suite_add_tcase(s, c);
    return unit_run(s);
}
