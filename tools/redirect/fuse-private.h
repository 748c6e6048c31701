/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the parts of the server of files: its threads (fuse-server.c), what
 * its files are (fuse-requests.c), transfers (fuse-file.c), GPIO chips
 * (fuse-gpio.c) and the folder (fuse-folder.c). */
#ifndef REDIRECT_FUSE_PRIVATE_H
#define REDIRECT_FUSE_PRIVATE_H

#include <glib.h>
#include <linux/fuse.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "preload/protocol.h"
#include "owner/owner-private.h"

enum {
    FUSE_WRITE_MAX = 64 * 1024,
    FUSE_IN_MAX = FUSE_WRITE_MAX + 4096,
};

/* A thread's buffers. */
struct fuse_room {
    uint8_t in[FUSE_IN_MAX];
    uint8_t packet[PRELOAD_PACKET_MAX], answer[PRELOAD_PACKET_MAX];
};

/* One request as the kernel puts it, and where the answer's data is. */
struct fuse_call {
    struct owner *owner;
    struct fuse_gpio *gpio;
    struct fuse_room *room;
    const struct fuse_in_header *head;
    const uint8_t *data; /* behind the header */
    size_t len;
    const void *out;
    size_t out_len;
    struct fuse_out_header reply; /* right in front of `small` */
    union {
        struct fuse_write_out write;
        struct fuse_ioctl_out ioctl;
        struct fuse_open_out open;
        struct fuse_attr_out attr;
        struct fuse_entry_out entry;
        struct fuse_init_out init;
        struct fuse_poll_out poll;
        struct fuse_statfs_out statfs;
    } small; /* for `out` to point to */
};
G_STATIC_ASSERT(offsetof(struct fuse_call, small) ==
                offsetof(struct fuse_call, reply) +
                    sizeof(struct fuse_out_header));

/* fuse-requests.c: of a file's number, which bus it is of; whether it is of a
 * chip or of lines of one. */
uint32_t redirect_fuse_bus(uint64_t node);
bool redirect_fuse_is_gpio(uint64_t node);
/* 0, -errno, or FUSE_ANSWERED_LATER. */
enum { FUSE_ANSWERED_LATER = 1 };
int redirect_fuse_handle(struct fuse_call *c);

/* All return 0 or -errno. */
int redirect_fuse_file_read(struct fuse_call *c);
int redirect_fuse_file_write(struct fuse_call *c);
int redirect_fuse_file_ioctl(struct fuse_call *c);

/* Of chips and their lines; a read may be answered later. */
struct fuse_gpio *redirect_fuse_gpio_new(struct owner *o, int fd);
void redirect_fuse_gpio_free(struct fuse_gpio *g);
int redirect_fuse_gpio_open(struct fuse_call *c);
int redirect_fuse_gpio_flush(struct fuse_call *c);
int redirect_fuse_gpio_close(struct fuse_call *c);
int redirect_fuse_gpio_read(struct fuse_call *c);
int redirect_fuse_gpio_write(struct fuse_call *c);
int redirect_fuse_gpio_poll(struct fuse_call *c);
int redirect_fuse_gpio_ioctl(struct fuse_call *c);
/* Of any read: whether it is one of these is seen here. */
void redirect_fuse_gpio_interrupt(struct fuse_call *c);

int redirect_fuse_folder_open(struct fuse_call *c);
int redirect_fuse_folder_read(struct fuse_call *c);
int redirect_fuse_folder_close(struct fuse_call *c);

#endif
