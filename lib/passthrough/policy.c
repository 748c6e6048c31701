/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy keys of a passthrough, and its addresses. */
#include <errno.h>
#include <glib.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "core/key.h"
#include "passthrough/policy.h"

/*
 * The keys. `offset` is where the number goes; keys with `set` see to
 * themselves. STRING keys say in `choices` what they accept.
 */
struct policy_key {
    struct i2cpt_key key;
    size_t offset;
    int (*set)(struct i2cpt_policy *policy, const struct i2cpt_key *key,
               const char *value, struct i2cpt_fault *fault);
};

static int set_read_length(struct i2cpt_policy *policy,
                           const struct i2cpt_key *key, const char *value,
                           struct i2cpt_fault *fault);
static int set_address(struct i2cpt_policy *policy, const struct i2cpt_key *key,
                       const char *value, struct i2cpt_fault *fault);
static int set_addresses(struct i2cpt_policy *policy,
                         const struct i2cpt_key *key, const char *value,
                         struct i2cpt_fault *fault);
static int set_hold_timeout(struct i2cpt_policy *policy,
                            const struct i2cpt_key *key, const char *value,
                            struct i2cpt_fault *fault);
static int set_learn_from(struct i2cpt_policy *policy,
                          const struct i2cpt_key *key, const char *value,
                          struct i2cpt_fault *fault);

#define AT(member) offsetof(struct i2cpt_policy, member)
#define MS_MAX     60000

static const struct policy_key keys[] = {
    {{.name = "transfer",
      .kind = I2CPT_KEY_CHOICE,
      .choices = "auto|stream|message",
      .def = "auto",
      .help = "byte by byte, or whole messages; auto: stream where it can"},
     AT(transfer)},
    {{.name = "read-length",
      .kind = I2CPT_KEY_STRING,
      .choices = "learn, or 1 to 65535",
      .def = "learn",
      .help = "how much a read fetches (message mode)"},
     AT(read_length),
     set_read_length},
    {{.name = "read-ahead",
      .kind = I2CPT_KEY_UINT,
      .min = 1,
      .max = 65535,
      .def = "34",
      .help = "what a never-seen read after a write fetches"},
     AT(read_ahead)},
    {{.name = "pointer-bytes",
      .kind = I2CPT_KEY_UINT,
      .max = PT_POINTER_MAX,
      .def = "2",
      .help = "a write up to this long may be sent again with its read"},
     AT(pointer_bytes)},
    {{.name = "on-short",
      .kind = I2CPT_KEY_CHOICE,
      .choices = "resend|continue",
      .def = "resend",
      .help = "when too little was fetched: read again, or read on (FIFOs)"},
     AT(on_short)},
    {{.name = "learn-from",
      .kind = I2CPT_KEY_STRING,
      .choices = "a trace file",
      .help = "lengths of reads from a trace"},
     0,
     set_learn_from},
    {{.name = "presence-ms",
      .kind = I2CPT_KEY_UINT,
      .max = MS_MAX,
      .def = "1000",
      .help = "how long an answering target counts as present"},
     AT(presence_ms)},
    {{.name = "probe",
      .kind = I2CPT_KEY_SWITCH,
      .def = "on",
      .help = "ask whether a target is there before its START is answered"},
     AT(probe)},
    {{.name = "busy-retry-ms",
      .kind = I2CPT_KEY_UINT,
      .max = MS_MAX,
      .def = "30",
      .help = "how long a write is repeated that found its target busy"},
     AT(busy_retry_ms)},
    {{.name = "hold-timeout-ms",
      .kind = I2CPT_KEY_UINT,
      .min = 1,
      .max = MS_MAX,
      .def = "20",
      .help = "how long a guest gone quiet may hold the bus (stream mode)"},
     AT(hold_timeout_ms),
     set_hold_timeout},
    {{.name = "posted-writes",
      .kind = I2CPT_KEY_SWITCH,
      .def = "off",
      .help = "STOP does not wait for the wire"},
     AT(posted_writes)},
    {{.name = "readonly",
      .kind = I2CPT_KEY_SWITCH,
      .def = "off",
      .help = "no write reaches the host but the pointer of a read"},
     AT(readonly)},
    {{.name = "address",
      .kind = I2CPT_KEY_UINT,
      .max = 0x7f,
      .choices = "0x00 to 0x7f",
      .help = "what the guest says"},
     AT(address),
     set_address},
    {{.name = "hostaddr",
      .kind = I2CPT_KEY_UINT,
      .max = 0x7f,
      .choices = "0x00 to 0x7f",
      .help = "what goes to the wire"},
     AT(hostaddr),
     set_address},
    {{.name = "addresses",
      .kind = I2CPT_KEY_STRING,
      .choices = "any, or 0x00 to 0x7f joined by ':', such as 0x0e:0x50-0x57",
      .help = "several, the same on both sides"},
     0,
     set_addresses},
};

static int rejects(const struct i2cpt_key *key, const char *value,
                   struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EINVAL, "%s=%.4096s: accepted is %s",
                            key->name, value, key->choices);
}

static int set_read_length(struct i2cpt_policy *policy,
                           const struct i2cpt_key *key, const char *value,
                           struct i2cpt_fault *fault)
{
    uint64_t n = 0;

    if (strcmp(value, "learn") && (i2cpt_parse_uint(value, 65535, &n) || !n)) {
        return rejects(key, value, fault);
    }
    policy->read_length = (uint32_t)n;
    return 0;
}

static int set_address(struct i2cpt_policy *policy, const struct i2cpt_key *key,
                       const char *value, struct i2cpt_fault *fault)
{
    int address = i2cpt_address_parse(key->name, value, fault);

    if (address < 0) {
        return address;
    }
    if (!strcmp(key->name, "address")) {
        policy->address = address;
    } else {
        policy->hostaddr = address;
    }
    return 0;
}

static int set_addresses(struct i2cpt_policy *policy,
                         const struct i2cpt_key *key, const char *value,
                         struct i2cpt_fault *fault)
{
    uint8_t named[128] = {0};
    bool any = !strcmp(value, "any");
    int ret = any ? 0 : i2cpt_parse_addresses(key->name, value, named, fault);

    if (ret) {
        return ret;
    }
    policy->any = any;
    policy->listed = !any;
    memcpy(policy->named, named, sizeof(named));
    return 0;
}

static int set_hold_timeout(struct i2cpt_policy *policy,
                            const struct i2cpt_key *key, const char *value,
                            struct i2cpt_fault *fault)
{
    uint64_t n;
    int ret = i2cpt_key_parse(key, value, &n, fault);

    if (!ret) {
        policy->hold_timeout_ms = (uint32_t)n;
        policy->hold_given = true;
    }
    return ret;
}

static int set_learn_from(struct i2cpt_policy *policy,
                          const struct i2cpt_key *key, const char *value,
                          struct i2cpt_fault *fault)
{
    if (!*value) {
        return rejects(key, value, fault);
    }
    g_free(policy->learn_from);
    policy->learn_from = g_strdup(value);
    return 0;
}

static const struct policy_key *find_key(const char *name)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (!strcmp(keys[i].key.name, name)) {
            return &keys[i];
        }
    }
    return NULL;
}

static int unknown_key(const char *name, struct i2cpt_fault *fault)
{
    g_autoptr(GString) all = g_string_new(NULL);
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_string_append_printf(all, "%s%s", i ? ", " : "", keys[i].key.name);
    }
    return i2cpt_fault_text(fault, EINVAL, "%.4096s: no such key; there are %s",
                            name, all->str);
}

int i2cpt_policy_set(struct i2cpt_policy *policy, const char *key,
                     const char *value, struct i2cpt_fault *fault)
{
    if (!policy || !key || !value) {
        return i2cpt_fault_null(fault, "policy, key or value");
    }

    const struct policy_key *k = find_key(key);
    uint64_t n;
    int ret;

    i2cpt_fault_clear(fault);
    if (!k) {
        return unknown_key(key, fault);
    }
    if (k->set) {
        return k->set(policy, &k->key, value, fault);
    }
    ret = i2cpt_key_parse(&k->key, value, &n, fault);
    if (!ret) {
        *(uint32_t *)((char *)policy + k->offset) = (uint32_t)n;
    }
    return ret;
}

void pt_policy_defaults(struct i2cpt_policy *policy)
{
    size_t i;

    memset(policy, 0, sizeof(*policy));
    policy->address = policy->hostaddr = -1;
    for (i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (keys[i].key.def) {
            i2cpt_policy_set(policy, keys[i].key.name, keys[i].key.def, NULL);
        }
    }
    policy->hold_given = false;
}

int i2cpt_policy_new(struct i2cpt_policy **out)
{
    if (!out) {
        return -EINVAL;
    }
    *out = g_new0(struct i2cpt_policy, 1);
    pt_policy_defaults(*out);
    return 0;
}

void i2cpt_policy_free(struct i2cpt_policy *policy)
{
    if (policy) {
        g_free(policy->learn_from);
        g_free(policy);
    }
}

int i2cpt_policy_key(size_t index, struct i2cpt_key_info *out)
{
    if (index >= G_N_ELEMENTS(keys)) {
        return -ENOENT;
    }
    return i2cpt_key_info(&keys[index].key, out);
}

/* UM10204 table 4: what no target has for itself. */
static bool reserved(unsigned addr)
{
    return addr < 0x08 || addr > 0x77;
}

int pt_policy_addresses(const struct i2cpt_policy *policy, int16_t *host,
                        struct i2cpt_fault *fault)
{
    bool pair = policy->address >= 0 || policy->hostaddr >= 0;
    unsigned addr;

    for (addr = 0; addr < 128; addr++) {
        host[addr] = (policy->any && !reserved(addr)) || policy->named[addr]
                         ? (int16_t)addr
                         : -1;
    }
    if (!pair && !policy->any && !policy->listed) {
        return i2cpt_fault_text(fault, EINVAL,
                                "no address given: set address= or hostaddr= "
                                "(0x00 to 0x7f), or addresses=");
    }
    if (pair && (policy->any || policy->listed)) {
        return i2cpt_fault_text(fault, EINVAL,
                                "addresses= and %s= cannot be given together",
                                policy->address >= 0 ? "address" : "hostaddr");
    }
    if (pair) {
        int32_t guest =
            policy->address >= 0 ? policy->address : policy->hostaddr;

        host[guest] =
            (int16_t)(policy->hostaddr >= 0 ? policy->hostaddr : guest);
    }
    return 0;
}
