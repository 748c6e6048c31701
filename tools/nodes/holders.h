/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that have an I2C bus's node open. */
#ifndef NODES_HOLDERS_H
#define NODES_HOLDERS_H

/* Who has /dev/i2c-N open, "i2cdump (pid 471), sh (pid 12)", free() it; NULL:
 * nobody that can be seen from here. */
char *node_holders(unsigned bus);

#endif
