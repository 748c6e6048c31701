/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The owner of the adapters that PROGRAM sees as /dev/i2c-N: it listens for the
 * preloaded shim, keeps an open file for each that PROGRAM has, and a folder
 * with what /dev and /sys say of the buses.
 */
#ifndef OWNER_H
#define OWNER_H

#include <glib.h>
#include <stdbool.h>

#include "i2cpt.h"

struct owner;

#define OWNER_BUS_MAX 1048575u /* Linux's MINORMASK */

/* Free with owner_free(). Adapters and labels are borrowed. 0 or -errno. */
int owner_new(struct owner **out);
/* `label`: its name in /sys. */
int owner_add_bus(struct owner *o, uint32_t bus, const char *label,
                  struct i2cpt_adapter *a);
/* The lines of a bus that was added, as /dev/gpiochipN; changes of a `recorded`
 * one are held until PROGRAM asks for the line. 0; -EINVAL: the number is
 * taken, or the bus has no lines; or another negative errno. */
int owner_add_chip(struct owner *o, uint32_t number, uint32_t bus,
                   bool recorded);
bool owner_has_chip(struct owner *o, uint32_t number);
unsigned owner_chip_count(struct owner *o);
uint32_t owner_nth_chip(struct owner *o, unsigned n);
/* The bus whose lines it has, and their names, for g_free(). */
uint32_t owner_chip_bus(struct owner *o, uint32_t number);
char *owner_chip_lines(struct owner *o, uint32_t number);
/* The major number of these devices on this machine, or one that is free. */
unsigned owner_gpio_major(struct owner *o);
/* After the last bus: make the tree, listen. `error` names what failed. */
int owner_start(struct owner *o, const char **error);
bool owner_has_bus(struct owner *o, uint32_t bus);
unsigned owner_bus_count(struct owner *o);
uint32_t owner_nth_bus(struct owner *o, unsigned n);
/* The folder whose sys/ stands for /sys. */
const char *owner_folder(struct owner *o);
/* At PROGRAM's side of the shim; nothing is there with the other form. */
bool owner_was_reached(struct owner *o);
/* Takes away the folder of an owner who could not. */
void owner_remove_tree(const char *path);
/* A descriptor that keeps that folder from being swept away, or -errno. */
int owner_hold_tree(const char *path);
/* Environment for PROGRAM: NULL-terminated "NAME=VALUE", for g_strfreev(). */
char **owner_environment(struct owner *o, const char *shim);
/* Until PROGRAM's last child has closed its last file. */
void owner_wait_closed(struct owner *o);
/* Ends that wait; for signal handlers. */
void owner_interrupt(struct owner *o);
/* Whether any bus has ever been opened. */
int owner_was_used(struct owner *o);
void owner_free(struct owner *o);

#endif
