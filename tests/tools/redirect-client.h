/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the rows of redirect-client.c and those of redirect-others.c. */
#ifndef REDIRECT_CLIENT_H
#define REDIRECT_CLIENT_H

struct row {
    const char *name;
    void (*run)(void); /* prints the rest of its line */
};

#define ROW(kind, name)      \
    {                        \
#name, kind##_##name \
    }

extern const char *node;
extern const char *base; /* of the node */
extern const struct row other_rows[];
extern const unsigned other_count;

const char *name_of(int error);
/* What a call returned, or its errno by name. */
void value(long ret);
/* The address 0x50. */
int set(int fd);
/* Opened and at 0x50. */
int opened(void);
/* Besides at register 0, so that the next byte that is read is 0xa5. */
int at_zero(void);
/* Whose bus it is: the register at 0 by w1 and r1 in one transfer. */
void whose(int fd);

#endif
