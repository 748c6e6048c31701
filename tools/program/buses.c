/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The buses that PROGRAM is to find, by number: --bus and -a. */
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/text-in.h"
#include "i2cpt-lines.h"
#include "program/buses.h"
#include "owner/owner.h"
#include "program/program.h"
#include "program/recording.h"

#define OR_SPEC ", or N=SPEC"

struct bus {
    uint32_t number;
    char *label; /* instead of its own, or NULL */
    char *spec;
    struct i2cpt_options *options;
    struct i2cpt_adapter *adapter;
};

struct buses {
    GArray *list;
    char *adapter;   /* of -a */
    uint32_t number; /* of --bus N */
    bool number_given;
    struct owner *owner;
    struct program_options program;
};

struct buses *program_buses_new(void)
{
    struct buses *b = g_new0(struct buses, 1);

    b->list = g_array_new(FALSE, TRUE, sizeof(struct bus));
    return b;
}

static uint32_t parse_number(const struct verb *verb, const char *option,
                             const char *also, const char *text)
{
    const char *end = text;
    uint64_t value;

    if (!tool_text_number(&end, 10, OWNER_BUS_MAX, &value) || *end) {
        tool_usage(verb, "%s %s: accepted is 0 to %u%s", option, text,
                   OWNER_BUS_MAX, also);
    }
    return (uint32_t)value;
}

static void add(struct buses *b, const struct verb *verb, uint32_t number,
                const char *spec)
{
    guint i;

    for (i = 0; i < b->list->len; i++) {
        if (g_array_index(b->list, struct bus, i).number == number) {
            tool_usage(verb, "--bus %u: given twice", number);
        }
    }
    program_buses_add(b, number, spec);
}

static struct bus *find(struct buses *b, uint32_t number)
{
    guint i;

    for (i = 0; i < b->list->len; i++) {
        struct bus *bus = &g_array_index(b->list, struct bus, i);

        if (bus->number == number) {
            return bus;
        }
    }
    return NULL;
}

void program_buses_label(struct buses *b, uint32_t number, const char *label)
{
    struct bus *bus = find(b, number);

    if (bus) {
        g_free(bus->label);
        bus->label = g_strdup(label);
    }
}

void program_buses_set_program(struct buses *b,
                               const struct program_options *program)
{
    b->program = *program;
}

void program_buses_add(struct buses *b, uint32_t number, const char *spec)
{
    struct bus bus = {.number = number, .spec = g_strdup(spec)};

    g_array_append_val(b->list, bus);
}

uint32_t program_buses_number(const struct buses *b)
{
    return b->number;
}

bool program_buses_program_option(struct program_options *program,
                                  const struct verb *verb, int letter,
                                  const char *value)
{
    if (letter == BUSES_IO_URING) {
        program->io_uring = true;
        return true;
    }
    if (letter == BUSES_GPIOCHIP) {
        program->gpiochip = parse_number(verb, "--gpiochip", "", value);
        program->gpiochip_given = true;
        return true;
    }
    if (letter != BUSES_REDIRECT) {
        return false;
    }
    if (!program_redirect_parse(value, &program->redirect)) {
        tool_usage(verb, "--redirect=%s: accepted is auto, seccomp or preload",
                   value);
    }
    return true;
}

void program_buses_option(struct buses *b, const struct verb *verb, int letter,
                          const char *value)
{
    const char *equals = value ? strchr(value, '=') : NULL;

    if (program_buses_program_option(&b->program, verb, letter, value)) {
        return;
    }
    if (letter == 'a') {
        g_free(b->adapter);
        b->adapter = g_strdup(value);
    } else if (equals) {
        g_autofree char *number = g_strndup(value, (gsize)(equals - value));

        add(b, verb, parse_number(verb, "--bus", OR_SPEC, number), equals + 1);
    } else {
        b->number = parse_number(verb, "--bus", OR_SPEC, value);
        b->number_given = true;
    }
}

void program_buses_finish(struct buses *b, const struct verb *verb)
{
    if (b->adapter) {
        add(b, verb, b->number, b->adapter);
    } else if (b->number_given) {
        tool_usage(verb, "--bus %u: -a SPEC says what it is", b->number);
    }
    if (!b->list->len) {
        tool_usage(verb, "no adapter given: -a SPEC");
    }
}

/* PROGRAM sees the name that it would see without us. */
static void name_as_host(struct i2cpt_options *options)
{
    char *name;

    if (i2cpt_options_get(options, "name")) {
        return;
    }
    name = i2cpt_options_host_name(options);
    if (name) {
        i2cpt_options_set(options, "name", name, NULL);
        i2cpt_free(name);
    }
}

/* Options of them all first: a bad one shall not cost an older trace. */
static int parse_all(struct buses *b)
{
    struct i2cpt_fault fault;
    guint i;

    for (i = 0; i < b->list->len; i++) {
        struct bus *bus = &g_array_index(b->list, struct bus, i);
        int ret = i2cpt_options_parse(bus->spec, &bus->options, &fault);

        if (ret) {
            return tool_fault(ret, &fault);
        }
        name_as_host(bus->options);
    }
    return 0;
}

static int open_one(struct bus *bus, const struct recording *record,
                    bool by_number)
{
    struct i2cpt_fault fault;
    int ret = 0;

    if (record) {
        ret = program_recording_set(record, bus->number, by_number,
                                    bus->options, &fault);
    }
    if (!ret) {
        ret = i2cpt_adapter_open_options(bus->options, &bus->adapter, &fault);
    }
    return ret ? tool_fault(ret, &fault) : 0;
}

/* No path, serial number or host in it, so that it can stand in a trace. */
static const char *label_of(const struct bus *bus)
{
    const char *name = i2cpt_options_get(bus->options, "name");

    return bus->label ? bus->label
           : name     ? name
                      : i2cpt_options_get(bus->options, "backend");
}

static int open_all(struct buses *b, const struct recording *record)
{
    bool by_number =
        record && program_recording_has_buses(record, b->list->len);
    int ret = parse_all(b);
    guint i;

    for (i = 0; !ret && i < b->list->len; i++) {
        struct bus *bus = &g_array_index(b->list, struct bus, i);

        ret = open_one(bus, record, by_number);
        if (!ret) {
            ret = owner_add_bus(b->owner, bus->number, label_of(bus),
                                bus->adapter);
            if (ret) {
                tool_complain("bus %u: accepted is each number from 0 to %u "
                              "once",
                              bus->number, OWNER_BUS_MAX);
            }
        }
    }
    return ret;
}

/* Neither a node nor in /sys. */
static bool is_free(struct owner *o, uint32_t number)
{
    g_autofree char *node = g_strdup_printf("/dev/gpiochip%u", number);
    g_autofree char *device =
        g_strdup_printf("/sys/bus/gpio/devices/gpiochip%u", number);

    return !owner_has_chip(o, number) && access(node, F_OK) &&
           access(device, F_OK);
}

static bool is_recorded(const struct bus *bus)
{
    return !strcmp(i2cpt_options_get(bus->options, "backend"), "trace");
}

/* Each bus with lines has a chip: the lowest numbers that this machine has not,
 * or those from --gpiochip on. */
static int add_chips(struct buses *b)
{
    uint32_t next = b->program.gpiochip;
    int ret = 0;
    guint i;

    for (i = 0; !ret && i < b->list->len; i++) {
        struct bus *bus = &g_array_index(b->list, struct bus, i);

        if (i2cpt_adapter_lines(bus->adapter) <= 0) {
            continue;
        }
        while (!b->program.gpiochip_given && !is_free(b->owner, next)) {
            next++;
        }
        ret = owner_add_chip(b->owner, next, bus->number, is_recorded(bus));
        if (ret) {
            tool_complain("--gpiochip %u: accepted is each number from 0 to "
                          "%u once, one for each bus with lines",
                          next, OWNER_BUS_MAX);
        }
        next++;
    }
    if (b->program.gpiochip_given && !ret && !owner_chip_count(b->owner)) {
        tool_complain("--gpiochip %u: there is no such chip, as %s",
                      b->program.gpiochip,
                      b->list->len > 1 ? "no adapter of these has lines"
                                       : "the adapter has no lines");
    }
    return ret;
}

int program_buses_open(struct buses *b, const struct recording *record)
{
    const char *what;
    int ret = owner_new(&b->owner);

    ret = ret ? ret : open_all(b, record);
    ret = ret ? ret : add_chips(b);
    if (!ret) {
        ret = owner_start(b->owner, &what);
        if (ret) {
            tool_complain("cannot make %s: %s", what, g_strerror(-ret));
        }
    }
    return ret;
}

const struct program_options *program_buses_program(const struct buses *b)
{
    return &b->program;
}

struct owner *program_buses_owner(struct buses *b)
{
    return b->owner;
}

unsigned program_buses_count(const struct buses *b)
{
    return b->list->len;
}

uint32_t program_buses_number_of(const struct buses *b, unsigned index)
{
    return g_array_index(b->list, struct bus, index).number;
}

struct i2cpt_adapter *program_buses_adapter(struct buses *b, unsigned index)
{
    return g_array_index(b->list, struct bus, index).adapter;
}

void program_buses_free(struct buses *b)
{
    guint i;

    if (b->owner) {
        owner_free(b->owner);
    }
    for (i = 0; i < b->list->len; i++) {
        struct bus *bus = &g_array_index(b->list, struct bus, i);

        i2cpt_adapter_unref(bus->adapter);
        i2cpt_options_free(bus->options);
        g_free(bus->spec);
        g_free(bus->label);
    }
    g_array_unref(b->list);
    g_free(b->adapter);
    g_free(b);
}
