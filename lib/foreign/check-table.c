/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A foreign back end's table, its keys, and what its open() said: whether they
 * can be. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/fault.h"
#include "core/options.h"
#include "foreign/foreign.h"

#define NAME_MAX_LEN 40u
#define FUNC_ALL                                                             \
    (I2CPT_FUNC_I2C | I2CPT_FUNC_10BIT_ADDR | I2CPT_FUNC_PROTOCOL_MANGLING | \
     I2CPT_FUNC_NOSTART | I2CPT_FUNC_SMBUS_PEC | I2CPT_FUNC_SMBUS_EMUL_ALL | \
     I2CPT_FUNC_SMBUS_READ_BLOCK_DATA | I2CPT_FUNC_SMBUS_HOST_NOTIFY)

static bool is_name(const char *name)
{
    size_t i;

    if (!name || !g_ascii_islower(name[0])) {
        return false;
    }
    for (i = 0; name[i] && i < NAME_MAX_LEN; i++) {
        if (!g_ascii_islower(name[i]) && !g_ascii_isdigit(name[i]) &&
            name[i] != '-') {
            return false;
        }
    }
    return !name[i];
}

/* What is missing, or NULL. */
static const char *missing(const struct i2cpt_backend_ops *ops)
{
    unsigned streams = !!ops->stream_start + !!ops->stream_write +
                       !!ops->stream_read + !!ops->stream_stop;

    if (!ops->open) {
        return "open is NULL; it is needed";
    }
    if (!ops->transfer && !ops->smbus) {
        return "transfer and smbus are NULL; one of them is needed";
    }
    if (streams && streams < 4) {
        return "some of stream_start, _write, _read and _stop are NULL; "
               "accepted are all four or none";
    }
    if (ops->stream_pointer && !streams) {
        return "stream_pointer goes with the other stream entries";
    }
    if (ops->n_keys && !ops->keys) {
        return "keys is NULL, n_keys is not 0";
    }
    return NULL;
}

int foreign_check_ops(const struct i2cpt_backend_ops *ops,
                      struct i2cpt_fault *fault)
{
    const char *lacks;

    if (!is_name(ops->name)) {
        return i2cpt_fault_text(
            fault, EINVAL,
            "back end name '%.4096s': accepted is a letter, "
            "then a-z, 0-9 and '-', at most %u",
            ops->name ? ops->name : "", NAME_MAX_LEN);
    }
    lacks = missing(ops);
    if (lacks) {
        return i2cpt_fault_text(fault, EINVAL, "back end %s: %s", ops->name,
                                lacks);
    }
    if (ops->n_keys > FOREIGN_KEYS_MAX ||
        (ops->n_keys && ops->key_size < FOREIGN_KEY_FIRST)) {
        return i2cpt_fault_text(
            fault, EINVAL,
            "back end %s: %u keys of %u bytes: accepted are 0 to %u, of %zu "
            "bytes or more",
            ops->name, (unsigned)ops->n_keys, (unsigned)ops->key_size,
            FOREIGN_KEYS_MAX, FOREIGN_KEY_FIRST);
    }
    if (ops->record && ops->record->size < FOREIGN_RECORD_FIRST) {
        return i2cpt_fault_text(fault, EINVAL,
                                "back end %s: record: size %u is too small; "
                                "accepted is %zu or more",
                                ops->name, (unsigned)ops->record->size,
                                FOREIGN_RECORD_FIRST);
    }
    return 0;
}

/* "a|b|c", each of them something, and none twice. */
static bool are_choices(const char *choices)
{
    g_auto(GStrv) parts = g_strsplit(choices ? choices : "", "|", 0);
    size_t i;

    for (i = 0; parts[i]; i++) {
        if (!*parts[i] ||
            g_strv_contains((const char *const *)parts + i + 1, parts[i])) {
            return false;
        }
    }
    return i > 0;
}

static bool is_common(const char *name)
{
    const struct i2cpt_key *key = i2cpt_common_keys;

    while (key->name && strcmp(key->name, name)) {
        key++;
    }
    return key->name || !strcmp(name, "backend");
}

int foreign_check_key(const char *backend,
                      const struct i2cpt_backend_key_def *key,
                      struct i2cpt_fault *fault)
{
    const char *bad = NULL;

    if (!is_name(key->name)) {
        bad = "a name is a letter, then a-z, 0-9 and '-'";
    } else if (is_common(key->name)) {
        bad = "every back end has a key of that name";
    } else if (key->kind > I2CPT_BACKEND_KEY_SWITCH) {
        bad = "unknown kind";
    } else if (key->kind == I2CPT_BACKEND_KEY_CHOICE &&
               !are_choices(key->choices)) {
        bad = "a CHOICE needs choices, a|b|c, each once";
    } else if (key->min > key->max) {
        bad = "min is above max";
    }
    return bad ? i2cpt_fault_text(fault, EINVAL,
                                  "back end %s: key '%.4096s': %s", backend,
                                  key->name ? key->name : "", bad)
               : 0;
}

int foreign_check_info(const struct foreign *f, struct i2cpt_backend_info *info,
                       struct i2cpt_fault *fault)
{
    const char *bad = NULL;

    info->functionality &= FUNC_ALL;
    if (!info->functionality) {
        bad = "no functionality";
    } else if (info->functionality & I2CPT_FUNC_I2C && !f->ops.transfer) {
        bad = "I2CPT_FUNC_I2C, and transfer is NULL";
    } else if (!(info->functionality & I2CPT_FUNC_I2C) && !f->ops.smbus) {
        bad = "no I2CPT_FUNC_I2C, and smbus is NULL";
    } else if (info->flags & I2CPT_BACKEND_TELLS_PHASE &&
               info->flags & I2CPT_BACKEND_HIDES_PHASE) {
        bad = "TELLS_PHASE and HIDES_PHASE";
    } else if (info->flags & I2CPT_BACKEND_INSTANT &&
               f->ops.flags & I2CPT_BACKEND_OUTLIVES) {
        bad = "INSTANT, and OUTLIVES in the table";
    }
    return bad ? i2cpt_fault_text(fault, EINVAL, "back end %s: open() says %s",
                                  f->name, bad)
               : 0;
}
