/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What no document says, asked of a chip that is there: whether a clock of the
 * engine takes its time while SCL is an input, which edges=shifted rests on. On
 * an idle bus; SCL and SDA are let go all the while.
 */
#include <errno.h>
#include <glib.h>

#include "core/clock.h"
#include "core/fault.h"
#include "ftdi/examine.h"
#include "ftdi/mpsse-codec.h"

/* AN_108: so many bytes of clocks, no data. */
#define OP_CLOCK_BYTES 0x8f
#define CLOCK_BYTES    1024u
#define CLOCKS         (8 * CLOCK_BYTES)
/* The fastest counts: what a machine does besides only adds. */
#define TRIES       5
#define EXCHANGE_NS 2000000000u

/* Both lines let go, clocks or none, the pins read; the least time it took. */
static int fastest(struct ftdi_link *link, bool clocks, uint8_t *pins,
                   uint64_t *took_ns)
{
    static const uint8_t with[] = {OP_SET_LOW,
                                   0,
                                   0,
                                   OP_CLOCK_BYTES,
                                   (CLOCK_BYTES - 1) & 0xff,
                                   (CLOCK_BYTES - 1) >> 8,
                                   OP_READ_LOW,
                                   OP_SEND_IMMEDIATE};
    static const uint8_t without[] = {OP_SET_LOW, 0, 0, OP_READ_LOW,
                                      OP_SEND_IMMEDIATE};
    uint64_t begin_ns;
    int i, ret = 0;

    *took_ns = UINT64_MAX;
    for (i = 0; i < TRIES && !ret; i++) {
        begin_ns = i2cpt_now_ns();
        ret = mpsse_link_ops.exchange(link, clocks ? with : without,
                                      clocks ? sizeof(with) : sizeof(without),
                                      pins, 1, begin_ns + EXCHANGE_NS);
        *took_ns = MIN(*took_ns, i2cpt_now_ns() - begin_ns);
    }
    return ret;
}

static void say(const struct ftdi_found *found, const struct mpsse *m,
                uint64_t clocked_ns, uint64_t empty_ns, uint8_t pins,
                void (*line)(const char *text, void *user), void *user)
{
    double expected_ms = CLOCKS * 1e3 / m->scl_hz;
    double took_ms = ((double)clocked_ns - (double)empty_ns) / 1e6;
    bool passes = took_ms > expected_ms / 2;
    char *text;

    text = g_strdup_printf(
        "ftdi-check 1: %s, %u clocks with SCL an input: %.2f ms of %.2f at %u "
        "Hz, empty %.2f ms; then SCL %s, SDA %s",
        found->name, CLOCKS, took_ms, expected_ms, m->scl_hz,
        (double)empty_ns / 1e6, pins & PIN_SCL ? "high" : "low",
        pins & PIN_SDA_IN ? "high" : "low");
    line(text, user);
    g_free(text);
    line(passes ? "the clock takes its time: whether SCL was still meanwhile, "
                  "a scope has to say before edges=shifted is used"
                : "the clock takes no time: edges=shifted does not work on "
                  "this chip",
         user);
}

int mpsse_examine(struct ftdi_link *link, const struct ftdi_found *found,
                  const struct mpsse *m,
                  void (*line)(const char *text, void *user), void *user,
                  struct i2cpt_fault *fault)
{
    uint64_t empty_ns, clocked_ns;
    uint8_t pins;
    int ret = fastest(link, false, &pins, &empty_ns);

    ret = ret ? ret : fastest(link, true, &pins, &clocked_ns);
    if (ret) {
        return i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    say(found, m, clocked_ns, empty_ns, pins, line, user);
    return 0;
}
