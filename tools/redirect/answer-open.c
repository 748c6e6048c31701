/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that open, and exec of programs whose privilege the filter costs. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "redirect/keeper-private.h"
#include "redirect/memory.h"
#include "redirect/nested.h"

static struct answer value(int64_t v)
{
    return (struct answer){.kind = ANSWER_VALUE, .value = v};
}

static struct answer descriptor(int fd, int flags)
{
    return fd < 0 ? value(-errno)
                  : (struct answer){ANSWER_FD, fd, flags & O_CLOEXEC};
}

/* What the file system says before a device is asked. */
static struct answer open_node(struct keeper *k, enum answer_kind kind,
                               uint32_t number, int flags)
{
    if (flags & O_PATH) { /* what was opened so is not handed over */
        flags = O_RDONLY | (flags & (O_CLOEXEC | O_DIRECTORY));
    }
    if (flags & O_CREAT && flags & O_EXCL) {
        return value(-EEXIST);
    }
    if (flags & O_DIRECTORY) { /* and O_TMPFILE, which has its bit */
        return value(-ENOTDIR);
    }
    if (k->owner_gone) {
        return value(-ENODEV);
    }
    return (struct answer){kind, number,
                           flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY |
                                     O_DIRECT | O_NOFOLLOW)};
}

static struct answer open_dev(struct keeper *k, int flags)
{
    if (flags & O_PATH || k->owner_gone) {
        return (struct answer){ANSWER_CONTINUE, 0, 0};
    }
    if ((flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT) {
        return value(-EISDIR);
    }
    return (struct answer){ANSWER_NODE, -1,
                           O_RDONLY | O_DIRECTORY |
                               (flags & (O_CLOEXEC | O_NONBLOCK))};
}

/* Our /sys is only to be looked at. */
static struct answer open_sys(struct keeper *k, const char *path, int flags)
{
    if ((flags & O_ACCMODE) != O_RDONLY && !(flags & O_PATH)) {
        return value(-EACCES);
    }
    return descriptor(
        openat(k->places.tree, path,
               (flags & ~(O_CREAT | O_TRUNC | O_PATH)) | O_CLOEXEC),
        flags);
}

static struct answer decide(struct keeper *k, const struct seccomp_notif *q,
                            int folder, const char *path, int flags)
{
    bool follow = !(flags & O_NOFOLLOW || (flags & O_CREAT && flags & O_EXCL));
    char who[64];
    struct place place;
    int ret = redirect_places_find(&k->places, (pid_t)q->pid, folder, path,
                                   PLACES_NUMBER | (follow ? PLACES_FOLLOW : 0),
                                   &place);

    if (ret) {
        return value(ret);
    }
    switch (place.kind) {
    case PLACE_NODE:
        return open_node(k, ANSWER_NODE, place.number, flags);
    case PLACE_CHIP:
        return open_node(k, ANSWER_CHIP, place.number, flags);
    case PLACE_DEV:
        return open_dev(k, flags);
    case PLACE_SYS:
        return open_sys(k, place.path, flags);
    case PLACE_BELOW_DEV:
        return descriptor(open(place.path, flags | O_CLOEXEC | O_NOCTTY, 0666),
                          flags);
    case PLACE_OTHER_BUS:
        if (redirect_keeper_outer_has(k, place.number)) {
            break;
        }
        redirect_keeper_name_task((pid_t)q->pid, who, sizeof(who));
        redirect_keeper_tell(k, KEEPER_OTHER_BUS, place.number, who);
        break;
    case PLACE_ELSEWHERE:
        break;
    }
    return (struct answer){ANSWER_CONTINUE, 0, 0};
}

struct answer redirect_answer_open(struct keeper *k,
                                   const struct seccomp_notif *q,
                                   enum trapped_kind kind)
{
    bool at = kind == TRAPPED_OPENAT || kind == TRAPPED_OPENAT2;
    int folder = at ? (int)q->data.args[0] : AT_FDCWD;
    int flags = (int)q->data.args[at ? 2 : 1];
    char path[PATH_MAX];
    struct open_how how;

    if (redirect_keeper_read_path(k, q, at ? 1 : 0, path) || !*path) {
        return (struct answer){ANSWER_CONTINUE, 0, 0};
    }
    if (!strcmp(path, NESTED_DOOR)) {
        return redirect_nested_open(k, q);
    }
    if (kind == TRAPPED_CREAT) {
        flags = O_CREAT | O_WRONLY | O_TRUNC;
    } else if (kind == TRAPPED_OPENAT2) {
        if (redirect_memory_read((pid_t)q->pid, q->data.args[2], &how,
                                 sizeof(how))) {
            return (struct answer){ANSWER_CONTINUE, 0, 0};
        }
        flags = (int)how.flags;
    }
    return decide(k, q, folder, path, flags);
}

/* Whether it would run with more than whoever runs it has. */
static bool gives_privilege(const char *path)
{
    struct stat st;

    return !stat(path, &st) && S_ISREG(st.st_mode) &&
           ((st.st_mode & S_ISUID && st.st_uid != geteuid()) ||
            (st.st_mode & S_ISGID && st.st_mode & S_IXGRP &&
             st.st_gid != getegid()) ||
            getxattr(path, "security.capability", NULL, 0) > 0);
}

struct answer redirect_answer_exec(struct keeper *k,
                                   const struct seccomp_notif *q,
                                   enum trapped_kind kind)
{
    bool at = kind == TRAPPED_EXECVEAT;
    char path[PATH_MAX], real[PATH_MAX + 64];
    const char *form = "/proc/%d/root%s";

    if (redirect_keeper_read_path(k, q, at ? 1 : 0, path) || !*path) {
        return (struct answer){ANSWER_CONTINUE, 0, 0};
    }
    if (*path != '/') {
        form = "/proc/%d/cwd/%s";
    }
    snprintf(real, sizeof(real), form, (int)q->pid, path);
    if (gives_privilege(real)) {
        redirect_keeper_tell(k, KEEPER_SET_ID, 0, path);
    }
    return (struct answer){ANSWER_CONTINUE, 0, 0};
}
