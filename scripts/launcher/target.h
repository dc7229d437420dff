/* Whether an object can be preloaded into a program, told from its file. */
#ifndef LAUNCHER_TARGET_H
#define LAUNCHER_TARGET_H

#include "elf.h"

struct target {
    const char *file; /* what exec is given */
    const char *runs; /* what runs it: the interpreter of a script, else the file itself */
    struct elf elf;   /* of that */
    /* Why the object cannot be preloaded, and what to do instead; else NULL. */
    const char *problem;
    const char *instead;
    /* Why nobody can run it. That is exec's to say, so it is no problem. */
    const char *broken;
};

/* The file that a shell would run for `command`, in target->file and ->runs. 0, or
 * the shell's exit status and target->problem. */
int target_find(struct target *target, const char *command);

/* Goes through `#!` and env to what runs target->file, and says whether `object`
 * can be preloaded into that: in ->problem and ->broken. */
bool target_check(struct target *target, const char *object);

/* The same for target->runs alone, which is called `name`, whoever runs it. */
bool target_fits(struct target *target, const char *object, const char *name);

#endif
