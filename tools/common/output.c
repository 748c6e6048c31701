/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that a verb writes: whole, or not at all. */
#include "common/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/convert.h"
#include "core/out-file.h"

static int path_error(const char *path, int code, struct i2cpt_fault *fault)
{
    return tool_convert_error(fault, code, "%s: %s", path,
                              code == ESTALE
                                  ? "somebody else has written there meanwhile"
                                  : strerror(code));
}

int tool_output_open(struct output *o, const char *path,
                     struct i2cpt_fault *fault)
{
    int rc = i2cpt_out_file_open(path, &o->file), fd;

    o->path = path;
    o->to = NULL;
    if (rc) {
        return path_error(path, -rc, fault);
    }
    fd = fcntl(i2cpt_out_file_fd(o->file), F_DUPFD_CLOEXEC, 0);
    o->to = fd < 0 ? NULL : fdopen(fd, "w");
    if (!o->to) {
        rc = path_error(path, errno, fault);
        if (fd >= 0) {
            close(fd);
        }
        i2cpt_out_file_free(o->file);
    }
    return rc;
}

int tool_output_close(struct output *o, int rc, struct i2cpt_fault *fault)
{
    bool bad = ferror(o->to);
    int code = bad && errno ? errno : EIO;

    if (fclose(o->to) && !bad) {
        bad = true;
        code = errno;
    }
    if (!rc && !bad) {
        code = -i2cpt_out_file_publish(o->file);
        bad = code != 0;
    }
    i2cpt_out_file_free(o->file);
    return rc || !bad ? rc : path_error(o->path, code, fault);
}

int tool_output_check(const char *what, const char *path, const char *in,
                      struct i2cpt_fault *fault)
{
    if (!path || !in || !i2cpt_out_file_same(in, path)) {
        return 0;
    }
    return tool_convert_error(fault, EINVAL, "%s%s%s and %s are the same file",
                              what, *what ? " " : "", path, in);
}
