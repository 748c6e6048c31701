/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of message flags. */
#include "core/msg-flags.h"
#include "i2cpt.h"

/* clang-format off */
const struct i2cpt_msg_flag i2cpt_msg_flags[] = {
    {I2CPT_M_TEN,          0,   I2CPT_FUNC_10BIT_ADDR,
     "10-bit address",   "ten_bit"},
    {I2CPT_M_RECV_LEN,     0,   I2CPT_FUNC_SMBUS_READ_BLOCK_DATA,
     "RECV_LEN",         "block"},
    {I2CPT_M_IGNORE_NAK,   'i', I2CPT_FUNC_PROTOCOL_MANGLING,
     "mangled protocol", "ignore_nak"},
    {I2CPT_M_NO_RD_ACK,    'n', I2CPT_FUNC_PROTOCOL_MANGLING,
     "mangled protocol", "no_read_ack"},
    {I2CPT_M_STOP,         'p', I2CPT_FUNC_PROTOCOL_MANGLING,
     "mangled protocol", "stop"},
    {I2CPT_M_NOSTART,      's', I2CPT_FUNC_NOSTART,
     "NOSTART",          "no_start"},
    {I2CPT_M_REV_DIR_ADDR, 't', I2CPT_FUNC_PROTOCOL_MANGLING,
     "mangled protocol", "reversed"},
    {0},
};
/* clang-format on */

uint16_t i2cpt_msg_flag_of(char letter)
{
    const struct i2cpt_msg_flag *f;

    for (f = i2cpt_msg_flags; f->flag; f++) {
        if (f->letter && f->letter == letter) {
            return f->flag;
        }
    }
    return 0;
}
