/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Adapters of one's own: a bus of the application (i2cpt_adapter_new()), or a
 * back end by name, with keys, for specification strings, i2cpt-replay and
 * QEMU (i2cpt_backend_register()). docs/backends.md tells it as a story;
 * examples/custom-adapter is a small one of each kind.
 *
 * Structs. Each begins with `size`, or comes with the size of one element, and
 * grows at its end alone. What the author fills in (the table, its keys) has
 * the size of the author's header: what is missing there counts as NULL or 0,
 * and what this library does not know is left alone. What the library hands
 * over (xfer, smbus, info) has the size of the library's: a member that may lie
 * beyond it is not to be touched. Unknown bits of `marks` and `flags` are to be
 * ignored.
 *
 * Threads. The calls on one opened instance come one at a time, from any
 * thread, and no lock of the library is held. Those of different instances may
 * come at once. A worker thread of the library has all signals blocked; the
 * application's own threads call too. close() comes once, from any thread,
 * after all else. After fork() no call is made in the child, not even close().
 * No entry may call the library on the adapter that it belongs to; what is
 * declared below, and everything on other adapters, may be called.
 *
 * Time. No call may last longer than its `deadline_ns`, which is a time of the
 * clock that i2cpt_backend_now_ns() reads. Who cannot promise that says
 * I2CPT_BACKEND_OUTLIVES.
 *
 * Results. 0, or one of the negative codes at the top of i2cpt.h, with the
 * fault filled in by i2cpt_backend_fail() as far as it is known and no farther.
 * After -ENODEV nothing but close() is called. The library checks what comes
 * back: a positive result, a length that cannot be, a success with too few
 * bytes is -EPROTO with a line that names the back end; a fault that points
 * past the request loses its place. What it cannot check is memory: an entry
 * that writes past a buffer is a fault of the program.
 */
#ifndef I2CPT_BACKEND_PUBLIC_H
#define I2CPT_BACKEND_PUBLIC_H

#include "i2cpt.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Marks of a transfer, for recorders and replays: what a passthrough adds to
 * what the guest asked for (docs/trace-format.md). Others may ignore them.
 */
#define I2CPT_BACKEND_MARK_PROBE  1u /* asked by the passthrough alone */
#define I2CPT_BACKEND_MARK_RESEND 2u /* the one before once again */
/* took() comes for this one: its last read's length is a guess, and fewer bytes
 * are an answer too */
#define I2CPT_BACKEND_MARK_TOOK_FOLLOWS 4u
#define I2CPT_BACKEND_MARK_CONTINUE     8u /* goes on where the last read ended */
#define I2CPT_BACKEND_MARK_RESTART      16u /* the guest's was a repeated START */
#define I2CPT_BACKEND_MARK_SPLIT        32u /* ... or one may follow */

/*
 * One transfer. The messages are the library's copies, `msg_size` bytes from
 * one to the next (i2cpt_backend_msg()); they have been checked: addresses,
 * lengths and flags are in range, RECV_LEN stands at a read whose buffer has
 * room, and flags that want functionality which the instance has not got do not
 * come. Of a message only `actual` and what `buf` points to may be written;
 * `actual` is 0 before.
 */
struct i2cpt_backend_xfer {
    uint32_t size;
    uint32_t marks; /* I2CPT_BACKEND_MARK_* */
    struct i2cpt_msg *msgs;
    size_t msg_size;
    size_t n;
    uint64_t deadline_ns;
    uint64_t owner;            /* who asks, an opaque number; 0: not said */
    struct i2cpt_fault *fault; /* never NULL; cleared */
    uint32_t flags;            /* none yet */
    uint32_t reserved;
};

/* Message number `i`, below x->n. */
static inline struct i2cpt_msg *i2cpt_backend_msg(
    const struct i2cpt_backend_xfer *x, size_t i)
{
    return (struct i2cpt_msg *)(void *)((unsigned char *)x->msgs +
                                        i * x->msg_size);
}

/*
 * One SMBus command (i2cpt_smbus_protocol() has what each looks like): the data
 * alone, without command, count and PEC, words with their low byte first. What
 * comes in goes to `in`, and `in_len` tells how much that was: of blocks what
 * the target counted, 1 to `in_size`, else exactly `in_size`.
 */
struct i2cpt_backend_smbus {
    uint32_t size;
    uint32_t marks;
    uint16_t addr;
    uint16_t flags;   /* I2CPT_CLIENT_* */
    uint8_t protocol; /* enum i2cpt_smbus_protocol */
    uint8_t read;     /* the R/W bit: 0, 1 */
    uint8_t command;
    uint8_t reserved;
    const uint8_t *out;
    size_t out_len;
    uint8_t *in;
    size_t in_size;
    size_t in_len; /* 0 before */
    uint64_t deadline_ns;
    uint64_t owner;
    struct i2cpt_fault *fault;
};

/* What an instance is like. */
#define I2CPT_BACKEND_NO_STREAM 0x01u /* this one does without stream_*() */
/* An address that is not acknowledged is -ENXIO, a byte is -EIO: always. */
#define I2CPT_BACKEND_TELLS_PHASE 0x02u
/* The other way round: no refusal of a write says where it was. */
#define I2CPT_BACKEND_HIDES_PHASE 0x04u
/* Calls return without ever waiting (memory); they are made in the caller's
 * thread then, of asynchronous requests too. */
#define I2CPT_BACKEND_INSTANT 0x08u

/* Input lines of an instance (i2cpt-lines.h), in the making. */
struct i2cpt_backend_lines;

/* What open() says of the instance; all 0 before, but for `size` and `lines`.
 */
struct i2cpt_backend_info {
    uint32_t size;
    uint32_t flags;         /* I2CPT_BACKEND_NO_STREAM and so on */
    uint32_t functionality; /* I2CPT_FUNC_*; unknown bits count as not set */
    uint32_t frequency_hz;  /* 0: not known */
    /* For i2cpt_backend_line_add(); the library's, good until close() returns,
     * or open() with a failure. */
    struct i2cpt_backend_lines *lines;
};

/* What a key accepts. */
enum i2cpt_backend_key_kind {
    I2CPT_BACKEND_KEY_STRING = 0,    /* any text but an empty one */
    I2CPT_BACKEND_KEY_UINT = 1,      /* min to max, decimal or 0x */
    I2CPT_BACKEND_KEY_FREQUENCY = 2, /* Hz, with k or M; min to max */
    I2CPT_BACKEND_KEY_CHOICE = 3, /* of `choices`, "a|b|c"; the index of it */
    I2CPT_BACKEND_KEY_SWITCH = 4, /* on or off; 1, 0 */
};
/* Flags of a key: a second opening of the same bus may give it another value
 * (what identify() reads), and it names a file that is read. */
#define I2CPT_BACKEND_KEY_MAY_DIFFER 1u
#define I2CPT_BACKEND_KEY_READS_FILE 2u

/* One key of a back end. Names have a-z, 0-9 and '-', begin with a letter, and
 * are none of those that every back end has. */
struct i2cpt_backend_key_def {
    const char *name;
    uint32_t kind;
    uint32_t flags;
    uint64_t min, max;
    const char *choices; /* CHOICE: needed; STRING: what is accepted, or NULL */
    const char *def;     /* the default as text, or NULL */
    const char *help;    /* one line */
};

struct i2cpt_trace_verdict; /* i2cpt-trace.h */

/* For back ends that record or replay: entries that no bus has. All may be
 * NULL. */
struct i2cpt_backend_record_ops {
    uint32_t size;
    /* Of the last transfer of `owner` that was marked TOOK_FOLLOWS the guest
     * took `n` bytes of its last message. */
    void (*took)(void *instance, uint64_t owner, uint32_t n);
    /* Write out what is held back. */
    int (*flush)(void *instance);
    /* The same, and mark the end of the recording. */
    int (*end)(void *instance, struct i2cpt_fault *fault);
    /* How the replay went so far, for i2cpt_trace_adapter_verdict(): `out` is
     * of the library's size, and 0 but for its `size`. 0, or what it cannot be
     * told for. */
    int (*verdict)(void *instance, struct i2cpt_trace_verdict *out,
                   struct i2cpt_fault *fault);
};

/* Flags of the table. */
/* Calls cannot be cut short at their deadline: a worker makes them, and who
 * waits gives up (i2cpt_transfer()). */
#define I2CPT_BACKEND_OUTLIVES 1u
/* `retries=` is the back end's own affair: the library does not repeat. */
#define I2CPT_BACKEND_RETRIES 2u

#define I2CPT_BACKEND_POINTER_MAX 32u /* bytes of stream_pointer() */

/*
 * A back end. Needed are `size`, `name`, `open`, and `transfer` (with
 * I2CPT_FUNC_I2C) or `smbus` (without it).
 */
struct i2cpt_backend_ops {
    uint32_t size;    /* sizeof(struct i2cpt_backend_ops) */
    uint32_t flags;   /* I2CPT_BACKEND_OUTLIVES, I2CPT_BACKEND_RETRIES */
    const char *name; /* as keys are written; for specification strings */
    const char *help; /* one line; may be NULL */
    const struct i2cpt_backend_key_def *keys;
    uint32_t key_size; /* sizeof(struct i2cpt_backend_key_def) */
    uint32_t n_keys;   /* 0 to 64 */

    /*
     * What makes two openings the same bus, as text of at most `size` bytes
     * with its closing NUL into `buf`: they share one instance then. An empty
     * one, or no such entry: each opening has an instance of its own. Not asked
     * by i2cpt_adapter_new().
     */
    int (*identify)(void *user, const struct i2cpt_options *options, char *buf,
                    size_t size, struct i2cpt_fault *fault);
    /*
     * Open one. `user` is that of the registration, and what *instance is
     * before. Where this fails close() is not called.
     */
    int (*open)(void *user, const struct i2cpt_options *options,
                void **instance, struct i2cpt_backend_info *info,
                struct i2cpt_fault *fault);
    /* Optional. */
    void (*close)(void *instance);

    /*
     * A whole transfer: START, the messages joined by repeated STARTs, STOP. 0
     * with `actual` of each message, else what failed; what was not
     * acknowledged is ended by a STOP, and no later message begins. With
     * success `actual` is `len`, but of a read with RECV_LEN the count and what
     * came with it, of a write with IGNORE_NAK at most that, and of the last
     * read with MARK_TOOK_FOLLOWS too.
     */
    int (*transfer)(void *instance, struct i2cpt_backend_xfer *x);
    /* One SMBus command; optional with I2CPT_FUNC_I2C, and not called then. */
    int (*smbus)(void *instance, struct i2cpt_backend_smbus *call);

    /*
     * Byte by byte; optional, all four or none. start() sends the address, as a
     * repeated START where a transfer is open; `flags` are I2CPT_M_RD and
     * I2CPT_M_TEN. 0, or -ENXIO where it was not acknowledged. write(): 0 or
     * -EIO. read() clocks a byte in and leaves its acknowledge slot open with
     * SCL low: the next read() first ACKs it, start() and stop() NACK it. A
     * stop() straight behind a start() for a read clocks one byte and NACKs it.
     * stop() always comes in the end, after errors too. `msg` and `byte` of
     * faults count from the first start().
     */
    int (*stream_start)(void *instance, uint16_t addr, uint16_t flags,
                        uint64_t deadline_ns, struct i2cpt_fault *fault);
    int (*stream_write)(void *instance, uint8_t byte, uint64_t deadline_ns,
                        struct i2cpt_fault *fault);
    int (*stream_read)(void *instance, uint8_t *byte, uint64_t deadline_ns,
                       struct i2cpt_fault *fault);
    int (*stream_stop)(void *instance, uint64_t deadline_ns,
                       struct i2cpt_fault *fault);
    /*
     * Optional, with those four: a write of 1 to I2CPT_BACKEND_POINTER_MAX
     * bytes joined to the read that follows it, with nothing in between that
     * could end it (readonly=on of a passthrough); the deadline counts before
     * it begins. 0, and read() and stop() go on from there; -ENXIO where an
     * address was not acknowledged; -EIO with I2CPT_PHASE_DATA where a byte was
     * refused: the repeated START has followed all the same, and where its
     * address was acknowledged one byte of the read, into *byte. Without this
     * entry the library makes it of the four.
     */
    int (*stream_pointer)(void *instance, uint16_t addr, const uint8_t *bytes,
                          size_t n, uint64_t deadline_ns, uint8_t *byte,
                          struct i2cpt_fault *fault);

    /* Optional: what can be opened here, as i2cpt_list(): call
     * `found(spec, about, found_user)` for each, with specification strings of
     * this back end; others are left out. */
    int (*list)(void *user, i2cpt_found_fn found, void *found_user);
    /* NULL but for back ends that record or replay. */
    const struct i2cpt_backend_record_ops *record;
};

/*
 * One adapter on a back end of the caller's own. `keys` is KEY=VALUE[,...], of
 * the table's keys and those that every back end has, or NULL. The table, its
 * keys and texts are copied; `user` stays the caller's, and is in use until
 * close(). Free *out with i2cpt_adapter_unref().
 *
 * -EINVAL for a table or keys that cannot be, with a line in `fault` that says
 * what; else what open() says. Any thread.
 */
I2CPT_API int i2cpt_adapter_new(const struct i2cpt_backend_ops *ops, void *user,
                                const char *keys, struct i2cpt_adapter **out,
                                struct i2cpt_fault *fault);

/*
 * A back end by name, from now on and for good: `ops` as above. -EEXIST where
 * this process has one of that name, -EINVAL as above. Any thread.
 */
I2CPT_API int i2cpt_backend_register(const struct i2cpt_backend_ops *ops,
                                     void *user, struct i2cpt_fault *fault);

/*
 * Load back ends from shared objects, PATH[:PATH]...; each path has a '/' in
 * it. This runs their code: first what any shared object runs when it is
 * loaded, then its function i2cpt_backend_module(), which registers, and may
 * load others by this. NULL and an empty text load nothing. Objects stay
 * loaded; one that is loaded already is not run again, unless that failed. The
 * library never does this by itself: i2cpt-replay and the QEMU plugin do, with
 * what the environment has as I2CPT_BACKENDS.
 *
 * -EINVAL with a line that names the path, what i2cpt_backend_module() said, or
 * -EPROTO where that cannot be.
 * Any thread.
 */
I2CPT_API int i2cpt_backend_load(const char *paths, struct i2cpt_fault *fault);

/* What such an object has: registers its back ends; 0, or a negative errno with
 * `fault` (never NULL). The author's to define, not the library's. */
extern I2CPT_API int i2cpt_backend_module(struct i2cpt_fault *fault);

/*
 * Fill in `fault` and return -code, for `return i2cpt_backend_fail(...)`.
 * `code` is positive, `phase` an enum i2cpt_phase, `msg` and `byte` are indexes
 * or -1 for not known, `text` is one line for a person or NULL, and copied; a
 * `fault` of NULL is allowed. Any thread.
 */
I2CPT_API int i2cpt_backend_fail(struct i2cpt_fault *fault, int code, int phase,
                                 int32_t msg, int32_t byte, const char *text);

/* The clock of all deadlines, in nanoseconds: CLOCK_MONOTONIC where there is
 * one. Any thread. */
I2CPT_API uint64_t i2cpt_backend_now_ns(void);

/*
 * In open(): the instance has an input line of this name, 1 to 31 letters,
 * digits, '_' and '-', and of this level, 1 where it is active, whatever its
 * voltage is. Its number, from 0 on; -EINVAL for what cannot be, -EEXIST,
 * -ENOSPC where there are 32, -EPERM when open() has returned.
 */
I2CPT_API int i2cpt_backend_line_add(struct i2cpt_backend_lines *lines,
                                     const char *name, int level);

/*
 * The line's level from here on, 0 or 1; the same as before is no change, and
 * nobody hears of it. `stamp_ns` is when it came to be so, on the clock of
 * i2cpt_backend_now_ns(), 0: now; a time to come counts as now, one before that
 * of the change before as that. 0, or -EINVAL. Any thread, until close()
 * returns, within the calls on the instance too. It waits for nobody: who
 * watches is told later, in i2cpt_dispatch().
 */
I2CPT_API int i2cpt_backend_line_set(struct i2cpt_backend_lines *lines,
                                     unsigned line, int level,
                                     uint64_t stamp_ns);

/*
 * For identify() and open(): the value of a key with its default, as text; NULL
 * where it was not given and has no default, or there is no such key. Valid
 * during the call. i2cpt_options_get() tells whether one was given.
 */
I2CPT_API const char *i2cpt_backend_text(const struct i2cpt_options *options,
                                         const char *key);

/* The same as the number that the key's kind says; 0 where that has none. */
I2CPT_API uint64_t i2cpt_backend_number(const struct i2cpt_options *options,
                                        const char *key);

#ifdef __cplusplus
}
#endif

#endif
