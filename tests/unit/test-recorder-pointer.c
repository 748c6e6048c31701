/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a recorder writes of a pointer that is joined to a read and fails. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "bus/bus.h"
#include "core/fault.h"
#include "i2cpt-backend.h"
#include "session.h"
#include "unit.h"

struct failure {
    int code;
    enum i2cpt_phase phase;
    const char *lines; /* without their times */
};

static int open_bus(void *user, const struct i2cpt_options *options,
                    void **instance, struct i2cpt_backend_info *info,
                    struct i2cpt_fault *fault)
{
    info->functionality = I2CPT_FUNC_I2C;
    info->flags = I2CPT_BACKEND_TELLS_PHASE;
    return 0;
}

static int transfer(void *instance, struct i2cpt_backend_xfer *x)
{
    return -EIO;
}

static int start(void *instance, uint16_t addr, uint16_t flags,
                 uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    return 0;
}

static int write_byte(void *instance, uint8_t byte, uint64_t deadline_ns,
                      struct i2cpt_fault *fault)
{
    return 0;
}

static int read_byte(void *instance, uint8_t *byte, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    *byte = 0;
    return 0;
}

static int stop(void *instance, uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    return 0;
}

static int pointer(void *instance, uint16_t addr, const uint8_t *bytes,
                   size_t n, uint64_t deadline_ns, uint8_t *byte,
                   struct i2cpt_fault *fault)
{
    const struct failure *f = instance;

    return i2cpt_backend_fail(fault, f->code, f->phase, 0,
                              f->phase == I2CPT_PHASE_DATA ? 0 : -1, NULL);
}

static const struct i2cpt_backend_ops ops = {
    .size = sizeof(ops),
    .name = "fails",
    .open = open_bus,
    .transfer = transfer,
    .stream_start = start,
    .stream_write = write_byte,
    .stream_read = read_byte,
    .stream_stop = stop,
    .stream_pointer = pointer,
};

static const struct failure failures[] = {
    /* a byte was refused: the read behind it was on the wire too */
    {EIO, I2CPT_PHASE_DATA,
     "w1@0x50 05 ! EIO phase=data msg=0 byte=0\nr1@0x50 = ??\n"},
    /* the link has failed: who knows */
    {EIO, I2CPT_PHASE_UNKNOWN, "w1@0x50 05 ! EIO"},
    {ENXIO, I2CPT_PHASE_ADDRESS, "w1@0x50 05 ! ENXIO phase=address msg=0\n"},
    {ETIMEDOUT, I2CPT_PHASE_UNKNOWN, "w1@0x50 05 ! ETIMEDOUT"},
};

/* The transfers of `path`, without their times and marks of our own. */
static GString *transfers(const char *path)
{
    GString *found = g_string_new(NULL);
    char *text;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (g_ascii_isdigit(*line)) {
            g_string_append_printf(found, "%s\n",
                                   strchr(strchr(line, ' ') + 1, ' ') + 1);
        }
    }
    g_free(text);
    return found;
}

START_TEST(a_failed_pointer)
{
    const struct failure *f = &failures[_i];
    struct session_files files;
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    uint8_t byte;
    GString *found;
    char *keys;

    session_begin(&files, NULL);
    keys = g_strdup_printf("record=%s", files.trace);
    ck_assert_int_eq(i2cpt_adapter_new(&ops, (void *)f, keys, &a, &fault), 0);
    i2cpt_fault_clear(&fault);
    ck_assert_int_eq(a->bus->ops->stream_pointer(a->bus->priv, 0x50,
                                                 &(uint8_t){5}, 1,
                                                 UINT64_MAX / 2, &byte, &fault),
                     -f->code);
    a->bus->ops->stream_stop(a->bus->priv, UINT64_MAX / 2, &fault);
    i2cpt_adapter_unref(a);
    found = transfers(files.trace);
    ck_assert_msg(g_str_has_prefix(found->str, f->lines), "%s", found->str);
    ck_assert_msg(!strstr(found->str, "r1@") == !strstr(f->lines, "r1@"), "%s",
                  found->str);
    g_string_free(found, TRUE);
    g_free(keys);
    session_end(&files);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recorder-pointer");
    TCase *c = tcase_create("fails");

    tcase_add_loop_test(c, a_failed_pointer, 0, (int)G_N_ELEMENTS(failures));
    suite_add_tcase(suite, c);
    return unit_run(suite);
}
