/* What a call was given: told from its arguments. */
#ifndef SOCKSHIM_ARGUMENTS_H
#define SOCKSHIM_ARGUMENTS_H

#include "base/facts.h"

/* Fills in direction, flags, length and address of the call facts->call, which
 * failed with facts->err. Nothing behind a pointer is read unless the kernel says that
 * it can read it: a system call for each, three at most in the common case, none for a
 * call without pointers. Async-signal-safe; cannot fail. */
void take_call(struct facts *facts, const struct attempt *attempt);

#endif
