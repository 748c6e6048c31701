/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has an I2C bus's node open, as /proc has it. */
#include <dirent.h>
#include <glib.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "nodes/holders.h"

#define I2C_MAJOR 89

static bool holds(const char *pid, unsigned bus)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/fd", pid);
    DIR *folder = opendir(path);
    struct dirent *entry;
    struct stat file;
    bool found = false;

    while (folder && !found && (entry = readdir(folder))) {
        /* looked at through /proc, it is not opened */
        found = !fstatat(dirfd(folder), entry->d_name, &file, 0) &&
                S_ISCHR(file.st_mode) && major(file.st_rdev) == I2C_MAJOR &&
                minor(file.st_rdev) == bus;
    }
    if (folder) {
        closedir(folder);
    }
    return found;
}

static void add(GString *text, const char *pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/comm", pid);
    g_autofree char *name = NULL;

    if (g_file_get_contents(path, &name, NULL, NULL)) {
        g_strchomp(name);
    }
    g_string_append_printf(text, "%s%s (pid %s)", text->len ? ", " : "",
                           name ? name : "?", pid);
}

char *node_holders(unsigned bus)
{
    GString *text = g_string_new(NULL);
    DIR *folder = opendir("/proc");
    struct dirent *entry;

    while (folder && (entry = readdir(folder))) {
        if (g_ascii_isdigit(entry->d_name[0]) && holds(entry->d_name, bus)) {
            add(text, entry->d_name);
        }
    }
    if (folder) {
        closedir(folder);
    }
    if (!text->len) {
        g_string_free(text, TRUE);
        return NULL;
    }
    return g_string_free(text, FALSE);
}
