/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of the recorder: the adapter around an adapter (recorder.c), and
 * lines on their way into the file (recorder-lines.c). */
#ifndef I2CPT_RECORDER_H
#define I2CPT_RECORDER_H

#include <glib.h>

#include "i2cpt-trace.h"
#include "private.h"

/* A transfer as it is being made: its messages grow. */
struct record {
    GArray *msgs;      /* of struct i2cpt_trace_msg; `bytes` not set */
    GArray *starts;    /* of guint: where each one's bytes begin */
    GByteArray *bytes; /* of all */
    uint64_t began_ns;
    uint32_t mark;
    bool guess;    /* how many bytes the guest took is still to be told */
    bool too_long; /* for a line of a trace */
    struct i2cpt_fault fault;
};

struct record_lines;

int record_lines_open(const char *path, struct record_lines **out,
                      struct i2cpt_fault *fault);
/* Writes what is held back, and `end N`. */
void record_lines_close(struct record_lines *l);
struct i2cpt_trace_writer *record_lines_writer(struct record_lines *l);
/*
 * A transfer that has ended. One with `guess` waits for record_lines_took(),
 * and so do those behind it, up to a bound; then it goes out without.
 */
void record_lines_put(struct record_lines *l, struct record *r);
void record_lines_took(struct record_lines *l, uint32_t n);
/* 0, or why the recording has stopped. */
int record_lines_flush(struct record_lines *l);

void record_init(struct record *r);
void record_clear(struct record *r);
void record_reset(struct record *r, uint32_t marks);
void record_msg(struct record *r, uint16_t addr, uint16_t flags, uint32_t len);
/* All bytes of message i, which come after those of message i - 1. */
void record_data(struct record *r, guint i, const uint8_t *bytes, uint32_t n);
/* One more of the last message. */
void record_byte(struct record *r, uint8_t byte);
struct i2cpt_trace_msg *record_last(struct record *r);

#endif
