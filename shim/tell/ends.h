/* The two ends of a socket in a record. Pure and async-signal-safe. */
#ifndef SOCKSHIM_ENDS_H
#define SOCKSHIM_ENDS_H

#include "base/facts.h"
#include "base/text.h"

/* The most that an address or a name takes of the line, in bytes. */
enum { ADDRESS_MAX = 110, PEER_NAME_MAX = 64 };

/* A value: the address, in quotes where the format wants them. */
void put_address(struct text *t, const struct address *a);

/* local, peer, peer_name and peer_pid, as far as they are known; in JSON the address and the
 * port of an IP socket also by themselves. */
void put_ends(struct text *t, const struct facts *f);

#endif
