/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What test programs in a guest share: TAP and the virtual USB adapter. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vm-guest.h"

const char *guest_name = "?";
int guest_failed;
struct i2cpt_fault guest_fault;

void report(int ok, const char *format, ...)
{
    va_list ap;

    guest_failed += !ok;
    printf("%sok - %s | ", ok ? "" : "not ", guest_name);
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
}

static void give_up(const char *what, const char *why)
{
    report(0, "%s: %s", what, why);
    exit(1);
}

/* ------------------------------------------------------------- the adapter */

static const struct {
    const char *model, *prefix;
} prefixes[] = {
    {"tiny", "i2c-tiny-usb at bus"},
    {"osif", "OSIF at bus"},
    {"diolan", "i2c-diolan-u2c at bus"},
};

void board_begin(struct board *b, const char *model, const char *file)
{
    int to[2], from[2];
    size_t i;

    for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (!strcmp(model, prefixes[i].model)) {
            b->prefix = prefixes[i].prefix;
        }
    }
    if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC)) {
        give_up("pipe", model);
    }
    b->pid = fork();
    if (!b->pid) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        execlp("usb-board", "usb-board", model, file, NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    b->to = fdopen(to[1], "w");
    b->from = fdopen(from[0], "r");
}

void board_end(struct board *b)
{
    fclose(b->to);
    fclose(b->from);
    waitpid(b->pid, NULL, 0);
}

const char *board_tell(struct board *b, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vfprintf(b->to, format, ap);
    va_end(ap);
    fputc('\n', b->to);
    fflush(b->to);
    if (!fgets(b->answer, sizeof(b->answer), b->from) ||
        strncmp(b->answer, "ok", 2)) {
        give_up("usb-board", b->answer);
    }
    return b->answer + 2 + (b->answer[2] == ' ');
}

struct wanted {
    const char *prefix;
    char *spec;
};

static int find_bus(const char *spec, const char *about, void *user)
{
    struct wanted *w = user;

    if (strncmp(about, w->prefix, strlen(w->prefix))) {
        return 0;
    }
    snprintf(w->spec, 200, "%s", spec);
    return 1;
}

/* The kernel takes its time. */
static int wait_for(struct board *b, int there, char *spec)
{
    const struct timespec tick = {0, 5000000};
    struct wanted wanted = {b->prefix, spec};
    int i;

    for (i = 0; i < 6000; i++) {
        if (i2cpt_list(find_bus, &wanted) == there) {
            return 1;
        }
        nanosleep(&tick, NULL);
    }
    return 0;
}

int board_plug(struct board *b, char *spec)
{
    board_tell(b, "plug");
    return wait_for(b, 1, spec);
}

int board_wait_gone(struct board *b)
{
    char spec[200];

    return wait_for(b, 0, spec);
}

/* --------------------------------------------------------------- transfers */

struct i2cpt_adapter *open_spec(const char *spec, const char *more)
{
    struct i2cpt_adapter *a = NULL;
    char text[400];

    snprintf(text, sizeof(text), "%s%s", spec, more);
    if (i2cpt_adapter_open(text, &a, &guest_fault)) {
        give_up(text, guest_fault.text);
    }
    return a;
}

int put(struct i2cpt_adapter *a, uint16_t addr, const char *bytes, uint32_t len)
{
    struct i2cpt_msg m = {addr, 0, len, 0, (uint8_t *)bytes};

    return i2cpt_transfer(a, &m, 1, &guest_fault);
}

int get(struct i2cpt_adapter *a, uint16_t addr, uint8_t reg, uint8_t *in,
        uint32_t len)
{
    struct i2cpt_msg msgs[] = {{addr, 0, 1, 0, &reg},
                               {addr, I2CPT_M_RD, len, 0, in}};

    return i2cpt_transfer(a, msgs, 2, &guest_fault);
}
