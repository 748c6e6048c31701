/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Specification strings, BACKEND[,KEY=VALUE]..., and one key of them. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/backend.h"
#include "core/fault.h"
#include "core/key.h"
#include "core/line-key.h"
#include "core/options.h"
#include "foreign/foreign.h"
#include "registry.h"

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

    if (i2cpt_line_key_is_meant(key)) {
        return i2cpt_fault_text(
            fault, EINVAL,
            "%.4096s=%.4096s: accepted are %s; a NAME is " LINE_NAME_IS, key,
            value, i2cpt_line_key_names);
    }
    append_names(names, i2cpt_options_ops(o)->keys);
    append_names(names, i2cpt_common_keys);
    g_string_append_printf(names, ", %s", i2cpt_line_key_names);
    return i2cpt_fault_text(
        fault, EINVAL, "%.4096s=%.4096s: %s has no key '%.4096s'; it has %s",
        key, value, i2cpt_options_ops(o)->name, key, names->str);
}

static int set_backend(struct i2cpt_options *o, const char *name,
                       struct i2cpt_fault *fault)
{
    g_autoptr(GString) names = g_string_new(NULL);
    const struct i2cpt_ops *ops = i2cpt_find_backend(name);
    const char *known;
    size_t i;

    i2cpt_options_set_ops(o, ops);
    if (ops) {
        return 0;
    }
    for (i = 0; (known = i2cpt_backend_name(i)); i++) {
        g_string_append_printf(names, "%s%s", i ? ", " : "", known);
    }
    return i2cpt_fault_text(fault, EINVAL,
                            "backend=%.4096s: no such backend; this build has "
                            "%s",
                            name, names->len ? names->str : "none");
}

char *i2cpt_options_host_name(const struct i2cpt_options *o)
{
    const struct i2cpt_ops *ops = o ? i2cpt_options_ops(o) : NULL;

    return ops && ops->host_name ? ops->host_name(o) : NULL;
}

int i2cpt_options_set(struct i2cpt_options *o, const char *name,
                      const char *value, struct i2cpt_fault *fault)
{
    if (!o || !name || !value) {
        return i2cpt_fault_null(fault, "options, key or value");
    }

    const struct i2cpt_key *key;
    struct i2cpt_key named;
    uint64_t number;
    int ret;

    i2cpt_fault_clear(fault);
    if (!strcmp(name, "backend")) {
        return set_backend(o, value, fault);
    }
    if (!i2cpt_options_ops(o)) {
        return i2cpt_fault_text(
            fault, EINVAL, "%.4096s=%.4096s: no backend= yet", name, value);
    }
    key = i2cpt_options_key(o, name);
    if (!key) {
        return unknown_key(o, name, value, fault);
    }
    named = *key; /* errors say a line's name too */
    named.name = name;
    ret = i2cpt_key_parse(&named, value, &number, fault);
    if (!ret) {
        i2cpt_options_put(o, name, value, number);
    }
    return ret;
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
        return i2cpt_fault_text(
            fault, EINVAL,
            "'%.4096s': expected KEY=VALUE (a comma inside a "
            "value is written ,,)",
            part);
    }
    *equals = 0;
    if (!strcmp(part, "backend")) {
        return i2cpt_fault_text(fault, EINVAL,
                                "backend=%.4096s: the backend stands first, "
                                "without a key",
                                equals + 1);
    }
    return i2cpt_options_set(o, part, equals + 1, fault);
}

/* KEY=VALUE[,KEY=VALUE]... from `p` on; NULL: none. */
static int parse_keys(struct i2cpt_options *o, const char *p,
                      struct i2cpt_fault *fault)
{
    int ret = 0;

    while (!ret && p) {
        g_autofree char *part = next_part(&p);

        ret = parse_part(o, part, fault);
    }
    return ret;
}

/* "/dev/i2c-1", and what may follow it. */
static bool is_node(const char *spec)
{
    static const char node[] = "/dev/i2c-";

    return g_str_has_prefix(spec, node) && g_ascii_isdigit(spec[strlen(node)]);
}

int i2cpt_options_parse(const char *spec, struct i2cpt_options **out,
                        struct i2cpt_fault *fault)
{
    if (!spec || !out) {
        return i2cpt_fault_null(fault, "spec or out");
    }

    g_autofree char *whole =
        is_node(spec) ? g_strconcat("i2c-dev,device=", spec, NULL) : NULL;
    struct i2cpt_options *o;
    const char *p = whole ? whole : spec;
    int ret;

    i2cpt_fault_clear(fault);
    i2cpt_options_new(&o);
    {
        g_autofree char *backend = next_part(&p);

        ret = set_backend(o, backend, fault);
    }
    ret = ret ? ret : parse_keys(o, p, fault);
    if (ret) {
        i2cpt_options_free(o);
        return ret;
    }
    *out = o;
    return 0;
}

int i2cpt_adapter_open(const char *spec, struct i2cpt_adapter **out,
                       struct i2cpt_fault *fault)
{
    if (!spec || !out) {
        return i2cpt_fault_null(fault, "spec or out");
    }

    struct i2cpt_options *o;
    int ret;

    *out = NULL;
    ret = i2cpt_options_parse(spec, &o, fault);
    if (ret) {
        return ret;
    }
    ret = i2cpt_adapter_open_options(o, out, fault);
    i2cpt_options_free(o);
    return ret;
}

int i2cpt_adapter_new(const struct i2cpt_backend_ops *ops, void *user,
                      const char *keys, struct i2cpt_adapter **out,
                      struct i2cpt_fault *fault)
{
    if (!ops || !out) {
        return i2cpt_fault_null(fault, "ops or out");
    }

    struct i2cpt_options *o;
    struct foreign *f;
    int ret;

    *out = NULL;
    i2cpt_fault_clear(fault);
    ret = foreign_new(ops, user, &f, fault);
    if (ret) {
        return ret;
    }
    f->inner.identify = NULL; /* one of its own */
    i2cpt_options_new(&o);
    i2cpt_options_set_ops(o, &f->inner);
    ret = parse_keys(o, keys && *keys ? keys : NULL, fault);
    ret = ret ? ret : i2cpt_adapter_open_options(o, out, fault);
    i2cpt_options_free(o);
    foreign_unref(f); /* the opened instance has its own reference */
    return ret;
}

int i2cpt_examine(const char *spec, i2cpt_line_fn line, void *user,
                  struct i2cpt_fault *fault)
{
    if (!spec || !line) {
        return i2cpt_fault_null(fault, "spec or line");
    }

    const struct i2cpt_ops *ops;
    struct i2cpt_options *o;
    int ret;

    i2cpt_fault_clear(fault);
    ret = i2cpt_options_parse(spec, &o, fault);
    if (ret) {
        return ret;
    }
    ops = i2cpt_options_ops(o);
    if (!ops || !ops->examine) {
        ret = i2cpt_fault_text(fault, EOPNOTSUPP,
                               "%s: this backend has nothing to examine; "
                               "accepted is ftdi",
                               ops ? ops->name : "no backend");
    } else {
        ret = ops->examine(o, line, user, fault);
    }
    i2cpt_options_free(o);
    return ret;
}
