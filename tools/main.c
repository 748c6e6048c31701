/* SPDX-License-Identifier: GPL-2.0-or-later */
/* i2cpt-replay: record, look at and run again what went over an I2C bus. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "common/tool.h"
#include "i2cpt-backend.h"
#ifdef HAVE_ATTACH
#include "keeper/keeper.h"
#endif

static const struct verb *const verbs[] = {
    &verb_record, &verb_replay,  &verb_show,       &verb_check, &verb_stats,
    &verb_diff,   &verb_convert, &verb_list,       &verb_serve, &verb_run,
    &verb_attach, &verb_detach,  &verb_ftdi_check,
};
#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void print_help(FILE *to)
{
    fputs("usage: i2cpt-replay VERB [ARGUMENT...]\n\n", to);
    for (size_t i = 0; i < N_VERBS; i++) {
        fprintf(to, "  %-10s %s\n", verbs[i]->name, verbs[i]->about);
    }
    fputs("\n`i2cpt-replay VERB --help`, or `help VERB`, has options and an "
          "example.\n"
          "Exit status: 0 fine, 1 mismatch or failed check, 2 usage,\n"
          "3 adapter or file error; with a PROGRAM its own, 125 where we "
          "failed.\n",
          to);
}

static void log_line(int level, const char *line, void *user)
{
    if (level <= I2CPT_LOG_WARNING) {
        tool_complain("%s", line);
    }
}

/* Data that could not be written is no success (a full disk, say). */
static int finish(int status)
{
    if (fflush(stdout) || ferror(stdout)) {
        tool_complain("cannot write to the standard output");
        return TOOL_BROKEN;
    }
    return status;
}

static int no_option(const char *name)
{
    tool_complain("unknown option '%s'; before a verb there are --help and "
                  "--version",
                  name);
    return TOOL_USAGE;
}

static int no_verb(const char *name)
{
    const char *near = NULL;
    unsigned distance = 3; /* as much as a slip makes */

    for (size_t i = 0; i < N_VERBS; i++) {
        unsigned d = tool_text_distance(name, verbs[i]->name);

        if (d < distance) {
            distance = d;
            near = verbs[i]->name;
        }
    }
    if (near) {
        tool_complain("no verb '%s'; did you mean %s?", name, near);
    } else {
        tool_complain("no verb '%s'; there are:", name);
        print_help(stderr);
    }
    return TOOL_USAGE;
}

/* Back ends that the user brings along: code that runs, so nobody else names
 * it. */
static int load_backends(void)
{
    struct i2cpt_fault fault;
    int ret = i2cpt_backend_load(secure_getenv("I2CPT_BACKENDS"), &fault);

    if (ret) {
        tool_complain("I2CPT_BACKENDS: %s", fault.text);
    }
    return ret;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;

    tool_memory_watch();
    if (!name) {
        print_help(stderr);
        return TOOL_USAGE;
    }
    if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
        print_help(stdout);
        return finish(TOOL_FINE);
    }
    if (!strcmp(name, "help") && argc == 2) {
        print_help(stdout);
        return finish(TOOL_FINE);
    }
    if (!strcmp(name, "help")) { /* VERB: what VERB --help says */
        static char option[] = "--help";

        name = argv[2];
        argv[1] = argv[2];
        argv[2] = option;
        argc = 3;
    }
    if (!strcmp(name, "--version")) {
        printf("i2cpt-replay %s\n", i2cpt_version());
        return finish(TOOL_FINE);
    }
#ifdef HAVE_ATTACH
    if (!strcmp(name, KEEPER_WORD)) { /* no verb: attach says it to itself */
        return keeper_main(argc - 1, argv + 1);
    }
#endif
    signal(SIGXFSZ, SIG_IGN); /* a write that fails says so itself */
    tool_raise_limits();
    i2cpt_set_log(log_line, NULL);
    if (load_backends()) {
        return TOOL_BROKEN;
    }
    for (size_t i = 0; i < N_VERBS; i++) {
        if (!strcmp(name, verbs[i]->name)) {
            return finish(verbs[i]->run(verbs[i], argc - 1, argv + 1));
        }
    }
    return *name == '-' ? no_option(name) : no_verb(name);
}
