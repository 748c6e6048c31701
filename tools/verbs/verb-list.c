/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list: what can be opened here, and the backends with their keys. */
#include <glib.h>
#include <stdio.h>

#include "common/json.h"
#include "common/text.h"
#include "common/tool.h"

static int print_found(const char *spec, const char *about, void *user)
{
    g_autofree char *plain_spec = tool_text_plain(spec);
    g_autofree char *plain = tool_text_plain(about);
    bool *any = user;

    *any = true;
    printf("%-32s %s\n", plain_spec, plain);
    return 0;
}

static void print_key(const struct i2cpt_key_info *key)
{
    printf("  %-16s %s%s%s", key->name, key->help, *key->help ? "; " : "",
           key->accepts);
    if (key->def) {
        printf(" (default %s)", key->def);
    }
    putchar('\n');
}

static void print_keys(const char *backend)
{
    struct i2cpt_key_info key = {.size = sizeof(key)};

    for (size_t i = 0; i2cpt_backend_key(backend, i, &key) == 0; i++) {
        print_key(&key);
    }
}

static void print_backends(void)
{
    const char *name;

    for (size_t i = 0; (name = i2cpt_backend_name(i)); i++) {
        printf("%s: %s\n", name, i2cpt_backend_help(i));
        print_keys(name);
    }
    puts("every backend:");
    print_keys(NULL);
}

/* ------------------------------------------------------------------- JSON */

static int json_found(const char *spec, const char *about, void *user)
{
    tool_json_open(user, NULL, '{');
    tool_json_string(user, "adapter", spec);
    tool_json_string(user, "about", about);
    tool_json_close(user, '}');
    return 0;
}

static int json_adapters(void)
{
    struct json j = {.to = stdout};

    tool_json_open(&j, NULL, '{');
    tool_json_open(&j, "adapters", '[');
    int rc = i2cpt_list(json_found, &j);
    tool_json_close(&j, ']');
    tool_json_close(&j, '}');
    return rc;
}

static void json_keys(struct json *j, const char *backend)
{
    struct i2cpt_key_info key = {.size = sizeof(key)};

    tool_json_open(j, "keys", '[');
    for (size_t i = 0; i2cpt_backend_key(backend, i, &key) == 0; i++) {
        tool_json_open(j, NULL, '{');
        tool_json_string(j, "key", key.name);
        tool_json_string(j, "about", key.help);
        tool_json_string(j, "accepts", key.accepts);
        if (key.def) {
            tool_json_string(j, "default", key.def);
        }
        tool_json_close(j, '}');
    }
    tool_json_close(j, ']');
}

static void json_backends(void)
{
    struct json j = {.to = stdout};
    const char *name;

    tool_json_open(&j, NULL, '{');
    tool_json_open(&j, "backends", '[');
    for (size_t i = 0; (name = i2cpt_backend_name(i)); i++) {
        tool_json_open(&j, NULL, '{');
        tool_json_string(&j, "backend", name);
        tool_json_string(&j, "about", i2cpt_backend_help(i));
        json_keys(&j, name);
        tool_json_close(&j, '}');
    }
    tool_json_close(&j, ']');
    json_keys(&j, NULL); /* of every backend */
    tool_json_close(&j, '}');
}

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"backends", no_argument, NULL, 'b'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    bool backends = false, json = false;
    int letter;

    while ((letter = tool_option(verb, argc, argv, ":h", options)) != -1) {
        backends |= letter == 'b';
        json |= letter == 'j';
    }
    tool_no_operand(verb, argc, argv);
    if (backends) {
        (json ? json_backends : print_backends)();
        return TOOL_FINE;
    }
    bool any = false;
    int rc = json ? json_adapters() : i2cpt_list(print_found, &any);
    if (rc < 0) {
        struct i2cpt_fault fault = {0};
        return tool_fault(rc, &fault);
    }
    if (!json && !any) {
        tool_complain("no adapter found: no /dev/i2c-N (modprobe i2c-dev?), "
                      "no FTDI dongle; `list --backends` has what needs none");
    }
    return TOOL_FINE;
}

const struct verb verb_list = {
    .name = "list",
    .synopsis = "[--backends] [--json]",
    .about = "Name the adapters that can be opened on this machine",
    .help = "  --backends  name the backends of this build and their keys "
            "instead\n"
            "  --json      as one JSON document\n\n"
            "One adapter a line: what -a takes, and what it is.\n\n"
            "Example:\n"
            "  i2cpt-replay list\n",
    .run = run,
};
