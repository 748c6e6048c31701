/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random transfers with random NACKs, stretches and stuck lines: no wrong byte,
 * no wrong place of a fault, none past its deadline, no message after a NACK.
 */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "../unit/unit.h"
#include "rig.h"
#include "ways.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TRANSFERS 2000
#else
#define TRANSFERS 20000
#endif
#define ROUNDS 40

struct plan {
    char text[600];
    uint8_t pointer, data[40];
    unsigned n_data, n_read;
    bool reads;
    int nack_at; /* symbol of the first message; -1 */
};

static void make_plan(struct plan *p, GRand *rand)
{
    GString *text = g_string_new(NULL);

    p->pointer = (uint8_t)g_rand_int(rand);
    p->reads = g_rand_boolean(rand);
    p->n_data = (unsigned)g_rand_int_range(rand, 0, p->reads ? 4 : 40);
    p->n_read = (unsigned)g_rand_int_range(rand, 1, 40);
    g_string_printf(text, "w50 %02x", p->pointer);
    for (unsigned i = 0; i < p->n_data; i++) {
        p->data[i] = (uint8_t)g_rand_int(rand);
        g_string_append_printf(text, " %02x", p->data[i]);
    }
    if (p->reads) {
        g_string_append_printf(text, " | r50 %u", p->n_read);
    }
    p->nack_at = g_rand_int_range(rand, 0, 4)
                     ? -1
                     : g_rand_int_range(rand, 0, (int)p->n_data + 2);
    g_strlcpy(p->text, text->str, sizeof(p->text));
    g_string_free(text, TRUE);
}

/* Whether SDA is held: the targets take that for a START, it having fallen
 * while SCL was high. */
static bool disturb(struct rig *r, GRand *rand)
{
    struct target *t = &r->b->targets[BENCH_EEPROM];
    bool gpio = r->config.stretching == MPSSE_STRETCH_GPIO;

    t->n_stretches = r->config.stretching == MPSSE_STRETCH_OFF
                         ? 0
                         : (unsigned)g_rand_int_range(rand, 0, 4);
    for (unsigned i = 0; i < t->n_stretches; i++) {
        t->stretch[i] = (struct target_stretch){
            g_rand_int_range(rand, 0, 6),
            gpio ? 8 * g_rand_int_range(rand, 0, 2)
                 : g_rand_int_range(rand, 0, 9),
            (uint64_t)g_rand_int_range(rand, 1, 900000),
        };
    }
    if (g_rand_int_range(rand, 0, 8)) {
        return false;
    }
    holder_hold_clocks(&r->b->holder, (unsigned)g_rand_int_range(rand, 1, 10));
    return true;
}

/* What it must have done, to `mem`, which is as the target's was before. */
static void check_done(struct rig *r, const struct plan *p, int ret,
                       uint8_t *mem)
{
    struct target *t = &r->b->targets[BENCH_EEPROM];
    unsigned taken = p->n_data;
    uint8_t at = p->pointer;

    if (p->nack_at >= 0) {
        ck_assert_int_eq(ret, p->nack_at ? -EIO : -ENXIO);
        ck_assert_int_eq(r->fault.msg, 0);
        ck_assert_int_eq(r->fault.byte, p->nack_at ? p->nack_at - 1 : -1);
        taken = p->nack_at > 1 ? (unsigned)p->nack_at - 2 : 0;
    } else {
        ck_assert_msg(!ret, "%s: '%s': %d %s", rig_name(&r->config), p->text,
                      ret, r->fault.text);
    }
    for (unsigned i = 0; i < taken; i++) {
        mem[at++] = p->data[i];
    }
    ck_assert_mem_eq(t->mem, mem, sizeof(t->mem));
    for (unsigned i = 0; !ret && p->reads && i < p->n_read; i++) {
        ck_assert_uint_eq(r->msgs[1].buf[i], mem[at++]);
    }
}

static void one_transfer(struct rig *r, GRand *rand)
{
    struct target *t = &r->b->targets[BENCH_EEPROM];
    uint8_t mem[sizeof(t->mem)];
    uint64_t begin_ns;
    struct plan p;
    char *wire;
    bool held;
    int ret;

    make_plan(&p, rand);
    held = disturb(r, rand);
    t->nack_at = p.nack_at;
    t->starts = 0;
    memcpy(mem, t->mem, sizeof(mem));
    wire_forget(r->b->wire);
    begin_ns = wire_now(r->b->wire);
    ret = rig_transfer(r, p.text);
    ck_assert_uint_le(wire_now(r->b->wire) - begin_ns, RIG_TIMEOUT);
    check_done(r, &p, ret, mem);
    wire = bench_text(r->b);
    ck_assert(g_str_has_suffix(wire, " P"));
    ck_assert_msg((ret == 0 || !strstr(wire, "Sr")) &&
                      (held || t->starts == (p.reads && !ret ? 2 : 1)),
                  "%s: '%s': %u STARTs: %s", rig_name(&r->config), p.text,
                  t->starts, wire);
    g_free(wire);
}

START_TEST(random_transfers)
{
    struct rig_config config = config_of(_i % WAYS, _i % FREQUENCIES, false);
    GRand *rand = g_rand_new_with_seed((guint32)_i);
    struct rig *r;

    config.rise_ns = _i % 3 ? 0 : 100;
    r = rig_new(&config);
    for (int i = 0; i < TRANSFERS / ROUNDS; i++) {
        one_transfer(r, rand);
    }
    rig_free(r);
    g_rand_free(rand);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mpsse-random");
    TCase *tc = tcase_create("mpsse-random");

    tcase_set_timeout(tc, 120);
    rig_fixture(tc);
    tcase_add_loop_test(tc, random_transfers, 0, ROUNDS);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
