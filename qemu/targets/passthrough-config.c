/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties of i2c-passthrough as keys of the library. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qapi/visitor-impl.h"

#include "targets/passthrough-config.h"

#define LINES "lines"

typedef struct Setting {
    char *name;
    char *text;
} Setting;

/* What the accessors of one property are told. Lives as long as its class. */
typedef struct Key {
    char *name;
    size_t offset;
} Key;

static void setting_free(gpointer p)
{
    Setting *setting = p;

    g_free(setting->name);
    g_free(setting->text);
    g_free(setting);
}

void passthrough_config_init(PassthroughConfig *config)
{
    config->settings = g_ptr_array_new_with_free_func(setting_free);
}

void passthrough_config_clear(PassthroughConfig *config)
{
    g_clear_pointer(&config->settings, g_ptr_array_unref);
}

static Setting *find(const PassthroughConfig *config, const char *name)
{
    guint i;

    for (i = 0; i < config->settings->len; i++) {
        Setting *setting = g_ptr_array_index(config->settings, i);

        if (g_str_equal(setting->name, name)) {
            return setting;
        }
    }
    return NULL;
}

const char *passthrough_config_get(const PassthroughConfig *config,
                                   const char *name)
{
    Setting *setting = find(config, name);

    return setting ? setting->text : NULL;
}

/* NULL where it has not been said. */
static const char *chosen_backend(const PassthroughConfig *config)
{
    const char *backend = passthrough_config_get(config, "backend");

    if (!backend && passthrough_config_get(config, "device")) {
        backend = "i2c-dev";
    }
    return backend;
}

/* Takes `text`. */
static void config_set(PassthroughConfig *config, const char *name, char *text)
{
    Setting *setting = find(config, name);

    if (!setting) {
        setting = g_new0(Setting, 1);
        setting->name = g_strdup(name);
        g_ptr_array_add(config->settings, setting);
    }
    g_free(setting->text);
    setting->text = text;
}

void passthrough_config_default(PassthroughConfig *config, const char *name,
                                const char *text)
{
    if (!find(config, name)) {
        config_set(config, name, g_strdup(text));
    }
}

/* JSON says 72 or true where the command line says 0x48 or on. */
static char *scalar_to_text(const char *name, QObject *value, Error **errp)
{
    switch (qobject_type(value)) {
    case QTYPE_QSTRING:
        return g_strdup(qstring_get_str(qobject_to(QString, value)));
    case QTYPE_QNUM:
        return qnum_to_string(qobject_to(QNum, value));
    case QTYPE_QBOOL:
        return g_strdup(qbool_get_bool(qobject_to(QBool, value)) ? "on"
                                                                 : "off");
    default:
        error_setg(errp, "%s: a text, a number or a boolean is accepted", name);
        return NULL;
    }
}

static char *visit_text(Visitor *v, const char *name, Error **errp)
{
    QObject *value = NULL;
    char *text;

    /* -global comes with a visitor that knows scalar types only. */
    if (!v->type_any) {
        return visit_type_str(v, name, &text, errp) ? text : NULL;
    }
    if (!visit_type_any(v, name, &value, errp)) {
        return NULL;
    }
    text = scalar_to_text(name, value, errp);
    qobject_unref(value);
    return text;
}

static PassthroughConfig *config_of(Object *obj, const Key *key)
{
    return (PassthroughConfig *)((char *)obj + key->offset);
}

static void set_key(Object *obj, Visitor *v, const char *name, void *opaque,
                    Error **errp)
{
    const Key *key = opaque;
    char *text;

    if (DEVICE(obj)->realized) {
        error_setg(errp, "%s: cannot be changed once the device is there",
                   name);
        return;
    }
    text = visit_text(v, name, errp);
    if (text) {
        config_set(config_of(obj, key), key->name, text);
    }
}

static bool is_policy_key(const char *name)
{
    struct i2cpt_key_info info = {.size = sizeof(info)};
    size_t i;

    for (i = 0; i2cpt_policy_key(i, &info) == 0; i++) {
        if (g_str_equal(info.name, name)) {
            return true;
        }
    }
    return false;
}

static bool has_key(const char *backend, const char *name)
{
    struct i2cpt_key_info info = {.size = sizeof(info)};
    size_t i;

    for (i = 0; i2cpt_backend_key(backend, i, &info) == 0; i++) {
        if (g_str_equal(info.name, name)) {
            return true;
        }
    }
    return false;
}

/* The backend's key that a setting is of: property_name() may have put the
 * backend's name before it. */
static const char *key_of(const char *backend, const char *name)
{
    size_t len = backend ? strlen(backend) : 0;

    return len && !strncmp(name, backend, len) && name[len] == '-' &&
                   !has_key(backend, name) && has_key(backend, name + len + 1)
               ? name + len + 1
               : name;
}

/* NULL asks for the keys that are common to all backends. */
static const char *backend_default(const char *backend, const char *name)
{
    struct i2cpt_key_info info = {.size = sizeof(info)};
    size_t i;

    for (i = 0; i2cpt_backend_key(backend, i, &info) == 0; i++) {
        if (g_str_equal(info.name, name)) {
            return info.def;
        }
    }
    return NULL;
}

/* Several backends may have a key of one name with defaults of their own. */
static const char *default_of(const PassthroughConfig *config, const char *name)
{
    const char *backend = chosen_backend(config), *def = NULL;
    struct i2cpt_key_info info = {.size = sizeof(info)};
    size_t i;

    for (i = 0; i2cpt_policy_key(i, &info) == 0; i++) {
        if (g_str_equal(info.name, name)) {
            return info.def ? info.def : "";
        }
    }
    if (backend) {
        def = backend_default(backend, key_of(backend, name));
    }
    if (!def) {
        def = backend_default(NULL, name);
    }
    return def ? def : "";
}

static void get_key(Object *obj, Visitor *v, const char *name, void *opaque,
                    Error **errp)
{
    const Key *key = opaque;
    const PassthroughConfig *config = config_of(obj, key);
    const char *set = passthrough_config_get(config, key->name);
    g_autofree char *text = g_strdup(set ? set : default_of(config, key->name));

    visit_type_str(v, name, &text, errp);
}

/*
 * "help (accepts; default X)", with `whose` in front where a key is not
 * everybody's; several backends may have a key of the same name.
 */
static char *describe(const struct i2cpt_key_info *info, const char *whose,
                      const char *before)
{
    g_autoptr(GString) text = g_string_new(before);

    if (before) {
        g_string_append(text, "; ");
    }
    if (whose) {
        g_string_append_printf(text, "%s: ", whose);
    }
    g_string_append(text, info->help ? info->help : info->name);
    if (info->accepts && info->def) {
        g_string_append_printf(text, " (%s; default %s)", info->accepts,
                               info->def);
    } else if (info->accepts) {
        g_string_append_printf(text, " (%s)", info->accepts);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/*
 * What -device, the policy or the class have for themselves a backend's key
 * does not get: `bus` of the backend trace is the property `trace-bus`.
 */
static bool is_taken(ObjectClass *klass, const char *key)
{
    static const char *const taken[] = {"bus", "driver", "id", LINES, NULL};
    ObjectProperty *prop = object_class_property_find(klass, key);

    return g_strv_contains(taken, key) || is_policy_key(key) ||
           (prop && prop->set != set_key);
}

static char *property_name(ObjectClass *klass, const char *key,
                           const char *whose)
{
    return whose && is_taken(klass, key) ? g_strdup_printf("%s-%s", whose, key)
                                         : g_strdup(key);
}

static void add_property(ObjectClass *klass, size_t offset,
                         const struct i2cpt_key_info *info, const char *whose)
{
    g_autofree char *name = property_name(klass, info->name, whose);
    ObjectProperty *prop = object_class_property_find(klass, name);
    g_autofree char *description = NULL;
    Key *key;

    if (prop && prop->set != set_key) {
        return; /* the class has its own */
    }
    description = describe(info, whose, prop ? prop->description : NULL);
    if (!prop) {
        key = g_new0(Key, 1);
        key->name = g_strdup(name);
        key->offset = offset;
        object_class_property_add(klass, name, "str", get_key, set_key, NULL,
                                  key);
    }
    object_class_property_set_description(klass, name, description);
}

static char *backend_names(void)
{
    g_autoptr(GString) names = g_string_new(NULL);
    const char *name;
    size_t i;

    for (i = 0; (name = i2cpt_backend_name(i)); i++) {
        g_string_append_printf(names, "%s%s", i ? ", " : "", name);
    }
    return g_string_free(g_steal_pointer(&names), FALSE);
}

static void add_backend_keys(ObjectClass *klass, size_t offset,
                             const char *backend)
{
    struct i2cpt_key_info info = {.size = sizeof(info)};
    size_t i;

    for (i = 0; i2cpt_backend_key(backend, i, &info) == 0; i++) {
        add_property(klass, offset, &info, backend);
    }
}

/* QEMU has no properties of any name: one has the keys line.NAME of all. */
static const struct i2cpt_key_info lines_info = {
    .size = sizeof(lines_info),
    .name = LINES,
    .accepts = "NAME=SOURCE and NAME.active-low=on, a list with :",
    .help = "the adapter's lines, the keys line.NAME",
};

void passthrough_config_adapter_properties(ObjectClass *klass, size_t offset)
{
    g_autofree char *names = backend_names();
    struct i2cpt_key_info info = {
        .size = sizeof(info),
        .name = "backend",
        .accepts = names,
        .help = "where the target is; device= alone means i2c-dev",
    };
    const char *backend;
    size_t i;

    add_property(klass, offset, &info, NULL);
    for (i = 0; (backend = i2cpt_backend_name(i)); i++) {
        add_backend_keys(klass, offset, backend);
    }
    add_backend_keys(klass, offset, NULL);
    add_property(klass, offset, &lines_info, NULL);
}

void passthrough_config_properties(ObjectClass *klass, size_t offset)
{
    struct i2cpt_key_info info = {.size = sizeof(info)};
    size_t i;

    passthrough_config_adapter_properties(klass, offset);
    for (i = 0; i2cpt_policy_key(i, &info) == 0; i++) {
        add_property(klass, offset, &info, NULL);
    }
}

void passthrough_config_common_properties(ObjectClass *klass, size_t offset)
{
    add_backend_keys(klass, offset, NULL);
}

char *passthrough_config_text(const PassthroughConfig *config)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *c;
    guint i;

    for (i = 0; i < config->settings->len; i++) {
        Setting *setting = g_ptr_array_index(config->settings, i);

        g_string_append_printf(text, "%s%s=", i ? "," : "", setting->name);
        for (c = setting->text; *c; c++) {
            g_string_append_len(text, ",,", *c == ',' ? 2 : 0);
            if (*c != ',') {
                g_string_append_c(text, *c);
            }
        }
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* The library's texts name key, value and what is accepted. */
static bool refuse(Error **errp, const struct i2cpt_fault *fault)
{
    char line[sizeof(fault->text)];

    i2cpt_fault_describe(fault, line, sizeof(line));
    error_setg(errp, "%s", line);
    return false;
}

static bool fill_policy(const PassthroughConfig *config, int address,
                        struct i2cpt_policy *policy, Error **errp)
{
    struct i2cpt_fault fault;
    guint i;

    if (address >= 0) {
        g_autofree char *text = g_strdup_printf("0x%02x", address);

        if (i2cpt_policy_set(policy, "address", text, &fault)) {
            return refuse(errp, &fault);
        }
    }
    for (i = 0; i < config->settings->len; i++) {
        Setting *setting = g_ptr_array_index(config->settings, i);

        if (is_policy_key(setting->name) &&
            i2cpt_policy_set(policy, setting->name, setting->text, &fault)) {
            return refuse(errp, &fault);
        }
    }
    return true;
}

static bool fill_backend(const PassthroughConfig *config,
                         struct i2cpt_options *options, Error **errp)
{
    const char *backend = chosen_backend(config);
    struct i2cpt_fault fault;

    if (!backend) {
        g_autofree char *names = backend_names();

        error_setg(errp,
                   "backend: none given; there are %s, and "
                   "device=/dev/i2c-N alone means i2c-dev",
                   names);
        return false;
    }
    return !i2cpt_options_set(options, "backend", backend, &fault) ||
           refuse(errp, &fault);
}

/*
 * A word without `=` belongs to the source before it, "int=ftdi:C3". Takes
 * `words` apart.
 */
static bool set_line_keys(char **words, struct i2cpt_options *options,
                          Error **errp)
{
    struct i2cpt_fault fault;

    while (*words) {
        g_autoptr(GString) key = g_string_new("line.");
        g_autoptr(GString) source = g_string_new(NULL);
        const char *equals = strchr(*words, '=');

        if (!equals) {
            error_setg(errp, LINES "=%s: accepted is %s", *words,
                       lines_info.accepts);
            return false;
        }
        g_string_append_len(key, *words, equals - *words);
        g_string_append(source, equals + 1);
        while (*++words && !strchr(*words, '=')) {
            g_string_append_printf(source, ":%s", *words);
        }
        if (i2cpt_options_set(options, key->str, source->str, &fault)) {
            return refuse(errp, &fault);
        }
    }
    return true;
}

static bool fill_lines(const char *text, struct i2cpt_options *options,
                       Error **errp)
{
    g_auto(GStrv) words = g_strsplit(text, ":", 0);

    return set_line_keys(words, options, errp);
}

static bool fill_keys(const PassthroughConfig *config,
                      struct i2cpt_options *options, Error **errp)
{
    struct i2cpt_fault fault;
    const char *key;
    guint i;

    for (i = 0; i < config->settings->len; i++) {
        Setting *setting = g_ptr_array_index(config->settings, i);

        if (g_str_equal(setting->name, "backend") ||
            is_policy_key(setting->name)) {
            continue;
        }
        if (g_str_equal(setting->name, LINES)) {
            if (!fill_lines(setting->text, options, errp)) {
                return false;
            }
            continue;
        }
        key = key_of(passthrough_config_get(config, "backend"), setting->name);
        if (i2cpt_options_set(options, key, setting->text, &fault)) {
            return refuse(errp, &fault);
        }
    }
    return true;
}

struct i2cpt_options *passthrough_config_options(
    const PassthroughConfig *config, Error **errp)
{
    struct i2cpt_options *options = NULL;

    if (i2cpt_options_new(&options)) {
        error_setg(errp, "no memory for the options of the adapter");
        return NULL;
    }
    if (!fill_backend(config, options, errp) ||
        !fill_keys(config, options, errp)) {
        i2cpt_options_free(options);
        return NULL;
    }
    return options;
}

bool passthrough_config_has_no_adapter(const PassthroughConfig *config,
                                       Error **errp)
{
    guint i;

    for (i = 0; i < config->settings->len; i++) {
        Setting *setting = g_ptr_array_index(config->settings, i);

        if (!is_policy_key(setting->name)) {
            error_setg(errp, "%s=%s: is to be given where the adapter is made",
                       setting->name, setting->text);
            return false;
        }
    }
    return true;
}

struct i2cpt_policy *passthrough_config_policy(const PassthroughConfig *config,
                                               int address, Error **errp)
{
    struct i2cpt_policy *policy = NULL;

    if (i2cpt_policy_new(&policy)) {
        error_setg(errp, "no memory for the policy");
        return NULL;
    }
    if (!fill_policy(config, address, policy, errp)) {
        i2cpt_policy_free(g_steal_pointer(&policy));
    }
    return policy;
}
