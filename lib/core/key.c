/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of keys: what is accepted, parsed and refused by name. */
#include <ctype.h>
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "core/key.h"
#include "core/log.h"

/* Digits of `text` up to `end` (exclusive), decimal or 0x; no sign, no blank.
 */
static int parse_digits(const char *text, const char *end, uint64_t max,
                        uint64_t *out)
{
    unsigned base = 10;
    uint64_t value = 0;
    int digit;

    if (end - text > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
        base = 16;
        text += 2;
    }
    if (text == end) {
        return -EINVAL;
    }
    for (; text < end; text++) {
        digit = g_ascii_xdigit_value(*text);
        if (digit < 0 || (unsigned)digit >= base) {
            return -EINVAL;
        }
        if (value > (max - (unsigned)digit) / base) {
            return -ERANGE;
        }
        value = value * base + (unsigned)digit;
    }
    *out = value;
    return value > max ? -ERANGE : 0;
}

int i2cpt_parse_uint(const char *text, uint64_t max, uint64_t *out)
{
    return parse_digits(text, text + strlen(text), max, out);
}

/* 400k, 1M, 100000; the suffix is decimal, as SCL frequencies are. */
static int parse_frequency(const char *text, uint64_t max, uint64_t *out)
{
    size_t len = strlen(text);
    uint64_t unit = 1;
    int ret;

    if (len && (text[len - 1] | 0x20) == 'k') {
        unit = 1000;
    } else if (len && (text[len - 1] | 0x20) == 'm') {
        unit = 1000000;
    }
    ret = parse_digits(text, text + len - (unit > 1), max / unit, out);
    *out *= ret ? 0 : unit;
    return ret;
}

static int parse_choice(const char *choices, const char *text, uint64_t *out)
{
    size_t len = strlen(text);
    const char *p = choices;
    uint64_t index = 0;

    for (; p && !strchr(text, '|'); index++) {
        if (len && !strncmp(p, text, len) && (p[len] == '|' || !p[len])) {
            *out = index;
            return 0;
        }
        p = strchr(p, '|');
        p = p ? p + 1 : NULL;
    }
    return -EINVAL;
}

const char *i2cpt_key_accepts(const struct i2cpt_key *key, char *buf,
                              size_t size)
{
    switch (key->kind) {
    case I2CPT_KEY_UINT:
        snprintf(buf, size, "%" PRIu64 " to %" PRIu64, key->min, key->max);
        break;
    case I2CPT_KEY_FREQUENCY:
        snprintf(buf, size, "%" PRIu64 " to %" PRIu64 " Hz, with k or M",
                 key->min, key->max);
        break;
    case I2CPT_KEY_CHOICE:
        return key->choices;
    case I2CPT_KEY_SWITCH:
        return "on|off";
    case I2CPT_KEY_STRING:
        return key->choices    ? key->choices
               : key->one_line ? "UTF-8 without control characters"
                               : "text";
    }
    return buf;
}

int i2cpt_key_info(const struct i2cpt_key *key, struct i2cpt_key_info *out)
{
    struct i2cpt_key_info info = {
        .name = key->name, .def = key->def, .help = key->help};
    char buf[80];

    if (!out || !i2cpt_size_is_possible(
                    out->size, offsetof(struct i2cpt_key_info, accepts))) {
        return -EINVAL;
    }
    info.size = out->size;
    info.accepts =
        key->choices
            ? key->choices
            : g_intern_string(i2cpt_key_accepts(key, buf, sizeof(buf)));
    memcpy(out, &info, MIN(out->size, sizeof(info)));
    return 0;
}

static bool is_one_line(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL)) {
        return false;
    }
    for (; *text; text = g_utf8_next_char(text)) {
        if (g_unichar_iscntrl(g_utf8_get_char(text))) {
            return false;
        }
    }
    return true;
}

int i2cpt_key_parse(const struct i2cpt_key *key, const char *text,
                    uint64_t *value, struct i2cpt_fault *fault)
{
    char accepts[80];
    int ret = -EINVAL;

    *value = 0;
    switch (key->kind) {
    case I2CPT_KEY_STRING:
        ret = *text && (!key->one_line || is_one_line(text)) ? 0 : -EINVAL;
        break;
    case I2CPT_KEY_UINT:
        ret = i2cpt_parse_uint(text, key->max, value);
        break;
    case I2CPT_KEY_FREQUENCY:
        ret = parse_frequency(text, key->max, value);
        break;
    case I2CPT_KEY_CHOICE:
        ret = parse_choice(key->choices, text, value);
        break;
    case I2CPT_KEY_SWITCH:
        ret = parse_choice("off|on", text, value);
        break;
    }
    if ((key->kind == I2CPT_KEY_UINT || key->kind == I2CPT_KEY_FREQUENCY) &&
        !ret && *value < key->min) {
        ret = -ERANGE;
    }
    if (ret) {
        return i2cpt_fault_text(
            fault, EINVAL, "%s=%.4096s: accepted is %s", key->name, text,
            i2cpt_key_accepts(key, accepts, sizeof(accepts)));
    }
    return 0;
}

int i2cpt_address_parse(const char *key, const char *text,
                        struct i2cpt_fault *fault)
{
    uint64_t address;

    if (!key || !text) {
        return i2cpt_fault_null(fault, "key or text");
    }
    if (i2cpt_parse_uint(text, 0x7f, &address)) {
        return i2cpt_fault_text(
            fault, EINVAL, "%s=%.4096s: accepted is 0x00 to 0x7f", key, text);
    }
    i2cpt_fault_clear(fault);
    return (int)address;
}

int i2cpt_parse_range(const char *part, uint64_t max, uint64_t *first,
                      uint64_t *last)
{
    const char *dash = strchr(part, '-');
    int ret;

    ret = parse_digits(part, dash ? dash : part + strlen(part), max, first);
    if (ret) {
        return ret;
    }
    *last = *first;
    if (dash) {
        ret = i2cpt_parse_uint(dash + 1, max, last);
    }
    return ret ? ret : *last < *first ? -EINVAL : 0;
}

/* 48 is 0x30, which is seldom what was meant. */
static void point_out_decimal(const char *key, const char *text,
                              const char *part)
{
    uint64_t value;

    if (strlen(part) == 2 && !i2cpt_parse_uint(part, 77, &value) &&
        value >= 10) {
        i2cpt_log(I2CPT_LOG_WARNING,
                  "%s=%.4096s: %s is decimal, 0x%02x; 0x%s is written with 0x",
                  key, text, part, (unsigned)value, part);
    }
}

int i2cpt_parse_addresses(const char *key, const char *text, uint8_t *set,
                          struct i2cpt_fault *fault)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 0);
    uint64_t first, last;
    size_t i;

    memset(set, 0, 128);
    if (!parts[0]) {
        return i2cpt_fault_text(fault, EINVAL,
                                "%s=: accepted is a list of "
                                "addresses such as 0x0e:0x50-0x57",
                                key);
    }
    for (i = 0; parts[i]; i++) {
        if (i2cpt_parse_range(parts[i], 0x7f, &first, &last)) {
            return i2cpt_fault_text(
                fault, EINVAL,
                "%s=%.4096s: '%.4096s' is not an address or range; accepted "
                "are "
                "0x00 to 0x7f joined by ':', such as 0x0e:0x50-0x57",
                key, text, parts[i]);
        }
        point_out_decimal(key, text, parts[i]);
        memset(set + first, 1, last - first + 1);
    }
    return 0;
}
