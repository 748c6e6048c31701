/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where memory ends. What is large is asked for so that it can be refused; what
 * is small GLib takes, or ends the program with a signal: here that becomes a
 * line and a status.
 */
#ifndef MEMORY_H
#define MEMORY_H

/* First of all in main(). */
void tool_memory_watch(void);
/* What the program ends with then; TOOL_BROKEN before this. */
void tool_memory_fails_with(int status);
/* What then happens, for one's own. */
void tool_memory_end(void) __attribute__((noreturn));

#endif
