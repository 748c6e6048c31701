/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter that leads PROGRAM's trapped calls to the keeper. */
#ifndef REDIRECT_FILTER_H
#define REDIRECT_FILTER_H

#include <stdbool.h>

struct filter_options {
    bool io_uring; /* let it be, though it opens past the filter */
    bool execve;   /* trap it too */
    bool gpio;     /* and requests for lines of a GPIO chip */
};

/*
 * In the process that becomes PROGRAM: from here on it and its children are
 * filtered. Returns the listener for the keeper, or -errno: EBUSY where a
 * filter with a listener is there already.
 */
int redirect_filter_install(const struct filter_options *options);
/* Without CAP_SYS_ADMIN a filter costs set-id programs their privilege. */
bool redirect_filter_needs_no_new_privs(void);

#endif
