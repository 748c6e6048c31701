/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "private.h"

struct entry {
    const struct i2cpt_key *key;
    char *text;
    uint64_t number;
};

struct i2cpt_options {
    const struct i2cpt_ops *ops;
    GArray *entries; /* of struct entry */
};

static void clear_entry(void *p)
{
    g_free(((struct entry *)p)->text);
}

int i2cpt_options_new(struct i2cpt_options **out)
{
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

static const struct i2cpt_key *find_key(const struct i2cpt_options *o,
                                        const char *name)
{
    const struct i2cpt_key *key = find_in(o->ops->keys, name);

    return key ? key : find_in(i2cpt_common_keys, name);
}

static struct entry *find_entry(const struct i2cpt_options *o, const char *name)
{
    guint i;

    for (i = 0; i < o->entries->len; i++) {
        struct entry *e = &g_array_index(o->entries, struct entry, i);

        if (!strcmp(e->key->name, name)) {
            return e;
        }
    }
    return NULL;
}

static void append_names(GString *s, const struct i2cpt_key *keys)
{
    for (; keys && keys->name; keys++) {
        g_string_append_printf(s, "%s%s", s->len ? ", " : "", keys->name);
    }
}

static int unknown_key(const struct i2cpt_options *o, const char *key,
                       const char *value, struct i2cpt_fault *fault)
{
    g_autoptr(GString) names = g_string_new(NULL);

    append_names(names, o->ops->keys);
    append_names(names, i2cpt_common_keys);
    return i2cpt_fault_text(fault, EINVAL,
                            "%.30s=%.40s: %s has no key '%.30s'; it has %.120s",
                            key, value, o->ops->name, key, names->str);
}

static int set_backend(struct i2cpt_options *o, const char *name,
                       struct i2cpt_fault *fault)
{
    g_autoptr(GString) names = g_string_new(NULL);
    size_t i;

    o->ops = i2cpt_find_backend(name);
    if (o->ops) {
        g_array_set_size(o->entries, 0);
        return 0;
    }
    for (i = 0; i2cpt_backends[i]; i++) {
        g_string_append_printf(names, "%s%s", i ? ", " : "",
                               i2cpt_backends[i]->name);
    }
    return i2cpt_fault_text(fault, EINVAL,
                            "backend=%.40s: no such backend; this build has "
                            "%s",
                            name, names->len ? names->str : "none");
}

int i2cpt_options_set(struct i2cpt_options *o, const char *name,
                      const char *value, struct i2cpt_fault *fault)
{
    struct entry fresh = {0}, *e;
    int ret;

    i2cpt_fault_clear(fault);
    if (!strcmp(name, "backend")) {
        return set_backend(o, value, fault);
    }
    if (!o->ops) {
        return i2cpt_fault_text(fault, EINVAL, "%.30s=%.40s: no backend= yet",
                                name, value);
    }
    fresh.key = find_key(o, name);
    if (!fresh.key) {
        return unknown_key(o, name, value, fault);
    }
    ret = i2cpt_key_parse(fresh.key, value, &fresh.number, fault);
    if (ret) {
        return ret;
    }
    fresh.text = g_strdup(value);
    e = find_entry(o, name);
    if (e) {
        g_free(e->text);
        *e = fresh;
    } else {
        g_array_append_val(o->entries, fresh);
    }
    return 0;
}

/* The text up to the next single comma, doubled ones made one; *p moves past
 * it, to NULL at the end. */
static char *next_part(const char **p)
{
    GString *part = g_string_new(NULL);
    const char *s = *p;

    for (; *s; s++) {
        if (*s == ',') {
            if (s[1] != ',') {
                break;
            }
            s++;
        }
        g_string_append_c(part, *s);
    }
    *p = *s ? s + 1 : NULL;
    return g_string_free(part, FALSE);
}

static int parse_part(struct i2cpt_options *o, char *part,
                      struct i2cpt_fault *fault)
{
    char *equals = strchr(part, '=');

    if (!equals || equals == part) {
        return i2cpt_fault_text(fault, EINVAL,
                                "'%.60s': expected KEY=VALUE (a comma inside a "
                                "value is written ,,)",
                                part);
    }
    *equals = 0;
    if (!strcmp(part, "backend")) {
        return i2cpt_fault_text(fault, EINVAL,
                                "backend=%.40s: the backend stands first, "
                                "without a key",
                                equals + 1);
    }
    return i2cpt_options_set(o, part, equals + 1, fault);
}

int i2cpt_options_parse(const char *spec, struct i2cpt_options **out,
                        struct i2cpt_fault *fault)
{
    struct i2cpt_options *o;
    const char *p = spec;
    int ret;

    i2cpt_fault_clear(fault);
    i2cpt_options_new(&o);
    {
        g_autofree char *backend = next_part(&p);

        ret = set_backend(o, backend, fault);
    }
    while (!ret && p) {
        g_autofree char *part = next_part(&p);

        ret = parse_part(o, part, fault);
    }
    if (ret) {
        i2cpt_options_free(o);
        return ret;
    }
    *out = o;
    return 0;
}

const char *i2cpt_options_get(const struct i2cpt_options *o, const char *key)
{
    struct entry *e;

    if (!strcmp(key, "backend")) {
        return o->ops ? o->ops->name : NULL;
    }
    e = find_entry(o, key);
    return e ? e->text : NULL;
}

char *i2cpt_options_format(const struct i2cpt_options *o)
{
    GString *s = g_string_new(o->ops ? o->ops->name : "");
    const char *p;
    guint i;

    for (i = 0; i < o->entries->len; i++) {
        struct entry *e = &g_array_index(o->entries, struct entry, i);

        g_string_append_printf(s, ",%s=", e->key->name);
        for (p = e->text; *p; p++) {
            g_string_append(s, *p == ',' ? ",," : (char[]){*p, 0});
        }
    }
    return g_string_free(s, FALSE);
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
    k = find_key(o, key);
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
    k = find_key(o, key);
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

        e.text = g_strdup(e.text);
        g_array_append_val((*out)->entries, e);
    }
    return 0;
}

const char *i2cpt_options_differ(const struct i2cpt_options *a,
                                 const struct i2cpt_options *b)
{
    const char *name, *ta, *tb;
    guint i;

    for (i = 0; i < b->entries->len; i++) {
        const struct i2cpt_key *key =
            g_array_index(b->entries, struct entry, i).key;

        name = key->name;
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
