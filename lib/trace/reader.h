/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a reader, for the two files that make it. */
#ifndef I2CPT_TRACE_READER_H
#define I2CPT_TRACE_READER_H

#include "trace/line.h"

struct i2cpt_trace_reader {
    char *name;
    int fd; /* -1: all of it is in `buf` */
    bool close_fd;
    bool seekable; /* by pread() at `base + len`, or memory */
    char *buf;
    bool own_buf;
    size_t cap, len, pos; /* buf[pos..len) is still to be read */
    uint64_t base;        /* offset in the file of buf[0] */
    bool eof;             /* nothing comes behind buf[len) */

    uint64_t line;          /* number of the last one */
    uint64_t count;         /* transfers so far */
    bool headers;           /* before the first stamp */
    bool counting;          /* not since a seek */
    bool complete;          /* the last thing was `end N` */
    bool done;              /* at the end, or after an error */
    struct trace_slot slot; /* for the public calls */
};

/* More bytes behind buf[len). */
int trace_reader_fill(struct i2cpt_trace_reader *r, uint64_t deadline_ns,
                      struct i2cpt_fault *fault);
/* 1 and the next line, newline not counted but there; 0: what is left, maybe
 * nothing, has no newline. */
int trace_reader_line(struct i2cpt_trace_reader *r, uint64_t deadline_ns,
                      const char **out, size_t *len, struct i2cpt_fault *fault);
struct i2cpt_trace_reader *trace_reader_new(const char *name);
/* Check the first line; on failure the reader is freed. */
int trace_reader_start(struct i2cpt_trace_reader *r,
                       struct i2cpt_trace_reader **out,
                       struct i2cpt_fault *fault);

#endif
