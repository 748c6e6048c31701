/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server that speaks version 1 of the protocol only: what it is asked, and
 * never is. */
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus.h"
#include "core/fault.h"
#include "remote-peer.h"
#include "unit.h"

/*
 * It logs "S50 " for a START for writing, "R50 " for reading, "W10 ", "r ",
 * "E " for STOP, "P " for what it does not know; a "!" before the blank of the
 * one that it refuses. Bytes that are read are 5a.
 */
struct old_server {
    int fd;
    int refuses; /* that request, from 0 on; -1: none */
    GString *log;
};

/* False at the end of the connection. */
static bool read_all(int fd, uint8_t *buf, size_t n)
{
    size_t done = 0;
    ssize_t got;

    while (done < n && (got = read(fd, buf + done, n - done)) > 0) {
        done += (size_t)got;
    }
    return done == n;
}

static void send_frame(struct old_server *s, struct wire_out *out)
{
    ck_assert_int_eq(remote_wire_end(out), 0);
    ck_assert_int_eq(write(s->fd, out->data, out->len), (int)out->len);
    remote_wire_clear(out);
}

static void welcome(struct old_server *s, uint32_t id, struct wire_in *in)
{
    struct wire_welcome w = {.version = 1,
                             .functionality = I2CPT_FUNC_I2C,
                             .stream = true,
                             .timeout_ms = 60000,
                             .name = "old"};
    struct wire_out out = {0};
    uint32_t capabilities;
    uint16_t theirs;

    ck_assert_int_eq(remote_wire_get_hello(in, &theirs, &capabilities), 0);
    remote_wire_begin(&out, WIRE_WELCOME, id);
    remote_wire_put_welcome(&out, &w);
    out.len -= 4; /* it knows of no capabilities */
    send_frame(s, &out);
}

/* The error of a refusal. */
static int note(struct old_server *s, uint8_t type, struct wire_in *in)
{
    uint16_t addr;

    remote_wire_get_u32(in); /* ms */
    switch (type) {
    case WIRE_START:
        addr = remote_wire_get_u16(in);
        g_string_append_printf(s->log, "%c%02x",
                               remote_wire_get_u16(in) & I2CPT_M_RD ? 'R' : 'S',
                               addr);
        return -ENXIO;
    case WIRE_WRITE:
        g_string_append_printf(s->log, "W%02x", remote_wire_get_u8(in));
        return -EIO;
    case WIRE_READ:
        g_string_append_c(s->log, 'r');
        return -EIO;
    default:
        g_string_append_c(s->log, type == WIRE_STOP ? 'E' : 'P');
        return type == WIRE_STOP ? -EIO : -EPROTO;
    }
}

static void answer(struct old_server *s, const struct wire_head *head,
                   struct wire_in *in, bool refuse)
{
    struct i2cpt_fault fault = {.msg = -1, .byte = -1};
    struct wire_out out = {0};
    int ret = note(s, head->type, in);

    g_string_append(s->log, refuse ? "! " : " ");
    fault.code = refuse ? -ret : 0;
    remote_wire_begin(&out, WIRE_REPLY, head->id);
    remote_wire_put_result(&out, refuse ? ret : 0, &fault);
    remote_wire_put_u8(&out, head->type == WIRE_READ ? 0x5a : 0);
    send_frame(s, &out);
}

static void talk(void *user, int fd)
{
    struct old_server *s = user;
    uint8_t bytes[WIRE_HEAD], body[256];
    struct wire_head head;
    int n = -1;

    s->fd = fd;
    while (read_all(s->fd, bytes, sizeof(bytes))) {
        struct wire_in in = {.data = body};

        ck_assert_int_eq(remote_wire_get_head(bytes, &head), 0);
        in.len = head.length - (WIRE_HEAD - 4);
        ck_assert_uint_le(in.len, sizeof(body));
        ck_assert(read_all(s->fd, body, in.len));
        if (n < 0) {
            welcome(s, head.id, &in);
        } else {
            answer(s, &head, &in, n == s->refuses);
        }
        n++;
    }
}

/* What makes the same of one call as of its pieces (bus.c) is for back ends
 * without the call; the deadline counts before it begins, and has passed. */
static const struct {
    int refuses, ret;
    const char *log;
} pointers[] = {
    {-1, 0, "S50 W10 Waa R50 E "},      {0, -ENXIO, "S50! E "},
    {1, -EIO, "S50 W10! R50 r E "},     {2, -EIO, "S50 W10 Waa! R50 r E "},
    {3, -ENXIO, "S50 W10 Waa R50! E "},
};

START_TEST(pointer)
{
    static const uint8_t bytes[] = {0x10, 0xaa};
    struct old_server old = {.refuses = pointers[_i].refuses,
                             .log = g_string_new("")};
    struct server s = {.talk = talk, .user = &old};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    uint8_t byte = 0;

    server_start(&s, NULL, 1);
    a = server_client(&s, "");
    i2cpt_fault_clear(&fault);
    ck_assert_int_eq(a->bus->ops->stream_pointer(a->bus->priv, 0x50, bytes, 2,
                                                 1, &byte, &fault),
                     pointers[_i].ret);
    ck_assert_int_eq(fault.code, -pointers[_i].ret);
    ck_assert_uint_eq(byte, pointers[_i].ret == -EIO ? 0x5a : 0);
    ck_assert_int_eq(
        a->bus->ops->stream_stop(a->bus->priv, UINT64_MAX / 2, &fault), 0);
    i2cpt_adapter_unref(a);
    server_end(&s);
    ck_assert_str_eq(old.log->str, pointers[_i].log);
    g_string_free(old.log, TRUE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("remote-old-server");
    TCase *c = tcase_create("version 1");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, pointer, 0, (int)G_N_ELEMENTS(pointers));
    suite_add_tcase(suite, c);
    return unit_run(suite);
}
