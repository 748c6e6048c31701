/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The protocol between a remote backend and i2cpt_serve(), versions 1 and 2:
 * see docs/remote.md. Pure encoding and decoding of one frame at a time; what a
 * peer says is checked here, and a decoder that fails has touched nothing.
 *
 *   frame  = length u32 (of what follows, at most WIRE_FRAME_MAX), type u8,
 *            id u32, body
 *   Numbers are little-endian. The client numbers its requests from 1; a reply
 *   bears the number of its request. One request is under way at a time.
 */
#ifndef I2CPT_REMOTE_WIRE_H
#define I2CPT_REMOTE_WIRE_H

#include "core/backend.h"
#include "lines/lines.h"

#define WIRE_VERSION   2u /* the highest; */
#define WIRE_LOWEST    1u /* the lowest: without POINTER */
#define WIRE_FRAME_MAX (16u << 20)
#define WIRE_HEAD      9u /* bytes of length, type and id */

/* What an end can or is like, beside the version: bits that the other does not
 * know are left alone, and an end that says nothing has none. */
enum wire_capability {
    WIRE_TELLS_PHASE = 1, /* as in struct i2cpt_bus_info; a server's */
    WIRE_HIDES_PHASE = 2,
    WIRE_LINES = 4, /* a client's: it takes LINE; a server's: it has lines */
};
#define WIRE_CLIENT_CAPABILITIES WIRE_LINES /* ours in HELLO */

enum wire_type {
    WIRE_HELLO = 1, /* "i2cpt", lowest and highest version u16 each,
                       capabilities u32 */
    WIRE_WELCOME,   /* version u16, functionality u32, frequency u32, stream u8,
                       timeout_ms u32, name text, capabilities u32; with
                       WIRE_LINES n u8, n times name text, level u8 */
    WIRE_TRANSFER,  /* timeout_ms u32, marks u32, n u16, messages */
    WIRE_SMBUS,     /* timeout_ms u32, marks u32, command */
    WIRE_START,     /* timeout_ms u32, addr u16, flags u16 */
    WIRE_WRITE,     /* timeout_ms u32, byte u8 */
    WIRE_READ,      /* timeout_ms u32 */
    WIRE_STOP,      /* timeout_ms u32 */
    WIRE_TOOK,      /* n u32; no reply */
    WIRE_FLUSH,     /* (empty) */
    WIRE_REPLY,     /* result i32, fault, then what the request gives back */
    WIRE_POINTER,   /* timeout_ms u32, addr u16, n u8, n bytes; version 2 */
    WIRE_LINE, /* line u8, level u8, age_us u32; id 0, to clients whose HELLO
                  has WIRE_LINES */
    WIRE_TYPES
};

/* A buffer that grows; writing never fails but in `failed`. */
struct wire_out {
    uint8_t *data;
    size_t len, size;
    bool failed;
};

/* A frame's body being read; reading past its end sets `failed`, gives 0. */
struct wire_in {
    const uint8_t *data;
    size_t len, at;
    bool failed;
};

struct wire_head {
    uint32_t length; /* of type, id and body */
    uint8_t type;
    uint32_t id;
};

struct wire_line {
    char name[LINES_NAME_MAX + 1];
    bool level;
};

struct wire_change {
    uint8_t line;
    bool level;
    uint32_t age_us; /* how long before it was sent */
};

struct wire_welcome {
    uint16_t version;
    uint32_t functionality, frequency_hz, timeout_ms, capabilities;
    bool stream;
    char name[128];
    unsigned n_lines;
    struct wire_line lines[LINES_MAX];
};

void remote_wire_begin(struct wire_out *o, enum wire_type type, uint32_t id);
/* Sets the length; 0 or -ENOMEM, -EMSGSIZE. */
int remote_wire_end(struct wire_out *o);
void remote_wire_clear(struct wire_out *o);

void remote_wire_put_u8(struct wire_out *o, uint8_t v);
void remote_wire_put_u16(struct wire_out *o, uint16_t v);
void remote_wire_put_u32(struct wire_out *o, uint32_t v);
void remote_wire_put_bytes(struct wire_out *o, const void *p, size_t n);
void remote_wire_put_text(struct wire_out *o, const char *text);
uint8_t remote_wire_get_u8(struct wire_in *in);
uint16_t remote_wire_get_u16(struct wire_in *in);
uint32_t remote_wire_get_u32(struct wire_in *in);
/* NULL where fewer are left. */
const uint8_t *remote_wire_get_bytes(struct wire_in *in, size_t n);
void remote_wire_get_text(struct wire_in *in, char *text, size_t size);

/* The first WIRE_HEAD bytes; -EPROTO for a length or type out of range. */
int remote_wire_get_head(const uint8_t bytes[WIRE_HEAD],
                         struct wire_head *head);

void remote_wire_put_hello(struct wire_out *o, uint32_t capabilities);
/* 0 and the highest version that both speak, and what the client can; -EPROTO
 * for something else, -EOPNOTSUPP for versions we do not speak. */
int remote_wire_get_hello(struct wire_in *in, uint16_t *version,
                          uint32_t *capabilities);
void remote_wire_put_welcome(struct wire_out *o, const struct wire_welcome *w);
int remote_wire_get_welcome(struct wire_in *in, struct wire_welcome *w);

/* wire-greeting.c has what is above; and one change of a line. -EPROTO for what
 * cannot be. */
void remote_wire_put_change(struct wire_out *o, const struct wire_change *c);
int remote_wire_get_change(struct wire_in *in, struct wire_change *c);

/*
 * Messages of a request: what is written travels, and of RECV_LEN the number
 * of extra bytes. Reading makes one piece of memory, freed with g_free(), with
 * buffers in it; -EPROTO for what is malformed, -ENOMEM.
 */
void remote_wire_put_request(struct wire_out *o, const struct i2cpt_msg *msgs,
                             size_t n);
int remote_wire_get_request(struct wire_in *in, struct i2cpt_msg **msgs,
                            size_t *n);
/* Their answer: of each message `actual`, and of reads those bytes. */
void remote_wire_put_answer(struct wire_out *o, const struct i2cpt_msg *msgs,
                            size_t n);
/* The longest frame that their answer can be. */
size_t remote_wire_answer_max(const struct i2cpt_msg *msgs, size_t n);
int remote_wire_get_answer(struct wire_in *in, struct i2cpt_msg *msgs,
                           size_t n);

void remote_wire_put_smbus(struct wire_out *o,
                           const struct i2cpt_smbus_call *call);
int remote_wire_get_smbus(struct wire_in *in, struct i2cpt_smbus_call *call);

void remote_wire_put_result(struct wire_out *o, int result,
                            const struct i2cpt_fault *fault);
/* The peer's result, in *result; -EPROTO where it is none. */
int remote_wire_get_result(struct wire_in *in, int *result,
                           struct i2cpt_fault *fault);

#endif
