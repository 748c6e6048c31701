/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kernel that says anything at all over USB/IP, and an adapter's process that
 * does, before the keeper of `i2cpt-replay attach` (tools/keeper, tools/usbip).
 * All of it is there before it is listened to, and then both have hung up:
 * nothing waits. The text of vhci_hcd's status comes out of the same bytes.
 *
 * Input: one byte of flags; two that say how many bytes the kernel has, and
 * these; and packets of the adapter's, each a kind, a number, a result, flags,
 * two bytes of how many it carries, and these.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "input.h"
#include "keeper/keeper.h"
#include "keeper/packets.h"
#include "usbip/vhci.h"

#define STARTED   0x01u /* the adapter says first what all say */
#define OTHER     0x01u /* of a packet: another version's */
#define SHORT     0x02u /* it says that it carries more than it does */
#define NOT_WHOLE 0x04u
#define CARRIED   0x8000u
#define SAID_MAX  64

const char *const fuzz_seeds[] = {
    /* zeros are in those of corpus/usbip */
    "hs  0001 006 002 00010002 000003 1-1\nhs  0002 004\n", NULL};
const char *const fuzz_words[] = {"\x41\x07", "\xc1\x07", "\xc1\x03",
                                  "\x80\x06", "hs  ",     " 006 ",
                                  " 004 ",    NULL};

static void say(int fd, struct input *in)
{
    uint8_t whole[sizeof(struct keeper_packet) + CARRIED];
    struct keeper_packet p = {.version = KEEPER_VERSION, .kind = next(in)};
    uint8_t flags;
    const uint8_t *data;
    size_t n, size;

    p.number = next(in);
    p.result = (int8_t)next(in);
    flags = next(in);
    n = next16(in) % CARRIED;
    data = take(in, &n);
    p.carried = (uint32_t)n + !!(flags & SHORT);
    p.version += flags & OTHER;
    memcpy(p.name.name, data, n < NODE_NAME_MAX ? n : NODE_NAME_MAX);
    memcpy(whole, &p, sizeof(p));
    memcpy(whole + sizeof(p), data, n);
    size = flags & NOT_WHOLE ? sizeof(p) / 2 : sizeof(p) + n;
    if (send(fd, whole, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        in->left = 0; /* it is full */
    }
}

static void say_what_all_say(int fd)
{
    const struct keeper_packet named = {.kind = KEEPER_NAMED,
                                        .name = {.name = "lab"}},
                               adopt = {.kind = KEEPER_ADOPT};

    keeper_send(fd, &named, NULL);
    keeper_send(fd, &adopt, NULL);
}

static void read_status(const uint8_t *data, size_t size)
{
    char text[512], id[8];
    size_t n = size < sizeof(text) ? size : sizeof(text) - 1;

    memcpy(text, data, n);
    text[n] = '\0';
    if (usbip_status_free(text, 1) >= 0 &&
        usbip_status_free(text, 0) > usbip_status_free(text, 1)) {
        fuzz_fail("the first free port is not the first");
    }
    if (!usbip_status_bus_id(text, 1, 0x10002, id, sizeof(id)) &&
        usbip_status_port(text, id) < 0) {
        fuzz_fail("%s has no port", id);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    uint8_t flags = next(&in);
    size_t n = next16(&in), i;
    const uint8_t *bytes = take(&in, &n);
    int kernel[2], caller[2];
    struct keeper_config c = {.door = -1, .at = {.folder = "/dev/null/none"}};

    read_status(data, size);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, kernel) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, caller)) {
        fuzz_fail("no socket");
    }
    if (send(kernel[0], bytes, n, MSG_DONTWAIT) < (ssize_t)n) {
        fuzz_fail("no room");
    }
    shutdown(kernel[0], SHUT_WR);
    if (flags & STARTED) {
        say_what_all_say(caller[0]);
    }
    for (i = 0; in.left && i < SAID_MAX; i++) {
        say(caller[0], &in);
    }
    shutdown(caller[0], SHUT_WR);
    c.kernel = kernel[1];
    c.caller = caller[1];
    c.patience_ms = 1000;
    keeper_run(&c);
    close(kernel[0]);
    close(caller[0]);
    return 0;
}
