/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Levels of an adapter's lines on their way to GPIO outputs. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qapi/error.h"
#include "qapi/visitor.h"

#include "i2cpt-lines.h"
#include "targets/host-lines.h"
#include "targets/irq-place.h"

/* Two devices on one adapter see each other's transfers move their lines. */
static QLIST_HEAD(, HostLines) all = QLIST_HEAD_INITIALIZER(all);

/* ------------------------------------------------------------- delivering */

static void drive(HostLine *line)
{
    qemu_set_irq(line->out, line->level != line->inverted);
}

static void deliver(HostLines *l, HostLine *line)
{
    if (line->level != line->delivered) {
        line->delivered = line->level;
        l->deliveries++;
        drive(line);
    }
}

static HostLine *find_number(HostLines *l, unsigned number)
{
    unsigned i;

    for (i = 0; i < l->count; i++) {
        if (l->lines[i].number == (int)number) {
            return &l->lines[i];
        }
    }
    return NULL;
}

static void changed(struct i2cpt_adapter *a, unsigned number, int level,
                    uint64_t stamp_ns, void *user)
{
    HostLines *l = user;
    HostLine *line = find_number(l, number);

    if (!line) {
        return;
    }
    line->level = level;
    l->changes++;
    if (l->held) {
        l->coalesced++;
    } else {
        deliver(l, line);
    }
}

static void readable(void *opaque)
{
    HostLines *l = opaque;

    i2cpt_dispatch(l->adapter);
}

void host_lines_settle(void)
{
    HostLines *l;

    QLIST_FOREACH(l, &all, next)
    {
        if (l->adapter) {
            i2cpt_dispatch(l->adapter);
        }
    }
}

void host_lines_assert(HostLines *l)
{
    unsigned i;

    for (i = 0; i < l->count; i++) {
        drive(&l->lines[i]);
    }
}

/* Of what came meanwhile, each line's last has an effect. */
void host_lines_hold(HostLines *l, bool held)
{
    uint64_t before = l->deliveries;
    unsigned i;

    if (l->adapter) {
        i2cpt_dispatch(l->adapter);
    }
    l->held = held;
    for (i = 0; i < l->count && !held; i++) {
        deliver(l, &l->lines[i]);
    }
    l->coalesced -= MIN(l->coalesced, l->deliveries - before);
}

void host_lines_release(HostLines *l)
{
    unsigned i;

    for (i = 0; i < l->count; i++) {
        l->lines[i].level = false;
        deliver(l, &l->lines[i]);
    }
}

/* ---------------------------------------------------------------- outputs */

static HostLine *find_name(HostLines *l, const char *name)
{
    unsigned i;

    for (i = 0; i < l->count; i++) {
        if (g_str_equal(l->lines[i].name, name)) {
            return &l->lines[i];
        }
    }
    return NULL;
}

/* A second realize finds the first one's. */
static HostLine *add_output(HostLines *l, const char *name)
{
    HostLine *line = find_name(l, name);

    if (!line && l->count < HOST_LINES_MAX) {
        line = &l->lines[l->count++];
        *line = (HostLine){.name = g_strdup(name), .number = -1};
        qdev_init_gpio_out_named(l->dev, &line->out, line->name, 1);
    }
    return line;
}

static void unwatch(HostLines *l)
{
    if (l->adapter) {
        qemu_set_fd_handler(i2cpt_adapter_fd(l->adapter), NULL, NULL, NULL);
        i2cpt_adapter_unref(g_steal_pointer(&l->adapter));
    }
}

/* A handle of its own: others dispatch theirs when they like. */
static bool watch(HostLines *l, struct i2cpt_adapter *adapter)
{
    if (i2cpt_adapter_lines(adapter) <= 0) {
        return true;
    }
    if (i2cpt_adapter_as_client(adapter, 1, &l->adapter)) {
        l->adapter = NULL;
        return false;
    }
    if (i2cpt_adapter_watch_lines(l->adapter, changed, l)) {
        i2cpt_adapter_unref(g_steal_pointer(&l->adapter));
        return false;
    }
    qemu_set_fd_handler(i2cpt_adapter_fd(l->adapter), readable, NULL, l);
    return true;
}

/* The levels that changes begin from. */
static void take_levels(HostLines *l)
{
    unsigned i;

    for (i = 0; i < l->count; i++) {
        HostLine *line = &l->lines[i];

        line->number =
            l->adapter ? i2cpt_adapter_line_find(l->adapter, line->name) : -1;
        line->level = line->number >= 0 &&
                      i2cpt_adapter_line_level(l->adapter, line->number) == 1;
        if (!l->held) {
            deliver(l, line);
        }
    }
}

void host_lines_use(HostLines *l, struct i2cpt_adapter *adapter)
{
    unwatch(l);
    watch(l, adapter);
    take_levels(l);
}

/* ------------------------------------------------------------- connecting */

static bool is_taken(qemu_irq in)
{
    HostLines *l;
    unsigned i;

    QLIST_FOREACH(l, &all, next)
    {
        for (i = 0; i < l->count; i++) {
            if (l->lines[i].out == in) {
                return true;
            }
        }
    }
    return false;
}

static char *lines_of(struct i2cpt_adapter *adapter)
{
    GString *names = g_string_new(NULL);
    int i;

    for (i = 0; i < i2cpt_adapter_lines(adapter); i++) {
        g_string_append_printf(names, "%s%s", i ? ", " : "",
                               i2cpt_adapter_line_name(adapter, i));
    }
    return g_string_free(names, FALSE);
}

static bool check_name(struct i2cpt_adapter *adapter, bool later,
                       const char *name, Error **errp)
{
    g_autofree char *names = lines_of(adapter);

    if (later || i2cpt_adapter_line_find(adapter, name) >= 0) {
        return true;
    }
    error_setg(errp, "irqs=%s: the adapter '%s' %s%s", name,
               i2cpt_adapter_name(adapter),
               *names ? "has no such line; its lines are " : "has no lines",
               names);
    return false;
}

static bool connect_output(HostLines *l, const char *name, const char *place,
                           Error **errp)
{
    bool inverted = *place == '~';
    qemu_irq in = irq_place_find(place + inverted, errp);
    HostLine *line;

    if (!in) {
        error_prepend(errp, "irqs=%s=", name);
        return false;
    }
    line = add_output(l, name);
    if (!line || line->out) {
        error_setg(errp, "irqs=%s: %s", name,
                   line ? "is there twice" : "too many lines");
        return false;
    }
    if (is_taken(in)) {
        error_setg(errp, "irqs=%s=%s: another line goes there", name, place);
        return false;
    }
    line->inverted = inverted;
    line->connected = true;
    qdev_connect_gpio_out_named(l->dev, line->name, 0, in);
    return true;
}

/* What a board has connected stays. */
static void disconnect_all(HostLines *l)
{
    unsigned i;

    for (i = 0; i < l->count; i++) {
        if (l->lines[i].connected) {
            l->lines[i].connected = l->lines[i].inverted = false;
            qdev_connect_gpio_out_named(l->dev, l->lines[i].name, 0, NULL);
        }
    }
}

static bool connect_all(HostLines *l, struct i2cpt_adapter *adapter, bool later,
                        const char *irqs, Error **errp)
{
    g_auto(GStrv) words = g_strsplit(irqs, ":", 0);
    char **word, *place;

    for (word = words; *word; word++) {
        place = strchr(*word, '=');
        if (!place || place == *word || !place[1]) {
            error_setg(errp,
                       "irqs=%s: accepted is LINE=PLACE[:LINE=PLACE]..., "
                       "PLACE being DEVICE[INDEX] or a pin's name",
                       irqs);
            return false;
        }
        *place++ = '\0';
        if (!check_name(adapter, later, *word, errp) ||
            !connect_output(l, *word, place, errp)) {
            return false;
        }
    }
    return true;
}

bool host_lines_open(HostLines *l, DeviceState *dev,
                     struct i2cpt_adapter *adapter, bool later,
                     const char *irqs, Error **errp)
{
    int i;

    l->dev = dev;
    QLIST_INSERT_HEAD(&all, l, next);
    for (i = 0; i < i2cpt_adapter_lines(adapter); i++) {
        add_output(l, i2cpt_adapter_line_name(adapter, i));
    }
    if (irqs && !connect_all(l, adapter, later, irqs, errp)) {
        host_lines_close(l);
        return false;
    }
    if (!watch(l, adapter)) {
        error_setg(errp, "the lines of '%s' cannot be watched",
                   i2cpt_adapter_name(adapter));
        host_lines_close(l);
        return false;
    }
    take_levels(l);
    host_lines_assert(l);
    return true;
}

void host_lines_close(HostLines *l)
{
    if (l->dev) {
        unwatch(l);
        disconnect_all(l);
        QLIST_REMOVE(l, next);
        l->dev = NULL;
    }
}

void host_lines_clear(HostLines *l)
{
    unsigned i;

    for (i = 0; i < l->count; i++) {
        g_free(l->lines[i].name);
    }
    l->count = 0;
}

void host_lines_visit_counters(HostLines *l, Visitor *v, Error **errp)
{
    struct {
        const char *name;
        uint64_t value;
    } counters[] = {
        {"line-changes", l->changes},
        {"line-deliveries", l->deliveries},
        {"line-coalesced", l->coalesced},
    };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(counters); i++) {
        if (!visit_type_uint64(v, counters[i].name, &counters[i].value, errp)) {
            return;
        }
    }
}
