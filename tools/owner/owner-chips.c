/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GPIO chips beside the buses: what an adapter says of its lines is told to its
 * chip, in whichever thread dispatches. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "i2cpt-backend.h"
#include "i2cpt-lines.h"
#include "owner/owner-private.h"

struct owner_chip *owner_find_chip(struct owner *o, uint32_t number)
{
    for (guint i = 0; i < o->chips->len; i++) {
        struct owner_chip *c = g_ptr_array_index(o->chips, i);

        if (c->number == number) {
            return c;
        }
    }
    return NULL;
}

bool owner_has_chip(struct owner *o, uint32_t number)
{
    return owner_find_chip(o, number);
}

unsigned owner_chip_count(struct owner *o)
{
    return o->chips->len;
}

uint32_t owner_nth_chip(struct owner *o, unsigned n)
{
    return ((struct owner_chip *)g_ptr_array_index(o->chips, n))->number;
}

uint32_t owner_chip_bus(struct owner *o, uint32_t number)
{
    return owner_find_chip(o, number)->bus;
}

char *owner_chip_lines(struct owner *o, uint32_t number)
{
    struct i2cpt_adapter *a = owner_find_chip(o, number)->adapter;
    GString *text = g_string_new(NULL);
    int n = i2cpt_adapter_lines(a);

    for (int i = 0; i < n; i++) {
        g_string_append_printf(text, "%s%s", i ? ", " : "",
                               i2cpt_adapter_line_name(a, (unsigned)i));
    }
    return g_string_free(text, FALSE);
}

/* From the level that the recording begins with, of others from today's. */
static void add_lines(struct owner_chip *c)
{
    int n = i2cpt_adapter_lines(c->adapter);

    for (int i = 0; i < n; i++) {
        gpiochip_add_line(
            c->chip, i2cpt_adapter_line_name(c->adapter, (unsigned)i),
            i2cpt_adapter_line_level_at_opening(c->adapter, (unsigned)i) > 0);
    }
}

int owner_add_chip(struct owner *o, uint32_t number, uint32_t bus,
                   bool recorded)
{
    const struct owner_bus *of = owner_find_bus(o, bus);
    g_autofree char *name = g_strdup_printf("gpiochip%u", number);
    struct owner_chip *c;

    if (number > OWNER_BUS_MAX || !of || owner_find_chip(o, number) ||
        i2cpt_adapter_lines(of->adapter) <= 0) {
        return -EINVAL;
    }
    c = g_new0(struct owner_chip, 1);
    c->owner = o;
    c->number = number;
    c->bus = bus;
    c->adapter = of->adapter;
    c->fd = -1;
    c->chip = gpiochip_new(name, of->label, recorded);
    add_lines(c);
    g_ptr_array_add(o->chips, c);
    return 0;
}

/* ----------------------------------------------------------------- changes */

static void changed(struct i2cpt_adapter *a, unsigned line, int level,
                    uint64_t stamp_ns, void *user)
{
    struct owner_chip *c = user;

    pthread_mutex_lock(&c->owner->gpio);
    gpiochip_changed(c->chip, line, level, stamp_ns);
    pthread_mutex_unlock(&c->owner->gpio);
}

void owner_dispatch_lines(struct owner *o, uint32_t bus)
{
    for (guint i = 0; i < o->chips->len; i++) {
        const struct owner_chip *c = g_ptr_array_index(o->chips, i);

        if (c->bus == bus) {
            pthread_mutex_lock(&o->dispatching);
            i2cpt_dispatch(c->adapter);
            pthread_mutex_unlock(&o->dispatching);
        }
    }
}

/* What a line is by now is told as a change, for of a recording it may be one.
 */
static int watch(struct owner_chip *c)
{
    int ret = i2cpt_adapter_watch_lines(c->adapter, changed, c);
    int n = i2cpt_adapter_lines(c->adapter);

    for (int i = 0; !ret && i < n; i++) {
        int level = i2cpt_adapter_line_level(c->adapter, (unsigned)i);

        if (level >= 0) {
            changed(c->adapter, (unsigned)i, level, i2cpt_backend_now_ns(), c);
        }
    }
    c->fd = ret ? ret : i2cpt_adapter_fd(c->adapter);
    return c->fd < 0 ? c->fd : 0;
}

int owner_watch_chips(struct owner *o)
{
    int ret = 0;

    for (guint i = 0; !ret && i < o->chips->len; i++) {
        ret = watch(g_ptr_array_index(o->chips, i));
    }
    return ret;
}

void owner_free_chips(struct owner *o)
{
    for (guint i = 0; i < o->chips->len; i++) {
        struct owner_chip *c = g_ptr_array_index(o->chips, i);

        i2cpt_adapter_watch_lines(c->adapter, NULL, NULL);
        gpiochip_free(c->chip);
    }
    g_ptr_array_unref(o->chips);
}

/* ------------------------------------------------------------------- files */

void owner_opened_other(struct owner *o)
{
    pthread_mutex_lock(&o->lock);
    o->used = true;
    o->others++;
    pthread_mutex_unlock(&o->lock);
}

void owner_closed_other(struct owner *o)
{
    pthread_mutex_lock(&o->lock);
    o->others--;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
}

/* ------------------------------------------------------------------ number */

/* Majors from 234 to 254 are given out by the kernel (devices.txt of
 * Documentation/admin-guide), each machine's own. */
static unsigned find_major(void)
{
    enum { FIRST = 234, LAST = 254 };
    FILE *f = fopen("/proc/devices", "re");
    bool taken[LAST + 1] = {false};
    char line[128], name[64];
    unsigned number, found = 0;

    while (f && !found && fgets(line, sizeof(line), f) &&
           strncmp(line, "Block", 5)) {
        if (sscanf(line, "%u %63s", &number, name) == 2) {
            found = strcmp(name, "gpiochip") ? 0 : number;
            taken[number <= LAST ? number : 0] = true;
        }
    }
    if (f) {
        fclose(f);
    }
    for (number = LAST; !found && number >= FIRST; number--) {
        found = taken[number] ? 0 : number;
    }
    return found ? found : LAST;
}

unsigned owner_gpio_major(struct owner *o)
{
    if (!o->gpio_major) {
        o->gpio_major = find_major();
    }
    return o->gpio_major;
}
