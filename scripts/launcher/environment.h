/* The environment that the caller gave. Shells put variables into theirs (PWD,
 * SHLVL) and drop what they have no name for, such as functions of bash. */
#ifndef LAUNCHER_ENVIRONMENT_H
#define LAUNCHER_ENVIRONMENT_H

#include <sys/types.h>

/* Reads what the process `keeper` was started with: a child of this one, which was
 * forked before it became this program, and which is ended. 0: there is none.
 * Without /proc it is the shell's environment, with `preloaded` as LD_PRELOAD. */
void environment_read(pid_t keeper, const char *preloaded);

/* NULL if it is not there. */
const char *environment_get(const char *variable);

/* In place of all that were there with that name. */
void environment_set(const char *variable, const char *value);

/* For execve. */
char **environment_list(void);

#endif
