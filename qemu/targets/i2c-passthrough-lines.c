/* SPDX-License-Identifier: GPL-2.0-or-later */
/* i2c-passthrough: the lines of its adapter as GPIO outputs of the device. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qapi/error.h"
#include "qapi/visitor.h"

#include "targets/i2c-passthrough.h"

static HostAdapter *host_of(I2CPassthrough *s)
{
    return s->named ? &s->named->host : &s->own;
}

/* A chardev's peer has come; a guest that sleeps does not begin to ask. */
static void adapter_changed(Notifier *notifier, void *data)
{
    I2CPassthrough *s = container_of(notifier, I2CPassthrough, adapter_changed);

    host_lines_use(&s->lines, host_of(s)->adapter);
}

bool i2c_passthrough_open_lines(I2CPassthrough *s, Error **errp)
{
    HostAdapter *host = host_of(s);

    if (!host_lines_open(&s->lines, DEVICE(s), host->adapter, host->link,
                         s->irqs, errp)) {
        return false;
    }
    s->adapter_changed.notify = adapter_changed;
    notifier_list_add(&host->changed, &s->adapter_changed);
    return true;
}

/* The adapter may be closed already, where it is another device's. */
void i2c_passthrough_close_lines(I2CPassthrough *s)
{
    if (s->adapter_changed.notify) {
        notifier_remove(&s->adapter_changed);
        s->adapter_changed.notify = NULL;
    }
    host_lines_close(&s->lines);
}

static void get_levels(Object *obj, Visitor *v, const char *name, void *opaque,
                       Error **errp)
{
    HostLines *l = &I2C_PASSTHROUGH(obj)->lines;
    unsigned i;

    if (!visit_start_struct(v, name, NULL, 0, errp)) {
        return;
    }
    for (i = 0; i < l->count; i++) {
        uint8_t level = l->lines[i].level;

        if (!visit_type_uint8(v, l->lines[i].name, &level, errp)) {
            break;
        }
    }
    visit_end_struct(v, NULL);
}

void i2c_passthrough_lines_init(ObjectClass *klass)
{
    object_class_property_add(klass, "line-levels", "struct", get_levels, NULL,
                              NULL, NULL);
    object_class_property_set_description(
        klass, "line-levels", "of the adapter's lines, 1: active; to be read");
    object_class_property_set_description(
        klass, "irqs",
        "where the adapter's lines go: LINE=DEVICE[INDEX], a list");
}
