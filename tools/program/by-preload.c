/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PROGRAM with the preloaded shim: for machines that have no other way. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/tool.h"
#include "owner/owner.h"
#include "program/running.h"

/* ------------------------------------------------- what cannot be hooked */

/* Whether an ELF file of this machine's word size names a dynamic linker.
 * Scripts and foreign files say yes: their interpreters are looked at when
 * they run, by the linker itself. */
static bool is_dynamic(int fd)
{
    unsigned char ident[EI_NIDENT];
    Elf64_Ehdr e64;
    Elf32_Ehdr e32;
    Elf64_Phdr p64;
    Elf32_Phdr p32;
    size_t i;

    if (pread(fd, ident, sizeof(ident), 0) != sizeof(ident) ||
        memcmp(ident, ELFMAG, SELFMAG)) {
        return true;
    }
    if (ident[EI_CLASS] == ELFCLASS64 &&
        pread(fd, &e64, sizeof(e64), 0) == sizeof(e64)) {
        for (i = 0; i < e64.e_phnum; i++) {
            if (pread(fd, &p64, sizeof(p64),
                      (off_t)(e64.e_phoff + i * sizeof(p64))) == sizeof(p64) &&
                p64.p_type == PT_INTERP) {
                return true;
            }
        }
        return false;
    }
    if (ident[EI_CLASS] == ELFCLASS32 &&
        pread(fd, &e32, sizeof(e32), 0) == sizeof(e32)) {
        for (i = 0; i < e32.e_phnum; i++) {
            if (pread(fd, &p32, sizeof(p32),
                      (off_t)(e32.e_phoff + i * sizeof(p32))) == sizeof(p32) &&
                p32.p_type == PT_INTERP) {
                return true;
            }
        }
        return false;
    }
    return true;
}

static const char *cannot_be_hooked(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    const char *why = NULL;
    struct stat st;

    if (fd < 0) {
        return NULL; /* executable without being readable: let it try */
    }
    if (!fstat(fd, &st) && ((st.st_mode & S_ISUID && st.st_uid != geteuid()) ||
                            (st.st_mode & S_ISGID && st.st_gid != getegid()))) {
        why = "is setuid or setgid";
    } else if (geteuid() && fgetxattr(fd, "security.capability", NULL, 0) > 0) {
        why = "has capabilities of its file";
    } else if (!is_dynamic(fd)) {
        why = "is statically linked";
    }
    close(fd);
    return why;
}

/* -------------------------------------------------------------------- shim */

/* Beside us in the build tree; once installed in the folder of modules, whose
 * place is known from ours. */
static char *find_shim(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = self ? g_path_get_dirname(self) : g_strdup(".");
    char *beside = g_build_filename(dir, I2CPT_PRELOAD_NAME, NULL);
    const char *said = g_getenv("I2CPT_PRELOAD");

    if (said) {
        g_free(beside);
        return g_strdup(said);
    }
    if (g_file_test(beside, G_FILE_TEST_EXISTS)) {
        return beside;
    }
    g_free(beside);
    return g_canonicalize_filename(
        I2CPT_PRELOAD_DIR G_DIR_SEPARATOR_S I2CPT_PRELOAD_NAME, dir);
}

/* ------------------------------------------------------------------- child */

/* 0, or why exec failed; *pid is the child. */
static int start(char **argv, char **env, const char *path, pid_t *pid)
{
    int report[2], err = 0;

    if (pipe2(report, O_CLOEXEC)) {
        return errno;
    }
    *pid = fork();
    if (!*pid) {
        program_exec(path, argv, env);
        err = errno;
        if (write(report[1], &err, sizeof(err)) < 0) {
            /* the parent sees the exit status */
        }
        _exit(PROGRAM_NOT_FOUND);
    }
    close(report[1]);
    if (*pid < 0) {
        err = errno;
    } else if (read(report[0], &err, sizeof(err)) != sizeof(err)) {
        err = 0;
    }
    close(report[0]);
    return err;
}

int program_running_by_preload(struct running *r)
{
    g_autofree char *shim = find_shim();
    g_auto(GStrv) env = NULL;
    const char *why = cannot_be_hooked(r->path);

    if (!g_file_test(shim, G_FILE_TEST_EXISTS)) {
        tool_complain("%s: the preload shim is not there; I2CPT_PRELOAD=PATH "
                      "names it",
                      shim);
        return RUNNING_REFUSED;
    }
    if (strpbrk(shim, " :")) {
        tool_complain("%s: a preloaded library cannot have a blank or a colon "
                      "in its path",
                      shim);
        return RUNNING_REFUSED;
    }
    if (why) {
        tool_complain("%s %s: a preloaded library does not reach it, so it "
                      "would see the real /dev%s%s%s",
                      r->path, why, r->limit ? " (redirect=seccomp: " : "",
                      r->limit ? r->limit : "", r->limit ? ")" : "");
        return RUNNING_REFUSED;
    }
    env = owner_environment(r->owner, shim);
    return start(r->argv, env, r->path, &r->pid);
}
