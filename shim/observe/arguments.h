/* What a call was given: told from its arguments, without a question. */
#ifndef SOCKSHIM_ARGUMENTS_H
#define SOCKSHIM_ARGUMENTS_H

#include "base/facts.h"

/* Fills in direction, flags, length and address of the call facts->call, which
 * failed with facts->err. Nothing behind a pointer is read unless that errno proves
 * that the kernel has read it. Async-signal-safe; cannot fail. */
void take_call(struct facts *facts, const struct attempt *attempt);

#endif
