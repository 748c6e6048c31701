/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a foreign back end says that can be opened here. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/fault.h"
#include "core/log.h"
#include "foreign/foreign.h"

struct listing {
    const struct foreign *f;
    i2cpt_found_fn found;
    void *user;
    int ret; /* of the last found(); not 0: nobody wants more */
};

/* A specification of this back end, in one line. */
static bool is_its_own(const struct foreign *f, const char *spec)
{
    size_t len = strlen(f->name);
    const char *c;

    if (!spec || strncmp(spec, f->name, len) ||
        (spec[len] && spec[len] != ',')) {
        return false;
    }
    for (c = spec; *c && !g_ascii_iscntrl(*c); c++) {
    }
    return !*c;
}

static int checked_found(const char *spec, const char *about, void *user)
{
    struct listing *l = user;
    g_autofree char *line = g_strdup(about ? about : "");

    if (l->ret) {
        return l->ret; /* it was told so before */
    }
    if (!is_its_own(l->f, spec)) {
        i2cpt_log(I2CPT_LOG_WARNING,
                  "back end %s: list() found '%s'; accepted is a specification "
                  "string of its own",
                  l->f->name, spec ? spec : "");
        return 0;
    }
    i2cpt_one_line(line);
    l->ret = l->found(spec, line, l->user);
    return l->ret;
}

int foreign_list(const struct foreign *f, i2cpt_found_fn found, void *user)
{
    struct listing l = {.f = f, .found = found, .user = user};
    struct i2cpt_fault theirs, fault;
    int ret = f->ops.list(f->user, checked_found, &l);

    if (l.ret || ret == 0) {
        return l.ret;
    }
    i2cpt_fault_clear(&theirs);
    ret = foreign_result(f, "list", ret, 0, &theirs, &fault);
    if (!fault.text[0]) {
        i2cpt_fault_text(&fault, -ret, "back end %s: list() returned %d",
                         f->name, ret);
    }
    i2cpt_log(I2CPT_LOG_WARNING, "%s", fault.text);
    return ret;
}
