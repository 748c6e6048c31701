/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the vhost-user protocol, as QEMU's docs/interop/vhost-user has
 * it: a VMM asks, descriptors come beside the bytes, some are answered.
 */
#ifndef VHOST_USER_PROTOCOL_H
#define VHOST_USER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vhost_user_request {
    VHOST_USER_GET_FEATURES = 1,
    VHOST_USER_SET_FEATURES = 2,
    VHOST_USER_SET_OWNER = 3,
    VHOST_USER_RESET_OWNER = 4,
    VHOST_USER_SET_MEM_TABLE = 5,
    VHOST_USER_SET_VRING_NUM = 8,
    VHOST_USER_SET_VRING_ADDR = 9,
    VHOST_USER_SET_VRING_BASE = 10,
    VHOST_USER_GET_VRING_BASE = 11,
    VHOST_USER_SET_VRING_KICK = 12,
    VHOST_USER_SET_VRING_CALL = 13,
    VHOST_USER_SET_VRING_ERR = 14,
    VHOST_USER_GET_PROTOCOL_FEATURES = 15,
    VHOST_USER_SET_PROTOCOL_FEATURES = 16,
    VHOST_USER_GET_QUEUE_NUM = 17,
    VHOST_USER_SET_VRING_ENABLE = 18,
};

#define VHOST_USER_FDS_MAX  8u
#define VHOST_USER_BODY_MAX 512u

/* One message; numbers are the machine's own, as the protocol has them. */
struct vhost_user_message {
    uint32_t request;
    bool
        wants_reply; /* REPLY_ACK: success or not, where nothing else is said */
    uint32_t size;
    int fds[VHOST_USER_FDS_MAX]; /* what is left here is closed */
    size_t n_fds;
    union {
        uint64_t number;
        struct {
            uint32_t index, value;
        } vring;
        struct {
            uint32_t index, flags;
            uint64_t desc, used, avail, log;
        } address;
        struct {
            uint32_t n, padding;
            struct {
                uint64_t guest, size, vmm, offset;
            } regions[VHOST_USER_FDS_MAX];
        } memory;
        uint8_t bytes[VHOST_USER_BODY_MAX];
    } body;
};

/* The next message: 0; -EPIPE where the peer has gone, -EPROTO where it does
 * not speak this, -EAGAIN where it stops in the middle of one. */
int vhost_user_receive(int fd, struct vhost_user_message *m);
/* An answer to `m`, `size` bytes of its body as they stand there. */
int vhost_user_reply(int fd, struct vhost_user_message *m, uint32_t size);
/* Take a descriptor out of a message: it is the caller's. -1: none. */
int vhost_user_take_fd(struct vhost_user_message *m, size_t index);
void vhost_user_close_fds(struct vhost_user_message *m);

#endif
