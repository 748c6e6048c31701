/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the mount's files are, and which part answers a request. Linux'
 * include/uapi/linux/fuse.h is the protocol. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "redirect/fuse-private.h"
#include "redirect/fuse-server.h"
#include "redirect/node-name.h"

#define FOREVER_S 1000000000u
#ifndef FOPEN_PARALLEL_DIRECT_WRITES
#define FOPEN_PARALLEL_DIRECT_WRITES (1 << 6)
#endif

uint32_t redirect_fuse_bus(uint64_t node)
{
    return (uint32_t)(node - FUSE_SERVER_INO_NODE);
}

static bool is_node(struct owner *o, uint64_t node)
{
    return node >= FUSE_SERVER_INO_NODE &&
           node - FUSE_SERVER_INO_NODE <= OWNER_BUS_MAX &&
           owner_has_bus(o, redirect_fuse_bus(node));
}

/* A chip's, or a request's. */
bool redirect_fuse_is_gpio(uint64_t node)
{
    return node >= FUSE_SERVER_INO_CHIP;
}

static void fill_attr(struct fuse_attr *attr, uint64_t node)
{
    memset(attr, 0, sizeof(*attr));
    attr->ino = node;
    attr->mode = node >= FUSE_SERVER_INO_NODE ? S_IFREG | 0660 : S_IFDIR | 0755;
    attr->nlink = 1;
    attr->uid = geteuid();
    attr->gid = getegid();
    attr->blksize = 4096;
}

static int do_init(struct fuse_call *c)
{
    struct fuse_init_in in;

    if (c->len < 16) {
        return -EPROTO;
    }
    memset(&in, 0, sizeof(in));
    memcpy(&in, c->data, c->len < sizeof(in) ? c->len : sizeof(in));
    c->small.init = (struct fuse_init_out){
        .major = FUSE_KERNEL_VERSION,
        .minor = in.minor < FUSE_KERNEL_MINOR_VERSION
                     ? in.minor
                     : FUSE_KERNEL_MINOR_VERSION,
        .flags = in.flags & (FUSE_BIG_WRITES | FUSE_MAX_PAGES),
        .max_background = 64,
        .congestion_threshold = 48,
        .max_write = FUSE_WRITE_MAX,
        .time_gran = 1,
        .max_pages = FUSE_WRITE_MAX / 4096,
    };
    c->out = &c->small.init;
    c->out_len = sizeof(c->small.init);
    return in.major == FUSE_KERNEL_VERSION ? 0 : -EPROTO;
}

/* 0: there is none. */
static uint64_t node_of(struct owner *o, const char *name)
{
    int64_t n;

    if (!strcmp(name, FUSE_SERVER_DEV)) {
        return FUSE_SERVER_INO_DEV;
    }
    n = redirect_node_bus(name);
    if (n >= 0) {
        return owner_has_bus(o, (uint32_t)n)
                   ? FUSE_SERVER_INO_NODE + (uint64_t)n
                   : 0;
    }
    n = redirect_node_chip(name);
    if (n >= 0) {
        return owner_has_chip(o, (uint32_t)n)
                   ? FUSE_SERVER_INO_CHIP + (uint64_t)n
                   : 0;
    }
    n = redirect_node_lines(name);
    return n >= 0 && owner_has_chip(o, (uint32_t)n)
               ? FUSE_SERVER_INO_LINES + (uint64_t)n
               : 0;
}

static int do_lookup(struct fuse_call *c)
{
    const char *name = (const char *)c->data;
    uint64_t node;

    if (c->head->nodeid != FUSE_ROOT_ID || !memchr(name, 0, c->len)) {
        return -ENOENT;
    }
    node = node_of(c->owner, name);
    if (!node) {
        return -ENOENT;
    }
    c->small.entry = (struct fuse_entry_out){
        .nodeid = node, .entry_valid = FOREVER_S, .attr_valid = FOREVER_S};
    fill_attr(&c->small.entry.attr, node);
    c->out = &c->small.entry;
    c->out_len = sizeof(c->small.entry);
    return 0;
}

static int do_getattr(struct fuse_call *c)
{
    c->small.attr = (struct fuse_attr_out){.attr_valid = FOREVER_S};
    fill_attr(&c->small.attr.attr, c->head->nodeid);
    c->out = &c->small.attr;
    c->out_len = sizeof(c->small.attr);
    return 0;
}

/* Times may be set; what else there is the kernel's node has not. */
static int do_setattr(struct fuse_call *c)
{
    struct fuse_setattr_in in;

    if (c->len < sizeof(in)) {
        return -EPROTO;
    }
    memcpy(&in, c->data, sizeof(in));
    if (in.valid & FATTR_SIZE) {
        return -EINVAL;
    }
    return do_getattr(c);
}

static int do_open(struct fuse_call *c)
{
    uint32_t id = 0;
    int ret;

    if (!is_node(c->owner, c->head->nodeid)) {
        return -ENODEV;
    }
    ret = owner_new_file(c->owner, redirect_fuse_bus(c->head->nodeid), -1, &id);
    /* pread() works on the kernel's node, whatever the offset; so no
     * FOPEN_NONSEEKABLE, though lseek() then works as well */
    c->small.open = (struct fuse_open_out){
        .fh = id, .open_flags = FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES};
    c->out = &c->small.open;
    c->out_len = sizeof(c->small.open);
    return ret;
}

static int do_release(struct fuse_call *c)
{
    struct fuse_release_in in;

    if (c->len < sizeof(in)) {
        return -EPROTO;
    }
    memcpy(&in, c->data, sizeof(in));
    owner_close_file(c->owner, (uint32_t)in.fh);
    return 0;
}

static int do_statfs(struct fuse_call *c)
{
    c->small.statfs = (struct fuse_statfs_out){
        .st = {.bsize = 4096, .namelen = 255, .frsize = 4096}};
    c->out = &c->small.statfs;
    c->out_len = sizeof(c->small.statfs);
    return 0;
}

/* Once one of these two is not implemented, the kernel asks of no file any
 * more: those of chips have them. */
static int do_flush(struct fuse_call *c)
{
    return owner_chip_count(c->owner) ? 0 : -ENOSYS;
}

static int do_poll(struct fuse_call *c)
{
    if (!owner_chip_count(c->owner)) {
        return -ENOSYS;
    }
    c->small.poll = (struct fuse_poll_out){.revents = POLLIN | POLLOUT |
                                                      POLLRDNORM | POLLWRNORM};
    c->out = &c->small.poll;
    c->out_len = sizeof(c->small.poll);
    return 0;
}

static int handle(struct fuse_call *c)
{
    switch (c->head->opcode) {
    case FUSE_INIT:
        return do_init(c);
    case FUSE_LOOKUP:
        return do_lookup(c);
    case FUSE_GETATTR:
        return do_getattr(c);
    case FUSE_SETATTR:
        return do_setattr(c);
    case FUSE_OPEN:
        return do_open(c);
    case FUSE_RELEASE:
        return do_release(c);
    case FUSE_STATFS:
        return do_statfs(c);
    case FUSE_READ:
        return redirect_fuse_file_read(c);
    case FUSE_WRITE:
        return redirect_fuse_file_write(c);
    case FUSE_IOCTL:
        return redirect_fuse_file_ioctl(c);
    case FUSE_OPENDIR:
        return redirect_fuse_folder_open(c);
    case FUSE_READDIR:
        return redirect_fuse_folder_read(c);
    case FUSE_RELEASEDIR:
        return redirect_fuse_folder_close(c);
    case FUSE_FLUSH:
        return do_flush(c);
    case FUSE_POLL:
        return do_poll(c);
    case FUSE_FSYNC: /* what i2c-dev and all other devices without one say */
        return -EINVAL;
    case FUSE_FALLOCATE:
        return -ENODEV;
    default: /* xattrs: the kernel does not ask again */
        return -ENOSYS;
    }
}

/* What is not the same for all files. */
static int handle_gpio(struct fuse_call *c)
{
    switch (c->head->opcode) {
    case FUSE_OPEN:
        return redirect_fuse_gpio_open(c);
    case FUSE_FLUSH:
        return redirect_fuse_gpio_flush(c);
    case FUSE_RELEASE:
        return redirect_fuse_gpio_close(c);
    case FUSE_READ:
        return redirect_fuse_gpio_read(c);
    case FUSE_WRITE:
        return redirect_fuse_gpio_write(c);
    case FUSE_POLL:
        return redirect_fuse_gpio_poll(c);
    case FUSE_IOCTL:
        return redirect_fuse_gpio_ioctl(c);
    default:
        return handle(c);
    }
}

int redirect_fuse_handle(struct fuse_call *c)
{
    return redirect_fuse_is_gpio(c->head->nodeid) ? handle_gpio(c) : handle(c);
}
