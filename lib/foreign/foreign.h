/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Back ends that others write: the public table (i2cpt-backend.h) behind the
 * library's own (core/backend.h). The own one changes with the library, the
 * public one only grows; this room alone knows both, and checks what comes
 * back.
 */
#ifndef I2CPT_FOREIGN_H
#define I2CPT_FOREIGN_H

#include <stdatomic.h>
#include <stddef.h>

#include "core/backend.h"
#include "core/key.h"
#include "i2cpt-backend.h"

#define FOREIGN_KEYS_MAX  64u
#define FOREIGN_ERRNO_MAX 4095 /* Linux's MAX_ERRNO */
#define FOREIGN_ID_MAX    256u /* bytes of identify()'s text, with its NUL */

/*
 * The bytes that the first release's structs had, to the end of their last
 * member then: an author's header has that much or more, and what it has not
 * counts as NULL or 0.
 */
#define FOREIGN_UP_TO(type, member) \
    (offsetof(struct type, member) + sizeof(((struct type *)0)->member))
#define FOREIGN_OPS_FIRST    FOREIGN_UP_TO(i2cpt_backend_ops, record)
#define FOREIGN_RECORD_FIRST FOREIGN_UP_TO(i2cpt_backend_record_ops, verdict)
#define FOREIGN_KEY_FIRST    FOREIGN_UP_TO(i2cpt_backend_key_def, help)

/* A table that has been checked and copied. */
struct foreign {
    struct i2cpt_ops inner; /* first: what the bus sees */
    struct i2cpt_backend_ops ops;
    struct i2cpt_backend_record_ops record;
    void *user;
    char *name, *help;
    struct i2cpt_key *keys;
    size_t n_keys;
    atomic_uint refs;
};

/* An opened instance: the bus's `priv`. */
struct foreign_instance {
    struct foreign *f;
    void *priv;
    struct i2cpt_backend_lines *lines;
    uint32_t functionality;
    bool instant;
};

/* copy-table.c: a checked copy of the table with one reference; -EINVAL with a
 * line that says what is wrong with it. */
int foreign_new(const struct i2cpt_backend_ops *ops, void *user,
                struct foreign **out, struct i2cpt_fault *fault);
/* foreign.c */
struct foreign *foreign_ref(struct foreign *f);
void foreign_unref(struct foreign *f);

/* check-table.c: 0, or -EINVAL with a line. `ops` has the size of ours. */
int foreign_check_ops(const struct i2cpt_backend_ops *ops,
                      struct i2cpt_fault *fault);
int foreign_check_key(const char *backend,
                      const struct i2cpt_backend_key_def *key,
                      struct i2cpt_fault *fault);
/* And of what open() said. */
int foreign_check_info(const struct foreign *f, struct i2cpt_backend_info *info,
                       struct i2cpt_fault *fault);

/* lines.c: what open() may name lines in, and which it has, NULL: none; from
 * then on it names no more. */
struct i2cpt_backend_lines *foreign_lines_new(void);
void foreign_lines_free(struct i2cpt_backend_lines *l);
struct i2cpt_lines *foreign_lines_named(struct i2cpt_backend_lines *l);

/* list.c: as i2cpt_list(), for this one; what it finds is checked. */
int foreign_list(const struct foreign *f, i2cpt_found_fn found, void *user);

/* calls.c: fill in the entries of f->inner that f->ops has. */
void foreign_fill_inner(struct foreign *f);

/*
 * check-result.c: the result of a call with `n` messages (0: of another call),
 * and its fault, made one that can be: 0 or a negative code.
 */
int foreign_result(const struct foreign *f, const char *call, int ret, size_t n,
                   const struct i2cpt_fault *theirs, struct i2cpt_fault *fault);
/* After success: whether `m`, of which RECV_LEN asked for `asked` bytes besides
 * the block, has as many bytes as it must; `last` is its transfer's last. */
bool foreign_actual_can_be(const struct i2cpt_msg *m, uint32_t actual,
                           uint8_t asked, uint32_t marks, bool last);
/* -EPROTO: the call was answered with what cannot be. */
int foreign_lie(const struct foreign *f, struct i2cpt_fault *fault,
                const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
