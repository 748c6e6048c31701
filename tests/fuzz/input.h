/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An input read byte by byte, as though zeros came behind its end. */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t next(struct input *in)
{
    return in->left ? (in->left--, *in->at++) : 0;
}

static inline uint16_t next16(struct input *in)
{
    uint8_t low = next(in);

    return (uint16_t)(low | next(in) << 8);
}

/* As many of the next bytes as there are, at most `*n`. */
static inline const uint8_t *take(struct input *in, size_t *n)
{
    const uint8_t *at = in->at;

    *n = *n < in->left ? *n : in->left;
    in->at += *n;
    in->left -= *n;
    return at;
}

#endif
