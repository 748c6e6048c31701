/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of nodes in /dev. */
#include "redirect/node-name.h"

#include "common/text-in.h"
#include "owner/owner.h"

static int64_t number_behind(const char *name, const char *begin)
{
    uint64_t number;

    if (!tool_text_take(&name, begin) || (*name == '0' && name[1]) ||
        !tool_text_number(&name, 10, OWNER_BUS_MAX, &number) || *name) {
        return -1;
    }
    return (int64_t)number;
}

int64_t redirect_node_bus(const char *name)
{
    return number_behind(name, "i2c-");
}

int64_t redirect_node_chip(const char *name)
{
    return number_behind(name, "gpiochip");
}

int64_t redirect_node_lines(const char *name)
{
    return number_behind(name, "lines-");
}
