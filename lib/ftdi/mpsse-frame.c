/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One buffer of MPSSE commands, and the notes of what its reply will hold. */
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "core/fault.h"
#include "ftdi/mpsse-codec.h"

void mpsse_frame_reset(struct mpsse_frame *f)
{
    f->out_len = f->in_len = f->n_pieces = f->n_looks = 0;
    f->symbols = f->looked = 0;
    f->failed = false;
}

void mpsse_frame_clear(struct mpsse_frame *f)
{
    g_free(f->out);
    g_free(f->pieces);
    g_free(f->looks);
    memset(f, 0, sizeof(*f));
}

uint8_t *mpsse_room(struct mpsse_frame *f, size_t bytes)
{
    size_t size = MAX(f->out_size, 256);
    uint8_t *out;

    if (f->failed) {
        return NULL;
    }
    while (size - f->out_len < bytes) {
        size *= 2;
    }
    if (size != f->out_size) {
        out = g_try_realloc(f->out, size);
        if (!out) {
            f->failed = true;
            return NULL;
        }
        f->out = out;
        f->out_size = size;
    }
    out = f->out + f->out_len;
    f->out_len += bytes;
    return out;
}

void mpsse_put(struct mpsse_frame *f, const uint8_t *bytes, size_t n)
{
    uint8_t *out = mpsse_room(f, n);

    if (out) {
        memcpy(out, bytes, n);
    }
}

void mpsse_add_piece(struct mpsse_frame *f, struct mpsse_piece piece,
                     size_t in_bytes)
{
    struct mpsse_piece *pieces;

    if (f->n_pieces == f->pieces_size) {
        pieces =
            g_try_renew(struct mpsse_piece, f->pieces, f->pieces_size * 2 + 8);
        if (!pieces) {
            f->failed = true;
            return;
        }
        f->pieces = pieces;
        f->pieces_size = f->pieces_size * 2 + 8;
    }
    piece.in_at = f->in_len;
    f->pieces[f->n_pieces++] = piece;
    f->in_len += in_bytes;
}

bool mpsse_pins_free(uint8_t pins)
{
    return (pins & PIN_SCL) && (pins & PIN_SDA_IN);
}

int mpsse_lines_busy(struct i2cpt_fault *fault, uint8_t pins)
{
    return i2cpt_fault_text(fault, EBUSY,
                            "the bus is stuck: %s stays low (pull-ups, or a "
                            "target without power?)",
                            !(pins & PIN_SCL) ? "SCL" : "SDA");
}

int mpsse_grow(uint8_t **buf, size_t *size, size_t need)
{
    uint8_t *p;

    if (need <= *size) {
        return 0;
    }
    p = g_try_realloc(*buf, need);
    if (!p) {
        return -ENOMEM;
    }
    *buf = p;
    *size = need;
    return 0;
}
