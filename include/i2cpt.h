/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libi2cpt: let an emulated machine talk to real I2C devices.
 *
 * Errors. Every function that can fail returns 0 or a count on success and a
 * negative errno value (or -I2CPT_EMISMATCH) on failure. Functions that take a
 * `struct i2cpt_fault *` also tell where on the wire it went wrong and, in
 * `text`, one line for a person. The pointer may be NULL; after success the
 * fault is cleared: code 0, msg and byte -1, no text.
 *
 * NULL. Where a pointer is required NULL is -EINVAL, 0 or NULL of functions
 * that return no code, and nothing of those that return nothing. Functions that
 * free take it. Optional are `fault`, and what a comment says may be NULL.
 *
 * Threads. An adapter may be used from any number of threads at once; requests
 * of all of them go out one after the other, first come first served, and
 * transfers never interleave on the wire. A request's handle is valid until its
 * done() begins, and that may be in any thread that dispatches: where another
 * one does, i2cpt_submit_kept() gives a handle that stays. A passthrough takes
 * its bus events (start, write, read, nack, stop, reset, drain) one at a time,
 * from any thread; its other calls may come from any thread at any time, beside
 * an event too. Options, policies, readers and writers belong to one thread at
 * a time. Worker threads of the library block all signals. After
 * fork() the child may not use handles of its parent: every call answers
 * -EPERM, and unref only frees memory.
 *
 * Structs. Those that begin with `size` may grow at their end; who fills one in
 * sets it to its sizeof, and a library of another version takes or fills in
 * what both know. The others, i2cpt_fault and i2cpt_msg, stay as they are.
 *
 * Ownership. What a function returns through `out` is freed by the function
 * named in its comment. Strings that are passed in are copied. Strings that are
 * returned as `const char *` live as long as the object they were asked of.
 *
 * Sources: UM10204 (I2C-bus specification, rev. 7), SMBus 3.2, Linux
 * Documentation/i2c and include/uapi/linux/i2c.h (values of flags and bits).
 */
#ifndef I2CPT_H
#define I2CPT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define I2CPT_API __attribute__((visibility("default")))
#else
#define I2CPT_API
#endif

/* This header's version; meson.build has the same one. */
#define I2CPT_VERSION_MAJOR 0
#define I2CPT_VERSION_MINOR 1
#define I2CPT_VERSION_MICRO 0
/* Whether this header is of that version or a later one. */
#define I2CPT_VERSION_AT_LEAST(major, minor, micro) \
    (I2CPT_VERSION_MAJOR > (major) ||               \
     (I2CPT_VERSION_MAJOR == (major) &&             \
      (I2CPT_VERSION_MINOR > (minor) ||             \
       (I2CPT_VERSION_MINOR == (minor) && I2CPT_VERSION_MICRO >= (micro)))))

/* The version of the library that runs, "MAJOR.MINOR.MICRO". */
I2CPT_API const char *i2cpt_version(void);

/* ------------------------------------------------------------------ faults */

/*
 * A replay's request differs from what the trace has. Outside errno's range
 * (Linux's ends at 4095, MAX_ERRNO) so that nobody takes it for a wire error.
 */
#define I2CPT_EMISMATCH 5001

/*
 * Codes and what they mean on an I2C bus:
 *   ENXIO       the address was not acknowledged
 *   EIO         a data byte was not acknowledged
 *   EREMOTEIO   something was not acknowledged, the host cannot say what
 *   EAGAIN      arbitration lost to another controller
 *   EBUSY       the bus, or the address (a kernel driver has it), is in use;
 *               or an earlier request is still stuck in the kernel
 *   ETIMEDOUT   the deadline passed
 *   EBADMSG     the PEC byte is wrong
 *   EPROTO      a block length is out of range, or a peer broke its protocol
 *   EOPNOTSUPP  the adapter cannot do this; the text says what is missing
 *   ENODEV      the adapter is gone (unplugged, peer died)
 *   ECANCELED   the request was cancelled
 *   EPERM       the handle came through fork()
 *   EACCES      allow= or allow-writes= of the adapter forbid it
 *   EMISMATCH   I2CPT_EMISMATCH
 */
enum i2cpt_phase {
    I2CPT_PHASE_UNKNOWN = 0,
    I2CPT_PHASE_ADDRESS = 1,
    I2CPT_PHASE_DATA = 2,
    I2CPT_PHASE_STOP = 3,
};

/*
 * The room of a fault's text. A fault owns nothing, so that it can lie on a
 * stack, be copied and be dropped. The sentence and its lists are whole; a path
 * or value that the room does not hold beside them keeps begin and end, with
 * "..." for its middle (three paths of 400 bytes beside the longest list of
 * keys are whole).
 */
#define I2CPT_FAULT_TEXT_SIZE 2032

struct i2cpt_fault {
    int32_t code;  /* 0, or a positive code of the list above */
    int32_t phase; /* enum i2cpt_phase; unknown where the host hides it */
    int32_t msg;   /* index of the message, -1 where unknown */
    int32_t byte;  /* index in it, 0 is the first after the address; or -1 */
    char text[I2CPT_FAULT_TEXT_SIZE]; /* one line for a person; may be empty */
};

/*
 * The name of a code, "ENXIO", ..., "EMISMATCH", in static memory; NULL for a
 * code without a name here. `code` may have either sign. Any thread.
 */
I2CPT_API const char *i2cpt_error_name(int code);

/* The code for such a name, positive; -EINVAL for an unknown one. Any thread.
 */
I2CPT_API int i2cpt_error_from_name(const char *name);

/*
 * One line for a person: the text, or else name, phase, message and byte.
 * Writes at most `size` bytes with the closing NUL; returns the length that
 * the whole line has, like snprintf().
 */
I2CPT_API int i2cpt_fault_describe(const struct i2cpt_fault *fault, char *buf,
                                   size_t size);

/* --------------------------------------------------------------------- log */

enum i2cpt_log_level {
    I2CPT_LOG_ERROR = 0,
    I2CPT_LOG_WARNING = 1,
    I2CPT_LOG_INFO = 2,
    I2CPT_LOG_DEBUG = 3,
};

/*
 * The library prints nothing by itself. This function is called instead, from
 * any thread, with an enum i2cpt_log_level and one line without newline, which
 * is valid during the call. NULL (the default) drops it. Process-wide; set it
 * before the first adapter is opened. It must not call the library.
 */
typedef void (*i2cpt_log_fn)(int level, const char *line, void *user);

/* Have `log` called with `user` from now on, or with NULL nothing. */
I2CPT_API void i2cpt_set_log(i2cpt_log_fn log, void *user);

/* ---------------------------------------------------------------- messages */

/* Message flags: names and values of Linux's struct i2c_msg. */
#define I2CPT_M_RD           0x0001u
#define I2CPT_M_TEN          0x0010u
#define I2CPT_M_RECV_LEN     0x0400u
#define I2CPT_M_NO_RD_ACK    0x0800u
#define I2CPT_M_IGNORE_NAK   0x1000u
#define I2CPT_M_REV_DIR_ADDR 0x2000u
#define I2CPT_M_NOSTART      0x4000u
#define I2CPT_M_STOP         0x8000u
/* Those that want I2CPT_FUNC_PROTOCOL_MANGLING of an adapter, and all there
 * are. */
#define I2CPT_M_MANGLING                                             \
    (I2CPT_M_NO_RD_ACK | I2CPT_M_IGNORE_NAK | I2CPT_M_REV_DIR_ADDR | \
     I2CPT_M_STOP)
#define I2CPT_M_ALL                                                  \
    (I2CPT_M_RD | I2CPT_M_TEN | I2CPT_M_RECV_LEN | I2CPT_M_NOSTART | \
     I2CPT_M_MANGLING)

/* Functionality: names and values of Linux's I2C_FUNC_*. */
#define I2CPT_FUNC_I2C                    0x00000001u
#define I2CPT_FUNC_10BIT_ADDR             0x00000002u
#define I2CPT_FUNC_PROTOCOL_MANGLING      0x00000004u
#define I2CPT_FUNC_SMBUS_PEC              0x00000008u
#define I2CPT_FUNC_NOSTART                0x00000010u
#define I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL  0x00008000u
#define I2CPT_FUNC_SMBUS_QUICK            0x00010000u
#define I2CPT_FUNC_SMBUS_READ_BYTE        0x00020000u
#define I2CPT_FUNC_SMBUS_WRITE_BYTE       0x00040000u
#define I2CPT_FUNC_SMBUS_READ_BYTE_DATA   0x00080000u
#define I2CPT_FUNC_SMBUS_WRITE_BYTE_DATA  0x00100000u
#define I2CPT_FUNC_SMBUS_READ_WORD_DATA   0x00200000u
#define I2CPT_FUNC_SMBUS_WRITE_WORD_DATA  0x00400000u
#define I2CPT_FUNC_SMBUS_PROC_CALL        0x00800000u
#define I2CPT_FUNC_SMBUS_READ_BLOCK_DATA  0x01000000u
#define I2CPT_FUNC_SMBUS_WRITE_BLOCK_DATA 0x02000000u
#define I2CPT_FUNC_SMBUS_READ_I2C_BLOCK   0x04000000u
#define I2CPT_FUNC_SMBUS_WRITE_I2C_BLOCK  0x08000000u
#define I2CPT_FUNC_SMBUS_HOST_NOTIFY      0x10000000u
/* What plain I2C messages can emulate; Linux's I2C_FUNC_SMBUS_EMUL_ALL. */
#define I2CPT_FUNC_SMBUS_EMUL_ALL 0x0fff8008u

/*
 * One message: a START or repeated START, the address, and `len` bytes in one
 * direction. A transfer is an array of them, ended by one STOP.
 *
 * With I2CPT_M_RECV_LEN (reads only) the first byte that arrives is a count:
 * before the call `len` is the size of `buf` and buf[0] the number of bytes
 * besides the block (1: the count itself; 2: a PEC as well), as Linux has it.
 * Blocks up to len - buf[0] bytes, at most 255, are taken where the adapter
 * can (i2c-dev: 32); a larger or zero count is EPROTO.
 *
 * `actual` is set by the library: the bytes written and acknowledged, or read.
 */
struct i2cpt_msg {
    uint16_t addr;  /* 7-bit 0x00-0x7f, or with I2CPT_M_TEN 0x000-0x3ff */
    uint16_t flags; /* I2CPT_M_* */
    uint32_t len;   /* bytes, 0 to I2CPT_MSG_MAX */
    uint32_t actual;
    uint8_t *buf; /* len bytes; may be NULL where len is 0 */
};

#define I2CPT_MSG_MAX      0x100000u /* bytes of one message */
#define I2CPT_TRANSFER_MAX 1024u     /* messages of one transfer */

/* Frees what the library returned for the caller to free with this. NULL is
 * allowed. Any thread. */
I2CPT_API void i2cpt_free(void *p);

/* ---------------------------------------------------------------- adapters */

struct i2cpt_adapter;
struct i2cpt_options;

/*
 * One key of a specification string or of a policy, for embedders that make
 * properties of them. `accepts` is what an error message says that the value
 * may be ("on or off", "1 to 60000"); `def` is the default as text, or NULL.
 */
struct i2cpt_key_info {
    uint32_t size; /* sizeof(struct i2cpt_key_info), set by the caller */
    const char *name;
    const char *accepts;
    const char *def;
    const char *help;
};

/* The name of a backend of this build, by index from 0; NULL past the last.
 * Any thread; the string is static. */
I2CPT_API const char *i2cpt_backend_name(size_t index);

/* One line about it, for a person; NULL past the last. */
I2CPT_API const char *i2cpt_backend_help(size_t index);

/*
 * Key number `index` of a backend, or with NULL of those common to all
 * (`record`, `timeout-ms`, `retries`, `name`). 0, or -ENOENT past the last or
 * for an unknown backend.
 */
I2CPT_API int i2cpt_backend_key(const char *backend, size_t index,
                                struct i2cpt_key_info *out);

/*
 * Options: a specification string taken apart, or one built key by key. An
 * object belongs to one thread at a time; opening an adapter copies it.
 */

/* An empty one. Returns 0; free *out with i2cpt_options_free(). */
I2CPT_API int i2cpt_options_new(struct i2cpt_options **out);

/*
 * One from a specification string, BACKEND[,KEY=VALUE]..., with a literal comma
 * in a value doubled. 0, or -EINVAL with a line in `fault` that names the key,
 * the value and what is accepted; *out is then left as it was. Nothing is
 * opened. Free *out with i2cpt_options_free().
 */
I2CPT_API int i2cpt_options_parse(const char *spec, struct i2cpt_options **out,
                                  struct i2cpt_fault *fault);

/*
 * Set one key; both texts are copied. "backend" comes first, since the other
 * keys are checked against it; the same key again replaces what it was. 0, or
 * -EINVAL with a line in `fault` as above, and nothing is changed.
 */
I2CPT_API int i2cpt_options_set(struct i2cpt_options *options, const char *key,
                                const char *value, struct i2cpt_fault *fault);

/* The text that a key (or "backend") was set to; NULL where it was not, also
 * where it has a default. Valid until the key is set again. */
I2CPT_API const char *i2cpt_options_get(const struct i2cpt_options *options,
                                        const char *key);

/* The specification string again; free with i2cpt_free(). */
I2CPT_API char *i2cpt_options_format(const struct i2cpt_options *options);

/* What the host calls the adapter that the options mean ("bcm2835 I2C
 * adapter", as `i2cdetect -l` shows it); free with i2cpt_free(). NULL where it
 * has no name for it, or it is not there. Any thread. */
I2CPT_API char *i2cpt_options_host_name(const struct i2cpt_options *options);

/* Frees them. NULL is allowed. */
I2CPT_API void i2cpt_options_free(struct i2cpt_options *options);

/*
 * Open an adapter by its specification string, BACKEND[,KEY=VALUE]..., with a
 * literal comma in a value doubled. Every opening returns a handle of its own;
 * handles of the same physical adapter (or trace file) share one connection,
 * one queue and one worker. A second opening with another frequency, encoding,
 * timeout or record= is -EINVAL with the key's name in the fault.
 *
 * Errors: -EINVAL (unknown backend or key, bad value, missing key), -ENOENT,
 * -EACCES, -ENODEV, -ENOMEM and what open(2) may say, each with a line in
 * `fault->text` that names the key, the value and what is accepted.
 *
 * Free *out with i2cpt_adapter_unref(). Any thread.
 */
I2CPT_API int i2cpt_adapter_open(const char *spec, struct i2cpt_adapter **out,
                                 struct i2cpt_fault *fault);

/*
 * The same from options, which stay the caller's and may be changed or freed
 * afterwards. -EINVAL also where no "backend" was set.
 */
I2CPT_API int i2cpt_adapter_open_options(const struct i2cpt_options *options,
                                         struct i2cpt_adapter **out,
                                         struct i2cpt_fault *fault);

/*
 * A handle of its own on the adapter that `a` is one of, with a queue and a
 * name shared with it, for one of several clients that somebody serves: in a
 * recording (record=) its transfers are marked `%client-N`, N being `client`, 1
 * and above. 0, -EINVAL for 0, -EPERM after fork(). Free *out with
 * i2cpt_adapter_unref(). Any thread.
 */
I2CPT_API int i2cpt_adapter_as_client(struct i2cpt_adapter *a, uint32_t client,
                                      struct i2cpt_adapter **out);

/* Count one more owner of the handle; returns `a`. Any thread. */
I2CPT_API struct i2cpt_adapter *i2cpt_adapter_ref(struct i2cpt_adapter *a);

/*
 * Count one less. The last one frees the handle: it waits for its running
 * request, at most until that request's deadline, and drops queued ones without
 * calling back. Where it was the last handle of the adapter, that is closed,
 * and a recording of it ended. Any thread, also in a done(). NULL is
 * allowed.
 */
I2CPT_API void i2cpt_adapter_unref(struct i2cpt_adapter *a);

/* The `name=` key, or else what identifies it, "i2c-dev:/dev/i2c-1". Valid as
 * long as the handle. Any thread. */
I2CPT_API const char *i2cpt_adapter_name(const struct i2cpt_adapter *a);

/* I2CPT_FUNC_* bits, truthfully: what the host can do, not what is hoped. They
 * never change. Any thread. */
I2CPT_API uint32_t i2cpt_adapter_functionality(const struct i2cpt_adapter *a);

/* SCL frequency in Hz; 0 where the host does not say. Any thread. */
I2CPT_API uint32_t i2cpt_adapter_frequency_hz(const struct i2cpt_adapter *a);

/* Whether bytes can be sent one by one (stream mode of a passthrough): 0, 1.
 * Any thread. */
I2CPT_API int i2cpt_adapter_has_stream(const struct i2cpt_adapter *a);

/* Of i2cpt_list(): a specification string and one line about the adapter, both
 * valid during the call. Non-zero ends the listing. */
typedef int (*i2cpt_found_fn)(const char *spec, const char *about, void *user);

/*
 * Call `found` for each adapter that can be opened on this machine. Opens none
 * of them. Returns 0, what `found` returned where that was not 0, or a negative
 * errno. Any thread.
 */
I2CPT_API int i2cpt_list(i2cpt_found_fn found, void *user);

/* Of i2cpt_examine(): one line of text, valid during the call. */
typedef void (*i2cpt_line_fn)(const char *text, void *user);

/*
 * Find out of the host's hardware what no document says, and tell it in lines
 * of text for a person: of `ftdi`, how its engine's clock behaves while SCL is
 * an input. The adapter of `spec` (as i2cpt_adapter_open()) is opened for it
 * and closed, nobody else may have it open, and its bus has to be idle. Blocks
 * for some seconds at most. 0, or a negative errno with `fault`: -EOPNOTSUPP
 * where the backend has nothing to find out, or as opening fails. Any thread.
 */
I2CPT_API int i2cpt_examine(const char *spec, i2cpt_line_fn line, void *user,
                            struct i2cpt_fault *fault);

/*
 * One transfer: START, the `n` messages (1 to I2CPT_TRANSFER_MAX) joined by
 * repeated STARTs, STOP. Returns 0, with `actual` of each message set. A NACK
 * ends it with STOP, and no later message is started. Bounded by the adapter's
 * timeout-ms, which covers queueing and retries.
 *
 * Runs in the caller's thread when nothing is queued, except on an adapter
 * whose host calls cannot be cut short (i2c-dev): there the worker does it and
 * the caller gets ETIMEDOUT when the deadline has passed; the late result is
 * dropped, and until the host's call has returned further requests fail at
 * once with EBUSY.
 *
 * Errors: those of the list above; -EINVAL for a message that is malformed.
 * Any thread, but not in a done(). `msgs` and buffers are the caller's, and not
 * touched after the return.
 */
I2CPT_API int i2cpt_transfer(struct i2cpt_adapter *a, struct i2cpt_msg *msgs,
                             size_t n, struct i2cpt_fault *fault);

/* --------------------------------------------------------- asynchronous form
 */

struct i2cpt_request;

/*
 * `result` is what i2cpt_transfer() would have returned. Called once for each
 * request, only inside i2cpt_dispatch() or i2cpt_request_wait(), in their
 * thread, with no lock held. `fault` is valid during the call. Unref and submit
 * are allowed in it. `request` is the handle, for who keeps it; the others' is
 * not to be used any more.
 */
typedef void (*i2cpt_done_fn)(struct i2cpt_request *request, int result,
                              const struct i2cpt_fault *fault, void *user);

/*
 * Queue a transfer. `msgs` and their buffers are borrowed until `done` is
 * called. `timeout_ms` 0 is the adapter's. On success *out (may be NULL) is the
 * request; it is valid until its `done` begins, and then freed by the library.
 * Where another thread may dispatch this handle of the adapter, that can be at
 * once: leave *out alone then, or use i2cpt_submit_kept(). Any thread.
 */
I2CPT_API int i2cpt_submit(struct i2cpt_adapter *a, struct i2cpt_msg *msgs,
                           size_t n, uint32_t timeout_ms, i2cpt_done_fn done,
                           void *user, struct i2cpt_request **out);

/*
 * The same, and *out (not NULL) is valid until i2cpt_request_free(), whoever
 * dispatches: after done() has returned wait says 0 and cancel -EALREADY. It
 * counts as an owner of `a` until then. Errors as of i2cpt_submit(); *out is
 * NULL then. Any thread.
 */
I2CPT_API int i2cpt_submit_kept(struct i2cpt_adapter *a, struct i2cpt_msg *msgs,
                                size_t n, uint32_t timeout_ms,
                                i2cpt_done_fn done, void *user,
                                struct i2cpt_request **out);

/*
 * Give up the handle that i2cpt_submit_kept() gave: the request goes on, and
 * its done() is called as before. Any thread, also in done(), but not while
 * another one is in a call with this handle. NULL is allowed.
 */
I2CPT_API void i2cpt_request_free(struct i2cpt_request *request);

/*
 * A descriptor that polls readable while completions wait for dispatch. It
 * belongs to the handle; do not read or close it. Or -EMFILE and the like.
 */
I2CPT_API int i2cpt_adapter_fd(struct i2cpt_adapter *a);

/*
 * Call `done` of every completed request of this handle, and of those whose
 * deadline has passed; returns how many. Never waits. What i2cpt_request_wait()
 * waits for, and what a passthrough or a synchronous call has under way, is
 * left to them. Any thread, several at a time too.
 */
I2CPT_API int i2cpt_dispatch(struct i2cpt_adapter *a);

/*
 * Ask for a request's end. One that has not begun completes with ECANCELED;
 * one that is on the wire, or already with an adapter that takes several at a
 * time (ftdi), runs on to its end. Either way `done` is called, by a
 * later dispatch or wait. 0, or -EALREADY where it has completed. Any thread
 * that has a valid handle.
 */
I2CPT_API int i2cpt_request_cancel(struct i2cpt_request *request);

/*
 * Wait at most `timeout_us` for one request; where it completes, call its
 * `done` here and return 0 (the request is freed then, unless it is kept). Else
 * -ETIMEDOUT. While this waits nobody else completes the request: a second wait
 * is -EBUSY, one inside its own done() -EDEADLK. Of a kept one whose done()
 * runs in another thread it waits for that to return. Any thread that has a
 * valid handle.
 */
I2CPT_API int i2cpt_request_wait(struct i2cpt_request *request,
                                 uint32_t timeout_us);

/* ------------------------------------------------------------------- SMBus */

/*
 * SMBus protocols (SMBus 3.2 section 6.5), as messages where the adapter has
 * I2CPT_FUNC_I2C, else by the host's own SMBus commands.
 *
 * What holds for all of them: `addr` is 7-bit, or with I2CPT_CLIENT_TEN 10-bit;
 * `flags` are I2CPT_CLIENT_*, and PEC is appended and checked where the
 * protocol has one. They are synchronous, and bounded, as i2cpt_transfer() is;
 * any thread, but not in a done(). They return 0 where they say nothing else,
 * or a negative errno: those of the list at the top; -EINVAL for an address,
 * flag or length out of range; -EOPNOTSUPP where the adapter has not got the
 * functionality that the text names; -EBADMSG for a wrong PEC.
 */
#define I2CPT_CLIENT_PEC 0x04u /* Linux's I2C_CLIENT_PEC */
#define I2CPT_CLIENT_TEN 0x10u /* Linux's I2C_CLIENT_TEN */

#define I2CPT_CLAIM_FORCE 0x8000u

/*
 * What Linux's I2C_SLAVE asks: may `addr` be used, or has a kernel driver of
 * the host taken it? `flags` are I2CPT_CLIENT_TEN, and I2CPT_CLAIM_FORCE for
 * I2C_SLAVE_FORCE: nothing is asked, and from then on this adapter's users
 * reach the address whoever has it, as with force=on. 0, or -EBUSY with the
 * driver's name in `fault`, -EINVAL for an address or flag out of range,
 * -ENODEV where the adapter is gone. 0 too where it cannot be asked: all but
 * i2c-dev know nothing of drivers, and a transfer asks in any case. Nothing
 * goes over the bus, and nothing that does is waited for. Any thread.
 */
I2CPT_API int i2cpt_adapter_claim(struct i2cpt_adapter *a, uint16_t addr,
                                  uint16_t flags, struct i2cpt_fault *fault);

#define I2CPT_SMBUS_BLOCK_MAX  32u  /* up to SMBus 2.0, and Linux */
#define I2CPT_SMBUS3_BLOCK_MAX 255u /* since SMBus 3.0 */

/*
 * The protocols, numbered as Linux's transaction types (linux/i2c.h), and what
 * each looks like. Data that stand in Linux's form, union i2c_smbus_data, have
 * a byte or word (low byte first) at its begin, and blocks their count there.
 */
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
#define I2CPT_SMBUS_PROTOCOLS 9u /* the numbers are below this one */

#define I2CPT_SMBUS_COMMAND_WRITE 0x01u /* a write begins with the command */
#define I2CPT_SMBUS_COMMAND_READ  0x02u /* a read is after a write of it */
#define I2CPT_SMBUS_CALL          0x04u /* writes and then reads, both at once */
#define I2CPT_SMBUS_BLOCK         0x08u /* Linux's form begins with a count */
#define I2CPT_SMBUS_COUNTED       0x10u /* and the count goes over the wire */
#define I2CPT_SMBUS_PEC           0x20u /* can have a PEC */

struct i2cpt_smbus_protocol_info {
    size_t size;       /* of this struct; members may be appended */
    uint32_t protocol; /* enum i2cpt_smbus_protocol */
    const char *name;  /* Linux's, as "BLOCK_PROC_CALL" */
    uint32_t write_functionality, read_functionality; /* of a native host */
    uint32_t shape;        /* I2CPT_SMBUS_COMMAND_WRITE and so on */
    uint32_t write_length; /* data bytes besides command, count and PEC; */
    uint32_t read_length;  /* of blocks the most that Linux has */
};

/*
 * What protocol `number` looks like, or NULL where there is none of that number
 * (6 is one that Linux has given up). The library's own; any thread.
 */
I2CPT_API const struct i2cpt_smbus_protocol_info *i2cpt_smbus_protocol(
    unsigned number);

/* Quick command: the address alone; `read` is the R/W bit, 0 write, 1 read. */
I2CPT_API int i2cpt_smbus_quick(struct i2cpt_adapter *a, uint16_t addr,
                                uint16_t flags, int read,
                                struct i2cpt_fault *fault);

/* Receive byte: one byte without a command. Returns it, 0 to 255. */
I2CPT_API int i2cpt_smbus_receive_byte(struct i2cpt_adapter *a, uint16_t addr,
                                       uint16_t flags,
                                       struct i2cpt_fault *fault);

/* Send byte: `value` and nothing else. */
I2CPT_API int i2cpt_smbus_send_byte(struct i2cpt_adapter *a, uint16_t addr,
                                    uint16_t flags, uint8_t value,
                                    struct i2cpt_fault *fault);

/* Read byte: `command`, repeated START, one byte. Returns it, 0 to 255. */
I2CPT_API int i2cpt_smbus_read_byte_data(struct i2cpt_adapter *a, uint16_t addr,
                                         uint16_t flags, uint8_t command,
                                         struct i2cpt_fault *fault);

/* Write byte: `command`, `value`. */
I2CPT_API int i2cpt_smbus_write_byte_data(struct i2cpt_adapter *a,
                                          uint16_t addr, uint16_t flags,
                                          uint8_t command, uint8_t value,
                                          struct i2cpt_fault *fault);

/*
 * Read word: `command`, repeated START, two bytes, the low one first. Returns
 * them as one number, 0 to 65535.
 */
I2CPT_API int i2cpt_smbus_read_word_data(struct i2cpt_adapter *a, uint16_t addr,
                                         uint16_t flags, uint8_t command,
                                         struct i2cpt_fault *fault);

/* Write word: `command`, then `value`, its low byte first. */
I2CPT_API int i2cpt_smbus_write_word_data(struct i2cpt_adapter *a,
                                          uint16_t addr, uint16_t flags,
                                          uint8_t command, uint16_t value,
                                          struct i2cpt_fault *fault);

/*
 * Process call: `command`, `value`, repeated START, a word. Returns it, 0 to
 * 65535.
 */
I2CPT_API int i2cpt_smbus_process_call(struct i2cpt_adapter *a, uint16_t addr,
                                       uint16_t flags, uint8_t command,
                                       uint16_t value,
                                       struct i2cpt_fault *fault);

/*
 * Block read: `command`, repeated START, a count, and so many bytes. They go
 * into `buf`, at most `size` (1 to 255; more is not used) of them. Returns the
 * count. A count of 0, or above `size`, is -EPROTO. Above I2CPT_SMBUS_BLOCK_MAX
 * the adapter needs I2CPT_FUNC_I2C.
 */
I2CPT_API int i2cpt_smbus_read_block_data(struct i2cpt_adapter *a,
                                          uint16_t addr, uint16_t flags,
                                          uint8_t command, uint8_t *buf,
                                          size_t size,
                                          struct i2cpt_fault *fault);

/*
 * Block write: `command`, `len`, and `len` bytes of `buf`, 1 to 255; above
 * I2CPT_SMBUS_BLOCK_MAX the adapter needs I2CPT_FUNC_I2C.
 */
I2CPT_API int i2cpt_smbus_write_block_data(struct i2cpt_adapter *a,
                                           uint16_t addr, uint16_t flags,
                                           uint8_t command, const uint8_t *buf,
                                           size_t len,
                                           struct i2cpt_fault *fault);

/*
 * Block process call: `command`, `len`, `len` bytes of `out` (1 to 255),
 * repeated START, a count, and so many bytes into `in`, which has room for
 * `size` (1 to 255). Returns the count; 0 or above `size` is -EPROTO.
 */
I2CPT_API int i2cpt_smbus_block_process_call(struct i2cpt_adapter *a,
                                             uint16_t addr, uint16_t flags,
                                             uint8_t command,
                                             const uint8_t *out, size_t len,
                                             uint8_t *in, size_t size,
                                             struct i2cpt_fault *fault);

/*
 * I2C block read, Linux's name for what is not in SMBus: `command`, repeated
 * START, exactly `len` bytes (1 to 255) into `buf`, no count on the wire, no
 * PEC. Returns `len`.
 */
I2CPT_API int i2cpt_smbus_read_i2c_block(struct i2cpt_adapter *a, uint16_t addr,
                                         uint16_t flags, uint8_t command,
                                         uint8_t *buf, size_t len,
                                         struct i2cpt_fault *fault);

/*
 * I2C block write: `command` and exactly `len` bytes (1 to 255) of `buf`, no
 * count on the wire, no PEC.
 */
I2CPT_API int i2cpt_smbus_write_i2c_block(struct i2cpt_adapter *a,
                                          uint16_t addr, uint16_t flags,
                                          uint8_t command, const uint8_t *buf,
                                          size_t len,
                                          struct i2cpt_fault *fault);

/*
 * SMBus packet error code (SMBus 3.2 section 5.4): CRC-8 with polynomial
 * x^8 + x^2 + x + 1 over `len` bytes, going on from `crc` (0 at first). The
 * address bytes, with their R/W bit, belong to it. Any thread.
 */
I2CPT_API uint8_t i2cpt_smbus_pec(uint8_t crc, const uint8_t *buf, size_t len);

/* How to ask for presence. AUTO follows i2cdetect: receive byte at 0x30-0x37
 * and 0x50-0x5f, where a quick write may disturb an EEPROM, quick write
 * elsewhere. */
enum i2cpt_probe_how {
    I2CPT_PROBE_AUTO = 0,
    I2CPT_PROBE_QUICK = 1,
    I2CPT_PROBE_READ = 2,
};

/*
 * Is there a target at `addr`, 0x00 to 0x7f? 1 yes, 0 no, negative errno where
 * it cannot be told (-EBUSY: a kernel driver has it; -EOPNOTSUPP: the adapter
 * lacks the command; -EINVAL: address or `how` out of range). One transfer,
 * bounded as any other. Any thread, but not in a done().
 */
I2CPT_API int i2cpt_probe(struct i2cpt_adapter *a, uint16_t addr, int how,
                          struct i2cpt_fault *fault);

/*
 * Probe `first` to `last` (i2cdetect's own range is 0x08 to 0x77) and put into
 * result[addr] what i2cpt_probe() said. `result` has 128 entries, of which
 * those outside the range stay as they were. Returns how many answered; or a
 * negative errno, at once, for what would be the same at every address
 * (ENODEV, EPERM, EINVAL, ENOMEM, ECANCELED).
 */
I2CPT_API int i2cpt_scan(struct i2cpt_adapter *a, uint16_t first, uint16_t last,
                         int how, int16_t *result, struct i2cpt_fault *fault);

/* ----------------------------------------------------------------- serving */

/*
 * Serve an adapter to one client, a `remote` backend in another process, over
 * two descriptors (the same one twice for a socket), until the client hangs up:
 * 0; -EPROTO where it does not speak the protocol, -EOPNOTSUPP where only
 * another version of it. Blocks; several clients need a thread each, and their
 * requests go out in order. Both descriptors are made non-blocking and stay
 * open. Writing to a pipe whose reader is gone raises SIGPIPE: ignore it.
 */
I2CPT_API int i2cpt_serve(struct i2cpt_adapter *a, int in_fd, int out_fd);

/* A Unix socket that has a name, for clients with `remote,socket=PATH`. */
struct i2cpt_listener;

/*
 * Listen at `path`, for this user alone (mode 0600). The name is there when it
 * can be connected to. A socket of that name that nobody listens at any more is
 * replaced, anything else stays and is -EEXIST. 0 and *out; or -ENAMETOOLONG,
 * or what the system says, with a line in `fault` that begins with the path.
 * Any thread. Free with i2cpt_listener_free().
 */
I2CPT_API int i2cpt_listener_new(const char *path, struct i2cpt_listener **out,
                                 struct i2cpt_fault *fault);

/* The descriptor for poll(2) and accept(2), non-blocking; it stays the
 * listener's. */
I2CPT_API int i2cpt_listener_fd(const struct i2cpt_listener *l);

/* Closes it, and removes the name where it is still this one's. Who was
 * accepted stays connected. NULL is allowed. */
I2CPT_API void i2cpt_listener_free(struct i2cpt_listener *l);

/* ------------------------------------------------------------- passthrough */

/*
 * From the byte events of an emulated controller to transfers. docs/policy.md
 * explains every key below: why there are two modes, what an over-read can do
 * to a chip, and which setting suits which chip.
 */
struct i2cpt_policy;
struct i2cpt_passthrough;

/* A policy with the defaults of every key. Returns 0; free *out with
 * i2cpt_policy_free(). It belongs to one thread at a time. */
I2CPT_API int i2cpt_policy_new(struct i2cpt_policy **out);

/* Frees it. NULL is allowed. */
I2CPT_API void i2cpt_policy_free(struct i2cpt_policy *policy);

/*
 * Set one key, by name and as text, both copied. Addresses: `address` (what the
 * guest says), `hostaddr` (what goes to the wire), each defaulting to the
 * other, or `addresses` (a list 0x0e:0x1d:0x50-0x57, or any) with both the
 * same. 0, or -EINVAL with a line that names key, value and what is accepted,
 * and nothing is changed.
 */
I2CPT_API int i2cpt_policy_set(struct i2cpt_policy *policy, const char *key,
                               const char *value, struct i2cpt_fault *fault);

/*
 * The address that `text` is, as every key reads one: decimal or 0x, 0x00 to
 * 0x7f. Or -EINVAL with a line that names `key`, the text and what is accepted.
 * Any thread.
 */
I2CPT_API int i2cpt_address_parse(const char *key, const char *text,
                                  struct i2cpt_fault *fault);

/* What key number `index`, from 0, is; 0, or -ENOENT past the last. Its strings
 * are static. Any thread. */
I2CPT_API int i2cpt_policy_key(size_t index, struct i2cpt_key_info *out);

/* What the guest is told for a START, a written or a read byte. */
enum i2cpt_answer {
    I2CPT_ACK = 0,
    I2CPT_NACK = 1,
    I2CPT_PENDING = 2, /* only with a `complete` hook: it will tell */
};

/*
 * The embedder's side. `size` is sizeof(struct i2cpt_hooks); of a later
 * version's, the members that this library does not know are not looked at, and
 * of an earlier one's those that are missing count as NULL. Members that are
 * NULL take the default in brackets.
 *
 * complete: the controller can wait. Calls then answer I2CPT_PENDING while the
 *     wire works, and complete() is called once for each that has, in the
 *     thread that calls dispatch, wait, drain or free, with ACK or NACK and for
 *     reads the byte. What needs no wire, and an adapter in memory, answers at
 *     once as without the hook; complete() is not called then. A call made
 *     while one is pending is -EBUSY. [calls block until the wire has answered,
 *     never past the deadline; on expiry a START or write is NACKed and a read
 *     gives 0xff]
 * now_ns: monotonic time in nanoseconds. [CLOCK_MONOTONIC]
 * timer: call i2cpt_passthrough_timer() at `when_ns` of that clock; UINT64_MAX
 *     forgets it; a new call replaces the last. May come from any thread.
 *     [a thread of the library]
 * blocks: who calls without `complete` and holds a lock that others want: with
 *     1 before an event waits for the wire, with 0 once it has, in the thread
 *     of the event. Not of an adapter in memory, nor by reset, drain or free.
 *     No other call on this passthrough but fault, counter and has_address may
 *     come from a thread that holds that lock meanwhile. [nothing]
 * Hooks are called with no lock of the passthrough held; now_ns from any
 * thread.
 */
struct i2cpt_hooks {
    uint32_t size;
    void *user;
    void (*complete)(void *user, int answer, uint8_t byte);
    uint64_t (*now_ns)(void *user);
    void (*timer)(void *user, uint64_t when_ns);
    void (*blocks)(void *user, int begins);
};

/*
 * A passthrough of its own on an adapter, of which it keeps a reference;
 * `policy` and `hooks` (may be NULL) are copied. Free *out with
 * i2cpt_passthrough_free(). -EINVAL where no address was set, or where
 * transfer=stream and the adapter has no stream; -ENOENT, -EINVAL and the like
 * of learn-from=; always with a line in `fault`.
 */
I2CPT_API int i2cpt_passthrough_new(struct i2cpt_adapter *a,
                                    const struct i2cpt_policy *policy,
                                    const struct i2cpt_hooks *hooks,
                                    struct i2cpt_passthrough **out,
                                    struct i2cpt_fault *fault);

/*
 * Frees it, after i2cpt_passthrough_drain(). An event that is pending ends in
 * here, and complete() is called for it, with NACK where its deadline passes.
 * Waits for dispatch, wait and timer where they are running in another thread;
 * complete() is not called any more once this has returned. Not in a hook, and
 * not beside a bus event. NULL is allowed.
 */
I2CPT_API void i2cpt_passthrough_free(struct i2cpt_passthrough *pt);

/* 1 where this guest address is one of the configured ones, else 0. Any
 * thread. */
I2CPT_API int i2cpt_passthrough_has_address(const struct i2cpt_passthrough *pt,
                                            uint16_t address);

/*
 * The guest's bus events: start, write, read, nack, stop. They come from one
 * thread at a time, in the order of the bus. Those that answer return an enum
 * i2cpt_answer, or a negative errno for misuse: -EBUSY while an event is
 * pending, -EPERM after fork(). They are bounded by the adapter's timeout-ms.
 */

/*
 * A START, or where a transaction is open a repeated START. `address` is the
 * guest's, 7-bit; `flags` 0 or I2CPT_M_RD. `expect` of a START for a read is
 * the number of bytes that the controller will take where it knows, else 0.
 * NACK: nobody there, or a fault of this address that is told late. -EINVAL for
 * an address that is not configured: it is somebody else's START, and where a
 * transaction is open that ends as with i2cpt_passthrough_stop(); what it has
 * kept goes out, without being waited for where there is a `complete` hook, and
 * its fault is told at the next START to its own address.
 */
I2CPT_API int i2cpt_passthrough_start(struct i2cpt_passthrough *pt,
                                      uint16_t address, uint16_t flags,
                                      uint32_t expect);

/* One byte that the guest writes, in a transaction that was opened for it. */
I2CPT_API int i2cpt_passthrough_write(struct i2cpt_passthrough *pt,
                                      uint8_t byte);

/* One byte that the guest takes; *byte is 0xff where the answer is NACK, and
 * with PENDING comes by complete(). */
I2CPT_API int i2cpt_passthrough_read(struct i2cpt_passthrough *pt,
                                     uint8_t *byte);

/*
 * What went wrong on the wire in the transaction that is open or was the last
 * one, copied into *out; code 0 where nothing has. For controllers that tell an
 * address that was not acknowledged from a byte: in message mode that does not
 * follow from the event that was answered NACK.
 */
I2CPT_API void i2cpt_passthrough_fault(struct i2cpt_passthrough *pt,
                                       struct i2cpt_fault *out);

/*
 * The byte just read was the last one wanted; before the first one of a read,
 * as controllers say it that decide beforehand: that one will be. Further reads
 * are NACK and 0xff, and nothing more is clocked. Optional: stop, and a
 * repeated START, say it too. Without a read, and while an event is pending, it
 * does nothing.
 */
I2CPT_API void i2cpt_passthrough_nack(struct i2cpt_passthrough *pt);

/*
 * The STOP. ACK, or with a `complete` hook PENDING and then ACK or NACK: NACK
 * says that something was refused that the guest had been told ACK for, and
 * then no later START says it again. Without a transaction it is ACK, and
 * nothing happens.
 */
I2CPT_API int i2cpt_passthrough_stop(struct i2cpt_passthrough *pt);

/*
 * An SMBus transaction as a controller has it that knows the whole of it: data
 * without command, count and PEC, words with their low byte first.
 */
struct i2cpt_smbus_transaction {
    uint32_t size;    /* of this struct; members may be appended */
    uint16_t address; /* the guest's, 7-bit */
    uint16_t flags;   /* 0 or I2CPT_CLIENT_PEC */
    uint8_t protocol; /* enum i2cpt_smbus_protocol */
    uint8_t read;     /* the R/W bit, 0 or 1; of no meaning in calls */
    uint8_t command;  /* of send byte the byte itself */
    uint8_t reserved; /* 0 */
    /* what is written: a byte, a word, a block of 1 to 255 */
    const uint8_t *out;
    size_t out_len;
    /* what is read; `in_size` of a block is the longest that is taken, 1 to
     * 255, of an I2C block its length */
    uint8_t *in;
    size_t in_size;
};

/*
 * One such transaction, in place of START ... STOP: exactly the SMBus call (see
 * i2cpt_smbus_quick() and the following), with addresses, readonly=on, order,
 * late faults and counters of this passthrough. What is open ends as with
 * i2cpt_passthrough_stop(). Returns how many bytes were read, or a negative
 * errno with `fault`: -EINVAL for an address that is not configured, or lengths
 * that do not fit; -EACCES where readonly=on forbids it; -EBUSY while an event
 * is pending; else what the call returned. Blocks, `complete` hook or not, at
 * most until the adapter's deadline. From the thread of the bus events.
 */
I2CPT_API int i2cpt_passthrough_smbus(struct i2cpt_passthrough *pt,
                                      const struct i2cpt_smbus_transaction *t,
                                      struct i2cpt_fault *fault);

/*
 * For embedders with a `complete` hook (-EINVAL for others). complete() may
 * begin the next event; it must not free the passthrough.
 */

/* A descriptor to poll for reading. It belongs to the passthrough; do not read
 * or close it. Any thread. */
I2CPT_API int i2cpt_passthrough_fd(struct i2cpt_passthrough *pt);

/*
 * What to call when it is readable: carries on what is under way, and calls
 * complete() where an event has ended. Also calls back whoever else has
 * submitted on this handle of the adapter. Never waits. Returns how many
 * requests ended. Any thread, beside bus events too.
 */
I2CPT_API int i2cpt_passthrough_dispatch(struct i2cpt_passthrough *pt);

/*
 * Wait at most `timeout_us` for the pending event, and call complete() in this
 * thread, unless another one that dispatches has begun to: 0, also where none
 * is pending; or -ETIMEDOUT. Any thread.
 */
I2CPT_API int i2cpt_passthrough_wait(struct i2cpt_passthrough *pt,
                                     uint32_t timeout_us);

/* What the `timer` hook asked to be called: at its time, or later. Any
 * thread; nothing happens where nothing is due. */
I2CPT_API void i2cpt_passthrough_timer(struct i2cpt_passthrough *pt);

/*
 * Guest reset: the transaction is dropped (message mode: written bytes that
 * were kept are not sent; stream mode: STOP), what was promised is forgotten,
 * what was learned stays; a request in the kernel is orphaned; complete() is
 * not called for it (one that has begun in another thread may still run).
 * Without a `complete` hook it waits at most until the deadline, for the STOP;
 * with one for nothing but a recorder (record=) that is busy for another handle
 * of the bus, at most timeout-ms, to say how much of a read was taken.
 */
I2CPT_API void i2cpt_passthrough_reset(struct i2cpt_passthrough *pt);

/*
 * Drain, for VM stop and exit: as a STOP of the guest, then wait for posted
 * writes and the recorder, at most until their deadlines. An event that is
 * pending ends first, and complete() is called for it.
 */
I2CPT_API void i2cpt_passthrough_drain(struct i2cpt_passthrough *pt);

/* Counters of a passthrough. They only grow. */
enum i2cpt_counter {
    I2CPT_COUNT_TRANSACTIONS, /* guest's START ... STOP */
    I2CPT_COUNT_TRANSFERS, /* transfers that reached the adapter, all kinds */
    I2CPT_COUNT_BYTES_WRITTEN, /* guest bytes acknowledged */
    I2CPT_COUNT_BYTES_READ,    /* guest bytes taken */
    I2CPT_COUNT_OVER_READ,     /* bytes fetched that the guest did not take */
    I2CPT_COUNT_PROBES,        /* extra transfers that asked for presence */
    I2CPT_COUNT_RESENDS,       /* extra transfers after a too short read */
    I2CPT_COUNT_CONTINUES,     /* extra reads with on-short=continue */
    I2CPT_COUNT_BUSY_RETRIES,  /* transfers sent again to keep a promised ACK */
    I2CPT_COUNT_NACKS,         /* NACKs told to the guest */
    I2CPT_COUNT_LATE_FAULTS,   /* faults found after the guest was told ACK */
    I2CPT_COUNT_HOLD_TIMEOUTS, /* buses released from a guest gone quiet */
    I2CPT_COUNT_TIMEOUTS,      /* deadlines that passed */
    I2CPT_COUNT_BLOCKED,       /* writes that readonly=on kept from the host */
    I2CPT_COUNT_MISMATCHES,    /* requests that differ from the trace */
    I2CPT_COUNT_HOST_ERRORS,   /* faults that are no NACK and no mismatch */
    I2CPT_COUNT_LONGEST_WAIT_US, /* of an event for its answer, microseconds */
    I2CPT_COUNTERS
};
/* The name of a counter, "over-read", by index from 0; NULL past the last. The
 * string is static. Any thread. */
I2CPT_API const char *i2cpt_counter_name(size_t index);

/* What the counter number `index` stands at; 0 past the last. Any thread. */
I2CPT_API uint64_t i2cpt_passthrough_counter(struct i2cpt_passthrough *pt,
                                             size_t index);

#ifdef __cplusplus
}
#endif

#endif
