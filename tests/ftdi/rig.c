/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What both forms of the rig have. */
#include <string.h>

#include "core/fault.h"
#include "rig.h"

struct vchip_config rig_chip(const struct rig_config *config)
{
    static const enum vchip_pin pins[] = {0, PIN_GPIOL3, PIN_GPIOL1};
    struct vchip_config chip =
        vchip_i2c((enum vchip_kind)config->chip, pins[config->stretching]);

    if (config->stretching == MPSSE_STRETCH_ADAPTIVE) {
        chip.net[PIN_GPIOL1] = WIRE_SCL;
    }
    if (config->set_ns) {
        chip.set_ns = config->set_ns;
    }
    chip.two_halves = config->two_halves;
    chip.input_clock = config->input_clock;
    chip.purge_aborts = config->purge_aborts;
    chip.i2c_only = config->edges == MPSSE_SET_BITS;
    return chip;
}

struct rig *rig_new(const struct rig_config *config)
{
    struct rig *r = rig_prepare(config);
    int ret = rig_open(r);

    ck_assert_msg(!ret, "%s: open: %d, %s", rig_name(config), ret,
                  r->fault.text);
    wire_forget(r->b->wire);
    vusb_forget_counts(r->b->usb);
    return r;
}

const char *rig_name(const struct rig_config *config)
{
    static const char *const chips[] = {"FT232H", "FT2232H", "FT4232H"};
    static const char *const encodings[] = {"packed", "bytewise"};
    static const char *const stretchings[] = {"", " adaptive", " gpio"};
    static char name[80];

    g_snprintf(name, sizeof(name), "%s %s%s%s%s %u Hz", chips[config->chip],
               encodings[config->encoding], stretchings[config->stretching],
               config->edges ? " shifted" : "", config->batch ? " batch" : "",
               config->frequency_hz);
    return name;
}

/* ---------------------------------------------------------------- transfers */

static void add_byte(struct i2cpt_msg *m, const char *word)
{
    char *end;
    uint8_t byte = (uint8_t)g_ascii_strtoull(word, &end, 16);
    unsigned n =
        *end == 'x' ? (unsigned)g_ascii_strtoull(end + 1, NULL, 10) : 1;

    ck_assert_uint_le(m->len + n, sizeof(((struct rig *)0)->bufs[0]));
    memset(m->buf + m->len, byte, n);
    m->len = (uint16_t)(m->len + n);
}

static void parse_read(struct i2cpt_msg *m, const char *word)
{
    m->flags |= I2CPT_M_RD;
    if (*word == '?') {
        m->flags |= I2CPT_M_RECV_LEN;
        m->buf[0] = word[1] == '1' ? 2 : 1;
        m->len = (uint16_t)(32 + m->buf[0]);
    } else {
        m->len = (uint16_t)g_ascii_strtoull(word, NULL, 10);
    }
}

static void parse_msg(struct i2cpt_msg *m, char *text)
{
    char **words = g_strsplit(text, " ", -1), *p = words[0] + 1;
    unsigned i;

    if (*p == '-') {
        m->flags |= I2CPT_M_NOSTART;
    }
    if (*p == '/') {
        m->flags |= I2CPT_M_TEN;
        p++;
    }
    m->addr = (uint16_t)g_ascii_strtoull(p, &p, 16);
    if (*p == '!') {
        m->flags |= I2CPT_M_IGNORE_NAK;
    }
    if (words[0][0] == 'r') {
        parse_read(m, words[1]);
    }
    for (i = 1; words[i] && words[0][0] == 'w'; i++) {
        add_byte(m, words[i]);
    }
    g_strfreev(words);
}

void rig_parse(struct rig *r, const char *text)
{
    char **parts = g_strsplit(text, " | ", -1);

    memset(r->msgs, 0, sizeof(r->msgs));
    for (r->n_msgs = 0; parts[r->n_msgs]; r->n_msgs++) {
        ck_assert_uint_lt(r->n_msgs, RIG_MSGS);
        r->msgs[r->n_msgs].buf = r->bufs[r->n_msgs];
        parse_msg(&r->msgs[r->n_msgs], parts[r->n_msgs]);
    }
    g_strfreev(parts);
}

int rig_transfer(struct rig *r, const char *text)
{
    int ret;

    rig_parse(r, text);
    i2cpt_fault_clear(&r->fault);
    ret = rig_run(r);
    rig_settle(r);
    return ret;
}

char *rig_data(const struct rig *r)
{
    GString *text = g_string_new(NULL);
    const char *between = "";
    size_t i, k;

    for (i = 0; i < r->n_msgs; i++) {
        if (!(r->msgs[i].flags & I2CPT_M_RD)) {
            continue;
        }
        g_string_append(text, between);
        for (k = 0; k < r->msgs[i].actual; k++) {
            g_string_append_printf(text, k ? " %02x" : "%02x",
                                   r->msgs[i].buf[k]);
        }
        between = " | ";
    }
    return g_string_free(text, FALSE);
}
