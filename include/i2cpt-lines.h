/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Input lines of an adapter: data-ready, alert and expander interrupts of the
 * targets behind it (docs/lines.md). Which lines an adapter has is said by its
 * back end.
 *
 * A level is 1 where the line is active, whatever its voltage is. The level is
 * the truth, and a change is a hint to look at it: a line that is still active
 * after its target was served is to interrupt again.
 *
 * Errors are as in i2cpt.h. In the child of a fork() these functions say
 * -EPERM, or NULL.
 */
#ifndef I2CPT_LINES_H
#define I2CPT_LINES_H

#include "i2cpt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How many lines the adapter has, 0 to 32; they are numbered from 0 and stay
 * while it is open. -EINVAL for NULL. Any thread. */
I2CPT_API int i2cpt_adapter_lines(struct i2cpt_adapter *a);

/* The name of one, 1 to 31 letters, digits, '_' and '-'; NULL past the last.
 * Good while the adapter is open. Any thread. */
I2CPT_API const char *i2cpt_adapter_line_name(struct i2cpt_adapter *a,
                                              unsigned line);

/* The number of the line with this name, -ENOENT, or -EINVAL for NULL. Any
 * thread. */
I2CPT_API int i2cpt_adapter_line_find(struct i2cpt_adapter *a,
                                      const char *name);

/* Its level now: 0, 1, or -EINVAL past the last. Of an adapter that is gone,
 * the last one known. Any thread; it makes no transfer and waits for none. */
I2CPT_API int i2cpt_adapter_line_level(struct i2cpt_adapter *a, unsigned line);

/* Its level when the adapter was opened by the first of its handles: 0, 1, or
 * -EINVAL past the last. Of a recording that is the level that it begins with,
 * as what is recorded before its first transfer may be told at once. Any
 * thread. */
I2CPT_API int i2cpt_adapter_line_level_at_opening(struct i2cpt_adapter *a,
                                                  unsigned line);

/* A line has changed to `level` (0 or 1), at stamp_ns, a time in nanoseconds of
 * the clock that i2cpt_backend_now_ns() reads. */
typedef void (*i2cpt_line_changed_fn)(struct i2cpt_adapter *a, unsigned line,
                                      int level, uint64_t stamp_ns, void *user);

/*
 * From here on `changed` is told of each change of a line, in order, none left
 * out and none twice. It is called in i2cpt_dispatch() of this handle alone, by
 * one thread at a time, with no lock held; i2cpt_adapter_fd() is readable while
 * there is something to tell. It may call anything of this library, this
 * function and i2cpt_adapter_unref() among it. Where 4096 changes wait for a
 * dispatch that does not come, those of a line become one, to its level by
 * then, or none where that is what was told last. To know the levels that
 * changes begin from, read them after this call.
 *
 * NULL ends it: what was not told is dropped, and when this returns, outside
 * of `changed`, no call of it is running. Each handle has its own, one at most;
 * a second call replaces it. The lines of a handle are watched and no longer
 * watched by one thread at a time; dispatching may go on in another.
 *
 * 0; -EOPNOTSUPP where the adapter has no lines; -EMFILE and the like where
 * there is no descriptor left; -EINVAL for NULL.
 */
I2CPT_API int i2cpt_adapter_watch_lines(struct i2cpt_adapter *a,
                                        i2cpt_line_changed_fn changed,
                                        void *user);

#ifdef __cplusplus
}
#endif

#endif
