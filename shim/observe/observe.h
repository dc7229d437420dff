/* The facts of a failure, asked of the kernel at that moment. */
#ifndef SOCKSHIM_OBSERVE_H
#define SOCKSHIM_OBSERVE_H

#include "base/facts.h"

/* Fills `facts` for a call that returned `ret`, with `err` as errno (0 for
 * none). Returns false if the descriptor is no socket, or if that cannot be
 * found out: then there is nothing to log. Async-signal-safe; leaves errno and
 * the socket's pending error alone. */
bool observe(struct facts *facts, enum call call, long ret, int err, const struct attempt *attempt);

/* Fills in what needs no question: the facts of a lean record. Likewise. */
void observe_call(struct facts *facts, enum call call, long ret, int err,
                  const struct attempt *attempt);

#endif
