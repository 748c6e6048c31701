/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of guest events and the wire transfers that must come of them; see
 * pt-fake.h for the text. Each row runs in every form that it names. */
#ifndef PT_TABLE_H
#define PT_TABLE_H

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "pt-fake.h"
#include "unit.h"

#define BOTH     0
#define BLOCKING 1
#define ASYNC    2

struct pt_row {
    const char *name;
    const char *policy;
    const char *guest;
    const char *answers; /* blanks do not count */
    const char *wire;    /* NULL: not looked at */
    const char *counts;  /* "over-read=32 probes=1", or NULL */
    int forms;
    struct fake_config config;
};

static inline void squeeze(char *out, size_t size, const char *in)
{
    size_t n = 0;

    for (; *in && n + 1 < size; in++) {
        if (*in != ' ') {
            out[n++] = *in;
        }
    }
    out[n] = 0;
}

static inline void check_counts(struct fake_guest *g, const struct pt_row *row,
                                const char *counts)
{
    g_auto(GStrv) words = g_strsplit(counts, " ", 0);
    char got[64], want[64];
    size_t i, c;

    for (i = 0; words[i]; i++) {
        for (c = 0; c < I2CPT_COUNTERS; c++) {
            if (g_str_has_prefix(words[i], i2cpt_counter_name(c)) &&
                words[i][strlen(i2cpt_counter_name(c))] == '=') {
                break;
            }
        }
        ck_assert_msg(c < I2CPT_COUNTERS, "no counter '%s'", words[i]);
        snprintf(want, sizeof(want), "%s: %s", row->name, words[i]);
        snprintf(got, sizeof(got), "%s: %s=%lu", row->name,
                 i2cpt_counter_name(c), (unsigned long)pt_guest_count(g, c));
        ck_assert_str_eq(got, want);
    }
}

/* On another specification than fake,timeout-ms=60000. */
static inline void run_row_on(const struct pt_row *row, enum pt_form form,
                              const char *spec)
{
    char want[4096], got[4096];
    struct fake_guest g;

    pt_guest_open_config(&g, form, &row->config, spec, row->policy);
    pt_guest_run(&g, row->guest);
    if (row->counts) {
        check_counts(&g, row, row->counts);
    }
    squeeze(want, sizeof(want), row->answers);
    squeeze(got, sizeof(got), g.answers);
    ck_assert_msg(!strcmp(got, want), "%s (form %d): answers %s, want %s",
                  row->name, form, got, want);
    pt_guest_close(&g);
    if (row->wire) {
        char *log = g_strdup(fake_log());

        if (g_str_has_suffix(log, "flush")) {
            log[strlen(log) - 5] = 0; /* of the close */
        }
        g_strchomp(log);
        ck_assert_msg(!strcmp(log, row->wire),
                      "%s (form %d):\nwire %s\nwant %s", row->name, form, log,
                      row->wire);
        g_free(log);
    }
}

static inline void run_row(const struct pt_row *row, enum pt_form form)
{
    run_row_on(row, form, "fake,timeout-ms=60000");
}

static inline void run_rows(const struct pt_row *row)
{
    int form;

    for (form = 0; form < FORMS; form++) {
        if (row->forms == BOTH ||
            (row->forms == BLOCKING) == (form == FORM_BLOCKING)) {
            run_row(row, form);
        }
    }
}

/* One Check test per row: rows is an array with a size known here. */
#define PT_ROWS_TEST(test, rows) \
    START_TEST(test)             \
    {                            \
        run_rows(&(rows)[_i]);   \
    }                            \
    END_TEST
#define PT_ROWS_ADD(tcase, test, rows) \
    tcase_add_loop_test(tcase, test, 0, (int)G_N_ELEMENTS(rows))

#endif
