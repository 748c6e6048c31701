/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of -chardev linux-i2c in a QEMU that was built without it. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qemu/config-file.h"
#include "qemu/option.h"

#include "targets/linux-i2c.h"

static const QemuOptDesc own_keys[] = {
    {.name = "address", .type = QEMU_OPT_STRING, .help = "the one target"},
    {.name = "device", .type = QEMU_OPT_STRING, .help = "/dev/i2c-N"},
    {.name = "adapter", .type = QEMU_OPT_STRING, .help = "a specification"},
};

/*
 * QEMU finds option groups by name and ends one's keys by an empty one, with no
 * room behind. So a longer copy takes the place of its own, which keeps its
 * slot and gets another name.
 */
bool linux_i2c_add_options(void)
{
    QemuOptsList *own = &qemu_chardev_opts, *all;
    size_t n = 0;

    if (!QTAILQ_EMPTY(&own->head)) {
        return false;
    }
    while (own->desc[n].name) {
        n++;
    }
    all = g_malloc0(sizeof(*all) +
                    (n + ARRAY_SIZE(own_keys) + 1) * sizeof(all->desc[0]));
    all->name = own->name;
    all->implied_opt_name = own->implied_opt_name;
    all->merge_lists = own->merge_lists;
    QTAILQ_INIT(&all->head);
    memcpy(all->desc, own->desc, n * sizeof(own->desc[0]));
    memcpy(all->desc + n, own_keys, sizeof(own_keys));
    own->name = "chardev without linux-i2c";
    qemu_add_opts(all);
    return true;
}
