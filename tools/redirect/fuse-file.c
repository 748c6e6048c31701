/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transfers: what PROGRAM reads, writes and asks by ioctl, put as the shim puts
 * it, so that there is one place that knows what i2c-dev does. The order of
 * checks is that of drivers/i2c/i2c-dev.c. */
#include <errno.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <string.h>

#include "redirect/fuse-private.h"
#include "redirect/memory.h"

/* A file's answer to the packet; its length is what is behind the result. */
static int64_t ask(struct fuse_call *c, uint64_t fh, size_t len,
                   size_t *answered)
{
    struct file *f = owner_take_file(c->owner, (uint32_t)fh);
    struct preload_reply reply;
    uint32_t bus;
    size_t n;

    if (!f) {
        return -ENODEV;
    }
    pthread_mutex_lock(&f->lock);
    n = owner_devfile_handle(&f->dev, c->room->packet, len, c->room->answer);
    bus = f->dev.bus;
    pthread_mutex_unlock(&f->lock);
    owner_put_file(c->owner, f);
    /* a line that it has moved is moved before PROGRAM goes on */
    owner_dispatch_lines(c->owner, bus);
    memcpy(&reply, c->room->answer, sizeof(reply));
    *answered = n - sizeof(reply);
    return reply.result;
}

static const uint8_t *answer_of(const struct fuse_call *c)
{
    return c->room->answer + sizeof(struct preload_reply);
}

static uint8_t *put_request(struct fuse_call *c,
                            const struct preload_request *request)
{
    memcpy(c->room->packet, request, sizeof(*request));
    return c->room->packet + sizeof(*request);
}

int redirect_fuse_file_read(struct fuse_call *c)
{
    struct preload_request request = {.op = PRELOAD_READ};
    struct fuse_read_in in;
    int64_t ret;

    if (c->len < sizeof(in)) {
        return -EPROTO;
    }
    memcpy(&in, c->data, sizeof(in));
    request.arg = in.size;
    put_request(c, &request);
    ret = ask(c, in.fh, sizeof(request), &c->out_len);
    c->out = answer_of(c);
    return ret < 0 ? (int)ret : 0;
}

int redirect_fuse_file_write(struct fuse_call *c)
{
    struct preload_request request = {.op = PRELOAD_WRITE};
    struct fuse_write_in in;
    size_t len, unused;
    int64_t ret;

    if (c->len < sizeof(in)) {
        return -EPROTO;
    }
    memcpy(&in, c->data, sizeof(in));
    len = c->len - sizeof(in);
    len = len < PRELOAD_MSG_MAX ? len : PRELOAD_MSG_MAX;
    memcpy(put_request(c, &request), c->data + sizeof(in), len);
    ret = ask(c, in.fh, sizeof(request) + len, &unused);
    if (ret < 0) {
        return (int)ret;
    }
    c->small.write = (struct fuse_write_out){.size = (uint32_t)ret};
    c->out = &c->small.write;
    c->out_len = sizeof(c->small.write);
    return 0;
}

/* ------------------------------------------------------------------ ioctls */

/* i2c-dev's structs as a caller of 32 bits has them. */
struct rdwr32 {
    uint32_t msgs, nmsgs;
};

struct msg32 {
    uint16_t addr, flags, len;
    uint32_t buf;
};

struct smbus32 {
    uint8_t read_write, command;
    uint32_t size, data;
};

struct msg {
    uint16_t addr, flags, len;
    uint64_t buf;
};

/* One ioctl of a task. */
struct remote {
    struct fuse_call *call;
    uint64_t fh, arg;
    uint32_t code;
    pid_t tid;
    bool is32;
    struct memory_window around; /* arg, of those that point to something */
};

static int64_t plain(struct remote *r, size_t *answered)
{
    struct preload_request request = {.op = PRELOAD_IOCTL,
                                      .request = r->code,
                                      .arg =
                                          r->is32 ? (uint32_t)r->arg : r->arg};

    put_request(r->call, &request);
    return ask(r->call, r->fh, sizeof(request), answered);
}

static int64_t functionality(struct remote *r)
{
    size_t n;
    uint64_t value;
    int64_t ret = plain(r, &n);

    if (ret || n != sizeof(value)) {
        return ret;
    }
    memcpy(&value, answer_of(r->call), sizeof(value));
    if (r->is32) {
        uint32_t low = (uint32_t)value;

        return redirect_memory_write(r->tid, r->arg, &low, sizeof(low));
    } else {
        unsigned long own = (unsigned long)value;

        return redirect_memory_write(r->tid, r->arg, &own, sizeof(own));
    }
}

/* How many bytes of the union this protocol has. */
static size_t smbus_size(uint32_t size)
{
    switch (size) {
    case I2C_SMBUS_BYTE:
    case I2C_SMBUS_BYTE_DATA:
        return 1;
    case I2C_SMBUS_WORD_DATA:
    case I2C_SMBUS_PROC_CALL:
        return 2;
    default:
        return sizeof(((struct preload_smbus *)0)->block);
    }
}

static int read_smbus(struct remote *r, struct preload_smbus *out,
                      uint64_t *data)
{
    struct i2c_smbus_ioctl_data own;
    struct smbus32 s32;
    int ret;

    if (r->is32) {
        ret =
            redirect_memory_window_read(&r->around, r->arg, &s32, sizeof(s32));
        if (!ret) {
            *out = (struct preload_smbus){.read_write = s32.read_write,
                                          .command = s32.command,
                                          .size = s32.size};
            *data = s32.data;
        }
        return ret;
    }
    ret = redirect_memory_window_read(&r->around, r->arg, &own, sizeof(own));
    if (!ret) {
        *out = (struct preload_smbus){.read_write = own.read_write,
                                      .command = own.command,
                                      .size = own.size};
        *data = (uintptr_t)own.data;
    }
    return ret;
}

static bool smbus_has_size(const struct preload_smbus *s)
{
    return s->size <= I2C_SMBUS_I2C_BLOCK_DATA && s->read_write <= 1;
}

static bool smbus_takes(const struct preload_smbus *s)
{
    return s->read_write == I2C_SMBUS_WRITE || s->size == I2C_SMBUS_PROC_CALL ||
           s->size == I2C_SMBUS_BLOCK_PROC_CALL ||
           s->size == I2C_SMBUS_I2C_BLOCK_DATA;
}

static bool smbus_gives(const struct preload_smbus *s)
{
    return s->read_write == I2C_SMBUS_READ || s->size == I2C_SMBUS_PROC_CALL ||
           s->size == I2C_SMBUS_BLOCK_PROC_CALL;
}

static int64_t smbus(struct remote *r)
{
    struct preload_request request = {.op = PRELOAD_IOCTL,
                                      .request = I2C_SMBUS};
    struct preload_smbus s;
    uint64_t data = 0;
    size_t size, n;
    int64_t ret = read_smbus(r, &s, &data);

    if (ret) {
        return ret;
    }
    s.has_data = data != 0;
    size = smbus_size(s.size);
    if (data && smbus_has_size(&s) && smbus_takes(&s) &&
        !(s.size == I2C_SMBUS_QUICK ||
          (s.size == I2C_SMBUS_BYTE && s.read_write == I2C_SMBUS_WRITE))) {
        ret = redirect_memory_window_read(&r->around, data, s.block, size);
        if (ret) {
            return ret;
        }
    }
    memcpy(put_request(r->call, &request), &s, sizeof(s));
    ret = ask(r->call, r->fh, sizeof(request) + sizeof(s), &n);
    if (!ret && data && n == sizeof(s) && smbus_gives(&s) &&
        s.size != I2C_SMBUS_QUICK) {
        memcpy(&s, answer_of(r->call), sizeof(s));
        ret = redirect_memory_write(r->tid, data, s.block, size);
    }
    return ret;
}

static int read_rdwr(struct remote *r, uint64_t *msgs, uint32_t *n)
{
    struct i2c_rdwr_ioctl_data own;
    struct rdwr32 r32;
    int ret;

    if (r->is32) {
        ret =
            redirect_memory_window_read(&r->around, r->arg, &r32, sizeof(r32));
        *msgs = ret ? 0 : r32.msgs;
        *n = ret ? 0 : r32.nmsgs;
    } else {
        ret =
            redirect_memory_window_read(&r->around, r->arg, &own, sizeof(own));
        *msgs = ret ? 0 : (uintptr_t)own.msgs;
        *n = ret ? 0 : own.nmsgs;
    }
    return ret;
}

static int read_msgs(struct remote *r, uint64_t at, struct msg *out, uint32_t n)
{
    struct i2c_msg own[PRELOAD_MSGS_MAX];
    struct msg32 m32[PRELOAD_MSGS_MAX];
    uint32_t i;
    int ret = r->is32 ? redirect_memory_window_read(&r->around, at, m32,
                                                    n * sizeof(m32[0]))
                      : redirect_memory_window_read(&r->around, at, own,
                                                    n * sizeof(own[0]));

    for (i = 0; !ret && i < n; i++) {
        out[i] = r->is32 ? (struct msg){m32[i].addr, m32[i].flags, m32[i].len,
                                        m32[i].buf}
                         : (struct msg){own[i].addr, own[i].flags, own[i].len,
                                        (uintptr_t)own[i].buf};
    }
    return ret;
}

/* Messages and the buffers that go out, behind the request. The kernel copies
 * those of reads as well, and fails where they are not there. */
static int put_msgs(struct remote *r, const struct msg *msgs, uint32_t n,
                    uint8_t *at, size_t *len)
{
    uint8_t *begin = at, unused[PRELOAD_MSG_MAX];
    uint32_t i;
    int ret;

    for (i = 0; i < n; i++) {
        struct preload_msg head = {msgs[i].addr, msgs[i].flags, msgs[i].len, 0};

        memcpy(at, &head, sizeof(head));
        at += sizeof(head);
    }
    for (i = 0; i < n; i++) {
        bool out =
            !(msgs[i].flags & I2C_M_RD) || msgs[i].flags & I2C_M_RECV_LEN;

        if (msgs[i].len > PRELOAD_MSG_MAX) {
            return -EINVAL;
        }
        ret = redirect_memory_window_read(&r->around, msgs[i].buf,
                                          out ? at : unused, msgs[i].len);
        if (ret) {
            return ret;
        }
        at += out ? msgs[i].len : 0;
    }
    *len = (size_t)(at - begin);
    return 0;
}

static int give_reads(struct remote *r, const struct msg *msgs, uint32_t n,
                      size_t len)
{
    const uint8_t *from = answer_of(r->call);
    uint32_t i;
    int ret = 0;

    for (i = 0; !ret && i < n; i++) {
        if (!(msgs[i].flags & I2C_M_RD)) {
            continue;
        }
        if (msgs[i].len > len) {
            return -EIO;
        }
        ret = redirect_memory_write(r->tid, msgs[i].buf, from, msgs[i].len);
        from += msgs[i].len;
        len -= msgs[i].len;
    }
    return ret;
}

static int64_t rdwr(struct remote *r)
{
    struct preload_request request = {.op = PRELOAD_IOCTL, .request = I2C_RDWR};
    struct msg msgs[PRELOAD_MSGS_MAX];
    uint64_t at = 0;
    size_t len = 0, answered;
    int64_t ret = read_rdwr(r, &at, &request.n);

    if (!ret && (!at || !request.n || request.n > PRELOAD_MSGS_MAX)) {
        ret = -EINVAL;
    }
    ret = ret ? ret : read_msgs(r, at, msgs, request.n);
    if (!ret) {
        ret =
            put_msgs(r, msgs, request.n, put_request(r->call, &request), &len);
    }
    if (ret) {
        return ret;
    }
    ret = ask(r->call, r->fh, sizeof(request) + len, &answered);
    if (ret > 0) {
        int failed = give_reads(r, msgs, request.n, answered);

        ret = failed ? failed : ret;
    }
    return ret;
}

int redirect_fuse_file_ioctl(struct fuse_call *c)
{
    struct remote r;
    struct fuse_ioctl_in in;
    size_t unused;
    int64_t ret;

    if (c->len < sizeof(in)) {
        return -EPROTO;
    }
    memcpy(&in, c->data, sizeof(in));
    r.call = c;
    r.tid = (pid_t)c->head->pid;
    r.fh = in.fh;
    r.arg = in.arg;
    r.code = in.cmd;
    r.is32 = in.flags & FUSE_IOCTL_32BIT && sizeof(long) != 4;
    switch (r.code) {
    case I2C_FUNCS:
        ret = functionality(&r);
        break;
    case I2C_RDWR:
        redirect_memory_window_open(&r.around, r.tid, r.arg);
        ret = rdwr(&r);
        break;
    case I2C_SMBUS:
        redirect_memory_window_open(&r.around, r.tid, r.arg);
        ret = smbus(&r);
        break;
    default:
        ret = plain(&r, &unused);
    }
    c->small.ioctl = (struct fuse_ioctl_out){.result = (int32_t)ret};
    c->out = &c->small.ioctl;
    c->out_len = sizeof(c->small.ioctl);
    return ret < 0 ? (int)ret : 0;
}
