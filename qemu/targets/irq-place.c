/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding a GPIO input: QEMU has each as a child of its device, of the type
 * "irq" and the name NAME[INDEX].
 */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qapi/error.h"
#include "qemu/cutils.h"

#include "targets/controller.h"
#include "targets/irq-place.h"

#define UNNAMED "unnamed-gpio-in"

/* ------------------------------------------------------ pins of a micro:bit */

/* The board's first version: its edge connector, and what is on it. */
static const struct {
    const char *name;
    unsigned pin; /* of the nRF51's P0 */
} microbit_pins[] = {
    {"pin0", 3},      {"pin1", 2},        {"pin2", 1},        {"pin3", 4},
    {"pin4", 5},      {"pin5", 17},       {"pin6", 12},       {"pin7", 11},
    {"pin8", 18},     {"pin9", 10},       {"pin10", 6},       {"pin11", 26},
    {"pin12", 20},    {"pin13", 23},      {"pin14", 22},      {"pin15", 21},
    {"pin16", 16},    {"pin19", 0},       {"pin20", 30},      {"button-a", 17},
    {"button-b", 26}, {"accel-int1", 28}, {"accel-int2", 27}, {"mag-int1", 29},
};

static int microbit_pin(const char *text)
{
    unsigned int pin;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(microbit_pins); i++) {
        if (g_str_equal(text, microbit_pins[i].name)) {
            return microbit_pins[i].pin;
        }
    }
    if (g_str_has_prefix(text, "P0.") && g_ascii_isdigit(text[3]) &&
        !qemu_strtoui(text + 3, NULL, 10, &pin) && pin < 32) {
        return pin;
    }
    return -1;
}

/* ------------------------------------------------------- what a device has */

/*
 * An output is a link to the input that it goes to, and so is an input that a
 * SoC shows for one of its parts; of those there are unnamed ones alone.
 */
static bool is_input(const ObjectProperty *prop)
{
    return g_str_equal(prop->type, "child<irq>") ||
           (g_str_equal(prop->type, "link<irq>") &&
            g_str_has_prefix(prop->name, UNNAMED "["));
}

static qemu_irq input_of(Object *obj, const char *name, unsigned index)
{
    g_autofree char *full = g_strdup_printf("%s[%u]", name, index);
    ObjectProperty *prop = object_property_find(obj, full);

    return prop && is_input(prop)
               ? (qemu_irq)object_resolve_path_component(obj, full)
               : NULL;
}

/* How many of each name; keys are ours. */
static GHashTable *count_inputs(Object *obj)
{
    GHashTable *counts =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    ObjectPropertyIterator iter;
    ObjectProperty *prop;
    unsigned count;
    char *name;

    object_property_iter_init(&iter, obj);
    while ((prop = object_property_iter_next(&iter))) {
        if (is_input(prop)) {
            name = g_strndup(prop->name, strcspn(prop->name, "["));
            count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, name));
            g_hash_table_replace(counts, name, GUINT_TO_POINTER(count + 1));
        }
    }
    return counts;
}

/* QEMU 10.2 forbids g_list_sort(), which is this with a cast. */
static int by_name(gconstpointer a, gconstpointer b, gpointer nothing)
{
    return strcmp(a, b);
}

/* "[0] to [31], NAME[0]"; nothing where it has none. */
static char *list_inputs(Object *obj)
{
    g_autoptr(GHashTable) counts = count_inputs(obj);
    g_autoptr(GList) names =
        g_list_sort_with_data(g_hash_table_get_keys(counts), by_name, NULL);
    GString *text = g_string_new(NULL);
    GList *at;

    for (at = names; at; at = at->next) {
        unsigned count =
            GPOINTER_TO_UINT(g_hash_table_lookup(counts, at->data));
        const char *name = g_str_equal(at->data, UNNAMED) ? "" : at->data;

        g_string_append_printf(text, "%s%s[0]", text->len ? ", " : "", name);
        if (count > 1) {
            g_string_append_printf(text, " to %s[%u]", name, count - 1);
        }
    }
    return g_string_free(text, FALSE);
}

static int mention_inputs(Object *obj, void *opaque)
{
    GString *all = opaque;
    g_autofree char *inputs = list_inputs(obj);
    g_autofree char *path = NULL;
    uint64_t base = i2c_controller_base(obj);

    if (*inputs) {
        path = object_get_canonical_path(obj);
        g_string_append_printf(all, "\n    %s (%s", path,
                               object_get_typename(obj));
        if (base != I2C_CONTROLLER_NO_BASE) {
            g_string_append_printf(all, " at 0x%" PRIx64, base);
        }
        g_string_append_printf(all, "): %s", inputs);
    }
    return 0;
}

/* -------------------------------------------------------- finding a device */

typedef struct Search {
    uint64_t base;
    Object *found;
} Search;

static int has_base(Object *obj, void *opaque)
{
    Search *search = opaque;

    if (i2c_controller_base(obj) != search->base) {
        return 0;
    }
    search->found = obj;
    return 1;
}

static Object *find_object(const char *text, bool *ambiguous)
{
    Search search = {0};

    if (qemu_strtou64(text, NULL, 0, &search.base)) {
        return object_resolve_path(text, ambiguous);
    }
    object_child_foreach_recursive(object_get_root(), has_base, &search);
    return search.found;
}

static qemu_irq only_input(Object *obj)
{
    g_autoptr(GHashTable) counts = count_inputs(obj);
    GHashTableIter iter;
    void *name, *count;

    g_hash_table_iter_init(&iter, counts);
    return g_hash_table_size(counts) == 1 &&
                   g_hash_table_iter_next(&iter, &name, &count) &&
                   GPOINTER_TO_UINT(count) == 1
               ? input_of(obj, name, 0)
               : NULL;
}

/* "HEAD[5]"; false where it does not end so. */
static bool split_index(const char *text, char **head, unsigned int *index)
{
    const char *bracket = strrchr(text, '['), *end;

    if (!bracket || !g_ascii_isdigit(bracket[1]) ||
        qemu_strtoui(bracket + 1, &end, 10, index) || strcmp(end, "]") != 0) {
        return false;
    }
    *head = g_strndup(text, bracket - text);
    return true;
}

/* What of a text has been understood, for a message. */
typedef struct Place {
    Object *device;
    bool ambiguous;
} Place;

static qemu_irq find_indexed(const char *head, unsigned int index, Place *place)
{
    g_autofree char *path = NULL;
    const char *slash = strrchr(head, '/');

    place->device = find_object(head, &place->ambiguous);
    if (place->device) {
        return input_of(place->device, UNNAMED, index);
    }
    if (!slash || place->ambiguous) {
        return NULL;
    }
    path = g_strndup(head, slash - head);
    place->device = find_object(path, &place->ambiguous);
    return place->device ? input_of(place->device, slash + 1, index) : NULL;
}

static qemu_irq find_place(const char *text, Place *place)
{
    g_autofree char *head = NULL;
    unsigned int index;
    qemu_irq irq = NULL;
    Object *soc = object_resolve_path_type("", "nrf51-soc", NULL);

    if (soc && microbit_pin(text) >= 0) {
        return input_of(soc, UNNAMED, microbit_pin(text));
    }
    if (split_index(text, &head, &index)) {
        irq = find_indexed(head, index, place);
    }
    if (!irq && !place->ambiguous) { /* /machine/unattached/device[5] */
        Object *whole = find_object(text, &place->ambiguous);

        place->device = whole ? whole : place->device;
        irq = whole ? only_input(whole) : NULL;
    }
    return irq;
}

qemu_irq irq_place_find(const char *text, Error **errp)
{
    Place place = {NULL};
    qemu_irq irq = find_place(text, &place);
    g_autofree char *inputs = NULL;
    g_autofree char *path = NULL;
    g_autoptr(GString) all = g_string_new(NULL);

    if (irq) {
        return irq;
    }
    if (place.device) {
        inputs = list_inputs(place.device);
        path = object_get_canonical_path(place.device);
    }
    if (inputs && *inputs) {
        error_setg(errp, "%s: no such GPIO input; %s has %s", text, path,
                   inputs);
        return NULL;
    }
    object_child_foreach_recursive(object_get_root(), mention_inputs, all);
    error_setg(errp, "%s: %s%s; GPIO inputs of this machine are%s", text,
               path ? path : "",
               place.ambiguous ? "several devices could be meant"
               : path          ? " has no GPIO input"
                               : "no device is there",
               all->len ? all->str : " none");
    return NULL;
}
