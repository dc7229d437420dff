/* COMMAND's process: start, signals, stops, end. */
#ifndef LAUNCHER_COMMAND_H
#define LAUNCHER_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

/* How COMMAND ended. */
struct outcome {
    int status; /* as a shell has it: its exit status, or 128 and the signal */
    int signal; /* that ended it; 0: none */
    bool dumped_core;
    char name[16]; /* what the process was called at its end; empty if not known */
};

/* Becomes COMMAND; comes back only with errno. A file that the kernel takes for no
 * program is given to the shell, as execvp(3) does. */
void command_become(const char *file, char **argv, char **environment);

/* Runs it beside this process, with this one's stdin, stdout and descriptors,
 * process group, terminal, and signals. 0, or errno if it cannot be run. */
int command_run(const char *file, char **argv, char **environment, struct outcome *outcome);

#endif
