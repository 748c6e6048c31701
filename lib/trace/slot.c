/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory of a parsed line, and what text may stand in one. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "trace/line.h"

void trace_slot_clear(struct trace_slot *slot)
{
    g_free(slot->msgs);
    g_free(slot->data);
    g_free(slot->kinds);
    g_free(slot->text);
    memset(slot, 0, sizeof(*slot));
}

int trace_slot_reserve_data(struct trace_slot *slot, size_t need)
{
    size_t cap = slot->data_cap ? slot->data_cap : 256;
    uint8_t *data, *kinds;

    if (need <= slot->data_cap) {
        return 0;
    }
    while (cap < need) {
        cap *= 2;
    }
    data = g_try_malloc(cap);
    kinds = g_try_malloc(cap);
    if (!data || !kinds) {
        g_free(data);
        g_free(kinds);
        return -ENOMEM;
    }
    g_free(slot->data);
    g_free(slot->kinds);
    slot->data = data;
    slot->kinds = kinds;
    slot->data_cap = cap;
    return 0;
}

int trace_slot_reserve_text(struct trace_slot *slot, size_t need)
{
    char *text;

    if (need <= slot->text_cap) {
        return 0;
    }
    text = g_try_malloc(need);
    if (!text) {
        return -ENOMEM;
    }
    g_free(slot->text);
    slot->text = text;
    slot->text_cap = need;
    return 0;
}

int trace_slot_reserve_msg(struct trace_slot *slot, uint32_t n)
{
    uint32_t cap = slot->msgs_cap ? slot->msgs_cap * 2 : 8;
    struct i2cpt_trace_msg *msgs;

    if (n < slot->msgs_cap) {
        return 0;
    }
    msgs = g_try_realloc_n(slot->msgs, cap, sizeof(*msgs));
    if (!msgs) {
        return -ENOMEM;
    }
    slot->msgs = msgs;
    slot->msgs_cap = cap;
    return 0;
}

size_t trace_text_check(const char *text, size_t len)
{
    const char *end;
    size_t i, valid = len;

    if (!g_utf8_validate_len(text, len, &end)) {
        valid = (size_t)(end - text);
    }
    for (i = 0; i < valid; i++) {
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') ||
            text[i] == 0x7f) {
            return i;
        }
        if ((unsigned char)text[i] == 0xc2 && i + 1 < valid &&
            (unsigned char)text[i + 1] < 0xa0) { /* U+0080 to U+009F */
            return i;
        }
    }
    return valid;
}

bool trace_is_kind(const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (!g_ascii_isalpha(text[i]) && (!i || text[i] != '-')) {
            return false;
        }
    }
    return len && len <= TRACE_KEY_MAX;
}

bool trace_is_key(const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (!g_ascii_isalpha(text[i]) &&
            (!i ||
             (!g_ascii_isdigit(text[i]) && text[i] != '-' && text[i] != '_'))) {
            return false;
        }
    }
    return len && len <= TRACE_KEY_MAX;
}
