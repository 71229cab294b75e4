/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd.h - the subcommands, one file each. This room may know all others and nobody knows it.
 *
 * Every function takes its own arguments, argv[0] being the name to show in messages
 * ("memwitness run"), and returns the exit code of the process. 2 is a usage error everywhere.
 */
#ifndef MW_CMD_CMD_H
#define MW_CMD_CMD_H

/* Trace this machine and write records. 0, 1 when it ended by an error, 2 when it could not start.
 */
int cmd_run(int argc, char **argv);

/* Event log to records. 0, 1 when parts of the log were damaged, 2 when it could not be used. */
int cmd_replay(int argc, char **argv);

/* What works on this machine. 0 in full, 1 degraded, 2 the agent cannot run. */
int cmd_doctor(int argc, char **argv);

/* Whose a process or a cgroup is. 0, 1 when an argument names nothing that is there. */
int cmd_identify(int argc, char **argv);

/* Print the JSON Schema of the records. */
int cmd_schema(int argc, char **argv);

/* Stage a small OOM story, trace it, tell it. 0, 1 when a part of the story is missing, 2 when it
 * could not be staged. */
int cmd_demo(int argc, char **argv);

#endif
