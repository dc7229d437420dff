/* What a 0, or a single errno value, asks for beyond the socket itself. */
#ifndef SOCKSHIM_BY_ERRNO_H
#define SOCKSHIM_BY_ERRNO_H

#include "base/facts.h"

/* Whether an error waits, whether SIGPIPE would have ended the program, limits,
 * port range, sizes: what facts->err asks for. No system call, or up to four;
 * async-signal-safe. */
void find_by_errno(struct facts *facts);

#endif
