/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A foreign back end's table and keys, checked and copied. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/fault.h"
#include "foreign/foreign.h"

static enum i2cpt_key_kind kind_of(uint32_t kind)
{
    static const enum i2cpt_key_kind kinds[] = {
        [I2CPT_BACKEND_KEY_STRING] = I2CPT_KEY_STRING,
        [I2CPT_BACKEND_KEY_UINT] = I2CPT_KEY_UINT,
        [I2CPT_BACKEND_KEY_FREQUENCY] = I2CPT_KEY_FREQUENCY,
        [I2CPT_BACKEND_KEY_CHOICE] = I2CPT_KEY_CHOICE,
        [I2CPT_BACKEND_KEY_SWITCH] = I2CPT_KEY_SWITCH,
    };

    return kinds[kind];
}

static int copy_key(struct foreign *f, const struct i2cpt_backend_key_def *key,
                    struct i2cpt_fault *fault)
{
    struct i2cpt_key *to = &f->keys[f->n_keys];
    uint64_t number;
    int ret = foreign_check_key(f->name, key, fault);
    size_t i;

    for (i = 0; !ret && i < f->n_keys; i++) {
        if (!strcmp(f->keys[i].name, key->name)) {
            ret = i2cpt_fault_text(fault, EINVAL,
                                   "back end %s: key '%s': it is there twice",
                                   f->name, key->name);
        }
    }
    if (ret) {
        return ret;
    }
    f->n_keys++;
    *to = (struct i2cpt_key){
        .name = g_strdup(key->name),
        .kind = kind_of(key->kind),
        .min = key->min,
        .max = key->max,
        .choices = g_strdup(key->choices),
        .def = g_strdup(key->def),
        .help = g_strdup(key->help ? key->help : ""),
        .may_differ = key->flags & I2CPT_BACKEND_KEY_MAY_DIFFER,
        .reads_file = key->flags & I2CPT_BACKEND_KEY_READS_FILE,
    };
    return to->def ? i2cpt_key_parse(to, to->def, &number, fault) : 0;
}

static int copy_keys(struct foreign *f, struct i2cpt_fault *fault)
{
    const char *at = (const char *)f->ops.keys;
    struct i2cpt_backend_key_def key;
    size_t i;
    int ret = 0;

    f->keys = g_new0(struct i2cpt_key, f->ops.n_keys + 1);
    for (i = 0; !ret && i < f->ops.n_keys; i++, at += f->ops.key_size) {
        memset(&key, 0, sizeof(key));
        memcpy(&key, at, MIN(f->ops.key_size, sizeof(key)));
        ret = copy_key(f, &key, fault);
    }
    return ret;
}

int foreign_new(const struct i2cpt_backend_ops *ops, void *user,
                struct foreign **out, struct i2cpt_fault *fault)
{
    struct i2cpt_backend_ops ours = {0};
    struct foreign *f;
    int ret;

    if (!ops || ops->size < FOREIGN_OPS_FIRST) {
        return i2cpt_fault_text(fault, EINVAL,
                                "back end: size %u is too small; accepted is "
                                "%zu or more",
                                ops ? (unsigned)ops->size : 0u,
                                FOREIGN_OPS_FIRST);
    }
    memcpy(&ours, ops, MIN(ops->size, sizeof(ours)));
    ret = foreign_check_ops(&ours, fault);
    if (ret) {
        return ret;
    }
    f = g_new0(struct foreign, 1);
    atomic_init(&f->refs, 1);
    f->ops = ours;
    if (ours.record) {
        memcpy(&f->record, ours.record,
               MIN(ours.record->size, sizeof(f->record)));
    }
    f->user = user;
    f->name = g_strdup(ours.name);
    f->help = g_strdup(ours.help ? ours.help : "");
    ret = copy_keys(f, fault);
    if (ret) {
        foreign_unref(f);
        return ret;
    }
    foreign_fill_inner(f);
    *out = f;
    return 0;
}
