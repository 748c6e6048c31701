/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that asks anything at all of its GPIO chip (tools/gpiochip):
 * structs of any content by codes of either version, to the chip and to
 * requests, among changes of the lines.
 *
 * Input: one byte of flags; then steps, each a byte of what, a byte of which,
 * and for an ioctl its struct, of which the last bytes may be missing.
 */
#include <errno.h>
#include <linux/gpio.h>
#include <string.h>

#include "fuzz.h"
#include "gpiochip/gpiochip.h"
#include "input.h"

#define HOLD         0x01u
#define LINES        3u
#define REQUESTS_MAX 4u

const char *const fuzz_seeds[] = {
    /* zeros are in those of corpus/gpiochip */
    "\1\1\1\1\2\1\1", NULL};
const char *const fuzz_words[] = {"\x04\x01", "\x0c\x01", "\x0e\x01", "\x1c",
                                  NULL};

static const uint32_t codes[] = {
    GPIO_GET_CHIPINFO_IOCTL,          GPIO_GET_LINEINFO_IOCTL,
    GPIO_V2_GET_LINEINFO_IOCTL,       GPIO_GET_LINEHANDLE_IOCTL,
    GPIO_GET_LINEEVENT_IOCTL,         GPIO_V2_GET_LINE_IOCTL,
    GPIOHANDLE_GET_LINE_VALUES_IOCTL, GPIOHANDLE_SET_LINE_VALUES_IOCTL,
    GPIOHANDLE_SET_CONFIG_IOCTL,      GPIO_V2_LINE_SET_CONFIG_IOCTL,
    GPIO_V2_LINE_GET_VALUES_IOCTL,    GPIO_V2_LINE_SET_VALUES_IOCTL};
#define CODES (sizeof(codes) / sizeof(codes[0]))

struct fuzz {
    struct gpiochip *chip;
    struct gpiochip_request *requests[REQUESTS_MAX];
    uint64_t now_ns;
};

static void event(void *user)
{
    if (!gpiochip_request_readable(*(struct gpiochip_request **)user)) {
        fuzz_fail("an event that is not there");
    }
}

static void make_request(struct fuzz *f, unsigned which, uint32_t code,
                         const void *data)
{
    struct gpiochip_request **r = &f->requests[which % REQUESTS_MAX];

    if (*r) {
        gpiochip_request_free(*r);
        *r = NULL;
    }
    if (!gpiochip_request_new(f->chip, code, data, which & 0x80u, r)) {
        gpiochip_request_watch(*r, event, r);
    } else if (*r) {
        fuzz_fail("a request that was refused is there");
    }
}

static void do_ioctl(struct fuzz *f, struct input *in, uint32_t code)
{
    uint8_t data[GPIOCHIP_STRUCT_MAX] = {0};
    unsigned which = next(in);
    size_t size = gpiochip_ioctl_size(code), n = size, at;
    const uint8_t *bytes = take(in, &n);
    struct gpiochip_request *r = f->requests[which % REQUESTS_MAX];

    if (!size || size > sizeof(data)) {
        fuzz_fail("%#x has %zu bytes", code, size);
    }
    memcpy(data, bytes, n);
    if (gpiochip_makes_request(code, &at)) {
        if (at + sizeof(int32_t) > size) {
            fuzz_fail("%#x has its descriptor at %zu", code, at);
        }
        make_request(f, which, code, data);
    } else {
        gpiochip_ioctl(f->chip, code, data);
        if (r) {
            gpiochip_request_ioctl(r, code, data);
        }
    }
}

static void do_read(struct fuzz *f, unsigned which, size_t size)
{
    struct gpiochip_request *r = f->requests[which % REQUESTS_MAX];
    uint8_t bytes[256];
    int n;

    if (!r) {
        return;
    }
    n = gpiochip_request_read(r, bytes, size);
    if (n > (int)size || n == 0 ||
        (n == -EAGAIN && gpiochip_request_readable(r)) ||
        (n > 0 && !gpiochip_request_has_events(r))) {
        fuzz_fail("%d of %zu bytes were read", n, size);
    }
}

static void step(struct fuzz *f, struct input *in)
{
    unsigned what = next(in) % (CODES + 2);

    if (what < CODES) {
        do_ioctl(f, in, codes[what]);
    } else if (what == CODES) {
        unsigned change = next(in);

        gpiochip_changed(f->chip, change >> 1 & 3u, change & 1u, f->now_ns++);
    } else {
        unsigned which = next(in);

        do_read(f, which, next(in));
    }
}

/* All that were closed left their lines. */
static void look_at_lines(struct fuzz *f)
{
    for (uint32_t i = 0; i < LINES; i++) {
        struct gpio_v2_line_info info = {.offset = i};

        if (gpiochip_ioctl(f->chip, GPIO_V2_GET_LINEINFO_IOCTL, &info) ||
            info.flags != GPIO_V2_LINE_FLAG_INPUT || info.num_attrs ||
            *info.consumer) {
            fuzz_fail("line %u is still taken", i);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct fuzz f = {.chip =
                         gpiochip_new("gpiochip0", "fuzz", next(&in) & HOLD)};

    for (unsigned i = 0; i < LINES; i++) {
        gpiochip_add_line(f.chip, "line", i & 1);
    }
    while (in.left) {
        step(&f, &in);
    }
    for (unsigned i = 0; i < REQUESTS_MAX; i++) {
        if (f.requests[i]) {
            gpiochip_request_free(f.requests[i]);
        }
    }
    look_at_lines(&f);
    gpiochip_free(f.chip);
    return 0;
}
