/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last of us in the process that becomes PROGRAM. */
#include <signal.h>
#include <unistd.h>

#include "common/tool.h"
#include "program/program.h"

void program_exec(const char *path, char **argv, char **env)
{
    signal(SIGXFSZ, SIG_DFL); /* main() ignores it; others are caught */
    tool_restore_limits();
    execve(path, argv, env);
}
