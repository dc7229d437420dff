/* What a run logged, in two or three lines. */
#ifndef LAUNCHER_SUMMARY_H
#define LAUNCHER_SUMMARY_H

#include "command.h"
#include "target.h"

/* `lib` is the folder of the awk programs. */
void summary_print(const char *lib, const struct target *target, const char *command,
                   const struct outcome *outcome);

/* Starts the program with argv, and these variables added to its environment, and
 * waits for it. Its stdout is stderr; its stdin is a pipe that `feed`, if not NULL,
 * writes to. */
void summary_start(char **argv, char **variables, void (*feed)(int pipe));

#endif
