/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the parts of the library know of each other: keys and options, the ops
 * table that a backend fills in, and calls on the bus below the public API.
 */
#ifndef I2CPT_PRIVATE_H
#define I2CPT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "i2cpt.h"

/* ------------------------------------------------------- keys (key.c) */

enum i2cpt_key_kind {
    I2CPT_KEY_STRING,    /* any text, not empty */
    I2CPT_KEY_UINT,      /* min to max, decimal or 0x */
    I2CPT_KEY_FREQUENCY, /* Hz, with k or M; min to max */
    I2CPT_KEY_CHOICE,    /* one of `choices`, "a|b|c"; its value is the index */
    I2CPT_KEY_SWITCH,    /* on or off */
};

/* Tables of keys end with a NULL name. */
struct i2cpt_key {
    const char *name;
    enum i2cpt_key_kind kind;
    uint64_t min, max;
    const char *choices;
    const char *def;  /* as text; NULL: none */
    const char *help; /* one line */
    /* A second opening may say something else: name=, and the keys that
     * identify() looks at (device=, file=), which say the same in other words.
     */
    bool may_differ;
};

/*
 * Check `text` for `key` and put its number into *value (choices: the index;
 * switches: 0, 1; strings: 0). -EINVAL with a line that names key, value and
 * what is accepted.
 */
int i2cpt_key_parse(const struct i2cpt_key *key, const char *text,
                    uint64_t *value, struct i2cpt_fault *fault);
/* What `key` accepts, for a person; returns buf. */
const char *i2cpt_key_accepts(const struct i2cpt_key *key, char *buf,
                              size_t size);
void i2cpt_key_info(const struct i2cpt_key *key, struct i2cpt_key_info *out);
/* A number, decimal or 0x, the whole text, at most max: 0 or -EINVAL/-ERANGE */
int i2cpt_parse_uint(const char *text, uint64_t max, uint64_t *out);
/*
 * A list of addresses, "0x0e:0x1d:0x50-0x57": sets set[addr] for each; set has
 * 128 entries. -EINVAL with a line that names `key` and the bad part.
 */
int i2cpt_parse_addresses(const char *key, const char *text, uint8_t *set,
                          struct i2cpt_fault *fault);

/* ------------------------------------------------- options (options.c) */

/* Values with defaults applied; the key must be one of the backend's or of the
 * common ones. Strings are NULL, numbers 0, where unset and without default. */
const char *i2cpt_options_string(const struct i2cpt_options *o,
                                 const char *key);
uint64_t i2cpt_options_number(const struct i2cpt_options *o, const char *key);
/* Whether the user gave it. */
bool i2cpt_options_has(const struct i2cpt_options *o, const char *key);
const struct i2cpt_ops *i2cpt_options_ops(const struct i2cpt_options *o);
int i2cpt_options_copy(const struct i2cpt_options *o,
                       struct i2cpt_options **out);
/* The first key that `b` gives and `a` has with another value, or NULL. */
const char *i2cpt_options_differ(const struct i2cpt_options *a,
                                 const struct i2cpt_options *b);

/* --------------------------------------------------- faults (fault.c) */

/* Fill in *fault (may be NULL) and return -code. msg and byte -1: unknown. */
int i2cpt_fault_set(struct i2cpt_fault *fault, int code, int phase, int msg,
                    int byte);
/* As above, phase unknown, with a line for a person. */
int i2cpt_fault_text(struct i2cpt_fault *fault, int code, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));
static inline void i2cpt_fault_clear(struct i2cpt_fault *fault)
{
    if (fault) {
        fault->code = 0;
        fault->phase = I2CPT_PHASE_UNKNOWN;
        fault->msg = fault->byte = -1;
        fault->text[0] = 0;
    }
}

void i2cpt_log(int level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t i2cpt_now_ns(void);

/* ----------------------------------------------------- the ops table */

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

/* One transfer as a backend sees it. */
struct i2cpt_xfer {
    struct i2cpt_msg *msgs; /* n of them, checked: see i2cpt_check_msgs() */
    size_t n;
    uint64_t deadline_ns; /* of CLOCK_MONOTONIC */
    uint32_t marks;
    struct i2cpt_fault *fault; /* never NULL; cleared before the call */
    const void *owner;         /* who asks, for took(); may be NULL */
};

/* Linux's transaction types of struct i2c_smbus_ioctl_data. */
enum i2cpt_smbus_protocol {
    I2CPT_SMBUS_QUICK = 0,
    I2CPT_SMBUS_BYTE = 1,
    I2CPT_SMBUS_BYTE_DATA = 2,
    I2CPT_SMBUS_WORD_DATA = 3,
    I2CPT_SMBUS_PROC_CALL = 4,
    I2CPT_SMBUS_BLOCK_DATA = 5,
    I2CPT_SMBUS_BLOCK_PROC_CALL = 7,
    I2CPT_SMBUS_I2C_BLOCK_DATA = 8,
};

struct i2cpt_smbus_call {
    uint16_t addr;
    uint16_t flags; /* I2CPT_CLIENT_PEC, I2CPT_CLIENT_TEN */
    uint8_t read;
    uint8_t protocol;
    uint8_t command;
    /* As Linux's union i2c_smbus_data: byte or word (low first) from block[0],
     * blocks with their count in block[0]. */
    uint8_t block[34];
    const void *owner; /* as in struct i2cpt_xfer */
};

struct i2cpt_trace_verdict; /* i2cpt-trace.h */

/* What open() says about the adapter. */
struct i2cpt_bus_info {
    uint32_t functionality;
    uint32_t frequency_hz; /* 0: not known */
    bool no_stream;        /* this instance does without the stream_*() calls */
    /* An address NACK is reported as such, ENXIO with its phase, and so need
     * not be found out: false where it is not known. */
    bool tells_phase;
    /* OUTLIVES, but the user takes the host's own bound for the deadline:
     * synchronous calls are made in the caller's thread all the same. */
    bool host_bounds;
    /* The other way round: no refusal of a write says where it was. */
    bool hides_phase;
};

/* Calls on the host cannot be cut short: only the worker makes them. */
#define I2CPT_OPS_OUTLIVES 1u
/* `retries=` is the backend's own affair. */
#define I2CPT_OPS_RETRIES 2u
/* The stream calls never wait for anything: asynchronous callers may have them
 * done at once in their own thread. A function of the instance: see instant. */

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
    /* Optional: true where the instance answers without ever waiting (memory);
     * then asynchronous calls are done in the caller's thread. */
    bool (*instant)(void *priv);

    /* Optional (recorder): of the last transfer of `owner` that was marked
     * TOOK_FOLLOWS, the guest took n bytes of its last message. */
    void (*took)(void *priv, const void *owner, uint32_t n);
    /* Optional (recorder): write out what is held back. */
    int (*flush)(void *priv);
    /* Optional (recorder): that, and `end N`. */
    int (*end_record)(void *priv, struct i2cpt_fault *fault);

    /* Optional (trace; the recorder hands it on): how the replay went. */
    int (*verdict)(void *priv, struct i2cpt_trace_verdict *out,
                   struct i2cpt_fault *fault);

    /* Optional: what can be opened here, as i2cpt_list(). */
    int (*list)(i2cpt_found_fn found, void *user);
};

/* All backends of this build, NULL-terminated (registry.c). */
extern const struct i2cpt_ops *const i2cpt_backends[];
/* One more, for tests that bring their own; found by name, not listed. */
extern const struct i2cpt_ops *i2cpt_extra_backend;
const struct i2cpt_ops *i2cpt_find_backend(const char *name);
extern const struct i2cpt_key i2cpt_common_keys[];

extern const struct i2cpt_ops i2cpt_stub_ops;
extern const struct i2cpt_ops i2cpt_trace_ops;
extern const struct i2cpt_ops i2cpt_i2c_dev_ops;
extern const struct i2cpt_ops i2cpt_ftdi_ops;
extern const struct i2cpt_ops i2cpt_remote_ops;

/*
 * The recorder wraps an opened instance: takes ops and priv of the inner one,
 * gives its own, whose close() closes the inner one. `path` is record=.
 */
int i2cpt_recorder_wrap(const struct i2cpt_options *o, const char *path,
                        const struct i2cpt_bus_info *info,
                        const struct i2cpt_ops **ops, void **priv,
                        struct i2cpt_fault *fault);

/* -------------------------------------------- calls on the bus (bus.c) */

enum i2cpt_op {
    I2CPT_OP_TRANSFER,
    I2CPT_OP_SMBUS,
    I2CPT_OP_STREAM_START, /* the first one takes the bus for `owner`, */
    I2CPT_OP_STREAM_WRITE,
    I2CPT_OP_STREAM_READ,
    I2CPT_OP_STREAM_STOP, /* this one gives it back, whatever it returns */
};

/*
 * One request below the public API. While a stream is open on the bus, calls
 * of other owners wait in the queue; the stream's own go past them.
 */
struct i2cpt_call {
    enum i2cpt_op op;
    uint32_t marks;
    uint64_t deadline_ns; /* 0: now + the adapter's timeout-ms */
    const void *owner;    /* who asks; any unique pointer, streams need it */
    struct i2cpt_msg *msgs;
    size_t n;
    struct i2cpt_smbus_call *smbus;
    uint16_t addr, flags; /* STREAM_START */
    uint8_t byte;         /* STREAM_WRITE in, STREAM_READ out */
};

/* Do it now, in order, bounded. Returns what the op returned. `call` and what
 * it points to is not touched after the return, even where it timed out. */
int i2cpt_call_run(struct i2cpt_adapter *a, struct i2cpt_call *call,
                   struct i2cpt_fault *fault);
/*
 * Queue it: as i2cpt_submit(). `call` itself and all that it points to is
 * borrowed until done(), where results are filled in. An instant bus with an
 * empty queue does it at once, in this thread; done() still comes by dispatch
 * or wait.
 */
int i2cpt_call_submit(struct i2cpt_adapter *a, struct i2cpt_call *call,
                      i2cpt_done_fn done, void *user,
                      struct i2cpt_request **out);
/* Forget a submitted request: done() is not called, borrowed memory is free at
 * once. A stream call that was on the wire still runs to its end. */
void i2cpt_request_orphan(struct i2cpt_request *r);

/* `owner` is that of the call it is about. */
void i2cpt_adapter_took(struct i2cpt_adapter *a, const void *owner, uint32_t n);
int i2cpt_adapter_flush(struct i2cpt_adapter *a);
uint32_t i2cpt_adapter_timeout_ms(const struct i2cpt_adapter *a);
bool i2cpt_adapter_is_instant(struct i2cpt_adapter *a);
bool i2cpt_adapter_tells_phase(const struct i2cpt_adapter *a);
bool i2cpt_adapter_hides_phase(const struct i2cpt_adapter *a);

/* -EINVAL (with text) unless every message is well-formed: address in range,
 * not too long, buffer there, RECV_LEN with room; flags and NOSTART sane. */
int i2cpt_check_msgs(const struct i2cpt_msg *msgs, size_t n,
                     struct i2cpt_fault *fault);

/* -------------------------------- SMBus on messages (smbus.c, smbus-map.c) */

/*
 * A transfer in terms of native SMBus commands, for hosts with nothing else:
 * the messages must have the shape of one protocol that `functionality` has.
 * -EOPNOTSUPP with a line that says which functionality is missing.
 */
int i2cpt_smbus_map_transfer(const struct i2cpt_ops *ops, void *priv,
                             uint32_t functionality, struct i2cpt_xfer *x);
/* The longest read after a write of one byte that can be mapped so: 32, 2, 1,
 * or 0 where there is none. */
uint32_t i2cpt_smbus_map_longest_read(uint32_t functionality);

/* Messages that an SMBus command is defined to be (SMBus 3.2, 6.5), for
 * recording and for plain I2C hosts. */
struct i2cpt_smbus_msgs {
    struct i2cpt_msg msgs[2];
    size_t n;
    uint8_t out[260]; /* command, count, 255 data, PEC */
    uint8_t in[260];  /* count, 255 data, PEC */
};
/* PEC bytes included where the flag says so. */
void i2cpt_smbus_to_msgs(const struct i2cpt_smbus_call *call,
                         struct i2cpt_smbus_msgs *out);
/* The functionality bits that the command needs of a native SMBus host. */
uint32_t i2cpt_smbus_needs(const struct i2cpt_smbus_call *call);
/* "I2C_FUNC_SMBUS_QUICK" for one bit; for several, one's. */
const char *i2cpt_functionality_name(uint32_t bits);
/* After a read: data of the messages back into call->block, PEC checked. */
int i2cpt_smbus_from_msgs(struct i2cpt_smbus_call *call,
                          const struct i2cpt_smbus_msgs *in,
                          struct i2cpt_fault *fault);

#endif
