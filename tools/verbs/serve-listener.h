/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket that serve takes its clients from. */
#ifndef SERVE_LISTENER_H
#define SERVE_LISTENER_H

struct serve_listener {
    int fd;
    struct i2cpt_listener *own; /* NULL: it was handed over */
};

/* One of our own, at `path`; `option` is what named it. -1 with a complaint. */
int verb_serve_listen_at(struct serve_listener *l, const char *option,
                         const char *path);
/* The one that a service manager has handed over (LISTEN_FDS). -1 with a
 * complaint. */
int verb_serve_listen_handed(struct serve_listener *l);
void verb_serve_listener_close(struct serve_listener *l);

#endif
