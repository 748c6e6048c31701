/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames of wire.h over descriptors (a socket, or two pipes), bounded. */
#ifndef I2CPT_PIPE_IO_H
#define I2CPT_PIPE_IO_H

#include "remote/wire.h"

struct pipe_io {
    int in_fd, out_fd; /* made non-blocking */
    uint8_t *body;     /* of the last frame read */
    size_t body_size;
    /* a frame that has come in part */
    uint8_t head[WIRE_HEAD];
    size_t got;
};

int remote_pipe_init(struct pipe_io *io, int in_fd, int out_fd);
void remote_pipe_clear(struct pipe_io *io);

/* 0, -ETIMEDOUT (what was sent of the frame stays sent: the stream is then of
 * no more use), -EPIPE when the peer is gone. UINT64_MAX waits for ever. */
int remote_pipe_send(struct pipe_io *io, struct wire_out *frame,
                     uint64_t deadline_ns);
/* One frame: 0, -ETIMEDOUT (call again: nothing is lost), -EPIPE, -EPROTO,
 * -ENOMEM. `body` is valid until the next call. */
int remote_pipe_receive(struct pipe_io *io, struct wire_head *head,
                        struct wire_in *body, uint64_t deadline_ns);

#endif
