/* SPDX-License-Identifier: GPL-2.0-or-later */
/* USB 2.0, 9.4: standard requests. */
#include <errno.h>
#include <string.h>

#include "usbip/standard.h"

enum {
    GET_STATUS = 0,
    CLEAR_FEATURE = 1,
    SET_FEATURE = 3,
    GET_DESCRIPTOR = 6,
    SET_CONFIGURATION = 9,
    SET_INTERFACE = 11
};
enum { DEVICE = 1, CONFIG = 2, STRING = 3 };

const uint8_t usbip_config_ep0[18] = {
    9, 2, 18, 0, 1, 1, 0, 0x80, 50, /* one configuration */
    9, 4, 0,  0, 0, 0, 0, 0,    0,  /* one interface */
};

int usbip_is_standard(const uint8_t *setup)
{
    return !(setup[0] & 0x60);
}

static int answer(uint8_t *to, size_t room, const void *bytes, size_t n)
{
    n = n < room ? n : room;
    memcpy(to, bytes, n);
    return (int)n;
}

static int string(const struct usbip_description *d, size_t index,
                  uint8_t *data, size_t len)
{
    static const uint8_t languages[] = {4, STRING, 0x09, 0x04};
    uint8_t full[256] = {0};
    size_t i, n;

    if (!index) {
        return answer(data, len, languages, sizeof(languages));
    }
    if (index > d->n_strings) {
        return -EPIPE;
    }
    n = strlen(d->strings[index - 1]);
    full[0] = (uint8_t)(2 + 2 * n);
    full[1] = STRING;
    for (i = 0; i < n; i++) {
        full[2 + 2 * i] = (uint8_t)d->strings[index - 1][i];
    }
    return answer(data, len, full, full[0]);
}

int usbip_standard(const struct usbip_description *d, const uint8_t *setup,
                   uint8_t *data, size_t len)
{
    static const uint8_t zero[2];

    switch (setup[1]) {
    case GET_STATUS:
        return answer(data, len, zero, sizeof(zero));
    case GET_DESCRIPTOR:
        switch (setup[3]) {
        case DEVICE:
            return answer(data, len, d->device, d->device[0]);
        case CONFIG:
            return answer(data, len, d->config,
                          (size_t)(d->config[2] | d->config[3] << 8));
        case STRING:
            return string(d, setup[2], data, len);
        default:
            return -EPIPE;
        }
    case CLEAR_FEATURE:
    case SET_FEATURE:
    case SET_CONFIGURATION:
    case SET_INTERFACE:
        return 0;
    default:
        return -EPIPE;
    }
}
