/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a passthrough is to do, key by key (docs/policy.md). */
#ifndef I2CPT_POLICY_H
#define I2CPT_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/backend.h"

enum pt_transfer { PT_TRANSFER_AUTO, PT_TRANSFER_STREAM, PT_TRANSFER_MESSAGE };
enum pt_on_short { PT_SHORT_RESEND, PT_SHORT_CONTINUE };

/* A write longer than this is never sent twice, so more need not be kept. */
#define PT_POINTER_MAX I2CPT_POINTER_MAX

struct i2cpt_policy {
    uint32_t transfer;    /* enum pt_transfer */
    uint32_t read_length; /* 0: learn */
    uint32_t read_ahead;
    uint32_t pointer_bytes; /* at most PT_POINTER_MAX */
    uint32_t on_short;      /* enum pt_on_short */
    uint32_t presence_ms;
    uint32_t probe;
    uint32_t busy_retry_ms;
    uint32_t hold_timeout_ms; /* 0, which cannot be given: for ever */
    bool hold_given;
    uint32_t posted_writes;
    uint32_t readonly;
    int32_t address, hostaddr; /* -1: not given */
    bool any, listed;          /* addresses= was given: any, or a list */
    uint8_t named[128];        /* the list */
    char *learn_from;
};

void pt_policy_defaults(struct i2cpt_policy *policy);
/* host[guest address] = host address, or -1 where it is not ours. -EINVAL
 * where no address was given, or two ways to give one. */
int pt_policy_addresses(const struct i2cpt_policy *policy, int16_t *host,
                        struct i2cpt_fault *fault);

#endif
