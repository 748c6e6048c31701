/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of the recorder: the adapter around an adapter (recorder.c), a
 * transfer in the making (transfer-builder.c), and lines on their way into the
 * file (shared-file.c). */
#ifndef I2CPT_RECORDER_H
#define I2CPT_RECORDER_H

#include <glib.h>

#include "core/backend.h"
#include "i2cpt-trace.h"

/*
 * The recorder wraps an opened instance: takes ops and priv of the inner one,
 * gives its own, whose close() closes the inner one. `path` is record=.
 */
int record_wrap(const struct i2cpt_options *o, const char *path,
                const struct i2cpt_bus_info *info, const struct i2cpt_ops **ops,
                void **priv, struct i2cpt_fault *fault);

/* Bytes of one transfer: their text has to fit a line. */
#define RECORD_MAX (I2CPT_TRACE_LINE_MAX / 3 - 65536u)

/* A transfer as it is being made: its messages grow. */
struct record {
    GArray *msgs;      /* of struct i2cpt_trace_msg; `bytes` not set */
    GArray *starts;    /* of guint: where each one's bytes begin */
    GByteArray *bytes; /* of all */
    GByteArray *kinds; /* of each byte, I2CPT_TRACE_*; empty: all plain */
    uint64_t began_ns;
    int32_t bus; /* N of i2c-N:, -1 without */
    uint32_t mark;
    uint32_t client;   /* 0: not marked */
    bool guess;        /* how many bytes the guest took is still to be told */
    const void *owner; /* ... by this one */
    bool too_long;     /* for a line of a trace */
    struct i2cpt_fault fault;
};

struct record_lines;

enum record_flag {
    RECORD_APPEND = 1,
    RECORD_EMPTY = 2, /* closed without a transfer, it is a file too */
};

/*
 * The file of one adapter, or, with `bus` 0 and above, of several in this
 * process, from any thread. *headers: those of this adapter are still to be
 * written. `path` is as record= has it.
 */
int record_lines_open(const char *path, uint32_t flags, int32_t bus,
                      struct record_lines **out, bool *headers,
                      struct i2cpt_fault *fault);
/* The last one writes what is held back, and `end N`. Without a transfer, what
 * stood there stays. */
void record_lines_close(struct record_lines *l, int32_t bus);
int record_lines_header(struct record_lines *l, const char *key,
                        const char *text, struct i2cpt_fault *fault);
/* Putting a line there may take as long as somebody's reading. */
bool record_lines_may_wait(const struct record_lines *l);
/* As i2cpt_trace_record_end(). */
int record_lines_end(struct record_lines *l, struct i2cpt_fault *fault);
/*
 * A transfer that has ended. One with `guess` waits for record_lines_took(),
 * and so do those behind it, up to a bound; then it goes out without.
 */
void record_lines_put(struct record_lines *l, struct record *r);
/* Now, behind all that is held back: it does not wait either. */
int record_lines_event(struct record_lines *l, const char *kind,
                       const char *text, struct i2cpt_fault *fault);
/* A change of a line, at stamp_ns of the clock (0: when the file was opened),
 * behind what was put there before. */
void record_lines_irq(struct record_lines *l, const char *text,
                      uint64_t stamp_ns);
/* What the header of this bus names as its lines; NULL: none. g_free()d by the
 * caller. */
char *record_lines_names(struct record_lines *l, int32_t bus);
void record_lines_took(struct record_lines *l, const void *owner, uint32_t n);
/* Writes what is held back: 0, or why the recording has stopped. */
int record_lines_flush(struct record_lines *l);
/* The same, and nothing is written. */
int record_lines_failed(struct record_lines *l, struct i2cpt_fault *fault);
/* Around a fork(): as of adapters, the child has none of its parent's. */
void record_lines_before_fork(void);
void record_lines_after_fork(bool child);

void record_init(struct record *r);
void record_clear(struct record *r);
void record_reset(struct record *r, uint32_t marks);
void record_msg(struct record *r, uint16_t addr, uint16_t flags, uint32_t len);
/* All bytes of message i, which come after those of message i - 1. */
void record_data(struct record *r, guint i, const uint8_t *bytes, uint32_t n);
/* From byte `from` of message i on: not to be written down. All bytes have to
 * be there. */
void record_hide(struct record *r, guint i, uint32_t from);
/* One more of the last message. */
void record_byte(struct record *r, uint8_t byte);
struct i2cpt_trace_msg *record_last(struct record *r);

#endif
