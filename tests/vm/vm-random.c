/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm-random BOARD SEED COUNT: in a guest, COUNT random valid transfers on the
 * virtual i2c-tiny-usb beside a model of its chips (chip-model.c), then as many
 * with random NACKs and with the adapter pulled out at random, in the middle of
 * a transfer and between two. Every errno and every byte read has to be the
 * model's, and in the end all that the chips hold. TAP.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chip-model.h"
#include "vm-guest.h"

#define MSGS 4
#define ROOM 10000 /* bytes of one transfer */

static struct chip_model chips[] = {
    {.addr = 0x48, .size = 256, .pointer_bytes = 1},
    {.addr = 0x50, .size = 256, .page = 8, .pointer_bytes = 1, .cycle = 3},
    {.addr = 0x51, .size = 32768, .page = 64, .pointer_bytes = 2, .cycle = 3},
};
#define CHIPS (sizeof(chips) / sizeof(chips[0]))

static struct board board;
static struct i2cpt_adapter *adapter;
static char spec[200];
static unsigned seed;

/* What has happened. */
static unsigned done, refused, nacked, detached, differ;

static unsigned rnd(unsigned n)
{
    return (unsigned)rand_r(&seed) % n;
}

/* A transfer that is being made up. */
struct xfer {
    struct i2cpt_msg msgs[MSGS];
    size_t n;
    uint8_t bytes[ROOM]; /* of all its messages */
    size_t used;
    size_t reads; /* how many of them come from the chips */
};

static uint8_t *room(struct xfer *x, uint16_t addr, uint16_t flags,
                     uint32_t len)
{
    uint8_t *at = x->bytes + x->used;

    x->msgs[x->n++] = (struct i2cpt_msg){addr, flags, len, 0, at};
    x->used += len;
    return at;
}

static void add_read(struct xfer *x, uint16_t addr, uint32_t len)
{
    memset(room(x, addr, I2CPT_M_RD, len), 0xee, len);
    x->reads += len;
}

/* A pointer and `len` bytes for it. */
static void add_write(struct xfer *x, const struct chip_model *c, uint32_t len)
{
    uint8_t *at = room(x, c->addr, 0, c->pointer_bytes + len);
    uint32_t i;

    for (i = 0; i < c->pointer_bytes + len; i++) {
        at[i] = (uint8_t)rnd(256);
    }
}

/* ------------------------------------------------------ transfers to choose */

static void random_read(struct xfer *x, const struct chip_model *c)
{
    if (rnd(4)) {
        add_write(x, c, 0);
    } /* else from where the pointer is */
    add_read(x, c->addr, 1 + (rnd(200) ? rnd(40) : rnd(8000)));
}

static void random_write(struct xfer *x, const struct chip_model *c)
{
    add_write(x, c, 1 + rnd(c->page ? c->page + 4 : 40));
}

/* Data that a repeated START throws away, in an EEPROM. */
static void random_dropped(struct xfer *x, const struct chip_model *c)
{
    add_write(x, c, 1 + rnd(8));
    add_read(x, c->addr, 1 + rnd(20));
}

static void random_poll(struct xfer *x, const struct chip_model *c)
{
    room(x, c->addr, 0, 0);
}

static void random_pair(struct xfer *x, const struct chip_model *c)
{
    add_write(x, c, 0);
    add_read(x, c->addr, 1 + rnd(16));
    c = &chips[rnd(CHIPS)];
    add_write(x, c, 0);
    add_read(x, c->addr, 1 + rnd(16));
}

static void make_up(struct xfer *x)
{
    static void (*const kinds[])(struct xfer *, const struct chip_model *) = {
        random_read,  random_read,    random_read, random_write,
        random_write, random_dropped, random_poll, random_pair,
    };

    x->n = x->used = x->reads = 0;
    kinds[rnd(sizeof(kinds) / sizeof(kinds[0]))](x, &chips[rnd(CHIPS)]);
}

/* ------------------------------------------------------------ run, compare */

static void complain(const struct xfer *x, const char *what, long is,
                     long should)
{
    size_t i;

    if (differ++ > 10) {
        return;
    }
    printf("# transfer %u, %s: %ld, the model says %ld:", done + refused, what,
           is, should);
    for (i = 0; i < x->n; i++) {
        printf(" %c%u@0x%02x", x->msgs[i].flags & I2CPT_M_RD ? 'r' : 'w',
               (unsigned)x->msgs[i].len, x->msgs[i].addr);
    }
    putchar('\n');
}

static void compare_reads(const struct xfer *x, const uint8_t *in)
{
    size_t i;

    for (i = 0; i < x->n; i++) {
        const struct i2cpt_msg *m = &x->msgs[i];

        if (!(m->flags & I2CPT_M_RD)) {
            continue;
        }
        if (m->actual != m->len) {
            complain(x, "bytes read", m->actual, m->len);
        }
        if (memcmp(m->buf, in, m->len)) {
            complain(x, "a byte of message", (long)i, -1);
        }
        in += m->len;
    }
}

static int run(struct xfer *x, const struct wrong *wrong)
{
    static uint8_t in[ROOM];
    int should = model_transfer(chips, CHIPS, x->msgs, x->n, wrong, in);
    int is = i2cpt_transfer(adapter, x->msgs, x->n, &guest_fault);

    if (is != should) {
        complain(x, "errno", is, should);
    } else if (!is) {
        compare_reads(x, in);
    }
    done += !is;
    refused += is != 0;
    return is;
}

/* Past the bus, what the chips hold now. */
static void compare_memories(const char *when)
{
    unsigned i, k, bytes = 0, differing = 0, value;
    uint32_t at;

    for (i = 0; i < CHIPS; i++) {
        for (at = 0; at < chips[i].size; at += 64) {
            const char *hex =
                board_tell(&board, "peek %x %x", chips[i].addr, (unsigned)at);

            for (k = 0; k < 64; k++, bytes++) {
                differing += sscanf(hex + 2 * k, "%2x", &value) != 1 ||
                             value != chips[i].mem[at + k];
            }
        }
    }
    report(!differing, "%s: memories | %u of %u bytes differ from the model",
           when, differing, bytes);
}

/* -------------------------------------------------------------- the phases */

static void plug(void)
{
    if (!board_plug(&board, spec)) {
        report(0, "the kernel does not see the adapter");
        exit(1);
    }
    adapter = open_spec(spec, ",timeout-ms=20000");
}

static void run_valid(unsigned count)
{
    const struct wrong none = {FINE};
    struct xfer x;

    while (done < count && differ < 20) {
        make_up(&x);
        run(&x, &none);
    }
    report(done >= count && !differ,
           "%u random valid transfers (and %u refused by a busy EEPROM) | "
           "%u differ from the model",
           done, refused, differ);
    compare_memories("valid");
}

/* A target cannot refuse a byte that it sends itself. */
static void choose_where(struct wrong *w, const struct xfer *x)
{
    const struct i2cpt_msg *m = &x->msgs[w->msg = (int)rnd((unsigned)x->n)];

    w->byte = (int)rnd(m->len + 1) - 1;
    if (w->kind == NACKED && m->flags & I2CPT_M_RD) {
        w->byte = -1;
    }
}

/* Pull it out, and plug it in again. The old handle stays dead, and may be
 * there still when the new one is opened. */
static void replug(void)
{
    struct i2cpt_adapter *old = adapter;
    int keep = rnd(2) != 0;

    detached++;
    if (put(old, 0x48, "\0", 1) != -ENODEV) {
        printf("# dead adapter: %s\n", guest_fault.text);
        differ++;
    }
    if (!keep) {
        i2cpt_adapter_unref(old);
    }
    if (!board_wait_gone(&board)) {
        printf("# the kernel does not let go\n");
        differ++;
    }
    plug();
    if (keep) {
        differ += put(old, 0x48, "\0", 1) != -ENODEV;
        i2cpt_adapter_unref(old);
    }
}

static void run_troubled(struct xfer *x, int kind)
{
    struct wrong w = {kind};
    int ret;

    choose_where(&w, x);
    board_tell(&board, "trouble %s %d %d", kind == NACKED ? "nack" : "unplug",
               w.msg, w.byte);
    ret = run(x, &w);
    nacked += kind == NACKED && ret;
    if (ret == -ENODEV) {
        replug();
    }
}

static void pull_between(struct xfer *x)
{
    const struct wrong w = {UNPLUGGED, 0, -1};

    board_tell(&board, "unplug");
    run(x, &w);
    replug();
}

static void run_with_trouble(unsigned count, unsigned detaches)
{
    const struct wrong none = {FINE};
    struct xfer x;

    done = refused = 0;
    while (done < count && differ < 20) {
        make_up(&x);
        if (!rnd(2 * count / detaches)) {
            pull_between(&x);
        } else if (!rnd(2 * count / detaches)) {
            run_troubled(&x, UNPLUGGED);
        } else if (!rnd(20)) {
            run_troubled(&x, NACKED);
        } else {
            run(&x, &none);
        }
    }
    report(done >= count && !differ && nacked && detached,
           "%u more with %u NACKed at random, %u refused in all, %u times "
           "unplugged at random | %u differ from the model",
           done, nacked, refused, detached, differ);
    compare_memories("NACKs, unplugging");
}

int main(int argc, char **argv)
{
    unsigned count = argc == 4 ? (unsigned)atoi(argv[3]) : 0, i;

    if (!count) {
        fprintf(stderr, "usage: vm-random BOARD SEED COUNT\n");
        return 2;
    }
    seed = (unsigned)strtoul(argv[2], NULL, 0);
    guest_name = "random";
    printf("# random transfers: seed %u (VM_SEED=N sets it)\n", seed);
    for (i = 0; i < CHIPS; i++) {
        memset(chips[i].mem, chips[i].page ? 0xff : 0, chips[i].size);
    }
    board_begin(&board, "tiny", argv[1]);
    plug();
    run_valid(count);
    run_with_trouble(count, 16);
    i2cpt_adapter_unref(adapter);
    board_end(&board);
    return guest_failed != 0;
}
