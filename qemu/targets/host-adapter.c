/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening adapters, at once or each time that a chardev's peer has come. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "chardev/char.h"
#include "qapi/error.h"
#include "qemu/error-report.h"

#include "i2cpt-backend.h"
#include "targets/host-adapter.h"

static void refuse(Error **errp, const struct i2cpt_fault *fault)
{
    char line[sizeof(fault->text)];

    i2cpt_fault_describe(fault, line, sizeof(line));
    error_setg(errp, "%s", line);
}

/* -------------------------------------------- where nobody has come so far */

static int absent_open(void *user, const struct i2cpt_options *options,
                       void **instance, struct i2cpt_backend_info *info,
                       struct i2cpt_fault *fault)
{
    info->flags = I2CPT_BACKEND_TELLS_PHASE | I2CPT_BACKEND_INSTANT;
    info->functionality = I2CPT_FUNC_I2C | I2CPT_FUNC_SMBUS_EMUL_ALL;
    return 0;
}

static int absent_transfer(void *instance, struct i2cpt_backend_xfer *x)
{
    return i2cpt_backend_fail(x->fault, ENXIO, I2CPT_PHASE_ADDRESS, 0, -1,
                              NULL);
}

static int absent_start(void *instance, uint16_t addr, uint16_t flags,
                        uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    return i2cpt_backend_fail(fault, ENXIO, I2CPT_PHASE_ADDRESS, 0, -1, NULL);
}

static int absent_write(void *instance, uint8_t byte, uint64_t deadline_ns,
                        struct i2cpt_fault *fault)
{
    return i2cpt_backend_fail(fault, EIO, I2CPT_PHASE_DATA, 0, -1, NULL);
}

static int absent_read(void *instance, uint8_t *byte, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    *byte = 0xff;
    return 0;
}

static int absent_stop(void *instance, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    return 0;
}

static const struct i2cpt_backend_ops absent_ops = {
    .size = sizeof(absent_ops),
    .name = "absent",
    .help = "nobody has come so far",
    .open = absent_open,
    .transfer = absent_transfer,
    .stream_start = absent_start,
    .stream_write = absent_write,
    .stream_read = absent_read,
    .stream_stop = absent_stop,
};

/* With the lists that are checked only where an adapter is opened. */
static char *lists(const PassthroughConfig *config)
{
    static const char *const names[] = {"allow", "allow-writes"};
    PassthroughConfig part;
    const char *value;
    char *keys;
    size_t i;

    passthrough_config_init(&part);
    for (i = 0; i < ARRAY_SIZE(names); i++) {
        value = passthrough_config_get(config, names[i]);
        if (value) {
            passthrough_config_default(&part, names[i], value);
        }
    }
    keys = passthrough_config_text(&part);
    passthrough_config_clear(&part);
    return keys;
}

static bool open_absent(HostAdapter *h, Error **errp)
{
    g_autofree char *keys = lists(h->config);
    struct i2cpt_fault fault;

    if (i2cpt_adapter_new(&absent_ops, NULL, keys, &h->adapter, &fault)) {
        h->adapter = NULL;
        refuse(errp, &fault);
        return false;
    }
    return true;
}

/* ------------------------------------------------------ a chardev's peers */

static bool set_key(struct i2cpt_options *options, const char *key,
                    const char *value, Error **errp)
{
    struct i2cpt_fault fault;

    if (i2cpt_options_set(options, key, value, &fault)) {
        refuse(errp, &fault);
        return false;
    }
    return true;
}

static struct i2cpt_options *peer_options(HostAdapter *h, Error **errp)
{
    struct i2cpt_options *options = passthrough_config_options(h->config, errp);
    g_autofree char *fd = g_strdup_printf("%d", h->fd);
    g_autofree char *name = g_strdup_printf("chardev=%s", h->label);
    bool ok;

    if (!options) {
        return NULL;
    }
    ok = (h->fd < 0 || set_key(options, "fd", fd, errp)) &&
         (passthrough_config_get(h->config, "name") ||
          set_key(options, "name", name, errp));
    if (!ok) {
        i2cpt_options_free(g_steal_pointer(&options));
    }
    return options;
}

static void *opener(void *opaque)
{
    HostAdapter *h = opaque;

    if (i2cpt_adapter_open_options(h->options, &h->fresh, &h->fault)) {
        h->fresh = NULL;
    }
    qemu_bh_schedule(h->ready);
    return NULL;
}

static void start_opener(HostAdapter *h)
{
    Error *err = NULL;

    h->fd = chardev_link_take(h->link);
    if (h->fd < 0) {
        return; /* it has gone again */
    }
    h->options = peer_options(h, &err);
    if (!h->options) {
        warn_reportf_err(err, "libi2cpt: chardev=%s: ", h->label);
        close(h->fd);
        return;
    }
    h->opening = true;
    qemu_thread_create(&h->thread, "i2c-opener", opener, h,
                       QEMU_THREAD_JOINABLE);
}

static void end_opener(HostAdapter *h)
{
    qemu_thread_join(&h->thread);
    i2cpt_options_free(g_steal_pointer(&h->options));
    close(h->fd);
    h->opening = false;
}

/*
 * Devices look at h->adapter when they begin something, and have a handle of
 * their own of the one that they use.
 */
static void use_fresh(HostAdapter *h)
{
    i2cpt_adapter_unref(h->adapter);
    h->adapter = g_steal_pointer(&h->fresh);
    notifier_list_notify(&h->changed, h);
}

static void peer_ready(void *opaque)
{
    HostAdapter *h = opaque;
    char line[sizeof(h->fault.text)];

    if (!h->opening) {
        return;
    }
    end_opener(h);
    if (h->fresh) {
        use_fresh(h);
    } else if (!h->again) {
        i2cpt_fault_describe(&h->fault, line, sizeof(line));
        warn_report("libi2cpt: chardev=%s: %s", h->label, line);
    }
    if (h->again) {
        h->again = false;
        start_opener(h);
    }
}

static void peer_changed(void *opaque)
{
    HostAdapter *h = opaque;

    if (h->opening) {
        h->again = true;
    } else {
        start_opener(h);
    }
}

/* Who is there already is asked at once, so that what is wrong is an error. */
static bool open_peer(HostAdapter *h, Error **errp)
{
    bool ok;

    h->fd = chardev_link_take(h->link);
    h->options = peer_options(h, errp);
    if (!h->options) {
        ok = false;
    } else if (h->fd < 0) {
        ok = open_absent(h, errp);
    } else if (i2cpt_adapter_open_options(h->options, &h->fresh, &h->fault)) {
        h->fresh = NULL;
        refuse(errp, &h->fault);
        ok = false;
    } else {
        use_fresh(h);
        ok = true;
    }
    i2cpt_options_free(g_steal_pointer(&h->options));
    if (h->fd >= 0) {
        close(h->fd);
    }
    return ok;
}

static bool check_chardev(HostAdapter *h, Error **errp)
{
    static const struct {
        const char *key, *why;
    } not_here[] = {
        {"socket", "the chardev says who serves"},
        {"command", "the chardev says who serves"},
        {"fd", "the chardev says who serves"},
        {"device", "the chardev says who serves"},
        {"reconnect", "the chardev's own counts"},
        {"record", "peers come and go; who serves records (serve --log)"},
    };
    const char *backend = passthrough_config_get(h->config, "backend");
    const char *value;
    size_t i;

    if (backend && !g_str_equal(backend, "remote")) {
        error_setg(errp, "backend=%s: with chardev= it is remote", backend);
        return false;
    }
    for (i = 0; i < ARRAY_SIZE(not_here); i++) {
        value = passthrough_config_get(h->config, not_here[i].key);
        if (value) {
            error_setg(errp, "%s=%s: not with chardev=: %s", not_here[i].key,
                       value, not_here[i].why);
            return false;
        }
    }
    return true;
}

static bool open_chardev(HostAdapter *h, I2CPT_CHAR_FRONTEND *chr,
                         const char *verdict, Error **errp)
{
    if (verdict && !g_str_equal(verdict, "off")) {
        error_setg(errp, "verdict=%s: not with chardev=: who serves knows it",
                   verdict);
        return false;
    }
    h->label = g_strdup(qemu_chr_fe_get_driver(chr)->label);
    h->ready = qemu_bh_new(peer_ready, h);
    h->link = chardev_link_new(chr, peer_changed, h, errp);
    if (!h->link || !check_chardev(h, errp)) {
        return false;
    }
    passthrough_config_default(h->config, "backend", "remote");
    return open_peer(h, errp);
}

/* ------------------------------------------------------------ either way */

static bool open_plain(HostAdapter *h, const char *verdict, Error **errp)
{
    struct i2cpt_options *options = passthrough_config_options(h->config, errp);
    struct i2cpt_fault fault;

    if (!options) {
        return false;
    }
    if (i2cpt_adapter_open_options(options, &h->adapter, &fault)) {
        h->adapter = NULL;
        refuse(errp, &fault);
    }
    i2cpt_options_free(options);
    return h->adapter &&
           replay_verdict_begin(&h->verdict, h->adapter, verdict, errp);
}

bool host_adapter_open(HostAdapter *h, PassthroughConfig *config,
                       I2CPT_CHAR_FRONTEND *chr, const char *verdict,
                       Error **errp)
{
    bool ok;

    *h = (HostAdapter){.config = config};
    notifier_list_init(&h->changed);
    ok = qemu_chr_fe_backend_connected(chr)
             ? open_chardev(h, chr, verdict, errp)
             : open_plain(h, verdict, errp);
    if (!ok) {
        host_adapter_close(h);
    }
    return ok;
}

/* The adapter first: its last STOP goes through the link. */
void host_adapter_close(HostAdapter *h)
{
    replay_verdict_end(&h->verdict);
    i2cpt_adapter_unref(g_steal_pointer(&h->adapter));
    g_clear_pointer(&h->link, chardev_link_free);
    if (h->opening) {
        end_opener(h);
        i2cpt_adapter_unref(g_steal_pointer(&h->fresh));
    }
    g_clear_pointer(&h->ready, qemu_bh_delete);
    g_clear_pointer(&h->label, g_free);
}
