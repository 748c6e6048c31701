/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file that gets its name when it is worth having. Until then what stood
 * there stays, and nothing of ours is to be seen; whoever is killed leaves
 * nothing behind. The tools have this file too, for what they write.
 */
#ifndef I2CPT_OUT_FILE_H
#define I2CPT_OUT_FILE_H

#include <stdbool.h>
#include <sys/types.h>

struct out_file;

/*
 * Begin a file that is to be `path` ("-" is the standard output). A symbolic
 * link is followed; mode and owner of a file that is there are taken over. What
 * is no regular file (a FIFO, a terminal, /dev/null) is written to directly.
 * 0 or a negative errno; i2cpt_out_file_fd() is valid until it is freed.
 */
int i2cpt_out_file_open(const char *path, struct out_file **out);
int i2cpt_out_file_fd(const struct out_file *f);
/* Whether what is written is in the way of nobody: it has been published, or
 * goes to a FIFO or the like. */
bool i2cpt_out_file_is_public(const struct out_file *f);
/* Whether a regular file stood there at first. */
bool i2cpt_out_file_replaces(const struct out_file *f);
/*
 * Give it its name; the descriptor stays and may be written on. -ESTALE where
 * somebody else has written there since it was opened: that stays. Again: 0.
 */
int i2cpt_out_file_publish(struct out_file *f);
/* What was not published is gone. NULL is allowed. */
void i2cpt_out_file_free(struct out_file *f);
/* Whether that is where it goes, under this or another name. */
bool i2cpt_out_file_is(const struct out_file *f, const char *path);

/*
 * Whether they are one file, by whatever names: a link, /proc/self/fd/N. "-" is
 * the standard input for `in` and the standard output for `out`. Devices are
 * never the same.
 */
bool i2cpt_out_file_same(const char *in, const char *out);

/* Whether what is written to either goes to one file; it need not be there yet.
 * Nothing is opened. */
bool i2cpt_out_file_same_place(const char *a, const char *b);

/* Remove `path` where it is still this one. */
void i2cpt_out_file_unlink(const char *path, dev_t dev, ino_t ino);

#endif
