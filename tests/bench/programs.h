/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs of shim-client.c in two ways, and how they compare. */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include <limits.h>

struct pair {
    char ours[3 * PATH_MAX], bare[3 * PATH_MAX];
};

/* What the client shall do: with the options of `run`, with others, or as it
 * is where these are NULL. */
void programs_commands(struct pair *p, const char *ours, const char *bare,
                       const char *what, unsigned n);
/* The same under `run` with `what`, as it is with `bare`. */
void programs_beside(struct pair *p, const char *options, const char *what,
                     const char *bare, unsigned n);
/* The fastest run of each, in turn; prints both, returns ours over bare. */
double programs_ratio(const struct pair *p, const char *what, unsigned runs);

#endif
