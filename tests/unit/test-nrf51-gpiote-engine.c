/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nRF51 GPIOTE engine, transition by transition. */
#include "controllers/nrf51-gpiote-engine.h"

#include "unit.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define CONFIG NRF51_GPIOTE_CONFIG
#define PORT   NRF51_GPIOTE_INT_PORT

enum { NONE, LO_TO_HI, HI_TO_LO, TOGGLE };

struct bench {
    Nrf51GpioteEngine engine;
    char driven[64]; /* "9=1 9=0" */
    bool irq;
    bool detect;
    uint32_t pins;
};

static void on_drive(void *opaque, unsigned pin, bool level)
{
    struct bench *b = opaque;
    size_t used = strlen(b->driven);

    snprintf(b->driven + used, sizeof(b->driven) - used, "%s%u=%d",
             used ? " " : "", pin, level);
}

static void on_irq(void *opaque, bool level)
{
    ((struct bench *)opaque)->irq = level;
}

static const Nrf51GpioteOps ops = {on_drive, on_irq};

enum what {
    END,
    WRITE,   /* a register */
    MODE,    /* CONFIG of channel 0: mode, polarity; pin 9 */
    OUTINIT, /* the same in TASK, driven high at first */
    PIN,     /* pin 9 */
    DETECT,
    RESET,
};

struct step {
    enum what what;
    uint32_t a, b;
};

static void run(struct bench *b, const struct step *s)
{
    Nrf51GpioteEngine *e = &b->engine;

    switch (s->what) {
    case WRITE:
        nrf51_gpiote_engine_write(e, s->a, s->b);
        break;
    case MODE:
        nrf51_gpiote_engine_write(e, CONFIG, s->a | 9 << 8 | s->b << 16);
        break;
    case OUTINIT:
        nrf51_gpiote_engine_write(e, CONFIG, 3 | 9 << 8 | s->a << 16 | 1 << 20);
        break;
    case PIN:
        b->pins = s->a ? b->pins | 1u << 9 : b->pins & ~(1u << 9);
        nrf51_gpiote_engine_look(e, b->pins, b->detect);
        break;
    case DETECT:
        b->detect = s->a;
        nrf51_gpiote_engine_look(e, b->pins, b->detect);
        break;
    case RESET:
        nrf51_gpiote_engine_reset(e);
        break;
    case END:
        break;
    }
}

#define OUT0                             \
    {                                    \
        WRITE, NRF51_GPIOTE_TASKS_OUT, 1 \
    }
#define CLEAR0                           \
    {                                    \
        WRITE, NRF51_GPIOTE_EVENTS_IN, 0 \
    }
#define CLEARP                             \
    {                                      \
        WRITE, NRF51_GPIOTE_EVENTS_PORT, 0 \
    }

static const struct {
    const char *name;
    struct step steps[10];
    uint32_t events;
    const char *driven;
} rows[] = {
    {"EVENT, LoToHi: up", {{MODE, 1, LO_TO_HI}, {PIN, 1, 0}}, 1, ""},
    {"EVENT, LoToHi: down",
     {{PIN, 1, 0}, {MODE, 1, LO_TO_HI}, {PIN, 0, 0}},
     0,
     ""},
    {"EVENT, HiToLo: up", {{MODE, 1, HI_TO_LO}, {PIN, 1, 0}}, 0, ""},
    {"EVENT, HiToLo: down",
     {{PIN, 1, 0}, {MODE, 1, HI_TO_LO}, {PIN, 0, 0}},
     1,
     ""},
    {"EVENT, Toggle: up", {{MODE, 1, TOGGLE}, {PIN, 1, 0}}, 1, ""},
    {"EVENT, Toggle: down",
     {{PIN, 1, 0}, {MODE, 1, TOGGLE}, {PIN, 0, 0}},
     1,
     ""},
    {"EVENT, None", {{MODE, 1, NONE}, {PIN, 1, 0}, {PIN, 0, 0}}, 0, ""},
    {"EVENT: the level that is",
     {{PIN, 1, 0}, {MODE, 1, TOGGLE}, {PIN, 1, 0}},
     0,
     ""},
    {"EVENT, cleared",
     {{MODE, 1, LO_TO_HI}, {PIN, 1, 0}, CLEAR0, {PIN, 0, 0}},
     0,
     ""},
    {"EVENT -> OFF: no more",
     {{MODE, 1, TOGGLE}, {MODE, 0, TOGGLE}, {PIN, 1, 0}},
     0,
     ""},
    {"EVENT -> reserved: no more",
     {{MODE, 1, TOGGLE}, {MODE, 2, TOGGLE}, {PIN, 1, 0}},
     0,
     ""},
    {"EVENT -> TASK: no more",
     {{MODE, 1, TOGGLE}, {MODE, 3, TOGGLE}, {PIN, 1, 0}},
     0,
     "9=0"},
    {"EVENT -> OFF: what came stays",
     {{MODE, 1, TOGGLE}, {PIN, 1, 0}, {MODE, 0, NONE}},
     1,
     ""},
    {"-> TASK: OUTINIT", {{OUTINIT, NONE, 0}}, 0, "9=1"},
    {"TASK -> TASK: OUTINIT once",
     {{OUTINIT, LO_TO_HI, 0}, {OUTINIT, HI_TO_LO, 0}},
     0,
     "9=1"},
    {"TASK -> OFF -> TASK: OUTINIT again",
     {{OUTINIT, NONE, 0}, {MODE, 0, NONE}, {OUTINIT, NONE, 0}},
     0,
     "9=1 9=1"},
    {"TASK, LoToHi", {{MODE, 3, LO_TO_HI}, OUT0, OUT0}, 0, "9=0 9=1 9=1"},
    {"TASK, HiToLo", {{OUTINIT, HI_TO_LO, 0}, OUT0}, 0, "9=1 9=0"},
    {"TASK, Toggle", {{MODE, 3, TOGGLE}, OUT0, OUT0}, 0, "9=0 9=1 9=0"},
    {"TASK, None", {{MODE, 3, NONE}, OUT0}, 0, "9=0"},
    {"TASK: another channel's task",
     {{MODE, 3, TOGGLE}, {WRITE, NRF51_GPIOTE_TASKS_OUT + 4, 1}},
     0,
     "9=0"},
    {"EVENT: a task does nothing", {{MODE, 1, TOGGLE}, OUT0}, 0, ""},
    {"OFF: a task does nothing", {{MODE, 0, TOGGLE}, OUT0}, 0, ""},
    {"PORT: LOW -> HIGH", {{DETECT, 1, 0}}, PORT, ""},
    {"PORT: HIGH -> HIGH", {{DETECT, 1, 0}, CLEARP, {DETECT, 1, 0}}, 0, ""},
    {"PORT: HIGH -> LOW", {{DETECT, 1, 0}, CLEARP, {DETECT, 0, 0}}, 0, ""},
    {"PORT: LOW -> HIGH again",
     {{DETECT, 1, 0}, CLEARP, {DETECT, 0, 0}, {DETECT, 1, 0}},
     PORT,
     ""},
    {"POWER 0: channel OFF",
     {{MODE, 1, TOGGLE}, {WRITE, NRF51_GPIOTE_POWER, 0}, {PIN, 1, 0}},
     0,
     ""},
    {"POWER 0: no CONFIG",
     {{WRITE, NRF51_GPIOTE_POWER, 0}, {MODE, 1, TOGGLE}, {PIN, 1, 0}},
     0,
     ""},
    {"POWER 0: no PORT",
     {{WRITE, NRF51_GPIOTE_POWER, 0}, {DETECT, 1, 0}},
     0,
     ""},
    {"POWER 0: what came is gone",
     {{DETECT, 1, 0}, {WRITE, NRF51_GPIOTE_POWER, 0}},
     0,
     ""},
    {"POWER 1 again",
     {{WRITE, NRF51_GPIOTE_POWER, 0},
      {WRITE, NRF51_GPIOTE_POWER, 1},
      {MODE, 1, TOGGLE},
      {PIN, 1, 0}},
     1,
     ""},
    {"reset: channel OFF",
     {{MODE, 1, TOGGLE}, {RESET, 0, 0}, {PIN, 1, 0}},
     0,
     ""},
};

START_TEST(test_transition)
{
    struct bench b = {.irq = false};
    size_t i;

    nrf51_gpiote_engine_init(&b.engine, &ops, &b);
    for (i = 0; rows[_i].steps[i].what != END; i++) {
        run(&b, &rows[_i].steps[i]);
    }
    ck_assert_msg(b.engine.events == rows[_i].events, "%s: events %x",
                  rows[_i].name, (unsigned)b.engine.events);
    ck_assert_msg(!strcmp(b.driven, rows[_i].driven), "%s: drove '%s'",
                  rows[_i].name, b.driven);
    ck_assert_msg(!b.irq, "%s: an interrupt with INTEN 0", rows[_i].name);
}
END_TEST

/* In this order, with an event of each: what INTEN has then. */
START_TEST(test_interrupt)
{
    static const struct {
        uint32_t offset, value;
        bool irq;
    } writes[] = {
        {NRF51_GPIOTE_INTENSET, 2, false},
        {NRF51_GPIOTE_INTENSET, 1, true},
        {NRF51_GPIOTE_INTENCLR, 1, false},
        {NRF51_GPIOTE_INTEN, PORT, true},
        {NRF51_GPIOTE_EVENTS_PORT, 0, false},
        {NRF51_GPIOTE_EVENTS_PORT, 1, true},
        {NRF51_GPIOTE_INTEN, 1, true},
        {NRF51_GPIOTE_EVENTS_IN, 0, false},
    };
    static const struct step first[] = {
        {MODE, 1, TOGGLE}, {PIN, 1, 0}, {DETECT, 1, 0}};
    struct bench b = {.irq = false};
    size_t i;

    nrf51_gpiote_engine_init(&b.engine, &ops, &b);
    for (i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
        run(&b, &first[i]);
    }
    for (i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        nrf51_gpiote_engine_write(&b.engine, writes[i].offset, writes[i].value);
        ck_assert_msg(b.irq == writes[i].irq, "write %zu", i);
    }
}
END_TEST

START_TEST(test_registers)
{
    struct bench b = {.irq = false};
    unsigned known = 0;

    nrf51_gpiote_engine_init(&b.engine, &ops, &b);
    for (uint32_t at = 0; at < NRF51_GPIOTE_SIZE; at++) {
        if (nrf51_gpiote_engine_has_register(at)) {
            known++;
            continue;
        }
        nrf51_gpiote_engine_write(&b.engine, at, 0xffffffff);
        ck_assert_uint_eq(nrf51_gpiote_engine_read(&b.engine, at), 0);
    }
    ck_assert_uint_eq(known, 4 + 4 + 1 + 3 + 4 + 1);
    ck_assert_uint_eq(b.engine.events, 0);
    ck_assert_uint_eq(b.engine.inten, 0);
    nrf51_gpiote_engine_write(&b.engine, CONFIG + 12, 0xffffffff);
    ck_assert_uint_eq(nrf51_gpiote_engine_read(&b.engine, CONFIG + 12),
                      0x00131f03);
    ck_assert_uint_eq(nrf51_gpiote_engine_read(&b.engine, NRF51_GPIOTE_POWER),
                      1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nrf51-gpiote-engine");
    TCase *tc = tcase_create("nrf51-gpiote-engine");

    tcase_add_loop_test(tc, test_transition, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(tc, test_interrupt);
    tcase_add_test(tc, test_registers);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
