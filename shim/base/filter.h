/* Whether a seccomp filter was inherited through exec, or came without a call that is wrapped.
 * Async-signal-safe; errno is kept. */
#ifndef SOCKSHIM_FILTER_H
#define SOCKSHIM_FILTER_H

#include "base/hidden.h"

/* Finds it out, once a process; then process_is_filtered() and process_has_no_filter() know. Where
 * there is no filter, children are known from then on, too (process_know_children()). By what a
 * loader has done unharmed, opening, reading and closing: /proc/self/status. A start does
 * without: the first look into /proc takes longer than all the rest of it. What cannot be read
 * leads to no filter. */
hidden void filter_find(void);

#endif
