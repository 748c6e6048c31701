/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which paths are ours: the device nodes, and what /sys says of the buses. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "preload/shim.h"

/* Digits without a sign and nothing behind them but `end`; -1 for others. */
static int number(const char *text, const char **end)
{
    int n = 0;

    if (*text < '0' || *text > '9') {
        return -1;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        n = n * 10 + (*text - '0');
        if (n > 1048575) {
            return -1;
        }
    }
    *end = text;
    return n;
}

/* Programs clear their environment: it is asked once, before they can. */
static const char *const names[] = {ENV_SOCKET, ENV_BUSES, ENV_TREE};
static const char *values[3];
static bool asked;

static void ask_environment(void)
{
    for (unsigned i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);

        values[i] = value ? strdup(value) : NULL;
    }
    asked = true;
}

/* It leaves word that it was loaded. */
__attribute__((constructor)) static void begin(void)
{
    char path[PATH_MAX];

    ask_environment();
    if (values[2] && snprintf(path, sizeof(path), "%s/%s", values[2],
                              PRELOAD_LOADED) < (int)sizeof(path)) {
        int saved = errno;

        mkdir(path, 0700); /* by another process before, or as another user */
        errno = saved;
    }
}

const char *shim_path_environment(const char *name)
{
    if (!asked) { /* another library's constructor comes first */
        ask_environment();
    }
    for (unsigned i = 0; i < 3; i++) {
        if (name == names[i] || !strcmp(name, names[i])) {
            return values[i];
        }
    }
    return NULL;
}

bool shim_path_has_bus(unsigned bus)
{
    const char *p = shim_path_environment(ENV_BUSES);

    while (p && *p) {
        if (number(p, &p) == (int)bus) {
            return true;
        }
        if (*p++ != ':') {
            break;
        }
    }
    return false;
}

/* The two names that a node has. */
static int plain_bus(const char *path)
{
    const char *end;
    int bus;

    if (strncmp(path, "/dev/i2c", 8) || (path[8] != '-' && path[8] != '/')) {
        return -1;
    }
    bus = number(path + 9, &end);
    return bus >= 0 && !*end && shim_path_has_bus((unsigned)bus) ? bus : -1;
}

int shim_path_bus(int dir, const char *path)
{
    int bus;

    /* nearly every call is about something else: be quick then */
    if (!path || !strstr(path, "i2c") || !strncmp(path, "/sys/", 5)) {
        return -1;
    }
    bus = plain_bus(path);
    return bus >= 0 ? bus : shim_path_walk(dir, path);
}

int shim_path_nth_bus(unsigned n)
{
    const char *p = shim_path_environment(ENV_BUSES);
    int bus = p ? number(p, &p) : -1;

    for (; bus >= 0 && n; n--) {
        bus = *p == ':' ? number(p + 1, &p) : -1;
    }
    return bus;
}

static bool below(const char *path, const char *folder)
{
    size_t len = strlen(folder);

    return !strncmp(path, folder, len) && (!path[len] || path[len] == '/');
}

const char *shim_path_map(int dir, const char *path, char *buf, size_t size)
{
    const char *tree;
    int bus;

    if (!path || !strstr(path, "i2c")) {
        return path;
    }
    tree = shim_path_environment(ENV_TREE);
    if (!tree) {
        return path;
    }
    bus = shim_path_bus(dir, path);
    if (bus >= 0) {
        snprintf(buf, size, "%s/dev/i2c-%d", tree, bus);
        return buf;
    }
    if (below(path, "/sys/class/i2c-dev") || below(path, "/sys/bus/i2c") ||
        below(path, "/sys/class/i2c-adapter")) {
        snprintf(buf, size, "%s%s", tree, path);
        return buf;
    }
    return path;
}

void shim_path_unmap(char *path)
{
    const char *tree = shim_path_environment(ENV_TREE);
    size_t len = tree ? strlen(tree) : 0;

    if (len && below(path, tree)) {
        memmove(path, path + len, strlen(path + len) + 1);
    }
}
