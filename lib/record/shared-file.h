/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file of lines that several adapters may share: shared-file.c writes them,
 * open-files.c knows which files are open. */
#ifndef I2CPT_SHARED_FILE_H
#define I2CPT_SHARED_FILE_H

#include <pthread.h>

#include "record/recorder.h"

/*
 * Opening and ending a file takes as long as the other end of a FIFO likes, and
 * no lock is held over either.
 *
 *   (none)  -> OPENING  somebody opens it; who wants it too waits
 *   OPENING -> OPEN     it is there
 *   OPENING -> (none)   it is not
 *   OPEN    -> ENDING   nobody records any more; who wants it waits
 *   ENDING  -> (none)   `end N` is written, and it is closed
 */
enum file_state { FILE_OPENING, FILE_OPEN, FILE_ENDING };

struct record_lines {
    char *path;
    enum file_state state; /* of these three, open-files.c has the lock */
    GArray *buses;         /* of int32_t: who records */
    bool used;             /* somebody did: there is something to end */
    pthread_mutex_t lock;  /* all below */
    struct i2cpt_trace_writer *writer;
    uint64_t base_ns; /* monotonic time of stamp 0 */
    GQueue held;      /* of struct held, the first is a guess */
    size_t held_bytes;
    bool keep_empty; /* leave a file without a transfer too */
    bool ended;      /* nothing came behind the last `end N` */
    int failed;
    char why[sizeof(((struct i2cpt_fault *)0)->text)];
};

#endif
