/* What a 0, or a single errno value, asks for beyond the socket itself. */
#ifndef SOCKSHIM_BY_ERRNO_H
#define SOCKSHIM_BY_ERRNO_H

#include "base/facts.h"

/* Whether it is a call behind whose error something that the peer has said may lie unread: a
 * receiving call takes all data before it reports one. */
static inline bool talks(const struct facts *f)
{
    return f->sends || f->call == CALL_getsockopt;
}

/* Whether an error waits, whether SIGPIPE would have ended the program, limits,
 * port range, sizes: what facts->err asks for. No system call, or up to four;
 * async-signal-safe. */
void find_by_errno(struct facts *facts);

#endif
