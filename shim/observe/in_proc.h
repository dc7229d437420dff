/* What /proc says of an address that a call could not have. Async-signal-safe; a system call for
 * each 256 bytes of the file, of which no more than 64 KiB are read, and those of apart(). */
#ifndef SOCKSHIM_IN_PROC_H
#define SOCKSHIM_IN_PROC_H

#include "base/facts.h"

/* After an EADDRNOTAVAIL of bind: f->assigned. Not asked for IPv4, which has no states. */
void find_assigned(struct facts *f);
/* After an ENOENT: f->listens_unseen, YES if a socket listens, or takes datagrams, in this network
 * namespace at the path of f->peer, and that path is still not there; only for a path from the
 * root on, for another one need not be the same. */
void find_listens_unseen(struct facts *f);

#endif
