/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times of a capture as stamps of a trace. */
#include <errno.h>

#include "importers/import.h"

#define STAMP_MAX_NS UINT64_C(9223372035999999999) /* of a trace */

int import_span(int64_t from_ns, int64_t to_ns, uint64_t *span_ns,
                const char **why)
{
    uint64_t span = (uint64_t)to_ns - (uint64_t)from_ns;

    if (to_ns < from_ns) {
        *why = "a time before the one before it";
        return -EINVAL;
    }
    if (span > STAMP_MAX_NS) {
        *why = "a time that is more than 9223372035 s later";
        return -EINVAL;
    }
    *span_ns = span;
    return 0;
}

int import_stamp(struct import_clock *clock, int64_t at_ns, uint64_t *stamp_ns,
                 const char **why)
{
    if (!clock->begun) {
        clock->begun = true;
        clock->base_ns = at_ns;
    }
    return import_span(clock->base_ns, at_ns, stamp_ns, why);
}
