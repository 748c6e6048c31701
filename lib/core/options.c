/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was given for the keys of an adapter, with defaults, as text and as
 * numbers; and the keys that every backend has. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/backend.h"
#include "core/fault.h"
#include "core/line-key.h"
#include "core/options.h"
#include "core/out-file.h"
#include "i2cpt-trace.h"

struct entry {
    const struct i2cpt_key *key;
    char *name; /* the key's, and of a line's key with the line's name in it */
    char *text;
    uint64_t number;
};

struct i2cpt_options {
    const struct i2cpt_ops *ops;
    GArray *entries; /* of struct entry */
};

const struct i2cpt_key i2cpt_common_keys[] = {
    {.name = "name",
     .kind = I2CPT_KEY_STRING,
     .help = "what messages call this adapter",
     .one_line = true,
     .may_differ = true},
    {.name = "record",
     .kind = I2CPT_KEY_STRING,
     .help = "write every transfer to this trace"},
    {.name = "timeout-ms",
     .kind = I2CPT_KEY_UINT,
     .min = 1,
     .max = 60000,
     .def = "200",
     .help = "bound of one transfer, queueing and retries included"},
    {.name = "retries",
     .kind = I2CPT_KEY_UINT,
     .max = 100,
     .help = "attempts after a lost arbitration"},
    {.name = "record-append",
     .kind = I2CPT_KEY_SWITCH,
     .def = "off",
     .help = "go on with the trace that record= names"},
    {.name = "record-bus",
     .kind = I2CPT_KEY_UINT,
     .max = I2CPT_TRACE_BUS_MAX,
     .help = "N of i2c-N: in a trace that several adapters record to"},
    {.name = "record-empty",
     .kind = I2CPT_KEY_SWITCH,
     .def = "on",
     .help = "leave a trace where no transfer was made too"},
    {.name = "record-failure",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "go-on|stop",
     .def = "go-on",
     .help = "where nothing more can be recorded: go on without, or refuse "
             "every further transfer"},
    {.name = "restarts",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "exact|any",
     .def = "exact",
     .help = "any: who asks may have lost repeated STARTs, so that a trace "
             "answers STOP and START for one, and the other way round"},
    {.name = "record-seen-as",
     .kind = I2CPT_KEY_UINT,
     .max = I2CPT_TRACE_BUS_MAX,
     .help = "N of the /dev/i2c-N that the program sees: into the header"},
    {.name = "record-redact",
     .kind = I2CPT_KEY_STRING,
     .help = "ADDR[/REG][:...]: data written as ??"},
    {.name = "allow",
     .kind = I2CPT_KEY_STRING,
     .help = "ADDR[-ADDR][/10][:...]: any other address is refused"},
    {.name = "allow-writes",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "all|pointer|pointer-2",
     .def = "all",
     .help = "pointer: only reads, each behind a write of one byte or none; "
             "pointer-2: of two"},
    {NULL},
};

static void clear_entry(void *p)
{
    struct entry *e = p;

    g_free(e->name);
    g_free(e->text);
}

int i2cpt_options_new(struct i2cpt_options **out)
{
    if (!out) {
        return -EINVAL;
    }

    struct i2cpt_options *o = g_new0(struct i2cpt_options, 1);

    o->entries = g_array_new(FALSE, TRUE, sizeof(struct entry));
    g_array_set_clear_func(o->entries, clear_entry);
    *out = o;
    return 0;
}

void i2cpt_options_free(struct i2cpt_options *o)
{
    if (o) {
        g_array_unref(o->entries);
        g_free(o);
    }
}

static const struct i2cpt_key *find_in(const struct i2cpt_key *keys,
                                       const char *name)
{
    for (; keys && keys->name; keys++) {
        if (!strcmp(keys->name, name)) {
            return keys;
        }
    }
    return NULL;
}

const struct i2cpt_key *i2cpt_options_key(const struct i2cpt_options *o,
                                          const char *name)
{
    const struct i2cpt_key *key = find_in(o->ops->keys, name);

    key = key ? key : find_in(i2cpt_common_keys, name);
    return key ? key : i2cpt_line_key(name);
}

static struct entry *find_entry(const struct i2cpt_options *o, const char *name)
{
    guint i;

    for (i = 0; i < o->entries->len; i++) {
        struct entry *e = &g_array_index(o->entries, struct entry, i);

        if (!strcmp(e->name, name)) {
            return e;
        }
    }
    return NULL;
}

void i2cpt_options_put(struct i2cpt_options *o, const char *name,
                       const char *text, uint64_t number)
{
    struct entry fresh = {i2cpt_options_key(o, name), g_strdup(name),
                          g_strdup(text), number};
    struct entry *e = find_entry(o, name);

    if (e) {
        clear_entry(e);
        *e = fresh;
    } else {
        g_array_append_val(o->entries, fresh);
    }
}

void i2cpt_options_set_ops(struct i2cpt_options *o, const struct i2cpt_ops *ops)
{
    o->ops = ops;
    if (ops) {
        g_array_set_size(o->entries, 0);
    }
}

const char *i2cpt_options_get(const struct i2cpt_options *o, const char *key)
{
    if (!o || !key) {
        return NULL;
    }

    struct entry *e;

    if (!strcmp(key, "backend")) {
        return o->ops ? o->ops->name : NULL;
    }
    e = find_entry(o, key);
    return e ? e->text : NULL;
}

char *i2cpt_options_format(const struct i2cpt_options *o)
{
    if (!o) {
        return NULL;
    }

    GString *s = g_string_new(o->ops ? o->ops->name : "");
    const char *p;
    guint i;

    for (i = 0; i < o->entries->len; i++) {
        struct entry *e = &g_array_index(o->entries, struct entry, i);

        g_string_append_printf(s, ",%s=", e->name);
        for (p = e->text; *p; p++) {
            if (*p == ',') {
                g_string_append_c(s, ',');
            }
            g_string_append_c(s, *p);
        }
    }
    return g_string_free(s, FALSE);
}

const char *i2cpt_options_given(const struct i2cpt_options *o, size_t index)
{
    return index < o->entries->len
               ? g_array_index(o->entries, struct entry, index).name
               : NULL;
}

bool i2cpt_options_has(const struct i2cpt_options *o, const char *key)
{
    return find_entry(o, key) != NULL;
}

const char *i2cpt_options_string(const struct i2cpt_options *o, const char *key)
{
    struct entry *e = find_entry(o, key);
    const struct i2cpt_key *k;

    if (e) {
        return e->text;
    }
    k = i2cpt_options_key(o, key);
    return k ? k->def : NULL;
}

uint64_t i2cpt_options_number(const struct i2cpt_options *o, const char *key)
{
    struct entry *e = find_entry(o, key);
    const struct i2cpt_key *k;
    uint64_t value = 0;

    if (e) {
        return e->number;
    }
    k = i2cpt_options_key(o, key);
    if (k && k->def) {
        i2cpt_key_parse(k, k->def, &value, NULL);
    }
    return value;
}

const struct i2cpt_ops *i2cpt_options_ops(const struct i2cpt_options *o)
{
    return o->ops;
}

int i2cpt_options_copy(const struct i2cpt_options *o,
                       struct i2cpt_options **out)
{
    guint i;

    i2cpt_options_new(out);
    (*out)->ops = o->ops;
    for (i = 0; i < o->entries->len; i++) {
        struct entry e = g_array_index(o->entries, struct entry, i);

        e.name = g_strdup(e.name);
        e.text = g_strdup(e.text);
        g_array_append_val((*out)->entries, e);
    }
    return 0;
}

int i2cpt_options_clash(const struct i2cpt_options *a,
                        const struct i2cpt_options *b,
                        struct i2cpt_fault *fault)
{
    const char *record = i2cpt_options_string(a, "record");
    guint i;

    for (i = 0; record && i < b->entries->len; i++) {
        const struct entry *e = &g_array_index(b->entries, struct entry, i);

        if (e->key->reads_file && i2cpt_out_file_same(e->text, record)) {
            return i2cpt_fault_text(fault, EINVAL,
                                    "record=%.4096s: is read by %s=%.4096s and "
                                    "would be replaced",
                                    record, e->name, e->text);
        }
    }
    return 0;
}

const char *i2cpt_options_differ(const struct i2cpt_options *a,
                                 const struct i2cpt_options *b)
{
    const char *name, *ta, *tb;
    guint i;

    for (i = 0; i < b->entries->len; i++) {
        const struct entry *e = &g_array_index(b->entries, struct entry, i);
        const struct i2cpt_key *key = e->key;

        name = e->name;
        if (key->may_differ) {
            continue;
        }
        if (key->kind != I2CPT_KEY_STRING) {
            if (i2cpt_options_number(a, name) !=
                i2cpt_options_number(b, name)) {
                return name;
            }
            continue;
        }
        ta = i2cpt_options_string(a, name);
        tb = i2cpt_options_string(b, name);
        if (g_strcmp0(ta, tb)) {
            return name;
        }
    }
    return NULL;
}
