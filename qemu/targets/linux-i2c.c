/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chardev linux-i2c: keys, adapter, and the thread that serves it. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "chardev/char-fd.h"
#include "qapi/error.h"
#include "qapi/qapi-types-char.h"
#include "qemu/option.h"
#include "qemu/sockets.h"
#include "qemu/thread.h"

#include "i2cpt.h"
#include "targets/linux-i2c.h"
#include "targets/replay-verdict.h"

/* The base is opened at one end of a socket; the thread has the other one. */
typedef struct LinuxI2c {
    FDChardev parent;

    struct i2cpt_adapter *adapter; /* NULL: not open, or closed already */
    ReplayVerdict verdict;
    int served;
    QemuThread thread;
    char *address; /* NULL: all */
} LinuxI2c;

DECLARE_INSTANCE_CHECKER(LinuxI2c, LINUX_I2C, TYPE_CHARDEV_LINUX_I2C)

/* ------------------------------------------------ from parse() to open() */

/*
 * In QEMU's tree its schema has a kind for us. A plugin cannot add to that, and
 * borrows the kind of files, which has two strings.
 */
#ifdef I2CPT_PLUGIN
static ChardevCommon *put_words(ChardevBackend *backend, char *address,
                                char *adapter)
{
    ChardevFile *words = g_new0(ChardevFile, 1);

    backend->type = CHARDEV_BACKEND_KIND_FILE;
    backend->u.file.data = words;
#if !I2CPT_QEMU_FROM(8, 0)
    words->has_in = address;
#endif
    words->in = address;
    words->out = adapter;
    return qapi_ChardevFile_base(words);
}

static void get_words(const ChardevBackend *backend, const char **address,
                      const char **adapter)
{
    *address = backend->u.file.data->in;
    *adapter = backend->u.file.data->out;
}
#else
static ChardevCommon *put_words(ChardevBackend *backend, char *address,
                                char *adapter)
{
    ChardevLinuxI2c *words = g_new0(ChardevLinuxI2c, 1);

    backend->type = CHARDEV_BACKEND_KIND_LINUX_I2C;
    backend->u.linux_i2c.data = words;
    words->address = address;
    words->adapter = adapter;
    return qapi_ChardevLinuxI2c_base(words);
}

static void get_words(const ChardevBackend *backend, const char **address,
                      const char **adapter)
{
    *address = backend->u.linux_i2c.data->address;
    *adapter = backend->u.linux_i2c.data->adapter;
}
#endif

/* ------------------------------------------------------------------ keys */

static int check_key(void *opaque, const char *name, const char *value,
                     Error **errp)
{
    static const char *const keys[] = {"backend", "address", "device",
                                       "adapter", "logfile", "logappend",
                                       NULL};

    if (g_strv_contains(keys, name)) {
        return 0;
    }
    error_setg(errp,
               "%s=%s: is not for a chardev linux-i2c; accepted are address, "
               "device, adapter, logfile and logappend",
               name, value);
    return -1;
}

/* With its commas doubled, as a value in a specification has them. */
static char *device_spec(const char *device)
{
    g_auto(GStrv) parts = g_strsplit(device, ",", -1);
    g_autofree char *value = g_strjoinv(",,", parts);

    return g_strdup_printf("i2c-dev,device=%s", value);
}

static void linux_i2c_parse(QemuOpts *opts, ChardevBackend *backend,
                            Error **errp)
{
    const char *device = qemu_opt_get(opts, "device");
    const char *adapter = qemu_opt_get(opts, "adapter");
    const char *address = qemu_opt_get(opts, "address");

    if (qemu_opt_foreach(opts, check_key, NULL, errp)) {
        return;
    }
    if (!device == !adapter) {
        error_setg(errp,
                   "linux-i2c: %s; accepted is device=/dev/i2c-N, or "
                   "adapter=BACKEND[,,KEY=VALUE]...",
                   device ? "device= and adapter= are two adapters"
                          : "neither device= nor adapter= was given");
        return;
    }
    qemu_chr_parse_common(
        opts, put_words(backend, g_strdup(address),
                        device ? device_spec(device) : g_strdup(adapter)));
}

/* ------------------------------------------------------------- the adapter */

static void refuse(Error **errp, const struct i2cpt_fault *fault)
{
    char line[sizeof(fault->text)];

    i2cpt_fault_describe(fault, line, sizeof(line));
    error_setg(errp, "linux-i2c: %s", line);
}

static bool set_address(LinuxI2c *s, const char *text, Error **errp)
{
    struct i2cpt_fault fault;
    int address;

    if (!text) {
        return true;
    }
    address = i2cpt_address_parse("address", text, &fault);
    if (address < 0) {
        error_setg(errp, "%s", fault.text);
        return false;
    }
    s->address = g_strdup_printf("0x%02x", address);
    return true;
}

/* Nobody but the one target is reached, unless allow= says more. */
static bool open_adapter(LinuxI2c *s, const char *spec, Error **errp)
{
    struct i2cpt_options *options;
    struct i2cpt_fault fault;
    bool ok;

    if (i2cpt_options_parse(spec, &options, &fault)) {
        refuse(errp, &fault);
        return false;
    }
    ok = !s->address || i2cpt_options_get(options, "allow") ||
         !i2cpt_options_set(options, "allow", s->address, &fault);
    ok = ok && !i2cpt_adapter_open_options(options, &s->adapter, &fault);
    i2cpt_options_free(options);
    if (!ok) {
        s->adapter = NULL;
        refuse(errp, &fault);
    }
    return ok;
}

static void *serve(void *opaque)
{
    LinuxI2c *s = opaque;

    i2cpt_serve(s->adapter, s->served, s->served);
    /* its client sees the end now; the number stays until it is closed */
    shutdown(s->served, SHUT_RDWR);
    return NULL;
}

static bool start_serving(LinuxI2c *s, Error **errp)
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
        error_setg(errp, "linux-i2c: a socket: %s", strerror(errno));
        i2cpt_adapter_unref(g_steal_pointer(&s->adapter));
        return false;
    }
    if (!i2cpt_chr_open_fd(CHARDEV(s), fds[0], errp)) {
        close(fds[0]);
        close(fds[1]);
        i2cpt_adapter_unref(g_steal_pointer(&s->adapter));
        return false;
    }
    s->served = fds[1];
    qemu_thread_create(&s->thread, "i2c-chardev", serve, s,
                       QEMU_THREAD_JOINABLE);
    return replay_verdict_begin(&s->verdict, s->adapter, NULL, errp);
}

/* A transfer under way is seen through, which its deadline bounds. */
static void stop_serving(LinuxI2c *s)
{
    if (!s->adapter) {
        return;
    }
    shutdown(s->served, SHUT_RDWR);
    qemu_thread_join(&s->thread);
    close(s->served);
    replay_verdict_end(&s->verdict);
    i2cpt_adapter_unref(g_steal_pointer(&s->adapter));
}

/* -------------------------------------------------------------- the class */

static void linux_i2c_open(Chardev *chr, ChardevBackend *backend,
                           bool *be_opened, Error **errp)
{
    LinuxI2c *s = LINUX_I2C(chr);
    const char *address, *adapter;

    get_words(backend, &address, &adapter);
    if (set_address(s, address, errp) && open_adapter(s, adapter, errp)) {
        start_serving(s, errp);
    }
}

static void linux_i2c_finalize(Object *obj)
{
    LinuxI2c *s = LINUX_I2C(obj);

    stop_serving(s);
    g_free(s->address);
}

static char *get_address(Object *obj, Error **errp)
{
    LinuxI2c *s = LINUX_I2C(obj);

    return g_strdup(s->address ? s->address : "");
}

static void linux_i2c_class_init(ObjectClass *klass, I2CPT_CLASS_DATA *data)
{
    ChardevClass *cc = CHARDEV_CLASS(klass);

    cc->parse = linux_i2c_parse;
    cc->open = linux_i2c_open;
    object_class_property_add_str(klass, LINUX_I2C_ADDRESS, get_address, NULL);
}

static const TypeInfo linux_i2c_info = {
    .name = TYPE_CHARDEV_LINUX_I2C,
    .parent = TYPE_CHARDEV_FD,
    .instance_size = sizeof(LinuxI2c),
    .instance_finalize = linux_i2c_finalize,
    .class_init = linux_i2c_class_init,
};

static int end_one(Object *obj, void *opaque)
{
    LinuxI2c *s = (LinuxI2c *)object_dynamic_cast(obj, TYPE_CHARDEV_LINUX_I2C);

    if (s) {
        stop_serving(s);
    }
    return 0;
}

/*
 * A guest that ends QEMU by itself leaves the chardevs as they are; their
 * recordings have an end all the same. Runs after the devices' own notifiers,
 * which came later.
 */
static void at_exit(Notifier *notifier, void *data)
{
    Object *chardevs = object_resolve_path("/chardevs", NULL);
    bool locked = bql_locked();

    if (!chardevs) {
        return;
    }
    if (!locked) {
        bql_lock();
    }
    object_child_foreach(chardevs, end_one, NULL);
    if (!locked) {
        bql_unlock();
    }
}

static void linux_i2c_register_types(void)
{
    static Notifier exit_notifier = {.notify = at_exit};

    type_register_static(&linux_i2c_info);
    qemu_add_exit_notifier(&exit_notifier);
}

i2cpt_type_init(linux_i2c_register_types)
