/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve: an adapter for remote clients. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/tool.h"
#include "verbs/serve-clients.h"
#include "verbs/serve-listener.h"
#include "vhost-user/session.h"

/* What is spoken at the socket. */
enum speech { REMOTE, VHOST_USER };
static const char *const option_names[] = {"socket", "vhost-user"};

/* What was asked for on the command line. */
struct serving {
    enum { NO_WAY, STDIO, AT_PATH, HANDED } way;
    enum speech speech;
    const char *spec, *path;
    const char *allow, *writes, *log; /* NULL: not given */
    unsigned max_clients;
};

static int stop_pipe[2];

static void stop(int sig)
{
    char c = 0;

    (void)sig;
    if (write(stop_pipe[1], &c, 1) < 0) {
        /* full: it has been told already */
    }
}

static void serve_vmm(struct i2cpt_adapter *a, int fd)
{
    int ret = vhost_user_serve(a, fd);

    if (ret == -EFAULT) {
        tool_complain("a VMM has cut its guest's memory short: the device is "
                      "broken, and it was hung up on");
    } else if (ret) {
        tool_complain("a VMM does not speak vhost-user as it should, and was "
                      "hung up on");
    }
}

static void serve_remote(struct i2cpt_adapter *a, int fd)
{
    i2cpt_serve(a, fd, fd);
}

enum { STOP, GONE, LISTENER, FDS };

/* Until a signal comes. Where there is no room for a client, it waits until
 * another one has gone, or something else has given a descriptor back. */
static void take_clients(struct serve_clients *clients, int listener)
{
    struct pollfd fds[FDS] = {
        [STOP] = {stop_pipe[0], POLLIN, 0},
        [GONE] = {verb_serve_clients_fd(clients), POLLIN, 0},
        [LISTENER] = {listener, POLLIN, 0},
    };
    bool full = false;

    for (;;) {
        fds[LISTENER].fd = full ? -1 : listener;
        if (poll(fds, FDS, full ? 100 : -1) < 0) {
            continue;
        }
        if (fds[STOP].revents) {
            break;
        }
        if (fds[GONE].revents) {
            verb_serve_clients_reap(clients);
        }
        full = !full && fds[LISTENER].revents &&
               !verb_serve_clients_accept(clients, listener);
    }
}

/* What the clients have asked for is seen through, with the STOP of a stream
 * that they leave; it is bounded by their deadlines. A second signal ends it.
 */
static void end_clients(struct serve_clients *clients)
{
    struct pollfd fds[] = {
        {stop_pipe[0], POLLIN, 0},
        {verb_serve_clients_fd(clients), POLLIN, 0},
    };
    char c;

    if (read(stop_pipe[0], &c, 1) < 0) {
        /* it was readable */
    }
    verb_serve_clients_hang_up(clients);
    while (verb_serve_clients_reap(clients)) {
        if (poll(fds, 2, -1) > 0 && fds[0].revents) {
            _exit(128 + SIGTERM);
        }
    }
}

static int serve_socket(struct i2cpt_adapter *a, const struct serving *what)
{
    const char *option = option_names[what->speech];
    struct serve_clients *clients = verb_serve_clients_new(
        a, what->speech == VHOST_USER ? serve_vmm : serve_remote,
        what->max_clients, what->log);
    struct serve_listener listener;
    int ret;

    if (!clients) {
        tool_complain("--%s: %s", option, strerror(errno));
        return TOOL_BROKEN;
    }
    ret = what->way == HANDED
              ? verb_serve_listen_handed(&listener)
              : verb_serve_listen_at(&listener, option, what->path);
    if (ret) {
        verb_serve_clients_free(clients);
        return TOOL_BROKEN;
    }
    take_clients(clients, listener.fd);
    verb_serve_listener_close(&listener);
    end_clients(clients);
    verb_serve_clients_free(clients);
    return TOOL_FINE;
}

static int nothing = -1; /* /dev/null */

/* The client is at its end: a stream of its gets its STOP, a record its end. */
static void end_input(int sig)
{
    (void)sig;
    if (dup2(nothing, STDIN_FILENO) < 0) {
        _exit(TOOL_BROKEN);
    }
}

static int serve_stdio(struct i2cpt_adapter *a)
{
    nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0) {
        signal(SIGTERM, end_input);
        signal(SIGINT, end_input);
    }
    if (i2cpt_serve(a, STDIN_FILENO, STDOUT_FILENO)) {
        tool_complain("the client does not speak this protocol");
        return TOOL_BROKEN;
    }
    return TOOL_FINE;
}

/* ----------------------------------------------------------------- opening */

/* What the option says goes into a key of the adapter, which is where it is
 * enforced; one that has it already was meant to be something else. */
static int set_key(struct i2cpt_options *o, const char *option, const char *key,
                   const char *value, struct i2cpt_fault *fault)
{
    if (!value) {
        return 0;
    }
    if (i2cpt_options_get(o, key)) {
        tool_complain("--%s %s: the adapter has %s=%s already", option, value,
                      key, i2cpt_options_get(o, key));
        exit(TOOL_USAGE);
    }
    return i2cpt_options_set(o, key, value, fault);
}

static int open_adapter(const struct serving *what, struct i2cpt_adapter **out,
                        struct i2cpt_fault *fault)
{
    struct i2cpt_options *o = NULL;
    int ret = i2cpt_options_parse(what->spec, &o, fault);

    ret = ret ? ret : set_key(o, "allow", "allow", what->allow, fault);
    ret =
        ret ? ret : set_key(o, "readonly", "allow-writes", what->writes, fault);
    ret = ret ? ret : set_key(o, "log", "record", what->log, fault);
    if (!ret && what->log) {
        ret = set_key(o, "log", "record-append", "on", fault);
    }
    ret = ret ? ret : i2cpt_adapter_open_options(o, out, fault);
    i2cpt_options_free(o);
    return ret;
}

static int serve(const struct serving *what)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    int ret = open_adapter(what, &a, &fault);

    if (ret) {
        return tool_fault(ret, &fault);
    }
    i2cpt_trace_adapter_tell_verdict(a, NULL); /* no recording has none */
    signal(SIGPIPE, SIG_IGN);
    if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK)) {
        tool_complain("pipe: %s", strerror(errno));
        ret = TOOL_BROKEN;
    } else if (what->way == STDIO) {
        ret = serve_stdio(a);
    } else {
        signal(SIGTERM, stop);
        signal(SIGINT, stop);
        ret = serve_socket(a, what);
    }
    i2cpt_adapter_unref(a);
    return ret;
}

/* ----------------------------------------------------------------- options */

/* Addresses as people write lists, in the key's own syntax. */
static const char *address_list(char *list)
{
    char *comma = list;

    while ((comma = strchr(comma, ','))) {
        *comma = ':';
    }
    return list;
}

static const char *writes_of(const struct verb *verb, const char *pointer)
{
    if (!pointer || !strcmp(pointer, "1")) {
        return "pointer";
    }
    if (strcmp(pointer, "2")) {
        tool_usage(verb,
                   "--readonly=%s: accepted is 1 or 2, the bytes of a "
                   "pointer before a read",
                   pointer);
    }
    return "pointer-2";
}

static unsigned clients_of(const struct verb *verb, const char *text)
{
    char *end;
    unsigned long n;

    errno = 0;
    n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || !n || n > 100000) {
        tool_usage(verb, "--max-clients %s: accepted is 1 to 100000", text);
    }
    return (unsigned)n;
}

static enum speech speech_of(const struct verb *verb, const char *text)
{
    if (strcmp(text, option_names[REMOTE]) &&
        strcmp(text, option_names[VHOST_USER])) {
        tool_usage(verb, "--activation %s: accepted is socket or vhost-user",
                   text);
    }
    return strcmp(text, option_names[REMOTE]) ? VHOST_USER : REMOTE;
}

static void set_way(const struct verb *verb, struct serving *what, int way,
                    enum speech speech)
{
    if (what->way) {
        tool_usage(verb, "serve needs one of --stdio, --socket PATH, "
                         "--vhost-user PATH and --activation");
    }
    what->way = way;
    what->speech = speech;
}

static void set_option(const struct verb *verb, struct serving *what,
                       int letter)
{
    switch (letter) {
    case 'a':
        what->spec = optarg;
        break;
    case 's':
    case 'v':
        set_way(verb, what, AT_PATH, letter == 'v' ? VHOST_USER : REMOTE);
        what->path = optarg;
        break;
    case 'd':
        set_way(verb, what, HANDED, speech_of(verb, optarg));
        break;
    case 'i':
        set_way(verb, what, STDIO, REMOTE);
        break;
    case 'w':
        what->allow = address_list(optarg);
        break;
    case 'r':
        what->writes = writes_of(verb, optarg);
        break;
    case 'l':
        what->log = optarg;
        break;
    default:
        what->max_clients = clients_of(verb, optarg);
        break;
    }
}

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"adapter", required_argument, NULL, 'a'},
        {"socket", required_argument, NULL, 's'},
        {"vhost-user", required_argument, NULL, 'v'},
        {"activation", required_argument, NULL, 'd'},
        {"stdio", no_argument, NULL, 'i'},
        {"allow", required_argument, NULL, 'w'},
        {"readonly", optional_argument, NULL, 'r'},
        {"log", required_argument, NULL, 'l'},
        {"max-clients", required_argument, NULL, 'm'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct serving what = {.max_clients = UINT_MAX};
    int letter;

    while ((letter = tool_option(verb, argc, argv, ":a:h", options)) != -1) {
        set_option(verb, &what, letter);
    }
    tool_no_operand(verb, argc, argv);
    if (!what.spec) {
        tool_usage(verb, "serve needs -a ADAPTER");
    }
    if (!what.way) {
        tool_usage(verb, "serve needs one of --stdio, --socket PATH, "
                         "--vhost-user PATH and --activation");
    }
    return serve(&what);
}

const struct verb verb_serve = {
    .name = "serve",
    .synopsis = "-a ADAPTER --stdio|--socket PATH|--vhost-user PATH [--allow "
                "ADDRESSES] [--readonly] [--log FILE]",
    .about = "Serve an adapter to `remote` backends elsewhere, or to a VMM",
    .help =
        "  -a, --adapter SPEC  what to serve, BACKEND[,KEY=VALUE]...\n"
        "  --stdio             one client, over standard input and output\n"
        "  --socket PATH       any number, at a Unix socket, until SIGTERM\n"
        "  --vhost-user PATH   VMMs that connect there have a virtio I2C "
        "adapter\n"
        "                      for their guests\n"
        "  --activation WHAT   at the socket that systemd hands over; WHAT is "
        "socket\n"
        "                      or vhost-user\n"
        "  --allow ADDRESSES   refuse all others: 0x48,0x50-0x57; of ten bits "
        "0x150/10\n"
        "  --readonly[=N]      refuse writes, but of N bytes (1, or 2) joined "
        "to a read\n"
        "  --log FILE          who did what, as a trace; goes on with FILE\n"
        "  --max-clients N     the next one waits until one has gone\n"
        "\n"
        "Nothing listens on the network; ssh carries it:\n"
        "  -device i2c-passthrough,backend=remote,hostaddr=0x48,"
        "command='ssh pi i2cpt-replay serve -a i2c-dev,,device=/dev/i2c-1 "
        "--stdio'\n"
        "\n"
        "Example:\n"
        "  i2cpt-replay serve -a i2c-dev,device=/dev/i2c-1 --socket i2c.sock\n"
        "  i2cpt-replay serve -a trace,file=session.i2ct --vhost-user "
        "vm.sock\n"
        "  i2cpt-replay serve -a /dev/i2c-1 --socket lab.sock --readonly "
        "--allow 0x48\n",
    .run = run,
};
