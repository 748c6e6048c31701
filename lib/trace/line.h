/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of trace reading and writing: one line, parsed and formatted. */
#ifndef I2CPT_TRACE_LINE_H
#define I2CPT_TRACE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "i2cpt-trace.h"

#define TRACE_MAGIC     "i2cpt-trace "
#define TRACE_WORDS_MAX 255u              /* unknown %words of a line */
#define TRACE_KEY_MAX   63u               /* a header's key, an event's kind */
#define TRACE_STAMP_MAX 9223372035u       /* seconds; in ns it fits 63 bits */
#define TRACE_COUNT_MAX 1000000000000000u /* transfers */
#define TRACE_BLOCK_MAX 257u              /* count, 255 bytes, PEC */
#define TRACE_ERRNO_MAX 4095              /* Linux's MAX_ERRNO */

/* Where a parsed line lives; its memory serves the next line again. */
struct trace_slot {
    struct i2cpt_trace_line line;
    struct i2cpt_trace_msg *msgs;
    uint32_t msgs_cap;
    uint8_t *data;  /* bytes of all messages */
    uint8_t *kinds; /* of the same size; clean only once `special` */
    size_t data_cap;
    bool special;
    char *text; /* key NUL text NUL */
    size_t text_cap;
    char words[TRACE_WORDS_MAX + 1];
    /* for one who keeps several: which this is, and of what */
    uint64_t index;
    const void *owner;
    bool valid;
};

struct trace_error {
    size_t column; /* from 0 */
    char text[160];
};

void trace_slot_clear(struct trace_slot *slot);
/* Room for `need` bytes, `need` of text, or message number n; or -ENOMEM. */
int trace_slot_reserve_data(struct trace_slot *slot, size_t need);
int trace_slot_reserve_text(struct trace_slot *slot, size_t need);
int trace_slot_reserve_msg(struct trace_slot *slot, uint32_t n);

/*
 * Parse the line [p, p + len), whose newline stands at p[len]. `headers`: we
 * are before the first transfer. 0, -EINVAL with *error, or -ENOMEM.
 */
int trace_parse_line(struct trace_slot *slot, const char *p, size_t len,
                     bool headers, struct trace_error *error);

/* Whether text can stand in a line: UTF-8 without control characters but TAB.
 * Returns the offset of the first bad byte, or len. */
size_t trace_text_check(const char *text, size_t len);
bool trace_is_key(const char *text, size_t len);  /* letters digits - _ */
bool trace_is_kind(const char *text, size_t len); /* letters - */

/* Append the line, without newline, to a buffer that grows; -ENOMEM, or
 * -EINVAL with the fault where its fields cannot be written. */
struct trace_text {
    char *buf;
    size_t len, cap;
    bool failed; /* no memory, or longer than a line may be */
};
void trace_text_add(struct trace_text *t, const char *text, size_t len);
void trace_format_stamp(struct trace_text *t, uint64_t ns);
/* With a space before it. */
void trace_format_msg(struct trace_text *t, const struct i2cpt_trace_msg *m,
                      bool address);
void trace_format_transfer(struct trace_text *t,
                           const struct i2cpt_trace_transfer *x);
int trace_format_line(struct trace_text *t, const struct i2cpt_trace_line *line,
                      struct i2cpt_fault *fault);
/* A line of whatever version filled it in, as one of this version; -EINVAL for
 * a size that none has. */
int trace_line_copy(const struct i2cpt_trace_line *line,
                    struct i2cpt_trace_line *out, struct i2cpt_fault *fault);

/* ------------------------------------------------- reader.c, for matching */

/* Parse the next line into `slot` (1), or 0 at the end. A read from something
 * that is not a file waits no longer than `deadline_ns` (-ETIMEDOUT, and the
 * call can be made again). */
int trace_reader_read(struct i2cpt_trace_reader *r, struct trace_slot *slot,
                      uint64_t deadline_ns, struct i2cpt_fault *fault);
bool trace_reader_seekable(const struct i2cpt_trace_reader *r);
/* Go to a line by its offset; counts of lines and transfers are lost. */
void trace_reader_seek(struct i2cpt_trace_reader *r, uint64_t offset);
/* Another one over the same file, from its beginning; seekable ones only. */
int trace_reader_again(const struct i2cpt_trace_reader *r,
                       struct i2cpt_trace_reader **out,
                       struct i2cpt_fault *fault);
/* Take all of it into memory, so that it becomes seekable. */
int trace_reader_load(struct i2cpt_trace_reader *r, struct i2cpt_fault *fault);
/* Count transfers from here on, after a seek to the first. */
void trace_reader_recount(struct i2cpt_trace_reader *r);
/* So small that all of it may be kept in memory. */
bool trace_reader_is_small(const struct i2cpt_trace_reader *r);
bool trace_reader_ends(const struct i2cpt_trace_reader *r);
/* Number of the line at `offset`, by counting; 0 where that fails. */
uint64_t trace_reader_line_at(struct i2cpt_trace_reader *r, uint64_t offset);
/* Of what comes behind the last line that was read. */
uint64_t trace_reader_offset(const struct i2cpt_trace_reader *r);
const char *trace_reader_name(const struct i2cpt_trace_reader *r);

/* ------------------------------------------------ writer.c, for recorders */

/* There was nothing in the file before. */
bool trace_writer_is_fresh(const struct i2cpt_trace_writer *w);
/* Its headers say "bus: N" of this one; of any. */
bool trace_writer_has_bus(const struct i2cpt_trace_writer *w, uint32_t bus);
bool trace_writer_has_buses(const struct i2cpt_trace_writer *w);
bool trace_writer_takes_headers(const struct i2cpt_trace_writer *w);
/* What its header "lines" says of this bus (-1: of the only one), or NULL. */
const char *trace_writer_lines(const struct i2cpt_trace_writer *w, int32_t bus);
/* What stands there is still to be replaced. */
bool trace_writer_replaces(const struct i2cpt_trace_writer *w);
/* Nothing of it is to be seen yet. */
bool trace_writer_is_hidden(const struct i2cpt_trace_writer *w);
/* A line takes as long as somebody's reading: a FIFO, a terminal. */
bool trace_writer_may_wait(const struct i2cpt_trace_writer *w);
/* Whether `path` is the file that it writes. */
bool trace_writer_is(const struct i2cpt_trace_writer *w, const char *path);

#endif
