/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A value change dump of two wires. sigrok-cli decodes it; read here is only
 * what that has to be told: the wires' names, the time unit, and the smallest
 * step, for it takes a sample of each.
 */
#include <ctype.h>
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "importers/import.h"
#include "common/text-in.h"

#define NAME_MAX_LEN 100

struct dump {
    struct convert *convert;
    struct text_in text;
    struct i2cpt_fault *fault;
    const char *at; /* in the line */
    char word[256]; /* the last one */
    uint64_t hz;    /* 0: no $timescale yet */
    uint64_t step, last_time;
    bool timed;
    char scl[NAME_MAX_LEN + 1], sda[NAME_MAX_LEN + 1];
};

/* ------------------------------------------------------------------- header */

static int bad(const struct dump *d, const char *what)
{
    return text_error(&d->text, d->at, d->fault, "%s", what);
}

/* The next word of the file, which may be lines away; 1, 0 at the end. */
static int next_word(struct dump *d)
{
    size_t n;

    while (!d->at || !*(d->at += strspn(d->at, " \t"))) {
        int rc = text_next(&d->text, d->fault);
        if (rc < 1) {
            return rc;
        }
        d->at = d->text.buf;
    }
    n = strcspn(d->at, " \t");
    if (n >= sizeof(d->word)) {
        return bad(d, "a word of more than 255 bytes");
    }
    memcpy(d->word, d->at, n);
    d->word[n] = 0;
    d->at += n;
    return 1;
}

/* "1", "10 ns", "100us": up to the unit; samples per second. */
static int read_timescale(struct dump *d)
{
    static const struct {
        const char *unit;
        uint64_t hz;
    } units[] = {{"s", 1},
                 {"ms", 1000},
                 {"us", 1000000},
                 {"ns", 1000000000},
                 {"ps", UINT64_C(1000000000000)},
                 {"fs", UINT64_C(1000000000000000)}};
    uint64_t count;
    const char *p = d->word;

    int rc = next_word(d);
    if (rc > 0 && text_number(&p, 10, 100, &count) && !*p) {
        rc = next_word(d);
        p = d->word;
    }
    for (size_t i = 0; rc > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (!strcmp(p, units[i].unit) &&
            (count == 1 || count == 10 || count == 100)) {
            /* "10 s" is slower than any I2C */
            d->hz = units[i].hz / count;
        }
    }
    return rc < 0 || d->hz ? rc
                           : bad(d, "no $timescale; accepted is 1, 10 or 100 "
                                    "and ms, us, ns, ps or fs");
}

static bool holds(const char *text, const char *part)
{
    for (; *text; text++) {
        if (!strncasecmp(text, part, strlen(part))) {
            return true;
        }
    }
    return false;
}

static int take_name(struct dump *d, char *name, const char *asked,
                     const char *part)
{
    bool mine = asked ? !strcmp(d->word, asked) : holds(d->word, part);

    if (!mine) {
        return 0;
    }
    if (strlen(d->word) > NAME_MAX_LEN || strpbrk(d->word, ":=,")) {
        return bad(d, "a name that sigrok-cli cannot be told: with : = or , or "
                      "of more than 100 bytes");
    }
    if (*name && strcmp(name, d->word)) {
        return bad(d, "more than one wire of this kind; --scl NAME and --sda "
                      "NAME choose");
    }
    strcpy(name, d->word);
    return 0;
}

/* $var TYPE SIZE ID NAME [RANGE] $end */
static int read_var(struct dump *d)
{
    const struct convert_options *o = &d->convert->options;
    bool one = false;

    for (int i = 0; i < 4; i++) {
        int rc = next_word(d);
        if (rc < 1) {
            return rc < 0 ? rc : bad(d, "the file ends in a $var");
        }
        one = i == 1 ? !strcmp(d->word, "1") : one;
    }
    if (!one) {
        return 1;
    }
    int rc = take_name(d, d->scl, o->scl, "scl");
    rc = rc ? rc : take_name(d, d->sda, o->sda, "sda");
    return rc ? rc : 1;
}

static int read_header(struct dump *d)
{
    int rc;

    while ((rc = next_word(d)) > 0 && strcmp(d->word, "$enddefinitions")) {
        if (!strcmp(d->word, "$timescale")) {
            rc = read_timescale(d);
        } else if (!strcmp(d->word, "$var")) {
            rc = read_var(d);
        }
        if (rc < 0) {
            return rc;
        }
    }
    if (rc < 0) {
        return rc;
    }
    if (!rc || !d->hz || !*d->scl || !*d->sda) {
        return convert_error(
            d->fault, EINVAL, "%.80s: %s", d->text.name,
            !rc      ? "no VCD: no $enddefinitions in it"
            : !d->hz ? "no $timescale in it"
            : !*d->scl
                ? "no wire for SCL; accepted is a name with scl, or --scl NAME"
                : "no wire for SDA; accepted is a name with sda, or --sda "
                  "NAME");
    }
    return 0;
}

/* ------------------------------------------------------------------- values */

/* The smallest step in time. Samples that are as far apart keep every edge and
 * the order of edges. */
static int read_steps(struct dump *d)
{
    uint64_t time;
    int rc;

    while ((rc = text_next(&d->text, d->fault)) > 0) {
        d->at = d->text.buf;
        if (!text_take(&d->at, "#")) {
            continue;
        }
        if (!text_number(&d->at, 10, INT64_MAX, &time)) {
            return bad(d, "no time; accepted is # and a number");
        }
        if (d->timed && time < d->last_time) {
            return bad(d, "a time before the one before it");
        }
        if (d->timed && time > d->last_time &&
            (!d->step || time - d->last_time < d->step)) {
            d->step = time - d->last_time;
        }
        d->timed = true;
        d->last_time = time;
    }
    return rc;
}

/* ---------------------------------------------------------------- sigrok-cli
 */

static int start_sigrok(const struct dump *d, const char *path, GPid *pid,
                        int *out)
{
    char *input = g_strdup_printf("vcd:downsample=%" PRIu64, d->step);
    char *decoder = g_strdup_printf("i2c:scl=%s:sda=%s", d->scl, d->sda);
    const char *argv[] = {"sigrok-cli",
                          "-I",
                          input,
                          "-i",
                          path,
                          "-P",
                          decoder,
                          "-A",
                          "i2c=addr-data",
                          "--protocol-decoder-samplenum",
                          NULL};
    GError *error = NULL;
    int rc = 0;

    if (!g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
                                  G_SPAWN_SEARCH_PATH |
                                      G_SPAWN_DO_NOT_REAP_CHILD,
                                  NULL, NULL, pid, NULL, out, NULL, &error)) {
        rc = convert_error(
            d->fault, ENOENT,
            g_error_matches(error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT)
                ? "%s: sigrok-cli, which decodes VCD, is not installed"
                : "%s: sigrok-cli cannot be started",
            path);
        g_error_free(error);
    }
    g_free(decoder);
    g_free(input);
    return rc;
}

static int finish_sigrok(const struct dump *d, GPid pid, int rc)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (rc || (WIFEXITED(status) && !WEXITSTATUS(status))) {
        return rc;
    }
    return convert_error(
        d->fault, EIO, "%s: sigrok-cli failed (%s %d)", d->text.name,
        WIFEXITED(status) ? "exit status" : "signal",
        WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static int decode(struct dump *d, const char *path)
{
    struct text_in said;
    GPid pid;
    int fd;

    int rc = start_sigrok(d, path, &pid, &fd);
    if (rc) {
        return rc;
    }
    FILE *file = fdopen(fd, "r");
    if (!file) {
        close(fd);
        return finish_sigrok(d, pid, -ENOMEM);
    }
    text_over(&said, file, "sigrok-cli");
    d->convert->options.sample_rate_hz = d->hz;
    d->convert->options.sample_step = d->step;
    d->convert->options.name = NULL;
    rc = import_sigrok(d->convert, &said, d->fault);
    text_close(&said);
    fclose(file); /* where it was given up, sigrok-cli ends by SIGPIPE */
    return finish_sigrok(d, pid, rc);
}

static int run_vcd(struct convert *c, const char *path,
                   struct i2cpt_fault *fault)
{
    struct dump d = {.convert = c, .fault = fault};
    struct stat st;

    if (!strcmp(path, "-") || (!stat(path, &st) && !S_ISREG(st.st_mode))) {
        return convert_error(fault, EINVAL,
                             "%s: a VCD is read from a file, twice", path);
    }
    int rc = text_open(&d.text, path, fault);
    if (rc) {
        return rc;
    }
    rc = read_header(&d);
    rc = rc ? rc : read_steps(&d);
    d.step = d.step ? d.step : 1;
    rc = rc ? rc : decode(&d, path);
    text_close(&d.text);
    return rc;
}

static bool is_vcd(const char *head)
{
    static const char *const words[] = {"$date",      "$version", "$comment",
                                        "$timescale", "$scope",   "$var"};

    head += strspn(head, " \t\r\n");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strncmp(head, words[i], strlen(words[i]))) {
            return true;
        }
    }
    return false;
}

const struct convert_format format_vcd = {
    .name = "vcd",
    .about = "waveform of SCL and SDA, for sigrok, PulseView and GTKWave",
    .suffix = ".vcd",
    .probe = is_vcd,
    .run = run_vcd,
    .write = write_vcd,
};
