/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tests share that record a session and replay it. */
#include <glib/gstdio.h>
#include <stdarg.h>

#include "session.h"
#include "unit.h"

void session_begin(struct session_files *f, const char *chips)
{
    f->dir = g_dir_make_tmp("i2cpt-XXXXXX", NULL);
    ck_assert_ptr_nonnull(f->dir);
    f->trace = g_build_filename(f->dir, "session.i2ct", NULL);
    f->load = g_build_filename(f->dir, "chips", NULL);
    if (chips) {
        ck_assert(g_file_set_contents(f->load, chips, -1, NULL));
    }
}

void session_end(struct session_files *f)
{
    g_unlink(f->trace);
    g_unlink(f->load);
    g_rmdir(f->dir);
    g_free(f->trace);
    g_free(f->load);
    g_free(f->dir);
}

struct i2cpt_adapter *session_open(const char *format, ...)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    char *spec;
    va_list ap;

    va_start(ap, format);
    spec = g_strdup_vprintf(format, ap);
    va_end(ap);
    ck_assert_msg(!i2cpt_adapter_open(spec, &a, &fault), "%s: %s", spec,
                  fault.text);
    g_free(spec);
    return a;
}

static uint64_t later(void *user)
{
    uint64_t *clock_ns = user;

    return *clock_ns += 1000;
}

static void no_timer(void *user, uint64_t when_ns)
{
}

struct i2cpt_passthrough *session_guest(struct i2cpt_adapter *a,
                                        const char *addresses,
                                        const char *const *keys,
                                        uint64_t *clock_ns)
{
    struct i2cpt_hooks hooks = {.size = sizeof(hooks),
                                .user = clock_ns,
                                .now_ns = later,
                                .timer = no_timer};
    struct i2cpt_passthrough *pt;
    struct i2cpt_policy *policy;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_policy_new(&policy), 0);
    ck_assert_msg(!i2cpt_policy_set(policy, "addresses", addresses, &fault),
                  "%s", fault.text);
    for (; keys[0]; keys += 2) {
        ck_assert_msg(!i2cpt_policy_set(policy, keys[0], keys[1], &fault), "%s",
                      fault.text);
    }
    ck_assert_msg(!i2cpt_passthrough_new(a, policy, &hooks, &pt, &fault), "%s",
                  fault.text);
    i2cpt_policy_free(policy);
    return pt;
}
