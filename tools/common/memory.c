/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An end with a line and a status where GLib finds no memory. */
#include "common/memory.h"

#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/tool.h"

#define STACK_SIZE     262144 /* more than any verb goes down */
#define PAGE_SIZE      4096
#define ALT_STACK_SIZE 65536
#define PROBE_SIZE     262144 /* where not even this is left, memory was it */

static volatile sig_atomic_t fails_with = TOOL_BROKEN;

void tool_memory_fails_with(int status)
{
    fails_with = status;
}

/* Nothing here may need memory. */
void tool_memory_end(void)
{
    static const char line[] = "i2cpt-replay: out of memory\n";

    if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0) {
        /* the status says it too */
    }
    _exit(fails_with);
}

static void on_log(const char *domain, GLogLevelFlags level, const char *text,
                   void *user)
{
    if (level & G_LOG_LEVEL_ERROR && strstr(text, "allocate")) {
        tool_memory_end();
    }
    g_log_default_handler(domain, level, text, user);
}

/* GLib's own end. Where it has no memory to speak, it does not log; or it logs
 * that it has none to log, over and over, until the stack ends. */
static void on_signal(int sig)
{
    void *probe = mmap(NULL, PROBE_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (probe == MAP_FAILED) {
        tool_memory_end();
    }
    raise(sig); /* SA_RESETHAND: as if we were not there */
}

static void __attribute__((noinline)) touch_stack(void)
{
    volatile char room[STACK_SIZE];

    for (size_t i = sizeof(room); i >= PAGE_SIZE; i -= PAGE_SIZE) {
        room[i - PAGE_SIZE] = 0;
    }
}

/* Where no addresses are left the kernel cannot let the stack grow, and says so
 * with a signal: it grows while there are some, and only then. */
static void grow_stack(void)
{
    size_t size = STACK_SIZE + 2 * PAGE_SIZE;
    void *probe =
        mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (probe == MAP_FAILED) {
        tool_memory_end();
    }
    munmap(probe, size);
    touch_stack();
}

/* Not where somebody watches already, as sanitizers do. */
static void watch_stack(void)
{
    static char room[ALT_STACK_SIZE];
    stack_t stack = {.ss_sp = room, .ss_size = sizeof(room)};
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = SA_RESETHAND | SA_ONSTACK};
    struct sigaction before;

    if (!sigaction(SIGSEGV, NULL, &before) && before.sa_handler == SIG_DFL &&
        !sigaltstack(&stack, NULL)) {
        sigaction(SIGSEGV, &action, NULL);
    }
}

void tool_memory_watch(void)
{
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = SA_RESETHAND | SA_NODEFER};
    bool ours = !getenv("G_SLICE");

    grow_stack();
    /* older GLibs have an allocator that ends by itself; read at its first
     * use, and nothing for PROGRAM to see */
    setenv("G_SLICE", "always-malloc", 0);
    g_slice_free1(16, g_slice_alloc(16));
    if (ours) {
        unsetenv("G_SLICE");
    }
    g_log_set_default_handler(on_log, NULL);
    sigaction(SIGABRT, &action, NULL);
    sigaction(SIGTRAP, &action, NULL);
    watch_stack();
}
