/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -a SPEC with --bus N, or --bus N=SPEC repeated: the buses of a PROGRAM. */
#ifndef BUSES_H
#define BUSES_H

#include <stdint.h>

#include "i2cpt.h"
#include "common/tool.h"

struct buses;
struct program_options;
struct owner;
struct recording;

/* For tables of options. */
enum { BUSES_REDIRECT = 1000, BUSES_IO_URING, BUSES_GPIOCHIP };
#define BUSES_OPTIONS                                          \
    {"gpiochip", required_argument, NULL, BUSES_GPIOCHIP},     \
        {"redirect", required_argument, NULL, BUSES_REDIRECT}, \
    {                                                          \
        "allow-io-uring", no_argument, NULL, BUSES_IO_URING    \
    }

struct buses *program_buses_new(void);
/* One of BUSES_; false: it is another option. Ends the
 * program where it is wrong. */
bool program_buses_program_option(struct program_options *program,
                                  const struct verb *verb, int letter,
                                  const char *value);
/* Letter 'a' or 'b' of the options, or one of BUSES_; ends the program where it
 * is wrong. */
void program_buses_option(struct buses *b, const struct verb *verb, int letter,
                          const char *value);
/* After the last option: ends the program where there is no bus. */
void program_buses_finish(struct buses *b, const struct verb *verb);
/* One more, not from the command line. */
void program_buses_add(struct buses *b, uint32_t number, const char *spec);
/* What PROGRAM shall see as the name of a bus that was added. */
void program_buses_label(struct buses *b, uint32_t number, const char *label);
/* The options of PROGRAM, where they are not from program_buses_option(). */
void program_buses_set_program(struct buses *b,
                               const struct program_options *program);
/* What --bus N says; 0 where it was not given. */
uint32_t program_buses_number(const struct buses *b);
/* Opens them all, recording (NULL: not), and starts the owner. 0, or a line on
 * stderr and not 0. */
int program_buses_open(struct buses *b, const struct recording *record);
struct owner *program_buses_owner(struct buses *b);
unsigned program_buses_count(const struct buses *b);
/* N of PROGRAM's /dev/i2c-N. */
uint32_t program_buses_number_of(const struct buses *b, unsigned index);
struct i2cpt_adapter *program_buses_adapter(struct buses *b, unsigned index);
/* What they say of PROGRAM. */
const struct program_options *program_buses_program(const struct buses *b);
void program_buses_free(struct buses *b);

#endif
