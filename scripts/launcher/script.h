/* What runs a script. */
#ifndef LAUNCHER_SCRIPT_H
#define LAUNCHER_SCRIPT_H

#include "target.h"

/* Puts into target->runs the program that `#!`, and env, make of it. false if they
 * lead to none (->broken says why), or if LD_PRELOAD gets lost on the way
 * (->problem). */
bool script_follow(struct target *target);

/* Whether a shell takes the file for a script, though the kernel does not: it begins
 * with text, and not with `#!`. */
bool script_is_text(const char *path);

#endif
