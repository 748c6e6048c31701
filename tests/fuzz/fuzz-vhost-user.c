/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A VMM and a guest that say and write anything at all, before
 * tools/vhost-user. All that the VMM says is there before it is listened to,
 * and then it has hung up: nothing waits.
 *
 * Input: one byte of flags; so many bytes of the guest's memory as the next two
 * say, in pieces (place, length, bytes); and messages, each a request, flags,
 * descriptors, a length and a body.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "i2cpt.h"
#include "input.h"
#include "../unit/ring-driver.h"
#include "vhost-user/session.h"

#define STARTED  0x01u /* a VMM that says first what all say */
#define SMBUS    0x02u /* an adapter with nothing else */
#define OLD      0x04u /* a driver without the features */
#define SAID_MAX 4096

/* There are zeros in them: seeds are in corpus/vhost-user. */
const char *const fuzz_seeds[] = {NULL};
const char *const fuzz_words[] = {
    "\x05\x01", "\x08\x01", "\x09\x01", "\x0a\x01", "\x0b\x01",
    "\x0c\x01", "\x0d\x01", "\x12\x01", "\x02\x01", NULL,
};

static size_t copy(struct input *in, uint8_t *to, size_t n)
{
    const uint8_t *from = take(in, &n);

    memcpy(to, from, n);
    return n;
}

/* The queue is where most pieces go. */
static void fill_memory(uint8_t *memory, struct input *in)
{
    struct input pieces = {.left = next16(in)};

    pieces.at = take(in, &pieces.left);
    memset(memory, 0, RIG_DATA + 0x1000);
    while (pieces.left) {
        uint16_t at = next16(&pieces);
        uint8_t n = next(&pieces);

        copy(&pieces, memory + at, n < RIG_MEMORY - at ? n : RIG_MEMORY - at);
    }
}

static void say(struct rig *r, struct input *in)
{
    size_t said = 0;

    while (in->left && said < SAID_MAX) {
        uint8_t request = next(in), flags = next(in), n = next(in);
        int fds[9] = {r->memory_fd, r->kick, r->call};
        uint8_t body[255];
        uint32_t size = (uint32_t)copy(in, body, next(in));
        size_t i;

        for (i = 3; i < 9; i++) {
            fds[i] = r->memory_fd;
        }
        rig_say(r, request, flags, body, size, fds + n % 3, n / 3 % 7);
        said += size + 100;
    }
}

static struct i2cpt_adapter *open_adapter(const char *spec)
{
    struct i2cpt_adapter *a;

    if (i2cpt_adapter_open(spec, &a, NULL)) {
        fuzz_fail("cannot open %s", spec);
    }
    return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct i2cpt_adapter *adapters[2];
    static int memory_fd = -1;
    struct input in = {data, size};
    uint8_t flags = next(&in);
    int pair[2], ret;
    struct rig rig;

    if (memory_fd < 0) {
        adapters[0] = open_adapter("stub,chips=0x00-0x7f");
        adapters[1] = open_adapter("stub,chips=0x48,functionality=smbus");
        memory_fd = memfd_create("guest", MFD_CLOEXEC);
        if (ftruncate(memory_fd, RIG_MEMORY)) {
            fuzz_fail("no memory");
        }
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        fuzz_fail("no socket");
    }
    rig_open(&rig, pair[0], dup(memory_fd));
    fill_memory(rig.memory, &in);
    if (flags & STARTED) {
        rig_start(&rig, flags & OLD ? 0 : 0x70000001u, 0);
    }
    say(&rig, &in);
    shutdown(pair[0], SHUT_WR);
    ret = vhost_user_serve(adapters[flags & SMBUS ? 1 : 0], pair[1]);
    if (ret && ret != -EPROTO && ret != -EPIPE) {
        fuzz_fail("vhost_user_serve() gives %d", ret);
    }
    close(pair[1]);
    rig_close(&rig);
    return 0;
}
