/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all chips of the stub have: life, scripted faults, a place on the bus */
#include <errno.h>
#include <string.h>

#include <glib.h>

#include "core/fault.h"
#include "stub/stub.h"

static const struct stub_kind *const kinds[] = {
    &stub_registers_kind, &stub_sensor_kind,  &stub_eeprom_kind,
    &stub_smbus_kind,     &stub_measure_kind,
};

const struct stub_kind *stub_kind_at(size_t index)
{
    return index < G_N_ELEMENTS(kinds) ? kinds[index] : NULL;
}

/* The defaults of a table of keys. Numbers only: chips have no other keys. */
static int default_values(const struct i2cpt_key *keys, struct stub_values *out,
                          struct i2cpt_fault *fault)
{
    memset(out, 0, sizeof(*out));
    out->keys = keys;
    for (size_t i = 0; keys[i].name; i++) {
        if (!keys[i].def)
            continue;
        int rc = i2cpt_key_parse(&keys[i], keys[i].def, &out->number[i], fault);
        if (rc)
            return rc;
    }
    return 0;
}

int stub_chip_new(const struct stub_kind *kind, uint16_t addr, bool ten,
                  const struct stub_values *values, struct stub_chip **out,
                  struct i2cpt_fault *fault)
{
    struct stub_values defaults;
    int rc;

    if (!values) {
        rc = default_values(kind->keys, &defaults, fault);
        if (rc)
            return rc;
        values = &defaults;
    }
    struct stub_chip *chip = g_malloc0(kind->size);
    chip->kind = kind;
    chip->addr = addr;
    chip->ten = ten;
    rc = kind->init(chip, values, fault);
    if (rc) {
        g_free(chip);
        return rc;
    }
    *out = chip;
    return 0;
}

void stub_chip_free(struct stub_chip *chip)
{
    if (!chip)
        return;
    if (chip->kind->fini)
        chip->kind->fini(chip);
    g_free(chip->events);
    g_free(chip);
}

int stub_chip_add_event(struct stub_chip *chip, const struct stub_event *event,
                        struct i2cpt_fault *fault)
{
    if (chip->n_events == STUB_EVENTS_MAX)
        return i2cpt_fault_text(fault, EINVAL,
                                "more than %u fault lines for one chip",
                                STUB_EVENTS_MAX);
    chip->events = g_renew(struct stub_event, chip->events, chip->n_events + 1);
    chip->events[chip->n_events++] = *event;
    return 0;
}

const struct stub_event *stub_chip_event(struct stub_chip *chip, int at,
                                         bool read)
{
    enum stub_on other = read ? STUB_ON_WRITE : STUB_ON_READ;

    for (size_t i = 0; i < chip->n_events; i++) {
        struct stub_event *e = &chip->events[i];

        if (e->at != at || e->on == other || !e->count)
            continue;
        if (e->skip) {
            e->skip--;
            continue;
        }
        e->count--; /* STUB_ALWAYS is enough for ever */
        return e;
    }
    return NULL;
}

int stub_chips_add(struct stub_chips *chips, struct stub_chip *chip,
                   struct i2cpt_fault *fault)
{
    if (stub_chips_find(chips, chip->addr, chip->ten))
        return i2cpt_fault_text(fault, EINVAL, "two chips at address 0x%02x",
                                chip->addr);
    if (!chip->ten) {
        chips->seven[chip->addr & 0x7f] = chip;
        return 0;
    }
    if (chips->n_ten == STUB_TEN_MAX)
        return i2cpt_fault_text(fault, EINVAL,
                                "more than %u chips at 10-bit addresses",
                                STUB_TEN_MAX);
    chips->ten[chips->n_ten++] = chip;
    return 0;
}

struct stub_chip *stub_chips_find(const struct stub_chips *chips, uint16_t addr,
                                  bool ten)
{
    if (!ten)
        return addr < 128 ? chips->seven[addr] : NULL;
    for (size_t i = 0; i < chips->n_ten; i++)
        if (chips->ten[i]->addr == addr)
            return chips->ten[i];
    return NULL;
}

void stub_chips_clear(struct stub_chips *chips)
{
    for (size_t i = 0; i < 128; i++)
        stub_chip_free(chips->seven[i]);
    for (size_t i = 0; i < chips->n_ten; i++)
        stub_chip_free(chips->ten[i]);
    memset(chips, 0, sizeof(*chips));
}
