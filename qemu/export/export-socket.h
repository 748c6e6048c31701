/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Unix socket by name, for the clients of an export. */
#ifndef I2C_EXPORT_SOCKET_H
#define I2C_EXPORT_SOCKET_H

typedef struct ExportSocket {
    int fd;
    char *path;
    dev_t dev; /* what it is there, so that nothing else is removed */
    ino_t ino;
} ExportSocket;

/*
 * Listen at `path`, which is there when it can be connected to, for this user
 * alone. A socket that nobody listens at any more is replaced, anything else
 * of that name is an error.
 */
bool export_socket_listen(ExportSocket *s, const char *path, Error **errp);
void export_socket_close(ExportSocket *s);

#endif
