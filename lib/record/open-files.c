/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that are recorded into in this process, so that two adapters with
 * one file share it; and what becomes of them around a fork(). */
#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/log.h"
#include "core/out-file.h"
#include "record/shared-file.h"
#include "trace/line.h"

static pthread_mutex_t files_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t files_changed = PTHREAD_COND_INITIALIZER;
static GPtrArray *files; /* of struct record_lines, in any state */

static bool is_file_locked(const struct record_lines *l, const char *path)
{
    return l->state == FILE_OPEN ? trace_writer_is(l->writer, path)
                                 : i2cpt_out_file_same_place(l->path, path);
}

/* One that is open: what is about to be there, or to be gone, is waited for. */
static struct record_lines *find_file_locked(const char *path)
{
    struct record_lines *l;
    guint i = 0;

    while (files && i < files->len) {
        l = g_ptr_array_index(files, i++);
        if (!is_file_locked(l, path)) {
            continue;
        }
        if (l->state == FILE_OPEN) {
            return l;
        }
        pthread_cond_wait(&files_changed, &files_lock);
        i = 0;
    }
    return NULL;
}

static struct record_lines *new_file_locked(const char *path, uint32_t flags)
{
    struct record_lines *l = g_new0(struct record_lines, 1);

    l->path = g_strdup(path);
    l->buses = g_array_new(FALSE, FALSE, sizeof(int32_t));
    l->keep_empty = flags & RECORD_EMPTY;
    pthread_mutex_init(&l->lock, NULL);
    g_queue_init(&l->held);
    files = files ? files : g_ptr_array_new();
    g_ptr_array_add(files, l);
    return l;
}

static void forget_file_locked(struct record_lines *l)
{
    g_ptr_array_remove_fast(files, l);
    if (!files->len) {
        g_ptr_array_unref(files);
        files = NULL;
    }
    pthread_cond_broadcast(&files_changed);
}

static void free_file(struct record_lines *l)
{
    pthread_mutex_destroy(&l->lock);
    g_array_unref(l->buses);
    g_free(l->path);
    g_free(l);
}

/* The lock is given up for the time that it takes. */
static int open_file_locked(const char *path, uint32_t flags,
                            struct record_lines **out,
                            struct i2cpt_fault *fault)
{
    struct record_lines *l = new_file_locked(path, flags);
    int ret;

    pthread_mutex_unlock(&files_lock);
    ret = i2cpt_trace_writer_open(
        path, flags & RECORD_APPEND ? I2CPT_TRACE_WRITER_APPEND : 0, &l->writer,
        fault);
    pthread_mutex_lock(&files_lock);
    if (ret) {
        forget_file_locked(l);
        free_file(l);
        return ret;
    }
    l->base_ns = i2cpt_now_ns() - i2cpt_trace_writer_start_ns(l->writer);
    l->state = FILE_OPEN;
    pthread_cond_broadcast(&files_changed);
    *out = l;
    return 0;
}

static int of_several(const struct record_lines *l, struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EINVAL,
                            "%.4096s: a trace of several buses; record-bus=N "
                            "says which one this is",
                            l->path);
}

/* Whether one more adapter can record here beside those that do, as `bus` of
 * several or (-1) as the only one. */
static int check_others_locked(const struct record_lines *l, int32_t bus,
                               struct i2cpt_fault *fault)
{
    guint i;

    if (bus < 0 && l->buses->len) {
        return of_several(l, fault);
    }
    for (i = 0; i < l->buses->len; i++) {
        int32_t other = g_array_index(l->buses, int32_t, i);

        if (other == bus || other < 0) {
            return i2cpt_fault_text(fault, EINVAL,
                                    "%.4096s: another adapter records there %s",
                                    l->path,
                                    other < 0 ? "without record-bus=N"
                                              : "with the same record-bus=");
        }
    }
    return 0;
}

static int join_locked(const char *path, uint32_t flags, int32_t bus,
                       struct record_lines **out, struct i2cpt_fault *fault)
{
    int ret = 0;

    *out = find_file_locked(path);
    if (!*out) {
        ret = open_file_locked(path, flags, out, fault);
    }
    ret = ret ? ret : check_others_locked(*out, bus, fault);
    if (!ret) {
        g_array_append_val((*out)->buses, bus);
    }
    return ret;
}

/* What the file itself says to that; no lock is held. */
static int check_headers(struct record_lines *l, int32_t bus, bool *headers,
                         struct i2cpt_fault *fault)
{
    int ret = 0;

    pthread_mutex_lock(&l->lock);
    if (bus < 0 && trace_writer_has_buses(l->writer)) {
        ret = of_several(l, fault);
    } else if (bus < 0) {
        *headers = trace_writer_is_fresh(l->writer);
    } else {
        *headers = !trace_writer_has_bus(l->writer, (uint32_t)bus);
        if (*headers && !trace_writer_takes_headers(l->writer)) {
            ret = i2cpt_fault_text(
                fault, EINVAL,
                "%.4096s: has no header \"bus: %d\", and behind its transfers "
                "none can be added",
                l->path, bus);
        }
    }
    pthread_mutex_unlock(&l->lock);
    return ret;
}

/* A file without a transfer takes the place of none, unless it is said that it
 * ends: by record_lines_end(). */
static bool is_recording(struct record_lines *l)
{
    bool replaces = trace_writer_replaces(l->writer);

    if (l->held.length || !trace_writer_is_hidden(l->writer)) {
        return true;
    }
    if (replaces && l->keep_empty) {
        i2cpt_log(I2CPT_LOG_WARNING,
                  "record=%s: nothing was recorded; what was there stays",
                  l->path);
    }
    return l->keep_empty && !replaces;
}

/* Nobody else has it any more. */
static void end_file(struct record_lines *l)
{
    struct i2cpt_fault fault;

    if (l->used && is_recording(l)) {
        record_lines_end(l, &fault);
    }
    i2cpt_trace_writer_free(l->writer);
}

static bool leave_locked(struct record_lines *l, int32_t bus)
{
    guint i;

    for (i = 0; i < l->buses->len; i++) {
        if (g_array_index(l->buses, int32_t, i) == bus) {
            g_array_remove_index(l->buses, i);
            break;
        }
    }
    return !l->buses->len;
}

void record_lines_close(struct record_lines *l, int32_t bus)
{
    pthread_mutex_lock(&files_lock);
    if (leave_locked(l, bus)) {
        l->state = FILE_ENDING;
        pthread_mutex_unlock(&files_lock);
        end_file(l);
        pthread_mutex_lock(&files_lock);
        forget_file_locked(l);
        free_file(l);
    }
    pthread_mutex_unlock(&files_lock);
}

int record_lines_open(const char *path, uint32_t flags, int32_t bus,
                      struct record_lines **out, bool *headers,
                      struct i2cpt_fault *fault)
{
    int ret;

    pthread_mutex_lock(&files_lock);
    ret = join_locked(path, flags, bus, out, fault);
    pthread_mutex_unlock(&files_lock);
    if (ret) {
        return ret;
    }
    ret = check_headers(*out, bus, headers, fault);
    if (ret) {
        record_lines_close(*out, bus);
        return ret;
    }
    pthread_mutex_lock(&files_lock);
    (*out)->used = true;
    pthread_mutex_unlock(&files_lock);
    return 0;
}

void record_lines_before_fork(void)
{
    pthread_mutex_lock(&files_lock);
}

void record_lines_after_fork(bool child)
{
    if (child) {
        files = NULL;
        files_changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    }
    pthread_mutex_unlock(&files_lock);
}
