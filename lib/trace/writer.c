/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Traces on their way into a file, a whole line at a time. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fault.h"
#include "core/out-file.h"
#include "trace/headers.h"
#include "trace/irq.h"
#include "trace/line.h"

struct i2cpt_trace_writer {
    char *name;
    struct out_file *file; /* NULL: `fd` is one that was there, appended to */
    int fd;
    bool on_end; /* it takes its place with `end`, not with the first line */
    bool regular;
    uint64_t size; /* of whole lines; what stays where a write fails */
    uint64_t start_ns;
    uint64_t count;
    bool headers;      /* may still be written */
    bool fresh;        /* nothing was there before */
    GArray *buses;     /* of uint32_t: "bus: N" in the headers */
    GHashTable *lines; /* bus: text of its header "lines" */
    dev_t dev;         /* of `fd`, with ino; where `file` is NULL */
    ino_t ino;
    pid_t locked_by; /* 0: nobody, or a child of its that only has a copy */
    int failed;      /* negative errno: nothing more goes out */
    struct trace_text text;
};

static int put(struct i2cpt_trace_writer *w, const char *text, size_t len,
               struct i2cpt_fault *fault)
{
    size_t done = 0;

    while (done < len && !w->failed) {
        /* where it goes is known: the kernel need not look and lock */
        ssize_t n = w->regular ? pwrite(w->fd, text + done, len - done,
                                        (off_t)(w->size + done))
                               : write(w->fd, text + done, len - done);

        if (n >= 0) {
            done += (size_t)n;
        } else if (errno != EINTR) {
            w->failed = -errno;
        }
    }
    if (!w->failed) {
        w->size += len;
        return 0;
    }
    if (done && w->regular && ftruncate(w->fd, (off_t)w->size) == 0) {
        lseek(w->fd, (off_t)w->size, SEEK_SET);
    }
    return i2cpt_fault_text(fault, -w->failed, "%.4096s: %s; recording stopped",
                            w->name, g_strerror(-w->failed));
}

/* ---------------------------------------------------------------- opening */

/* What a file takes its place for. */
static bool is_worth_it(const struct i2cpt_trace_line *line)
{
    return line->kind != I2CPT_TRACE_HEADER &&
           line->kind != I2CPT_TRACE_COMMENT && line->kind != I2CPT_TRACE_BLANK;
}

static void note_line(struct i2cpt_trace_writer *w,
                      const struct i2cpt_trace_line *line)
{
    int32_t lines_of;

    if (is_worth_it(line)) {
        w->headers = false;
    }
    if (line->kind == I2CPT_TRACE_HEADER && !strcmp(line->key, "bus")) {
        uint32_t bus = (uint32_t)trace_bus_of(line->text);

        g_array_append_val(w->buses, bus);
    }
    if (i2cpt_trace_header_is(line, TRACE_LINES, &lines_of)) {
        g_hash_table_replace(w->lines, GINT_TO_POINTER(lines_of),
                             g_strdup(line->text));
    }
}

/* Where an existing trace ends, in bytes, transfers and time. */
static int scan_existing(struct i2cpt_trace_writer *w, const char *path,
                         struct i2cpt_fault *fault)
{
    const struct i2cpt_trace_line *line;
    struct i2cpt_trace_reader *r;
    int ret = i2cpt_trace_reader_open(path, &r, fault);

    if (ret) {
        return ret;
    }
    while ((ret = i2cpt_trace_reader_next(r, &line, fault)) == 1) {
        if (line->kind == I2CPT_TRACE_TRANSFER) {
            w->start_ns =
                MAX(w->start_ns, line->stamp_ns + line->transfer.duration_ns);
        } else if (line->kind == I2CPT_TRACE_EVENT) {
            w->start_ns = MAX(w->start_ns, line->stamp_ns);
        }
        note_line(w, line);
    }
    w->count = i2cpt_trace_reader_transfers(r);
    w->size = trace_reader_offset(r);
    i2cpt_trace_reader_free(r);
    return ret;
}

static int path_error(const char *path, int code, struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, code, "%.4096s: %s", path, g_strerror(code));
}

/* Of two processes that add lines to one file each would write over the
 * other's. False where another one has it; a file system without locks has
 * none. */
static bool lock_file(struct i2cpt_trace_writer *w)
{
    if (flock(w->fd, LOCK_EX | LOCK_NB)) {
        return errno != EWOULDBLOCK;
    }
    w->locked_by = getpid();
    return true;
}

/* At once, whichever children have copies of the descriptor. */
static void unlock_file(const struct i2cpt_trace_writer *w)
{
    if (w->locked_by == getpid()) {
        flock(w->fd, LOCK_UN);
    }
}

/* A trace that is there, to go on with: 1; 0 where there is nothing. */
static int open_existing(struct i2cpt_trace_writer *w, const char *path,
                         struct i2cpt_fault *fault)
{
    struct stat st;
    int ret;

    if (!strcmp(path, "-") || stat(path, &st) || !S_ISREG(st.st_mode) ||
        !st.st_size) {
        return 0;
    }
    w->fd = open(path, O_WRONLY | O_CLOEXEC);
    if (w->fd < 0 || fstat(w->fd, &st)) {
        return path_error(path, errno, fault);
    }
    if (!lock_file(w)) {
        return i2cpt_fault_text(
            fault, EBUSY, "%.4096s: another recording goes on there", path);
    }
    w->dev = st.st_dev;
    w->ino = st.st_ino;
    w->regular = true;
    w->fresh = false;
    ret = scan_existing(w, path, fault);
    if (!ret && (ftruncate(w->fd, (off_t)w->size) ||
                 lseek(w->fd, (off_t)w->size, SEEK_SET) < 0)) {
        ret = path_error(path, errno, fault);
    }
    return ret ? ret : 1;
}

static int open_file(struct i2cpt_trace_writer *w, const char *path, int flags,
                     struct i2cpt_fault *fault)
{
    struct stat st;
    int ret =
        flags & I2CPT_TRACE_WRITER_APPEND ? open_existing(w, path, fault) : 0;

    if (ret) {
        return ret < 0 ? ret : 0;
    }
    w->on_end = flags & I2CPT_TRACE_WRITER_ON_END;
    ret = i2cpt_out_file_open(path, &w->file);
    if (ret) {
        return path_error(path, -ret, fault);
    }
    w->fd = i2cpt_out_file_fd(w->file);
    w->regular = strcmp(path, "-") && !fstat(w->fd, &st) && S_ISREG(st.st_mode);
    if (w->regular) {
        lock_file(w); /* it is new, and nobody else's */
    }
    return put(w, TRACE_MAGIC "1\n", strlen(TRACE_MAGIC "1\n"), fault);
}

/* The file takes its place, with the first line that is worth it or with the
 * last. */
static int publish(struct i2cpt_trace_writer *w, struct i2cpt_fault *fault)
{
    int ret = w->file && !w->failed ? i2cpt_out_file_publish(w->file) : 0;

    if (!ret) {
        return 0;
    }
    w->failed = ret;
    return i2cpt_fault_text(
        fault, -ret, "%.4096s: %s; recording stopped", w->name,
        ret == -ESTALE ? "somebody else has written there meanwhile"
                       : g_strerror(-ret));
}

int i2cpt_trace_writer_open(const char *path, int flags,
                            struct i2cpt_trace_writer **out,
                            struct i2cpt_fault *fault)
{
    if (!path || !out) {
        return i2cpt_fault_null(fault, "path or out");
    }

    struct i2cpt_trace_writer *w = g_new0(struct i2cpt_trace_writer, 1);
    int ret;

    *out = NULL;
    i2cpt_fault_clear(fault);
    w->name = g_strdup(strcmp(path, "-") ? path : "<stdout>");
    w->fd = -1;
    w->headers = w->fresh = true;
    w->buses = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    w->lines = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    ret = open_file(w, path, flags, fault);
    if (ret) {
        i2cpt_trace_writer_free(w);
        return ret;
    }
    *out = w;
    return 0;
}

void i2cpt_trace_writer_free(struct i2cpt_trace_writer *w)
{
    if (!w) {
        return;
    }
    unlock_file(w);
    if (!w->file && w->fd >= 0) {
        close(w->fd);
    }
    i2cpt_out_file_free(w->file);
    g_array_unref(w->buses);
    g_hash_table_unref(w->lines);
    g_free(w->text.buf);
    g_free(w->name);
    g_free(w);
}

bool trace_writer_is_fresh(const struct i2cpt_trace_writer *w)
{
    return w->fresh;
}

bool trace_writer_has_bus(const struct i2cpt_trace_writer *w, uint32_t bus)
{
    guint i;

    for (i = 0; i < w->buses->len; i++) {
        if (g_array_index(w->buses, uint32_t, i) == bus) {
            return true;
        }
    }
    return false;
}

bool trace_writer_has_buses(const struct i2cpt_trace_writer *w)
{
    return w->buses->len;
}

const char *trace_writer_lines(const struct i2cpt_trace_writer *w, int32_t bus)
{
    return g_hash_table_lookup(w->lines, GINT_TO_POINTER(bus));
}

bool trace_writer_takes_headers(const struct i2cpt_trace_writer *w)
{
    return w->headers;
}

bool trace_writer_is(const struct i2cpt_trace_writer *w, const char *path)
{
    struct stat st;

    if (w->file) {
        return i2cpt_out_file_is(w->file, path);
    }
    return strcmp(path, "-") && !stat(path, &st) && st.st_dev == w->dev &&
           st.st_ino == w->ino;
}

bool trace_writer_may_wait(const struct i2cpt_trace_writer *w)
{
    return !w->regular;
}

bool trace_writer_is_hidden(const struct i2cpt_trace_writer *w)
{
    return w->file && !i2cpt_out_file_is_public(w->file);
}

bool trace_writer_replaces(const struct i2cpt_trace_writer *w)
{
    return trace_writer_is_hidden(w) && i2cpt_out_file_replaces(w->file);
}

uint64_t i2cpt_trace_writer_start_ns(const struct i2cpt_trace_writer *w)
{
    if (!w) {
        return 0;
    }
    return w->start_ns;
}

/* ------------------------------------------------------------------ lines */

int i2cpt_trace_writer_line(struct i2cpt_trace_writer *w,
                            const struct i2cpt_trace_line *line,
                            struct i2cpt_fault *fault)
{
    if (!w || !line) {
        return i2cpt_fault_null(fault, "w or line");
    }

    struct i2cpt_trace_line own;
    int ret;

    i2cpt_fault_clear(fault);
    ret = trace_line_copy(line, &own, fault);
    if (ret) {
        return ret;
    }
    line = &own;
    if (line->kind == I2CPT_TRACE_END) {
        own.count = w->count;
    }
    if (line->kind == I2CPT_TRACE_HEADER && !w->headers) {
        return i2cpt_fault_text(fault, EINVAL,
                                "headers stand before the first transfer");
    }
    w->text.len = 0;
    w->text.failed = false;
    ret = trace_format_line(&w->text, line, fault);
    if (ret) {
        return ret;
    }
    trace_text_add(&w->text, "\n", 1);
    if (w->text.failed) {
        return i2cpt_fault_text(fault, ENOMEM, "no memory for a line");
    }
    ret = put(w, w->text.buf, w->text.len, fault);
    if (!ret &&
        (line->kind == I2CPT_TRACE_END || (!w->on_end && is_worth_it(line)))) {
        ret = publish(w, fault);
    }
    if (!ret && line->kind == I2CPT_TRACE_TRANSFER) {
        w->count++;
    }
    if (!ret) {
        note_line(w, line);
    }
    return ret;
}

int i2cpt_trace_writer_header(struct i2cpt_trace_writer *w, const char *key,
                              const char *text, struct i2cpt_fault *fault)
{
    if (!w || !key || !text) {
        return i2cpt_fault_null(fault, "w, key or text");
    }

    struct i2cpt_trace_line line = {.size = sizeof(line),
                                    .kind = I2CPT_TRACE_HEADER,
                                    .key = key,
                                    .text = text};

    return i2cpt_trace_writer_line(w, &line, fault);
}

int i2cpt_trace_writer_comment(struct i2cpt_trace_writer *w, const char *text,
                               struct i2cpt_fault *fault)
{
    if (!w || !text) {
        return i2cpt_fault_null(fault, "w or text");
    }

    struct i2cpt_trace_line line = {
        .size = sizeof(line), .kind = I2CPT_TRACE_COMMENT, .text = text};

    return i2cpt_trace_writer_line(w, &line, fault);
}

int i2cpt_trace_writer_end(struct i2cpt_trace_writer *w,
                           struct i2cpt_fault *fault)
{
    if (!w) {
        return i2cpt_fault_null(fault, "w");
    }

    struct i2cpt_trace_line line = {.size = sizeof(line),
                                    .kind = I2CPT_TRACE_END};

    return i2cpt_trace_writer_line(w, &line, fault);
}

/* A message that was made, in the line model. The PEC of a block that came is
 * known by its length alone: the count has overwritten what was asked for. */
static void describe_msg(const struct i2cpt_msg *m, struct i2cpt_trace_msg *out)
{
    memset(out, 0, sizeof(*out));
    out->addr = m->addr;
    out->flags = m->flags;
    out->len = m->len;
    out->n_bytes = m->flags & I2CPT_M_RD ? MIN(m->actual, m->len) : m->len;
    out->bytes = m->buf;
    if (m->flags & I2CPT_M_RECV_LEN) {
        out->n_bytes = MIN(out->n_bytes, TRACE_BLOCK_MAX);
        out->len = out->n_bytes && out->n_bytes == m->buf[0] + 2u ? 2 : 1;
    }
}

int i2cpt_trace_writer_transfer(struct i2cpt_trace_writer *w, uint64_t stamp_ns,
                                uint64_t duration_ns, int32_t bus,
                                const struct i2cpt_msg *msgs, size_t n,
                                const struct i2cpt_fault *ended, uint32_t mark,
                                uint32_t took, struct i2cpt_fault *fault)
{
    if (!w || !msgs) {
        return i2cpt_fault_null(fault, "w or msgs");
    }

    struct i2cpt_trace_line line = {.size = sizeof(line),
                                    .kind = I2CPT_TRACE_TRANSFER,
                                    .stamp_ns = stamp_ns};
    struct i2cpt_trace_transfer *t = &line.transfer;
    struct i2cpt_trace_msg few[8], *all = few;
    size_t i;
    int ret;

    if (n > I2CPT_TRANSFER_MAX) {
        return i2cpt_fault_text(fault, EINVAL, "more than %u messages",
                                I2CPT_TRANSFER_MAX);
    }
    if (n > G_N_ELEMENTS(few)) {
        all = g_try_new(struct i2cpt_trace_msg, n);
        if (!all) {
            return i2cpt_fault_text(fault, ENOMEM, "no memory for a line");
        }
    }
    for (i = 0; i < n; i++) {
        describe_msg(&msgs[i], &all[i]);
    }
    t->duration_ns = duration_ns;
    t->bus = bus;
    t->n = (uint32_t)n;
    t->msgs = all;
    t->mark = mark;
    t->took = took;
    t->code = ended ? ended->code : 0;
    t->phase = ended ? ended->phase : 0;
    t->fault_msg = ended ? ended->msg : -1;
    t->fault_byte = ended ? ended->byte : -1;
    ret = i2cpt_trace_writer_line(w, &line, fault);
    if (all != few) {
        g_free(all);
    }
    return ret;
}
