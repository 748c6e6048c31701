/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PROGRAM: chosen form, signals, exit status, and what is said in the end. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/tool.h"
#include "owner/owner.h"
#include "program/running.h"
#ifdef HAVE_REDIRECT
#include "redirect/redirect.h"
#endif

static volatile sig_atomic_t child;

static volatile sig_atomic_t early;   /* a signal that came before it ran */
static struct owner *volatile waited; /* for its children's files */

static void pass_on(int sig)
{
    if (child) {
        kill((pid_t)child, sig);
    } else if (waited) {
        owner_interrupt(waited);
    } else {
        early = sig;
    }
}

/* What the terminal sends reaches PROGRAM by itself. */
static void pass_on_but_terminal(int sig, siginfo_t *info, void *context)
{
    if (info->si_code != SI_KERNEL) {
        pass_on(sig);
    }
}

static void nothing(int sig)
{
    (void)sig;
}

/* What was ignored when we were called stays so, as PROGRAM has it by itself
 * (nohup, a shell's `&`); what is caught here is as by default in PROGRAM. */
static void take(int sig, struct sigaction action)
{
    struct sigaction before;

    action.sa_flags |= SA_RESTART;
    if (!sigaction(sig, NULL, &before) && before.sa_handler != SIG_IGN) {
        sigaction(sig, &action, NULL);
    }
}

static void take_signals(void)
{
    struct sigaction pass = {.sa_handler = pass_on};
    struct sigaction others = {.sa_sigaction = pass_on_but_terminal,
                               .sa_flags = SA_SIGINFO};

    take(SIGTERM, pass);
    take(SIGHUP, pass);
    take(SIGINT, others);
    take(SIGQUIT, others);
    take(SIGPIPE, (struct sigaction){.sa_handler = nothing});
}

bool program_redirect_parse(const char *text, enum program_redirect *out)
{
    static const char *const names[] = {"auto", "seccomp", "preload"};

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!strcmp(text, names[i])) {
            *out = (enum program_redirect)i;
            return true;
        }
    }
    return false;
}

/* -------------------------------------------------------------------- said */

static void say(struct program_report *report, const char *line)
{
    tool_complain("%s", line);
    g_ptr_array_add(report->notes, g_strdup(line));
}

void program_report_clear(struct program_report *r)
{
    if (r->notes) {
        g_ptr_array_unref(r->notes);
        r->notes = NULL;
    }
}

/* A bus that comes with PROGRAM's descriptors, from whoever called us. */
static void look_at_descriptors(struct program_report *report)
{
    GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
    const char *name;
    struct stat st;

    while (dir && (name = g_dir_read_name(dir))) {
        int fd = atoi(name);

        if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC) && !fstat(fd, &st) &&
            S_ISCHR(st.st_mode) && major(st.st_rdev) == 89) {
            g_autofree char *line = g_strdup_printf(
                "descriptor %d of the program is the real /dev/i2c-%u: what "
                "it does there is not redirected",
                fd, minor(st.st_rdev));

            say(report, line);
        }
    }
    if (dir) {
        g_dir_close(dir);
    }
}

/* A ring opens past the filter, and who asked for rings has them: what they
 * reach then is said before. */
static void look_at_rings(struct owner *o, struct program_report *report)
{
    unsigned i;

    for (i = 0; i < owner_bus_count(o); i++) {
        g_autofree char *path =
            g_strdup_printf("/dev/i2c-%u", owner_nth_bus(o, i));
        struct stat st;

        if (!stat(path, &st)) {
            g_autofree char *line = g_strdup_printf(
                "--allow-io-uring: what the program opens through an io_uring "
                "as %s is the kernel's own, not redirected",
                path);

            say(report, line);
        }
    }
}

#ifdef HAVE_REDIRECT
static void say_line(const char *line, void *user)
{
    say(user, line);
}
#endif

/* The buses that nobody opened were perhaps meant to be. */
static void say_unused(struct running *r)
{
    g_autoptr(GString) line =
        g_string_new("the program opened no redirected bus (");
    unsigned i;

    for (i = 0; i < owner_bus_count(r->owner); i++) {
        g_string_append_printf(line, "%s/dev/i2c-%u", i ? ", " : "",
                               owner_nth_bus(r->owner, i));
    }
    g_string_append_c(line, ')');
    if (!r->redirect && !owner_was_reached(r->owner)) {
        g_string_append(line, "; the preloaded shim was not loaded in it");
        if (r->limit) {
            g_string_append_printf(line,
                                   ", and --redirect=seccomp cannot be "
                                   "here: %s",
                                   r->limit);
        }
    }
    say(r->report, line->str);
}

void program_running_tell(struct running *r)
{
#ifdef HAVE_REDIRECT
    if (r->redirect) {
        redirect_lines(r->redirect, say_line, r->report);
    }
#endif
    if (!owner_was_used(r->owner)) {
        say_unused(r);
    }
}

/* ----------------------------------------------------------------- running */

int program_running_wait(struct running *r)
{
    int status = 0;

#ifdef HAVE_REDIRECT
    if (r->redirect) {
        return redirect_wait(r->redirect, r->pid);
    }
#endif
    while (waitpid(r->pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return PROGRAM_OURS << 8;
        }
    }
    return status;
}

void program_running_free(struct running *r)
{
#ifdef HAVE_REDIRECT
    if (r->redirect) {
        redirect_free(r->redirect);
    }
#endif
    g_free(r->limit);
}

/* Which chips there are, where their numbers were not asked for. */
static void say_chips(struct running *r)
{
    struct owner *o = r->owner;

    for (unsigned i = 0; i < owner_chip_count(o); i++) {
        uint32_t chip = owner_nth_chip(o, i);
        g_autofree char *lines = owner_chip_lines(o, chip);

        if (!r->redirect) {
            g_autofree char *line = g_strdup_printf(
                "the preloaded shim gives no /dev/gpiochip%u, with the lines "
                "of /dev/i2c-%u (%s): that takes the redirect at the system "
                "call%s%s",
                chip, owner_chip_bus(o, chip), lines, r->limit ? ": " : "",
                r->limit ? r->limit : "");

            say(r->report, line);
        } else if (!r->options->gpiochip_given) {
            tool_complain("/dev/gpiochip%u has the lines of /dev/i2c-%u: %s",
                          chip, owner_chip_bus(o, chip), lines);
        }
    }
}

/* Who has only the shim would take a real one for ours. */
static bool real_chip_stays(struct running *r)
{
    for (unsigned i = 0; i < owner_chip_count(r->owner); i++) {
        uint32_t chip = owner_nth_chip(r->owner, i);
        g_autofree char *node = g_strdup_printf("/dev/gpiochip%u", chip);

        if (!access(node, F_OK)) {
            tool_complain("--gpiochip %u: this machine has %s, and the "
                          "preloaded shim does not hide it%s%s; accepted is "
                          "a number that it has not",
                          chip, node, r->limit ? ": " : "",
                          r->limit ? r->limit : "");
            return true;
        }
    }
    return false;
}

static int start(struct running *r)
{
    enum program_redirect wanted = r->options->redirect;
    int ret;

#ifdef HAVE_REDIRECT
    if (wanted != PROGRAM_PRELOAD) {
        ret = program_running_by_seccomp(r);
        r->report->form = "seccomp";
        if (ret >= 0) {
            say_chips(r);
            return ret;
        }
    }
#else
    r->limit = g_strdup("this build has it not");
#endif
    if (wanted == PROGRAM_SECCOMP) {
        tool_complain("--redirect=seccomp cannot be here: %s", r->limit);
        return RUNNING_REFUSED;
    }
    if (real_chip_stays(r)) {
        return RUNNING_REFUSED;
    }
    ret = program_running_by_preload(r);
    r->report->form = "preload";
    say_chips(r);
    return ret;
}

static int run(struct running *r)
{
    int err = start(r), status;

    child = (sig_atomic_t)(r->pid > 0 ? r->pid : 0);
    if (early && child) {
        kill(r->pid, early);
    }
    if (err == RUNNING_REFUSED) {
        return PROGRAM_OURS;
    }
    if (err) {
        tool_complain("%s: %s", r->argv[0], g_strerror(err));
        if (r->pid > 0) {
            program_running_wait(r);
        }
        return err == ENOENT ? PROGRAM_NOT_FOUND : PROGRAM_NOT_EXECUTABLE;
    }
    status = program_running_wait(r);
    waited = r->owner;
    child = 0;
    owner_wait_closed(r->owner);
    waited = NULL;
    program_running_tell(r);
    return WIFSIGNALED(status) ? PROGRAM_SIGNAL + WTERMSIG(status)
                               : WEXITSTATUS(status);
}

/* Debian's i2c-tools are where an ordinary user's PATH does not lead. */
static void complain_not_found(const char *name)
{
    static const char *const others[] = {"/usr/sbin", "/usr/local/sbin"};
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *path = g_build_filename(others[i], name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE)) {
            tool_complain("%s: not found in PATH; there is %s", name, path);
            return;
        }
    }
    tool_complain("%s: not found", name);
}

int program_run(struct owner *o, const struct program_options *options,
                char **argv, struct program_report *report)
{
    g_autofree char *path = g_find_program_in_path(argv[0]);
    struct running r = {.owner = o,
                        .options = options,
                        .argv = argv,
                        .path = path ? path : argv[0],
                        .report = report};
    int status;

    report->form = NULL;
    report->notes = g_ptr_array_new_with_free_func(g_free);
    if (!path && !strchr(argv[0], '/')) { /* nor is it looked for right here */
        complain_not_found(argv[0]);
        return PROGRAM_NOT_FOUND;
    }
    look_at_descriptors(report);
    if (options->io_uring) {
        look_at_rings(o, report);
    }
    take_signals();
    status = run(&r);
    program_running_free(&r);
    return status;
}
