/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The flags of messages: letters in traces and transfers, what they need. */
#ifndef I2CPT_MSG_FLAGS_H
#define I2CPT_MSG_FLAGS_H

#include <stdint.h>

struct i2cpt_msg_flag {
    uint16_t flag;          /* I2CPT_M_* */
    char letter;            /* i2ctransfer's; 0: written in another way */
    uint32_t functionality; /* an adapter without it refuses the flag */
    const char *what;       /* for a person */
    const char *key;        /* in the tools' JSON */
};

/* All but I2CPT_M_RD, ended by flag 0; those with letters in the order in which
 * a trace writes them. */
extern const struct i2cpt_msg_flag i2cpt_msg_flags[];

/* The flag of that letter; 0: there is none. */
uint16_t i2cpt_msg_flag_of(char letter);

#endif
