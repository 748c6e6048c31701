/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The peer of a remote adapter: a server in a thread, or one that lies. */
#include <glib.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bus/calls.h"
#include "remote-peer.h"
#include "unit.h"

static void lie(struct server *s, int fd)
{
    struct wire_welcome w = {.version = s->version ? s->version : WIRE_VERSION,
                             .functionality = I2CPT_FUNC_I2C,
                             .stream = true,
                             .timeout_ms = 200,
                             .name = "liar"};
    struct wire_out out = {0};
    uint8_t buf[256];

    ck_assert_int_gt(read(fd, buf, sizeof(buf)), 0);
    if (!s->no_welcome) {
        remote_wire_begin(&out, WIRE_WELCOME, 1);
        remote_wire_put_welcome(&out, &w);
        ck_assert_int_eq(remote_wire_end(&out), 0);
        ck_assert_int_gt(write(fd, out.data, out.len), 0);
        remote_wire_clear(&out);
        if (s->deaf) {
            struct pollfd p = {.fd = fd};

            while (poll(&p, 1, -1) != 1) { /* until it hangs up */
            }
            return;
        }
        ck_assert(read(fd, buf, sizeof(buf)) > 0 || s->version);
    }
    if (s->lies.len) {
        ck_assert_int_gt(write(fd, s->lies.data, s->lies.len), 0);
    }
    while (!s->hang_up && read(fd, buf, sizeof(buf)) > 0) {
    }
}

static void say_nothing(struct server *s, int fd)
{
    struct wire_out out = {0};
    char c;

    if (s->then_odd) {
        remote_wire_begin(&out, WIRE_REPLY, 1);
        ck_assert_int_eq(remote_wire_end(&out), 0);
        ck_assert_int_gt(write(fd, out.data, out.len), 0);
        remote_wire_clear(&out);
    }
    while (read(fd, &c, 1) > 0) {
    }
}

static void *server_main(void *arg)
{
    struct server *s = arg;
    int i, fd;

    for (i = 0; i < s->clients; i++) {
        fd = accept(s->listener, NULL, NULL);
        if (fd < 0) {
            break;
        }
        atomic_fetch_add(&s->accepted, 1);
        if (s->adapter) {
            s->results[i] =
                i2cpt_serve(i && s->other ? s->other : s->adapter, fd, fd);
        } else if (s->talk) {
            s->talk(s->user, fd);
        } else if (i && (s->then_silent || s->then_odd)) {
            say_nothing(s, fd);
        } else {
            lie(s, fd);
        }
        close(fd);
    }
    return NULL;
}

void server_listen(struct server *s, int clients)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    strcpy(addr.sun_path, s->path);
    s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(s->listener, (struct sockaddr *)&addr, sizeof(addr)),
                     0);
    ck_assert_int_eq(listen(s->listener, 4), 0);
    s->clients = clients;
    pthread_create(&s->thread, NULL, server_main, s);
}

void server_start(struct server *s, const char *spec, int clients)
{
    struct i2cpt_fault fault;

    strcpy(s->dir, "/tmp/i2cpt-XXXXXX");
    ck_assert_ptr_nonnull(g_mkdtemp(s->dir));
    snprintf(s->path, sizeof(s->path), "%s/s", s->dir);
    snprintf(s->spec, sizeof(s->spec), "remote,socket=%s", s->path);
    if (spec) {
        ck_assert_msg(!i2cpt_adapter_open(spec, &s->adapter, &fault), "%s",
                      fault.text);
    }
    server_listen(s, clients);
}

void server_end(struct server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
    g_unlink(s->path);
    g_rmdir(s->dir);
    i2cpt_adapter_unref(s->adapter);
    i2cpt_adapter_unref(s->other);
    remote_wire_clear(&s->lies);
}

struct i2cpt_adapter *server_client(struct server *s, const char *more)
{
    char spec[256];
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    /* what is not about a deadline must not miss one on a busy machine */
    snprintf(spec, sizeof(spec), "%s%s%s", s->spec, more,
             strstr(more, ",timeout-ms=") ? "" : ",timeout-ms=60000");
    ck_assert_msg(!i2cpt_adapter_open(spec, &a, &fault), "%s", fault.text);
    return a;
}

int remote_read(struct i2cpt_adapter *a, uint16_t addr, uint8_t reg,
                uint8_t *in, uint32_t n, struct i2cpt_fault *fault)
{
    struct i2cpt_msg msgs[] = {
        {.addr = addr, .len = 1, .buf = &reg},
        {.addr = addr, .flags = I2CPT_M_RD, .len = n, .buf = in},
    };
    int ret = i2cpt_transfer(a, msgs, 2, fault);

    if (!ret) {
        ck_assert_uint_eq(msgs[1].actual, n);
    }
    return ret;
}

int remote_op(struct i2cpt_adapter *a, enum i2cpt_op o, uint8_t value,
              uint8_t *out)
{
    struct i2cpt_call call = {
        .op = o, .owner = a, .addr = value, .byte = value};
    int ret = bus_call_run(a, &call, NULL);

    if (out) {
        *out = call.byte;
    }
    return ret;
}
