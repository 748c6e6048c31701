/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of nodes in /dev. */
#include "redirect/node-name.h"

#include "common/text-in.h"
#include "owner/owner.h"

int64_t redirect_node_bus(const char *name)
{
    uint64_t bus;

    if (!tool_text_take(&name, "i2c-") || (*name == '0' && name[1]) ||
        !tool_text_number(&name, 10, OWNER_BUS_MAX, &bus) || *name) {
        return -1;
    }
    return (int64_t)bus;
}
