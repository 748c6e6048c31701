/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A backend as its author sees it: the ops table, and what its calls are given.
 * Nothing else of the library has to be known for one.
 */
#ifndef I2CPT_BACKEND_H
#define I2CPT_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "i2cpt.h"

struct i2cpt_key;           /* key.h */
struct i2cpt_lines;         /* lines/lines.h */
struct i2cpt_options;       /* options.h */
struct i2cpt_trace_verdict; /* i2cpt-trace.h */

/*
 * Marks of a transfer, for recorders and replays (trace-format.md, "What a
 * passthrough adds"). PROBE | RESEND is a probe that repeats the one before
 * because the guest was told nothing yet.
 *
 * TOOK_FOLLOWS says that the last read's length is a guess, also where it is a
 * RESEND: a replay may then answer with fewer bytes (`actual` < len, the rest
 * 0xff) and a guest that wants more must be served by a RESEND or CONTINUE,
 * which is where a replay reports it. took() must come for each of them.
 */
#define I2CPT_MARK_PROBE        1u /* asked by the passthrough, not the guest */
#define I2CPT_MARK_RESEND       2u /* the same again: busy, or read too short */
#define I2CPT_MARK_TOOK_FOLLOWS 4u /* took() will be called for this one */
#define I2CPT_MARK_CONTINUE     8u /* reads on where the last read ended */
#define I2CPT_MARK_RESTART      16u /* the guest began it with a repeated START */
#define I2CPT_MARK_SPLIT        32u /* ... or may go on with one behind it */

/* One transfer as a backend sees it. */
struct i2cpt_xfer {
    struct i2cpt_msg *msgs; /* n of them, checked: see i2cpt_check_msgs() */
    size_t n;
    uint64_t deadline_ns; /* of CLOCK_MONOTONIC */
    uint32_t marks;
    struct i2cpt_fault *fault; /* never NULL; cleared before the call */
    const void *owner;         /* who asks, for took(); may be NULL */
};

struct i2cpt_smbus_call {
    uint16_t addr;
    uint16_t flags; /* I2CPT_CLIENT_PEC, I2CPT_CLIENT_TEN */
    uint8_t read;
    uint8_t protocol; /* enum i2cpt_smbus_protocol */
    uint8_t command;
    /* As Linux's union i2c_smbus_data: byte or word (low first) from block[0],
     * blocks with their count in block[0]. */
    uint8_t block[34];
    const void *owner; /* as in struct i2cpt_xfer */
};

/* What open() says about the adapter. */
struct i2cpt_bus_info {
    uint32_t functionality;
    uint32_t frequency_hz; /* 0: not known */
    uint32_t timeout_ms;   /* without timeout-ms=; 0: what that key says */
    bool no_stream;        /* this instance does without the stream_*() calls */
    /* An address NACK is reported as such, ENXIO with its phase, and so need
     * not be found out: false where it is not known. */
    bool tells_phase;
    /* OUTLIVES, but the user takes the host's own bound for the deadline:
     * synchronous calls are made in the caller's thread all the same. */
    bool host_bounds;
    /* The other way round: no refusal of a write says where it was. */
    bool hides_phase;
    /* Its input lines, which go with close(); NULL: it has none. */
    struct i2cpt_lines *lines;
};

/* Bytes of a pointer, see stream_pointer(). */
#define I2CPT_POINTER_MAX 32u
/* How long such a pointer and its read may take, once begun. */
#define I2CPT_POINTER_NS 2000000000u

/* Calls on the host cannot be cut short: only the worker makes them. */
#define I2CPT_OPS_OUTLIVES 1u
/* `retries=` is the backend's own affair. */
#define I2CPT_OPS_RETRIES 2u

/*
 * A backend. All calls on one opened instance come one at a time (never two
 * threads at once), from any thread, with no lock held, so they may block, but
 * never past xfer->deadline_ns (OUTLIVES: as near to it as the host allows).
 * They never call back into the bus. Entries marked optional may be NULL.
 * Return codes: 0 or one of the list in i2cpt.h, with the fault filled in as
 * far as it is known and no farther (i2cpt_fault_set, i2cpt_fault_text).
 * After -ENODEV nothing but close() is called.
 */
struct i2cpt_ops {
    const char *name; /* in specification strings */
    const char *help; /* one line */
    uint32_t flags;   /* I2CPT_OPS_* */
    const struct i2cpt_key *keys;
    /* What line.NAME= may say of its own lines, for a person, where these are
     * only made when they are named: "ftdi:PIN". */
    const char *own_lines;

    /*
     * What makes two openings the same physical adapter, as text that begins
     * with the backend's name ("i2c-dev:/dev/i2c-1"), g_free()d by the caller.
     * Optional: every opening is an adapter of its own.
     */
    int (*identify)(const struct i2cpt_options *o, char **identity,
                    struct i2cpt_fault *fault);
    int (*open)(const struct i2cpt_options *o, void **priv,
                struct i2cpt_bus_info *info, struct i2cpt_fault *fault);
    void (*close)(void *priv);

    /* A whole transfer; sets `actual` of each message. Needed with FUNC_I2C;
     * without that, only smbus() is called. */
    int (*transfer)(void *priv, struct i2cpt_xfer *x);

    /*
     * Optional pair: a transfer is begun while earlier ones are on the wire.
     * begin() puts it behind those begun and not yet collected, and waits for
     * nothing: true, and collect() follows, in the order of begin(), `x` and
     * its messages staying until then; or false, nothing has happened and it
     * must wait until all are collected, and then be a transfer(). What a
     * transfer does must not depend on those before it: it runs where they are
     * not acknowledged. collect() waits for the oldest one and returns as
     * transfer() does. Where a fault of one made what is behind it uncertain,
     * that says so (-EIO, phase unknown). No other call is made in between.
     */
    bool (*begin)(void *priv, struct i2cpt_xfer *x);
    int (*collect)(void *priv, struct i2cpt_xfer *x);

    /* One native SMBus command. Optional. Reads fill in call->block; where
     * they fail, it stays as it was. */
    int (*smbus)(void *priv, struct i2cpt_smbus_call *call,
                 uint64_t deadline_ns, uint32_t marks,
                 struct i2cpt_fault *fault);

    /*
     * Byte by byte; optional, all four or none. START (repeated where one is
     * open) sends the address: 0 ACK, -ENXIO NACK. A write: 0 or -EIO. A read
     * clocks eight bits in and leaves the acknowledge slot open with SCL low;
     * the next read() first ACKs it, start() and stop() first NACK it. A stop()
     * after a read START with no byte read clocks one and NACKs it. stop() is
     * always called in the end, after errors too. `msg` and `byte` of faults
     * count from the first START.
     */
    int (*stream_start)(void *priv, uint16_t addr, uint16_t flags,
                        uint64_t deadline_ns, struct i2cpt_fault *fault);
    int (*stream_write)(void *priv, uint8_t byte, uint64_t deadline_ns,
                        struct i2cpt_fault *fault);
    int (*stream_read)(void *priv, uint8_t *byte, uint64_t deadline_ns,
                       struct i2cpt_fault *fault);
    int (*stream_stop)(void *priv, uint64_t deadline_ns,
                       struct i2cpt_fault *fault);
    /*
     * Optional, with the four above: a write of `n` bytes (1 to
     * I2CPT_POINTER_MAX) joined by a repeated START to the read that
     * stream_read() and stop() go on with, and nothing ends it in between: a
     * STOP behind the first bytes makes some chips write (docs/policy.md). The
     * deadline counts before it begins. 0; -ENXIO where an address was not
     * acknowledged (behind the first one the bytes may have passed everybody,
     * where all is one frame); -EIO with I2CPT_PHASE_DATA where a byte was not:
     * then the repeated START and the read follow all the same, and where its
     * address was acknowledged one byte is read, into *byte, so that stop()
     * ends a read. Without this entry the bus makes it of the four.
     */
    int (*stream_pointer)(void *priv, uint16_t addr, const uint8_t *bytes,
                          size_t n, uint64_t deadline_ns, uint8_t *byte,
                          struct i2cpt_fault *fault);
    /* Optional: true where the instance answers without ever waiting (memory);
     * then asynchronous calls are done in the caller's thread. */
    bool (*instant)(void *priv);

    /* Optional (recorder): of the last transfer of `owner` that was marked
     * TOOK_FOLLOWS, the guest took n bytes of its last message. */
    void (*took)(void *priv, const void *owner, uint32_t n);
    /* Optional (recorder): the calls that follow are made for this client, 0:
     * nobody's that is known. */
    void (*whose)(void *priv, uint32_t client);
    /* Optional (recorder): an event line. */
    int (*event)(void *priv, const char *kind, const char *text,
                 struct i2cpt_fault *fault);
    /* Optional (recorder): write out what is held back. */
    int (*flush)(void *priv);
    /* Optional (recorder): that, and `end N`. */
    int (*end_record)(void *priv, struct i2cpt_fault *fault);

    /* Optional (trace; the recorder hands it on): how the replay went. */
    int (*verdict)(void *priv, struct i2cpt_trace_verdict *out,
                   struct i2cpt_fault *fault);

    /* Optional: as i2cpt_adapter_claim(), with an address in range. From any
     * thread, beside every other call. */
    int (*claim)(void *priv, uint16_t addr, bool tenbit, bool force,
                 struct i2cpt_fault *fault);
    /* Optional: what the host calls the adapter of these options, for
     * g_free(); NULL: nothing. */
    char *(*host_name)(const struct i2cpt_options *o);

    /* Optional: what can be opened here, as i2cpt_list(). `ops` is this. */
    int (*list)(const struct i2cpt_ops *ops, i2cpt_found_fn found, void *user);

    /* As i2cpt_examine(), opening and closing included. Optional. */
    int (*examine)(const struct i2cpt_options *o,
                   void (*line)(const char *text, void *user), void *user,
                   struct i2cpt_fault *fault);
};

#endif
