/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals of a value change dump by their names; IEEE 1364, 18.2. */
#include "importers/import-vcd-var.h"

#include <stdio.h>
#include <string.h>

#include "common/text-in.h"

#define SCOPES_MAX (sizeof(((struct vcd_scope *)0)->ends) / sizeof(uint16_t))

void import_vcd_scope_enter(struct vcd_scope *s, const char *name)
{
    size_t len = strlen(s->path), n = strlen(name);

    if (s->beyond || s->depth == SCOPES_MAX || len + n + 1 > VCD_SCOPE_MAX) {
        s->beyond++;
        return;
    }
    s->ends[s->depth++] = (uint16_t)len;
    memcpy(s->path + len, name, n);
    strcpy(s->path + len + n, ".");
}

void import_vcd_scope_leave(struct vcd_scope *s)
{
    if (s->beyond) {
        s->beyond--;
    } else if (s->depth) {
        s->path[s->ends[--s->depth]] = 0;
    }
}

/* "[7:0]", "[0:7]", "[5]", also behind the name without a blank. */
static void read_range(struct vcd_var *v)
{
    uint64_t a, b;
    char *glued = strchr(v->name, '[');
    const char *p;

    if (glued && v->size > 1 && !*v->range) {
        snprintf(v->range, sizeof(v->range), "%s", glued);
        *glued = 0;
    }
    p = v->range;
    if (tool_text_take(&p, "[") && tool_text_number(&p, 10, 65535, &a)) {
        b = a;
        if (tool_text_take(&p, ":") && !tool_text_number(&p, 10, 65535, &b)) {
            b = a;
        }
        v->low = a < b ? a : b;
    }
}

void import_vcd_var_finish(struct vcd_var *v, const struct vcd_scope *scope)
{
    read_range(v);
    snprintf(v->path, sizeof(v->path), "%s%s", scope->beyond ? "" : scope->path,
             v->name);
}

/* What is behind its name in `asked`; NULL: it is another's. */
static const char *behind_name(const struct vcd_var *v, const char *asked)
{
    const char *name = v->path;

    for (;;) {
        size_t len = strlen(name);
        if (!strncmp(asked, name, len)) {
            return asked + len;
        }
        if (len <= strlen(v->name) || !(name = strchr(name, '.'))) {
            return NULL;
        }
        name++;
    }
}

enum vcd_match import_vcd_var_match(const struct vcd_var *v, const char *asked,
                                    uint64_t *bit)
{
    const char *p = behind_name(v, asked);
    uint64_t index;

    *bit = 0;
    if (!p) {
        return VCD_OTHER;
    }
    if (!*p || !strcmp(p, v->range)) {
        return v->size == 1 ? VCD_BIT : VCD_SEVERAL_BITS;
    }
    if (!tool_text_take(&p, "[") || !tool_text_number(&p, 10, 65535, &index) ||
        strcmp(p, "]") || index < v->low || index - v->low >= v->size) {
        return VCD_OTHER;
    }
    *bit = index - v->low;
    return VCD_BIT;
}

char import_vcd_digit(const char *digits, size_t n, uint64_t bit)
{
    return bit < n || *digits != '1' ? digits[bit < n ? n - 1 - bit : 0] : '0';
}

enum vcd_level import_vcd_level(char value)
{
    return value && strchr("0lL", value)     ? VCD_LOW
           : value && strchr("1hHzZ", value) ? VCD_HIGH
                                             : VCD_UNKNOWN;
}

void import_vcd_names_add(struct vcd_names *n, const struct vcd_var *v)
{
    size_t len = strlen(n->text);
    size_t more = strlen(v->name) + strlen(v->range) + 2;

    if (n->left_out || len + more >= sizeof(n->text)) {
        n->left_out++;
        return;
    }
    snprintf(n->text + len, sizeof(n->text) - len, "%s%s%s", len ? ", " : "",
             v->name, v->range);
}

const char *import_vcd_names_text(const struct vcd_names *n,
                                  char text[VCD_NAMES_TEXT])
{
    if (n->left_out) {
        snprintf(text, VCD_NAMES_TEXT, "%s and %u more", n->text, n->left_out);
    } else {
        snprintf(text, VCD_NAMES_TEXT, "%s", *n->text ? n->text : "none");
    }
    return text;
}
