/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text that describes the chips of a stub; docs/stub.md has its grammar.
 *
 *     chip ADDRESS[/10] KIND {KEY=VALUE}
 *     reg NUMBER {KEY=VALUE} [= {BYTE}]
 *     fault WHAT {KEY=VALUE}
 *     delay {KEY=VALUE}
 *     line NAME {KEY=VALUE}
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "core/fault.h"
#include "stub/stub.h"

#define BLANKS " \t\r\n"

struct loader {
    const char *path;
    unsigned line;
    struct stub_chips *chips;
    struct stub_lines *lines;
    struct stub_chip *chip; /* that later lines speak of */
    char *rest;             /* of the line, for word() */
    struct i2cpt_fault fault;
};

static const struct i2cpt_key fault_what = {
    .name = "fault",
    .kind = I2CPT_KEY_CHOICE,
    .choices = "nack|hang|arbitration-lost|unplug|stretch",
};

enum { FAULT_AT, FAULT_ON, FAULT_SKIP, FAULT_COUNT, FAULT_STRETCH_US };

/* 0 stands for `address` in at= and for `always` in count=. */
static const struct i2cpt_key fault_keys[] = {
    [FAULT_AT] = {.name = "at",
                  .kind = I2CPT_KEY_UINT,
                  .max = I2CPT_MSG_MAX,
                  .help = "`address`, or a byte after it, from 0"},
    [FAULT_ON] = {.name = "on",
                  .kind = I2CPT_KEY_CHOICE,
                  .choices = "any|read|write",
                  .def = "any",
                  .help = "messages of which direction"},
    [FAULT_SKIP] = {.name = "skip",
                    .kind = I2CPT_KEY_UINT,
                    .max = UINT32_MAX,
                    .def = "0",
                    .help = "occasions to let pass first"},
    [FAULT_COUNT] = {.name = "count",
                     .kind = I2CPT_KEY_UINT,
                     .min = 1,
                     .max = UINT32_MAX,
                     .def = "1",
                     .help = "how often, or `always`"},
    [FAULT_STRETCH_US] = {.name = "stretch-us",
                          .kind = I2CPT_KEY_UINT,
                          .max = 60000000,
                          .def = "0",
                          .help = "stretch: for how long SCL is held low"},
    {.name = NULL},
};

static const struct i2cpt_key delay_keys[] = {
    {.name = "byte-us",
     .kind = I2CPT_KEY_UINT,
     .max = 60000000,
     .def = "0",
     .help = "time that each byte takes, the address included"},
    {.name = "transfer-us",
     .kind = I2CPT_KEY_UINT,
     .max = 60000000,
     .def = "0",
     .help = "time that each START takes, besides"},
    {.name = NULL},
};

/* The next word of the line, or NULL. */
static char *word(struct loader *l)
{
    char *w = l->rest + strspn(l->rest, BLANKS);

    if (!*w)
        return NULL;
    l->rest = w + strcspn(w, BLANKS);
    if (*l->rest)
        *l->rest++ = 0;
    return w;
}

/* Give `text` to key number i; `always` and `address` are words for numbers
 * that the key's own range does not have. */
static int set_value(struct loader *l, struct stub_values *v, size_t i,
                     const char *text)
{
    v->given[i] = true;
    if (v->keys == fault_keys && i == FAULT_AT && !strcmp(text, "address")) {
        v->given[i] = false;
        return 0;
    }
    if (v->keys == fault_keys && i == FAULT_COUNT && !strcmp(text, "always")) {
        v->number[i] = STUB_ALWAYS;
        return 0;
    }
    return i2cpt_key_parse(&v->keys[i], text, &v->number[i], &l->fault);
}

static int unknown_key(struct loader *l, const struct i2cpt_key *keys,
                       const char *name)
{
    GString *known = g_string_new(NULL);

    for (size_t i = 0; keys[i].name; i++)
        g_string_append_printf(known, "%s%s", i ? ", " : "", keys[i].name);
    int rc =
        i2cpt_fault_text(&l->fault, EINVAL, "unknown key \"%s\"; %s%s", name,
                         known->len ? "there is " : "none here", known->str);
    g_string_free(known, TRUE);
    return rc;
}

static int one_value(struct loader *l, struct stub_values *v, char *text)
{
    char *equals = strchr(text, '=');

    if (!equals)
        return i2cpt_fault_text(&l->fault, EINVAL, "\"%s\": KEY=VALUE expected",
                                text);
    *equals = 0;
    for (size_t i = 0; v->keys[i].name; i++)
        if (!strcmp(v->keys[i].name, text))
            return set_value(l, v, i, equals + 1);
    return unknown_key(l, v->keys, text);
}

/* The KEY=VALUE words up to the end of the line or a word "=", which is told
 * by *data. */
static int values(struct loader *l, const struct i2cpt_key *keys,
                  struct stub_values *v, bool *data)
{
    int rc = 0;

    memset(v, 0, sizeof(*v));
    v->keys = keys;
    for (size_t i = 0; !rc && keys[i].name; i++)
        if (keys[i].def)
            rc = i2cpt_key_parse(&keys[i], keys[i].def, &v->number[i],
                                 &l->fault);
    *data = false;
    for (char *w; !rc && (w = word(l));) {
        if (!strcmp(w, "=")) {
            *data = true;
            return 0;
        }
        rc = one_value(l, v, w);
    }
    return rc;
}

/* As values(), for lines that end there. */
static int only_values(struct loader *l, const struct i2cpt_key *keys,
                       struct stub_values *v)
{
    bool data;
    int rc = values(l, keys, v, &data);

    if (!rc && data)
        rc = i2cpt_fault_text(&l->fault, EINVAL,
                              "\"=\": only a reg line has data");
    return rc;
}

static const struct stub_kind *find_kind(const char *name)
{
    const struct stub_kind *k;

    for (size_t i = 0; (k = stub_kind_at(i)); i++)
        if (!strcmp(k->name, name))
            return k;
    return NULL;
}

static int bad_kind(struct loader *l, const char *name)
{
    GString *known = g_string_new(NULL);
    const struct stub_kind *k;

    for (size_t i = 0; (k = stub_kind_at(i)); i++)
        g_string_append_printf(known, "%s%s", i ? ", " : "", k->name);
    int rc = i2cpt_fault_text(&l->fault, EINVAL, "kind \"%s\"; one of %s",
                              name ? name : "", known->str);
    g_string_free(known, TRUE);
    return rc;
}

static int chip_line(struct loader *l)
{
    struct stub_values v;
    char *addr_text = word(l), *kind_text = word(l);
    uint64_t addr = 0;
    bool ten = addr_text && g_str_has_suffix(addr_text, "/10");

    l->chip = NULL;
    if (ten)
        addr_text[strlen(addr_text) - 3] = 0;
    if (!addr_text || i2cpt_parse_uint(addr_text, ten ? 0x3ff : 0x7f, &addr))
        return i2cpt_fault_text(&l->fault, EINVAL,
                                "address \"%s\"; 0x00 to 0x7f, or with /10 "
                                "0x000 to 0x3ff",
                                addr_text ? addr_text : "");
    const struct stub_kind *kind = kind_text ? find_kind(kind_text) : NULL;
    if (!kind)
        return bad_kind(l, kind_text);
    int rc = only_values(l, kind->keys, &v);
    if (rc)
        return rc;

    struct stub_chip *chip;
    rc = stub_chip_new(kind, (uint16_t)addr, ten, &v, &chip, &l->fault);
    if (rc)
        return rc;
    rc = stub_chips_add(l->chips, chip, &l->fault);
    if (rc)
        stub_chip_free(chip);
    else
        l->chip = chip;
    return rc;
}

static int bytes(struct loader *l, uint8_t *buf, size_t size, size_t *n)
{
    *n = 0;
    for (char *w; (w = word(l));) {
        int high = g_ascii_xdigit_value(w[0]);
        int low = high < 0 ? -1 : g_ascii_xdigit_value(w[1]);

        if (low < 0 || w[2])
            return i2cpt_fault_text(&l->fault, EINVAL,
                                    "byte \"%s\"; two hexadecimal digits", w);
        if (*n == size)
            return i2cpt_fault_text(&l->fault, EINVAL,
                                    "more than %zu bytes in one line", size);
        buf[(*n)++] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

static int reg_line(struct loader *l)
{
    const struct stub_kind *kind = l->chip->kind;
    uint8_t buf[STUB_LINE_MAX / 3 + 1];
    struct stub_values v;
    struct stub_reg reg = {.values = &v, .bytes = buf};
    char *number = word(l);
    bool data;

    if (!number || i2cpt_parse_uint(number, kind->reg_max, &reg.number))
        return i2cpt_fault_text(&l->fault, EINVAL,
                                "register \"%s\"; 0 to 0x%02x",
                                number ? number : "", (unsigned)kind->reg_max);
    int rc = values(l, kind->reg_keys, &v, &data);
    if (!rc && data)
        rc = bytes(l, buf, sizeof(buf), &reg.n);
    if (!rc)
        rc = kind->reg(l->chip, &reg, &l->fault);
    return rc;
}

static int fault_line(struct loader *l)
{
    struct stub_values v;
    struct stub_event e = {.at = STUB_AT_ADDRESS};
    uint64_t what;
    char *name = word(l);

    int rc = i2cpt_key_parse(&fault_what, name ? name : "", &what, &l->fault);
    if (!rc)
        rc = only_values(l, fault_keys, &v);
    if (rc)
        return rc;
    e.what = (enum stub_what)what;
    e.on = (enum stub_on)v.number[FAULT_ON];
    if (v.given[FAULT_AT])
        e.at = (int)v.number[FAULT_AT];
    e.skip = v.number[FAULT_SKIP];
    e.count = v.number[FAULT_COUNT];
    e.stretch_us = (uint32_t)v.number[FAULT_STRETCH_US];
    if (e.what == STUB_NACK && e.at >= 0 && e.on == STUB_ON_ANY)
        e.on = STUB_ON_WRITE;
    if (e.what == STUB_NACK && e.at >= 0 && e.on == STUB_ON_READ)
        return i2cpt_fault_text(&l->fault, EINVAL,
                                "fault nack at=%d on=read: read bytes are "
                                "acknowledged by the controller; on=write",
                                e.at);
    return stub_chip_add_event(l->chip, &e, &l->fault);
}

static int delay_line(struct loader *l)
{
    struct stub_values v;
    int rc = only_values(l, delay_keys, &v);

    if (rc)
        return rc;
    l->chip->byte_us = (uint32_t)v.number[0];
    l->chip->transfer_us = (uint32_t)v.number[1];
    return 0;
}

static int line_line(struct loader *l)
{
    struct stub_values v;
    char *name = word(l);
    int rc = only_values(l, stub_line_keys, &v);

    if (rc)
        return rc;
    if (!l->lines)
        l->lines = stub_lines_new();
    return stub_lines_add(l->lines, name ? name : "", l->chip, &v, &l->fault);
}

static int line(struct loader *l, char *text)
{
    static const struct {
        const char *name;
        int (*parse)(struct loader *l);
    } lines[] = {
        {"chip", chip_line},   {"reg", reg_line},   {"fault", fault_line},
        {"delay", delay_line}, {"line", line_line},
    };

    text[strcspn(text, "#")] = 0;
    l->rest = text;
    char *first = word(l);
    if (!first)
        return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        if (strcmp(first, lines[i].name))
            continue;
        if (i && !l->chip)
            return i2cpt_fault_text(&l->fault, EINVAL,
                                    "\"%s\" before the first chip", first);
        return lines[i].parse(l);
    }
    return i2cpt_fault_text(&l->fault, EINVAL,
                            "line \"%s\"; chip, reg, fault, delay or line",
                            first);
}

/* One line into `text`: 0, 1 at the end of the file, or an error. */
static int read_line(struct loader *l, FILE *f, char *text, size_t size)
{
    size_t n = 0;
    int c;

    while ((c = getc(f)) != EOF && c != '\n') {
        if (!c)
            return i2cpt_fault_text(&l->fault, EINVAL, "a NUL byte in a text");
        if (n == size - 1)
            return i2cpt_fault_text(
                &l->fault, EINVAL, "line longer than %zu characters", size - 1);
        text[n++] = (char)c;
    }
    text[n] = 0;
    if (ferror(f))
        return i2cpt_fault_text(&l->fault, errno, "%s", g_strerror(errno));
    return c == EOF && !n ? 1 : 0;
}

static int all_lines(struct loader *l, FILE *f)
{
    char text[STUB_LINE_MAX];

    for (;;) {
        l->line++;
        int rc = read_line(l, f, text, sizeof(text));
        if (!rc)
            rc = line(l, text);
        else if (rc > 0)
            return 0;
        if (rc)
            return rc;
    }
}

int stub_load(const char *path, struct stub_chips *chips,
              struct stub_lines **lines, struct i2cpt_fault *fault)
{
    struct loader l = {.path = path, .chips = chips};
    FILE *f = fopen(path, "re");

    if (!f)
        return i2cpt_fault_text(fault, errno, "load=%s: %s", path,
                                g_strerror(errno));
    i2cpt_fault_clear(&l.fault);
    int rc = all_lines(&l, f);
    fclose(f);
    *lines = l.lines;
    if (rc)
        return i2cpt_fault_text(fault, -rc, "%s:%u: %s", path, l.line,
                                l.fault.text);
    return 0;
}
