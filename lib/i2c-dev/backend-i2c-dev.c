/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linux's /dev/i2c-N. What the kernel wants is in uapi.c, what it
 * answers in host-errno.c, what /dev and /sys know in host.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/key.h"
#include "core/log.h"
#include "core/options.h"
#include "i2c-dev/backend-i2c-dev.h"
#include "i2c-dev/host-errno.h"
#include "i2c-dev/host.h"
#include "i2c-dev/native-smbus.h"
#include "i2c-dev/plan.h"
#include "i2c-dev/uapi.h"

/* An address that has been free is asked about again when it was not used for
 * so long; one that was busy, each time. */
#define FREE_FOR_NS 10000000000u

#define ADDRESSES_7BIT 0x80u
#define ADDRESSES      (ADDRESSES_7BIT + 0x400u)
#define NO_ADDRESS     0xffffu

struct i2c_dev {
    int fd; /* -1 once the adapter is gone */
    struct host_adapter host;
    uint32_t functionality;
    bool force;
    bool timeout_set, retries_set;
    /* What the open file is set to. */
    uint16_t addr;
    bool tenbit, pec;
    /* When each address was last seen free; 0: never. 7-bit, then 10-bit. */
    uint64_t free_at_ns[ADDRESSES];
    /* Asked for by I2CPT_CLAIM_FORCE, from any thread. */
    atomic_bool forced[ADDRESSES];
};

static const struct i2cpt_key keys[] = {
    {.name = "device",
     .kind = I2CPT_KEY_STRING,
     .help = "the adapter: a path as /dev/i2c-1, or name:ADAPTER NAME",
     .may_differ = true},
    {.name = "force",
     .kind = I2CPT_KEY_SWITCH,
     .def = "off",
     .help = "use addresses that a kernel driver has taken"},
    {.name = "worker",
     .kind = I2CPT_KEY_SWITCH,
     .def = "on",
     .help = "off: calls in the caller's thread, bounded by the kernel alone"},
    {NULL},
};

/* ------------------------------------------------------------ open, close */

static int identify(const struct i2cpt_options *o, char **identity,
                    struct i2cpt_fault *fault)
{
    struct host_adapter a;
    char *path, *real;
    int ret;

    ret = i2cdev_host_resolve(i2cpt_options_string(o, "device"), &path, fault);
    if (ret) {
        return ret;
    }
    ret = i2cdev_host_examine(path, &a, fault);
    if (!ret && a.number >= 0) {
        *identity = g_strdup_printf("i2c-dev:/dev/i2c-%d", a.number);
    } else if (!ret) {
        real = realpath(path, NULL);
        *identity = g_strdup_printf("i2c-dev:%s", real ? real : path);
        free(real);
    }
    g_free(a.path);
    g_free(path);
    return ret;
}

/* The two belong to the adapter and not to the open file: left alone unless
 * asked for. */
static int set_limits(struct i2c_dev *d, const struct i2cpt_options *o,
                      struct i2cpt_fault *fault)
{
    uint32_t timeout_ms = (uint32_t)i2cpt_options_number(o, "timeout-ms");
    uint32_t retries = (uint32_t)i2cpt_options_number(o, "retries");
    int ret;

    if (i2cpt_options_has(o, "timeout-ms")) {
        ret = i2cdev_uapi_set_timeout(d->fd, timeout_ms);
        if (ret) {
            return i2cpt_fault_text(fault, -ret,
                                    "timeout-ms=%u: %.4096s does not take it: "
                                    "%s",
                                    timeout_ms, d->host.path, g_strerror(-ret));
        }
        d->timeout_set = true;
    }
    if (i2cpt_options_has(o, "retries")) {
        ret = i2cdev_uapi_set_retries(d->fd, retries);
        if (ret) {
            return i2cpt_fault_text(fault, -ret,
                                    "retries=%u: %.4096s does not take it: %s",
                                    retries, d->host.path, g_strerror(-ret));
        }
        d->retries_set = true;
    }
    return 0;
}

/* The kernel has no call to ask what they were, so they go back to what the
 * driver is known to begin with, or stay. */
static void restore_limits(struct i2c_dev *d)
{
    const struct host_driver *driver = d->host.driver;

    if (!d->timeout_set && !d->retries_set) {
        return;
    }
    if (!driver) {
        i2cpt_log(I2CPT_LOG_INFO,
                  "%s: timeout and retries stay as they were set; what they "
                  "were before cannot be asked for",
                  d->host.path);
        return;
    }
    if (d->timeout_set) {
        i2cdev_uapi_set_timeout(d->fd, driver->timeout_ms);
    }
    if (d->retries_set) {
        i2cdev_uapi_set_retries(d->fd, driver->retries);
    }
}

static int ask_functionality(struct i2c_dev *d, struct i2cpt_fault *fault)
{
    int ret = i2cdev_uapi_functionality(d->fd, &d->functionality);

    if (ret == -ENOTTY || ret == -EINVAL) {
        return i2cpt_fault_text(fault, EINVAL,
                                "device=%.4096s: not an I2C adapter; accepted "
                                "is one as /dev/i2c-1",
                                d->host.path);
    }
    return ret ? i2cdev_host_open_fault(d->host.path, -ret, fault) : 0;
}

static void release(struct i2c_dev *d)
{
    if (d->fd >= 0) {
        close(d->fd);
    }
    g_free(d->host.path);
    g_free(d);
}

static int open_node(struct i2c_dev *d, const struct i2cpt_options *o,
                     struct i2cpt_fault *fault)
{
    char *path;
    int ret;

    ret = i2cdev_host_resolve(i2cpt_options_string(o, "device"), &path, fault);
    if (ret) {
        return ret;
    }
    ret = i2cdev_host_examine(path, &d->host, fault);
    g_free(path);
    if (ret) {
        return ret;
    }
    d->fd = open(d->host.path, O_RDWR | O_CLOEXEC | O_NOCTTY);
    return d->fd < 0 ? i2cdev_host_open_fault(d->host.path, errno, fault) : 0;
}

static int i2c_dev_open(const struct i2cpt_options *o, void **priv,
                        struct i2cpt_bus_info *info, struct i2cpt_fault *fault)
{
    struct i2c_dev *d = g_new0(struct i2c_dev, 1);
    int ret;

    d->fd = -1;
    d->addr = NO_ADDRESS;
    d->force = i2cpt_options_number(o, "force");
    ret = open_node(d, o, fault);
    if (!ret) {
        ret = ask_functionality(d, fault);
    }
    if (!ret) {
        ret = set_limits(d, o, fault);
    }
    if (ret) {
        release(d);
        return ret;
    }
    info->functionality = d->functionality;
    info->host_bounds = !i2cpt_options_number(o, "worker");
    info->tells_phase = d->host.driver && d->host.driver->tells_phase;
    info->hides_phase = d->host.driver && d->host.driver->nack_anywhere;
    *priv = d;
    return 0;
}

static void i2c_dev_close(void *priv)
{
    struct i2c_dev *d = priv;

    if (d->fd >= 0) {
        restore_limits(d);
    }
    release(d);
}

/* Newer kernels ask the driver before each transfer what it can do; one that
 * asks its adapter (i2c-tiny-usb) can nothing where that does not answer. */
static bool answers_no_longer(const struct i2c_dev *d)
{
    uint32_t now = d->functionality;

    return i2cdev_uapi_functionality(d->fd, &now) || now != d->functionality;
}

/*
 * Judge what an ioctl said. Of an adapter that is gone the open file is given
 * up at once: the kernel's unplugging waits for the last one to be closed.
 */
static int judge(struct i2c_dev *d, int error,
                 const struct request_shape *shape, struct i2cpt_fault *fault)
{
    bool silent = error == -EOPNOTSUPP && answers_no_longer(d);
    int ret = i2cdev_fault(&d->host, silent ? -EIO : error, shape, fault);

    if (ret == -ENODEV) {
        close(d->fd);
        d->fd = -1;
    }
    return ret;
}

static int check_there(const struct i2c_dev *d, struct i2cpt_fault *fault)
{
    return d->fd >= 0
               ? 0
               : i2cpt_fault_text(fault, ENODEV, "%.4096s: the adapter is gone",
                                  d->host.path);
}

/* -------------------------------------------------------------- addresses */

static int busy_fault(struct i2c_dev *d, uint16_t addr, bool tenbit,
                      struct i2cpt_fault *fault)
{
    char *owner = i2cdev_host_address_owner(&d->host, addr, tenbit);

    i2cpt_fault_text(fault, EBUSY,
                     "%.4096s: address 0x%02x is in use by %s%.4096s; force=on "
                     "uses it all the same",
                     d->host.path, addr, owner ? "kernel driver " : "a driver",
                     owner ? owner : "");
    g_free(owner);
    return -EBUSY;
}

static int select_mode(struct i2c_dev *d, bool tenbit)
{
    int ret = d->tenbit == tenbit ? 0 : i2cdev_uapi_set_tenbit(d->fd, tenbit);

    if (!ret) {
        d->tenbit = tenbit;
    }
    return ret;
}

static unsigned index_of(uint16_t addr, bool tenbit)
{
    return addr + (tenbit ? ADDRESSES_7BIT : 0);
}

static bool is_forced(const struct i2c_dev *d, uint16_t addr, bool tenbit)
{
    return d->force || atomic_load(&d->forced[index_of(addr, tenbit)]);
}

static int select_now(struct i2c_dev *d, uint16_t addr, bool tenbit)
{
    int ret = select_mode(d, tenbit);

    if (!ret) {
        ret = i2cdev_uapi_set_address(d->fd, addr, is_forced(d, addr, tenbit));
    }
    d->addr = ret ? NO_ADDRESS : addr;
    return ret;
}

/* The kernel's busy check, which I2C_RDWR leaves out. `set`: the open file
 * must be set to the address as well, for I2C_SMBUS. */
static int claim(struct i2c_dev *d, uint16_t addr, bool tenbit, bool set,
                 struct i2cpt_fault *fault)
{
    uint64_t *free_at = &d->free_at_ns[index_of(addr, tenbit)];
    bool is_set = d->addr == addr && d->tenbit == tenbit;
    struct request_shape shape = {.deadline_ns = UINT64_MAX};
    uint64_t now_ns;
    int ret;

    if ((is_set || !set) && is_forced(d, addr, tenbit)) {
        return 0;
    }
    now_ns = i2cpt_now_ns();
    if (*free_at && now_ns - *free_at < FREE_FOR_NS && (is_set || !set)) {
        *free_at = now_ns;
        return 0;
    }
    ret = select_now(d, addr, tenbit);
    *free_at = ret ? 0 : now_ns;
    if (ret == -EBUSY) {
        return busy_fault(d, addr, tenbit, fault);
    }
    return ret ? judge(d, ret, &shape, fault) : 0;
}

/*
 * The same for who asks ahead of a transfer: by an open file of its own, as the
 * one of the transfers may be in the kernel, and is set to another address.
 */
static int ask_kernel(struct i2c_dev *d, uint16_t addr, bool tenbit,
                      struct i2cpt_fault *fault)
{
    int fd = open(d->host.path, O_RDWR | O_CLOEXEC | O_NOCTTY), ret = 0;

    if (fd < 0) {
        return errno == ENODEV || errno == ENXIO || errno == ENOENT
                   ? i2cdev_host_open_fault(d->host.path, ENODEV, fault)
                   : 0; /* by somebody with fewer rights now, say */
    }
    if (tenbit) {
        ret = i2cdev_uapi_set_tenbit(fd, true);
    }
    ret = ret ? ret : i2cdev_uapi_set_address(fd, addr, false);
    close(fd);
    return ret == -EBUSY ? busy_fault(d, addr, tenbit, fault) : 0;
}

static int i2c_dev_claim(void *priv, uint16_t addr, bool tenbit, bool force,
                         struct i2cpt_fault *fault)
{
    struct i2c_dev *d = priv;

    if (force) {
        atomic_store(&d->forced[index_of(addr, tenbit)], true);
        return 0;
    }
    return ask_kernel(d, addr, tenbit, fault);
}

/* ------------------------------------------------------------- transfers */

static bool same_target(const struct i2cpt_msg *a, const struct i2cpt_msg *b)
{
    return a->addr == b->addr && !((a->flags ^ b->flags) & I2CPT_M_TEN);
}

static int claim_all(struct i2c_dev *d, const struct i2cpt_xfer *x)
{
    size_t i;
    int ret = 0;

    for (i = 0; i < x->n && !ret; i++) {
        if (!i || !same_target(&x->msgs[i], &x->msgs[i - 1])) {
            ret = claim(d, x->msgs[i].addr, x->msgs[i].flags & I2CPT_M_TEN,
                        false, x->fault);
        }
    }
    return ret;
}

/* Without a written byte there is nothing but addresses to be NACKed. */
static struct request_shape shape_of(const struct i2cpt_xfer *x)
{
    struct request_shape shape = {x->n, true, x->deadline_ns};
    size_t i;

    for (i = 0; i < x->n; i++) {
        if (!(x->msgs[i].flags & I2CPT_M_RD) && x->msgs[i].len) {
            shape.address_only = false;
        }
    }
    return shape;
}

static int failed(struct i2c_dev *d, struct i2cpt_xfer *x, int error)
{
    struct request_shape shape = shape_of(x);

    return judge(d, error, &shape, x->fault);
}

static int send_plan(struct i2c_dev *d, struct plan *p, struct i2cpt_xfer *x)
{
    size_t at, n;
    int ret;

    for (at = 0; at < p->n; at += n) {
        if (at && i2cpt_now_ns() >= x->deadline_ns) {
            return i2cpt_fault_set(x->fault, ETIMEDOUT, I2CPT_PHASE_UNKNOWN, -1,
                                   -1);
        }
        n = i2cdev_plan_cut(p, at);
        ret = i2cdev_uapi_rdwr(d->fd, p->msgs + at, n);
        if (ret < 0) {
            return failed(d, x, ret);
        }
        if ((size_t)ret != n) {
            return i2cpt_fault_text(
                x->fault, EREMOTEIO,
                "%.4096s: the kernel's driver did %d of %zu "
                "messages",
                d->host.path, ret, n);
        }
    }
    return 0;
}

static int i2c_dev_transfer(void *priv, struct i2cpt_xfer *x)
{
    struct i2c_dev *d = priv;
    struct plan plan;
    int ret;

    ret = check_there(d, x->fault);
    if (!ret) {
        ret = i2cdev_plan_make(&plan, d->functionality, x);
    }
    if (ret) {
        return ret;
    }
    ret = claim_all(d, x);
    if (!ret) {
        ret = send_plan(d, &plan, x);
    }
    if (!ret) {
        ret = i2cdev_plan_finish(&plan, x);
    }
    i2cdev_plan_free(&plan);
    return ret;
}

/* ------------------------------------------------------------------ SMBus */

static int select_pec(struct i2c_dev *d, bool pec)
{
    int ret = d->pec == pec ? 0 : i2cdev_uapi_set_pec(d->fd, pec);

    if (!ret) {
        d->pec = pec;
    }
    return ret;
}

static int i2c_dev_smbus(void *priv, struct i2cpt_smbus_call *call,
                         uint64_t deadline_ns, uint32_t marks,
                         struct i2cpt_fault *fault)
{
    struct i2c_dev *d = priv;
    int ret;

    ret = check_there(d, fault);
    if (!ret) {
        ret = i2cdev_smbus_check_call(call, d->functionality, fault);
    }
    if (!ret) {
        ret = claim(d, call->addr, call->flags & I2CPT_CLIENT_TEN, true, fault);
    }
    if (ret) {
        return ret;
    }
    ret = select_pec(d, call->flags & I2CPT_CLIENT_PEC);
    if (!ret) {
        ret = i2cdev_uapi_smbus(d->fd, call);
    }
    if (ret) {
        struct request_shape shape = i2cdev_smbus_shape(call, deadline_ns);

        return judge(d, ret, &shape, fault);
    }
    return i2cdev_smbus_check_answer(call, fault);
}

static char *host_name(const struct i2cpt_options *o)
{
    struct host_adapter a = {0};
    char *path = NULL, *name = NULL;

    if (!i2cdev_host_resolve(i2cpt_options_string(o, "device"), &path, NULL) &&
        !i2cdev_host_examine(path, &a, NULL) && a.number >= 0) {
        name = i2cdev_host_adapter_name(a.number);
    }
    g_free(a.path);
    g_free(path);
    return name;
}

static int list(const struct i2cpt_ops *ops, i2cpt_found_fn found, void *user)
{
    return i2cdev_host_list(found, user);
}

const struct i2cpt_ops i2cdev_ops = {
    .name = "i2c-dev",
    .help = "an adapter of this machine, Linux's /dev/i2c-N",
    .flags = I2CPT_OPS_OUTLIVES | I2CPT_OPS_RETRIES,
    .keys = keys,
    .identify = identify,
    .open = i2c_dev_open,
    .close = i2c_dev_close,
    .transfer = i2c_dev_transfer,
    .smbus = i2c_dev_smbus,
    .claim = i2c_dev_claim,
    .host_name = host_name,
    .list = list,
};
