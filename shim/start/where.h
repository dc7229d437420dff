/* Where the program runs: the host, and the unit or container. */
#ifndef SOCKSHIM_WHERE_H
#define SOCKSHIM_WHERE_H

#include "base/hidden.h"

/* Empty until where_find(), and where it is not known. */
extern hidden char where_host[65];
extern hidden char where_cgroup[160];

/* Seven system calls, or nine. Async-signal-safe; errno is kept. */
hidden void where_find(void);

#endif
