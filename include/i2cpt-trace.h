/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Traces of I2C traffic, format 1 (docs/trace-format.md): reading them, writing
 * them, and the verdict of an adapter that answers from one.
 *
 * Errors are as in i2cpt.h: 0 or a count, else a negative errno with one line
 * in fault->text. A file that is not a trace is -EINVAL, and the line begins
 * with FILE:LINE:COLUMN (both from 1, columns count bytes). Objects here belong
 * to one thread at a time.
 *
 * Structs that begin with `size` grow at their end in later versions; the
 * others stay as they are. Who fills one in sets `size`; what the library hands
 * out has the size of the library's.
 */
#ifndef I2CPT_TRACE_H
#define I2CPT_TRACE_H

#include "i2cpt.h"

#ifdef __cplusplus
extern "C" {
#endif

#define I2CPT_TRACE_VERSION  1
#define I2CPT_TRACE_LINE_MAX (16u << 20) /* bytes, newline included */
#define I2CPT_TRACE_BUS_MAX  1048575     /* N of i2c-N; Linux's MINORMASK */

/* -------------------------------------------------------- the line model */

/* What a byte is besides its value. */
#define I2CPT_TRACE_VOLATILE 1u /* ~   serve it, do not compare it */
#define I2CPT_TRACE_REDACTED 2u /* ??  served as 0xff, matches anything */

struct i2cpt_trace_msg {
    uint16_t addr;
    uint16_t flags; /* I2CPT_M_*; RECV_LEN for "r?" */
    uint32_t len;   /* bytes asked for; RECV_LEN: 1, with a PEC ("+1") 2 */
    uint32_t
        n_bytes; /* bytes there: writes all of len, reads those that came */
    const uint8_t *bytes;
    const uint8_t *kinds; /* of each byte, I2CPT_TRACE_*; NULL: all plain */
};

#define I2CPT_TRACE_PROBE    1u /* %probe: asked by a passthrough, not a guest */
#define I2CPT_TRACE_RESEND   2u /* %resend: the one before, sent again */
#define I2CPT_TRACE_CONTINUE 4u /* %continue: reads on where that one ended */
#define I2CPT_TRACE_TOOK     8u /* %took-N: the guest took N of the last read */
#define I2CPT_TRACE_RESTART                             \
    16u /* %restart: the guest began it with a repeated \
           START, for which STOP and START went out */

struct i2cpt_trace_transfer {
    uint64_t duration_ns;
    int32_t bus;   /* N of the prefix "i2c-N:", -1 without one */
    uint32_t n;    /* messages, at least 1 */
    uint32_t mark; /* I2CPT_TRACE_PROBE ... */
    uint32_t took; /* with I2CPT_TRACE_TOOK */
    const struct i2cpt_trace_msg *msgs;
    /* As struct i2cpt_fault: code 0 where it went well; -1 where not known. */
    int32_t code, phase, fault_msg, fault_byte;
    const char *words; /* other %words with their %, or NULL */
};

enum i2cpt_trace_kind {
    I2CPT_TRACE_HEADER = 1, /* key, text */
    I2CPT_TRACE_TRANSFER,   /* stamp_ns, transfer */
    I2CPT_TRACE_EVENT,      /* stamp_ns, key (the kind: "irq"), text */
    I2CPT_TRACE_COMMENT,    /* text, what follows the '#' */
    I2CPT_TRACE_BLANK,
    I2CPT_TRACE_END, /* count */
};

struct i2cpt_trace_line {
    uint32_t size;   /* sizeof(struct i2cpt_trace_line), of who fills it in */
    int32_t kind;    /* enum i2cpt_trace_kind */
    uint64_t line;   /* from 1 */
    uint64_t offset; /* of its first byte in the file */
    uint64_t stamp_ns;
    const char *key, *text;
    uint64_t count;
    struct i2cpt_trace_transfer transfer;
    /* Of a header "bus: N SPEC": N, and in `spec` what follows it; else -1. */
    int32_t bus;
    const char *spec;
};

/* A change of an input line (i2cpt-lines.h), the event `irq`. */
struct i2cpt_trace_irq {
    uint32_t size; /* sizeof(struct i2cpt_trace_irq), of the caller */
    int32_t bus;   /* N of the prefix "i2c-N:", -1 without one */
    int32_t level; /* 1: active; 0 */
    char name[36]; /* up to 31 characters */
};

/* Whether `line` is such a change: 1 and *out, 0 for any other line, -EINVAL
 * where its text is none. Any thread. */
I2CPT_API int i2cpt_trace_irq_is(const struct i2cpt_trace_line *line,
                                 struct i2cpt_trace_irq *out);

/* ---------------------------------------------------------------- reading */

struct i2cpt_trace_reader;

/*
 * Open a trace; its first line is checked here. `path` may be a FIFO, and "-"
 * is the standard input. Memory is a few hundred KiB however long the trace
 * (and as much again as its longest line). Free with
 * i2cpt_trace_reader_free().
 */
I2CPT_API int i2cpt_trace_reader_open(const char *path,
                                      struct i2cpt_trace_reader **out,
                                      struct i2cpt_fault *fault);

/* The same over `len` bytes that stay where they are; `name` is for errors. */
I2CPT_API int i2cpt_trace_reader_open_memory(const void *text, size_t len,
                                             const char *name,
                                             struct i2cpt_trace_reader **out,
                                             struct i2cpt_fault *fault);

/* Frees it, and closes the file. NULL is allowed. */
I2CPT_API void i2cpt_trace_reader_free(struct i2cpt_trace_reader *r);

/*
 * Whether `line` is a header `key`: 1, and *bus (may be NULL) is -1; or of a
 * trace of several buses "KEY-N", what `key` says of bus N: 1, and *bus is N.
 * 0 for any other line. Any thread.
 */
I2CPT_API int i2cpt_trace_header_is(const struct i2cpt_trace_line *line,
                                    const char *key, int32_t *bus);
/*
 * The same, and the header's number, decimal or 0x, goes to *value: 1, 0, or
 * -EINVAL where its text is no number from 0 to `max`.
 */
I2CPT_API int i2cpt_trace_header_number(const struct i2cpt_trace_line *line,
                                        const char *key, uint64_t max,
                                        int32_t *bus, uint64_t *value);

/*
 * The next line: 1 and *out, which is valid until the next call; 0 at the end;
 * or an error, after which there is nothing more. Every line is handed out but
 * the first ("i2cpt-trace 1").
 *
 * To learn from a trace what lengths a guest reads, take the transfers that
 * have no I2CPT_TRACE_PROBE, and of their last message, where it is a read, the
 * number `took` with I2CPT_TRACE_TOOK, else n_bytes. A transfer with
 * I2CPT_TRACE_RESEND replaces the one before it.
 */
I2CPT_API int i2cpt_trace_reader_next(struct i2cpt_trace_reader *r,
                                      const struct i2cpt_trace_line **out,
                                      struct i2cpt_fault *fault);

/* After the end: 1 where the trace is whole (its last line is `end N`), 0 where
 * it is truncated (readable all the same; the recorder was killed, say). */
I2CPT_API int i2cpt_trace_reader_complete(const struct i2cpt_trace_reader *r);
/* Transfers handed out so far. */
I2CPT_API uint64_t
i2cpt_trace_reader_transfers(const struct i2cpt_trace_reader *r);

/*
 * The line as the writer would write it, without newline, like snprintf():
 * writes at most `size` bytes with the closing NUL, returns the whole length.
 */
I2CPT_API int i2cpt_trace_line_format(const struct i2cpt_trace_line *line,
                                      char *buf, size_t size);

/* ---------------------------------------------------------------- writing */

struct i2cpt_trace_writer;

/*
 * How a trace is begun. APPEND: the lines that are there stay, an unfinished
 * last one is cut off, and stamps go on from the last one (see
 * i2cpt_trace_writer_start_ns()); -EBUSY where another writer, of any process,
 * is at it (by flock(2), where the file system has that). ON_END: nothing is to
 * be seen at `path` before i2cpt_trace_writer_end(), and without it nothing
 * ever is.
 */
#define I2CPT_TRACE_WRITER_APPEND 1
#define I2CPT_TRACE_WRITER_ON_END 2

/*
 * Begin a trace at `path` ("-" is the standard output). What is written takes
 * the place of an existing file with its first transfer, event or `end`, by
 * rename(2); freed before that, what stood there stays as it was. Where
 * somebody else has written at `path` meanwhile, that fails with -ESTALE.
 * `flags` are 0 or I2CPT_TRACE_WRITER_*.
 *
 * Each line goes out by one write(2) as soon as it is handed in, so a killed
 * process leaves whole lines. Where the disk is full, the call fails
 * (-ENOSPC), what was begun of the line is cut off again, and every later call
 * fails likewise; what is in the file stays readable.
 */
I2CPT_API int i2cpt_trace_writer_open(const char *path, int flags,
                                      struct i2cpt_trace_writer **out,
                                      struct i2cpt_fault *fault);

/* Frees the writer. Without `end`: the file, where it has begun to be one, is
 * marked as truncated. NULL is allowed. */
I2CPT_API void i2cpt_trace_writer_free(struct i2cpt_trace_writer *w);

/* When the lines to come begin, 0 but for appending: add it to stamps. */
I2CPT_API uint64_t
i2cpt_trace_writer_start_ns(const struct i2cpt_trace_writer *w);

/*
 * One line; what the fields of its kind say is checked, so that what is written
 * can be read (-EINVAL, and nothing is written). `line` and `offset` are not
 * looked at, nor `count` of an `end`, which is the writer's own. Headers must
 * come first.
 */
I2CPT_API int i2cpt_trace_writer_line(struct i2cpt_trace_writer *w,
                                      const struct i2cpt_trace_line *line,
                                      struct i2cpt_fault *fault);

/* A header line, "KEY: TEXT"; -EINVAL behind the first line that is none. */
I2CPT_API int i2cpt_trace_writer_header(struct i2cpt_trace_writer *w,
                                        const char *key, const char *text,
                                        struct i2cpt_fault *fault);

/* A comment, "#TEXT". */
I2CPT_API int i2cpt_trace_writer_comment(struct i2cpt_trace_writer *w,
                                         const char *text,
                                         struct i2cpt_fault *fault);
/* One transfer that was made: `fault` is how it ended (NULL or code 0: well),
 * `mark` and `took` as in the line model, `bus` -1 for none. Of reads, `actual`
 * bytes are written. */
I2CPT_API int i2cpt_trace_writer_transfer(
    struct i2cpt_trace_writer *w, uint64_t stamp_ns, uint64_t duration_ns,
    int32_t bus, const struct i2cpt_msg *msgs, size_t n,
    const struct i2cpt_fault *ended, uint32_t mark, uint32_t took,
    struct i2cpt_fault *fault);
/* `end N`. More lines may follow, and then another end. */
I2CPT_API int i2cpt_trace_writer_end(struct i2cpt_trace_writer *w,
                                     struct i2cpt_fault *fault);

/* ---------------------------------------------- running a trace once more */

/*
 * The request that a recorded transfer was: messages and buffers in one piece,
 * freed with i2cpt_free(). Redacted bytes are 0xff.
 */
I2CPT_API int i2cpt_trace_request(const struct i2cpt_trace_transfer *t,
                                  struct i2cpt_msg **msgs, size_t *n);
/*
 * Whether a transfer that was run again ended as the recorded one: 1 yes, 0 no
 * with the first difference as one line in `text`. Volatile and redacted bytes
 * are not compared; nor are phase, message and byte of a fault where one of the
 * two does not know them.
 */
I2CPT_API int i2cpt_trace_compare(const struct i2cpt_trace_transfer *t,
                                  const struct i2cpt_msg *msgs, size_t n,
                                  int result, const struct i2cpt_fault *fault,
                                  char *text, size_t size);

/*
 * Two recordings of one session, `earlier` and `later`, as one trace at `out`,
 * another file: the later one, with bytes that are not the same in both marked
 * volatile (those that either has marked so stay). Returns how many were marked
 * anew. -EINVAL where they are not the same session; the text names the first
 * transfer that has another shape: other messages, lengths, marks or results,
 * or another first byte of a write, which is taken for a register.
 */
I2CPT_API int i2cpt_trace_merge(const char *earlier, const char *later,
                                const char *out, struct i2cpt_fault *fault);

/*
 * One transfer in i2ctransfer's own syntax, "w2@0x50 0x00 0x10 r16": words
 * {r|w}LENGTH[@address] with flag letters (i n p s t) before the r or w, `r?`,
 * data with 0x or decimal and the suffixes = + - p. The messages and their
 * buffers are one piece, freed with i2cpt_free(). -EINVAL names the word.
 */
I2CPT_API int i2cpt_transfer_parse(const char *text, struct i2cpt_msg **msgs,
                                   size_t *n, struct i2cpt_fault *fault);

/* ------------------------------------------ adapters with a trace in them */

/*
 * How a replay went, of an adapter opened with backend trace. `size` is
 * sizeof(struct i2cpt_trace_verdict), set by the caller. Transfers that a
 * passthrough made by itself (%probe, %resend, %continue) count as neither
 * consumed nor remaining.
 */
#define I2CPT_TRACE_UNKNOWN UINT64_MAX
/* Of one line of a trace: how many of its changes were told, and how many were
 * not. */
struct i2cpt_trace_line_count {
    char name[32]; /* as the trace has it, whatever line.NAME= makes of it */
    uint64_t changes, changes_left;
};
struct i2cpt_trace_verdict {
    uint32_t size;
    uint32_t truncated;  /* 1: no `end N` was found where the trace ended */
    uint64_t consumed;   /* recorded transfers that were asked for */
    uint64_t remaining;  /* that were not; UNKNOWN where that cannot be found
                            out (a FIFO that is still open) */
    uint64_t mismatches; /* requests that differ from the trace */
    uint64_t absent;     /* requests to an address that occurs nowhere in it */
    uint64_t redacted;   /* bytes that were served as 0xff */
    uint64_t next_line;  /* of the first that remains; 0: none, or not known */
    char text[1024];     /* the first mismatch: line, expected and actual */
    /* That one again: the line that was expected (0: nothing more), and both
     * requests as a trace writes them, as far as they fit. */
    uint64_t mismatch_line;
    char expected[1000], actual[1000];
    uint64_t next_lines[8]; /* the first that remain; 0 behind the last */
    /* Where repeated STARTs got lost (docs/trace-format.md): transfers that
     * were asked for in parts, and requests answered out of several. */
    uint64_t split, joined;
    /* Changes of lines: those that were told, those that were not, and how
     * often one was held back and no transfer came for line-stall-ms; of the
     * first of these its line (0: none), and what was said. */
    uint64_t changes, changes_left, stalls, stalled_line;
    char stalled[256];
    /* ... and the line of the transfer that it waited for. Likewise of the
     * change that waits for a transfer now, the first of them (0: none does). A
     * change that waits for its time alone is left, and is not held. */
    uint64_t stalled_for, held_line, held_for;
    /* In the order of the header; behind the last the names are empty. */
    struct i2cpt_trace_line_count lines[32];
};
/* Reads on to the trace's end where it must to know what remains. 0, or
 * -EOPNOTSUPP for an adapter of another kind, or that of a bad line. */
I2CPT_API int i2cpt_trace_adapter_verdict(struct i2cpt_adapter *a,
                                          struct i2cpt_trace_verdict *out,
                                          struct i2cpt_fault *fault);
/*
 * Have i2cpt_set_log()'s function told of it, once, in one line with the
 * adapter's name, when the last handle on the adapter goes, whichever that is:
 * I2CPT_LOG_ERROR where requests differ, transfers remain, or changes of lines
 * are or were held back, else I2CPT_LOG_INFO. To ask again changes nothing; 0,
 * or -EOPNOTSUPP for an adapter of another kind.
 */
I2CPT_API int i2cpt_trace_adapter_tell_verdict(struct i2cpt_adapter *a,
                                               struct i2cpt_fault *fault);

/* What a verdict has to say, in one line or part by part. */
enum i2cpt_trace_verdict_part {
    I2CPT_VERDICT_ALL, /* the counts, and all parts that have something */
    I2CPT_VERDICT_MISMATCHES,
    I2CPT_VERDICT_REMAINING,
    I2CPT_VERDICT_HELD,     /* the change that waits for a transfer */
    I2CPT_VERDICT_STALLS,   /* those that have waited too long for one */
    I2CPT_VERDICT_RESTARTS, /* split and joined */
    I2CPT_VERDICT_REDACTED,
    I2CPT_VERDICT_TRUNCATED,
};
/*
 * A sentence for a person, as "1 of 3 transfers was not asked for, the first in
 * line 4". Writes at most `size` bytes with the closing NUL; returns the length
 * that the whole has, 0 where there is nothing to say; -EINVAL for another
 * part.
 */
I2CPT_API int i2cpt_trace_verdict_describe(const struct i2cpt_trace_verdict *v,
                                           enum i2cpt_trace_verdict_part part,
                                           char *text, size_t size);
/* Whether a replay has failed by it: 1 where requests differ, or transfers are
 * known to remain, else 0. Lines by themselves fail nothing. */
I2CPT_API int i2cpt_trace_verdict_failed(const struct i2cpt_trace_verdict *v);

/*
 * Write out what the recorder of an adapter opened with record= holds back.
 * 0 too where it records nothing; else why the recording has stopped (-ENOSPC),
 * -EBUSY where a request is still stuck in the host, -EPERM after fork().
 */
I2CPT_API int i2cpt_trace_record_flush(struct i2cpt_adapter *a);
/*
 * An event line into the recording of an adapter opened with record=, at the
 * time of this call: `kind` of letters and hyphens ("client"), and a line of
 * text. 0 too where it records nothing; -EINVAL for a kind or text that no
 * trace can have, and errors as above.
 */
I2CPT_API int i2cpt_trace_record_event(struct i2cpt_adapter *a,
                                       const char *kind, const char *text,
                                       struct i2cpt_fault *fault);
/*
 * The same, and `end N`, so that the trace is whole as it stands. What comes
 * after it is recorded too, and closing the adapter writes another one. 0 where
 * it records nothing; errors as above.
 */
I2CPT_API int i2cpt_trace_record_end(struct i2cpt_adapter *a,
                                     struct i2cpt_fault *fault);

#ifdef __cplusplus
}
#endif

#endif
