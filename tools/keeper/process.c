/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper as a process of its own: started by an adapter's, with nothing of
 * that left in it, and in no group that a terminal or a shell ends. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/tool.h"
#include "keeper/keeper.h"
#include "keeper/process.h"
#include "nodes/name.h"

#define N_FDS 3
/* Above those that it has, so that none overwrites another. */
#define FD_ANY 10

extern char **environ;

/* ------------------------------------------------------------------- in it */

static void withdraw(void)
{
    setsid();
    signal(SIGTERM, keeper_go);
    signal(SIGINT, keeper_go);
    signal(SIGHUP, keeper_go);
    prctl(PR_SET_NAME, "i2cpt-keeper", 0, 0, 0);
#ifdef SYS_close_range
    /* what the shell had open, a node of this very bus perhaps */
    syscall(SYS_close_range, KEEPER_CALLER + 1, ~0u, 0);
#endif
    if (chdir("/")) {
        /* then it pins the one it is in */
    }
}

static bool is_socket(int fd)
{
    int type;
    socklen_t size = sizeof(type);

    return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) &&
           !fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int keeper_main(int argc, char **argv)
{
    struct keeper_config c = {.kernel = KEEPER_KERNEL,
                              .door = KEEPER_DOOR,
                              .caller = KEEPER_CALLER,
                              .patience_ms = KEEPER_PATIENCE_MS,
                              .first_ms = KEEPER_FIRST_MS,
                              .orphan_ms = KEEPER_ORPHAN_MS};

    if (argc != 3 || !is_socket(KEEPER_KERNEL) || !is_socket(KEEPER_DOOR) ||
        !is_socket(KEEPER_CALLER) ||
        keeper_door_known(&c.at, NODE_NAME_FOLDER,
                          (unsigned)strtoul(argv[1], NULL, 10))) {
        tool_complain(KEEPER_WORD " is what `i2cpt-replay attach` starts");
        return TOOL_USAGE;
    }
    c.device_id = (uint32_t)strtoul(argv[2], NULL, 10);
    withdraw();
    keeper_run(&c);
    return TOOL_FINE;
}

/* ------------------------------------------------------------ who starts it */

/* Its words, and the descriptors at the numbers where it looks for them. */
static int spawn(const int *fds, unsigned port, uint32_t device_id)
{
    char at[16], id[16];
    char *argv[] = {(char *)"i2cpt-keeper", (char *)KEEPER_WORD, at, id, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int i, ret = posix_spawn_file_actions_init(&actions);

    if (ret) {
        return -ret;
    }
    snprintf(at, sizeof(at), "%u", port);
    snprintf(id, sizeof(id), "%u", device_id);
    for (i = 0; i < 3 && !ret; i++) {
        ret = posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR,
                                               0);
    }
    for (i = 0; i < N_FDS && !ret; i++) {
        ret = posix_spawn_file_actions_adddup2(&actions, fds[i],
                                               KEEPER_KERNEL + i);
    }
    ret = ret ? ret
              : posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv,
                            environ);
    posix_spawn_file_actions_destroy(&actions);
    return -ret;
}

int keeper_start(int kernel, int door, unsigned port, uint32_t device_id)
{
    int fds[N_FDS] = {-1, -1, -1}, pair[2], i, ret = 0;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
        return -errno;
    }
    for (i = 0; i < N_FDS && !ret; i++) {
        const int from[N_FDS] = {kernel, door, pair[1]};

        fds[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FD_ANY);
        ret = fds[i] < 0 ? -errno : 0;
    }
    ret = ret ? ret : spawn(fds, port, device_id);
    while (i--) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    close(pair[1]);
    if (ret) {
        close(pair[0]);
    }
    return ret ? ret : pair[0];
}
