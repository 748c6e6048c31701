/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of the owner, where there is no /dev/i2c-N that a program could
 * know: what is asked of it before one is there. */
#include <errno.h>

#include "common/tool.h"
#include "owner/owner.h"

int owner_new(struct owner **out)
{
    tool_complain("this build gives no PROGRAM a bus: /dev/i2c-N is Linux's. "
                  "Everything else works, `record --transfers` and `serve` "
                  "too");
    return -ENOSYS;
}

int owner_add_bus(struct owner *o, uint32_t bus, const char *label,
                  struct i2cpt_adapter *a)
{
    return -ENOSYS;
}

int owner_start(struct owner *o, const char **error)
{
    *error = "an owner";
    return -ENOSYS;
}

int owner_was_used(struct owner *o)
{
    return 0;
}

void owner_free(struct owner *o)
{
}

int owner_add_chip(struct owner *o, uint32_t number, uint32_t bus,
                   bool recorded)
{
    return -ENOSYS;
}

bool owner_has_chip(struct owner *o, uint32_t number)
{
    return false;
}

unsigned owner_chip_count(struct owner *o)
{
    return 0;
}
