/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's side of the wall: its headers belong here. */
#include <errno.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "fake-i2c-dev.h"

#define TARGETS 0x400

struct target {
    uint8_t regs[256];
    uint8_t pointer;
    bool bound;
};

struct fake_i2c {
    UMockdevIoctlBase *handler;
    UMockdevTestbed *testbed;
    char *node, *sysfs;
    unsigned long functionality;

    pthread_mutex_t lock; /* all below */
    pthread_cond_t entered;
    struct target *targets[TARGETS];
    bool hold;
    GPtrArray *held; /* of UMockdevIoctlClient */
    int unplugged;   /* errno; 0: plugged */
    int fail_with[FAKE_IOCTLS];
    unsigned fail_times[FAKE_IOCTLS];
    int claim_done;
    bool claim_block;
    uint8_t block_count;

    unsigned counts[FAKE_IOCTLS];
    unsigned long last[FAKE_IOCTLS];
    struct fake_msg log[FAKE_LOG];
    unsigned logged, calls;
    struct fake_smbus smbus;
    uint16_t addr; /* of the one open file */
    bool tenbit, pec, forced;
};

/* ------------------------------------------------------- umockdev handler */

#define FAKE_TYPE_HANDLER (fake_handler_get_type())
G_DECLARE_FINAL_TYPE(FakeHandler, fake_handler, FAKE, HANDLER,
                     UMockdevIoctlBase)

struct _FakeHandler {
    UMockdevIoctlBase parent;
    struct fake_i2c *fake;
};

G_DEFINE_TYPE(FakeHandler, fake_handler, UMOCKDEV_TYPE_IOCTL_BASE)

static void fake_handler_init(FakeHandler *self)
{
}

/* Memory of the caller behind the pointer at `offset`; NULL as the pointer. */
static uint8_t *borrow(UMockdevIoctlData *from, size_t offset, size_t len,
                       UMockdevIoctlData **out)
{
    *out = umockdev_ioctl_data_resolve(from, offset, len, NULL);
    return *out ? (*out)->data : NULL;
}

static void give_back(UMockdevIoctlData *data, const uint8_t *bytes, size_t len)
{
    umockdev_ioctl_data_update(data, 0, (guint8 *)bytes, (gint)len);
}

/* ---------------------------------------------------------------- targets */

static void target_write(struct target *t, const uint8_t *bytes, size_t len)
{
    size_t i;

    if (len) {
        t->pointer = bytes[0];
    }
    for (i = 1; i < len; i++) {
        t->regs[t->pointer++] = bytes[i];
    }
}

static void target_read(struct target *t, uint8_t *bytes, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        bytes[i] = t->regs[t->pointer++];
    }
}

/* Count and block from the pointer on, as after a block write. */
static int target_read_block(struct fake_i2c *f, struct target *t,
                             uint8_t *bytes, size_t extra)
{
    uint8_t count = f->claim_block ? f->block_count : t->regs[t->pointer];

    if (!f->claim_block && (!count || count > I2C_SMBUS_BLOCK_MAX)) {
        return -EPROTO;
    }
    bytes[0] = count;
    t->pointer++;
    if (count > I2C_SMBUS_BLOCK_MAX) {
        count = I2C_SMBUS_BLOCK_MAX;
    }
    target_read(t, bytes + 1, count + extra - 1);
    return 0;
}

/* --------------------------------------------------------------- I2C_RDWR */

static int check_rdwr(const struct i2c_msg *m, const uint8_t *bytes)
{
    if (m->len > 8192) {
        return -EINVAL;
    }
    if ((m->flags & I2C_M_RECV_LEN) &&
        (!(m->flags & I2C_M_RD) || m->len < 1 || bytes[0] < 1 ||
         m->len < bytes[0] + I2C_SMBUS_BLOCK_MAX)) {
        return -EINVAL;
    }
    return 0;
}

static int do_msg(struct fake_i2c *f, const struct i2c_msg *m, uint8_t *bytes,
                  UMockdevIoctlData *data)
{
    struct target *t = f->targets[m->addr];
    int ret = 0;

    if (f->logged < FAKE_LOG) {
        f->log[f->logged++] =
            (struct fake_msg){f->calls, m->addr, m->flags, m->len};
    }
    if (!t) {
        return -ENXIO;
    }
    if (!(m->flags & I2C_M_RD)) {
        if (m->flags & I2C_M_NOSTART) {
            size_t i;

            for (i = 0; i < m->len; i++) {
                t->regs[t->pointer++] = bytes[i];
            }
        } else {
            target_write(t, bytes, m->len);
        }
        return 0;
    }
    if (m->flags & I2C_M_RECV_LEN) {
        ret = target_read_block(f, t, bytes, bytes[0]);
    } else {
        target_read(t, bytes, m->len);
    }
    if (!ret && data) {
        give_back(data, bytes, m->len);
    }
    return ret;
}

static int do_rdwr(struct fake_i2c *f, UMockdevIoctlClient *client)
{
    UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);
    UMockdevIoctlData *head, *list = NULL, *data[I2C_RDWR_IOCTL_MAX_MSGS] = {0};
    uint8_t *bytes[I2C_RDWR_IOCTL_MAX_MSGS] = {0};
    struct i2c_rdwr_ioctl_data rdwr;
    struct i2c_msg msgs[I2C_RDWR_IOCTL_MAX_MSGS];
    uint32_t i;
    int ret = 0;

    memcpy(&rdwr, borrow(arg, 0, sizeof(rdwr), &head), sizeof(rdwr));
    if (!rdwr.nmsgs || rdwr.nmsgs > I2C_RDWR_IOCTL_MAX_MSGS) {
        ret = -EINVAL;
        goto out;
    }
    memcpy(msgs,
           borrow(head, offsetof(struct i2c_rdwr_ioctl_data, msgs),
                  rdwr.nmsgs * sizeof(msgs[0]), &list),
           rdwr.nmsgs * sizeof(msgs[0]));
    f->calls++;
    for (i = 0; i < rdwr.nmsgs && !ret; i++) {
        if (msgs[i].len) {
            bytes[i] = borrow(
                list, i * sizeof(msgs[0]) + offsetof(struct i2c_msg, buf),
                MIN(msgs[i].len, 8193), &data[i]);
        }
        ret = check_rdwr(&msgs[i], bytes[i]);
    }
    for (i = 0; i < rdwr.nmsgs && !ret; i++) {
        ret = do_msg(f, &msgs[i], bytes[i], data[i]);
    }
    if (!ret) {
        ret = f->claim_done >= 0 ? f->claim_done : (int)rdwr.nmsgs;
        f->claim_done = -1;
    }
out:
    for (i = 0; i < I2C_RDWR_IOCTL_MAX_MSGS; i++) {
        g_clear_object(&data[i]);
    }
    g_clear_object(&list);
    g_object_unref(head);
    return ret;
}

/* -------------------------------------------------------------- I2C_SMBUS */

static int smbus_read(struct fake_i2c *f, struct target *t, uint32_t size,
                      union i2c_smbus_data *d)
{
    uint8_t word[2];

    switch (size) {
    case I2C_SMBUS_BYTE:
    case I2C_SMBUS_BYTE_DATA:
        target_read(t, &d->byte, 1);
        return 0;
    case I2C_SMBUS_WORD_DATA:
        target_read(t, word, 2);
        d->word = (uint16_t)(word[0] | word[1] << 8);
        return 0;
    case I2C_SMBUS_BLOCK_DATA:
        return target_read_block(f, t, d->block, 1);
    case I2C_SMBUS_I2C_BLOCK_DATA:
        target_read(t, d->block + 1, d->block[0]);
        return 0;
    default:
        return -EOPNOTSUPP;
    }
}

static int smbus_write(struct target *t, uint32_t size, uint8_t command,
                       const union i2c_smbus_data *d)
{
    uint8_t out[40] = {command};

    switch (size) {
    case I2C_SMBUS_BYTE:
        target_write(t, out, 1);
        return 0;
    case I2C_SMBUS_BYTE_DATA:
        out[1] = d->byte;
        target_write(t, out, 2);
        return 0;
    case I2C_SMBUS_WORD_DATA:
        out[1] = d->word & 0xff;
        out[2] = d->word >> 8;
        target_write(t, out, 3);
        return 0;
    case I2C_SMBUS_BLOCK_DATA:
        memcpy(out + 1, d->block, d->block[0] + 1u);
        target_write(t, out, d->block[0] + 2u);
        return 0;
    case I2C_SMBUS_I2C_BLOCK_DATA:
        memcpy(out + 1, d->block + 1, d->block[0]);
        target_write(t, out, d->block[0] + 1u);
        return 0;
    default:
        return -EOPNOTSUPP;
    }
}

/* The target of a process call gives back what it got, inverted. */
static void process(uint32_t size, union i2c_smbus_data *d)
{
    int i;

    if (size == I2C_SMBUS_PROC_CALL) {
        d->word = (uint16_t)~d->word;
    }
    for (i = 1; size == I2C_SMBUS_BLOCK_PROC_CALL && i <= d->block[0]; i++) {
        d->block[i] = (uint8_t)~d->block[i];
    }
}

static int run_smbus(struct fake_i2c *f, const struct i2c_smbus_ioctl_data *a,
                     union i2c_smbus_data *d)
{
    struct target *t = f->targets[f->addr];
    bool write_byte = a->size == I2C_SMBUS_BYTE && !a->read_write;

    if (!t) {
        return -ENXIO;
    }
    if (a->size == I2C_SMBUS_QUICK) {
        return 0;
    }
    if (!d && !write_byte) {
        return -EINVAL;
    }
    if (a->size == I2C_SMBUS_PROC_CALL ||
        a->size == I2C_SMBUS_BLOCK_PROC_CALL) {
        process(a->size, d);
        return 0;
    }
    if (d &&
        (a->size == I2C_SMBUS_BLOCK_DATA ||
         a->size == I2C_SMBUS_I2C_BLOCK_DATA) &&
        (!a->read_write || a->size == I2C_SMBUS_I2C_BLOCK_DATA) &&
        (!d->block[0] || d->block[0] > I2C_SMBUS_BLOCK_MAX)) {
        return -EINVAL;
    }
    if (!a->read_write) {
        return smbus_write(t, a->size, a->command, d);
    }
    if (a->size != I2C_SMBUS_BYTE) {
        t->pointer = a->command;
    }
    return smbus_read(f, t, a->size, d);
}

static int do_smbus(struct fake_i2c *f, UMockdevIoctlClient *client)
{
    UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);
    UMockdevIoctlData *head, *data = NULL;
    struct i2c_smbus_ioctl_data a;
    union i2c_smbus_data d;
    int ret;

    memcpy(&a, borrow(arg, 0, sizeof(a), &head), sizeof(a));
    f->smbus = (struct fake_smbus){f->addr, a.read_write, a.command, a.size,
                                   f->pec,  f->tenbit,    f->forced};
    if (a.data) {
        memcpy(&d,
               borrow(head, offsetof(struct i2c_smbus_ioctl_data, data),
                      sizeof(d), &data),
               sizeof(d));
    }
    ret = run_smbus(f, &a, a.data ? &d : NULL);
    if (!ret && data) {
        give_back(data, (uint8_t *)&d, sizeof(d));
    }
    g_clear_object(&data);
    g_object_unref(head);
    return ret;
}

/* ---------------------------------------------------------------- dispatch */

static int do_funcs(struct fake_i2c *f, UMockdevIoctlClient *client)
{
    UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client), *data;

    borrow(arg, 0, sizeof(f->functionality), &data);
    give_back(data, (uint8_t *)&f->functionality, sizeof(f->functionality));
    g_object_unref(data);
    return 0;
}

static int do_slave(struct fake_i2c *f, unsigned long addr, bool force)
{
    if (addr > 0x3ff || (!f->tenbit && addr > 0x7f)) {
        return -EINVAL;
    }
    if (!force && f->targets[addr] && f->targets[addr]->bound) {
        return -EBUSY;
    }
    f->addr = (uint16_t)addr;
    f->forced = force;
    return 0;
}

static enum fake_ioctl kind_of(unsigned long request)
{
    static const unsigned long requests[FAKE_IOCTLS] = {
        [FAKE_SLAVE] = I2C_SLAVE,     [FAKE_SLAVE_FORCE] = I2C_SLAVE_FORCE,
        [FAKE_TENBIT] = I2C_TENBIT,   [FAKE_FUNCS] = I2C_FUNCS,
        [FAKE_RDWR] = I2C_RDWR,       [FAKE_PEC] = I2C_PEC,
        [FAKE_SMBUS] = I2C_SMBUS,     [FAKE_TIMEOUT] = I2C_TIMEOUT,
        [FAKE_RETRIES] = I2C_RETRIES,
    };
    int i;

    for (i = 0; i < FAKE_IOCTLS && requests[i] != request; i++) {
    }
    return (enum fake_ioctl)i;
}

static int run_locked(struct fake_i2c *f, enum fake_ioctl what,
                      UMockdevIoctlClient *client, unsigned long value)
{
    bool transfers = what == FAKE_RDWR || what == FAKE_SMBUS;

    if (transfers && f->unplugged) {
        return -f->unplugged;
    }
    if (f->fail_times[what]) {
        f->fail_times[what]--;
        return -f->fail_with[what];
    }
    switch (what) {
    case FAKE_SLAVE:
    case FAKE_SLAVE_FORCE:
        return do_slave(f, value, what == FAKE_SLAVE_FORCE);
    case FAKE_TENBIT:
        f->tenbit = value;
        return 0;
    case FAKE_PEC:
        f->pec = value;
        return 0;
    case FAKE_FUNCS:
        return do_funcs(f, client);
    case FAKE_RDWR:
        return do_rdwr(f, client);
    case FAKE_SMBUS:
        return do_smbus(f, client);
    default:
        return 0; /* timeout and retries are only looked at */
    }
}

static void answer(struct fake_i2c *f, UMockdevIoctlClient *client)
{
    enum fake_ioctl what = kind_of(umockdev_ioctl_client_get_request(client));
    unsigned long value =
        *(unsigned long *)umockdev_ioctl_client_get_arg(client)->data;
    int ret = run_locked(f, what, client, value);

    umockdev_ioctl_client_complete(client, ret < 0 ? -1 : ret,
                                   ret < 0 ? -ret : 0);
}

static gboolean handle_ioctl(UMockdevIoctlBase *base,
                             UMockdevIoctlClient *client)
{
    struct fake_i2c *f = FAKE_HANDLER(base)->fake;
    enum fake_ioctl what = kind_of(umockdev_ioctl_client_get_request(client));

    if (what == FAKE_IOCTLS) {
        umockdev_ioctl_client_complete(client, -1, ENOTTY);
        return TRUE;
    }
    pthread_mutex_lock(&f->lock);
    f->counts[what]++;
    f->last[what] =
        *(unsigned long *)umockdev_ioctl_client_get_arg(client)->data;
    if (f->hold && (what == FAKE_RDWR || what == FAKE_SMBUS)) {
        g_ptr_array_add(f->held, g_object_ref(client));
        pthread_cond_broadcast(&f->entered);
    } else {
        answer(f, client);
    }
    pthread_mutex_unlock(&f->lock);
    return TRUE;
}

static void fake_handler_class_init(FakeHandlerClass *class)
{
    UMOCKDEV_IOCTL_BASE_CLASS(class)->handle_ioctl = handle_ioctl;
}

/* --------------------------------------------------------------- the API */

/* The two devices as Linux 6 lays them out: the adapter, and i2c-dev's own
 * below it, which owns the node. */
static void add_devices(struct fake_i2c *f, int number, const char *name,
                        const char *parent)
{
    const char *above = parent ? parent + strlen("/sys") : "/devices";
    char *adapter = g_strdup_printf("%s/i2c-%d", above, number);
    char *text = g_strdup_printf("P: %s\n"
                                 "E: SUBSYSTEM=i2c\n"
                                 "A: name=%s\n\n"
                                 "P: %s/i2c-dev/i2c-%d\n"
                                 "N: i2c-%d\n"
                                 "E: SUBSYSTEM=i2c-dev\n"
                                 "E: DEVNAME=/dev/i2c-%d\n"
                                 "E: MAJOR=89\n"
                                 "E: MINOR=%d\n"
                                 "L: device=../../../i2c-%d\n"
                                 "A: dev=89:%d\n"
                                 "A: name=%s\n\n",
                                 adapter, name, adapter, number, number, number,
                                 number, number, number, name);
    GError *error = NULL;

    if (!umockdev_testbed_add_from_string(f->testbed, text, &error)) {
        g_error("umockdev: %s", error->message);
    }
    f->sysfs = g_strdup_printf("/sys%s/i2c-dev/i2c-%d", adapter, number);
    g_free(text);
    g_free(adapter);
}

struct fake_i2c *fake_i2c_new(UMockdevTestbed *testbed, int number,
                              const char *name, const char *parent,
                              unsigned long functionality)
{
    struct fake_i2c *f = g_new0(struct fake_i2c, 1);

    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->entered, NULL);
    f->held = g_ptr_array_new_with_free_func(g_object_unref);
    f->testbed = testbed;
    f->functionality = functionality;
    f->claim_done = -1;
    f->node = g_strdup_printf("/dev/i2c-%d", number);
    add_devices(f, number, name, parent);
    f->handler = g_object_new(FAKE_TYPE_HANDLER, NULL);
    FAKE_HANDLER(f->handler)->fake = f;
    if (!umockdev_testbed_attach_ioctl(testbed, f->node, f->handler, NULL)) {
        g_error("umockdev takes no ioctls for %s", f->node);
    }
    return f;
}

void fake_i2c_free(struct fake_i2c *f)
{
    int i;

    fake_i2c_let_go(f);
    umockdev_testbed_detach_ioctl(f->testbed, f->node, NULL);
    g_object_unref(f->handler);
    g_ptr_array_unref(f->held);
    for (i = 0; i < TARGETS; i++) {
        g_free(f->targets[i]);
    }
    pthread_cond_destroy(&f->entered);
    pthread_mutex_destroy(&f->lock);
    g_free(f->sysfs);
    g_free(f->node);
    g_free(f);
}

static struct target *target_locked(struct fake_i2c *f, uint16_t addr)
{
    if (!f->targets[addr]) {
        f->targets[addr] = g_new0(struct target, 1);
    }
    return f->targets[addr];
}

uint8_t *fake_i2c_target(struct fake_i2c *f, uint16_t addr)
{
    uint8_t *regs;

    pthread_mutex_lock(&f->lock);
    regs = target_locked(f, addr)->regs;
    pthread_mutex_unlock(&f->lock);
    return regs;
}

void fake_i2c_bind(struct fake_i2c *f, uint16_t addr, bool bound)
{
    pthread_mutex_lock(&f->lock);
    target_locked(f, addr)->bound = bound;
    pthread_mutex_unlock(&f->lock);
}

void fake_i2c_fail(struct fake_i2c *f, enum fake_ioctl what, int error,
                   unsigned times)
{
    pthread_mutex_lock(&f->lock);
    f->fail_with[what] = error;
    f->fail_times[what] = times;
    pthread_mutex_unlock(&f->lock);
}

void fake_i2c_claim_done(struct fake_i2c *f, int count)
{
    pthread_mutex_lock(&f->lock);
    f->claim_done = count;
    pthread_mutex_unlock(&f->lock);
}

void fake_i2c_claim_block(struct fake_i2c *f, uint8_t count, bool on)
{
    pthread_mutex_lock(&f->lock);
    f->block_count = count;
    f->claim_block = on;
    pthread_mutex_unlock(&f->lock);
}

void fake_i2c_can(struct fake_i2c *f, unsigned long functionality)
{
    pthread_mutex_lock(&f->lock);
    f->functionality = functionality;
    pthread_mutex_unlock(&f->lock);
}

void fake_i2c_unplug(struct fake_i2c *f, int error)
{
    char *root = umockdev_testbed_get_root_dir(f->testbed);
    char *node = g_strconcat(root, f->node, NULL);

    umockdev_testbed_remove_device(f->testbed, f->sysfs);
    remove(node);
    pthread_mutex_lock(&f->lock);
    f->unplugged = error;
    pthread_mutex_unlock(&f->lock);
    g_free(node);
    g_free(root);
}

void fake_i2c_hold(struct fake_i2c *f)
{
    pthread_mutex_lock(&f->lock);
    f->hold = true;
    pthread_mutex_unlock(&f->lock);
}

void fake_i2c_wait_held(struct fake_i2c *f)
{
    pthread_mutex_lock(&f->lock);
    while (!f->held->len) {
        pthread_cond_wait(&f->entered, &f->lock);
    }
    pthread_mutex_unlock(&f->lock);
}

void fake_i2c_let_go(struct fake_i2c *f)
{
    guint i;

    pthread_mutex_lock(&f->lock);
    f->hold = false;
    for (i = 0; i < f->held->len; i++) {
        answer(f, g_ptr_array_index(f->held, i));
    }
    g_ptr_array_set_size(f->held, 0);
    pthread_mutex_unlock(&f->lock);
}

unsigned fake_i2c_count(struct fake_i2c *f, enum fake_ioctl what)
{
    unsigned count;

    pthread_mutex_lock(&f->lock);
    count = f->counts[what];
    pthread_mutex_unlock(&f->lock);
    return count;
}

unsigned long fake_i2c_last(struct fake_i2c *f, enum fake_ioctl what)
{
    unsigned long last;

    pthread_mutex_lock(&f->lock);
    last = f->last[what];
    pthread_mutex_unlock(&f->lock);
    return last;
}

unsigned fake_i2c_msgs(struct fake_i2c *f, struct fake_msg *out)
{
    unsigned n;

    pthread_mutex_lock(&f->lock);
    n = f->logged;
    memcpy(out, f->log, n * sizeof(*out));
    pthread_mutex_unlock(&f->lock);
    return n;
}

struct fake_smbus fake_i2c_smbus(struct fake_i2c *f)
{
    struct fake_smbus smbus;

    pthread_mutex_lock(&f->lock);
    smbus = f->smbus;
    pthread_mutex_unlock(&f->lock);
    return smbus;
}

void fake_i2c_forget(struct fake_i2c *f)
{
    pthread_mutex_lock(&f->lock);
    memset(f->counts, 0, sizeof(f->counts));
    f->logged = f->calls = 0;
    pthread_mutex_unlock(&f->lock);
}
