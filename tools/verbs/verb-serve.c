/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve: an adapter for remote clients. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/tool.h"
#include "core/out-file.h"
#include "verbs/serve-clients.h"
#include "vhost-user/session.h"

/* What is spoken at the socket. */
enum speech { REMOTE, VHOST_USER };
static const char *const option_names[] = {"socket", "vhost-user"};

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
    if (vhost_user_serve(a, fd)) {
        tool_complain("a VMM does not speak vhost-user as it should, and was "
                      "hung up on");
    }
}

static void serve_remote(struct i2cpt_adapter *a, int fd)
{
    i2cpt_serve(a, fd, fd);
}

/* A socket that nobody listens at any more is in the way; anything else that
 * has this name is not ours to remove. */
static void remove_stale(const struct sockaddr_un *addr)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat st;

    if (fd < 0) {
        return;
    }
    if (!lstat(addr->sun_path, &st) && S_ISSOCK(st.st_mode) &&
        connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) &&
        errno == ECONNREFUSED) {
        unlink(addr->sun_path);
    }
    close(fd);
}

/* It gets its name when it can be connected to, so that who waits for the name
 * needs to wait for nothing else. */
static int listen_at(enum speech speech, const char *path, struct stat *ours)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX}, named = addr;
    mode_t before;
    int fd, ret, len;

    len = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.%ld", path,
                   (long)getpid());
    if (len < 0 || (size_t)len >= sizeof(addr.sun_path)) {
        tool_complain("--%s %s: longer than the %zu bytes that a socket's "
                      "path may have here",
                      option_names[speech], path,
                      sizeof(addr.sun_path) - (size_t)len + strlen(path) - 1);
        return -1;
    }
    strcpy(named.sun_path, path);
    remove_stale(&named);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    before = umask(0177); /* the bus is for who may open the socket */
    ret = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&addr, sizeof(addr));
    umask(before);
    ret = ret ? ret : stat(addr.sun_path, ours);
    if (!ret) {
        /* link(2), not rename(2): what is there already is not ours */
        ret = listen(fd, 16) || link(addr.sun_path, path) ? -1 : 0;
        len = errno;
        unlink(addr.sun_path);
        errno = len;
    }
    if (ret) {
        tool_complain("--%s %s: %s", option_names[speech], path,
                      strerror(errno));
        return -1;
    }
    return fd;
}

enum { STOP, GONE, LISTENER, FDS };

/* Until a signal comes. Where there is no room for a client, it waits until
 * another one has gone, or something else has given a descriptor back. */
static void take_clients(struct serve_clients *clients, int listener)
{
    struct pollfd fds[FDS] = {
        [STOP] = {stop_pipe[0], POLLIN, 0},
        [GONE] = {serve_clients_fd(clients), POLLIN, 0},
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
            serve_clients_reap(clients);
        }
        full = !full && fds[LISTENER].revents &&
               !serve_clients_accept(clients, listener);
    }
}

/* What the clients have asked for is seen through, with the STOP of a stream
 * that they leave; it is bounded by their deadlines. A second signal ends it.
 */
static void end_clients(struct serve_clients *clients)
{
    struct pollfd fds[] = {
        {stop_pipe[0], POLLIN, 0},
        {serve_clients_fd(clients), POLLIN, 0},
    };
    char c;

    if (read(stop_pipe[0], &c, 1) < 0) {
        /* it was readable */
    }
    serve_clients_hang_up(clients);
    while (serve_clients_reap(clients)) {
        if (poll(fds, 2, -1) > 0 && fds[0].revents) {
            _exit(128 + SIGTERM);
        }
    }
}

static int serve_socket(struct i2cpt_adapter *a, enum speech speech,
                        const char *path)
{
    struct serve_clients *clients =
        serve_clients_new(a, speech == VHOST_USER ? serve_vmm : serve_remote);
    struct stat ours;
    int listener;

    if (!clients) {
        tool_complain("--%s %s: %s", option_names[speech], path,
                      strerror(errno));
        return TOOL_BROKEN;
    }
    listener = listen_at(speech, path, &ours);
    if (listener < 0) {
        serve_clients_free(clients);
        return TOOL_BROKEN;
    }
    take_clients(clients, listener);
    out_file_unlink(path, ours.st_dev, ours.st_ino);
    close(listener);
    end_clients(clients);
    serve_clients_free(clients);
    return TOOL_FINE;
}

static int serve(const char *spec, enum speech speech, const char *path)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    int ret = i2cpt_adapter_open(spec, &a, &fault);

    if (ret) {
        return tool_fault(ret, &fault);
    }
    signal(SIGPIPE, SIG_IGN);
    if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK)) {
        tool_complain("pipe: %s", strerror(errno));
        ret = TOOL_BROKEN;
    } else if (path) {
        signal(SIGTERM, stop);
        signal(SIGINT, stop);
        ret = serve_socket(a, speech, path);
    } else {
        ret = i2cpt_serve(a, STDIN_FILENO, STDOUT_FILENO);
        if (ret) {
            tool_complain("the client does not speak this protocol");
            ret = TOOL_BROKEN;
        }
    }
    i2cpt_adapter_unref(a);
    return ret;
}

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"adapter", required_argument, NULL, 'a'},
        {"socket", required_argument, NULL, 's'},
        {"vhost-user", required_argument, NULL, 'v'},
        {"stdio", no_argument, NULL, 'i'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    const char *spec = NULL, *path = NULL;
    enum speech speech = REMOTE;
    int letter, ways = 0;

    while ((letter = tool_option(verb, argc, argv, ":a:h", options)) != -1) {
        switch (letter) {
        case 'a':
            spec = optarg;
            break;
        case 's':
        case 'v':
            path = optarg;
            speech = letter == 'v' ? VHOST_USER : REMOTE;
            ways++;
            break;
        default:
            ways++;
            break;
        }
    }
    tool_no_operand(verb, argc, argv);
    if (!spec) {
        tool_usage(verb, "serve needs -a ADAPTER");
    }
    if (ways != 1) {
        tool_usage(verb, "serve needs one of --stdio, --socket PATH and "
                         "--vhost-user PATH");
    }
    return serve(spec, speech, path);
}

const struct verb verb_serve = {
    .name = "serve",
    .synopsis = "-a ADAPTER --stdio|--socket PATH|--vhost-user PATH",
    .about = "Serve an adapter to `remote` backends elsewhere, or to a VMM",
    .help =
        "  -a, --adapter SPEC  what to serve, BACKEND[,KEY=VALUE]...\n"
        "  --stdio             one client, over standard input and output\n"
        "  --socket PATH       any number, at a Unix socket, until SIGTERM\n"
        "  --vhost-user PATH   VMMs that connect there have a virtio I2C "
        "adapter\n"
        "                      for their guests\n"
        "\n"
        "Nothing listens on the network; ssh carries it:\n"
        "  -device i2c-passthrough,backend=remote,hostaddr=0x48,"
        "command='ssh pi i2cpt-replay serve -a i2c-dev,,device=/dev/i2c-1 "
        "--stdio'\n"
        "\n"
        "Example:\n"
        "  i2cpt-replay serve -a i2c-dev,device=/dev/i2c-1 --socket i2c.sock\n"
        "  i2cpt-replay serve -a trace,file=session.i2ct --vhost-user "
        "vm.sock\n",
    .run = run,
};
