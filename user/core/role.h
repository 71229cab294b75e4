/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role.h - what a process is in its service, where its command line tells: "gunicorn worker".
 *
 * By a table of well-known programs (role.c). Nothing depends on it but a name in the records.
 */
#ifndef MW_CORE_ROLE_H
#define MW_CORE_ROLE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The role of a process with this command line (arguments parted by blanks, or the title that it
 * gave itself), or NULL when it is none of the table. parent_same: it was forked by a process of
 * the same program and has not exec'd since, or its parent runs the same program. The result is
 * static.
 */
const char *role_of_command(const char *command_line, bool parent_same);

/*
 * The role of a child of who has this role: of one that still has the title that its parent gave
 * itself. Of a role without children of its own the role itself.
 */
const char *role_of_child(const char *role);

/* The word of the table for the program of a command line, to compare two; NULL: none. */
const char *role_program(const char *command_line);

/*
 * A process in this role (NULL: unknown) that ends with this wait status was recycled, as its
 * supervisor planned it, although the code is not 0.
 */
bool role_recycles(const char *role, uint32_t status);

#endif
