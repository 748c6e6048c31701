/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines out of a file, a pipe or memory, through one buffer. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fault.h"
#include "trace/reader.h"

#define BUFFER_SIZE (256u << 10)

/* ------------------------------------------------------------------ input */

static int wait_readable(struct i2cpt_trace_reader *r, uint64_t deadline_ns,
                         struct i2cpt_fault *fault)
{
    struct pollfd pfd = {.fd = r->fd, .events = POLLIN};
    uint64_t now;
    int ret;

    if (r->seekable || deadline_ns == UINT64_MAX) {
        return 0;
    }
    do {
        now = i2cpt_now_ns();
        ret = poll(&pfd, 1,
                   now < deadline_ns ? (int)((deadline_ns - now) / 1000000) + 1
                                     : 0);
    } while (ret < 0 && errno == EINTR);
    if (ret) {
        return 0;
    }
    return i2cpt_fault_text(fault, ETIMEDOUT, "%.4096s: no more of it came",
                            r->name);
}

static int make_room(struct i2cpt_trace_reader *r, struct i2cpt_fault *fault)
{
    size_t cap = r->cap * 2;
    char *buf;

    if (r->pos) {
        memmove(r->buf, r->buf + r->pos, r->len - r->pos);
        r->base += r->pos;
        r->len -= r->pos;
        r->pos = 0;
    }
    if (r->len < r->cap) {
        return 0;
    }
    if (r->cap >= I2CPT_TRACE_LINE_MAX) {
        return i2cpt_fault_text(fault, EINVAL,
                                "%.4096s:%" G_GUINT64_FORMAT
                                ":1: longer than %u bytes",
                                r->name, r->line + 1, I2CPT_TRACE_LINE_MAX);
    }
    buf = g_try_realloc(r->buf, cap);
    if (!buf) {
        return i2cpt_fault_text(fault, ENOMEM, "%.4096s: no memory for a line",
                                r->name);
    }
    r->buf = buf;
    r->cap = cap;
    return 0;
}

int trace_reader_fill(struct i2cpt_trace_reader *r, uint64_t deadline_ns,
                      struct i2cpt_fault *fault)
{
    ssize_t got;
    int ret = make_room(r, fault);

    ret = ret ? ret : wait_readable(r, deadline_ns, fault);
    if (ret) {
        return ret;
    }
    do {
        got = r->seekable ? pread(r->fd, r->buf + r->len, r->cap - r->len,
                                  (off_t)(r->base + r->len))
                          : read(r->fd, r->buf + r->len, r->cap - r->len);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return i2cpt_fault_text(fault, errno, "%.4096s: %s", r->name,
                                g_strerror(errno));
    }
    r->len += (size_t)got;
    r->eof = !got;
    return 0;
}

int trace_reader_line(struct i2cpt_trace_reader *r, uint64_t deadline_ns,
                      const char **out, size_t *len, struct i2cpt_fault *fault)
{
    size_t searched = r->pos;
    int ret;

    for (;;) {
        const char *newline =
            memchr(r->buf + searched, '\n', r->len - searched);

        if (newline) {
            *out = r->buf + r->pos;
            *len = (size_t)(newline - *out);
            r->pos += *len + 1;
            return 1;
        }
        if (r->eof) {
            *out = r->buf + r->pos;
            *len = r->len - r->pos;
            return 0;
        }
        searched = r->len - r->pos;
        ret = trace_reader_fill(r, deadline_ns, fault);
        if (ret) {
            return ret;
        }
        searched += r->pos;
    }
}

/* ------------------------------------------------------------------ lines */

static int bad_line(struct i2cpt_trace_reader *r,
                    const struct trace_error *error, struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EINVAL,
                            "%.4096s:%" G_GUINT64_FORMAT ":%zu: %s", r->name,
                            r->line, error->column + 1, error->text);
}

/* What is left without a newline: the unfinished line of a recorder that was
 * killed, or `end N` as the last line of a file written by hand. */
static void last_line(struct i2cpt_trace_reader *r, const char *p, size_t len)
{
    char expected[32];
    int n;

    if (!len) {
        return;
    }
    r->complete = false;
    n = snprintf(expected, sizeof(expected), "end %" G_GUINT64_FORMAT,
                 r->count);
    if (len == (size_t)n && !memcmp(p, expected, len)) {
        r->complete = true;
    }
}

static int account(struct i2cpt_trace_reader *r, struct trace_slot *slot,
                   struct i2cpt_fault *fault)
{
    struct trace_error error = {4, ""};

    switch (slot->line.kind) {
    case I2CPT_TRACE_TRANSFER:
        r->count++;
        /* fall through */
    case I2CPT_TRACE_EVENT:
        r->headers = r->complete = false;
        return 0;
    case I2CPT_TRACE_END:
        r->headers = false;
        r->complete = true;
        if (r->counting && slot->line.count != r->count) {
            snprintf(error.text, sizeof(error.text),
                     "%" G_GUINT64_FORMAT " transfers stand before this end",
                     r->count);
            return bad_line(r, &error, fault);
        }
        return 0;
    default:
        return 0;
    }
}

int trace_reader_read(struct i2cpt_trace_reader *r, struct trace_slot *slot,
                      uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct trace_error error;
    const char *p;
    size_t len;
    int ret;

    if (r->done) {
        return 0;
    }
    ret = trace_reader_line(r, deadline_ns, &p, &len, fault);
    if (ret == -ETIMEDOUT) {
        return ret;
    }
    if (ret <= 0) {
        r->done = true;
        if (!ret) {
            last_line(r, p, len);
        }
        return ret;
    }
    r->line++;
    slot->line.size = sizeof(slot->line);
    slot->line.line = r->line;
    slot->line.offset = r->base + (uint64_t)(p - r->buf);
    ret = len < I2CPT_TRACE_LINE_MAX
              ? trace_parse_line(slot, p, len, r->headers, &error)
              : -E2BIG;
    if (!ret) {
        ret = account(r, slot, fault);
    } else if (ret == -EINVAL) {
        ret = bad_line(r, &error, fault);
    } else if (ret == -E2BIG) {
        ret = i2cpt_fault_text(fault, EINVAL,
                               "%.4096s:%" G_GUINT64_FORMAT
                               ":1: longer than %u bytes",
                               r->name, r->line, I2CPT_TRACE_LINE_MAX);
    } else {
        ret = i2cpt_fault_text(fault, -ret,
                               "%.4096s: no memory for line %" G_GUINT64_FORMAT,
                               r->name, r->line);
    }
    r->done = ret < 0;
    return ret < 0 ? ret : 1;
}

/* ---------------------------------------------------------------- opening */

static int check_magic(struct i2cpt_trace_reader *r, struct i2cpt_fault *fault)
{
    struct trace_error error = {0, ""};
    size_t len, magic = strlen(TRACE_MAGIC);
    const char *p;
    int ret = trace_reader_line(r, UINT64_MAX, &p, &len, fault);

    if (ret < 0) {
        return ret;
    }
    if (!ret && !len) {
        return 0; /* the recorder was killed before its first line */
    }
    r->line = 1;
    if (ret && len == magic + 1 && !memcmp(p, TRACE_MAGIC "1", len)) {
        return 0;
    }
    if (ret && len > magic && !memcmp(p, TRACE_MAGIC, magic) &&
        g_ascii_isdigit(p[magic]) && p[len - 1] != '\r') {
        error.column = magic;
        snprintf(error.text, sizeof(error.text),
                 "trace format %.*s; this version reads format %d",
                 (int)MIN(len - magic, 10), p + magic, I2CPT_TRACE_VERSION);
    } else if (ret && len == magic + 2 && p[len - 1] == '\r' &&
               !memcmp(p, TRACE_MAGIC "1", len - 1)) {
        error.column = len - 1;
        snprintf(error.text, sizeof(error.text),
                 "lines end in CR LF; those of a trace end in LF alone");
    } else {
        snprintf(error.text, sizeof(error.text),
                 "not a trace: its first line must be \"" TRACE_MAGIC "%d\"",
                 I2CPT_TRACE_VERSION);
    }
    return bad_line(r, &error, fault);
}

struct i2cpt_trace_reader *trace_reader_new(const char *name)
{
    struct i2cpt_trace_reader *r = g_new0(struct i2cpt_trace_reader, 1);

    r->name = g_strdup(name);
    r->fd = -1;
    r->headers = r->counting = true;
    return r;
}

int trace_reader_start(struct i2cpt_trace_reader *r,
                       struct i2cpt_trace_reader **out,
                       struct i2cpt_fault *fault)
{
    int ret = 0;

    if (!r->buf) {
        r->cap = BUFFER_SIZE;
        r->own_buf = true;
        r->buf = g_try_malloc(r->cap);
        ret = r->buf ? 0 : i2cpt_fault_text(fault, ENOMEM, "no memory");
    }
    ret = ret ? ret : check_magic(r, fault);
    if (ret) {
        i2cpt_trace_reader_free(r);
        return ret;
    }
    *out = r;
    return 0;
}

int i2cpt_trace_reader_open(const char *path, struct i2cpt_trace_reader **out,
                            struct i2cpt_fault *fault)
{
    if (!path || !out) {
        return i2cpt_fault_null(fault, "path or out");
    }

    bool is_stdin = !strcmp(path, "-");
    struct i2cpt_trace_reader *r;
    struct stat st;
    int fd;

    *out = NULL;
    i2cpt_fault_clear(fault);
    fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return i2cpt_fault_text(fault, errno, "%.4096s: %s", path,
                                g_strerror(errno));
    }
    r = trace_reader_new(is_stdin ? "<stdin>" : path);
    r->fd = fd;
    r->close_fd = !is_stdin;
    r->seekable = !is_stdin && !fstat(fd, &st) && S_ISREG(st.st_mode);
    return trace_reader_start(r, out, fault);
}

int i2cpt_trace_reader_open_memory(const void *text, size_t len,
                                   const char *name,
                                   struct i2cpt_trace_reader **out,
                                   struct i2cpt_fault *fault)
{
    if (!text || !name || !out) {
        return i2cpt_fault_null(fault, "text, name or out");
    }

    struct i2cpt_trace_reader *r = trace_reader_new(name);

    *out = NULL;
    i2cpt_fault_clear(fault);
    r->buf = (char *)(uintptr_t)(len ? text : "");
    r->len = r->cap = len;
    r->eof = r->seekable = true;
    return trace_reader_start(r, out, fault);
}

void i2cpt_trace_reader_free(struct i2cpt_trace_reader *r)
{
    if (!r) {
        return;
    }
    if (r->close_fd) {
        close(r->fd);
    }
    if (r->own_buf) {
        g_free(r->buf);
    }
    trace_slot_clear(&r->slot);
    g_free(r->name);
    g_free(r);
}

int i2cpt_trace_reader_next(struct i2cpt_trace_reader *r,
                            const struct i2cpt_trace_line **out,
                            struct i2cpt_fault *fault)
{
    if (!r || !out) {
        return i2cpt_fault_null(fault, "r or out");
    }

    int ret;

    i2cpt_fault_clear(fault);
    ret = trace_reader_read(r, &r->slot, UINT64_MAX, fault);
    *out = ret == 1 ? &r->slot.line : NULL;
    return ret;
}

int i2cpt_trace_reader_complete(const struct i2cpt_trace_reader *r)
{
    if (!r) {
        return 0;
    }
    return r->complete;
}

uint64_t i2cpt_trace_reader_transfers(const struct i2cpt_trace_reader *r)
{
    if (!r) {
        return 0;
    }
    return r->count;
}
