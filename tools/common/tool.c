/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every verb needs: options, errors, progress, exit status. */
#include "common/memory.h"
#include "common/text-in.h"
#include "common/text.h"
#include "common/tool.h"
#include "core/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PROGRESS_NS   200000000u
#define COMPLAINT_MAX 16384 /* three paths and what is said of them */

static int usage_status = TOOL_USAGE;

void tool_has_program(void)
{
    usage_status = TOOL_OURS;
    tool_memory_fails_with(TOOL_OURS);
}

void tool_look_for_program(char *const *argv)
{
    while (*argv && strcmp(*argv, "--")) {
        argv++;
    }
    if (*argv) {
        tool_has_program();
    }
}

/* Nothing here may need memory. */
static void vcomplain(const char *format, va_list args)
{
    char line[COMPLAINT_MAX];

    vsnprintf(line, sizeof(line), format, args);
    tool_text_make_plain(line);
    fflush(stdout);
    fprintf(stderr, "i2cpt-replay: %s\n", line);
}

void tool_complain(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vcomplain(format, args);
    va_end(args);
}

uint64_t tool_number(const struct verb *verb, const char *option,
                     const char *text, uint64_t most)
{
    const char *end = text;
    uint64_t value;

    if (!tool_text_number(&end, 10, most, &value) || *end) {
        tool_usage(verb, "%s=%s: accepted is a number from 0 to %" PRIu64,
                   option, text, most);
    }
    return value;
}

void tool_usage(const struct verb *verb, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vcomplain(format, args);
    va_end(args);
    fprintf(stderr, "usage: i2cpt-replay %s %s\n", verb->name, verb->synopsis);
    exit(usage_status);
}

/* The word of an option that getopt did not like. */
static const char *option_word(char **argv)
{
    static char letter[3] = "-?";
    const char *word = argv[optind - 1];

    if (!strncmp(word, "--", 2)) {
        return word;
    }
    letter[1] = (char)optopt;
    return letter;
}

static void __attribute__((noreturn))
unknown_option(const struct verb *verb, const char *word,
               const struct option *options)
{
    const char *name = word + strspn(word, "-"), *near = NULL;
    unsigned distance = 3;

    for (; strlen(name) > 1 && options->name; options++) {
        unsigned d = tool_text_distance(name, options->name);

        if (d < distance) {
            distance = d;
            near = options->name;
        }
    }
    tool_usage(verb, "unknown option '%s' of %s (%s%s%s)", word, verb->name,
               near ? "did you mean --" : "--help lists them", near ? near : "",
               near ? "?" : "");
}

int tool_option(const struct verb *verb, int argc, char **argv,
                const char *letters, const struct option *options)
{
    opterr = 0;
    int letter = getopt_long(argc, argv, letters, options, NULL);
    switch (letter) {
    case 'h':
        printf("usage: i2cpt-replay %s %s\n\n%s.\n\n%s", verb->name,
               verb->synopsis, verb->about, verb->help);
        exit(TOOL_FINE);
    case ':':
        tool_usage(verb, "option '%s' needs a value", option_word(argv));
    case '?':
        unknown_option(verb, option_word(argv), options);
    default:
        return letter;
    }
}

const char *tool_operand(const struct verb *verb, int argc, char **argv,
                         const char *what)
{
    if (optind >= argc) {
        tool_usage(verb, "%s needs %s", verb->name, what);
    }
    if (optind + 1 < argc) {
        tool_usage(verb, "one word too many: '%s'", argv[optind + 1]);
    }
    return argv[optind];
}

void tool_no_operand(const struct verb *verb, int argc, char **argv)
{
    if (optind < argc) {
        tool_usage(verb, "one word too many: '%s'", argv[optind]);
    }
}

int tool_open_trace(const struct verb *verb, int argc, char **argv, bool *json,
                    const char **path, struct i2cpt_trace_reader **reader,
                    struct i2cpt_fault *fault)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };

    while (tool_option(verb, argc, argv, ":h", options) != -1) {
        *json = true;
    }
    *path = tool_operand(verb, argc, argv, "a TRACE");
    return i2cpt_trace_reader_open(*path, reader, fault);
}

int tool_fault(int rc, const struct i2cpt_fault *fault)
{
    char line[sizeof(fault->text) + 64];

    if (fault->code) {
        i2cpt_fault_describe(fault, line, sizeof(line));
        tool_complain("%s", line);
    } else {
        tool_complain("%s", strerror(-rc));
    }
    return TOOL_BROKEN;
}

static struct rlimit descriptors; /* as we were called */

void tool_raise_limits(void)
{
    struct rlimit more;

    if (!getrlimit(RLIMIT_NOFILE, &descriptors)) {
        more = descriptors;
        more.rlim_cur = more.rlim_max;
        setrlimit(RLIMIT_NOFILE, &more);
    }
}

void tool_restore_limits(void)
{
    if (descriptors.rlim_max) {
        setrlimit(RLIMIT_NOFILE, &descriptors);
    }
}

void tool_progress_step(struct tool_progress *p)
{
    p->count++;
    if ((p->count > 4096 && p->count % 256) || !isatty(STDERR_FILENO)) {
        return;
    }
    uint64_t now = i2cpt_now_ns();
    if (!p->next_ns) {
        p->next_ns = now + PROGRESS_NS;
    } else if (now >= p->next_ns) {
        p->next_ns = now + PROGRESS_NS;
        p->shown = true;
        fprintf(stderr, "\r%llu %s", (unsigned long long)p->count, p->what);
    }
}

void tool_progress_clear(struct tool_progress *p)
{
    if (p->shown) {
        fputs("\r\033[K", stderr);
        p->shown = false;
    }
}
