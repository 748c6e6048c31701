/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading in another order than the file's, and what a file's size and end
 * say. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fault.h"
#include "trace/reader.h"

#define SMALL_MAX (64u << 20)
#define TAIL_SIZE 4096
#define LOAD_MAX  (1u << 30) /* bytes of a pipe that are kept in memory */

const char *trace_reader_name(const struct i2cpt_trace_reader *r)
{
    return r->name;
}

bool trace_reader_seekable(const struct i2cpt_trace_reader *r)
{
    return r->seekable;
}

void trace_reader_seek(struct i2cpt_trace_reader *r, uint64_t offset)
{
    r->done = r->counting = r->headers = false;
    if (offset >= r->base && offset <= r->base + r->len) {
        r->pos = (size_t)(offset - r->base);
        return;
    }
    r->base = offset;
    r->pos = r->len = 0;
    r->eof = false;
}

int trace_reader_again(const struct i2cpt_trace_reader *r,
                       struct i2cpt_trace_reader **out,
                       struct i2cpt_fault *fault)
{
    struct i2cpt_trace_reader *again;

    if (r->fd < 0) {
        return i2cpt_trace_reader_open_memory(r->buf, r->len, r->name, out,
                                              fault);
    }
    again = trace_reader_new(r->name);
    again->seekable = true;
    again->fd = fcntl(r->fd, F_DUPFD_CLOEXEC, 0);
    again->close_fd = again->fd >= 0;
    if (again->fd < 0) {
        i2cpt_trace_reader_free(again);
        return i2cpt_fault_text(fault, errno, "%.4096s: %s", r->name,
                                g_strerror(errno));
    }
    return trace_reader_start(again, out, fault);
}

/* Called behind the first line only: all of it stays, from offset 0 on. */
int trace_reader_load(struct i2cpt_trace_reader *r, struct i2cpt_fault *fault)
{
    size_t pos = r->pos;
    int ret = 0;

    r->pos = 0;
    while (!ret && !r->eof) {
        if (r->len == r->cap) {
            char *buf =
                r->cap < LOAD_MAX ? g_try_realloc(r->buf, r->cap * 2) : NULL;

            if (!buf) {
                return i2cpt_fault_text(fault, ENOMEM,
                                        "%.4096s: too long to be kept in "
                                        "memory (%zu bytes so far); "
                                        "match=strict keeps nothing",
                                        r->name, r->len);
            }
            r->buf = buf;
            r->cap *= 2;
        }
        ret = trace_reader_fill(r, UINT64_MAX, fault);
    }
    r->pos = pos;
    if (r->close_fd) {
        close(r->fd);
        r->close_fd = false;
    }
    r->fd = -1;
    r->seekable = true;
    return ret;
}

uint64_t trace_reader_offset(const struct i2cpt_trace_reader *r)
{
    return r->base + r->pos;
}

uint64_t trace_reader_line_at(struct i2cpt_trace_reader *r, uint64_t offset)
{
    struct i2cpt_trace_reader *again;
    uint64_t line = 2;
    const char *p;
    size_t len;

    if (!r->seekable || trace_reader_again(r, &again, NULL)) {
        return 0;
    }
    while (again->base + again->pos < offset &&
           trace_reader_line(again, UINT64_MAX, &p, &len, NULL) == 1) {
        line++;
    }
    if (again->base + again->pos != offset) {
        line = 0;
    }
    i2cpt_trace_reader_free(again);
    return line;
}

void trace_reader_recount(struct i2cpt_trace_reader *r)
{
    r->counting = true;
    r->count = 0;
}

bool trace_reader_is_small(const struct i2cpt_trace_reader *r)
{
    struct stat st;

    return !fstat(r->fd, &st) && st.st_size <= (off_t)SMALL_MAX;
}

/* Whether the last line with something in it is `end N`, from the last bytes of
 * the file alone where that can be seen there. */
bool trace_reader_ends(const struct i2cpt_trace_reader *r)
{
    char tail[TAIL_SIZE];
    const char *newline;
    struct stat st;
    ssize_t end, start;
    off_t at;

    if (r->fd < 0 || fstat(r->fd, &st)) {
        return true;
    }
    at = MAX(st.st_size - TAIL_SIZE, 0);
    end = pread(r->fd, tail, sizeof(tail), at);
    while (end > 0) {
        end -= tail[end - 1] == '\n';
        newline = memrchr(tail, '\n', (size_t)end);
        start = newline ? newline - tail + 1 : 0;
        if (!newline && at) {
            return true; /* cannot be told cheaply; the replay finds out */
        }
        if (start < end && tail[start] != '#') {
            return end - start > 4 && !memcmp(tail + start, "end ", 4);
        }
        end = start;
    }
    return false;
}
